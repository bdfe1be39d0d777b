"""Withheld cells taken out of tables and indicators, with everything that was formed from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.disclosure.published_cells import INDICATOR, Published
from relapse_risk.measures import CITY, Cell, FactColumn, FactTable, read_count

__all__ = ["masked_indicator", "masked_table", "where_described", "withheld_columns"]

DERIVED = ("share", "number", "coefficient", "money", "money_wan", "days", "index")
LEAST_BETWEEN = 10  # people between the limits of a withheld share; ours
STEPS = np.array([0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0])
Counts = list[tuple[str, str, int]]


def masked_table(
    spec: FactTable, frame: pd.DataFrame, published: Published, withheld: Set[Cell]
) -> tuple[pd.DataFrame, Counts]:
    """The columns of ``frame`` that are shown, withheld counts and what rests on them null; how many by county."""
    if frame.empty:
        return frame[["county_code", *spec.shown]], []
    result, counts = frame.copy(), []
    masks: dict[str, npt.NDArray[np.bool_]] = {}
    for column in spec.columns:
        if column.is_people:
            cells = published.places.get((spec.name, column.name), [None] * len(frame))
            masks[column.name] = mask = np.array([cell in withheld for cell in cells], dtype=bool)
            result[column.name] = _whole(frame[column.name]).mask(mask)
            counts += [(county, spec.name, 1) for county in frame.loc[mask, "county_code"]]
    none = np.zeros(len(frame), dtype=bool)
    for column in spec.columns:
        if column.kind == "count":
            result[column.name] = _whole(result[column.name])
        if not column.is_people and not column.is_key and (column.kind in DERIVED or column.of or column.rests_on):
            mask = np.any([none, *(masks[name] for name in _basis(column, masks))], axis=0)
            result[column.name] = result[column.name].mask(mask)
    return _without_rank(spec, result)[["county_code", *spec.shown]], counts


def _whole(values: pd.Series) -> pd.Series:
    return values.astype("Float64").round().astype("Int64")


def _basis(column: FactColumn, people: Mapping[str, object]) -> Sequence[str]:
    """Counts of people that ``column`` was formed from."""
    if column.rests_on is not None:
        return column.rests_on
    return [name for name in column.of or () if name in people] or list(people)


def _without_rank(spec: FactTable, frame: pd.DataFrame) -> pd.DataFrame:
    """In a table sorted by a value, rows without it at the end of their county, by key: their rank would tell it."""
    if not spec.order:
        return frame
    withheld = frame[spec.order.removeprefix("-")].isna().to_numpy()
    county = frame["county_code"].map({code: i for i, code in enumerate(frame["county_code"].unique())})
    place = pd.Series(np.arange(len(frame)), index=frame.index).mask(withheld, len(frame))
    keys = {f"key {key}": frame[key].astype(str).where(withheld, "") for key in spec.keys}
    order = pd.DataFrame({"county": county, "place": place, **keys})
    return frame.loc[order.sort_values(list(order.columns)).index].reset_index(drop=True)


def where_described(frame: pd.DataFrame, count: str, values: Mapping[Cell, float], withheld: Set[Cell]) -> pd.DataFrame:
    """The rows of counties in which the count that they describe is shown.

    Examples
    --------
    >>> frame = pd.DataFrame({"county_code": ["a", "b"], "reason": ["x", "y"]})
    >>> cells = [read_count("scored.yes by band=high").cell(county) for county in "ab"]
    >>> where_described(frame, "scored.yes by band=high", dict.fromkeys(cells, 9.0), {cells[0]})["reason"].tolist()
    ['y']
    """
    cells = {county: read_count(count).cell(county) for county in frame["county_code"].unique()}
    shown = [county for county, cell in cells.items() if cell in values and cell not in withheld]
    return frame[frame["county_code"].isin(shown)].reset_index(drop=True)


def withheld_columns(spec: FactTable, before: pd.DataFrame, after: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """County, table and the shown columns (comma between) that held a value before masking and hold none after."""
    columns = [column.name for column in spec.columns if not (column.hidden or column.is_key)]
    had, has = (frame[columns].notna().groupby(frame["county_code"], sort=False).any() for frame in (before, after))
    for county, lost in (had & ~has).iterrows():
        if lost.any():
            yield str(county), spec.name, ",".join(lost.index[lost])


def masked_indicator(
    frame: pd.DataFrame, published: Published, withheld: Set[Cell], threshold: float = 0.0
) -> tuple[pd.DataFrame, Counts]:
    """The long indicator table without withheld values, with limits in their place; how many by county."""

    def is_withheld(before: bool, *sides: str) -> npt.NDArray[np.bool_]:
        columns = [published.places[INDICATOR, (side, before)] for side in sides]
        return np.array([any(cell in withheld for cell in row) for row in zip(*columns, strict=True)], dtype=bool)

    few = is_withheld(False, "known")
    nobody = (frame["cases"] == 0).to_numpy() & ~is_withheld(False, "yes")  # nobody of a few: that is no small count
    mask = is_withheld(False, "yes", "no", "known") & ~nobody
    low, high = _limits(frame)
    result = frame.assign(withheld=mask, at_least=low.where(mask), at_most=high.where(mask))
    for name in ("numerator", "value", "low", "high", "cases", "shrunk"):
        result[name] = result[name].mask(mask)
    weighted, share = frame["weighted"].astype(bool), frame["unit"].eq("share")
    result["numerator"] = result["numerator"].mask(weighted, result["cases"].where(share))
    result["denominator"] = result["denominator"].mask(weighted, result["n"])
    for name in ("denominator", "n"):
        result[name] = result[name].mask(few)
    before = is_withheld(True, "yes", "no", "known")
    result["previous"] = result["previous"].mask(before)
    if "previous_held" in frame:
        result["previous_held"] = frame["previous_held"].mask(before | _few_by_other_line(frame, threshold))
    return result, [(county, INDICATOR, 1) for county in frame.loc[mask, "county_code"]]


def _few_by_other_line(frame: pd.DataFrame, threshold: float) -> npt.NDArray[np.bool_]:
    """Where the value on an unchanged basis rests on a few, or differs by a few from the one beside it.

    The whole place's goes with any county's, which it would give back.
    """
    cases, n, beside = (
        frame[name].to_numpy(dtype=float, na_value=np.nan) for name in ("held_cases", "held_n", "previous_cases")
    )
    counts = np.column_stack([cases, n - cases, np.abs(cases - beside)])
    few = ((counts > 0) & (counts < threshold)).any(axis=1)
    some = frame.loc[few, "indicator"].unique()
    return few | (frame["indicator"].isin(some) & frame["county_code"].eq(CITY)).to_numpy()


def _limits(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """What may be said of a withheld share: limits so round that at least ten people lie between them."""
    n = frame["n"].to_numpy(dtype=float, na_value=np.nan)
    wide = np.array([STEPS[np.argmax(STEPS * size >= LEAST_BETWEEN)] if size > 0 else 1.0 for size in n])
    wide = np.where(n >= LEAST_BETWEEN, wide, 1.0)
    value = frame["value"].to_numpy(dtype=float, na_value=np.nan)
    low = np.minimum(np.floor(value / wide + 1e-9) * wide, 1 - wide)
    share = frame["unit"].eq("share").to_numpy()
    limits = [pd.Series(np.where(share, limit, np.nan), index=frame.index).round(6) for limit in (low, low + wide)]
    return limits[0], limits[1]
