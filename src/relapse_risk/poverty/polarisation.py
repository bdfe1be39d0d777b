"""Polarisation: how far a population falls apart into poles, of two halves (Wolfson) or of groups (Esteban and Ray)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes, check_positive, check_weights, group_codes
from relapse_risk.poverty.inequality import gini, lorenz_curve, weighted_quantile
from relapse_risk.rows import by_row

__all__ = ["esteban_gradin_ray", "esteban_ray", "wolfson"]


@by_row("x", "weights")
def wolfson(x: npt.ArrayLike, weights: npt.ArrayLike | None = None, whole_units: bool = False) -> float:
    """Wolfson bipolarisation 2 (2 (1/2 - L(1/2)) - Gini) × mean / median, L(1/2) the income share up to the median.

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, not negative, with a positive median.
    weights : array_like, shape (n,), optional
    whole_units : bool
        Whether L(1/2) is the income of all at or below the median (R dineq) instead of exactly half of the people; with
        many at the median it is then far too high.

    Returns
    -------
    float
        0 when all are equal, 1 when half have nothing and the other half all equally.

    Raises
    ------
    ModelError
        For missing or negative incomes, bad weights, or a median of zero.

    References
    ----------
    Wolfson (1994), *When inequalities diverge*, American Economic Review 84(2).

    Examples
    --------
    >>> round(wolfson([0, 0, 2, 2]), 6), wolfson([2, 2, 2])
    (1.0, 0.0)
    """
    values = check_positive(check_incomes(x), "wolfson", strictly=False)
    w = check_weights(weights, values.size)
    median = weighted_quantile(values, 0.5, w, rule="laeken")
    if median <= 0:
        raise ModelError("the median is zero", where="wolfson", got=median, expected="> 0")
    if whole_units:
        share = w @ np.where(values <= median, values, 0.0) / (w @ values)
    else:
        curve = lorenz_curve(values, w)
        share = np.interp(0.5, curve["population"], curve["share"])
    return float(2 * (2 * (0.5 - share) - gini(values, w)) * (w @ values / w.sum()) / median)


def _poles(x: npt.ArrayLike, groups: Any, weights: npt.ArrayLike | None, where: str) -> tuple[Array, Array]:
    """Population share and mean (over the mean of all) of each group."""
    values = check_positive(check_incomes(x), where, strictly=False)
    w = check_weights(weights, values.size)
    codes, labels = group_codes(groups, values.size)
    mass, total = np.bincount(codes, w, len(labels)), np.bincount(codes, w * values, len(labels))
    if total.sum() <= 0:
        raise ModelError("every income is zero", where=where, expected="a positive mean")
    held = mass > 0
    return mass[held] / mass.sum(), total[held] / mass[held] * mass.sum() / total.sum()


def _check_alpha(alpha: float, where: str) -> None:
    if not 0 <= alpha <= 1.6:
        raise ModelError("not a sensitivity to polarisation", where=where, got=alpha, expected="0 (Gini) to 1.6")


@by_row("x", "groups", "weights")
def esteban_ray(x: npt.ArrayLike, groups: Any, alpha: float = 1, weights: npt.ArrayLike | None = None) -> float:
    """Esteban-Ray polarisation sum_ij p_i^(1 + alpha) p_j abs(m_i - m_j), m the group means over the mean of all.

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, not negative.
    groups : sequence, shape (n,)
        With whom each unit identifies.
    alpha : float
        Identification, 0 (twice the Gini of the group means) to 1.6.
    weights : array_like, shape (n,), optional

    Returns
    -------
    float

    Raises
    ------
    ModelError
        For missing or negative incomes, a missing group, bad weights, or another alpha.

    References
    ----------
    Esteban and Ray (1994), doi:10.2307/2951734.

    Examples
    --------
    Two groups of one half each, means 0.5 and 1.5:

    >>> esteban_ray([1, 3], ["a", "b"], 1)
    0.25
    """
    _check_alpha(alpha, "esteban_ray")
    share, mean = _poles(x, groups, weights, "esteban_ray")
    return float(share ** (1 + alpha) @ np.abs(mean[:, None] - mean) @ share)


@by_row("x", "groups", "weights")
def esteban_gradin_ray(
    x: npt.ArrayLike, groups: Any, alpha: float = 1, beta: float = 1, weights: npt.ArrayLike | None = None
) -> float:
    """Esteban-Gradín-Ray: :func:`esteban_ray` less ``beta`` × (Gini - Gini of the group means), the error of grouping.

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, not negative.
    groups : sequence, shape (n,)
    alpha : float
        As in :func:`esteban_ray`.
    beta : float
        Weight of the inequality within groups, which blurs them.
    weights : array_like, shape (n,), optional

    Returns
    -------
    float
        May be negative.

    Raises
    ------
    ModelError
        As :func:`esteban_ray`; for a negative beta.

    References
    ----------
    Esteban, Gradín and Ray (2007), doi:10.1007/s10888-006-9032-x.

    Examples
    --------
    Groups without inequality inside are not blurred:

    >>> esteban_gradin_ray([1, 3], ["a", "b"]) == esteban_ray([1, 3], ["a", "b"])
    True
    """
    if not np.isfinite(beta) or beta < 0:
        raise ModelError("not a weight of the error", where="esteban_gradin_ray", got=beta, expected=">= 0")
    share, mean = _poles(x, groups, weights, "esteban_gradin_ray")
    error = gini(x, weights) - gini(mean, share)
    return esteban_ray(x, groups, alpha, weights) - beta * error
