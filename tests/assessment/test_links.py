"""All tables and indicators of all counties attacked at once: what one withholds, no other gives back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import null_space

from relapse_risk.assessment import CITY, INDICATORS, TABLES, facts
from relapse_risk.assessment.cells import Net, cells_and_relations, withhold
from relapse_risk.assessment.indicators import with_city
from relapse_risk.assessment.links import INDICATOR, LINKS
from relapse_risk.assessment.suppression import Cell, Relation
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.parts import SERIAL, county_parts, map_parts
from relapse_risk.progress import no_progress
from relapse_risk.register import Register

MONTH, THRESHOLD = "2020-12", 5
Published = tuple[dict[str, pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def computed(small_register: Path) -> tuple[Net, Published]:
    """Everything a reader could sum up in the demo city at 600 households, and what is published of it."""
    register = Register.open(small_register)
    parameters, place = read_parameters(), read_place("dezhou")
    job = facts._Job(register, MONTH, None, parameters, place, None, facts.missing_needs(register, None, MONTH))
    parts = county_parts(register.path, register.counties)
    found = dict(zip(register.counties, map_parts(partial(facts._part, job), parts, SERIAL, no_progress), strict=True))
    names = {code: f"{zh}|{en}" for code, zh, en in facts.county_names(register).values()}
    tables = {table.name: facts._stacked(table, found, names) for table in TABLES}
    rows = with_city(pd.concat([part.indicator for part in found.values()], ignore_index=True), INDICATORS)
    arguments = (tables, TABLES, rows, INDICATORS, THRESHOLD, names)
    return cells_and_relations(*arguments), withhold(*arguments)[:2]


def _seen(net: Net, published: Published) -> set[Cell]:
    """Cells a reader has: counts that are printed, and both sides of a share that is."""
    tables, indicator = published
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
            of = [c.name for c in spec.columns if c.of is not None and column in c.of and not c.hidden]
            if any(pd.notna(row.get(c)) for c in [column, *of]):
                found.add(cell)
    return found


def _alike(net: Net) -> list[Relation]:
    """Counts of two tables that are the same in every county are the same to a reader, whoever declared it."""
    series: dict[tuple[object, ...], dict[str, Cell]] = defaultdict(dict)
    for (name, column, county), rows in net.rows.items():
        for key, cell in rows:
            if county != CITY and cell in net.cells and cell not in net.derived:
                series[(name, column, key)][county] = cell
    counties = {county for _, _, county in net.rows} - {CITY}
    by_values: dict[tuple[float, ...], list[dict[str, Cell]]] = defaultdict(list)
    for cells in series.values():
        if cells.keys() == counties:
            values = tuple(net.cells[cells[county]] for county in sorted(counties))
            if len(set(values)) >= 6:
                by_values[values].append(cells)
    return [
        Relation((group[0][county],), other[county])
        for group in by_values.values()
        for other in group[1:]
        for county in counties
        if group[0][county] != other[county]
    ]


def _fixed(relations: Iterable[Relation], unknown: set[Cell]) -> set[Cell]:
    """Unknown cells with one value only, block by block, by the null space of the relations (dense)."""
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


def test_no_small_count_is_given_back_by_all_tables_together(computed: tuple[Net, Published]) -> None:
    net, published = computed
    seen = _seen(net, published)
    small = {cell for cell, value in net.cells.items() if 0 < value < THRESHOLD}
    assert len(small) > 1000
    assert not small & seen
    relations = [r for r in (*net.relations, *_alike(net)) if all(cell in net.cells for cell in r.cells)]
    given = _fixed(relations, net.cells.keys() - seen - net.told) & small
    # Where everything round it is small as well, nothing is left to withhold: margins of a city of 600 households.
    assert len(given) <= 0.02 * len(small), sorted(map(str, given))[:20]


def test_every_link_names_columns_that_are_there(computed: tuple[Net, Published]) -> None:
    net, _ = computed
    known = {(table, column) for table, column, _ in net.rows}
    scored = {"risk_bands", "risk_by_town", "top_tenth_segments"}
    earlier = {"segment_moves"}  # needs a month a year before
    for link in LINKS:
        for at in (link.whole, *link.more, *link.parts):
            if at.table not in scored | earlier and not (at.table == INDICATOR and at.column.startswith("before")):
                assert (at.table, at.column) in known, at
