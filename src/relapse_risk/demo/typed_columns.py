"""Fast typed columns: integer codes to words, day numbers to dates, masks to nullable types."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["NO_DAY", "Bools", "Floats", "Ints", "dates", "day_number", "flags", "labels", "text", "whole", "words"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
NO_DAY = np.iinfo(np.int64).min
_TEXT = pd.StringDtype(na_value=np.nan)


def text(values: pa.Array | pa.ChunkedArray) -> pd.Series:
    """An Arrow string array as a ``str`` column, without copying through Python objects."""
    return pd.Series(_TEXT.__from_arrow__(values))


def words(codes: NDArray[np.integer], vocabulary: Sequence[str]) -> pd.Series:
    """The word of each code; a negative code is null.

    Examples
    --------
    >>> words(np.array([1, -1, 0]), ("none", "dibao")).tolist()
    ['dibao', nan, 'none']
    """
    index = pa.array(codes, type=pa.int32(), mask=np.asarray(codes) < 0)
    return text(pa.array(list(vocabulary), type=pa.string()).take(index))


def labels(prefix: str, numbers: NDArray[np.integer], width: int) -> pa.Array:
    """Ids such as ``A000012``: the prefix and each number padded to ``width`` digits; null for a negative number.

    Examples
    --------
    >>> labels("A", np.array([12, 7]), 4).to_pylist()
    ['A0012', 'A0007']
    """
    digits = np.char.zfill(np.asarray(numbers).astype(str), width)
    return pa.array(np.char.add(prefix, digits), type=pa.string(), mask=np.asarray(numbers) < 0)


def dates(days: Ints) -> pd.Series:
    """Day numbers since 1970-01-01 as dates; ``NO_DAY`` is null."""
    return pd.Series(np.asarray(days, dtype=np.int64).astype("datetime64[D]").astype("datetime64[s]"))


def day_number(day: str) -> int:
    """The day number of an ISO date.

    Examples
    --------
    >>> day_number("1970-02-01")
    31
    """
    return int(np.datetime64(day, "D").astype(np.int64))


def flags(values: Bools, missing: Bools | None = None) -> pd.Series:
    """A nullable boolean column."""
    mask = np.zeros(len(values), dtype=bool) if missing is None else missing
    return pd.Series(pd.arrays.BooleanArray(np.asarray(values, dtype=bool), mask))


def whole(values: NDArray[np.integer], missing: Bools | None = None) -> pd.Series:
    """A nullable integer column."""
    mask = np.zeros(len(values), dtype=bool) if missing is None else missing
    return pd.Series(pd.arrays.IntegerArray(np.asarray(values, dtype=np.int64), mask))
