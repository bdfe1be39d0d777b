"""Small counts of people are withheld, and enough beside them that none can be worked out from sums.

Every published count is a *cell*; every sum a reader can form (rows of a table to its total, a whole to its parts, the
counties to the city) is a :class:`Relation`.  A cell between 1 and threshold - 1 is withheld; then further cells,
smallest first, until no relation and no combination of relations gives a withheld cell back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from threadpoolctl import threadpool_limits

__all__ = ["Relation", "withheld"]

Cell = tuple[object, ...]
RANK_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Relation:
    """``parts`` add up to ``whole``; without a ``whole`` their sum is known to the reader."""

    parts: tuple[Cell, ...]
    whole: Cell | None = None

    @property
    def cells(self) -> tuple[Cell, ...]:
        return self.parts if self.whole is None else (*self.parts, self.whole)


def withheld(cells: Mapping[Cell, float], relations: Sequence[Relation], threshold: float) -> set[Cell]:
    """The cells to withhold.

    Parameters
    ----------
    cells : mapping
        Count by cell; unknown cells are left out.
    relations : sequence of Relation
        Those naming a cell that is not in ``cells`` are ignored.
    threshold : float
        Counts below this are small; zero is not.

    Returns
    -------
    set
        After withholding, the withheld cells of every relation add up to ``threshold`` at least, and no withheld cell
        is fixed by the relations together (null space of the relations over the withheld cells).

    Examples
    --------
    >>> a, b, c = ("town", 1), ("town", 2), ("town", 3)
    >>> sorted(withheld({a: 3, b: 9, c: 40}, [Relation((a, b, c))], 5))
    [('town', 1), ('town', 2)]
    """
    known = [relation for relation in relations if all(cell in cells for cell in relation.cells)]
    hidden = {cell for cell, value in cells.items() if 0 < value < threshold}
    if not hidden:
        return hidden
    of_cell: dict[Cell, list[int]] = {}
    for index, relation in enumerate(known):
        for cell in relation.cells:
            of_cell.setdefault(cell, []).append(index)
    queue = sorted({index for cell in hidden for index in of_cell.get(cell, [])})
    safe: set[frozenset[Cell]] = set()
    with threadpool_limits(1):  # the blocks are small: threads only wait for each other
        while queue:
            added = _close_sums(known, cells, hidden, threshold, queue)
            added |= _close_exact(known, of_cell, cells, hidden, safe)
            queue = sorted({index for cell in added for index in of_cell.get(cell, [])})
    return hidden


def _close_sums(
    relations: Sequence[Relation], cells: Mapping[Cell, float], hidden: set[Cell], threshold: float,
    queue: Iterable[int],
) -> set[Cell]:  # fmt: skip
    """Withhold more in each relation until its withheld cells are two or more and their sum is not small."""
    added: set[Cell] = set()
    for index in queue:
        relation = relations[index]
        while True:
            inside = [cell for cell in relation.cells if cell in hidden]
            open_sum = relation.whole in hidden or sum(cells[cell] for cell in inside) >= threshold
            if not inside or (len(inside) > 1 and open_sum):
                break
            more = _cheapest(relation.parts, cells, hidden) or _cheapest(relation.cells, cells, hidden)
            if more is None:
                break
            hidden.add(more)
            added.add(more)
    return added


def _cheapest(options: Iterable[Cell], cells: Mapping[Cell, float], hidden: set[Cell]) -> Cell | None:
    """The smallest visible positive cell; a zero only where nothing else is left."""
    visible = [cell for cell in options if cell not in hidden]
    return min(visible, key=lambda cell: (cells[cell] <= 0, cells[cell], str(cell)), default=None)


def _close_exact(
    relations: Sequence[Relation], of_cell: Mapping[Cell, list[int]], cells: Mapping[Cell, float], hidden: set[Cell],
    safe: set[frozenset[Cell]],
) -> set[Cell]:  # fmt: skip
    """Withhold one more beside each cell that the relations together would give back."""
    added: set[Cell] = set()
    for involved in _recoverable(relations, of_cell, hidden, safe):
        options = [cell for index in involved for cell in relations[index].cells]
        if not added.intersection(options):  # one more may already have freed this cell
            more = _cheapest(options, cells, hidden)
            if more is not None:
                hidden.add(more)
                added.add(more)
    return added


def _recoverable(
    relations: Sequence[Relation], of_cell: Mapping[Cell, list[int]], hidden: set[Cell], safe: set[frozenset[Cell]]
) -> list[tuple[int, ...]]:
    """For each withheld cell whose value the relations fix: the relations that fix it; ``safe`` blocks are passed over."""
    order = sorted((cell for cell in hidden if cell in of_cell), key=str)
    if not order:
        return []
    column = {cell: place for place, cell in enumerate(order)}
    touched = sorted({index for cell in order for index in of_cell[cell]})
    entries = [
        (row, column[cell], -1.0 if cell == relations[index].whole else 1.0)
        for row, index in enumerate(touched)
        for cell in relations[index].cells
        if cell in column
    ]
    rows, columns, signs = (np.array(part) for part in zip(*entries, strict=True))
    found: list[tuple[int, ...]] = []
    for in_rows, in_columns in _components(rows, columns, len(touched), len(order)):
        block = frozenset(order[place] for place in in_columns)
        if block in safe:
            continue
        matrix = np.zeros((len(in_rows), len(in_columns)))
        mine = np.isin(rows, in_rows)
        matrix[np.searchsorted(in_rows, rows[mine]), np.searchsorted(in_columns, columns[mine])] = signs[mine]
        fixing = _fixing(matrix)
        found += [tuple(touched[in_rows[row]] for row in involved) for involved in fixing]
        if not fixing:
            safe.add(block)
    return found


def _components(
    rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], n_rows: int, n_columns: int
) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Rows and columns of each block of relations that share no cell with another block."""
    size = n_rows + n_columns
    graph = coo_matrix((np.ones(len(rows)), (rows, columns + n_rows)), shape=(size, size))
    count, label = connected_components(graph, directed=False)
    blocks = [np.flatnonzero(label == block) for block in range(count)]
    return [(b[b < n_rows], b[b >= n_rows] - n_rows) for b in blocks]


def _fixing(matrix: npt.NDArray[np.float64]) -> list[npt.NDArray[np.intp]]:
    """For each unknown that has one value only in every solution: the rows of the combination that gives it."""
    left, singular, right = np.linalg.svd(matrix, full_matrices=True)
    rank = int((singular > RANK_TOLERANCE).sum())
    free = np.abs(right[rank:]).max(axis=0, initial=0.0)
    # Weights y of the rows with y @ matrix = the unknown alone: y = U S^-1 V[:, unknown].
    weights = left[:, :rank] @ (right[:rank] / singular[:rank, None])
    return [np.flatnonzero(np.abs(weights[:, place]) > 1e-6) for place in np.flatnonzero(free < RANK_TOLERANCE)]
