"""Rankings by weighted sums and products of the criteria: COPRAS, weighted sum and product, ARAS, MOORA.

All take the raw matrix (n, p), weights (p,) and directions (p,): 1 where more is better, -1 where less is (a cost).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.hardship.criteria import check_criteria, shares_of_best
from relapse_risk.hardship.weights import Array

__all__ = ["Moora", "aras", "copras", "moora", "weighted_product", "weighted_sum"]


def copras(matrix: npt.ArrayLike, weights: npt.ArrayLike, directions: Sequence[int] | None = None) -> Array:
    """COPRAS: benefits add, costs count by their inverse share; larger is better.

    Parameters
    ----------
    matrix : array_like, shape (n, p)
        Not negative; costs above 0 in total for every row.
    weights : array_like, shape (p,)
    directions : sequence of 1 and -1, optional
        1 where more is better (default), -1 where less is.

    Returns
    -------
    array, shape (n,)
        Q = S+ + sum(S-) / (S- sum(1 / S-)); over its largest value it is the degree of utility.

    Raises
    ------
    ModelError
        For missing or negative entries, bad weights or directions, an all-zero column, or a row without any cost.

    References
    ----------
    Zavadskas, Kaklauskas and Sarka (1994). pymcdm 1.4.0 adds the costs instead, and is not followed.

    Examples
    --------
    >>> copras([[1, 1], [1, 3]], [1, 1], [1, -1]).tolist()
    [0.625, 0.375]
    """
    x, w, signs = check_criteria(matrix, weights, directions, "copras")
    if (x < 0).any() or (x.sum(axis=0) == 0).any():
        raise ModelError("columns must be >= 0 and not all zero", where="copras", got=float(x.min()))
    shares = w * x / x.sum(axis=0)
    gain, cost = shares[:, signs == 1].sum(axis=1), shares[:, signs == -1].sum(axis=1)
    if not (signs == -1).any():
        return gain
    if (cost == 0).any():
        raise ModelError(
            "a row without any cost has no share", where=f"copras: row {int(np.argmin(cost))}", expected="> 0"
        )
    total: Array = gain + cost.sum() / (cost * (1 / cost).sum())
    return total


def weighted_sum(matrix: npt.ArrayLike, weights: npt.ArrayLike, directions: Sequence[int] | None = None) -> Array:
    """Simple additive weighting of shares of the best (x / max, min / x for costs); larger is better.

    Parameters
    ----------
    matrix : array_like, shape (n, p)
        Above 0.
    weights : array_like, shape (p,)
    directions : sequence of 1 and -1, optional
        1 where more is better (default), -1 where less is.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ModelError
        For missing entries or ones not above 0, bad weights or directions.

    References
    ----------
    Fishburn (1967), doi:10.1287/opre.15.3.537.

    Examples
    --------
    >>> weighted_sum([[2, 4], [4, 2]], [3, 1], [1, -1]).tolist()
    [0.5, 1.0]
    """
    x, w, signs = check_criteria(matrix, weights, directions, "weighted_sum", positive=True)
    return np.asarray(shares_of_best(x, signs) @ w)


def weighted_product(matrix: npt.ArrayLike, weights: npt.ArrayLike, directions: Sequence[int] | None = None) -> Array:
    """Weighted product of shares of the best; larger is better.  With :func:`weighted_sum` it makes WASPAS.

    Parameters
    ----------
    matrix : array_like, shape (n, p)
        Above 0.
    weights : array_like, shape (p,)
    directions : sequence of 1 and -1, optional
        1 where more is better (default), -1 where less is.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ModelError
        As :func:`weighted_sum`.

    References
    ----------
    Miller and Starr (1969); WASPAS (Zavadskas et al. 2012, doi:10.5755/j01.eee.122.6.1810) is a mean of both.

    Examples
    --------
    >>> weighted_product([[1, 4], [4, 1]], [1, 1]).tolist()
    [0.5, 0.5]
    """
    x, w, signs = check_criteria(matrix, weights, directions, "weighted_product", positive=True)
    return np.asarray(np.exp(np.log(shares_of_best(x, signs)) @ w))


def aras(matrix: npt.ArrayLike, weights: npt.ArrayLike, directions: Sequence[int] | None = None) -> Array:
    """ARAS: weighted shares of the column sum, relative to an alternative that is best in everything.

    Parameters
    ----------
    matrix : array_like, shape (n, p)
        Above 0.
    weights : array_like, shape (p,)
    directions : sequence of 1 and -1, optional
        1 where more is better (default), -1 where less is.

    Returns
    -------
    array, shape (n,)
        K, up to 1; larger is better.

    Raises
    ------
    ModelError
        As :func:`weighted_sum`.

    References
    ----------
    Zavadskas and Turskis (2010), doi:10.3846/tede.2010.10.

    Examples
    --------
    >>> aras([[2, 2], [4, 1]], [1, 1], [1, -1]).tolist()
    [0.5, 1.0]
    """
    x, w, signs = check_criteria(matrix, weights, directions, "aras", positive=True)
    turned = np.where(signs == 1, x, 1 / x)
    ideal = turned.max(axis=0)
    scale = w / (turned.sum(axis=0) + ideal)
    return np.asarray(turned @ scale / (ideal @ scale))


@dataclass(frozen=True, slots=True)
class Moora:
    """MULTIMOORA's three views of n alternatives.

    Attributes
    ----------
    ratio : array, shape (n,)
        Benefits less costs; larger is better (MOORA).
    reference : array, shape (n,)
        Largest weighted distance to the best; smaller is better.
    multiplicative : array, shape (n,)
        Product of benefits over product of costs, weights as powers; larger is better. Null unless all is above 0.
    """

    ratio: Array
    reference: Array
    multiplicative: Array


def moora(matrix: npt.ArrayLike, weights: npt.ArrayLike, directions: Sequence[int] | None = None) -> Moora:
    """MOORA ratio system, reference point and full multiplicative form (together MULTIMOORA).

    Parameters
    ----------
    matrix : array_like, shape (n, p)
    weights : array_like, shape (p,)
    directions : sequence of 1 and -1, optional
        1 where more is better (default), -1 where less is.

    Returns
    -------
    Moora

    Raises
    ------
    ModelError
        For missing entries, bad weights or directions, or an all-zero column.

    References
    ----------
    Brauers and Zavadskas (2006), (2010), doi:10.3846/tede.2010.01.

    Examples
    --------
    >>> moora([[3, 1], [4, 1]], [1, 1], [1, -1]).multiplicative.round(4).tolist()
    [1.7321, 2.0]
    """
    x, w, signs = check_criteria(matrix, weights, directions, "moora")
    length = np.sqrt((x**2).sum(axis=0))
    if (length == 0).any():
        raise ModelError("all-zero column", where=f"moora: column {int(np.argmin(length))}", fix="leave it out")
    scaled = w * x / length
    best = np.where(signs == 1, scaled.max(axis=0), scaled.min(axis=0))
    product = np.exp(np.log(x) @ (w * signs)) if (x > 0).all() else np.full(x.shape[0], np.nan)
    return Moora(scaled @ signs, np.abs(best - scaled).max(axis=1), product)
