"""Training and test rows of a comparison: disjoint in households, and in time or in counties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.months import add_months

Flags = npt.NDArray[np.bool_]


YEAR = 12


@dataclass(frozen=True, slots=True)
class Split:
    """Training rows and test rows: disjoint in households, and in time or in counties."""

    design: str
    name: str
    train: Flags
    test: Flags


def splits(rows: pd.DataFrame, *, years: int = 6, groups: int = 8, households: int = 4) -> tuple[Split, ...]:
    """Year × household × county in one call.

    Out of time: each of the newest ``years`` years is scored with what was known when it began, learned from other
    households.  Households are divided by a hash of their identifier: leaving out of the training those seen again in
    the test year would leave out survivors, and bias the level.  Out of place: each of ``groups`` groups of whole
    counties by the others.

    Parameters
    ----------
    rows : DataFrame
        household_id, month, month_next and, where known, county_code.
    years, groups, households : int
        Test years, groups of counties, groups of households.

    Examples
    --------
    >>> rows = pd.DataFrame({"household_id": list("abcd"), "county_code": ["1", "1", "2", "2"],
    ...     "month": ["2018-12", "2019-12", "2018-12", "2019-12"],
    ...     "month_next": ["2019-12", "2020-12", "2019-12", "2020-12"]})
    >>> [(s.design, s.name, int(s.test.sum())) for s in splits(rows, years=1, groups=2, households=1)]
    [('out_of_time', '2019-12', 2), ('counties_left_out', '1', 2), ('counties_left_out', '2', 2)]
    """
    month = rows["month"]
    part = pd.util.hash_array(rows["household_id"].to_numpy(dtype=object)) % households
    found = []
    last = month.max()
    for back in range(years - 1, -1, -1):
        upto, after = add_months(last, -YEAR * back), add_months(last, -YEAR * (back + 1))
        newest = ((month > after) & (month <= upto)).to_numpy(dtype=bool)
        if not newest.any():
            continue
        known = (rows["month_next"] <= month[newest].min()).to_numpy(dtype=bool)
        for own in range(households):
            test = newest & (part == own)
            train = known & (part != own) if households > 1 else known
            if test.any() and train.any():
                found.append(Split("out_of_time", upto, train, test))
    counties = sorted(rows["county_code"].dropna().unique()) if "county_code" in rows else []
    for codes in np.array_split(counties, min(groups, len(counties))) if len(counties) > 1 else []:
        inside = rows["county_code"].isin(list(codes)).to_numpy(dtype=bool)
        found.append(Split("counties_left_out", " ".join(map(str, codes)), ~inside, inside))
    return tuple(found)


def no_splits(rows: pd.DataFrame, every: Sequence[Split]) -> list[tuple[str, str, str, str]]:
    """A row for each design without any split, and why."""
    counties = rows["county_code"].nunique() if "county_code" in rows else 0
    why = {
        "out_of_time": "no outcome was known when the newest twelve months began",
        "counties_left_out": "there is one county" if counties else "the rows name no county (county_code)",
    }
    there = {split.design for split in every}
    return [(design, "", "official", words) for design, words in why.items() if design not in there]
