"""Aggregates: scores of several children (n, p) and their weights (p,) to one score (n,).

NaN marks an unanswered child; its weight is shared among the answered ones of its row; a row with none is NaN.
Register a new one in :data:`AGGREGATES`. TOPSIS and benefit of the doubt look at all rows: see ``multicriteria``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.rows import numbers

__all__ = [
    "AGGREGATES",
    "arithmetic",
    "check_scores",
    "counting",
    "geometric",
    "harmonic",
    "mazziotta_pareto",
    "power_mean",
]

Array = npt.NDArray[np.float64]


def check_scores(scores: npt.ArrayLike, weights: npt.ArrayLike) -> tuple[Array, Array]:
    """Scores as (n, p) floats and weights as (p,) floats summing to one.

    Raises
    ------
    ModelError
        For shapes that do not fit, an infinite score, or weights that are negative, infinite or sum to zero.
    """
    matrix = numbers(scores, "aggregate: scores")
    w = numbers(weights, "aggregate: weights")
    if matrix.ndim != 2 or w.shape != (matrix.shape[1],):
        raise ModelError("shapes do not fit", where="aggregate", got=(matrix.shape, w.shape), expected="(n, p), (p,)")
    if not np.all(np.isfinite(w) & (w >= 0)) or w.sum() <= 0:
        raise ModelError("weights must be finite, >= 0 and not all zero", where="aggregate", got=w.tolist())
    if np.isinf(matrix).any():
        raise ModelError("infinite score", where="aggregate", expected="finite, or NaN for unanswered")
    return matrix, w / w.sum()


def _answered_weights(matrix: Array, w: Array) -> tuple[Array, Array]:
    """Scores with 0 for unanswered, and weights (n, p) renormalised over the answered; NaN rows where none is."""
    known = ~np.isnan(matrix)
    share = known * w
    total = share.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total > 0, share / total, np.nan)
    return np.where(known, matrix, 0.0), share


def arithmetic(scores: npt.ArrayLike, weights: npt.ArrayLike) -> Array:
    """Weighted mean: full compensation between children.

    Examples
    --------
    >>> arithmetic([[0, 100], [40, float("nan")]], [3, 1]).tolist()
    [25.0, 40.0]
    """
    matrix, w = check_scores(scores, weights)
    out: Array = matrix @ w
    if np.isnan(out).any():
        values, share = _answered_weights(matrix, w)
        out = np.einsum("ij,ij->i", values, share)
    return out


def power_mean(scores: npt.ArrayLike, weights: npt.ArrayLike, power: float) -> Array:
    """Generalised mean (sum w x**p)**(1/p); p = 1 arithmetic, 0 geometric, -1 harmonic; higher p favours extremes.

    Raises
    ------
    ModelError
        For a negative score, or a zero score where p <= 0 (shift the scale, say 1 to 100, in the design).

    Examples
    --------
    >>> power_mean([[30, 40]], [1, 1], 2).round(4).tolist()
    [35.3553]
    """
    matrix, w = check_scores(scores, weights)
    least = np.nanmin(matrix) if not np.isnan(matrix).all() else 1.0
    if least < 0 or (power <= 0 and least == 0):
        raise ModelError(
            f"power mean with p = {power:g} needs scores {'> 0' if power <= 0 else '>= 0'}",
            where="aggregate",
            got=float(least),
            fix="normalise to a scale that starts above zero, such as 1 to 100",
        )
    values, share = _answered_weights(matrix, w)
    if power == 0:
        logs = np.log(np.where(np.isnan(matrix), 1.0, values))
        return np.exp(np.einsum("ij,ij->i", logs, share))
    powered = np.where(np.isnan(matrix), 0.0, np.where(np.isnan(matrix), 1.0, values) ** power)
    mean: Array = np.einsum("ij,ij->i", powered, share) ** (1 / power)
    return mean


def geometric(scores: npt.ArrayLike, weights: npt.ArrayLike) -> Array:
    """Weighted geometric mean: the less equal the children, the lower the score.

    Examples
    --------
    >>> geometric([[1, 100]], [1, 1]).round(6).tolist()
    [10.0]
    """
    return power_mean(scores, weights, 0)


def harmonic(scores: npt.ArrayLike, weights: npt.ArrayLike) -> Array:
    """Weighted harmonic mean.

    Examples
    --------
    >>> harmonic([[20, 60]], [1, 1]).round(6).tolist()
    [30.0]
    """
    return power_mean(scores, weights, -1)


def quadratic(scores: npt.ArrayLike, weights: npt.ArrayLike) -> Array:
    """Power mean with p = 2: one heavy hardship counts more than several light ones.

    Examples
    --------
    >>> quadratic([[0, 100]], [1, 1]).round(4).tolist()
    [70.7107]
    """
    return power_mean(scores, weights, 2)


def mazziotta_pareto(
    scores: npt.ArrayLike, weights: npt.ArrayLike, penalty: int = 1, sample_deviation: bool = False
) -> Array:
    """Mazziotta-Pareto: mean + penalty × sd × cv across children; +1 where higher is worse, -1 for wellbeing.

    ``sample_deviation`` divides the variance by p - 1 instead of p (R Compind; with weights by 1 - sum of their squares).

    Raises
    ------
    ModelError
        For a negative score, or as :func:`check_scores`.

    Notes
    -----
    Mazziotta and Pareto (2016), doi:10.1007/s11205-015-0998-2; population standard deviation, weighted.

    Examples
    --------
    >>> mazziotta_pareto([[90, 110]], [1, 1], penalty=-1).tolist()
    [99.0]
    """
    if penalty not in (1, -1):
        raise ModelError("not a penalty sign", where="mazziotta_pareto", got=penalty, expected="1 or -1")
    matrix, w = check_scores(scores, weights)
    if (matrix < 0).any():
        # variance / mean has no meaning, and no bound, around a mean of zero.
        raise ModelError("negative score", where="mazziotta_pareto", got=float(np.nanmin(matrix)), expected=">= 0")
    values, share = _answered_weights(matrix, w)
    mean = np.einsum("ij,ij->i", values, share)
    variance = np.einsum("ij,ij->i", (values - mean[:, None]) ** 2, share)
    if sample_deviation:
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = np.where(variance == 0, 0.0, variance / (1 - np.einsum("ij,ij->i", share, share)))
    with np.errstate(invalid="ignore", divide="ignore"):
        adjust = np.where(variance == 0, 0.0, variance / mean)
    out: Array = mean + penalty * adjust
    return out


def counting(scores: npt.ArrayLike, weights: npt.ArrayLike, cutoff: float = 50) -> Array:
    """Weighted share of children at or above ``cutoff``, × 100: the Alkire-Foster count on the same answers.

    Examples
    --------
    >>> counting([[50, 49, 100]], [1, 1, 2]).tolist()
    [75.0]
    """
    matrix, w = check_scores(scores, weights)
    return arithmetic(np.where(np.isnan(matrix), np.nan, 100.0 * (matrix >= cutoff)), w)


AGGREGATES: Mapping[str, Callable[[npt.ArrayLike, npt.ArrayLike], Array]] = MappingProxyType(
    {
        "arithmetic": arithmetic,
        "geometric": geometric,
        "harmonic": harmonic,
        "quadratic": quadratic,
        "mazziotta_pareto": mazziotta_pareto,
        "counting": counting,
    }
)
