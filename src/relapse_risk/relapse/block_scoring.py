"""Scores of millions: probability and the strongest reasons of each row, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.relapse.fitted_logit import FittedRelapseLogit
from relapse_risk.relapse.glm import Array, inverse_link

__all__ = ["Scored", "score_blocks"]

BLOCK = 16_384


@dataclass(frozen=True, slots=True)
class Scored:
    """A block of scored rows.

    Attributes
    ----------
    probability : ndarray, shape (n,)
    reason : ndarray of int8, shape (n, top)
        Place in ``fitted.terms`` of the terms that raise the risk the most, the strongest first; -1: none raises it.
    contribution : ndarray of float32, shape (n, top)
        Log-odds each of them adds.
    """

    probability: Array
    reason: npt.NDArray[np.int8]
    contribution: npt.NDArray[np.float32]


def score_blocks(
    fitted: FittedRelapseLogit, values: npt.NDArray[np.floating], top: int = 3, block: int = BLOCK
) -> Iterator[Scored]:
    """Probability and reasons of every row, a block at a time.

    Parameters
    ----------
    fitted : FittedRelapseLogit
    values : ndarray, shape (n, terms)
        Values of ``fitted.terms`` in their order, NaN where unknown (adds nothing).
    top : int
        Reasons a row.
    block : int
        Rows at a time; what is in work then stays in the processor's cache.

    Yields
    ------
    Scored

    Raises
    ------
    ModelError
        For another number of columns.
    """
    k = len(fitted.terms)
    if values.ndim != 2 or values.shape[1] != k or not 0 < top <= k <= 127:
        raise ModelError(
            "one column a term", where="score_blocks", got=values.shape, expected=f"(n, {k}), {top} reasons"
        )
    slope = np.array([term.coefficient for term in fitted.terms])
    reference = np.array([term.reference for term in fitted.terms])
    for start in range(0, len(values), block):
        added = (values[start : start + block] - reference) * slope
        np.nan_to_num(added, copy=False, nan=0.0)
        probability = inverse_link(added.sum(axis=1) + fitted.base, fitted.link)
        yield Scored(probability, *_strongest(added.astype(np.float32), top))


def _strongest(added: npt.NDArray[np.float32], top: int) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """The ``top`` largest of each row, in order."""
    n = len(added)
    rows = np.arange(n)
    reason, size = np.empty((n, top), dtype=np.int8), np.empty((n, top), dtype=np.float32)
    for i in range(top):
        place = added.argmax(axis=1)
        largest = added[rows, place]
        raises = largest > 0
        reason[:, i] = np.where(raises, place, -1)
        size[:, i] = np.where(raises, largest, 0)
        added[rows, place] = -np.inf
    return reason, size
