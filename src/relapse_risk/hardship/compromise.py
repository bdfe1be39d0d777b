"""Rankings by distance from an ideal, an average or the worst: VIKOR, EDAS, CODAS.

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

__all__ = ["Vikor", "codas", "edas", "vikor"]


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
    above = shares_of_best(x, signs) * w
    above = above - above.min(axis=0)
    euclid, taxicab = np.sqrt((above**2).sum(axis=1)), above.sum(axis=1)
    apart = euclid[:, None] - euclid
    return np.asarray((apart + (np.abs(apart) >= threshold) * (taxicab[:, None] - taxicab)).sum(axis=1))
