"""Which cells a set of facts prints: every count of people in its tables and indicators, by the measure it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.measures import CITY, Cell, FactColumn, FactTable, Indicator

__all__ = ["INDICATOR", "SIDES_PRINTED", "Published", "Tables", "published_cells", "value_of"]

Tables = dict[str, pd.DataFrame]
INDICATOR = "indicator"
# Column of the indicator table that holds the cases and those looked at, now and a year before.
SIDES_PRINTED = ((False, "cases", "n"), (True, "previous_cases", "previous_n"))
EXACT = 0.5  # counts are whole


@dataclass(slots=True)
class Published:
    """Every cell that is printed.

    Attributes
    ----------
    values : dict
        Count by cell; cells that were not collected are left out.
    places : dict
        By table and column, the cell in each row (in order); by ``indicator`` and (side, before), the cell of each row
        of the long indicator table, ``None`` where a row has none.
    parts_of_rows : list of (part, rest, whole)
        Cells of one row of which the first counts some of the last; ``rest`` is printed nowhere.
    siblings : list
        Cells of one column by town.
    fixed : set
        Cells a reader knows in any case.
    samples : set
        Counties (and the city) whose people are a sample.
    first : dict
        Table and column that printed a cell first.
    doubles : list of (cell, cell)
        Cells of one name that two places print with different numbers; in a consistent register none.
    """

    values: dict[Cell, float] = field(default_factory=dict)
    places: dict[tuple[str, object], list[Cell | None]] = field(default_factory=dict)
    parts_of_rows: list[tuple[Cell, Cell, Cell]] = field(default_factory=list)
    siblings: list[tuple[Cell, ...]] = field(default_factory=list)
    fixed: set[Cell] = field(default_factory=set)
    samples: set[str] = field(default_factory=set)
    first: dict[Cell, str] = field(default_factory=dict)
    doubles: list[tuple[Cell, Cell]] = field(default_factory=list)

    def put(self, place: str, cell: Cell, value: float) -> Cell:
        """Record that ``place`` prints ``cell``, and return it.

        A register may contradict itself (a household of four with three persons), and two places then print two numbers
        under one name: the second is a cell of its own, protected by itself and named in ``doubles``.
        """
        if np.isnan(value):
            return cell
        if abs(self.values.setdefault(cell, value) - value) > EXACT:
            other = cell._replace(measure=f"{cell.measure} ({place})")
            self.doubles.append((cell, other))
            cell = other
        self.values.setdefault(cell, value)
        self.first.setdefault(cell, place)
        return cell


def published_cells(
    tables: Tables, specs: Sequence[FactTable], indicator: pd.DataFrame, items: Sequence[Indicator], threshold: float,
    names: Mapping[str, str],
) -> Published:  # fmt: skip
    """Every count of people that is printed, by cell; parameters as in :func:`relapse_risk.disclosure.control.withhold`."""
    found = Published()
    found.samples.update(indicator.loc[indicator["weighted"].astype(bool), "county_code"])
    county_of = {name: county for county, name in names.items()}
    for spec in specs:
        if not spec.restricted and not tables[spec.name].empty:
            _add_table(spec, tables[spec.name], county_of, found)
    _add_indicators(indicator, [item for item in items if item.people], threshold, found)
    for spec in specs:
        if spec.never_secondary:
            found.fixed |= _without_small(spec, found, threshold)
    return found


def value_of(frame: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
    """``column`` as floats, null where it was not collected."""
    return frame[column].astype("Float64").to_numpy(dtype=float, na_value=np.nan)


def _add_table(spec: FactTable, frame: pd.DataFrame, county_of: Mapping[str, str], found: Published) -> None:
    values = {column.name: value_of(frame, column.name) for column in spec.columns if column.is_people}
    for column in spec.columns:
        if column.is_people:
            place = f"{spec.name}.{column.name}"
            named = zip(_cells(spec, column, frame, county_of), values[column.name], strict=True)
            cells = [found.put(place, cell, float(value)) for cell, value in named]
            found.places[spec.name, column.name] = [*cells]
            if spec.city == "counties":
                found.siblings += _by_county(frame, cells)
    for part, whole in _parts_within_rows(spec):
        for one, other in zip(found.places[spec.name, part], found.places[spec.name, whole], strict=True):
            if one and other and other != one._replace(side="known"):
                rest = other._replace(measure=f"{other.measure}.{other.side} without {one.measure}", side=one.side)
                found.parts_of_rows.append((one, rest, other))


def _cells(spec: FactTable, column: FactColumn, frame: pd.DataFrame, county_of: Mapping[str, str]) -> Iterator[Cell]:
    """The cell of every row.  A row of the city that stands for a county, in a table by town, is that county's cell."""
    keys = spec.keys
    by_word = not isinstance(column.counts, str)
    for county, *words in frame[["county_code", *spec.words]].astype(str).itertuples(index=False, name=None):
        row = dict(zip(spec.words, words, strict=True))
        count = column.count_of(row[keys[0]] if keys else "")
        used = count.fields | set(keys[:1] if by_word else ())
        if county == CITY and spec.city == "counties":
            county, used = county_of.get(row[keys[0]], row[keys[0]]), used | {keys[0]}
        yield count.filled(row).cell(county, tuple((key, row[key]) for key in keys if key not in used))


def _by_county(frame: pd.DataFrame, cells: Sequence[Cell]) -> Iterator[tuple[Cell, ...]]:
    for county, rows in frame.reset_index(drop=True).groupby("county_code").groups.items():
        if county != CITY:
            yield tuple(cells[int(row)] for row in rows)


def _parts_within_rows(spec: FactTable) -> list[tuple[str, str]]:
    """Columns of which one counts some of the other: (part, whole).

    Whoever knows a share and what it is of knows the others as well: one failing of 199 stands in 99.5 % passing.
    """
    people = {column.name for column in spec.columns if column.is_people}
    pairs = [column.of for column in spec.columns if column.of is not None and people.issuperset(column.of)]
    return [*pairs, *((column.name, column.within) for column in spec.columns if column.within)]


def _without_small(spec: FactTable, found: Published, threshold: float) -> set[Cell]:
    """The table's cells in every county in which none is small; of a sample none.

    There the bands of risk add up to the households above the line, and would tell a few that are below it.
    """
    cells = {cell for (table, _), row in found.places.items() if table == spec.name for cell in row if cell is not None}
    known = {cell for cell in cells if cell in found.values and cell.county not in found.samples}
    small = {cell.county for cell in known if 0 < found.values[cell] < threshold}
    return {cell for cell in known if cell.county not in small}


def _add_indicators(rows: pd.DataFrame, items: Sequence[Indicator], threshold: float, found: Published) -> None:
    """Cases and how many were looked at, now and a year before; who sees both knows the others.

    How many were looked at is public, unless they were a few somewhere: the sum over the counties would give these
    back.  The verdict tells a zero where all or nothing was asked for and met.
    """
    measured = {item.name: item.measured for item in items}
    for before, cases, n in SIDES_PRINTED:
        size, number = value_of(rows, n), value_of(rows, cases)
        few = set(rows.loc[(size > 0) & (size < threshold) & ~np.isnan(number), "indicator"])
        for side in ("yes", "no", "known"):
            found.places[INDICATOR, (side, before)] = [None] * len(rows)
        for place, row in enumerate(rows.to_dict("records")):
            if row["indicator"] not in measured or np.isnan(size[place]) or np.isnan(number[place]):
                continue
            values = {"yes": number[place], "no": size[place] - number[place], "known": size[place]}
            is_told = not before and row["verdict"] == "met" and row["value"] == row["limit"]
            for side in values if row["unit"] == "share" else ("yes",):
                cell = Cell(measured[row["indicator"]], side, row["county_code"], (), before)
                if side != "no":
                    cell = found.put(f"indicator {row['indicator']}", cell, float(values[side]))
                found.places[INDICATOR, (side, before)][place] = cell
                if row["indicator"] not in few if side == "known" else is_told and values[side] == 0:
                    found.fixed.add(cell)
