"""Aggregates that look at the order of a row's scores: ordered weighted averages, mean-min; and the adjusted Mazziotta-Pareto."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.hardship.aggregate import mazziotta_pareto
from relapse_risk.hardship.weights import Array, check_matrix, share_out
from relapse_risk.rows import by_column, numbers

__all__ = [
    "AdjustedPosts",
    "adjusted_mazziotta_pareto",
    "adjusted_posts",
    "mean_min",
    "ordered_weighted_average",
    "orness",
]


def ordered_weighted_average(scores: npt.ArrayLike, order_weights: npt.ArrayLike) -> Array:
    """Ordered weighted average: weights belong to places in the row, the largest score first, not to columns.

    Parameters
    ----------
    scores : array_like, shape (n, p)
    order_weights : array_like, shape (p,)
        Of the largest score first; rescaled to sum to one. [1, 0, …] is the maximum, [… 0, 1] the minimum.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ModelError
        For missing scores, or weights that are negative, all zero or not one per column.

    References
    ----------
    Yager (1988), doi:10.1109/21.87068.

    Examples
    --------
    >>> ordered_weighted_average([[1, 3, 2]], [1, 1, 0]).tolist()
    [2.5]
    """
    x = check_matrix(scores, "ordered_weighted_average")
    w = numbers(order_weights, "ordered_weighted_average: order_weights")
    if w.shape != (x.shape[1],):
        raise ModelError(
            "one weight per place", where="ordered_weighted_average", got=w.shape, expected=f"({x.shape[1]},)"
        )
    return np.asarray(-np.sort(-x, axis=1) @ share_out(w, "ordered_weighted_average: order_weights"))


def orness(order_weights: npt.ArrayLike) -> float:
    """How near an ordered weighted average is to the maximum: 1 maximum, 0.5 mean, 0 minimum.

    Parameters
    ----------
    order_weights : array_like, shape (p,)
        As in :func:`ordered_weighted_average`; at least two.

    Returns
    -------
    float

    Raises
    ------
    ModelError
        For fewer than two weights, or weights that are negative or all zero.

    References
    ----------
    Yager (1988), doi:10.1109/21.87068.

    Examples
    --------
    >>> orness([1, 0, 0]), orness([1, 1, 1]), orness([0, 0, 1])
    (1.0, 0.5, 0.0)
    """
    w = numbers(order_weights, "orness")
    if w.ndim != 1 or w.size < 2:
        raise ModelError("needs two or more weights", where="orness", got=w.shape)
    return float(np.arange(w.size - 1, -1, -1) @ share_out(w, "orness") / (w.size - 1))


def mean_min(scores: npt.ArrayLike, alpha: float = 0.5, beta: float = 0.0) -> Array:
    """Mean-min function: the mean less a penalty for the distance of the minimum from it.

    mean - alpha (sqrt((mean - min)² + beta²) - beta).

    Parameters
    ----------
    scores : array_like, shape (n, p)
        Higher is better.
    alpha : float
        0 (the mean) to 1 (for beta 0 the minimum).
    beta : float
        0 or above: how slowly the penalty starts, in the units of the scores.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ModelError
        For missing scores, alpha outside 0 to 1 or a negative beta.

    References
    ----------
    Casadio Tarabusi and Guarini (2013), doi:10.1007/s11205-012-0068-6.

    Examples
    --------
    >>> mean_min([[1, 5]], 1).tolist(), mean_min([[1, 5]], 0).tolist()
    ([1.0], [3.0])
    """
    x = check_matrix(scores, "mean_min")
    if not 0 <= alpha <= 1 or not np.isfinite(beta) or beta < 0:
        raise ModelError("not parameters of the mean-min function", where="mean_min", got=(alpha, beta),
                         expected="alpha 0 to 1, beta >= 0")  # fmt: skip
    mean = x.mean(axis=1)
    return np.asarray(mean - alpha * (np.sqrt((mean - x.min(axis=1)) ** 2 + beta**2) - beta))


@dataclass(frozen=True, slots=True)
class AdjustedPosts:
    """Goalposts of the adjusted Mazziotta-Pareto index, kept from year to year.

    Attributes
    ----------
    low, high : arrays, shape (p,)
        reference - and + half the range, in the units of the columns: they score 70 and 130, the reference 100.
    """

    low: Array
    high: Array


def adjusted_posts(all_years: npt.ArrayLike, reference: npt.ArrayLike) -> AdjustedPosts:
    """Posts around a reference value, half the range of all units and years to each side.

    Parameters
    ----------
    all_years : array_like, shape (n × years, p)
        Every unit in every year to be compared.
    reference : array_like, shape (p,)
        Value that scores 100, such as the mean of the first year.

    Returns
    -------
    AdjustedPosts

    Raises
    ------
    ModelError
        For missing values, a constant column, or a reference that does not fit.

    References
    ----------
    Mazziotta and Pareto (2016), doi:10.1007/s11205-015-0998-2.

    Examples
    --------
    >>> posts = adjusted_posts([[0.0], [10.0]], [4.0])
    >>> posts.low.tolist(), posts.high.tolist()
    ([-1.0], [9.0])
    """
    x = check_matrix(all_years, "adjusted_posts", constant_ok=False)
    centre = numbers(by_column(reference, all_years, "adjusted_posts: reference"), "adjusted_posts: reference")
    if centre.shape != (x.shape[1],) or not np.isfinite(centre).all():
        raise ModelError(
            "one reference per column", where="adjusted_posts", got=centre.shape, expected=f"({x.shape[1]},)"
        )
    half = (x.max(axis=0) - x.min(axis=0)) / 2
    return AdjustedPosts(centre - half, centre + half)


def adjusted_mazziotta_pareto(
    matrix: npt.ArrayLike, posts: AdjustedPosts, directions: Sequence[int] | None = None, penalty: int = -1
) -> Array:
    """Adjusted Mazziotta-Pareto index (AMPI): comparable over time, as its goalposts are fixed.

    Columns are put on 70 to 130 between the posts (not held inside), then mean + penalty × sd × cv of each row.

    Parameters
    ----------
    matrix : array_like, shape (n, p)
        One year.
    posts : AdjustedPosts
        From :func:`adjusted_posts`.
    directions : sequence of 1 and -1, optional
        1 where the column raises the index (default), -1 where it lowers it.
    penalty : {-1, 1}
        -1 where higher is better, 1 where higher is worse.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ModelError
        For missing values, or posts, directions or a penalty that do not fit.

    References
    ----------
    Mazziotta and Pareto (2016), doi:10.1007/s11205-015-0998-2; population standard deviation.

    Examples
    --------
    >>> posts = adjusted_posts([[0.0, 0.0], [10.0, 10.0]], [5.0, 5.0])
    >>> adjusted_mazziotta_pareto([[5.0, 5.0]], posts).tolist()
    [100.0]
    """
    return mazziotta_pareto(adjusted_scores(matrix, posts, directions), np.ones(posts.low.size), penalty)


def adjusted_scores(matrix: npt.ArrayLike, posts: AdjustedPosts, directions: Sequence[int] | None = None) -> Array:
    """Columns on the scale of AMPI, 70 at one post and 130 at the other; shape (n, p)."""
    x = check_matrix(matrix, "adjusted_mazziotta_pareto")
    signs = np.ones(x.shape[1]) if directions is None else np.asarray(directions)
    if posts.low.shape != (x.shape[1],) or signs.shape != posts.low.shape or not np.isin(signs, (1, -1)).all():
        raise ModelError("posts and directions must be one per column", where="adjusted_mazziotta_pareto",
                         got=(posts.low.shape, directions), expected=f"({x.shape[1]},), 1 or -1")  # fmt: skip
    share = (x - posts.low) / (posts.high - posts.low)
    return np.asarray(70 + 60 * np.where(signs == 1, share, 1 - share))
