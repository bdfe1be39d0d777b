"""The audit of what is withheld: which unknown cells have one feasible value only, given every relation.

The known cells of each relation (rows of a matrix) are numbers; what is left is a linear system in the unknown cells
(columns).  An unknown cell is *determined* where every solution of the homogeneous system leaves it at zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import lsqr

__all__ = ["TOLERANCE", "Reduced", "determined", "least_squares", "reduced"]

TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True)
class Reduced:
    """The system without each unknown that stands in one relation only, and without that relation, repeatedly.

    Such an unknown takes up whatever its relation leaves, so that the relation says nothing of the others.

    Attributes
    ----------
    rows, columns
        Mark the relations and unknowns that are left; ``matrix`` holds them.
    eliminated : list of (column, row)
        Unknowns taken out and the relation each took with it, in that order.
    """

    rows: npt.NDArray[np.bool_]
    columns: npt.NDArray[np.bool_]
    matrix: csr_matrix
    eliminated: list[tuple[int, int]]


def reduced(matrix: csr_matrix) -> Reduced:
    """Eliminate unknowns that stand in one relation only; most relations go, so that little is left to solve."""
    down = matrix.tocsc()
    relations_of = np.diff(down.indptr)
    rows, eliminated = np.ones(matrix.shape[0], dtype=bool), []
    single = np.flatnonzero(relations_of == 1).tolist()
    while single:
        column = single.pop()
        if relations_of[column] != 1:
            continue
        row = next(int(one) for one in down.indices[down.indptr[column] : down.indptr[column + 1]] if rows[one])
        eliminated.append((column, row))
        rows[row] = False
        for other in matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]:
            relations_of[other] -= 1
            if relations_of[other] == 1:
                single.append(int(other))
    columns = relations_of > 0
    return Reduced(rows, columns, matrix[rows][:, columns], eliminated)


def determined(matrix: csr_matrix, system: Reduced) -> list[int]:
    """Columns of the unknown cells that the relations determine.

    A random solution of the homogeneous system is zero exactly there (but for a set of measure zero).  What is left of
    the reduced system is solved by least squares; the eliminated unknowns follow one by one, the last taken first.

    Examples
    --------
    a + b = 12 and b + c = 9 leave all three open; with a + b + c = 14 besides, each has one value.

    >>> open_ = csr_matrix([[1.0, 1, 0], [0, 1, 1]])
    >>> determined(open_, reduced(open_))
    []
    >>> closed = csr_matrix([[1.0, 1, 0], [0, 1, 1], [1, 1, 1]])
    >>> determined(closed, reduced(closed))
    [0, 1, 2]
    """
    free = np.random.default_rng(0).standard_normal(matrix.shape[1])
    start = free[system.columns]
    free[system.columns] = start - least_squares(system.matrix, system.matrix @ start)
    for column, row in reversed(system.eliminated):
        inside = slice(matrix.indptr[row], matrix.indptr[row + 1])
        places, signs = matrix.indices[inside], matrix.data[inside]
        own = places == column
        free[column] = -(signs[~own] @ free[places[~own]]) / signs[own][0]
    return [int(place) for place in np.flatnonzero(np.abs(free) < TOLERANCE)]


def least_squares(matrix: csr_matrix, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Least-squares solution of ``matrix @ x = values``."""
    if 0 in matrix.shape:
        return np.zeros(matrix.shape[1])
    found: npt.NDArray[np.float64] = lsqr(matrix, values, atol=1e-13, btol=1e-13, iter_lim=20 * max(matrix.shape))[0]
    return found
