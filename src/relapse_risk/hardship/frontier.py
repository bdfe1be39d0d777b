"""Benefit of the doubt with more sense of proportion: along a direction, and against samples instead of everybody."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from relapse_risk.errors import ModelError
from relapse_risk.hardship.weights import Array, check_matrix
from relapse_risk.rows import by_column, numbers

__all__ = ["directional_benefit_of_the_doubt", "order_m_benefit_of_the_doubt"]


def directional_benefit_of_the_doubt(scores: npt.ArrayLike, direction: npt.ArrayLike) -> Array:
    """Benefit of the doubt along a direction: 1 / (1 + b), b the steps to the frontier of all units.

    b is the largest with sum_k l_k x_k >= x_i + b × direction for some l >= 0, sum l <= 1: one cannot be made up for
    by another beyond what the direction says.

    Parameters
    ----------
    scores : array_like, shape (n, p)
        Not negative, higher raises the score.
    direction : array_like, shape (p,)
        Not negative, not all zero; how much of each column is one step.

    Returns
    -------
    array, shape (n,)
        1 on the frontier, towards 0 far from it.

    Raises
    ------
    ModelError
        For missing or negative scores, or a direction that does not fit.

    References
    ----------
    Fusco (2015), doi:10.1016/j.seps.2015.05.005. One linear programme per row: for hundreds of units, not for a city.

    Examples
    --------
    >>> directional_benefit_of_the_doubt([[2.0, 2.0], [1.0, 1.0]], [1.0, 1.0]).tolist()
    [1.0, 0.5]
    """
    x = check_matrix(scores, "directional_benefit_of_the_doubt", positive=True)
    n, p = x.shape
    where = "directional_benefit_of_the_doubt: direction"
    step = numbers(by_column(direction, scores, where), where)
    if step.shape != (p,) or not np.isfinite(step).all() or (step < 0).any() or not step.any():
        raise ModelError("not a direction", where="directional_benefit_of_the_doubt", got=step.tolist(),
                         expected=f"({p},), >= 0, not all zero")  # fmt: skip
    rows = np.vstack([np.column_stack([step, -x.T]), np.concatenate(([0.0], np.ones(n)))])
    goal = np.concatenate(([-1.0], np.zeros(n)))
    out = np.empty(n)
    for i in range(n):
        found = linprog(goal, A_ub=rows, b_ub=np.concatenate((-x[i], [1.0])), bounds=(0, None), method="highs")
        if not found.success:
            raise ModelError(f"no solution: {found.message}", where=f"directional_benefit_of_the_doubt: row {i}")
        out[i] = 1 / (1 - found.fun)
    return out


def order_m_benefit_of_the_doubt(scores: npt.ArrayLike, draws: int) -> Array:
    """Robust benefit of the doubt: against the expected best of ``draws`` units drawn with replacement, not of all.

    1 / E[max over the units drawn of min_j x_kj / x_ij], the exact expectation; an outlier counts only if it is drawn.

    Parameters
    ----------
    scores : array_like, shape (n, p)
        Above 0, higher raises the score.
    draws : int
        m, at least 1; towards infinity it is the free disposal hull.

    Returns
    -------
    array, shape (n,)
        Above 1 for units better than what m draws are expected to show.

    Raises
    ------
    ModelError
        For missing scores or ones not above 0, or fewer than one draw.

    References
    ----------
    Daraio and Simar (2005), doi:10.1007/s11123-005-3042-8; Vidoli and Mazziotta (2013), R ``Compind::ci_rbod``.

    Examples
    --------
    >>> order_m_benefit_of_the_doubt([[1.0], [2.0]], 1).tolist()
    [0.6666666666666666, 1.3333333333333333]
    """
    x = check_matrix(scores, "order_m_benefit_of_the_doubt", positive=True)
    if (x == 0).any() or draws < 1:
        raise ModelError("scores must be above 0 and draws at least 1", where="order_m_benefit_of_the_doubt",
                         got=(float(x.min()), draws))  # fmt: skip
    n = x.shape[0]
    upto = (np.arange(n + 1) / n) ** draws  # chance that the best drawn is among the k smallest
    best = np.sort((x[None, :, :] / x[:, None, :]).min(axis=2), axis=1)
    return np.asarray(1 / (best @ np.diff(upto)))
