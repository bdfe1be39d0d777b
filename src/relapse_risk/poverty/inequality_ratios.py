"""Plain measures of inequality: quantile share ratios and Palma, Hoover, coefficient of variation, Kolm, extended Gini."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes, check_positive, check_weights
from relapse_risk.poverty.inequality import concentration_curve, weighted_quantile
from relapse_risk.rows import by_row

__all__ = ["coefficient_of_variation", "extended_gini", "hoover", "kolm", "palma", "quantile_share_ratio"]

ShareRule = Literal["step", "laeken", "lorenz"]


def _checked(x: npt.ArrayLike, weights: npt.ArrayLike | None, measure: str) -> tuple[Array, Array, float]:
    """Incomes, weights that sum to one, and the mean, which must be positive."""
    values = check_positive(check_incomes(x), measure, strictly=False)
    w = check_weights(weights, values.size)
    w = w / w.sum()
    mean = float(w @ values)
    if mean <= 0:
        raise ModelError("every income is zero", where=measure, got=mean, expected="a positive mean")
    return values, w, mean


@by_row("x", "weights")
def palma(x: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Palma ratio: income of the richest tenth over income of the poorest four tenths.

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, not negative.
    weights : array_like, shape (n,), optional

    Returns
    -------
    float

    Raises
    ------
    ModelError
        For missing or negative incomes, bad weights, or poorest four tenths without income.

    References
    ----------
    Palma (2011), doi:10.1111/j.1467-7660.2011.01646.x. The groups hold exactly their share of people, a unit at the border
    is split; with a standard error and whole units: ``QuantileShareRatio(0.4, 0.9)``.

    Examples
    --------
    >>> round(palma(range(1, 11)), 6)
    1.0
    """
    values, w, _ = _checked(x, weights, "palma")
    return quantile_share_ratio(values, 0.4, w, "lorenz", upper=0.9)


@by_row("x", "weights")
def hoover(x: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Hoover index (Pietra, Robin Hood): share of all income that would have to move to make all equal.

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, not negative, with a positive total.
    weights : array_like, shape (n,), optional

    Returns
    -------
    float
        mean(abs(x - mean)) / (2 mean), 0 to 1; the largest distance of the Lorenz curve from the diagonal.

    Raises
    ------
    ModelError
        For missing or negative incomes, bad weights, or no income at all.

    References
    ----------
    Hoover (1936), doi:10.2307/1927875; Pietra (1915).

    Examples
    --------
    >>> hoover([1, 1, 1, 5])
    0.375
    """
    values, w, mean = _checked(x, weights, "hoover")
    return float(w @ np.abs(values - mean) / (2 * mean))


@by_row("x", "weights")
def coefficient_of_variation(x: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Standard deviation over mean (that of the population, divided by n).

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, not negative, with a positive total.
    weights : array_like, shape (n,), optional

    Returns
    -------
    float

    Raises
    ------
    ModelError
        For missing or negative incomes, bad weights, or no income at all.

    References
    ----------
    Cowell (2011), *Measuring Inequality*; twice the generalised entropy of order 2 is its square.

    Examples
    --------
    >>> coefficient_of_variation([1, 3])
    0.5
    """
    values, w, mean = _checked(x, weights, "coefficient_of_variation")
    return float(np.sqrt(w @ (values - mean) ** 2) / mean)


@by_row("x", "weights")
def kolm(x: npt.ArrayLike, aversion: float = 1, weights: npt.ArrayLike | None = None) -> float:
    """Kolm index ln(mean(exp(a (mean - x)))) / a: absolute inequality, unchanged when everybody gains the same amount.

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes; the unit matters, so choose one in which ``aversion`` is of order one.
    aversion : float
        a > 0.
    weights : array_like, shape (n,), optional

    Returns
    -------
    float
        In the units of ``x``; 0 when all are equal.

    Raises
    ------
    ModelError
        For a <= 0, missing incomes or bad weights.

    References
    ----------
    Kolm (1976), doi:10.1016/0022-0531(76)90037-5.

    Examples
    --------
    >>> round(kolm([0, 2], 1), 6) == round(float(np.log(np.cosh(1))), 6)
    True
    """
    if not np.isfinite(aversion) or aversion <= 0:
        raise ModelError("not an aversion", where="kolm", got=aversion, expected="> 0")
    values = check_incomes(x)
    w = check_weights(weights, values.size)
    w = w / w.sum()
    below = aversion * (w @ values - values)
    top = below.max()  # so that no exponential overflows
    return float((top + np.log(w @ np.exp(below - top))) / aversion)


@by_row("x", "weights")
def extended_gini(x: npt.ArrayLike, aversion: float = 2, weights: npt.ArrayLike | None = None) -> float:
    """Extended (S-) Gini: 1 - mean income weighed by v (1 - rank)^(v - 1) / mean; v = 2 is the Gini.

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, not negative, with a positive total.
    aversion : float
        v > 1; the higher, the more the poorest count.
    weights : array_like, shape (n,), optional

    Returns
    -------
    float
        0 when all are equal. The rank weight is integrated over the weight of each unit.

    Raises
    ------
    ModelError
        For v <= 1, missing or negative incomes, bad weights, or no income at all.

    References
    ----------
    Donaldson and Weymark (1980), doi:10.1016/0022-0531(80)90065-4; Yitzhaki (1983), doi:10.2307/2648789.

    Examples
    --------
    >>> extended_gini([0, 0, 0, 1], 2)
    0.75
    """
    if not np.isfinite(aversion) or aversion <= 1:
        raise ModelError("not an aversion", where="extended_gini", got=aversion, expected="> 1")
    values, w, mean = _checked(x, weights, "extended_gini")
    order = np.argsort(values, kind="stable")
    above = np.maximum(1 - np.concatenate(([0.0], np.cumsum(w[order]))), 0.0)
    above[-1] = 0.0
    return float(1 - values[order] @ (above[:-1] ** aversion - above[1:] ** aversion) / mean)


@by_row("x", "weights")
def quantile_share_ratio(
    x: npt.ArrayLike,
    order: float = 0.2,
    weights: npt.ArrayLike | None = None,
    rule: ShareRule = "step",
    upper: float | None = None,
) -> float:
    """Income of those above the upper quantile over income of those at or below the lower one (S80/S20 at 0.2).

    Parameters
    ----------
    x : array_like, shape (n,)
    order : float
        Below one half; 0.2 compares the top and bottom fifths.
    weights : array_like, shape (n,), optional
    rule : {"step", "laeken", "lorenz"}
        How a quantile is read, as in :func:`weighted_quantile`; ``lorenz`` splits the unit at the quantile, so that the
        groups hold exactly their share of people (R wINEQ).
    upper : float, optional
        Order of the upper quantile; 1 - ``order`` when left out.

    Returns
    -------
    float

    Raises
    ------
    ModelError
        For a lower group without income.

    References
    ----------
    Eurostat S80/S20; Langel and Tillé (2011), doi:10.1007/s10260-011-0165-6; R laeken ``qsr``.

    Examples
    --------
    >>> quantile_share_ratio([1, 2, 3, 4, 5])
    5.0
    """
    values = check_incomes(x)
    w = check_weights(weights, values.size)
    above = 1 - order if upper is None else upper
    if rule == "lorenz":
        curve = concentration_curve(values, values, w)
        bottom, rest = (float(np.interp(p, curve["population"], curve["share"])) for p in (order, above))
        top = 1 - rest
    else:
        low = values <= weighted_quantile(values, order, w, rule)
        high = values > weighted_quantile(values, above, w, rule)
        bottom, top = float(w[low] @ values[low]), float(w[high] @ values[high])
    if bottom <= 0:
        raise ModelError("the lower group has no income", where="quantile_share_ratio", got=bottom)
    return top / bottom
