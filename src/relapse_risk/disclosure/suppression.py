"""Small counts of people are withheld, and enough beside them that none can be worked out from sums.

Every published count is a *cell*; every sum a reader can form (rows of a table to its total, a whole to its parts, the
counties to the city) is a :class:`Relation`.  A cell between 1 and threshold - 1 is withheld; then further cells,
smallest first, until no relation and no combination of relations gives a withheld cell back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix, csc_matrix, csr_matrix
from scipy.sparse.linalg import lsqr

__all__ = ["Relation", "withheld"]

Cell = tuple[object, ...]
FREE_TOLERANCE = 1e-7
FREEING = 1e-3  # moves of whole counts by whole counts: far from nought where they are not nought
FEW = 40  # cells kept for their own sake and given back, of which each is freed by a solution of its own
PATIENCE = 15  # rounds: where withholding more protects nothing more, no more is withheld


@dataclass(frozen=True, slots=True)
class Relation:
    """``parts`` add up to ``whole`` (and ``more``); without a ``whole`` their sum is known to the reader."""

    parts: tuple[Cell, ...]
    whole: Cell | None = None
    more: tuple[Cell, ...] = ()

    @property
    def wholes(self) -> tuple[Cell, ...]:
        return self.more if self.whole is None else (self.whole, *self.more)

    @property
    def cells(self) -> tuple[Cell, ...]:
        return (*self.parts, *self.wholes)


def withheld(
    cells: Mapping[Cell, float], relations: Sequence[Relation], threshold: float, fixed: Set[Cell] = frozenset(),
    derived: Set[Cell] = frozenset(), last: Set[Cell] = frozenset(), groups: Sequence[tuple[Cell, ...]] = (),
) -> set[Cell]:  # fmt: skip
    """The cells to withhold.

    Parameters
    ----------
    cells : mapping
        Count by cell; unknown cells are left out.
    relations : sequence of Relation
        Those naming a cell that is not in ``cells`` are ignored.
    threshold : float
        Counts below this are small; zero is not.
    fixed : set, optional
        Cells that something else tells the reader: withholding them would protect nothing.
    derived : set, optional
        Cells that are printed nowhere, so that a reader knows them from the relations alone; small ones are protected.
    last : set, optional
        Cells readers need most: withheld beside others only where nothing else would do.
    groups : sequence of tuple of cells, optional
        Cells side by side of which none is withheld alone: a lone one would be named by being withheld.

    Returns
    -------
    set
        After withholding, the unknown cells of every relation that names a protected one add up to ``threshold`` at
        least, and no protected cell (withheld, or derived and small) is fixed by the relations together (null space of
        the relations over the unknown cells).

    Examples
    --------
    >>> a, b, c = ("town", 1), ("town", 2), ("town", 3)
    >>> sorted(withheld({a: 3, b: 9, c: 40}, [Relation((a, b, c))], 5))
    [('town', 1), ('town', 2)]
    """
    known = [relation for relation in relations if all(cell in cells for cell in relation.cells)]
    of_cell: dict[Cell, list[int]] = {}
    for index, relation in enumerate(known):
        for cell in relation.cells:
            of_cell.setdefault(cell, []).append(index)
    small = {cell for cell, value in cells.items() if 0 < value < threshold}
    order = sorted(of_cell, key=str)
    state = _State(
        cells, known, of_cell, _signs(order, known, of_cell), order, {cell: place for place, cell in enumerate(order)}, threshold,
        small, set(small), small | derived, derived | fixed, last,
    )  # fmt: skip
    queue = sorted({index for cell in small | _company(state, groups) for index in of_cell.get(cell, [])})
    least, idle = len(cells), 0
    while queue:
        added = _close_sums(state, queue) | _company(state, groups)
        if idle < PATIENCE:
            more, given = _close_exact(state)
            least, idle = (given, 0) if given < least else (least, idle + 1)
            added |= more
        queue = sorted({index for cell in added for index in of_cell.get(cell, [])})
    return state.guarded - derived


@dataclass(frozen=True, slots=True)
class _State:
    """What is protected (``guarded``) and what the reader does not know (``unknown``), as both grow.

    ``kept`` are those protected for their own sake, the others are withheld beside them.
    """

    cells: Mapping[Cell, float]
    relations: Sequence[Relation]
    of_cell: Mapping[Cell, list[int]]
    signs: csc_matrix
    order: Sequence[Cell]
    places: Mapping[Cell, int]
    threshold: float
    guarded: set[Cell]
    kept: set[Cell]
    unknown: set[Cell]
    shut: Set[Cell]
    last: Set[Cell]

    def hide(self, cell: Cell) -> None:
        self.guarded.add(cell)
        self.unknown.add(cell)

    def cheapest(self, options: Iterable[Cell]) -> Cell | None:
        """The smallest visible positive cell; one that is needed most, or a zero, only where nothing else is left."""
        visible = [cell for cell in options if cell not in self.unknown and cell not in self.shut]
        return min(
            visible,
            key=lambda cell: (cell in self.last, self.cells[cell] <= 0, self.cells[cell], str(cell)),
            default=None,
        )

    def matrix(self) -> tuple[list[Cell], csr_matrix]:
        """The unknown cells, and their signs in every relation (rows)."""
        order = sorted((cell for cell in self.unknown if cell in self.places), key=self.places.__getitem__)
        return order, self.signs[:, [self.places[cell] for cell in order]].tocsr()


def _signs(order: Sequence[Cell], relations: Sequence[Relation], of_cell: Mapping[Cell, list[int]]) -> csc_matrix:
    """Which side of each relation (rows) each cell (columns) stands on: 1 for parts, -1 for wholes."""
    entries = [
        (index, place, 1.0 if cell in relations[index].parts else -1.0)
        for place, cell in enumerate(order)
        for index in of_cell[cell]
    ]
    rows, columns, signs = (np.array(part) for part in zip(*entries, strict=True)) if entries else (np.zeros(0),) * 3
    return coo_matrix((signs, (rows.astype(int), columns.astype(int))), shape=(len(relations), len(order))).tocsc()


def _close_sums(state: _State, queue: Iterable[int]) -> set[Cell]:
    """Withhold more in each relation until its unknown cells are two or more and their sum is not small."""
    added: set[Cell] = set()
    for index in queue:
        relation = state.relations[index]
        while True:
            inside = [cell for cell in relation.cells if cell in state.unknown]
            open_sum = any(cell in state.unknown for cell in relation.wholes)
            open_sum = open_sum or sum(state.cells[cell] for cell in inside) >= state.threshold
            if state.guarded.isdisjoint(inside) or (len(inside) > 1 and open_sum):
                break
            more = state.cheapest(relation.parts) or state.cheapest(relation.cells)
            if more is None:
                break
            state.hide(more)
            added.add(more)
    return added


def _company(state: _State, groups: Sequence[tuple[Cell, ...]]) -> set[Cell]:
    """Withhold a second cell of each group of which one alone is withheld."""
    added: set[Cell] = set()
    for group in groups:
        inside = [cell for cell in group if cell in state.guarded]
        if len(inside) == 1 and (more := state.cheapest(group)) is not None:
            state.hide(more)
            state.kept.update((more, *inside))
            added.add(more)
    return added


def _close_exact(state: _State) -> tuple[set[Cell], int]:
    """Withhold one more beside each protected cell that the relations together would give back; how many they were."""
    order, matrix = state.matrix()
    added: set[Cell] = set()
    core = _peel(matrix)
    fixed = [order[place] for place in _fixed(matrix, core) if order[place] in state.guarded]
    if fixed:
        across = np.zeros(len(state.relations))  # nought wherever a cell of one relation alone takes up what is left
        start = np.random.default_rng(1).standard_normal(int(core.rows.sum()))
        across[core.rows] = start - core.matrix @ _least(core.matrix, start)
        through = state.signs.T @ across
        first = [cell for cell in fixed if cell in state.kept]
        exact = set(first if len(first) <= FEW else ())
        for cell in fixed:
            options = _freeing(state, order.index(cell), matrix, through) if cell in exact else set()
            options = options or _beside(state, cell, through)
            if not added.intersection(options):  # one more may already have freed this cell
                more = state.cheapest(options - added)
                if more is not None:
                    added.add(more)
    for cell in added:
        state.hide(cell)
    return added, len(fixed)


def _freeing(state: _State, place: int, matrix: csr_matrix, through: npt.NDArray[np.float64]) -> set[Cell]:
    """The cells that could still be withheld of which each alone would free the unknown cell at ``place``, near or far.

    A fixed cell is a combination of the relations: y A = e.  A cell whose column a lies in the space of the unknown
    columns (A x = -a) moves it by x = e x = y A x = -y a: by nothing, or it frees it, and is itself free.
    """
    unit = np.zeros(matrix.shape[1])
    unit[place] = 1.0
    moved = state.signs.T @ _least(matrix.T.tocsr(), unit)
    found = np.flatnonzero((np.abs(moved) > FREEING) & (np.abs(through) < FREE_TOLERANCE))
    return {
        cell for cell in (state.order[int(at)] for at in found) if cell not in state.unknown and cell not in state.shut
    }


def _beside(state: _State, cell: Cell, through: npt.NDArray[np.float64]) -> set[Cell]:
    """The nearest cells that could still be withheld: those in a relation with ``cell``, or with its neighbours.

    Preferred are cells that, once unknown, can move together with those unknown already: their column lies in the
    space of the unknown columns, that is, square to a random vector square to that space (``through``: the product).
    """
    seen, edge = {cell}, {cell}
    while edge:
        near = {other for one in edge for index in state.of_cell[one] for other in state.relations[index].cells} - seen
        visible = near - state.unknown - state.shut
        if visible:
            return {other for other in visible if abs(through[state.places[other]]) < FREE_TOLERANCE} or visible
        seen |= near
        edge = near
    return set()


@dataclass(frozen=True, slots=True)
class _Core:
    """What is left of the relations when each cell that stands in one alone has taken that relation away with it.

    ``rows`` and ``columns`` mark what is left, ``matrix`` holds it; ``peeled`` are the (column, row) taken, in order.
    """

    rows: npt.NDArray[np.bool_]
    columns: npt.NDArray[np.bool_]
    matrix: csr_matrix
    peeled: list[tuple[int, int]]


def _peel(matrix: csr_matrix) -> _Core:
    """Most relations go this way, so that the least squares that remain are small."""
    across, down = matrix, matrix.tocsc()
    standing = np.diff(down.indptr)
    rows, peeled = np.ones(matrix.shape[0], dtype=bool), []
    alone = np.flatnonzero(standing == 1).tolist()
    while alone:
        column = alone.pop()
        if standing[column] != 1:
            continue
        row = next(int(one) for one in down.indices[down.indptr[column] : down.indptr[column + 1]] if rows[one])
        peeled.append((column, row))
        rows[row] = False
        for other in across.indices[across.indptr[row] : across.indptr[row + 1]]:
            standing[other] -= 1
            if standing[other] == 1:
                alone.append(int(other))
    columns = standing > 0
    return _Core(rows, columns, matrix[rows][:, columns], peeled)


def _fixed(matrix: csr_matrix, core: _Core) -> list[int]:
    """Columns of the unknown cells whose value the relations fix.

    A cell is fixed where every solution of the relations without their known side leaves it at nought: where a random
    one does.  The core is solved by least squares; the peeled cells follow one by one, last taken first.
    """
    free = np.random.default_rng(0).standard_normal(matrix.shape[1])
    start = free[core.columns]
    free[core.columns] = start - _least(core.matrix, core.matrix @ start)
    for column, row in reversed(core.peeled):
        inside = slice(matrix.indptr[row], matrix.indptr[row + 1])
        places, signs = matrix.indices[inside], matrix.data[inside]
        own = places == column
        free[column] = -(signs[~own] @ free[places[~own]]) / signs[own][0]
    return [int(place) for place in np.flatnonzero(np.abs(free) < FREE_TOLERANCE)]


def _least(matrix: csr_matrix, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Least squares solution of ``matrix @ x = values``."""
    if 0 in matrix.shape:
        return np.zeros(matrix.shape[1])
    found: npt.NDArray[np.float64] = lsqr(matrix, values, atol=1e-13, btol=1e-13, iter_lim=20 * max(matrix.shape))[0]
    return found
