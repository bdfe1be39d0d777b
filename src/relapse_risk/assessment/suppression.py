"""Small counts of people are withheld, and enough beside them that none can be worked out."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["suppress"]

COUNTS, DERIVED = ("households", "persons"), ("share", "number", "money", "money_wan", "days", "index")


def suppress(frame: pd.DataFrame, kinds: dict[str, str], threshold: float) -> tuple[pd.DataFrame, int]:
    """Withhold counts of households or persons between 1 and ``threshold`` - 1, and a second one in their column.

    A column whose total is known (it is shown elsewhere, or can be added up from another table) gives a single
    withheld cell away; so when exactly one is withheld, the next smallest positive count of the column goes too.
    Shares and means in a row that lost a count go as well, since they would give it back.

    Parameters
    ----------
    frame : DataFrame
    kinds : dict
        Kind of each column (see :data:`relapse_risk.assessment.base.Kind`).
    threshold : float
        Counts below this are small; zero is not withheld.

    Returns
    -------
    (DataFrame, int)
        The frame with withheld cells null, and how many were withheld.

    Examples
    --------
    >>> frame = pd.DataFrame({"town": ["a", "b", "c"], "households": [3, 9, 40]})
    >>> suppress(frame, {"town": "town", "households": "households"}, 5)[0]["households"].tolist()
    [<NA>, <NA>, 40]
    """
    counts = [name for name, kind in kinds.items() if kind in COUNTS and name in frame]
    if frame.empty or not counts:
        return frame, 0
    result = frame.copy()
    hidden_rows = np.zeros(len(frame), dtype=bool)
    withheld = 0
    for name in counts:
        hidden = _hidden(frame[name].astype("Float64").to_numpy(dtype=float, na_value=np.nan), threshold)
        result[name] = frame[name].astype("Float64").round().astype("Int64").mask(hidden)
        hidden_rows |= hidden
        withheld += int(hidden.sum())
    for name, kind in kinds.items():
        if kind in DERIVED and name in result:
            result[name] = result[name].mask(hidden_rows)
    return result, withheld


def _hidden(values: np.ndarray, threshold: float) -> np.ndarray:
    small = (values > 0) & (values < threshold)
    if small.sum() == 1:
        others = np.where(small | ~(values > 0), np.inf, values)
        if np.isfinite(others).any():
            small = small.copy()
            small[int(others.argmin())] = True
    return small
