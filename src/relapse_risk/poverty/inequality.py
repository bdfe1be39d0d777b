"""Inequality of incomes: pure functions of arrays, weighted, with exact decompositions."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes, check_positive, check_weights
from relapse_risk.poverty.curve_result import Curve
from relapse_risk.rows import by_row

__all__ = [
    "atkinson",
    "concentration_curve",
    "generalised_entropy",
    "gini",
    "lorenz_curve",
    "weighted_quantile",
    "zenga",
]

GiniKind = Literal["population", "laeken", "convey"]
QuantileRule = Literal["step", "laeken"]


@by_row("x", "weights")
def weighted_quantile(
    x: npt.ArrayLike, order: float, weights: npt.ArrayLike | None = None, rule: QuantileRule = "step"
) -> float:
    """Weighted quantile: smallest value whose cumulated share of weight reaches ``order``.

    Parameters
    ----------
    x : array_like, shape (n,)
    weights : array_like, shape (n,), optional
    order : float
        Between 0 and 1.
    rule : {"step", "laeken"}
        ``step`` (convey) takes that value; ``laeken`` takes the mean of it and the next where the share is hit exactly.

    Returns
    -------
    float
        In the units of ``x``.

    Raises
    ------
    ModelError
        For missing values, bad weights or an order outside 0 to 1.

    References
    ----------
    Hyndman and Fan (1996), doi:10.2307/2684934, types 1 and 2; R laeken ``weightedQuantile``.

    Examples
    --------
    >>> weighted_quantile([3, 1, 2, 4], 0.5), weighted_quantile([3, 1, 2, 4], 0.5, rule="laeken")
    (2.0, 2.5)
    """
    values = check_incomes(x, "quantile")
    w = check_weights(weights, values.size)
    if not 0 <= order <= 1:
        raise ModelError("not a quantile order", where="weighted_quantile", got=order, expected="0 to 1")
    ranked = np.argsort(values, kind="stable")
    ranked = ranked[w[ranked] > 0]
    cumulated = np.cumsum(w[ranked])
    target = order * cumulated[-1]
    # A share reached up to rounding counts as reached.
    at = int(np.searchsorted(cumulated, target * (1 - 1e-14), side="left"))
    at = min(at, ranked.size - 1)
    if rule == "laeken" and abs(cumulated[at] - target) <= 1e-12 * cumulated[-1] and at + 1 < ranked.size:
        return float((values[ranked[at]] + values[ranked[at + 1]]) / 2)
    return float(values[ranked[at]])


@by_row("x", "weights")
def gini(x: npt.ArrayLike, weights: npt.ArrayLike | None = None, kind: GiniKind = "population") -> float:
    """Gini coefficient, O(n log n).

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, not negative, with a positive total.
    weights : array_like, shape (n,), optional
    kind : {"population", "laeken", "convey"}
        How a weighted unit ranks itself: at the middle of its weight (population: unchanged when a unit of weight two
        becomes two units), or as the peers do: (2 Σ w r x - Σ w² x) / (N T) - 1 with r the cumulated weight (laeken,
        the same number as population), (2 Σ w r x - Σ w x) / (N T) - 1 (convey).

    Returns
    -------
    float
        0 (equal) to 1.

    Raises
    ------
    ModelError
        For a negative income or a zero total.

    References
    ----------
    Gini (1914); Lerman and Yitzhaki (1984), doi:10.1016/0165-1765(84)90126-5.

    Examples
    --------
    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 1])
    (0.0, 0.75)
    """
    values = check_positive(check_incomes(x), "gini", strictly=False)
    w = check_weights(weights, values.size)
    order = np.argsort(values, kind="stable")
    v, w = values[order], w[order]
    total = w @ v
    if total <= 0:
        raise ModelError("total income is zero", where="gini", got=float(total), expected="> 0")
    if kind not in ("population", "laeken", "convey"):
        raise ModelError("unknown kind", where="gini", got=kind, expected="population | laeken | convey")
    own = np.ones_like(w) if kind == "convey" else w
    return float((w * v) @ (2 * np.cumsum(w) - own) / (w.sum() * total) - 1)


def _positive_mean(values: Array, w: Array, where: str) -> float:
    """The mean income, which these measures divide by; ``w`` sums to one."""
    mean = float(w @ values)
    if mean <= 0:
        raise ModelError("every income is zero", where=where, got=mean, expected="a positive mean")
    return mean


@by_row("x", "weights")
def generalised_entropy(x: npt.ArrayLike, order: float = 1, weights: npt.ArrayLike | None = None) -> float:
    """Generalised entropy: order 0 mean log deviation, 1 Theil, 2 half the squared coefficient of variation.

    (mean((x / m) ** a) - 1) / (a (a - 1)); limits -mean(ln(x / m)) at 0 and mean(x / m ln(x / m)) at 1.

    Parameters
    ----------
    x : array_like, shape (n,)
    order : float
        Sensitivity a; small for the bottom of the distribution.
    weights : array_like, shape (n,), optional

    Returns
    -------
    float
        0 when all incomes are equal.

    Raises
    ------
    ModelError
        For an income that is not positive (orders <= 0 and 1) or negative.

    Notes
    -----
    Shorrocks (1984), doi:10.2307/1913511.

    Examples
    --------
    >>> round(generalised_entropy([1, 3], 2), 4)
    0.125
    """
    values = check_incomes(x)
    check_positive(values, f"generalised entropy of order {order:g}", strictly=order <= 0 or order == 1)
    w = check_weights(weights, values.size)
    w = w / w.sum()
    share = values / _positive_mean(values, w, "generalised_entropy")
    if order == 0:
        return float(-(w @ np.log(share)))
    if order == 1:
        return float(w @ (share * np.log(share)))
    # By logarithms, so that orders near 0 and 1 go over into their limits.
    with np.errstate(divide="ignore"):
        logs = np.log(share)
    near_one = abs(order - 1) < abs(order)
    total = w @ (share * np.expm1((order - 1) * logs)) if near_one and (share > 0).all() else w @ np.expm1(order * logs)
    return float(total / (order * (order - 1)))


@by_row("x", "weights")
def atkinson(x: npt.ArrayLike, aversion: float = 1, weights: npt.ArrayLike | None = None) -> float:
    """Atkinson index 1 - (mean((x / m) ** (1 - e))) ** (1 / (1 - e)); e = 1: one minus geometric over arithmetic mean.

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, positive.
    weights : array_like, shape (n,), optional
    aversion : float
        e > 0, aversion to inequality.

    Returns
    -------
    float
        Between 0 (equal) and 1.

    Raises
    ------
    ModelError
        For e <= 0, or an income that is not positive where e >= 1.

    Notes
    -----
    Atkinson (1970), doi:10.1016/0022-0531(70)90039-6.

    Examples
    --------
    >>> round(atkinson([1, 4], 1), 6)
    0.2
    """
    if not np.isfinite(aversion) or aversion <= 0:
        raise ModelError("not an aversion", where="atkinson", got=aversion, expected="> 0")
    values = check_incomes(x)
    check_positive(values, f"atkinson with aversion {aversion:g}", strictly=aversion >= 1)
    w = check_weights(weights, values.size)
    w = w / w.sum()
    share = values / _positive_mean(values, w, "atkinson")
    if aversion == 1:
        return float(1 - np.exp(w @ np.log(share)))
    return float(1 - (w @ share ** (1 - aversion)) ** (1 / (1 - aversion)))


@by_row("x", "weights")
def zenga(x: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Zenga (2007) index: mean over units of 1 - mean of those not richer / mean of those not poorer.

    Estimator 1 - sum(w (N - H) (T - K) / (N H K)), H the cumulated weight and K the income of a unit and all above it.

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, any currency.
    weights : array_like, shape (n,), optional
        Equal when left out.

    Returns
    -------
    float

    Raises
    ------
    ModelError
        For a negative income or a zero highest income.

    Notes
    -----
    Barabesi, Diana and Perri (2016), doi:10.1080/02331888.2015.1135924, as convey. Too high in small samples: the
    unit itself counts on both sides, so equal incomes give 0.83 for 4 units, 0.015 for 1,000, not 0.

    Examples
    --------
    >>> round(zenga([1, 2, 3, 4]), 6)
    0.936508
    """
    values = check_positive(check_incomes(x), "zenga", strictly=False)
    w = check_weights(weights, values.size)
    order = np.argsort(values, kind="stable")
    v, w = values[order], w[order]
    mass, total = w.sum(), w @ v
    if v[-1] <= 0:
        raise ModelError("every income is zero", where="zenga", expected="a positive income")
    upto = np.cumsum(w)
    above = total - np.cumsum(w * v) + w * v
    return float(1 - w @ ((mass - upto) * (total - above) / (mass * upto * above)))


@by_row("x", "rank_by", "weights")
def concentration_curve(
    x: npt.ArrayLike, rank_by: npt.ArrayLike, weights: npt.ArrayLike | None = None, points: int | None = None
) -> Curve:
    """Cumulated share of ``x`` against cumulated share of units ordered by ``rank_by``.

    Parameters
    ----------
    x, rank_by : array_like, shape (n,)
        What is shared out, and what orders the units, lowest first.
    weights : array_like, shape (n,), optional
    points : int, optional
        Interpolate at so many equal steps; every unit otherwise.

    Returns
    -------
    Curve
        frame: columns population and share, both from 0 to 1.

    Raises
    ------
    ModelError
        For missing values, vectors of two lengths, bad weights or a zero total.

    References
    ----------
    Kakwani (1977), doi:10.2307/1911684.

    Examples
    --------
    >>> concentration_curve([1, 3], [2, 1])["share"].tolist()
    [0.0, 0.75, 1.0]
    """
    values = check_incomes(x)
    w = check_weights(weights, values.size)
    order = np.argsort(check_incomes(rank_by, "rank_by"), kind="stable")
    if order.size != values.size:
        raise ModelError("wrong length", where="rank_by", got=order.size, expected=str(values.size))
    total = w @ values
    if total == 0:
        raise ModelError("total is zero", where="concentration_curve", expected="a total other than zero")
    population = np.concatenate(([0.0], np.cumsum(w[order]) / w.sum()))
    share = np.concatenate(([0.0], np.cumsum((w * values)[order]) / total))
    if points is not None:
        at = np.linspace(0, 1, points + 1)
        population, share = at, np.interp(at, population, share)
    return Curve(
        "concentration",
        pd.DataFrame({"population": population, "share": share}),
        _half("concentration", population, share),
    )


def _half(kind: str, population: Array, share: Array) -> str:
    """What the first half holds, in a line of words."""
    return f"{kind} curve: the first half holds {np.interp(0.5, population, share):.1%}"


@by_row("x", "weights")
def lorenz_curve(x: npt.ArrayLike, weights: npt.ArrayLike | None = None, points: int | None = None) -> Curve:
    """Lorenz curve: share of income held by the poorest share of the population.

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, not negative.
    weights : array_like, shape (n,), optional
    points : int, optional
        Interpolate at so many equal steps; every unit otherwise.

    Returns
    -------
    Curve
        frame: columns population and share, both from 0 to 1.

    References
    ----------
    Lorenz (1905); L(p) = sum of the incomes of the poorest share p over all income.

    Examples
    --------
    >>> lorenz_curve([3, 1])["share"].tolist()
    [0.0, 0.25, 1.0]
    """
    check_positive(check_incomes(x), "lorenz_curve", strictly=False)
    frame = concentration_curve(x, x, weights, points).frame
    return Curve("lorenz", frame, _half("Lorenz", frame["population"].to_numpy(), frame["share"].to_numpy()))
