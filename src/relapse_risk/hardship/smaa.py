"""SMAA-2: how often each unit takes each rank if nobody knows the weights, and which weights would put it first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.hardship.weights import Array, check_matrix

__all__ = ["RankAcceptability", "smaa"]


@dataclass(frozen=True, slots=True)
class RankAcceptability:
    """Shares of the weightings drawn.

    Attributes
    ----------
    ranks : array, shape (n, n)
        Share of weightings that give unit i rank k + 1.
    central_weights : array, shape (n, p)
        Mean of the weightings that put the unit first; null where none does.
    wins : array, shape (n, n)
        Share of weightings under which unit i scores above unit j.
    draws : int
        A share p has a standard error of sqrt(p (1 - p) / draws).
    """

    ranks: Array
    central_weights: Array
    wins: Array
    draws: int


def smaa(scores: npt.ArrayLike, generator: np.random.Generator, draws: int = 10_000) -> RankAcceptability:
    """Rank acceptabilities, central weights and pairwise wins under weights uniform on the simplex.

    Parameters
    ----------
    scores : array_like, shape (n, p)
        Normalised, larger is better (higher rank).
    generator : numpy.random.Generator
    draws : int
        Weightings drawn.

    Returns
    -------
    RankAcceptability

    Raises
    ------
    ModelError
        For missing scores or fewer than one draw.

    References
    ----------
    Lahdelma and Salminen (2001), doi:10.1287/opre.49.3.444.11220.

    Examples
    --------
    A unit that is better in everything is always first:

    >>> smaa([[2.0, 2.0], [1.0, 1.0]], np.random.default_rng(1), 100).ranks.tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    x = check_matrix(scores, "smaa")
    if draws < 1:
        raise ModelError("needs a draw", where="smaa: draws", got=draws, expected=">= 1")
    n, p = x.shape
    ranks, wins, central = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, p))
    block = max(1, 2_000_000 // (n * n))
    for first in range(0, draws, block):
        weights = generator.dirichlet(np.ones(p), min(block, draws - first))
        value = weights @ x.T
        above = value[:, :, None] > value[:, None, :]
        wins += above.sum(axis=0)
        place = (-value).argsort(axis=1, kind="stable").argsort(axis=1)
        for unit in range(n):
            ranks[unit] += np.bincount(place[:, unit], minlength=n)
            central[unit] += weights[place[:, unit] == 0].sum(axis=0)
    first_count = ranks[:, :1]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(first_count > 0, central / first_count, np.nan)
    return RankAcceptability(ranks / draws, mean, wins / draws, draws)
