"""Aggregates that look at all rows at once: TOPSIS and benefit of the doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from relapse_risk.errors import ModelError
from relapse_risk.hardship.criteria import check_criteria
from relapse_risk.hardship.weights import Array, check_matrix

__all__ = ["benefit_of_the_doubt", "topsis"]

# Rows handled at a time, so that a block of 15 columns stays in the processor's cache.
BLOCK = 2048


def topsis(
    matrix: npt.ArrayLike,
    weights: npt.ArrayLike,
    directions: Sequence[int] | None = None,
    scaling: Literal["vector", "minmax"] = "vector",
) -> Array:
    """TOPSIS similarity to the ideal: d- / (d+ + d-), in 0-1; higher is nearer the ideal.

    Parameters
    ----------
    matrix : array_like, shape (n, p)
    weights : array_like, shape (p,)
    directions : sequence of 1 and -1, optional
        1: the largest value is ideal (default), -1: the smallest.
    scaling : {"vector", "minmax"}
        Columns divided by their Euclidean length (Hwang and Yoon, scikit-criteria) or min-max (pymcdm's default).

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ModelError
        For missing entries, bad weights, an all-zero column (vector) or directions other than 1 and -1. A constant
        column adds nothing to either distance, so 0/1 household data are allowed.

    Notes
    -----
    Hwang and Yoon (1981). Weighted distances to the best and worst value of each column, one pass over the rows.

    Examples
    --------
    Tzeng and Huang (2011), table 5.2:

    >>> topsis([[5, 8, 4], [7, 6, 8], [8, 8, 6], [7, 4, 6]], [0.3, 0.4, 0.3]).round(4).tolist()
    [0.5037, 0.6581, 0.7482, 0.334]
    """
    x, w, signs = check_criteria(matrix, weights, directions, "topsis")
    n, p = x.shape
    low, high = _extremes(x)
    if scaling == "vector":
        length = np.sqrt(np.einsum("ij,ij->j", x, x))
        if (empty := np.flatnonzero(length == 0)).size:
            raise ModelError("all-zero column", where=f"topsis: column {empty[0]}", fix="leave it out")
    elif scaling == "minmax":
        length = high - low
    else:
        raise ModelError("unknown scaling", where="topsis", got=scaling, expected="vector | minmax")
    factor = np.divide(w, length, out=np.zeros(p), where=length > 0)
    ideal, worst = np.where(signs == 1, high, low) * factor, np.where(signs == 1, low, high) * factor
    to_ideal, to_worst = _distances(x, factor, ideal), _distances(x, factor, worst)
    total = to_ideal + to_worst
    return np.divide(to_worst, total, out=np.full(n, 0.5), where=total > 0)


def _distances(x: Array, factor: Array, post: Array) -> Array:
    """Euclidean distance of each scaled row to ``post``; rows laid end to end, since 15 wide is too short a loop."""
    n, p = x.shape
    out, ones = np.empty(n), np.ones(p)
    factors, posts = np.tile(factor, min(n, BLOCK)), np.tile(post, min(n, BLOCK))
    for first in range(0, n, BLOCK):
        rows = np.ascontiguousarray(x[first : first + BLOCK])
        gap = rows.reshape(-1) * factors[: rows.size]
        gap -= posts[: rows.size]
        gap *= gap
        np.dot(gap.reshape(rows.shape), ones, out=out[first : first + BLOCK])
    np.sqrt(out, out=out)
    return out


def _extremes(x: Array) -> tuple[Array, Array]:
    """Smallest and largest value of each column; many rows are folded side by side, which vectorises better."""
    n, p = x.shape
    fold = 16
    whole = n // fold * fold
    if not whole or not x.flags.c_contiguous:
        return x.min(axis=0), x.max(axis=0)
    wide, rest = x[:whole].reshape(-1, fold * p), x[whole:]
    low = np.vstack([wide.min(axis=0).reshape(fold, p), rest]).min(axis=0)
    high = np.vstack([wide.max(axis=0).reshape(fold, p), rest]).max(axis=0)
    return low, high


def benefit_of_the_doubt(scores: npt.ArrayLike, least: float = 0.0, most: float = 1.0) -> Array:
    """Each row under the weights most favourable to it: max w.x subject to w.x_i <= 1 for all rows i, in 0-1.

    Parameters
    ----------
    scores : array_like, shape (n, p)
        Not negative, higher raises the score.
    least, most : float
        Limits of each column's share in the row's own score (Cherchye et al. 2007, doi:10.1007/s11205-006-9029-7).

    Returns
    -------
    array, shape (n,)
        1 for rows on the frontier.

    Raises
    ------
    ModelError
        For missing or negative entries, or limits no weighting can meet (the row is named).

    Notes
    -----
    One small linear programme per row against the undominated rows only: for hundreds of units, not for a city.

    Examples
    --------
    >>> benefit_of_the_doubt([[1, 0.2], [0.2, 1], [0.5, 0.5]]).round(4).tolist()
    [1.0, 1.0, 0.8333]
    """
    x = check_matrix(scores, "benefit_of_the_doubt", positive=True)
    n, p = x.shape
    if not 0 <= least <= most <= 1 or least * p > 1 or most * p < 1:
        raise ModelError("share limits cannot be met", where="benefit_of_the_doubt", got=(least, most))
    if (x.sum(axis=1) == 0).any() and least > 0:
        raise ModelError("a row of zeros has no shares", where="benefit_of_the_doubt")
    unique = np.unique(x, axis=0)
    dominated = np.array([bool(((unique >= row).all(axis=1) & (unique > row).any(axis=1)).any()) for row in unique])
    frontier = unique[~dominated]
    out = np.empty(n)
    for i in range(n):
        rows = [frontier]
        own = np.tile(x[i], (p, 1))
        if most < 1:
            rows.append(np.diag(x[i]) - most * own)
        if least > 0:
            rows.append(least * own - np.diag(x[i]))
        limits = np.concatenate([np.ones(len(frontier)), np.zeros(sum(len(r) for r in rows[1:]))])
        found = linprog(-x[i], A_ub=np.vstack(rows), b_ub=limits, bounds=(0, None), method="highs")
        if not found.success:
            raise ModelError(f"no solution: {found.message}", where=f"benefit_of_the_doubt: row {i}")
        out[i] = -found.fun
    return out
