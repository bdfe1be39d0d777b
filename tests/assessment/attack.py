"""An attacker who holds every table and indicator of every county, and every sum of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.linalg import null_space

from relapse_risk.assessment import CITY, INDICATORS, TABLES, facts
from relapse_risk.assessment.indicators import with_city
from relapse_risk.assessment.linked_counts import LINKS
from relapse_risk.disclosure.links import INDICATOR
from relapse_risk.disclosure.published_cells import Net, cells_and_relations, withhold
from relapse_risk.disclosure.suppression import Cell, Relation
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.parts import SERIAL, county_parts, map_parts
from relapse_risk.progress import no_progress
from relapse_risk.register import Register

THRESHOLD = 5
Published = tuple[dict[str, pd.DataFrame], pd.DataFrame]
Series = dict[str, tuple[Cell, ...]]


def published(
    register: Register, place: str, month: str, previous: str | None, scores: Path | None = None
) -> tuple[Net, Published]:
    """Everything a reader could sum up, and what is published of it."""
    job = facts._Job(
        register,
        month,
        previous,
        read_parameters(),
        read_place(place),
        None,
        facts.missing_needs(register, None, month),
    )
    parts = county_parts(register.path, register.counties)
    found = dict(zip(register.counties, map_parts(partial(facts._part, job), parts, SERIAL, no_progress), strict=True))
    names = {code: f"{zh}|{en}" for code, zh, en in facts.county_names(register).values()}
    tables = {table.name: facts._stacked(table, found, names) for table in TABLES}
    rows = with_city(pd.concat([part.indicator for part in found.values()], ignore_index=True), INDICATORS)
    arguments = (tables, TABLES, rows, INDICATORS, THRESHOLD, names, LINKS)
    return cells_and_relations(*arguments), withhold(*arguments)[:2]


def seen(net: Net, what_is_published: Published) -> set[Cell]:
    """Cells a reader has: counts that are printed, and both sides of a share that is."""
    tables, indicator = what_is_published
    values: dict[tuple[str, str, tuple[str, ...]], dict[str, object]] = {}
    specs = {table.name: table for table in TABLES}
    for name, frame in tables.items():
        keys = specs[name].keys
        for place, row in enumerate(frame.to_dict("records")):
            key = tuple(str(row[k]) for k in keys) if keys else (str(place),)
            values[(name, str(row["county_code"]), key)] = row
    shown = {(str(r["county_code"]), str(r["indicator"])): r for r in indicator.to_dict("records")}
    found: set[Cell] = set()
    for (name, column, county), rows in net.rows.items():
        for key, cell in rows:
            if name == INDICATOR:
                row, what = (
                    shown[(county, str(key[0]))],
                    {"cases": "numerator", "n": "n", "before": "previous"}.get(column),
                )
                if column == "before_n" or (what and pd.notna(row[what])):
                    found.add(cell)
                continue
            spec, words = specs[name], tuple(str(part) for part in key)
            row = values.get((name, county, words), {})
            shares = [c.name for c in spec.columns if not c.hidden and _tells(c, column)]
            if any(pd.notna(row.get(c)) for c in [column, *shares]):
                found.add(cell)
    return found


def _tells(column: object, count: str) -> bool:
    """Whether a share of ``count`` stands in ``column``: whoever sees it knows the count."""
    of, rests_on, kind = (getattr(column, name) for name in ("of", "rests_on", "kind"))
    return bool((of and count in of) or (rests_on and count in rests_on and kind == "share"))


def alike(net: Net) -> list[Relation]:
    """Counts, and runs of rows of bins, that are the same in every county are the same to a reader, declared or not."""
    counties = sorted({county for _, _, county in net.rows} - {CITY})
    single: dict[tuple[object, ...], Series] = defaultdict(dict)
    columns: dict[tuple[str, str], dict[str, list[Cell]]] = defaultdict(dict)
    for (name, column, county), rows in net.rows.items():
        if county != CITY:
            for key, cell in rows:
                if cell in net.cells and cell not in net.derived:
                    single[(name, column, key)][county] = (cell,)
                    columns[name, column].setdefault(county, []).append(cell)
    bins = {table.name for table in TABLES if any(column.kind == "bin" for column in table.columns)}
    every = [*single.values(), *_runs([held for (name, _), held in columns.items() if name in bins])]
    by_values: dict[tuple[float, ...], list[Series]] = defaultdict(list)
    for series in every:
        if series.keys() == set(counties):
            values = tuple(sum(net.cells[cell] for cell in series[county]) for county in counties)
            if len(set(values)) >= 6:
                by_values[values].append(series)
    return [
        Relation(group[0][county], None, other[county])
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


def given_back(net: Net, what_is_published: Published) -> tuple[set[Cell], set[Cell], set[Cell]]:
    """Small counts, those of them that a reader has or can work out by what is declared, and by what looks alike too."""
    known = seen(net, what_is_published)
    small = {cell for cell, value in net.cells.items() if 0 < value < THRESHOLD}
    declared, guessed = (
        [r for r in relations if all(cell in net.cells for cell in r.cells)]
        for relations in (net.relations, alike(net))
    )
    unknown = net.cells.keys() - known - net.told
    by_sums, by_looks = (fixed(relations, unknown) for relations in (declared, [*declared, *guessed]))
    return small, (known | by_sums) & small, (known | by_looks) & small
