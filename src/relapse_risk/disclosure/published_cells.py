"""Which counts of the facts are cells that may have to be withheld, and which sums a reader can form of them.

All tables and indicators are taken together, county by county and for the city: a count that one of them withholds is
not given back by another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.disclosure.links import INDICATOR, At, Link
from relapse_risk.disclosure.suppression import Relation, withheld
from relapse_risk.measures import CITY, PEOPLE, FactColumn, FactTable, Indicator

__all__ = ["Net", "Tables", "cells_and_relations", "withhold"]

Tables = dict[str, pd.DataFrame]
Cell = tuple[object, ...]
DERIVED = ("share", "number", "coefficient", "money", "money_wan", "days", "index")
REST = "rest"
SIDES = (("cases", "n", "cases", REST, "n"), ("previous_cases", "previous_n", "before", "before_rest", "before_n"))
LEAST_BETWEEN = 10


@dataclass(slots=True)
class Net:
    """Cells with their counts and sums of them.

    Attributes
    ----------
    cells, relations
        Counts by cell, and the sums a reader can form.
    rows : dict
        Key and cell of every row by table, column and county.
    totalled : set
        Table, column and county whose rows add up to a cell elsewhere.
    told : set
        Cells that something else tells: noughts of a verdict, how many were looked at.
    derived : set
        Cells printed nowhere: what is left of a whole.
    twins : list
        Cells that differ by less than the threshold, one being part of the other.
    groups : list
        Cells of one column by town: one of them withheld alone would name the town.
    samples : set
        Counties whose people are a sample.
    """

    cells: dict[Cell, float] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    rows: dict[tuple[str, str, str], list[tuple[Cell, Cell]]] = field(default_factory=dict)
    totalled: set[tuple[str, str, str]] = field(default_factory=set)
    told: set[Cell] = field(default_factory=set)
    derived: set[Cell] = field(default_factory=set)
    twins: list[tuple[Cell, Cell]] = field(default_factory=list)
    groups: list[tuple[Cell, ...]] = field(default_factory=list)
    samples: set[str] = field(default_factory=set)

    def put(self, table: str, column: str, county: str, key: Cell, cell: Cell, value: float) -> None:
        if column.endswith(REST):
            self.derived.add(cell)
        self.rows.setdefault((table, column, county), []).append((key, cell))
        if not np.isnan(value):
            self.cells[cell] = value


def withhold(
    tables: Tables, specs: Sequence[FactTable], indicator: pd.DataFrame, items: Sequence[Indicator],
    threshold: float, names: Mapping[str, str], links: Sequence[Link] = (),
) -> tuple[Tables, pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Withhold small counts of people in all tables and indicators at once.

    Parameters
    ----------
    tables : dict
        Rows of every county and the city by table, with county_code, ratios formed, hidden columns still there.
    indicator : DataFrame
        The long indicator table with ``cases`` (people behind the numerator) and ``n``, and both a year before.
    names : mapping
        Bilingual name by county code, which tables by town use in the city's rows.
    links : sequence of Link
        Counts that are the same, or add up to one another, across tables and indicators.

    Returns
    -------
    (tables, indicator, counts)
        Withheld cells null; ``counts`` has county_code, table, the number withheld and ``gone``, the columns (comma
        between) of which a county is left no value.
    """
    net = cells_and_relations(tables, specs, indicator, items, threshold, names, links)
    headlines = {item.name for item in items if item.headline}
    last = {cell for cell in net.cells if cell[0] == INDICATOR and cell[2] in headlines}
    hidden = withheld(net.cells, net.relations, threshold, net.told, net.derived, last, net.groups)
    for pair in net.twins:  # nearly the same: whoever sees one knows the other within a few
        if not hidden.isdisjoint(pair):
            hidden.update(pair)
    counts: list[tuple[str, str, int]] = []
    result = {spec.name: _masked(spec, tables[spec.name], hidden, counts) for spec in specs}
    for spec in specs:
        if spec.goes_with:
            result[spec.name] = _where_told(result[spec.name], result[spec.goes_with[0]], *spec.goes_with[1:])
    masked = _masked_indicator(indicator, hidden, counts)
    keys = ["county_code", "table"]
    total = pd.DataFrame(counts, columns=[*keys, "withheld"]).groupby(keys, as_index=False).sum()
    gone = [(*key, names) for spec in specs for key, names in _gone(spec, tables[spec.name], result[spec.name])]
    return result, masked, total.merge(pd.DataFrame(gone, columns=[*keys, "gone"]), on=keys, how="left")


def _where_told(frame: pd.DataFrame, of: pd.DataFrame, column: str, key: str, value: str) -> pd.DataFrame:
    """The rows of counties in which the count that they describe was not withheld."""
    told = of.loc[of[key].eq(value) & of[column].notna(), "county_code"] if len(of) else []
    return frame[frame["county_code"].isin(told)].reset_index(drop=True) if len(frame) else frame


def _gone(spec: FactTable, before: pd.DataFrame, after: pd.DataFrame) -> Iterator[tuple[tuple[str, str], str]]:
    """County, table and the shown columns (comma between) that held a value before something was withheld, and none after."""
    columns = [column.name for column in spec.columns if not (column.hidden or column.is_key)]
    had, has = (frame[columns].notna().groupby(frame["county_code"], sort=False).any() for frame in (before, after))
    for county, lost in (had & ~has).iterrows():
        if lost.any():
            yield (str(county), spec.name), ",".join(lost.index[lost])


def cells_and_relations(
    tables: Tables, specs: Sequence[FactTable], indicator: pd.DataFrame, items: Sequence[Indicator],
    threshold: float, names: Mapping[str, str], links: Sequence[Link] = (),
) -> Net:  # fmt: skip
    """Every count of people by cell and every sum of them a reader can form; parameters as in :func:`withhold`."""
    net = Net()
    public = [spec for spec in specs if not spec.restricted and not tables[spec.name].empty]
    by_name = {spec.name: spec for spec in specs}
    for spec in public:
        _add_cells(spec, tables[spec.name], net)
    net.samples.update(indicator.loc[indicator["weighted"].astype(bool), "county_code"])
    linked = {(at.where[0], at.column) for link in links for at in link.sides if at.table == INDICATOR}
    _add_indicators(indicator, items, threshold, linked, net)
    for link in links:
        _add_link(link, by_name, threshold, net)
    for spec in public:
        _add_sums(spec, tables[spec.name], names, net)
        if spec.foremost:
            net.told |= _large(spec, net, threshold)
        if spec.adds_to:
            net.relations += _into(spec, by_name[spec.adds_to], tables[spec.name])
    net.told = _spread(net.told, net.relations, net.cells)
    return net


def _spread(told: set[Cell], relations: Sequence[Relation], cells: Mapping[Cell, float]) -> set[Cell]:
    """``told`` and every cell that must be nought because of them: parts of nothing are nothing."""
    found, before = set(told), -1
    while len(found) > before:
        before = len(found)
        for relation in relations:
            if relation.wholes and found.issuperset(relation.wholes) and not any(cells.get(c) for c in relation.wholes):
                found.update(cell for cell in relation.parts if cells.get(cell) == 0)
            elif len(relation.parts) == 1 and relation.parts[0] in found and cells.get(relation.parts[0]) == 0:
                found.update(cell for cell in relation.wholes if cells.get(cell) == 0)
    return found


def _name(spec: FactTable, column: FactColumn) -> str:
    return column.measure or f"{spec.name}.{column.name}"


def _row_key(frame: pd.DataFrame, keys: Sequence[str]) -> list[Cell]:
    if not keys:
        return [(place,) for place in range(len(frame))]
    return list(frame[list(keys)].astype(str).itertuples(index=False, name=None))


def _leftovers(spec: FactTable) -> dict[str, tuple[str, str]]:
    """What is left of a column when some of it is taken, by name ``part.rest``: (part, whole).

    Whoever knows a share and what it is of knows the others as well: one failing of 199 stands in 99.5 % passing.
    """
    people = {column.name for column in spec.columns if column.kind in PEOPLE}
    pairs = [column.of for column in spec.columns if column.of is not None and people.issuperset(column.of)]
    pairs += [(part, whole) for whole, part in spec.within]
    told = {(part, whole) for whole, parts in spec.parts if len(parts) == 2 for part in parts}
    return {f"{part}.{REST}": (part, whole) for part, whole in pairs if (part, whole) not in told}


def _counted(spec: FactTable, frame: pd.DataFrame) -> Iterator[tuple[str, str, npt.NDArray[np.float64]]]:
    """Column, name of its cells and values of every count of people, those left over after the columns of the table."""
    values = {
        column.name: frame[column.name].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        for column in spec.columns
        if column.kind in PEOPLE
    }
    for column in spec.columns:
        if column.name in values:
            yield column.name, _name(spec, column), values[column.name]
    for name, (part, whole) in _leftovers(spec).items():
        yield name, f"{spec.name}.{name}", values[whole] - values[part]


def _add_cells(spec: FactTable, frame: pd.DataFrame, net: Net) -> None:
    counties = frame["county_code"].tolist()
    keys = _row_key(frame, spec.keys)
    ids: dict[str, list[Cell]] = {}
    for column, name, values in _counted(spec, frame):
        ids[column] = [(name, county, *key) for county, key in zip(counties, keys, strict=True)]
        for county, key, cell, value in zip(counties, keys, ids[column], values, strict=True):
            net.put(spec.name, column, county, key, cell, float(value))
    sums = [(whole, parts) for whole, parts in spec.parts if parts[0] in ids]
    sums += [(whole, (part, rest)) for rest, (part, whole) in _leftovers(spec).items()]
    for whole, parts in sums:
        net.relations += [
            Relation(tuple(ids[part][row] for part in parts), ids[whole][row] if whole else None)
            for row in range(len(frame))
        ]


def _large(spec: FactTable, net: Net, threshold: float) -> set[Cell]:
    """The cells of every county in which none of the table's counts is small; of a sample none.

    There the bands add up to the households above the line, and would tell a few that are below it.
    """
    found: set[Cell] = set()
    for (table, _, county), rows in net.rows.items():
        mine = table == spec.name and county not in net.samples
        known = {cell for _, cell in rows if cell in net.cells} if mine else set()
        if not any(0 < net.cells[cell] < threshold for cell in known):
            found |= known
    return found


def _add_sums(spec: FactTable, frame: pd.DataFrame, names: Mapping[str, str], net: Net) -> None:
    """Rows to the county's total, and counties to the city."""
    county_of = {name: county for county, name in names.items()}
    for column, name in ((c.name, _name(spec, c)) for c in spec.columns if c.kind in PEOPLE):
        by_key: dict[Cell, list[Cell]] = {}
        for county in frame["county_code"].unique():
            rows = net.rows[(spec.name, column, county)]
            if column not in spec.overlapping and (spec.name, column, county) not in net.totalled:
                net.relations.append(Relation(tuple(cell for _, cell in rows)))
            if county != CITY:
                if spec.city == "counties":
                    net.groups.append(tuple(cell for _, cell in rows))
                for key, cell in rows:
                    by_key.setdefault(key, []).append(cell)
        if spec.city == "sum":
            net.relations += [Relation(tuple(rows), (name, CITY, *key)) for key, rows in by_key.items()]
        elif spec.city == "counties":
            for key, whole in net.rows.get((spec.name, column, CITY), []):
                parts = net.rows.get((spec.name, column, county_of.get(str(key[0]), str(key[0]))), [])
                net.relations.append(Relation(tuple(cell for _, cell in parts), whole))


def _into(spec: FactTable, whole: FactTable, frame: pd.DataFrame) -> list[Relation]:
    """Rows of ``spec`` to the row of ``whole`` they add up to."""
    found: list[Relation] = []
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


def _add_indicators(
    rows: pd.DataFrame, items: Sequence[Indicator], threshold: float, linked: Set[tuple[str, str]], net: Net
) -> None:
    """A numerator and its complement are both cells: 3 failing of 2,000 is as small as 3 passing; a year ago as well."""
    people = {item.name for item in items if item.people}
    for name, mine in rows[rows["indicator"].isin(people)].groupby("indicator", sort=False):
        for cases, n, one, rest, base in SIDES:
            known = mine.dropna(subset=[cases, n])
            few = bool(known[n].between(0, threshold, inclusive="neither").any())
            sides: dict[str, list[Cell]] = {one: [], rest: [], base: []}
            for row in known.to_dict("records"):
                values = {one: float(row[cases])}
                if row["unit"] == "share":
                    values |= {rest: float(row[n] - row[cases]), base: float(row[n])}
                    ids = {side: _indicator_cell(row["county_code"], name, side) for side in values}
                    net.relations.append(Relation((ids[one], ids[rest]), ids[base]))
                for side, value in values.items():
                    cell = _indicator_cell(row["county_code"], name, side)
                    net.put(INDICATOR, side, row["county_code"], (name,), cell, value)
                    if row["county_code"] != CITY:
                        sides[side].append(cell)
                    if _is_told(side, value, row, few, linked):
                        net.told.add(cell)
            net.relations += [
                Relation(tuple(parts), _indicator_cell(CITY, name, side)) for side, parts in sides.items() if parts
            ]


def _is_told(side: str, value: float, row: Mapping[Any, Any], few: bool, linked: Set[tuple[str, str]]) -> bool:
    """Whether a reader knows it anyhow: how many were looked at, and the nought of *met* at a limit of all or nothing.

    Where somewhere only a ``few`` were looked at, how many elsewhere is no more told than withheld: the sum over the
    counties would give the few back.
    """
    if side in ("n", "before_n"):
        return not few and (row["indicator"], side) not in linked
    return value == 0 and side in ("cases", REST) and row["verdict"] == "met" and bool(row["value"] == row["limit"])


def _indicator_cell(county: object, name: object, side: str) -> Cell:
    return (INDICATOR, county, name, side)


def _add_link(link: Link, specs: Mapping[str, FactTable], threshold: float, net: Net) -> None:
    """One relation for every county (and the city) in which both sides are known and agree."""
    for county in sorted({county for table, _, county in net.rows if table == link.whole.table}):
        wholes = _resolved((link.whole, *link.more), county, specs, net)
        parts = _resolved(link.parts, county, specs, net)
        if not wholes or not parts or (link.sample and county not in net.samples):
            continue
        left = sum(net.cells[cell] for cell in wholes) - sum(net.cells[cell] for cell in parts)
        if link.rest and left >= 0:
            other: Cell = ("link", county, link)
            net.cells[other] = left
            net.derived.add(other)
            if left < threshold and len(wholes) == len(parts) == 1:
                net.twins.append((wholes[0], parts[0]))
            net.relations.append(Relation((*parts, other), None, wholes))
        elif not link.rest and abs(left) < threshold:
            net.relations.append(Relation(parts, None, wholes))
            net.totalled.update((at.table, at.column, county) for at in link.parts if not at.where)


def _resolved(sides: Sequence[At], county: str, specs: Mapping[str, FactTable], net: Net) -> tuple[Cell, ...]:
    """Cells of ``sides`` in ``county``; none where one of their values is unknown."""
    found: list[Cell] = []
    for at in sides:
        place = specs[at.table].keys.index(at.key) if at.where and at.table != INDICATOR else 0
        mine = net.rows.get((at.table, at.column, county), [])
        found += [cell for key, cell in mine if not at.where or key[place] in at.where]
    return tuple(found) if all(cell in net.cells for cell in found) else ()


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
        if column.kind not in PEOPLE and not column.is_key and (column.kind in DERIVED or column.of or column.rests_on):
            base = [touched[name] for name in _basis(column, touched)]
            result[column.name] = result[column.name].mask(np.any([untouched, *base], axis=0))
    return _hidden_last(spec, result)[["county_code", *spec.shown]]


def _basis(column: FactColumn, people: Mapping[str, object]) -> Sequence[str]:
    """Counts of people that ``column`` goes with."""
    if column.rests_on is not None:
        return column.rests_on
    return [name for name in column.of or () if name in people] or list(people)


def _hidden_last(spec: FactTable, frame: pd.DataFrame) -> pd.DataFrame:
    """In a table sorted by a value, rows without it at the end of their county, by key: their rank would tell it."""
    if not spec.order:
        return frame
    name = spec.order.removeprefix("-")
    gone = frame[name].isna().to_numpy()
    county = frame["county_code"].map({code: i for i, code in enumerate(frame["county_code"].unique())})
    place = pd.Series(np.arange(len(frame)), index=frame.index).mask(gone, len(frame))
    keys = {f"key {key}": frame[key].astype(str).where(gone, "") for key in spec.keys}
    order = pd.DataFrame({"county": county, "place": place, **keys})
    return frame.loc[order.sort_values(list(order.columns), kind="stable").index].reset_index(drop=True)


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
    def gone(*sides: str) -> npt.NDArray[np.bool_]:
        pairs = zip(frame["county_code"], frame["indicator"], strict=True)
        return np.array([any(_indicator_cell(*pair, side) in hidden for side in sides) for pair in pairs], dtype=bool)

    few = gone("n")
    none = (frame["cases"] == 0).to_numpy() & ~gone("cases")  # nought of a few: that is no small count
    mask = gone("cases", REST, "n") & ~none
    counts += [(county, INDICATOR, 1) for county in frame.loc[mask, "county_code"]]
    low, high = _bounds(frame)
    result = frame.assign(withheld=mask, at_least=low.where(mask), at_most=high.where(mask))
    for name in ("numerator", "value", "low", "high", "cases", "shrunk"):
        result[name] = result[name].mask(mask)
    weighted, share = frame["weighted"].astype(bool), frame["unit"].eq("share")
    result["numerator"] = result["numerator"].mask(weighted, result["cases"].where(share))
    result["denominator"] = result["denominator"].mask(weighted, result["n"])
    for name in ("denominator", "n"):
        result[name] = result[name].mask(few)
    result["previous"] = result["previous"].mask(gone("before", "before_rest", "before_n"))
    return result
