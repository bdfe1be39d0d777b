"""Ranks of scores with a stated tie rule, and the order that breaks ties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError, unknown
from relapse_risk.rows import numbers

__all__ = ["TieRule", "order_of", "rank_scores"]

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
TieRule = Literal["min", "dense", "ordinal", "average", "max"]


def rank_scores(scores: npt.ArrayLike, ties: TieRule = "min") -> Array:
    """Ranks of scores, 1 = highest; NaN scores have no rank. Shape (n,).

    Parameters
    ----------
    scores : array_like, shape (n,)
    ties : {"min", "dense", "ordinal", "average", "max"}
        ``min`` as COINr, ``dense`` as scikit-criteria, ``ordinal`` by position.

    Returns
    -------
    array, shape (n,)
        NaN where there is no score.

    Raises
    ------
    ModelError
        For a matrix or an unknown tie rule.

    Examples
    --------
    >>> rank_scores([10, 30, 30, 20]).tolist(), rank_scores([10, 30, 30, 20], "dense").tolist()
    ([4.0, 1.0, 1.0, 3.0], [3.0, 1.0, 1.0, 2.0])
    """
    values = numbers(scores, "rank_scores")
    if values.ndim != 1:
        raise ModelError("not a vector", where="rank_scores", got=values.shape, expected="(n,)")
    if ties not in ("min", "dense", "ordinal", "average", "max"):
        raise ModelError("unknown tie rule", where="rank_scores", got=ties, expected="min | dense | ordinal | ...")
    order = np.argsort(-values, kind="stable" if ties == "ordinal" else None)
    n = values.size - int(np.isnan(values).sum())
    out = np.full(values.size, np.nan)
    if n:
        out[order[:n]] = _places(values[order[:n]], ties)
    return out


def _places(ordered: Array, ties: TieRule) -> Array:
    """Rank of each of the values, which descend."""
    if ties == "ordinal":
        return np.arange(1.0, ordered.size + 1)
    first = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    block = np.cumsum(first) - 1
    if ties == "dense":
        return block + 1.0
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], ordered.size)
    low, high = starts[block] + 1.0, ends[block] * 1.0
    return {"min": low, "max": high, "average": (low + high) / 2}[ties]


def order_of(frame: pd.DataFrame, by: str | None, ties: Sequence[str]) -> IntArray:
    """Row positions from worst off to best off: ``by`` descending (if given), then ``ties`` ascending; NaN last.

    Parameters
    ----------
    frame : DataFrame, shape (n, ...)
    by : str or None
        Score column, higher is worse off.
    ties : sequence of str
        Columns that break ties, lower first.

    Returns
    -------
    integer array, shape (n,)

    Raises
    ------
    ModelError
        If a column is absent.

    References
    ----------
    A stable lexicographic sort; every rank is held by one household, so a quota is met exactly (source: ours).

    Examples
    --------
    >>> frame = pd.DataFrame({"need": [1.0, 2.0, 2.0], "household_id": ["a", "c", "b"]})
    >>> order_of(frame, "need", ["household_id"]).tolist()
    [2, 1, 0]
    """
    for name in (*ties, *([by] if by else [])):
        if name not in frame:
            raise unknown("column to rank by", name, frame.columns, "ranking", ModelError)
    keys: list[Any] = [_sortable(frame[name]) for name in reversed(ties)]
    if by is not None:
        keys.append(-frame[by].to_numpy(dtype=np.float64, na_value=np.nan))
    return np.lexsort(keys) if keys else np.arange(len(frame))


def _sortable(column: pd.Series) -> npt.NDArray[Any]:
    """A key for lexsort: numbers as they are, text as the position of its sorted value."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.factorize(column, sort=True)[0]
