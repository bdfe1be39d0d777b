"""Ranks of a nation without sorting it: counts of scores in fine steps, added up over parts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from relapse_risk.files import replacing

__all__ = ["BINS", "Histogram", "grid", "places", "read_above", "write_above"]

Histogram = npt.NDArray[np.int64]
STEP = 1e-4
BINS = round(100 / STEP) + 1


def places(scores: npt.NDArray[np.float64], step: float = STEP) -> npt.NDArray[np.int64]:
    """Step of each score from 0 to 100; -1 where there is none.

    Examples
    --------
    >>> places(np.array([0.0, 100.0, 50.00004, float("nan")])).tolist()
    [0, 1000000, 500000, -1]
    """
    return np.where(np.isnan(scores), -1, np.rint(np.nan_to_num(scores) / step)).astype(np.int64)


def grid(counts: Histogram, step: float = STEP) -> npt.NDArray[np.float64]:
    """Score at each of the percentiles 0 to 100: the smallest step that many households do not exceed.

    Examples
    --------
    >>> counts = np.zeros(BINS, dtype=np.int64)
    >>> counts[[0, BINS - 1]] = 1
    >>> grid(counts)[[0, 50, 51, 100]].tolist()
    [0.0, 0.0, 100.0, 100.0]
    """
    total = np.cumsum(counts)
    wanted = np.maximum(np.ceil(np.arange(101) / 100 * total[-1]), 1)
    return np.searchsorted(total, wanted) * step


def write_above(counts: Mapping[str, Histogram], folder: Path) -> Path:
    """Write, for each place, how many score higher than each step; workers read the file, it is too large to be sent."""
    for name, count in counts.items():
        with replacing(folder / f"above_{name}.npy") as stream:
            np.save(stream, count.sum() - np.cumsum(count), allow_pickle=False)
    return folder


def read_above(folder: Path, name: str) -> Histogram:
    """What :func:`write_above` wrote of one place, mapped rather than read."""
    found: Histogram = np.load(folder / f"above_{name}.npy", mmap_mode="r", allow_pickle=False)
    return found
