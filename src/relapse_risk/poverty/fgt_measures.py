"""Poverty measures of incomes, a line and weights: pure functions of arrays.

``closed`` states who is poor at exactly the line: ``"right"`` counts income <= line (convey, laeken's FGT),
``"left"`` counts income < line (World Bank, Chinese exit rule). It only matters for headcounts and for relative lines.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes, check_line, check_positive, check_weights, group_codes
from relapse_risk.rows import by_row

__all__ = ["Closed", "fgt", "fgt_by_group", "headcount", "income_gap_ratio", "is_poor", "sen", "sst", "watts"]

Closed = Literal["left", "right"]


@by_row("income", "line")
def is_poor(income: npt.ArrayLike, line: npt.ArrayLike, closed: Closed = "left") -> npt.NDArray[np.bool_]:
    """Who is poor: income < line (``closed="left"``) or income <= line (``"right"``).

    Parameters
    ----------
    income, line : array_like, shape (n,) or scalar
        Income and line of each unit, the same currency and period.
    closed : {"left", "right"}
        Poor below the line, or at the line too.

    Returns
    -------
    array of bool, shape (n,)

    Raises
    ------
    ModelError
        For missing incomes, a line that is not positive, or an unknown rule.

    References
    ----------
    Donaldson and Weymark (1986), doi:10.2307/2526700, on the weak and strong definition.

    Examples
    --------
    >>> is_poor([3999, 4000], 4000).tolist(), is_poor([3999, 4000], 4000, closed="right").tolist()
    ([True, False], [True, True])
    """
    values = check_incomes(income)
    lines = check_line(line, values.size)
    if closed not in ("left", "right"):
        raise ModelError("unknown rule at the line", where="closed", got=closed, expected="left (<) or right (<=)")
    poor: npt.NDArray[np.bool_] = values < lines if closed == "left" else values <= lines
    return poor


def poverty_gaps(income: npt.ArrayLike, line: npt.ArrayLike, alpha: float, closed: Closed = "left") -> Array:
    """Each unit's FGT term ((z - x) / z) ** alpha of the poor, 0 of the others; shape (n,)."""
    values = check_incomes(income)
    lines = check_line(line, values.size)
    if not np.isfinite(alpha) or alpha < 0:
        raise ModelError("not an FGT order", where="alpha", got=alpha, expected=">= 0")
    poor = is_poor(values, lines, closed)
    gap = np.where(poor, (lines - values) / lines, 0.0)
    return np.where(poor, gap**alpha, 0.0)


@by_row("income", "line", "weights")
def fgt(
    income: npt.ArrayLike,
    line: npt.ArrayLike,
    alpha: float = 0,
    weights: npt.ArrayLike | None = None,
    closed: Closed = "left",
) -> float:
    """Foster-Greer-Thorbecke measure: sum(w (gap of the poor) ** alpha) / sum(w), gap = (z - x) / z.

    Parameters
    ----------
    income : array_like, shape (n,)
        Currency per person and year.
    line : float or array_like, shape (n,)
        Same unit as ``income``.
    alpha : float
        0 headcount ratio, 1 poverty gap, 2 squared gap.
    weights : array_like, shape (n,), optional
    closed : {"left", "right"}
        Whether income at exactly the line is not poor (left) or poor (right).

    Returns
    -------
    float

    Raises
    ------
    ModelError
        For missing incomes, a line that is not positive, or weights that are negative or sum to zero.

    Notes
    -----
    Foster, Greer and Thorbecke (1984), doi:10.2307/1913475.

    Examples
    --------
    World Bank Handbook on Poverty and Inequality (2009), chapter 4, country C:

    >>> [round(fgt([100, 110, 150, 160], 125, alpha), 4) for alpha in (0, 1, 2)]
    [0.5, 0.08, 0.0136]
    """
    gaps = poverty_gaps(income, line, alpha, closed)
    w = check_weights(weights, gaps.size)
    return float(w @ gaps / w.sum())


@by_row("income", "line", "weights")
def headcount(
    income: npt.ArrayLike, line: npt.ArrayLike, weights: npt.ArrayLike | None = None, closed: Closed = "left"
) -> float:
    """Headcount ratio: the weighted share of the poor, FGT of order 0.

    Parameters
    ----------
    income, line : array_like, shape (n,) or scalar
        Income and line of each unit, the same currency and period.
    weights : array_like, shape (n,), optional
        Sampling or size weights; equal when left out.
    closed : {"left", "right"}
        Poor below the line, or at the line too.

    Returns
    -------
    float
        Share, 0 to 1.

    References
    ----------
    Foster, Greer and Thorbecke (1984), doi:10.2307/1913475.

    Examples
    --------
    >>> headcount([100, 110, 150, 160], 125)
    0.5
    """
    return fgt(income, line, 0, weights, closed)


@by_row("income", "line", "weights")
def income_gap_ratio(
    income: npt.ArrayLike, line: npt.ArrayLike, weights: npt.ArrayLike | None = None, closed: Closed = "left"
) -> float:
    """Mean gap of the poor, FGT(1) / FGT(0).

    Parameters
    ----------
    income, line : array_like, shape (n,) or scalar
        Income and line of each unit, the same currency and period.
    weights : array_like, shape (n,), optional
        Sampling or size weights; equal when left out.
    closed : {"left", "right"}
        Poor below the line, or at the line too.

    Returns
    -------
    float
        Share of the line, 0 to 1 where incomes are not negative.

    Raises
    ------
    ModelError
        If nobody is poor.

    References
    ----------
    Foster, Greer and Thorbecke (1984), doi:10.2307/1913475.

    Examples
    --------
    >>> round(income_gap_ratio([100, 110, 150, 160], 125), 12)
    0.16
    """
    share = fgt(income, line, 0, weights, closed)
    if share == 0:
        raise ModelError("nobody is poor, so the gap of the poor is not defined", where="income_gap_ratio")
    return fgt(income, line, 1, weights, closed) / share


@by_row("income", "line", "weights")
def watts(
    income: npt.ArrayLike, line: npt.ArrayLike, weights: npt.ArrayLike | None = None, closed: Closed = "left"
) -> float:
    """Watts index: weighted mean of ln(z / x) over the poor, 0 for the others.

    Parameters
    ----------
    income, line : array_like, shape (n,) or scalar
        Income and line of each unit, the same currency and period.
    weights : array_like, shape (n,), optional
        Sampling or size weights; equal when left out.
    closed : {"left", "right"}
        Poor below the line, or at the line too.

    Returns
    -------
    float
        0 when nobody is poor.

    Raises
    ------
    ModelError
        If a poor unit has an income that is not positive.

    Notes
    -----
    Watts (1968). Handbook ch. 4, eq. 4.8.

    Examples
    --------
    >>> round(watts([100, 110, 150, 160], 125), 7)
    0.0877442
    """
    values = check_incomes(income)
    lines = check_line(line, values.size)
    poor = is_poor(values, lines, closed)
    check_positive(values[poor], "watts")
    w = check_weights(weights, values.size)
    return float(w[poor] @ np.log(lines[poor] / values[poor]) / w.sum())


def _gini_sorted(values: Array, w: Array) -> float:
    """Gini of a non-negative vector with mid-rank weights; 0 when everything is equal."""
    order = np.argsort(values, kind="stable")
    x, w = values[order], w[order]
    rank = np.cumsum(w) - w / 2
    total = w @ x
    return float(2 * (w * x) @ rank / (w.sum() * total) - 1) if total > 0 else 0.0


@by_row("income", "line", "weights")
def sen(
    income: npt.ArrayLike, line: npt.ArrayLike, weights: npt.ArrayLike | None = None, closed: Closed = "left"
) -> float:
    """Sen index H (I + (1 - I) G_p), G_p the Gini of the incomes of the poor alone.

    Parameters
    ----------
    income, line : array_like, shape (n,) or scalar
        Income and line of each unit, the same currency and period.
    weights : array_like, shape (n,), optional
        Sampling or size weights; equal when left out.
    closed : {"left", "right"}
        Poor below the line, or at the line too.

    Returns
    -------
    float
        0 when nobody is poor.

    Raises
    ------
    ModelError
        For a negative income among the poor (the Gini is not defined).

    Notes
    -----
    Sen (1976), doi:10.2307/1912718, in the limit of many poor. A known error is to use everybody's Gini.

    References
    ----------
    Sen (1976), doi:10.2307/1912718.

    Examples
    --------
    >>> round(sen([100, 110, 150, 160], 125), 6)
    0.09
    """
    values = check_incomes(income)
    poor = is_poor(values, check_line(line, values.size), closed)
    w = check_weights(weights, values.size)
    if not poor.any():
        return 0.0
    check_positive(values[poor], "sen", strictly=False)
    share = w[poor].sum() / w.sum()
    gap = income_gap_ratio(values, line, w, closed)
    return float(share * (gap + (1 - gap) * _gini_sorted(values[poor], w[poor])))


@by_row("income", "line", "weights")
def sst(
    income: npt.ArrayLike, line: npt.ArrayLike, weights: npt.ArrayLike | None = None, closed: Closed = "left"
) -> float:
    """Sen-Shorrocks-Thon index FGT(1) × (1 + Gini of everybody's gaps).

    Parameters
    ----------
    income, line : array_like, shape (n,) or scalar
        Income and line of each unit, the same currency and period.
    weights : array_like, shape (n,), optional
        Sampling or size weights; equal when left out.
    closed : {"left", "right"}
        Poor below the line, or at the line too.

    Returns
    -------
    float
        0 when nobody is poor.

    Notes
    -----
    Shorrocks (1995), doi:10.2307/2171728.

    Examples
    --------
    >>> round(sst([100, 110, 150, 160], 125), 6)
    0.125
    """
    gaps = poverty_gaps(income, line, 1, closed)
    w = check_weights(weights, gaps.size)
    mean = float(w @ gaps / w.sum())
    return mean * (1 + _gini_sorted(gaps, w)) if mean else 0.0


@by_row("income", "line", "groups", "weights")
def fgt_by_group(
    income: npt.ArrayLike,
    line: npt.ArrayLike,
    groups: Any,
    alpha: float = 0,
    weights: npt.ArrayLike | None = None,
    closed: Closed = "left",
) -> pd.DataFrame:
    """FGT of each group with its exact share of the total.

    Parameters
    ----------
    income, line : array_like, shape (n,) or scalar
        Income and line of each unit, the same currency and period.
    groups : sequence, shape (n,)
    alpha : float
        0 headcount, 1 gap, 2 squared gap.
    weights : array_like, shape (n,), optional
        Sampling or size weights; equal when left out.
    closed : {"left", "right"}
        Poor below the line, or at the line too.

    Returns
    -------
    DataFrame
        Columns group, population_share, value, contribution (population_share × value, summing to the total) and
        contribution_share (summing to one; null when nobody is poor).

    References
    ----------
    Foster, Greer and Thorbecke (1984), doi:10.2307/1913475.

    Examples
    --------
    >>> fgt_by_group([100, 110, 150, 160], 125, ["a", "b", "a", "b"], 1)["contribution"].round(3).tolist()
    [0.05, 0.03]
    """
    terms = poverty_gaps(income, line, alpha, closed)
    w = check_weights(weights, terms.size)
    codes, labels = group_codes(groups, terms.size)
    mass = np.bincount(codes, w, len(labels))
    sums = np.bincount(codes, w * terms, len(labels))
    share = mass / mass.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        value = sums / mass
    contribution = sums / mass.sum()
    total = contribution.sum()
    return pd.DataFrame(
        {
            "group": labels,
            "population_share": share,
            "value": value,
            "contribution": contribution,
            "contribution_share": contribution / total if total > 0 else np.full(len(labels), np.nan),
        }
    )
