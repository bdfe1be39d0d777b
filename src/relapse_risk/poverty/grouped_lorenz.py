"""Poverty and inequality from grouped data: a Lorenz curve fitted to a few points, and everything read off the curve.

Two families, as the World Bank's Poverty and Inequality Platform fits them: general quadratic (Villasenor and Arnold 1989)
and beta (Kakwani 1980). All measures are integrals of the fitted curve, so there is one code for both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array
from relapse_risk.rows import by_row, numbers

__all__ = ["FittedLorenz", "GroupedPoverty", "fit_lorenz"]

LorenzFamily = Literal["quadratic", "beta"]
# Nodes t of the double exponential rule: p = 1 / (1 + exp(pi sinh t)) piles up at both ends, where slopes are infinite.
STEP, REACH = 1 / 64, 4.2


@dataclass(frozen=True, slots=True)
class GroupedPoverty:
    """Poverty against one line, read off a fitted curve.

    Attributes
    ----------
    headcount, gap, severity : float
        FGT of order 0, 1, 2.
    watts : float
        Null where the curve starts with a slope of zero or below, which would be negative incomes.
    elasticities : DataFrame
        Columns measure, of_mean, of_gini (Kakwani 1993): relative change per relative change of mean or Gini.
    """

    headcount: float
    gap: float
    severity: float
    watts: float
    elasticities: pd.DataFrame


@dataclass(frozen=True, slots=True)
class FittedLorenz:
    """A Lorenz curve with parameters.

    Attributes
    ----------
    family : {"quadratic", "beta"}
        L(1 - L) = a (p² - L) + b L (p - 1) + c (p - L), or L = p - a p^b (1 - p)^c.
    coefficients : array, shape (3,)
        a, b, c.
    mean : float
        Mean income, in the currency of the lines asked about.
    """

    family: LorenzFamily
    coefficients: Array
    mean: float

    def share(self, p: npt.ArrayLike) -> Array:
        """Income share of the poorest ``p`` of the people."""
        at = np.asarray(p, dtype=np.float64)
        return _curve(self.family, self.coefficients, at, 1 - at)[0]

    def income(self, p: npt.ArrayLike) -> Array:
        """Income at the quantile ``p``: mean × slope of the curve."""
        at = np.asarray(p, dtype=np.float64)
        return self.mean * _curve(self.family, self.coefficients, at, 1 - at)[1]

    @property
    def gini(self) -> float:
        return 1 - 2 * _integral(lambda p, q: _curve(self.family, self.coefficients, p, q)[0])

    @property
    def median(self) -> float:
        return float(self.income(0.5))

    @property
    def wolfson(self) -> float:
        """Bipolarisation 2 (2 (1/2 - L(1/2)) - Gini) × mean / median."""
        return 2 * (2 * (0.5 - float(self.share(0.5))) - self.gini) * self.mean / self.median

    @property
    def starts_positive(self) -> bool:
        """Whether the poorest have a positive income on this curve."""
        return bool(_slope(self, 1e-12) > 0)

    @property
    def is_valid(self) -> bool:
        """Whether the curve rises and bends upwards from 0.001 to 0.999 and ends where it must (below 0.001 it may dip)."""
        p = np.linspace(0.001, 0.999, 999)
        _, slope, bend = _curve(self.family, self.coefficients, p, 1 - p)
        ends = np.allclose(self.share([0.0, 1.0]), [0, 1], atol=1e-8)
        return bool(ends and np.isfinite(slope).all() and (bend > 0).all() and slope[0] >= 0)

    def decile_shares(self) -> Array:
        """Income share of each tenth, poorest first; shape (10,)."""
        return np.diff(self.share(np.linspace(0, 1, 11)))

    def entropy(self, order: float) -> float:
        """Mean log deviation (order 0) or Theil (order 1); null where the curve starts without a positive slope."""
        if order not in (0, 1):
            raise ModelError("not computed from a curve", where="FittedLorenz.entropy", got=order, expected="0 or 1")
        if not self.starts_positive:
            return float("nan")

        def terms(p: Array, q: Array) -> Array:
            slope = _curve(self.family, self.coefficients, p, q)[1]
            return -np.log(slope) if order == 0 else slope * np.log(slope)

        return _integral(terms)

    def atkinson(self, aversion: float) -> float:
        """Atkinson index; null where the curve starts without a positive slope."""
        if not np.isfinite(aversion) or aversion <= 0:
            raise ModelError("not an aversion", where="FittedLorenz.atkinson", got=aversion, expected="> 0")
        if not self.starts_positive:
            return float("nan")
        if aversion == 1:
            return 1 - float(np.exp(-self.entropy(0)))
        power = 1 - aversion
        mean = _integral(lambda p, q: _curve(self.family, self.coefficients, p, q)[1] ** power)
        return 1 - float(mean ** (1 / power))

    def poverty(self, line: float) -> GroupedPoverty:
        """Poverty against a line, in the currency of the mean.

        Raises
        ------
        ModelError
            For a line that is not positive, or above every income of the curve.
        """
        if not np.isfinite(line) or line <= 0:
            raise ModelError("not a positive number", where="FittedLorenz.poverty: line", got=line, expected="> 0")
        z = line / self.mean
        if _slope(self, 1e-12) >= z:
            nobody = pd.DataFrame({"measure": ["headcount", "gap", "severity"], "of_mean": np.nan, "of_gini": np.nan})
            return GroupedPoverty(0.0, 0.0, 0.0, 0.0, nobody)
        if _slope(self, 1 - 1e-12) <= z:
            raise ModelError("line above every income of the curve", where="FittedLorenz.poverty", got=line)
        headcount = float(brentq(lambda p: _slope(self, p) - z, 1e-12, 1 - 1e-12, xtol=1e-15, rtol=1e-14))
        gap = headcount - float(self.share(headcount)) / z
        severity = self._below(headcount, lambda slope: (1 - slope / z) ** 2)
        watts = self._below(headcount, lambda slope: np.log(z / slope)) if self.starts_positive else float("nan")
        return GroupedPoverty(headcount, gap, severity, watts, self._elasticities(z, headcount, gap, severity))

    def _below(self, headcount: float, term: Callable[[Array], Array]) -> float:
        """Integral of a function of the slope over the poor."""

        def terms(p: Array, q: Array) -> Array:
            slope = _curve(self.family, self.coefficients, headcount * p, 1 - headcount * p)[1]
            values: Array = term(slope)
            return values

        return headcount * _integral(terms)

    def _elasticities(self, z: float, headcount: float, gap: float, severity: float) -> pd.DataFrame:
        at = np.asarray(headcount)
        bend = float(_curve(self.family, self.coefficients, at, 1 - at)[2])
        of_mean = [-z / (headcount * bend), 1 - headcount / gap, 2 * (1 - gap / severity)]
        rest = 1 / z - 1
        of_gini = [(1 - z) / (headcount * bend), 1 + rest * headcount / gap, 2 * (1 + rest * gap / severity)]
        return pd.DataFrame({"measure": ["headcount", "gap", "severity"], "of_mean": of_mean, "of_gini": of_gini})


@by_row("population", "income")
def fit_lorenz(
    population: npt.ArrayLike, income: npt.ArrayLike, family: LorenzFamily = "quadratic", mean: float = 1.0
) -> FittedLorenz:
    """Fit a Lorenz curve to cumulative shares by least squares on its linear form.

    Parameters
    ----------
    population, income : array_like, shape (k,)
        Cumulative shares of people and of income, poorest first, above 0; the point (1, 1) may be there or not.
    family : {"quadratic", "beta"}
    mean : float
        Mean income, in the currency of the lines to come.

    Returns
    -------
    FittedLorenz
        Look at ``is_valid`` before using it.

    Raises
    ------
    ModelError
        For fewer than three inner points, shares that do not rise or lie above the diagonal, or a mean not above 0.

    References
    ----------
    Datt (1998), *Computational tools for poverty measurement and analysis*, IFPRI; Villasenor and Arnold (1989),
    doi:10.1016/0304-4076(89)90089-4; Kakwani (1980), doi:10.2307/1911106.

    Examples
    --------
    >>> fitted = fit_lorenz([0.2, 0.4, 0.6, 0.8, 1], [0.06, 0.18, 0.35, 0.58, 1])
    >>> round(fitted.gini, 2), round(fitted.poverty(0.5).headcount, 2)
    (0.36, 0.22)
    """
    p, share = numbers(population, "fit_lorenz: population"), numbers(income, "fit_lorenz: income")
    if not np.isfinite(mean) or mean <= 0:
        raise ModelError("not a mean income", where="fit_lorenz: mean", got=mean, expected="> 0")
    if family not in ("quadratic", "beta"):
        raise ModelError("unknown family", where="fit_lorenz: family", got=family, expected="quadratic | beta")
    if p.ndim != 1 or p.shape != share.shape or not (np.isfinite(p) & np.isfinite(share)).all():
        raise ModelError("not two columns of shares", where="fit_lorenz", got=(p.shape, share.shape))
    inner = p < 1 - 1e-12
    p, share = p[inner], share[inner]
    steps = np.diff(np.concatenate(([0.0], p))), np.diff(np.concatenate(([0.0], share)))
    if p.size < 3 or (steps[0] <= 0).any() or (steps[1] < 0).any() or (share <= 0).any() or (share >= p).any():
        raise ModelError("not points of a Lorenz curve", where="fit_lorenz", got=p.size,
                         expected="three or more below 1, rising, under the diagonal")  # fmt: skip
    if family == "quadratic":
        matrix = np.column_stack([p**2 - share, share * (p - 1), p - share])
        coefficients = np.linalg.lstsq(matrix, share * (1 - share), rcond=None)[0]
    else:
        matrix = np.column_stack([np.ones(p.size), np.log(p), np.log(1 - p)])
        coefficients = np.linalg.lstsq(matrix, np.log(p - share), rcond=None)[0]
        coefficients[0] = np.exp(coefficients[0])
    return FittedLorenz(family, coefficients.astype(np.float64), float(mean))


def _slope(curve: FittedLorenz, p: float) -> float:
    at = np.asarray(p)
    return float(_curve(curve.family, curve.coefficients, at, 1 - at)[1])


def _curve(family: LorenzFamily, coefficients: Array, p: Array, rest: Array) -> tuple[Array, Array, Array]:
    """Share, slope and second derivative at ``p``; ``rest`` is 1 - p, given because it can be too small to compute."""
    a, b, c = coefficients
    if family == "quadratic":
        e = -(a + b + c + 1)
        m, n = b**2 - 4 * a, 2 * b * e - 4 * c
        root = np.sqrt(np.maximum(m * p**2 + n * p + e**2, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = -b / 2 - (2 * m * p + n) / (4 * root)
            bend = (n**2 - 4 * m * e**2) / (8 * root**3)
        return -(b * p + e + root) / 2, slope, bend
    with np.errstate(divide="ignore", invalid="ignore"):
        hump = a * p**b * rest**c
        slope = 1 - hump * (b / p - c / rest)
        bend = hump * (b * (1 - b) / p**2 + 2 * b * c / (p * rest) + c * (1 - c) / rest**2)
    return p - hump, slope, bend


def _integral(function: Callable[[Array, Array], Array]) -> float:
    """Integral over 0 to 1 by the double exponential rule (Takahasi and Mori 1974); the function takes p and 1 - p."""
    t = np.arange(-REACH, REACH + STEP / 2, STEP)
    raised = np.exp(np.pi * np.sinh(t))
    p, rest = raised / (1 + raised), 1 / (1 + raised)
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.asarray(function(p, rest)) * p * rest * np.pi * np.cosh(t)
    return float(np.nansum(values) * STEP)
