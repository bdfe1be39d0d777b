"""How well a score puts those who fall before those who do not, weighted, with DeLong's interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, rankdata
from sklearn.metrics import average_precision_score, roc_auc_score

from relapse_risk.errors import ModelError

__all__ = ["AreaUnderCurve", "area_under_curve", "average_precision", "check_outcomes"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AreaUnderCurve:
    """Area under the ROC curve with DeLong's standard error and interval."""

    value: float
    se: float
    low: float
    high: float


def check_outcomes(outcome: npt.ArrayLike, score: npt.ArrayLike, where: str) -> tuple[Array, Array]:
    """Outcomes (0/1) and scores of shape (n,), both classes present, nothing missing; :class:`ModelError` otherwise."""
    y, s = np.asarray(outcome, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if y.shape != s.shape or y.ndim != 1:
        raise ModelError("outcomes and scores differ in shape", where=where, got=(y.shape, s.shape))
    if np.isnan(y).any() or np.isnan(s).any():
        raise ModelError("missing outcome or score", where=where, fix="judge only rows that have both")
    if not np.isin(y, (0.0, 1.0)).all() or y.min() == y.max():
        raise ModelError("outcomes must hold both 0 and 1", where=where, got=sorted(set(y.tolist()))[:5])
    return y, s


def area_under_curve(outcome: npt.ArrayLike, score: npt.ArrayLike, level: float = 0.95) -> AreaUnderCurve:
    """P(score of an event > score of a non-event), ties counting half, with DeLong's variance.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        0 or 1.
    score : array_like, shape (n,)
        Higher means likelier.
    level : float
        Confidence of the interval (logit scale, so that it stays inside 0 and 1).

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845; midrank form of Sun and Xu (2014).

    Examples
    --------
    >>> area_under_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value
    0.75
    """
    y, s = check_outcomes(outcome, score, "area_under_curve")
    events, others = s[y == 1], s[y == 0]
    m, n = len(events), len(others)
    joint = rankdata(np.concatenate([events, others]))
    auc = float(roc_auc_score(y, s))
    v10 = (joint[:m] - rankdata(events)) / n
    v01 = 1 - (joint[m:] - rankdata(others)) / m
    variance = (v10.var(ddof=1) / m if m > 1 else 0.0) + (v01.var(ddof=1) / n if n > 1 else 0.0)
    se = float(np.sqrt(variance))
    if auc in (0.0, 1.0) or se == 0:
        return AreaUnderCurve(auc, se, auc, auc)
    centre, spread = np.log(auc / (1 - auc)), norm.ppf(0.5 + level / 2) * se / (auc * (1 - auc))
    low, high = (1 / (1 + np.exp(-(centre + side * spread))) for side in (-1, 1))
    return AreaUnderCurve(auc, se, float(low), float(high))


def average_precision(outcome: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Mean of precision over the steps of recall.

    Examples
    --------
    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    y, s = check_outcomes(outcome, score, "average_precision")
    return float(average_precision_score(y, s))
