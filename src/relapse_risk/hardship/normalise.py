"""Normalisers: one column of raw numbers to a common scale. NaN stays NaN; a constant column is an error.

Every function takes ``x`` of shape (n,) oriented so that *higher raises the score*, and returns shape (n,).
Register a new one in :data:`NORMALISERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from relapse_risk.errors import ModelError
from relapse_risk.rows import numbers

__all__ = [
    "NORMALISERS",
    "borda",
    "distance_to_line",
    "goalposts",
    "minmax",
    "percentile_rank",
    "share_of_sum",
    "vector_length",
    "zscore",
]

Array = npt.NDArray[np.float64]


def _answered(x: npt.ArrayLike, where: str, constant_ok: bool = False) -> tuple[Array, npt.NDArray[np.bool_]]:
    """The column and which entries are answered; all-missing, infinite and constant columns are errors."""
    values = numbers(x, where)
    known = ~np.isnan(values)
    if values.ndim != 1 or not known.any():
        raise ModelError(
            "no answered value", where=where, got=values.shape, expected="shape (n,) with an answer", fix="leave it out"
        )
    seen = values[known]
    if np.isinf(seen).any():
        raise ModelError("infinite value", where=where, expected="finite numbers or NaN for unanswered")
    if not constant_ok and seen.min() == seen.max():
        raise ModelError(
            "the column is constant, so it cannot be scaled",
            where=where,
            got=float(seen[0]),
            expected="at least two different values",
            fix="leave it out, or give it goalposts",
        )
    return values, known


def goalposts(x: npt.ArrayLike, worst: float, best: float, low: float = 0, high: float = 100, where: str = "") -> Array:
    """Linear between fixed posts: ``best`` gives ``low``, ``worst`` gives ``high``, held inside.

    Posts are in the units of ``x``; either may be the larger. A household scores the same whatever the others do.

    Examples
    --------
    >>> goalposts([0, 1, 2, 3], worst=0, best=2).tolist()
    [100.0, 50.0, 0.0, 0.0]
    """
    if not (np.isfinite(worst) and np.isfinite(best)) or worst == best:
        raise ModelError("posts must be finite and differ", where=where or "goalposts", got=(worst, best))
    share = (numbers(x, where or "goalposts") - best) / (worst - best)
    scaled: Array = low + (high - low) * np.clip(share, 0.0, 1.0)
    return scaled


def minmax(x: npt.ArrayLike, low: float = 0, high: float = 100, where: str = "minmax") -> Array:
    """Smallest to ``low``, largest to ``high``, linear between.

    Examples
    --------
    >>> minmax([1, 2, 5]).tolist()
    [0.0, 25.0, 100.0]
    """
    values, known = _answered(x, where)
    least, most = values[known].min(), values[known].max()
    return low + (high - low) * (values - least) / (most - least)


def zscore(x: npt.ArrayLike, mean: float = 0, sd: float = 1, ddof: int = 1, where: str = "zscore") -> Array:
    """Standardised to the given mean and standard deviation (n - ddof in the denominator; 1 as COINr, 0 as its paper).

    Examples
    --------
    >>> zscore([1, 2, 3], mean=10, sd=2).tolist()
    [8.0, 10.0, 12.0]
    """
    values, known = _answered(x, where)
    seen = values[known]
    return mean + sd * (values - seen.mean()) / seen.std(ddof=ddof)


def percentile_rank(x: npt.ArrayLike, where: str = "percentile_rank") -> Array:
    """Share of the other answered units strictly below, × 100 (COINr ``n_prank``).

    Examples
    --------
    >>> percentile_rank([5, 1, 5]).tolist()
    [50.0, 0.0, 50.0]
    """
    values, known = _answered(x, where)
    out = np.full(values.size, np.nan)
    out[known] = 100 * (rankdata(values[known], method="min") - 1) / (known.sum() - 1)
    return out


def borda(x: npt.ArrayLike, where: str = "borda") -> Array:
    """Borda points: number of answered units strictly below, ties at their minimum (COINr ``n_borda``).

    Examples
    --------
    >>> borda([5, 1, 7]).tolist()
    [1.0, 0.0, 2.0]
    """
    values, known = _answered(x, where)
    out = np.full(values.size, np.nan)
    out[known] = rankdata(values[known], method="min") - 1
    return out


def distance_to_line(x: npt.ArrayLike, line: float, high: float = 100, where: str = "distance_to_line") -> Array:
    """Distance beyond ``line`` as a share of the farthest: 0 up to the line, ``high`` at the largest value.

    COINr's ``n_dist2targ`` turned towards hardship: the target is the line at which hardship starts.

    Examples
    --------
    >>> distance_to_line([1, 2, 4], line=2).tolist()
    [0.0, 0.0, 100.0]
    """
    values, known = _answered(x, where, constant_ok=True)
    most = values[known].max()
    if not np.isfinite(line) or line >= most:
        raise ModelError("line outside the range of the column", where=where, got=line, expected=f"below {most:g}")
    return high * np.clip((values - line) / (most - line), 0.0, 1.0)


def vector_length(x: npt.ArrayLike, where: str = "vector_length") -> Array:
    """Divided by the column's Euclidean length (TOPSIS' usual scaling).

    Examples
    --------
    >>> vector_length([3, 4]).tolist()
    [0.6, 0.8]
    """
    values, known = _answered(x, where, constant_ok=True)
    length = np.sqrt(values[known] @ values[known])
    if length == 0:
        raise ModelError("every value is zero", where=where, expected="a value other than zero")
    return values / length


def share_of_sum(x: npt.ArrayLike, where: str = "share_of_sum") -> Array:
    """Divided by the column's sum.

    Examples
    --------
    >>> share_of_sum([1, 3]).tolist()
    [0.25, 0.75]
    """
    values, known = _answered(x, where, constant_ok=True)
    total = values[known].sum()
    if total <= 0 or (values[known] < 0).any():
        raise ModelError("needs values >= 0 with a positive sum", where=where, got=float(total))
    return values / total


# Methods that look at the data; ``goalposts`` is here so that a design may name it, its posts come from the indicator.
NORMALISERS: Mapping[str, Callable[..., Array]] = MappingProxyType(
    {
        "goalposts": goalposts,
        "minmax": minmax,
        "zscore": zscore,
        "percentile_rank": percentile_rank,
        "borda": borda,
        "distance_to_line": distance_to_line,
        "vector_length": vector_length,
        "share_of_sum": share_of_sum,
    }
)
