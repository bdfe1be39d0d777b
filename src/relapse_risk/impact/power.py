"""Power before: how many households and months a lottery needs to see an effect of a size."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite, sqrt

import pandas as pd
from scipy.optimize import brentq
from scipy.stats import nct, norm, t

from relapse_risk.errors import ModelError

__all__ = [
    "households_needed",
    "minimum_detectable_effect",
    "panel_variance_factor",
    "power_of_means",
    "power_of_shares",
    "power_table",
]

MOST = 1e9  # households: an effect that needs more cannot be seen


def power_of_means(
    treated: float, others: float, effect: float, spread: float, level: float = 0.95, both_tails: bool = False
) -> float:
    """Chance that a two-sided t-test sees a difference of means.

    With noncentrality λ = effect / (spread · sqrt(1/n1 + 1/n0)) and n1 + n0 - 2 degrees of freedom, the chance that t
    exceeds its critical value (on the right side, unless ``both_tails``).

    Parameters
    ----------
    treated, others : float
        Households in each group.
    effect : float
        Difference to be seen, in the unit of the outcome.
    spread : float
        Standard deviation of the outcome within groups, same unit.
    level : float
        Confidence of the test, 0.95 for a test at 5 %.
    both_tails : bool
        Count a significant difference of the wrong sign, too.

    Returns
    -------
    float

    Raises
    ------
    ModelError
        For fewer than 2 households in all beyond the means, or a spread that is not positive.

    References
    ----------
    Cohen (1988); R's ``power.t.test`` counts one tail unless told otherwise.

    Examples
    --------
    >>> round(power_of_means(20, 20, effect=1, spread=1), 7)
    0.8689528
    """
    freedom = treated + others - 2
    if freedom <= 0 or spread <= 0 or min(treated, others) <= 0 or not isfinite(effect):
        raise ModelError(
            "power needs two groups and a spread", where="power_of_means", got=(treated, others, spread, effect),
            expected="more than 2 households and a positive standard deviation",
        )  # fmt: skip
    shift = abs(effect) / (spread * sqrt(1 / treated + 1 / others))
    critical = t.ppf(0.5 + level / 2, freedom)
    right = float(nct.sf(critical, freedom, shift))
    return right + float(nct.cdf(-critical, freedom, shift)) if both_tails else right


def power_of_shares(households: float, share_treated: float, share_others: float, level: float = 0.95) -> float:
    """Chance that a two-sided test sees a difference of two shares, with ``households`` in each group.

    Parameters
    ----------
    households : float
        In each of the two groups.
    share_treated, share_others : float
        Shares with the outcome, 0 … 1.
    level : float

    Returns
    -------
    float

    Raises
    ------
    ModelError
        For shares outside 0 … 1.

    References
    ----------
    Fleiss (1981); R's ``power.prop.test``.

    Examples
    --------
    >>> round(power_of_shares(50, 0.75, 0.5), 7)
    0.7401659
    """
    if not (0 < share_treated < 1 and 0 < share_others < 1) or households <= 0:
        raise ModelError("shares lie between 0 and 1", where="power_of_shares", got=(share_treated, share_others))
    apart = abs(share_treated - share_others)
    pooled = (share_treated + share_others) / 2
    own = share_treated * (1 - share_treated) + share_others * (1 - share_others)
    critical = norm.ppf(0.5 + level / 2) * sqrt(2 * pooled * (1 - pooled))
    return float(norm.cdf((sqrt(households) * apart - critical) / sqrt(own)))


def households_needed(power: float, of: Callable[[float], float]) -> float:
    """The number of households at which ``of`` reaches ``power`` (not rounded: round up).

    Parameters
    ----------
    power : float
        Such as 0.9.
    of : callable
        Power as a function of the number of households, rising.

    Returns
    -------
    float

    Raises
    ------
    ModelError
        If 10⁹ households are too few.

    References
    ----------
    Cohen (1988): sample size as the inverse of power.

    Examples
    --------
    >>> round(households_needed(0.9, lambda n: power_of_means(n, n, 1, 1)), 4)
    22.0211
    """
    least = 1.0 + 1e-6
    if of(least) >= power:
        return least
    if of(MOST) < power:
        raise ModelError("no number of households is enough", where="households_needed", got=of(MOST), expected=power)
    return float(brentq(lambda n: of(n) - power, least, MOST, xtol=1e-9, rtol=1e-12))


def panel_variance_factor(correlation: float, before: int = 0, after: int = 1) -> float:
    """Variance of the effect with several months of the outcome, relative to one month after.

    The mean of ``after`` months, adjusted for the mean of ``before`` months (ANCOVA):
    (1 + (r-1)ρ)/r - mρ²/(1 + (m-1)ρ), r months after, m before.

    Parameters
    ----------
    correlation : float
        Between two months of the same household, 0 ≤ ρ < 1.
    before, after : int
        Months before and after the start.

    Returns
    -------
    float

    Raises
    ------
    ModelError

    References
    ----------
    McKenzie (2012), doi:10.1016/j.jdeveco.2012.01.002; Frison and Pocock (1992).

    Examples
    --------
    >>> panel_variance_factor(0.5, before=1, after=1)
    0.75
    """
    if not 0 <= correlation < 1 or before < 0 or after < 1:
        raise ModelError("months of a panel", where="panel_variance_factor", got=(correlation, before, after))
    mean = (1 + (after - 1) * correlation) / after
    return mean - (before * correlation**2 / (1 + (before - 1) * correlation) if before else 0.0)


def minimum_detectable_effect(
    households: float, spread: float, share: float = 0.5, power: float = 0.8, level: float = 0.95, cluster_size: float = 1,
    icc: float = 0.0, variance_factor: float = 1.0,
) -> float:  # fmt: skip
    """The smallest effect that ``households`` in all, ``share`` of them treated, would show with ``power``.

    Parameters
    ----------
    households : float
        Both groups together.
    spread : float
        Standard deviation of one month's outcome within groups.
    share : float
        Treated, 0 … 1.
    power, level : float
    cluster_size, icc : float
        Where whole villages are drawn: households of a village, and their intraclass correlation; the variance is
        multiplied by 1 + (size - 1) · icc.
    variance_factor : float
        :func:`panel_variance_factor` where several months are seen.

    Returns
    -------
    float
        In the unit of ``spread``.

    Raises
    ------
    ModelError

    References
    ----------
    Bloom (1995), doi:10.1177/0193841X9501900504; Kish (1965) for the design effect.

    Examples
    --------
    >>> round(minimum_detectable_effect(400, spread=3000), 0)
    843.0
    """
    if not 0 < share < 1 or cluster_size < 1 or not 0 <= icc <= 1 or variance_factor <= 0 or not 0 < power < 1:
        raise ModelError(
            "parameters of a lottery", where="minimum_detectable_effect", got=(share, cluster_size, icc, power)
        )
    real = households / (1 + (cluster_size - 1) * icc)
    own = spread * sqrt(variance_factor)
    standard_error = own * sqrt(1 / (real * share) + 1 / (real * (1 - share)))

    def short(effect: float) -> float:
        return power_of_means(real * share, real * (1 - share), effect, own, level) - power

    return float(brentq(short, 0.0, 40 * standard_error, xtol=1e-12 * standard_error, rtol=1e-12))


def power_table(
    effects: list[float], spread: float, correlation: float, months: list[tuple[int, int]], power: float = 0.8,
    share: float = 0.5, level: float = 0.95, cluster_size: float = 1, icc: float = 0.0,
) -> pd.DataFrame:  # fmt: skip
    """Households needed for each effect and each number of months before and after.

    Parameters
    ----------
    effects : list of float
        Effects to be seen, in the unit of ``spread``.
    spread, correlation : float
        Standard deviation of one month's outcome, and correlation between two months of a household.
    months : list of (int, int)
        Months before and after.
    power, share, level, cluster_size, icc : float
        As in :func:`minimum_detectable_effect`.

    Returns
    -------
    DataFrame
        effect, months_before, months_after, households (both groups, rounded up).

    Raises
    ------
    ModelError

    References
    ----------
    McKenzie (2012), doi:10.1016/j.jdeveco.2012.01.002.

    Examples
    --------
    >>> power_table([500.0], 3000, 0.5, [(0, 1), (3, 6)])["households"].tolist()
    [1133, 238]
    """
    rows = []
    for effect in effects:
        for before, after in months:
            own = spread * sqrt(panel_variance_factor(correlation, before, after))

            def seen(n: float, effect: float = effect, own: float = own) -> float:
                real = max(n / (1 + (cluster_size - 1) * icc), 2 + 1e-6)
                return power_of_means(real * share, real * (1 - share), effect, own, level)

            rows.append((effect, before, after, -int(-households_needed(power, seen) // 1)))
    return pd.DataFrame(rows, columns=["effect", "months_before", "months_after", "households"])
