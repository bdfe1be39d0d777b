"""Small cells: hand-made tables, and an attacker who solves for what was withheld."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from relapse_risk.disclosure.suppression import Cell, Relation, withheld

THRESHOLD = 5


def attack(cells: dict[Cell, float], relations: list[Relation], hidden: set[Cell]) -> dict[Cell, tuple[float, float]]:
    """Least and greatest value each withheld cell can have, for a reader who knows all else and every sum."""
    order = sorted(hidden)
    rows, totals = [], []
    for relation in relations:
        row = [(-1.0 if cell in relation.wholes else 1.0) if cell in relation.cells else 0.0 for cell in order]
        parts = sum(cells[cell] for cell in relation.parts if cell not in hidden)
        if not relation.wholes:
            total = sum(cells[cell] for cell in relation.parts) - parts
        else:
            total = sum(cells[cell] for cell in relation.wholes if cell not in hidden) - parts
        rows.append(row)
        totals.append(total)
    bounds = {}
    for place, cell in enumerate(order):
        aim = np.zeros(len(order))
        aim[place] = 1.0
        least = linprog(aim, A_eq=rows, b_eq=totals, bounds=(0, None))
        most = linprog(-aim, A_eq=rows, b_eq=totals, bounds=(0, None))
        assert least.status == 0
        bounds[cell] = (least.fun, np.inf if most.status == 3 else -most.fun)
    return bounds


def two_way(counts: np.ndarray) -> tuple[dict[Cell, float], list[Relation]]:
    """A table with both margins known."""
    cells: dict[Cell, float] = {(i, j): float(counts[i, j]) for i, j in product(*map(range, counts.shape))}
    rows = [Relation(tuple((i, j) for j in range(counts.shape[1]))) for i in range(counts.shape[0])]
    columns = [Relation(tuple((i, j) for i in range(counts.shape[0]))) for j in range(counts.shape[1])]
    return cells, rows + columns


def test_nothing_is_withheld_where_nothing_is_small() -> None:
    cells, relations = two_way(np.array([[5, 0], [17, 9]]))
    assert withheld(cells, relations, THRESHOLD) == set()


def test_zero_is_not_small_and_four_is() -> None:
    cells: dict[Cell, float] = {("a",): 0, ("b",): 4, ("c",): 5}
    assert withheld(cells, [], THRESHOLD) == {("b",)}


def test_the_smallest_other_cell_goes_too() -> None:
    cells: dict[Cell, float] = {("a",): 3, ("b",): 9, ("c",): 40}
    assert withheld(cells, [Relation((("a",), ("b",), ("c",)))], THRESHOLD) == {("a",), ("b",)}


def test_what_readers_need_most_goes_last() -> None:
    a, b, c = (("town", i) for i in range(3))
    cells, sums = {a: 2.0, b: 9.0, c: 40.0}, [Relation((a, b, c))]
    assert withheld(cells, sums, 5) == {a, b}
    assert withheld(cells, sums, 5, headline={b}) == {a, c}
    assert withheld(cells, sums, 5, headline={b, c}) == {a, b}


def test_a_singleton_of_a_column_is_not_withheld_alone() -> None:
    # Two fail, both in one town: their total is withheld too, so that no sum gives them back; the lone mark would.
    total, column = ("all",), tuple(("town", i) for i in range(3))
    cells: dict[Cell, float] = dict(zip(column, (2, 0, 0), strict=True)) | {total: 2, ("rest",): 3}
    sums = [Relation(column, (total,)), Relation((total, ("rest",)))]
    assert withheld(cells, sums, THRESHOLD) == {column[0], total, ("rest",)}
    assert withheld(cells, sums, THRESHOLD, siblings=[column]) == {column[0], column[1], total, ("rest",)}


def test_two_small_cells_with_a_small_sum_are_not_enough() -> None:
    # 1 + 1 = 2: a reader who sees the remainder 2 and knows that a withheld cell is not zero has both.
    cells: dict[Cell, float] = {("a",): 1, ("b",): 1, ("c",): 6, ("d",): 50}
    assert withheld(cells, [Relation((("a",), ("b",), ("c",), ("d",)))], THRESHOLD) == {("a",), ("b",), ("c",)}


@pytest.mark.parametrize(("other", "more"), [(4, set()), (3, {("c",)})])
def test_two_small_cells_are_enough_when_their_sum_is_not_small(other: int, more: set[Cell]) -> None:
    # 1 + 4 = 5 is no small count any more, 1 + 3 = 4 is.
    cells: dict[Cell, float] = {("a",): 1, ("b",): other, ("c",): 6, ("d",): 50}
    assert withheld(cells, [Relation((("a",), ("b",), ("c",), ("d",)))], THRESHOLD) == {("a",), ("b",)} | more


def test_a_part_is_not_given_back_by_its_whole() -> None:
    cells: dict[Cell, float] = {("all",): 100, ("pass",): 97, ("fail",): 3}
    hidden = withheld(cells, [Relation((("pass",), ("fail",)), (("all",),))], THRESHOLD)
    assert hidden == {("pass",), ("fail",)}


def test_a_block_that_two_margins_solve_is_opened() -> None:
    # Each margin of the withheld cells has two, but the chain (0,0)-(0,1)-(1,1)-(1,2)-(2,2) has no cycle.
    counts = np.array([[3, 20, 30], [40, 50, 2], [60, 1, 70]])
    cells, relations = two_way(counts)
    hidden = withheld(cells, relations, THRESHOLD)
    assert all(high - low >= 1 for low, high in attack(cells, relations, hidden).values())


@pytest.mark.parametrize("seed", range(40))
def test_no_withheld_cell_can_be_recovered_from_the_margins(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.negative_binomial(1, 0.06, size=(int(rng.integers(3, 8)), int(rng.integers(3, 6))))
    cells, relations = two_way(counts)
    hidden = withheld(cells, relations, THRESHOLD)
    assert hidden >= {cell for cell, value in cells.items() if 0 < value < THRESHOLD}
    small = counts.sum() < THRESHOLD or (counts.sum(axis=0) < THRESHOLD).any() or (counts.sum(axis=1) < THRESHOLD).any()
    for cell, (low, high) in attack(cells, relations, hidden).items():
        # A margin that is small or zero throughout is published nowhere; with margins of five and more nothing is fixed.
        assert small or high - low >= 1, (cell, low, high)


@pytest.mark.parametrize("seed", range(20))
def test_towns_counties_city_and_parts_together(seed: int) -> None:
    rng = np.random.default_rng(1000 + seed)
    cells: dict[Cell, float] = {}
    relations: list[Relation] = []
    for county in range(3):
        for town in range(4):
            size = int(rng.integers(20, 60))
            failed = int(rng.binomial(size, 0.08))
            key = (county, town)
            cells |= {("all", *key): size, ("pass", *key): size - failed, ("fail", *key): failed}
            relations.append(Relation((("pass", *key), ("fail", *key)), (("all", *key),)))
        for name in ("all", "pass", "fail"):
            parts = tuple((name, county, town) for town in range(4))
            cells[(name, county)] = sum(cells[part] for part in parts)
            relations.append(Relation(parts, ((name, county),)))
    for name in ("all", "pass", "fail"):
        parts = tuple((name, county) for county in range(3))
        cells[(name,)] = sum(cells[part] for part in parts)
        relations.append(Relation(parts, ((name,),)))
    hidden = withheld(cells, relations, THRESHOLD)
    for cell, (low, high) in attack(cells, relations, hidden).items():
        assert high - low >= 1, (cell, low, high)


def test_an_attacker_finds_a_lone_withheld_cell() -> None:
    cells, relations = two_way(np.array([[3, 20], [40, 50]]))
    low, high = attack(cells, relations, {(0, 0)})[(0, 0)]
    assert low == pytest.approx(3)
    assert high == pytest.approx(3)
