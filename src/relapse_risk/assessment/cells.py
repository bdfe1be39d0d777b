"""Which counts of the facts are cells that may have to be withheld, and which sums a reader can form of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.assessment.base import CITY, PEOPLE, FactColumn, FactTable, Indicator
from relapse_risk.assessment.suppression import Relation, withheld

__all__ = ["Tables", "withhold"]

Tables = dict[str, pd.DataFrame]
Cell = tuple[object, ...]
DERIVED = ("share", "number", "coefficient", "money", "money_wan", "days", "index")
REST = "rest"
LEAST_BETWEEN = 10


def withhold(
    tables: Tables, specs: Sequence[FactTable], indicator: pd.DataFrame, items: Sequence[Indicator],
    threshold: float, names: Mapping[str, str],
) -> tuple[Tables, pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Withhold small counts of people in all tables and indicators at once.

    Parameters
    ----------
    tables : dict
        Rows of every county and the city by table, with county_code, ratios formed, hidden columns still there.
    indicator : DataFrame
        The long indicator table with ``cases`` (people behind the numerator) and ``n``.
    names : mapping
        Bilingual name by county code, which tables by town use in the city's rows.

    Returns
    -------
    (tables, indicator, counts)
        Withheld cells null; ``counts`` has county_code, table and the number withheld.
    """
    cells: dict[Cell, float] = {}
    relations: list[Relation] = []
    for spec in specs:
        if not spec.restricted:
            _add_table(spec, tables[spec.name], cells, relations, names)
    by_name = {spec.name: spec for spec in specs}
    for spec in specs:
        if spec.adds_to:
            relations += _into(spec, by_name[spec.adds_to], tables[spec.name])
    people = {item.name for item in items if item.people}
    _add_indicators(indicator[indicator["indicator"].isin(people)], cells, relations)
    hidden = withheld(cells, relations, threshold)
    counts: list[tuple[str, str, int]] = []
    result = {spec.name: _masked(spec, tables[spec.name], hidden, counts) for spec in specs}
    return (
        result,
        _masked_indicator(indicator, hidden, counts),
        pd.DataFrame(counts, columns=["county_code", "table", "withheld"])
        .groupby(["county_code", "table"], as_index=False)
        .sum(),
    )


def _name(spec: FactTable, column: FactColumn) -> str:
    return column.measure or f"{spec.name}.{column.name}"


def _row_key(frame: pd.DataFrame, keys: Sequence[str]) -> list[Cell]:
    if not keys:
        return [(place,) for place in range(len(frame))]
    return list(frame[list(keys)].astype(str).itertuples(index=False, name=None))


def _add_table(
    spec: FactTable, frame: pd.DataFrame, cells: dict[Cell, float], relations: list[Relation], names: Mapping[str, str]
) -> None:
    people = [column for column in spec.columns if column.kind in PEOPLE]
    if not people or frame.empty:
        return
    counties = frame["county_code"].tolist()
    keys = _row_key(frame, spec.keys)
    ids: dict[str, list[Cell]] = {}
    for column in people:
        name = _name(spec, column)
        ids[column.name] = [(name, county, *key) for county, key in zip(counties, keys, strict=True)]
        values = frame[column.name].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        cells.update({cell: float(v) for cell, v in zip(ids[column.name], values, strict=True) if not np.isnan(v)})
        relations += _sums(spec, column, ids[column.name], counties, keys, names)
    for whole, parts in spec.parts:
        if whole in ids:
            relations += [
                Relation(tuple(ids[part][row] for part in parts), ids[whole][row]) for row in range(len(frame))
            ]


def _sums(
    spec: FactTable, column: FactColumn, ids: Sequence[Cell], counties: Sequence[str], keys: Sequence[Cell],
    names: Mapping[str, str],
) -> list[Relation]:  # fmt: skip
    """Rows to the county's total, and counties to the city."""
    name = _name(spec, column)
    by_county: dict[str, list[Cell]] = {}
    by_key: dict[Cell, list[Cell]] = {}
    for cell, county, key in zip(ids, counties, keys, strict=True):
        by_county.setdefault(county, []).append(cell)
        if county != CITY:
            by_key.setdefault(key, []).append(cell)
    found = [] if column.name in spec.overlapping else [Relation(tuple(rows)) for rows in by_county.values()]
    city = set(by_county.get(CITY, []))
    if spec.city == "sum":
        found += [Relation(tuple(rows), (name, CITY, *key)) for key, rows in by_key.items()]
    elif spec.city == "counties":
        rest = [cell[3:] for cell in city][:1]
        for county, rows in by_county.items():
            whole = (name, CITY, names.get(county, county), *(rest[0] if rest else ()))
            if county != CITY and whole in city:
                found.append(Relation(tuple(rows), whole))
    return found


def _into(spec: FactTable, whole: FactTable, frame: pd.DataFrame) -> list[Relation]:
    """Rows of ``spec`` to the row of ``whole`` they add up to."""
    found: list[Relation] = []
    if frame.empty:
        return found
    own = _row_key(frame, spec.keys)
    into = _row_key(frame, whole.keys)
    shared = {column.name for column in whole.columns if column.kind in PEOPLE}
    for column in spec.columns:
        if column.name in shared:
            groups: dict[Cell, list[Cell]] = {}
            for county, key, target in zip(frame["county_code"], own, into, strict=True):
                groups.setdefault((f"{whole.name}.{column.name}", county, *target), []).append(
                    (_name(spec, column), county, *key)
                )
            found += [Relation(tuple(parts), total) for total, parts in groups.items()]
    return found


def _add_indicators(rows: pd.DataFrame, cells: dict[Cell, float], relations: list[Relation]) -> None:
    """A numerator and its complement are both cells: 3 failing of 2,000 is as small as 3 passing."""
    for name, mine in rows.groupby("indicator", sort=False):
        known = mine.dropna(subset=["cases", "n"])
        both: dict[str, list[Cell]] = {"cases": [], REST: []}
        for county, cases, n in zip(known["county_code"], known["cases"], known["n"], strict=True):
            one, other = ("indicator", county, name, "cases"), ("indicator", county, name, REST)
            cells[one], cells[other] = float(cases), float(n - cases)
            relations.append(Relation((one, other)))
            if county != CITY:
                both["cases"].append(one)
                both[REST].append(other)
        relations += [Relation(tuple(parts), ("indicator", CITY, name, side)) for side, parts in both.items()]


def _masked(
    spec: FactTable, frame: pd.DataFrame, hidden: set[Cell], counts: list[tuple[str, str, int]]
) -> pd.DataFrame:
    people = [column for column in spec.columns if column.kind in PEOPLE]
    if frame.empty:
        return frame[["county_code", *spec.shown]]
    keys = _row_key(frame, spec.keys)
    result = frame.copy()
    untouched = np.zeros(len(frame), dtype=bool)
    touched: dict[str, npt.NDArray[np.bool_]] = {}
    for column in people:
        name = _name(spec, column)
        mask = np.array(
            [(name, county, *key) in hidden for county, key in zip(frame["county_code"], keys, strict=True)], dtype=bool
        )
        result[column.name] = frame[column.name].astype("Float64").round().astype("Int64").mask(mask)
        touched[column.name] = mask
        counts += [(county, spec.name, 1) for county in frame.loc[mask, "county_code"]]
    for column in spec.columns:
        if column.kind == "count":
            result[column.name] = result[column.name].astype("Float64").round().astype("Int64")
        if (column.kind in DERIVED or column.of is not None) and column.kind not in PEOPLE and not column.is_key:
            base = [touched[name] for name in (column.rests_on or touched)]
            result[column.name] = result[column.name].mask(np.any([untouched, *base], axis=0))
    return result[["county_code", *spec.shown]]


def _bounds(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """What may be said of a withheld share: limits so round that at least ten people lie between them."""
    steps = np.array([0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0])
    n = frame["n"].to_numpy(dtype=float, na_value=np.nan)
    wide = np.array([steps[np.argmax(steps * size >= LEAST_BETWEEN)] if size > 0 else 1.0 for size in n])
    wide = np.where(n * 1.0 >= LEAST_BETWEEN, wide, 1.0)
    value = frame["value"].to_numpy(dtype=float, na_value=np.nan)
    low = np.minimum(np.floor(value / wide + 1e-9) * wide, 1 - wide)
    share = frame["unit"].eq("share").to_numpy()
    rounded = [pd.Series(np.where(share, limit, np.nan), index=frame.index).round(6) for limit in (low, low + wide)]
    return rounded[0], rounded[1]


def _masked_indicator(frame: pd.DataFrame, hidden: set[Cell], counts: list[tuple[str, str, int]]) -> pd.DataFrame:
    mask = np.array(
        [
            ("indicator", county, name, "cases") in hidden or ("indicator", county, name, REST) in hidden
            for county, name in zip(frame["county_code"], frame["indicator"], strict=True)
        ],
        dtype=bool,
    )
    counts += [(county, "indicator", 1) for county in frame.loc[mask, "county_code"]]
    low, high = _bounds(frame)
    result = frame.assign(withheld=mask, at_least=low.where(mask), at_most=high.where(mask))
    for name in ("numerator", "value", "low", "high", "cases", "shrunk"):
        result[name] = result[name].mask(mask)
    return result
