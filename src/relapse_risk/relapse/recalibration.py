"""Recalibration: maps learned out of fold by household, and the level moved to another place or year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.isotonic import IsotonicRegression

from relapse_risk.errors import ModelError
from relapse_risk.evaluation.discrimination import check_outcomes, check_weights
from relapse_risk.relapse.glm import Array, expit, fit_glm, logit
from relapse_risk.rows import by_row

__all__ = ["Recalibration", "fit_recalibration", "level_shift", "out_of_fold", "shift_rate"]

Method = Literal["sigmoid", "isotonic", "beta"]
TINY = 1e-9
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Recalibration:
    """A monotone map of probabilities.

    Attributes
    ----------
    method : {"sigmoid", "isotonic", "beta"}
    params : tuple of float
        sigmoid: a, b of a + b logit p.  beta: a, b, c of c + a ln p - b ln(1 - p).
    knots : tuple of (float, float)
        isotonic: steps between which it is linear.
    """

    method: Method
    params: tuple[float, ...] = ()
    knots: tuple[tuple[float, float], ...] = ()

    def __call__(self, probability: npt.ArrayLike) -> Array:
        p = np.clip(np.asarray(probability, dtype=np.float64), TINY, 1 - TINY)
        if self.method == "sigmoid":
            return expit(self.params[0] + self.params[1] * logit(p))
        if self.method == "beta":
            a, b, c = self.params
            return expit(c + a * np.log(p) - b * np.log1p(-p))
        x, y = np.array(self.knots).T
        return np.asarray(np.interp(p, x, y))


def _checked(
    event: npt.ArrayLike, probability: npt.ArrayLike, weight: npt.ArrayLike | None, where: str
) -> tuple[Array, Array, Array]:
    """Outcomes, probabilities held inside 0 and 1, and weights; :class:`ModelError` for anything missing."""
    y, p = check_outcomes(event, probability, where)
    return y, np.clip(p, TINY, 1 - TINY), check_weights(weight, len(y), where)


@by_row("event", "probability", "weight")
def fit_recalibration(
    event: npt.ArrayLike, probability: npt.ArrayLike, weight: npt.ArrayLike | None = None, method: Method = "sigmoid"
) -> Recalibration:
    """Learn the map from probabilities of rows their model did not learn from.

    Parameters
    ----------
    event, probability, weight : array_like, shape (n,)
    method : {"sigmoid", "isotonic", "beta"}

    References
    ----------
    Platt (1999); Zadrozny and Elkan (2002); Kull, Silva Filho and Flach (2017), AISTATS.

    Examples
    --------
    >>> p = np.array([0.2, 0.2, 0.2, 0.2, 0.6, 0.6, 0.6, 0.6])
    >>> y = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    >>> fit_recalibration(y, p)([0.2, 0.6]).round(6).tolist()
    [0.25, 0.75]
    """
    y, p, w = _checked(event, probability, weight, "fit_recalibration")
    one = np.ones(len(y))
    if method == "isotonic":
        fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(p, y, sample_weight=w)
        knots = zip(fitted.X_thresholds_, fitted.y_thresholds_, strict=True)
        return Recalibration("isotonic", knots=tuple((float(a), float(b)) for a, b in knots))
    if method == "sigmoid":
        params = fit_glm(np.column_stack([one, logit(p)]), y, w, names=("base", "slope")).params
        return Recalibration("sigmoid", (float(params[0]), float(params[1])))
    if method != "beta":
        raise ModelError("no such map", where="fit_recalibration", got=method, expected="sigmoid | isotonic | beta")
    x = np.column_stack([one, np.log(p), -np.log1p(-p)])
    params = fit_glm(x, y, w, names=("base", "ln p", "-ln(1 - p)")).params
    # Both slopes must not be negative, or the map turns over: then that side is left out (Kull et al., section 3).
    for wrong, kept in ((1, [0, 2]), (2, [0, 1])):
        if params[wrong] < 0:
            rest = fit_glm(x[:, kept], y, w).params
            params = np.zeros(3)
            params[kept] = rest
    return Recalibration("beta", (float(params[1]), float(params[2]), float(params[0])))


def out_of_fold(
    household: pd.Series,
    fit_predict: Callable[[npt.NDArray[np.bool_], npt.NDArray[np.bool_]], Array],
    folds: int = FOLDS,
) -> Array:
    """Predictions for every row from a model that saw nothing of its household.

    Parameters
    ----------
    household : Series, shape (n,)
    fit_predict : function of (train, test) flags
        Gives the probabilities of the test rows.
    folds : int

    Examples
    --------
    >>> bool(out_of_fold(pd.Series(list("aabbcc")), lambda train, test: np.full(test.sum(), train.sum()), 2).max() < 6)
    True
    """
    part = pd.util.hash_array(household.to_numpy(dtype=object)) % folds
    found = np.full(len(household), np.nan)
    for own in np.unique(part):
        found[part == own] = fit_predict(part != own, part == own)
    return found


def shift_rate(probability: npt.ArrayLike, learned: float, here: float) -> Array:
    """Probabilities where the rate is ``here`` instead of ``learned``, all else equal: odds times the ratio of odds.

    References
    ----------
    Saerens, Latinne and Decaestecker (2002), Neural Computation 14, 21-41.

    Examples
    --------
    >>> shift_rate([0.5], 0.5, 0.2).round(3).tolist()
    [0.2]
    """
    if not (0 < learned < 1 and 0 < here < 1):
        raise ModelError("rates are shares", where="shift_rate", got=(learned, here), expected="between 0 and 1")
    p = np.clip(np.asarray(probability, dtype=np.float64), TINY, 1 - TINY)
    return expit(logit(p) + float(logit(here) - logit(learned)))


@by_row("event", "probability", "weight")
def level_shift(event: npt.ArrayLike, probability: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """What to add to every log-odds so that the previous period's expected events are those that occurred.

    Examples
    --------
    >>> round(level_shift([0, 0, 0, 1], [0.5] * 4), 4)  # ln(1/3)
    -1.0986
    """
    y, p, w = _checked(event, probability, weight, "level_shift")
    return float(fit_glm(np.ones((len(y), 1)), y, w, offset=logit(p), start=np.zeros(1)).params[0])
