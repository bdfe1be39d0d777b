"""What every ranking of alternatives by several criteria takes: the matrix, weights of its columns, and their directions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.hardship.weights import Array, check_matrix, share_out
from relapse_risk.rows import by_column

__all__ = ["check_criteria", "shares_of_best"]


def check_criteria(
    matrix: npt.ArrayLike, weights: npt.ArrayLike, directions: Sequence[int] | None, where: str, positive: bool = False
) -> tuple[Array, Array, npt.NDArray[np.intp]]:
    """The matrix, weights that sum to one, and directions of 1 and -1 (1 for all when left out).

    Raises
    ------
    ModelError
        For missing entries, weights or directions that do not fit, or (``positive``) an entry that is not above 0.
    """
    x = check_matrix(matrix, where, positive=positive)
    if positive and (x <= 0).any():
        row, column = np.argwhere(x <= 0)[0]
        raise ModelError(
            "zero", where=f"{where}: row {row}, column {column}", expected="> 0", fix="leave it out, or use vikor"
        )
    w = np.asarray(by_column(weights, matrix, f"{where}: weights"), dtype=np.float64)
    if w.shape != (x.shape[1],):
        raise ModelError("one weight per column", where=where, got=w.shape, expected=f"({x.shape[1]},)")
    signs = (
        np.ones(x.shape[1], dtype=np.intp) if directions is None else np.asarray(by_column(directions, matrix, where))
    )
    if signs.shape != w.shape or not np.isin(signs, (1, -1)).all():
        raise ModelError("directions are 1 or -1, one per column", where=where, got=directions)
    return x, share_out(w, f"{where}: weights"), signs.astype(np.intp)


def shares_of_best(x: Array, signs: npt.NDArray[np.intp]) -> Array:
    """Shares of the best: x / max where more is better, min / x for costs."""
    return np.where(signs == 1, x / x.max(axis=0), x.min(axis=0) / x)
