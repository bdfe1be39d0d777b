"""Discrimination: how well a score ranks households that relapse above the others, weighted, with DeLong's interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm
from sklearn.metrics import average_precision_score

from relapse_risk.errors import ModelError
from relapse_risk.rows import by_row, numbers

__all__ = [
    "AreaUnderCurve",
    "Array",
    "Difference",
    "area_under_curve",
    "auc_difference",
    "average_precision",
    "check_outcomes",
    "check_weights",
]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AreaUnderCurve:
    """Area under the ROC curve with DeLong's standard error and interval."""

    value: float
    se: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference with its standard error and interval."""

    value: float
    se: float
    low: float
    high: float


def check_outcomes(outcome: npt.ArrayLike, score: npt.ArrayLike, where: str) -> tuple[Array, Array]:
    """Outcomes (0/1) and scores of shape (n,), both classes present, nothing missing; :class:`ModelError` otherwise."""
    y, s = numbers(outcome, f"{where}: outcome"), numbers(score, f"{where}: score")
    if y.shape != s.shape or y.ndim != 1:
        raise ModelError("outcomes and scores differ in shape", where=where, got=(y.shape, s.shape))
    if np.isnan(y).any() or np.isnan(s).any():
        raise ModelError("missing outcome or score", where=where, fix="evaluate only rows that have both")
    if np.isinf(s).any():
        raise ModelError("infinite score", where=where, got=float(s[np.isinf(s)][0]), expected="finite scores")
    if not np.isin(y, (0.0, 1.0)).all() or y.min() == y.max():
        raise ModelError("outcomes must hold both 0 and 1", where=where, got=sorted(set(y.tolist()))[:5])
    return y, s


def check_weights(weights: npt.ArrayLike | None, n: int, where: str) -> Array:
    """Weights of shape (n,), ones when ``None``; finite, none negative, not all zero."""
    if weights is None:
        return np.ones(n)
    w = numbers(weights, f"{where}: weights")
    if w.shape != (n,) or not np.isfinite(w).all() or (w < 0).any() or w.sum() <= 0:
        raise ModelError(
            "weights must be finite, one per row, none negative, not all zero", where=where, got=(w.shape, w.sum())
        )
    return w


@by_row("outcome", "score", "weights")
def area_under_curve(
    outcome: npt.ArrayLike, score: npt.ArrayLike, weights: npt.ArrayLike | None = None, level: float = 0.95
) -> AreaUnderCurve:
    """P(score of an event > score of a non-event), ties counting half, with DeLong's variance.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        0 or 1.
    score : array_like, shape (n,)
        Higher means likelier.
    weights : array_like, shape (n,), optional
        Rows represented; the variance is then the linearised one.
    level : float
        Confidence of the interval (logit scale, so that it stays inside 0 and 1).

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845.

    Examples
    --------
    >>> area_under_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value
    0.75
    """
    y, s = check_outcomes(outcome, score, "area_under_curve")
    w = check_weights(weights, len(y), "area_under_curve")
    auc, events, others = _placements(y, s, w)
    se = float(np.sqrt(_variance(events, w[y == 1]) + _variance(others, w[y == 0])))
    if auc in (0.0, 1.0) or se == 0:
        return AreaUnderCurve(auc, se, auc, auc)
    centre, spread = np.log(auc / (1 - auc)), norm.ppf(0.5 + level / 2) * se / (auc * (1 - auc))
    low, high = (1 / (1 + np.exp(-(centre + side * spread))) for side in (-1, 1))
    return AreaUnderCurve(auc, se, float(low), float(high))


@by_row("outcome", "score", "other", "weights")
def auc_difference(
    outcome: npt.ArrayLike,
    score: npt.ArrayLike,
    other: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> Difference:
    """Area of ``score`` minus area of ``other`` on the same rows, with DeLong's paired variance.

    Examples
    --------
    >>> auc_difference([0, 0, 1, 1], [1, 2, 3, 4], [1, 3, 2, 4]).value
    0.25
    """
    y, s = check_outcomes(outcome, score, "auc_difference")
    _, t = check_outcomes(outcome, other, "auc_difference")
    w = check_weights(weights, len(y), "auc_difference")
    first, second = _placements(y, s, w), _placements(y, t, w)
    variance = _variance(first[1] - second[1], w[y == 1]) + _variance(first[2] - second[2], w[y == 0])
    value, se = first[0] - second[0], float(np.sqrt(variance))
    half = norm.ppf(0.5 + level / 2) * se
    return Difference(value, se, float(value - half), float(value + half))


def _placements(y: Array, s: Array, w: Array) -> tuple[float, Array, Array]:
    """AUC; for each event the share of non-events below it; for each non-event the share of events above it."""
    events, others = s[y == 1], s[y == 0]
    above = _share_below(events, others, w[y == 0])
    below = 1 - _share_below(others, events, w[y == 1])
    return float(np.average(above, weights=w[y == 1])), above, below


def _share_below(values: Array, among: Array, weights: Array) -> Array:
    """Weighted share of ``among`` below each value, ties counting half."""
    order = np.argsort(among, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(weights[order])])
    under = total[np.searchsorted(among[order], values, side="left")]
    upto = total[np.searchsorted(among[order], values, side="right")]
    return np.asarray((under + upto) / 2 / total[-1])


def _variance(placement: Array, weight: Array) -> float:
    """Variance of a weighted mean, linearised, with the n / (n - 1) of an unweighted one."""
    n = len(placement)
    if n < 2:
        return 0.0
    share = weight / weight.sum()
    return float(n / (n - 1) * np.sum(share**2 * (placement - np.sum(share * placement)) ** 2))


@by_row("outcome", "score", "weights")
def average_precision(outcome: npt.ArrayLike, score: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Mean of precision over the steps of recall.

    Examples
    --------
    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    y, s = check_outcomes(outcome, score, "average_precision")
    return float(average_precision_score(y, s, sample_weight=check_weights(weights, len(y), "average_precision")))
