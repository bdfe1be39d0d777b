"""The fitted score: its terms, what it predicts, and what it cannot be applied to."""

from __future__ import annotations

import html
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from relapse_risk.languages import Label
from relapse_risk.pictures import picture
from relapse_risk.relapse.features import Feature, learned_features
from relapse_risk.relapse.glm import Array, Link, inverse_link
from relapse_risk.relapse.logit_steps import with_base

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "POINTS_PER_LOGIT", "TAILS", "FittedRelapseLogit", "LeftOutTerm", "Term", "contributions_of", "predict_matrix",
    "unlike_training",
]  # fmt: skip

POINTS_PER_LOGIT = 20 / np.log(2)  # twenty points double the odds
TAILS = (0.001, 0.999)


@dataclass(frozen=True, slots=True)
class Term:
    """One line of the score: add ``coefficient × (value - reference)``; a missing value counts as the reference.

    ``reference`` is the mean, ``spread`` the standard deviation, ``low`` and ``high`` the 0.1 and 99.9 % points of the
    rows it was fitted on.
    """

    name: str
    label: Label
    unit: str
    family: str
    coefficient: float
    se: float
    reference: float
    spread: float
    low: float
    high: float
    points_per_unit: float


@dataclass(frozen=True, slots=True)
class LeftOutTerm:
    """A feature that is not in the score, and why.

    ``constant``; ``determined`` by others; ``separates``: a yes or no under which nobody, everybody or too few fell to
    learn from; ``direction``: it would move the risk against its declared direction.
    """

    name: str
    label: Label
    reason: str


@dataclass(frozen=True, slots=True)
class FittedRelapseLogit:
    """The score: base plus one contribution per term, on the log-odds scale.

    Attributes
    ----------
    base, base_se : float
        Log-odds of a household at the reference of every term.
    terms : tuple of Term
    left_out : tuple of LeftOutTerm
    features : tuple of Feature
        What it was offered; computes the terms of new rows.
    covariance : ndarray, shape (k + 1, k + 1)
        Clustered covariance of base and coefficients.
    n, events, clusters : int
        Rows, events and clusters it was fitted on.
    shrinkage : float
        What the fitted slopes were multiplied by; 1 where events are enough.  ``covariance`` is that of the fit.
    """

    base: float
    base_se: float
    terms: tuple[Term, ...]
    left_out: tuple[LeftOutTerm, ...]
    features: tuple[Feature, ...] = field(repr=False)
    covariance: Array = field(repr=False)
    n: int
    events: int
    clusters: int
    link: Link = "logit"
    shrinkage: float = 1.0

    def matrix(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Values of the terms, one column each; null where unknown.

        Raises
        ------
        ModelError
            If a column that a term is computed from is not there.
        """
        return learned_features(rows, self.features, [term.name for term in self.terms])

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Log-odds each term adds for each row; they sum with ``base`` to the linear predictor exactly."""
        return contributions_of(self, self.matrix(rows))

    def predict(self, rows: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
        """Probability of falling within the horizon, with the interval of its log-odds (delta method).

        Returns
        -------
        DataFrame
            probability, low, high on ``rows``'s index.
        """
        return predict_matrix(self, self.matrix(rows), level)

    def at_level(self, base: float) -> FittedRelapseLogit:
        """The same slopes on another base: for a place or a year with another rate."""
        return replace(self, base=base)

    def summary(self) -> str:
        """The card as text."""
        lines = [f"base {self.base:+.3f}; n {self.n}, events {self.events}, clusters {self.clusters}"]
        lines += [f"slopes shrunk to {self.shrinkage:.3f} of what was fitted: few events"] if self.shrinkage < 1 else []
        lines += [
            f"{t.name:<24} {t.coefficient:+.3f} ({t.se:.3f}) per {t.unit}, from {t.reference:.3f}" for t in self.terms
        ]
        lines += [f"{t.name:<24} left out: {t.reason}" for t in self.left_out]
        return "\n".join(lines)

    def plot(self, ax: Axes | None = None, level: float = 0.95) -> Axes:
        """Log-odds of one standard deviation of each term with its interval, on ``ax`` or new axes."""
        z = norm.ppf(0.5 + level / 2)
        rows = [(t.name, t.coefficient * t.spread, z * t.se * t.spread) for t in self.terms]
        frame = pd.DataFrame([(name, b, b - e, b + e) for name, b, e in rows], columns=["term", "value", "low", "high"])
        return picture("relapse_risk.evaluation.evaluation_plots.plot_coefficients", ax, frame, level=level)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"


def contributions_of(fitted: FittedRelapseLogit, matrix: pd.DataFrame) -> pd.DataFrame:
    """coefficient × (value - reference) of each term; zero where the value is unknown."""
    reference = pd.Series({term.name: term.reference for term in fitted.terms}, dtype=float)
    coefficients = pd.Series({term.name: term.coefficient for term in fitted.terms}, dtype=float)
    known = matrix.reindex(columns=reference.index)
    return ((known.fillna(reference) - reference) * coefficients).astype("float64")


def predict_matrix(fitted: FittedRelapseLogit, matrix: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Probability and its interval from the values of the terms."""
    reference = pd.Series({term.name: term.reference for term in fitted.terms}, dtype=float)
    x = with_base(matrix.reindex(columns=reference.index).fillna(reference) - reference)
    eta = x @ np.array([fitted.base, *(term.coefficient for term in fitted.terms)])
    se = np.sqrt(np.einsum("ij,ij->i", x @ fitted.covariance, x).clip(min=0))
    z = norm.ppf(0.5 + level / 2)
    return pd.DataFrame(
        {
            name: inverse_link(eta + side * z * se, fitted.link)
            for name, side in (("probability", 0), ("low", -1), ("high", 1))
        },
        index=matrix.index,
    )


def unlike_training(fitted: FittedRelapseLogit, matrix: pd.DataFrame) -> pd.Series:
    """Rows outside what the score can be applied to: ``mostly_missing``, ``unlike_training``, or null where it may.

    Mostly missing: the terms that are known carry under half of the score's spread.  Unlike training: values beyond
    the 0.1 and 99.9 % points of the rows it was fitted on move the score by more than half a logit.

    Examples
    --------
    >>> from relapse_risk.relapse.relapse_logit import RelapseLogit
    >>> X = pd.DataFrame({"income": np.linspace(0, 1, 400)})
    >>> score = RelapseLogit().fit(X, [*[1, 1, 1, 0] * 50, *[1, 0, 0, 0] * 50]).fitted_
    >>> unlike_training(score, pd.DataFrame({"income": [0.5, np.nan]})).tolist()
    [nan, 'mostly_missing']
    """
    size = pd.Series({t.name: abs(t.coefficient) * t.spread for t in fitted.terms}, dtype=float)
    held = pd.DataFrame({t.name: matrix[t.name].clip(t.low, t.high) for t in fitted.terms}, index=matrix.index)
    slope = pd.Series({t.name: abs(t.coefficient) for t in fitted.terms}, dtype=float)
    beyond = ((matrix[size.index] - held).abs().fillna(0) * slope).sum(axis=1) > 0.5
    known = matrix[size.index].notna().astype(float) @ size / (size.sum() or 1.0)
    words: npt.NDArray[np.object_] = np.select([known < 0.5, beyond], ["mostly_missing", "unlike_training"], "")
    return pd.Series(words, index=matrix.index, dtype="str").replace("", pd.NA)
