"""Rankings of alternatives by several criteria: VIKOR, COPRAS, weighted sums and products, ARAS, MOORA, EDAS, CODAS.

All take the raw matrix (n, p), weights (p,) and directions (p,): 1 where more is better, -1 where less is (a cost).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.hardship.weights import Array, check_matrix, share_out
from relapse_risk.rows import by_column

__all__ = [
    "Moora",
    "Vikor",
    "aras",
    "check_criteria",
    "codas",
    "copras",
    "edas",
    "moora",
    "vikor",
    "weighted_product",
    "weighted_sum",
]


def check_criteria(
    matrix: npt.ArrayLike, weights: npt.ArrayLike, directions: Sequence[int] | None, where: str, positive: bool = False
) -> tuple[Array, Array, npt.NDArray[np.intp]]:
    """The matrix, weights that sum to one, and directions of 1 and -1 (1 for all when left out).

    Raises
    ------
    ModelError
        For missing entries, weights or directions that do not fit, or (``positive``) an entry that is not above 0.
    """
    x = check_matrix(matrix, where, positive=positive)
    if positive and (x <= 0).any():
        row, column = np.argwhere(x <= 0)[0]
        raise ModelError(
            "zero", where=f"{where}: row {row}, column {column}", expected="> 0", fix="leave it out, or use vikor"
        )
    w = np.asarray(by_column(weights, matrix, f"{where}: weights"), dtype=np.float64)
    if w.shape != (x.shape[1],):
        raise ModelError("one weight per column", where=where, got=w.shape, expected=f"({x.shape[1]},)")
    signs = (
        np.ones(x.shape[1], dtype=np.intp) if directions is None else np.asarray(by_column(directions, matrix, where))
    )
    if signs.shape != w.shape or not np.isin(signs, (1, -1)).all():
        raise ModelError("directions are 1 or -1, one per column", where=where, got=directions)
    return x, share_out(w, f"{where}: weights"), signs.astype(np.intp)


def _linear(x: Array, signs: npt.NDArray[np.intp]) -> Array:
    """Shares of the best: x / max where more is better, min / x for costs."""
    return np.where(signs == 1, x / x.max(axis=0), x.min(axis=0) / x)


@dataclass(frozen=True, slots=True)
class Vikor:
    """VIKOR of n alternatives; smaller is better in all three.

    Attributes
    ----------
    group, regret, compromise : arrays, shape (n,)
        S: weighted sum of the distances to the best; R: the largest of them; Q: both, rescaled and mixed.
    """

    group: Array
    regret: Array
    compromise: Array


def vikor(
    matrix: npt.ArrayLike, weights: npt.ArrayLike, directions: Sequence[int] | None = None, majority: float = 0.5
) -> Vikor:
    """VIKOR: a compromise between the smallest sum and the smallest single distance to the best values.

    Parameters
    ----------
    matrix : array_like, shape (n, p)
    weights : array_like, shape (p,)
    directions : sequence of 1 and -1, optional
        1 where more is better (default), -1 where less is.
    majority : float
        v, weight of the sum against the largest distance, 0 to 1.

    Returns
    -------
    Vikor

    Raises
    ------
    ModelError
        For missing entries, bad weights or directions, or v outside 0 to 1. A constant column adds nothing.

    References
    ----------
    Opricovic and Tzeng (2004), doi:10.1016/S0377-2217(03)00020-1.

    Examples
    --------
    >>> vikor([[1, 9], [5, 5], [9, 1]], [1, 1]).compromise.tolist()
    [0.5, 0.0, 0.5]
    """
    if not 0 <= majority <= 1:
        raise ModelError("not a weight", where="vikor: majority", got=majority, expected="0 to 1")
    x, w, signs = check_criteria(matrix, weights, directions, "vikor")
    turned = x * signs
    best, width = turned.max(axis=0), turned.max(axis=0) - turned.min(axis=0)
    distance = w * np.divide(best - turned, width, out=np.zeros_like(x), where=width > 0)
    group, regret = distance.sum(axis=1), distance.max(axis=1)

    def rescaled(values: Array) -> Array:
        width = values.max() - values.min()
        return (values - values.min()) / width if width > 0 else np.zeros(values.size)

    return Vikor(group, regret, majority * rescaled(group) + (1 - majority) * rescaled(regret))


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
    return np.asarray(_linear(x, signs) @ w)


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
    return np.asarray(np.exp(np.log(_linear(x, signs)) @ w))


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


def edas(matrix: npt.ArrayLike, weights: npt.ArrayLike, directions: Sequence[int] | None = None) -> Array:
    """EDAS: distances above and below the average alternative, each relative to the largest; larger is better.

    Parameters
    ----------
    matrix : array_like, shape (n, p)
        Column means above 0.
    weights : array_like, shape (p,)
    directions : sequence of 1 and -1, optional
        1 where more is better (default), -1 where less is.

    Returns
    -------
    array, shape (n,)
        0 to 1; 0.5 for all where the alternatives do not differ.

    Raises
    ------
    ModelError
        For missing entries, bad weights or directions, or a column mean not above 0.

    References
    ----------
    Keshavarz Ghorabaee et al. (2015), doi:10.15388/Informatica.2015.57.

    Examples
    --------
    >>> edas([[1], [3]], [1]).tolist()
    [0.0, 1.0]
    """
    x, w, signs = check_criteria(matrix, weights, directions, "edas")
    mean = x.mean(axis=0)
    if (mean <= 0).any():
        raise ModelError("column mean not above 0", where=f"edas: column {int(np.argmin(mean))}", got=float(mean.min()))
    distance = signs * (x - mean) / mean
    above, below = np.maximum(distance, 0) @ w, np.maximum(-distance, 0) @ w
    if above.max() == 0:
        return np.full(x.shape[0], 0.5)
    return np.asarray((above / above.max() + 1 - below / below.max()) / 2)


def codas(
    matrix: npt.ArrayLike, weights: npt.ArrayLike, directions: Sequence[int] | None = None, threshold: float = 0.02
) -> Array:
    """CODAS: Euclidean distance to the worst, and taxicab distance where two alternatives are not nearly alike.

    Parameters
    ----------
    matrix : array_like, shape (n, p)
        Above 0.
    weights : array_like, shape (p,)
    directions : sequence of 1 and -1, optional
        1 where more is better (default), -1 where less is.
    threshold : float
        Difference of Euclidean distances from which the taxicab distance counts, too.

    Returns
    -------
    array, shape (n,)
        Sum of differences to all others; larger is better, and they sum to zero.

    Raises
    ------
    ModelError
        As :func:`weighted_sum`; for a negative threshold.

    References
    ----------
    Keshavarz Ghorabaee et al. (2016), Economic Computation and Economic Cybernetics Studies and Research 50(3).

    Examples
    --------
    >>> codas([[1], [2]], [1]).tolist()
    [-1.0, 1.0]
    """
    if not np.isfinite(threshold) or threshold < 0:
        raise ModelError("not a threshold", where="codas", got=threshold, expected=">= 0")
    x, w, signs = check_criteria(matrix, weights, directions, "codas", positive=True)
    above = _linear(x, signs) * w
    above = above - above.min(axis=0)
    euclid, taxicab = np.sqrt((above**2).sum(axis=1)), above.sum(axis=1)
    apart = euclid[:, None] - euclid
    return np.asarray((apart + (np.abs(apart) >= threshold) * (taxicab[:, None] - taxicab)).sum(axis=1))
