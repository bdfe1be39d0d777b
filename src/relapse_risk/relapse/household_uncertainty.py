"""Household-level uncertainty: how far the risk of one household may lie from the mean of those with the same values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from relapse_risk.errors import ModelError
from relapse_risk.evaluation import area_under_curve
from relapse_risk.months import add_months
from relapse_risk.relapse.glm import Array, expit, fit_glm, logit
from relapse_risk.relapse.outcome import poor_at
from relapse_risk.rows import by_row

__all__ = ["Spread", "both_expected", "fit_spread", "household_level_area", "household_upper", "upper_of", "with_later"]

NODES, TINY, TOP = 40, 1e-9, 0.95
ENOUGH = 10


@dataclass(frozen=True, slots=True)
class Spread:
    """Unobserved heterogeneity among households with the same recorded values.

    Attributes
    ----------
    rho : float
        Share of the latent variance that is a household's own and unobserved; 0 … 0.95.
    pairs : int
        Households not poor at a visit and seen at the two after.
    both, expected : float
        How many were poor at both, and how many would be if the two outcomes were independent.
    """

    rho: float
    pairs: int
    both: float
    expected: float


def both_expected(first: Array, second: Array, rho: float) -> float:
    """Sum of P(poor at both) where one unobserved normal effect, a share ``rho`` of the variance, acts at both visits.

    Examples
    --------
    >>> half = np.array([0.5])
    >>> round(both_expected(half, half, 0.0), 6), round(both_expected(half, half, 0.5), 4)  # 1/4 + arcsin(1/2) / 2π
    (0.25, 0.3333)
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    shared, rest = np.sqrt(rho) * nodes, np.sqrt(1 - rho)
    one, two = (ndtr((ndtri(np.clip(p, TINY, 1 - TINY))[:, None] - shared) / rest) for p in (first, second))
    return float(((one * two) @ weights).sum() / weights.sum())


@by_row("probability", "event", "later")
def fit_spread(probability: pd.Series, event: pd.Series, later: pd.Series) -> Spread:
    """How much of the risk is unobserved household heterogeneity, from households seen at two visits after scoring.

    Among households with equal scores, more are poor at both than independence allows when unobserved risk differs.
    Lasting shocks of the first year count as heterogeneity, so the spread is an upper estimate.

    Parameters
    ----------
    probability : Series, shape (n,)
        Of being poor at the visit after.
    event, later : Series, shape (n,)
        Poor at the visit after, and at the one after that (0/1, null where not seen).

    Raises
    ------
    ModelError
        If under ten households were, or could have been, poor at both, or one of them has no score.

    References
    ----------
    Vasicek (2002), Risk 15(12), 160-162, for the distribution of household-level risk; the estimate equates a moment.
    """
    seen = (event.notna() & later.notna()).to_numpy(dtype=bool)
    p, y, z = (series.to_numpy(dtype=float)[seen] for series in (probability, event, later))
    if np.isnan(p).any():
        raise ModelError("households without a score", where="fit_spread", got=int(np.isnan(p).sum()), expected="none",
                         fix="leave out rows that were not scored")  # fmt: skip
    if len(p) == 0 or min((y * z).sum(), y.sum(), z.sum()) < ENOUGH:
        raise ModelError(
            "too few households poor at two later visits", where="fit_spread", got=int((y * z).sum()) if len(p) else 0,
            expected=f"at least {ENOUGH}", fix="use a panel of three visits",
        )  # fmt: skip
    # Both probabilities are recalibrated to their observed level, so that only the shared effect is left.
    index = logit(np.clip(p, TINY, 1 - TINY))
    x = np.column_stack([np.ones(len(p)), index])
    first, second = (expit(x @ fit_glm(x, outcome, names=("base", "score")).params) for outcome in (y, z))
    both, least = float((y * z).sum()), both_expected(first, second, 0.0)
    if both <= least:
        return Spread(0.0, len(p), both, least)
    if both >= both_expected(first, second, TOP):
        return Spread(TOP, len(p), both, least)
    rho = brentq(lambda r: both_expected(first, second, r) - both, 0.0, TOP, xtol=1e-6)
    return Spread(float(rho), len(p), both, least)


def household_level_area(probability: Array, rho: float) -> float:
    """Expected AUC if every household-level risk were known, with the distribution of :func:`household_upper`.

    Examples
    --------
    >>> p = np.linspace(0.1, 0.5, 50)
    >>> household_level_area(p, 0.0) < household_level_area(p, 0.2) < household_level_area(p, 0.4)
    True
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    index = ndtri(np.clip(probability, TINY, 1 - TINY))
    own = ndtr((index[:, None] + np.sqrt(rho) * nodes) / np.sqrt(1 - rho)).ravel()
    share = np.tile(weights, len(index))
    outcome = np.repeat([1.0, 0.0], len(own))
    return area_under_curve(outcome, np.tile(own, 2), np.append(share * own, share * (1 - own))).value


def with_later(panel: pd.DataFrame, rows: pd.DataFrame, horizon_months: int) -> pd.Series:
    """Poor at the visit after the outcome (1, 0, null where not seen), for :func:`fit_spread`.

    Parameters
    ----------
    panel : DataFrame
        household_id, month, income_pc_year, poverty_line.
    rows : DataFrame, shape (n, columns)
        At-risk rows with month_next.
    horizon_months : int
    """
    after = rows["month_next"].map({m: add_months(m, horizon_months) for m in rows["month_next"].unique()})
    return poor_at(panel, rows["household_id"], after)


def upper_of(predicted: pd.DataFrame, rho: float, level: float = 0.95) -> pd.Series:
    """:func:`household_upper` of predictions with their 95 % interval: columns probability, low, high."""
    low, high = (ndtri(predicted[side].to_numpy(dtype=float)) for side in ("low", "high"))
    se = (high - low) / (2 * ndtri(0.975))
    return pd.Series(
        household_upper(predicted["probability"].to_numpy(dtype=float), rho, se, level), index=predicted.index
    )


def household_upper(probability: Array, rho: float, se: Array | float = 0.0, level: float = 0.95) -> Array:
    """Upper limit of household-level risk: the ``level`` quantile among households with the same values.

    U = Φ((Φ⁻¹(p) + z · sqrt(ρ + se²)) / sqrt(1 − ρ)).  The lower limit is 0: at any score most households are quite
    safe, and no recorded column identifies which.

    Parameters
    ----------
    probability : ndarray, shape (n,)
        Mean risk of households with these values.
    rho : float
        :attr:`Spread.rho`.
    se : ndarray or float
        Standard error of Φ⁻¹(p).
    level : float

    Examples
    --------
    >>> household_upper(np.array([0.01]), 0.0).round(4).tolist(), household_upper(np.array([0.01]), 0.4).round(4).tolist()
    ([0.01], [0.0484])
    """
    z = ndtri(np.clip(probability, TINY, 1 - TINY))
    return np.asarray(ndtr((z + ndtri(level) * np.sqrt(rho + np.square(se))) / np.sqrt(1 - rho)))
