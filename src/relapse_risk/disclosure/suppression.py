"""Primary and secondary suppression of counts of people, by the threshold rule.

Every published count is a *cell*, every sum a reader can form a :class:`Relation`.  A cell from 1 to threshold - 1 is
withheld (primary suppression); then further cells, smallest first (secondary suppression), until no relation and no
combination of relations determines a protected cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix, csc_matrix, csr_matrix

from relapse_risk.disclosure.audit import TOLERANCE, determined, least_squares, reduced

__all__ = ["Relation", "withheld"]

Cell = Any  # anything hashable that identifies a cell: a cell of a measure, or a name
LEAST_EFFECT = 1e-3  # effects are ratios of small whole numbers: far from zero where they are not zero
MOST_EXACT = 40  # determined cells for which the cells that would open them are solved for one by one
MOST_IDLE = 15  # rounds without fewer determined cells, after which the audit adds no more


@dataclass(frozen=True, slots=True)
class Relation:
    """``parts`` add up to the sum of ``wholes``; without a whole their sum is known to the reader."""

    parts: tuple[Cell, ...]
    wholes: tuple[Cell, ...] = ()

    @property
    def cells(self) -> tuple[Cell, ...]:
        return (*self.parts, *self.wholes)


def withheld(
    cells: Mapping[Cell, float], relations: Sequence[Relation], threshold: float, fixed: Set[Cell] = frozenset(),
    unprinted: Set[Cell] = frozenset(), headline: Set[Cell] = frozenset(), siblings: Sequence[tuple[Cell, ...]] = (),
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
        Cells the reader knows in any case: withholding them would protect nothing.
    unprinted : set, optional
        Cells that are printed nowhere, so that a reader has them from the relations alone; small ones are protected.
    headline : set, optional
        Cells readers need most: chosen for secondary suppression only where nothing else would do.
    siblings : sequence of tuple of cells, optional
        Cells side by side of which none is withheld alone: the singleton would be pointed out by being withheld.

    Returns
    -------
    set
        After withholding, the unknown cells of every relation that names a protected one add up to ``threshold`` at
        least, and no protected cell (withheld, or unprinted and small) is determined by the relations together.

    Examples
    --------
    >>> a, b, c = ("town", 1), ("town", 2), ("town", 3)
    >>> sorted(withheld({a: 3, b: 9, c: 40}, [Relation((a, b, c))], 5))
    [('town', 1), ('town', 2)]
    """
    state = _start(cells, relations, threshold, fixed, unprinted, headline)
    changed = state.protected | _protect_singletons(state, siblings)
    fewest, idle = len(cells), 0
    while changed:
        queue = sorted({index for cell in changed for index in state.of_cell.get(cell, [])})
        if not queue:
            break
        changed = _protect_sums(state, queue) | _protect_singletons(state, siblings)
        if idle < MOST_IDLE:
            more, found = _protect_determined(state)
            fewest, idle = (found, 0) if found < fewest else (fewest, idle + 1)
            changed |= more
    return state.protected - unprinted


@dataclass(frozen=True, slots=True)
class _State:
    """What is ``protected`` and what the reader does not know (``unknown``), as both grow.

    ``required`` are those protected for their own sake (small, or beside a singleton), the others for the sake of
    these; ``unavailable`` cannot be chosen for secondary suppression.
    """

    cells: Mapping[Cell, float]
    relations: Sequence[Relation]
    of_cell: Mapping[Cell, list[int]]
    signs: csc_matrix
    order: Sequence[Cell]
    places: Mapping[Cell, int]
    threshold: float
    protected: set[Cell]
    required: set[Cell]
    unknown: set[Cell]
    unavailable: Set[Cell]
    headline: Set[Cell]

    def withhold(self, cell: Cell) -> None:
        self.protected.add(cell)
        self.unknown.add(cell)

    def is_available(self, cell: Cell) -> bool:
        return cell not in self.unknown and cell not in self.unavailable

    def cheapest(self, options: Iterable[Cell]) -> Cell | None:
        """The smallest visible positive cell; a headline, or a zero, only where nothing else is left."""
        return min(
            (cell for cell in options if self.is_available(cell)),
            key=lambda cell: (cell in self.headline, self.cells[cell] <= 0, self.cells[cell], str(cell)),
            default=None,
        )

    def matrix(self) -> tuple[list[Cell], csr_matrix]:
        """The unknown cells, and their signs in every relation (rows)."""
        order = sorted((cell for cell in self.unknown if cell in self.places), key=self.places.__getitem__)
        return order, self.signs[:, [self.places[cell] for cell in order]].tocsr()


def _start(
    cells: Mapping[Cell, float], relations: Sequence[Relation], threshold: float, fixed: Set[Cell], unprinted: Set[Cell],
    headline: Set[Cell],
) -> _State:  # fmt: skip
    """Primary suppression, and everything the secondary one looks up."""
    known = [relation for relation in relations if all(cell in cells for cell in relation.cells)]
    of_cell: dict[Cell, list[int]] = {}
    for index, relation in enumerate(known):
        for cell in relation.cells:
            of_cell.setdefault(cell, []).append(index)
    small = {cell for cell, value in cells.items() if 0 < value < threshold}
    order = sorted(of_cell, key=str)
    return _State(
        cells, known, of_cell, _signs(order, known, of_cell), order, {cell: place for place, cell in enumerate(order)}, threshold,
        small, set(small), small | unprinted, unprinted | fixed, headline,
    )  # fmt: skip


def _signs(order: Sequence[Cell], relations: Sequence[Relation], of_cell: Mapping[Cell, list[int]]) -> csc_matrix:
    """Which side of each relation (rows) each cell (columns) stands on: 1 for parts, -1 for wholes."""
    entries = [
        (index, place, 1.0 if cell in relations[index].parts else -1.0)
        for place, cell in enumerate(order)
        for index in of_cell[cell]
    ]
    rows, columns, signs = (np.array(part) for part in zip(*entries, strict=True)) if entries else (np.zeros(0),) * 3
    return coo_matrix((signs, (rows.astype(int), columns.astype(int))), shape=(len(relations), len(order))).tocsc()


def _protect_sums(state: _State, queue: Iterable[int]) -> set[Cell]:
    """Withhold more in each relation until its unknown cells are two or more and their sum is not small."""
    added: set[Cell] = set()
    for index in queue:
        relation = state.relations[index]
        while True:
            inside = [cell for cell in relation.cells if cell in state.unknown]
            sum_is_safe = any(cell in state.unknown for cell in relation.wholes)
            sum_is_safe = sum_is_safe or sum(state.cells[cell] for cell in inside) >= state.threshold
            if state.protected.isdisjoint(inside) or (len(inside) > 1 and sum_is_safe):
                break
            more = state.cheapest(relation.parts) or state.cheapest(relation.cells)
            if more is None:
                break
            state.withhold(more)
            added.add(more)
    return added


def _protect_singletons(state: _State, siblings: Sequence[tuple[Cell, ...]]) -> set[Cell]:
    """Withhold a second cell beside each one that is withheld alone among its siblings."""
    added: set[Cell] = set()
    for group in siblings:
        inside = [cell for cell in group if cell in state.protected]
        if len(inside) == 1 and (more := state.cheapest(group)) is not None:
            state.withhold(more)
            state.required.update((more, *inside))
            added.add(more)
    return added


def _protect_determined(state: _State) -> tuple[set[Cell], int]:
    """Withhold one more cell for each protected one that the relations determine; and how many these were."""
    order, matrix = state.matrix()
    added: set[Cell] = set()
    system = reduced(matrix)
    found = [order[place] for place in determined(matrix, system) if order[place] in state.protected]
    if not found:
        return added, 0
    residual = np.zeros(len(state.relations))  # of random relations after least squares on the unknown cells
    start = np.random.default_rng(1).standard_normal(int(system.rows.sum()))
    residual[system.rows] = start - system.matrix @ least_squares(system.matrix, start)
    outside = state.signs.T @ residual  # zero for cells whose column lies in the space of the unknown columns
    required = [cell for cell in found if cell in state.required]
    exact = set(required if len(required) <= MOST_EXACT else ())
    for cell in found:
        options = _opening(state, order.index(cell), matrix, outside) if cell in exact else set()
        options = options or _nearest(state, cell, outside)
        if added.isdisjoint(options):  # otherwise one chosen before may have opened this cell already
            more = state.cheapest(options - added)
            if more is not None:
                added.add(more)
    for cell in added:
        state.withhold(cell)
    return added, len(found)


def _opening(state: _State, place: int, matrix: csr_matrix, outside: npt.NDArray[np.float64]) -> set[Cell]:
    """The available cells of which each, were it withheld, would leave the determined cell at ``place`` open.

    A determined cell is a combination y of the relations (y A = e, the unit vector of the cell).  Let another cell with
    column a become unknown, and let a lie in the space of the columns of A (A x = -a), so that the new cell can move.
    When it moves by one, the determined cell moves by e x = y A x = -y a.  So the determined cell is open, together
    with the new one, exactly where y a is not zero.
    """
    unit = np.zeros(matrix.shape[1])
    unit[place] = 1.0
    effect = state.signs.T @ least_squares(matrix.T.tocsr(), unit)
    found = np.flatnonzero((np.abs(effect) > LEAST_EFFECT) & (np.abs(outside) < TOLERANCE))
    return {cell for at in found if state.is_available(cell := state.order[int(at)])}


def _nearest(state: _State, cell: Cell, outside: npt.NDArray[np.float64]) -> set[Cell]:
    """The nearest available cells: those in a relation with ``cell``, or else with its neighbours, and so on.

    Preferred are cells that, once unknown, can move together with those unknown already.
    """
    seen, edge = {cell}, {cell}
    while edge:
        near = {other for one in edge for index in state.of_cell[one] for other in state.relations[index].cells} - seen
        available = {other for other in near if state.is_available(other)}
        if available:
            return {other for other in available if abs(outside[state.places[other]]) < TOLERANCE} or available
        seen |= near
        edge = near
    return set()
