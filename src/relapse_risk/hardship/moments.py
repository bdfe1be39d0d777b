"""Statistics of columns that merge part by part, and the exact weights that follow from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.hardship.weights import check_matrix, share_out

__all__ = ["Moments", "merged", "moments"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the rows of a matrix (n, p); two of them add up to those of both.

    Attributes
    ----------
    n : int
        Rows in which every column is known.
    left_out : int
        Rows with an unknown column.
    low, high, total, entropy_sum : ndarray, shape (p,)
        Smallest and largest value, sum, and sum of x ln x.
    cross : ndarray, shape (p, p)
        Sum of products.
    """

    n: int
    left_out: int
    low: Array
    high: Array
    total: Array
    entropy_sum: Array
    cross: Array

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.n + other.n, self.left_out + other.left_out, np.minimum(self.low, other.low),
            np.maximum(self.high, other.high), self.total + other.total, self.entropy_sum + other.entropy_sum,
            self.cross + other.cross,
        )  # fmt: skip

    def covariance(self) -> Array:
        """Population covariance; shape (p, p)."""
        mean = self.total / self.n
        return np.asarray(self.cross / self.n - np.outer(mean, mean))

    def entropy(self) -> Array:
        """Entropy weights, as :func:`relapse_risk.hardship.entropy` of all rows together."""
        information = 1 - (np.log(self.total) - self.entropy_sum / self.total) / np.log(self.n)
        return share_out(np.where(information < 1e-14, 0.0, information), "entropy")

    def critic(self) -> Array:
        """CRITIC weights, as :func:`relapse_risk.hardship.critic` of all rows together.

        Raises
        ------
        ModelError
            For a constant column.
        """
        if (self.low == self.high).any():
            flat = int(np.flatnonzero(self.low == self.high)[0])
            raise ModelError("constant column", where=f"critic: column {flat}", expected="two different values")
        covariance = self.covariance()
        spread = np.sqrt(np.diag(covariance))
        conflict = (1 - covariance / np.outer(spread, spread)).sum(axis=0)
        return share_out(spread / (self.high - self.low) * conflict, "critic")


def moments(matrix: npt.ArrayLike) -> Moments:
    """Sums over the complete rows of ``matrix``, none of them negative.

    Raises
    ------
    ModelError
        For a negative or infinite entry.

    References
    ----------
    Pairwise sums of parts: Chan, Golub and LeVeque (1983), doi:10.1080/00031305.1983.10483115.

    Examples
    --------
    >>> both = moments([[1.0, 1.0], [1.0, 3.0]])
    >>> (moments([[1.0, 1.0]]) + moments([[1.0, 3.0]])).entropy().tolist() == both.entropy().tolist()
    True
    """
    x = np.asarray(matrix, dtype=np.float64)
    known = ~np.isnan(x).any(axis=1)
    left_out = int(len(x) - known.sum())
    x = x if known.all() else x[known]
    if not len(x):
        p = x.shape[1]
        return Moments(0, left_out, np.full(p, np.inf), np.full(p, -np.inf), np.zeros(p), np.zeros(p), np.zeros((p, p)))
    check_matrix(x, "moments", positive=True)
    logs = np.log(x, out=np.zeros_like(x), where=x > 0)
    return Moments(
        len(x), left_out, x.min(axis=0), x.max(axis=0), x.sum(axis=0), np.einsum("ij,ij->j", x, logs), x.T @ x
    )


def merged(parts: Iterable[Moments]) -> Moments:
    """Moments of all parts together, added in their order."""
    return reduce(lambda left, right: left + right, parts)
