"""An attacker who holds every table and indicator of every county, and every sum of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.linalg import null_space

from relapse_risk.assessment import CITY, INDICATORS, TABLES, facts
from relapse_risk.assessment.indicators import with_city
from relapse_risk.assessment.linked_counts import LINKS, PUBLIC
from relapse_risk.disclosure.control import withhold
from relapse_risk.disclosure.published_cells import INDICATOR, Published, published_cells
from relapse_risk.disclosure.relations import Linked, linked
from relapse_risk.disclosure.suppression import Relation
from relapse_risk.measures import Cell
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.parts import SERIAL, county_parts, map_parts
from relapse_risk.progress import no_progress
from relapse_risk.register import Register

THRESHOLD = 5
Told = tuple[dict[str, pd.DataFrame], pd.DataFrame]  # tables and indicators as a reader has them
Series = dict[str, tuple[Cell, ...]]


@dataclass(frozen=True)
class Reader:
    """Everything that is printed, every sum of it, and what is told."""

    printed: Published
    sums: Linked
    tables: dict[str, pd.DataFrame]  # before anything was withheld
    told: Told


def published(register: Register, place: str, month: str, previous: str | None, scores: Path | None = None) -> Reader:
    """Everything a reader could sum up, and what is published of it."""
    job = facts._Job(
        register,
        month,
        previous,
        read_parameters(),
        read_place(place),
        None,
        facts.missing_needs(register, None, month),
        {},
    )
    parts = county_parts(register.path, register.counties)
    found = dict(zip(register.counties, map_parts(partial(facts._part, job), parts, SERIAL, no_progress), strict=True))
    names = {code: f"{zh}|{en}" for code, zh, en in facts.county_names(register).values()}
    tables = {table.name: facts._stacked(table, found, names) for table in TABLES}
    rows = with_city(pd.concat([part.indicator for part in found.values()], ignore_index=True), INDICATORS)
    return reader(tables, rows, names)


def reader(tables: dict[str, pd.DataFrame], rows: pd.DataFrame, names: dict[str, str]) -> Reader:
    """What a reader has of these tables and indicators."""
    printed = published_cells(tables, TABLES, rows, INDICATORS, THRESHOLD, names)
    told = withhold(tables, TABLES, rows, INDICATORS, THRESHOLD, names, LINKS, PUBLIC)[:2]
    return Reader(printed, linked(printed, LINKS, THRESHOLD, PUBLIC), tables, told)


def seen(reader: Reader) -> set[Cell]:
    """Cells a reader has: counts that are printed, and both sides of a share that is."""
    told, indicator = reader.told
    found: set[Cell] = set()
    specs = {table.name: table for table in TABLES}
    shown = {
        name: {_key(row, specs[name].keys, place): row for place, row in enumerate(frame.to_dict("records"))}
        for name, frame in told.items()
    }
    for (name, column), cells in reader.printed.places.items():
        if name == INDICATOR:
            side, before = column
            what = "previous" if before else {"yes": "numerator", "known": "n"}.get(side)
            if what and side != "no":
                found.update(c for c, value in zip(cells, indicator[what], strict=True) if c and pd.notna(value))
            continue
        spec = specs[name]
        shares = [c.name for c in spec.columns if not c.hidden and _tells(c, str(column))]
        for place, (cell, row) in enumerate(zip(cells, reader.tables[name].to_dict("records"), strict=True)):
            values = shown[name].get(_key(row, spec.keys, place), {})
            if cell and any(pd.notna(values.get(c)) for c in [str(column), *shares]):
                found.add(cell)
    return found


def _key(row: dict[Hashable, Any], keys: list[str], place: int) -> tuple[str, ...]:
    return (str(row["county_code"]), *(str(row[key]) for key in keys)) if keys else (str(place),)


def _tells(column: object, count: str) -> bool:
    """Whether a share of ``count`` stands in ``column``: whoever sees it knows the count."""
    of, rests_on, kind = (getattr(column, name) for name in ("of", "rests_on", "kind"))
    return bool((of and count in of) or (rests_on and count in rests_on and kind == "share"))


def alike(reader: Reader) -> list[Relation]:
    """Counts, and runs of rows of bins, that are the same in every county are the same to a reader, declared or not."""
    values = reader.sums.values
    counties = sorted({cell.county for cell in reader.printed.values} - {CITY})
    single: dict[tuple[object, ...], Series] = defaultdict(dict)
    columns: dict[tuple[str, str], dict[str, list[Cell]]] = defaultdict(dict)
    for (name, column), cells in reader.printed.places.items():
        for cell in dict.fromkeys(cells):
            if cell and cell in reader.printed.values and cell.county != CITY:
                single[cell._replace(county="")][cell.county] = (cell,)
                columns[name, str(column)].setdefault(cell.county, []).append(cell)
    bins = {table.name for table in TABLES if any(column.kind == "bin" for column in table.columns)}
    every = [*single.values(), *_runs([held for (name, _), held in columns.items() if name in bins])]
    by_values: dict[tuple[float, ...], list[Series]] = defaultdict(list)
    for series in every:
        if series.keys() == set(counties):
            sums = tuple(sum(values[cell] for cell in series[county]) for county in counties)
            if len(set(sums)) >= 6:
                by_values[sums].append(series)
    return [
        Relation(group[0][county], other[county])
        for group in by_values.values()
        for other in group[1:]
        for county in counties
        if set(group[0][county]).isdisjoint(other[county])
    ]


def _runs(columns: list[dict[str, list[Cell]]]) -> list[Series]:
    """Sums of two and more neighbouring rows, where every county has the same rows."""
    found = []
    for held in columns:
        length = {len(cells) for cells in held.values()}
        if len(length) == 1:
            n = length.pop()
            found += [
                {county: tuple(cells[i:j]) for county, cells in held.items()}
                for i in range(n)
                for j in range(i + 2, n + 1)
            ]
    return found


def fixed(relations: Iterable[Relation], unknown: set[Cell]) -> set[Cell]:
    """Unknown cells with one value only, block by block, by the null space of the relations (dense)."""
    relations = list(relations)
    leader: dict[Cell, Cell] = {cell: cell for cell in unknown}

    def head(cell: Cell) -> Cell:
        while leader[cell] != cell:
            leader[cell] = cell = leader[leader[cell]]
        return cell

    rows = [[cell for cell in relation.cells if cell in unknown] for relation in relations]
    for row in rows:
        for cell in row[1:]:
            leader[head(cell)] = head(row[0])
    blocks: dict[Cell, list[tuple[Relation, list[Cell]]]] = defaultdict(list)
    for relation, row in zip(relations, rows, strict=True):
        if row:
            blocks[head(row[0])].append((relation, row))
    found: set[Cell] = set()
    for block in blocks.values():
        order = {cell: place for place, cell in enumerate(dict.fromkeys(c for _, row in block for c in row))}
        matrix = np.zeros((len(block), len(order)))
        for line, (relation, row) in enumerate(block):
            for cell in row:
                matrix[line, order[cell]] = 1.0 if cell in relation.parts else -1.0
        free = np.abs(null_space(matrix)).max(axis=1, initial=0.0)
        found |= {cell for cell, place in order.items() if free[place] < 1e-9}
    return found


def given_back(reader: Reader) -> tuple[set[Cell], set[Cell], set[Cell]]:
    """Small counts, those of them that a reader has or can work out by what is declared, and by what looks alike too."""
    values, known = reader.sums.values, seen(reader)
    small = {cell for cell, value in values.items() if 0 < value < THRESHOLD}
    declared, guessed = (
        [r for r in relations if all(cell in values for cell in r.cells)]
        for relations in (reader.sums.relations, alike(reader))
    )
    unknown = values.keys() - known - reader.sums.fixed
    by_sums, by_looks = (fixed(relations, unknown) for relations in (declared, [*declared, *guessed]))
    return small, (known | by_sums) & small, (known | by_looks) & small
