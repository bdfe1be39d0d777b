"""Is one distribution better than another whatever the line or the index? Lorenz ordinates with covariance, and a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq, nnls
from scipy.stats import chi2

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes, check_positive
from relapse_risk.poverty.fgt_measures import poverty_gaps
from relapse_risk.rows import by_row

__all__ = ["Dominance", "LorenzOrdinates", "dominance_test", "kodde_palm_bounds", "lorenz_ordinates", "tip_ordinates"]

CurveKind = Literal["generalised", "lorenz"]
DECILES = tuple(k / 10 for k in range(1, 11))


@dataclass(frozen=True, slots=True)
class LorenzOrdinates:
    """Ordinates of a curve with their covariance.

    Attributes
    ----------
    frame : DataFrame
        Columns order, value, se.
    covariance : array, shape (k, k)
    """

    frame: pd.DataFrame
    covariance: Array


def _generalised(x: Array, orders: Array) -> tuple[Array, Array]:
    """Ordinates p × mean of the poorest p, and their covariance: Beach and Davidson's theorem 1."""
    ranked = np.sort(x)
    count = np.floor(orders * x.size + 1e-9).astype(np.intp)
    if count[0] == 0:
        raise ModelError(
            "fewer incomes than shares of people", where="lorenz_ordinates", got=x.size, fix="take fewer orders"
        )
    quantile = ranked[np.ceil(orders * x.size - 1e-9).astype(np.intp) - 1]
    mean = np.array([ranked[:k].mean() for k in count])
    variance = np.array([ranked[:k].var() for k in count])
    above = quantile - mean
    upper = orders[:, None] * (
        variance[:, None] + (1 - orders) * np.outer(above, above) + above[:, None] * (mean - mean[:, None])
    )
    matrix = np.triu(upper) + np.triu(upper, 1).T
    return orders * mean, matrix / x.size


def _shares(values: Array, matrix: Array) -> tuple[Array, Array]:
    """Lorenz ordinates and their covariance, by the delta method; the last ordinate given is that of everybody."""
    mean = values[-1]
    gradient = np.eye(values.size) / mean
    gradient[:, -1] -= values / mean**2
    return values / mean, gradient @ matrix @ gradient.T


def _check_orders(orders: Sequence[float]) -> Array:
    p = np.asarray(orders, dtype=np.float64)
    if p.ndim != 1 or p.size == 0 or not ((p > 0) & (p <= 1)).all() or (np.diff(p) <= 0).any():
        raise ModelError("not rising shares of people", where="orders", got=list(orders), expected="above 0, up to 1")
    return p


@by_row("income")
def lorenz_ordinates(
    income: npt.ArrayLike, kind: CurveKind = "generalised", orders: Sequence[float] = DECILES
) -> LorenzOrdinates:
    """Ordinates of the (generalised) Lorenz curve of a simple random sample, with their covariance.

    Parameters
    ----------
    income : array_like, shape (n,)
        Not negative. Unweighted; for a complex design take ``estimate`` with ``LorenzOrdinate``.
    kind : {"generalised", "lorenz"}
        Cumulative income per head of all, or its share in the mean (whose ordinate at 1 is 1 without error).
    orders : sequence of float
        Shares of people, above 0 to 1.

    Returns
    -------
    LorenzOrdinates

    Raises
    ------
    ModelError
        For missing or negative incomes, or orders that do not rise from above 0 to 1.

    References
    ----------
    Beach and Davidson (1983), doi:10.2307/2297772; Bishop, Formby and Thistle (1989).

    Examples
    --------
    >>> lorenz_ordinates([1.0, 3.0], "lorenz", [0.5, 1]).frame["value"].tolist()
    [0.25, 1.0]
    """
    x = check_positive(check_incomes(income), "lorenz_ordinates", strictly=False)
    if kind not in ("generalised", "lorenz"):
        raise ModelError("unknown curve", where="lorenz_ordinates", got=kind, expected="generalised | lorenz")
    if x.sum() <= 0:
        raise ModelError("every income is zero", where="lorenz_ordinates", expected="a positive mean")
    p = _check_orders(orders)
    if kind == "generalised":
        values, matrix = _generalised(x, p)
    else:
        values, matrix = (part[: p.size] for part in _shares(*_generalised(x, np.union1d(p, [1.0]))))
        matrix = matrix[:, : p.size]
    se = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    return LorenzOrdinates(pd.DataFrame({"order": p, "value": values, "se": se}), matrix)


@by_row("income", "line")
def tip_ordinates(income: npt.ArrayLike, line: npt.ArrayLike, orders: Sequence[float] = DECILES) -> pd.DataFrame:
    """Ordinates of the TIP curve (``tip_curves``) as R rtip takes them: poverty gaps per head of all, cumulated from the poorest.

    Parameters
    ----------
    income, line : array_like, shape (n,) or scalar
        The same currency and period.
    orders : sequence of float
        Shares of people, above 0 to 1.

    Returns
    -------
    DataFrame
        Columns order, value (share of the line): the mean gap less (1 - order) × the mean of the smallest gaps; it is
        flat from the headcount on, at the poverty gap.

    Raises
    ------
    ModelError
        For missing incomes, a line that is not positive, or orders that do not rise from above 0 to 1.

    References
    ----------
    Jenkins and Lambert (1997), doi:10.1093/oxfordjournals.oep.a028611.

    Examples
    --------
    >>> tip_ordinates([50, 80, 200, 300], 100, [0.25, 0.5, 1])["value"].round(6).tolist()
    [0.125, 0.175, 0.175]
    """
    gaps = np.sort(poverty_gaps(income, line, 1))
    p = _check_orders(orders)
    count = np.floor((1 - p) * gaps.size + 1e-9).astype(np.intp)
    rest = [(1 - share) * gaps[:k].mean() if k else 0.0 for share, k in zip(p, count, strict=True)]
    return pd.DataFrame({"order": p, "value": gaps.mean() - rest})


@dataclass(frozen=True, slots=True)
class Dominance:
    """Test of "the first curve lies nowhere below the second".

    Attributes
    ----------
    statistic : float
        0 where the first lies nowhere below; large where it clearly does.
    lower, upper : float
        Bounds at ``level``: below ``lower`` not rejected, above ``upper`` rejected, between them open.
    level : float
        Significance.
    """

    statistic: float
    lower: float
    upper: float
    level: float

    @property
    def verdict(self) -> Literal["not rejected", "rejected", "inconclusive"]:
        if self.statistic <= self.lower:
            return "not rejected"
        return "rejected" if self.statistic > self.upper else "inconclusive"

    def summary(self) -> str:
        """One line."""
        return f"dominance {self.verdict}: {self.statistic:.4g}, bounds {self.lower:.4g} and {self.upper:.4g}"

    def _repr_html_(self) -> str:
        return f"<p>{self.summary()}</p>"


def kodde_palm_bounds(inequalities: int, level: float = 0.05) -> tuple[float, float]:
    """Bounds of the critical value of a test of inequalities, whose exact one depends on their covariance.

    Parameters
    ----------
    inequalities : int
        How many are tested.
    level : float
        Significance, below 0.5.

    Returns
    -------
    lower, upper : float

    Raises
    ------
    ModelError
        For no inequality, or a level outside 0 to 0.5.

    References
    ----------
    Kodde and Palm (1986), doi:10.2307/1912331.

    Examples
    --------
    >>> [round(bound, 3) for bound in kodde_palm_bounds(10)]
    [2.706, 17.67]
    """
    if inequalities < 1 or not 0 < level < 0.5:
        raise ModelError("not a test of inequalities", where="kodde_palm_bounds", got=(inequalities, level),
                         expected="at least 1, level between 0 and 0.5")  # fmt: skip

    def tail(c: float) -> float:
        fewer = chi2.sf(c, inequalities - 1) if inequalities > 1 else 0.0
        return float((fewer + chi2.sf(c, inequalities)) / 2)

    upper = brentq(lambda c: tail(c) - level, 1e-12, chi2.isf(level, inequalities) + 1)
    return float(chi2.isf(2 * level, 1)), float(upper)


def dominance_test(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    kind: CurveKind = "generalised",
    orders: Sequence[float] = DECILES,
    level: float = 0.05,
) -> Dominance:
    """Test that the first distribution's (generalised) Lorenz curve lies nowhere below the second's.

    Parameters
    ----------
    first, second : array_like, shape (n,) and (m,)
        Incomes of two independent simple random samples, not negative.
    kind : {"generalised", "lorenz"}
        Second-order stochastic dominance (welfare), or less inequality.
    orders : sequence of float
        Shares of people; 1 is left out for ``lorenz``, whose ordinate there is known.
    level : float
        Significance.

    Returns
    -------
    Dominance
        Statistic min over v >= 0 of (d - v)' S⁻¹ (d - v), d the difference of the curves and S its covariance.

    Raises
    ------
    ModelError
        As :func:`lorenz_ordinates`; for ordinates that depend on each other (too few incomes for so many orders).

    References
    ----------
    Xu (1997), doi:10.2307/2951903; bounds by :func:`kodde_palm_bounds`; R ``rtip::testGL``.

    Examples
    --------
    >>> poor, rich = np.arange(1.0, 101.0), np.arange(11.0, 111.0)
    >>> dominance_test(rich, poor).verdict, dominance_test(poor, rich).statistic > 5
    ('not rejected', True)
    """
    p = _check_orders(orders)
    if kind == "lorenz":
        p = p[p < 1]
    one, two = (lorenz_ordinates(x, kind, p.tolist()) for x in (first, second))
    difference = one.frame["value"].to_numpy() - two.frame["value"].to_numpy()
    try:
        root = np.linalg.cholesky(one.covariance + two.covariance)
    except np.linalg.LinAlgError as error:
        raise ModelError("ordinates depend on each other", where="dominance_test", got=f"{p.size} orders",
                         fix="take fewer orders") from error  # fmt: skip
    whitened = np.linalg.inv(root)
    _, norm = nnls(whitened, whitened @ difference)
    lower, upper = kodde_palm_bounds(p.size, level)
    return Dominance(float(norm**2), lower, upper, level)
