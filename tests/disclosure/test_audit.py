"""Which unknowns a system of relations determines, by hand: chains, cycles, and what an elimination leaves over."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from relapse_risk.disclosure.audit import determined, reduced

# Each row a relation, each column an unknown cell.
CHAIN = [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]  # a + b, b + c, c + d: one free choice sets the others
FORK = [[1, 1, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, -1, 0], [0, 0, 1, 1, 1]]
TRIANGLE = [[1, 1, 0], [0, 1, 1], [1, 0, 1]]
TAIL = [[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [1, 0, 1, 0, 0], [0, 0, 1, 1, 1]]  # the triangle, and two that hang on c


@pytest.mark.parametrize(
    ("matrix", "known"),
    [
        (CHAIN, []),
        (TRIANGLE, [0, 1, 2]),  # three relations of three cells: each is half the sum of two less the third
        (TAIL, [0, 1, 2]),  # c is known, but d + e leaves both open
        ([*TAIL, [0, 0, 0, 1, 0]], [0, 1, 2, 3, 4]),  # with d told, e follows
        (FORK, []),
        ([[1, 0], [0, 1]], [0, 1]),
        ([[2, 0]], [0]),
    ],
)
def test_what_the_relations_determine(matrix: list[list[int]], known: list[int]) -> None:
    system = csr_matrix(np.array(matrix, dtype=float))
    assert sorted(determined(system, reduced(system))) == known
    rank = np.linalg.matrix_rank(np.array(matrix))
    for column in range(len(matrix[0])):  # a cell is determined where the row of it alone adds nothing to the rank
        unit = np.eye(len(matrix[0]))[column]
        assert (np.linalg.matrix_rank(np.vstack([matrix, unit])) == rank) == (column in known)


def test_an_unknown_of_one_relation_takes_it_out_and_so_on_along_the_chain() -> None:
    found = reduced(csr_matrix(np.array(CHAIN, dtype=float)))
    assert not found.rows.any(), "every relation goes"
    assert not found.columns.any(), "and with the last one the last cell stands in no relation"
    assert sorted(row for _, row in found.eliminated) == [0, 1, 2]
    assert len({column for column, _ in found.eliminated}) == 3


def test_a_cycle_is_left_whole() -> None:
    found = reduced(csr_matrix(np.array(TAIL, dtype=float)))
    assert found.rows.tolist() == [True, True, True, False]
    assert found.columns.tolist() == [True, True, True, False, False]
    assert [row for _, row in found.eliminated] == [3]
    assert found.matrix.toarray().tolist() == TRIANGLE
