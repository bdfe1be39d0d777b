"""Weights from expert judgement: the analytic hierarchy process of one expert or of a group, with its consistency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.hardship.weights import Array, check_matrix, share_out

__all__ = ["AhpWeights", "ahp", "group_ahp"]

# Saaty's random consistency index by matrix order (Saaty 1980; 1.24 at six, as most texts).
RANDOM_INDEX = (0.0, 0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)


@dataclass(frozen=True, slots=True)
class AhpWeights:
    """Weights of pairwise judgements and how consistent they are.

    Attributes
    ----------
    weights : array, shape (p,)
    lambda_max, consistency_index, consistency_ratio : float
        The ratio should not exceed 0.1.
    """

    weights: Array
    lambda_max: float
    consistency_index: float
    consistency_ratio: float

    @property
    def is_consistent(self) -> bool:
        return self.consistency_ratio <= 0.1

    def summary(self) -> str:
        """Weights and verdict."""
        verdict = "consistent" if self.is_consistent else "not consistent, revise the judgements"
        return (
            f"weights {np.round(self.weights, 4).tolist()}, consistency ratio {self.consistency_ratio:.3f} ({verdict})"
        )


def ahp(comparisons: npt.ArrayLike) -> AhpWeights:
    """AHP weights: principal eigenvector of a reciprocal matrix of pairwise judgements.

    Parameters
    ----------
    comparisons : array_like, shape (p, p)
        Entry (i, j): how many times i matters more than j; a_ji = 1 / a_ij.

    Raises
    ------
    ModelError
        If the matrix is not square, positive and reciprocal.

    Notes
    -----
    CI = (lambda_max - p) / (p - 1), CR = CI / RI(p). Saaty (1980).

    Examples
    --------
    >>> ahp([[1, 3], [1 / 3, 1]]).weights.round(6).tolist()
    [0.75, 0.25]
    """
    a = check_matrix(comparisons, "ahp", positive=True)
    p = a.shape[0]
    if a.shape != (p, p) or p >= len(RANDOM_INDEX):
        raise ModelError(
            "not square, or too large", where="ahp", got=a.shape, expected=f"(p, p), p < {len(RANDOM_INDEX)}"
        )
    off = np.argwhere(~np.isclose(a * a.T, 1, rtol=1e-6))
    if off.size:
        i, j = off[0]
        raise ModelError(
            "not reciprocal", where=f"ahp: ({i}, {j})", got=(float(a[i, j]), float(a[j, i])), expected="a, 1/a"
        )
    values, vectors = np.linalg.eig(a)
    at = int(np.argmax(values.real))
    lambda_max = float(values[at].real)
    index = (lambda_max - p) / (p - 1) if p > 1 else 0.0
    ratio = index / RANDOM_INDEX[p] if RANDOM_INDEX[p] else 0.0
    return AhpWeights(share_out(np.abs(vectors[:, at].real), "ahp"), lambda_max, index, ratio)


def group_ahp(experts: Sequence[npt.ArrayLike], influence: npt.ArrayLike | None = None) -> AhpWeights:
    """AHP of several experts: weighted geometric mean of their judgements (keeps the matrix reciprocal).

    Notes
    -----
    Aczél and Saaty (1983), doi:10.1016/0022-2496(83)90028-7.

    Examples
    --------
    >>> group_ahp([[[1, 4], [1 / 4, 1]], [[1, 1], [1, 1]]]).weights.round(6).tolist()
    [0.666667, 0.333333]
    """
    if not experts:
        raise ModelError("no expert", where="group_ahp", expected="one matrix or more")
    stack = np.stack([np.asarray(expert, dtype=np.float64) for expert in experts])
    for expert in stack:
        ahp(expert)
    voice = share_out(
        np.ones(len(stack)) if influence is None else np.asarray(influence, dtype=np.float64), "group_ahp"
    )
    return ahp(np.exp(np.einsum("k,kij->ij", voice, np.log(stack))))
