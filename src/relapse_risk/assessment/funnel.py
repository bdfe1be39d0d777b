"""Funnel plots: which counties differ from the city by more than counties of their size do by chance.

A league table ranks noise: a small county is first or last more often than a large one for no reason.  A funnel plot
sets each county's share against the number it rests on, with the limits within which chance alone would keep it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom, norm

__all__ = [
    "INNER",
    "OUTER",
    "Funnel",
    "beyond_chance",
    "binomial_limits",
    "compute_funnel",
    "effective_n",
    "means_spread",
    "spread",
]

INNER, OUTER = 0.95, 0.998  # the two pairs of limits that funnel plots are drawn with
WINSOR = 0.1
LEAST = 3  # counties: with fewer there is no pattern to see
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Funnel:
    """One indicator of every county against the city's share.

    Attributes
    ----------
    rate : float
        The city's share.
    spread : float
        How much more than by chance the counties differ: 1 where chance explains it, else the factor by which the
        variance is larger (Spiegelhalter's φ).
    frame : DataFrame
        county_code, n (units, or what a sample is worth in simple random units), value, z, outside: ``above``,
        ``below``, or empty where the county lies within the outer limits, widened by ``spread``.
    """

    rate: float
    spread: float
    frame: pd.DataFrame

    def limits(self, n: float, level: float, *, widened: bool = False) -> tuple[float, float]:
        """Lower and upper limit for a county of ``n`` units."""
        if widened:
            half = float(norm.ppf((1 + level) / 2)) * (self.spread * self.rate * (1 - self.rate) / n) ** 0.5
            return max(self.rate - half, 0.0), min(self.rate + half, 1.0)
        return binomial_limits(self.rate, n, level)


def binomial_limits(rate: float, n: float, level: float) -> tuple[float, float]:
    r"""Limits of a share of ``n`` units around ``rate`` that chance exceeds with probability 1 - ``level``.

    The binomial quantile :math:`r` at probability :math:`p`, interpolated:
    :math:`y = (r - \alpha) / n` with :math:`\alpha = (P(R \le r) - p) / P(R = r)`.  The upper limit is that of the
    complement, so that both tails hold the same probability.

    Parameters
    ----------
    rate : float
        Strictly between 0 and 1.
    n : float
        Units; rounded.
    level : float
        Such as 0.95.

    References
    ----------
    Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24,
    1185-1202, appendix A.1.1. doi:10.1002/sim.1970

    Examples
    --------
    >>> [round(limit, 4) for limit in binomial_limits(0.5, 10, 0.95)]
    [0.1324, 0.8676]
    """
    units = max(round(n), 1)
    return _lower(rate, units, (1 - level) / 2), 1 - _lower(1 - rate, units, (1 - level) / 2)


def _lower(rate: float, units: int, p: float) -> float:
    r = float(binom.ppf(p, units, rate))
    inside = (float(binom.cdf(r, units, rate)) - p) / float(binom.pmf(r, units, rate))
    return max((r - inside) / units, 0.0)


def spread(z: Floats) -> float:
    """Factor by which counties vary more than by chance: mean of the squared, winsorised z; 1 unless clearly more.

    Clearly more: above ``1 + 2 sqrt(2 / I)`` for ``I`` counties, two standard errors of the factor under chance.

    References
    ----------
    Spiegelhalter, D. J. (2005). Handling over-dispersion of performance indicators. Quality and Safety in Health Care
    14, 347-351. doi:10.1136/qshc.2005.013755

    Examples
    --------
    >>> spread(np.array([3.0, -3.0, 3.0, -3.0])), spread(np.array([1.0, -1.0, 0.5, -0.5]))
    (9.0, 1.0)
    """
    low, high = np.quantile(z, [WINSOR, 1 - WINSOR])
    factor = float(np.mean(np.clip(z, low, high) ** 2))
    return factor if factor > 1 + 2 * (2 / len(z)) ** 0.5 else 1.0


def effective_n(value: float, low: float, high: float) -> float:
    r"""Simple random units that would give a share this precisely: :math:`1 / (s^2 v (1 - v))`, s on the logit scale.

    Examples
    --------
    >>> round(effective_n(0.5, 0.4023, 0.5977))
    98
    """
    logit = [float(np.log(p / (1 - p))) for p in (low, high)]
    s = (logit[1] - logit[0]) / (2 * float(norm.ppf(0.975)))
    return 1 / (s**2 * value * (1 - value))


def beyond_chance(rows: pd.DataFrame, mean: float) -> list[str] | None:
    """Counties whose sampled mean differs from ``mean`` by more than chance: the outer limits, widened as a funnel's are.

    Parameters
    ----------
    rows : DataFrame
        county_code, value, low, high (95 %): one row per county; those without an interval are left out.
    mean : float
        That of all together.

    Returns
    -------
    list of str or None
        None where fewer than three counties have an interval.

    Examples
    --------
    >>> rows = pd.DataFrame({"county_code": list("abcde"), "value": [9.0, 10.0, 11.0, 10.0, 30.0]})
    >>> beyond_chance(rows.assign(low=rows["value"] - 1.96, high=rows["value"] + 1.96), 10.0)
    ['e']
    """
    z = _errors_away(rows, mean)
    if len(z) < LEAST:
        return None
    outside = norm.sf(np.abs(z.to_numpy()) / spread(z.to_numpy()) ** 0.5) < (1 - OUTER) / 2
    return [str(code) for code in z.index[outside]]


def means_spread(rows: pd.DataFrame, mean: float) -> float:
    """Factor by which sampled means vary more than by chance (:func:`spread`), as :func:`beyond_chance` allows for.

    Examples
    --------
    >>> rows = pd.DataFrame({"county_code": list("abcd"), "value": [13.0, 7.0, 13.0, 7.0]})
    >>> round(means_spread(rows.assign(low=rows["value"] - 1.96, high=rows["value"] + 1.96), 10.0), 2)
    9.0
    """
    return spread(_errors_away(rows, mean).to_numpy())


def _errors_away(rows: pd.DataFrame, mean: float) -> pd.Series:
    """Standard errors from ``mean``, by county that has an interval."""
    known = rows.dropna(subset=["value", "low", "high"])
    known = known[known["high"] > known["low"]].set_index("county_code")
    se = (known["high"] - known["low"]) / (2 * float(norm.ppf(0.975)))
    return ((known["value"] - mean) / se).astype(np.float64)


def compute_funnel(rows: pd.DataFrame, rate: float) -> Funnel | None:
    """Funnel of one share over the counties.

    Parameters
    ----------
    rows : DataFrame
        county_code, value (0 to 1), n, low, high: one row per county.  Withheld values (null) are left out; where the
        share was sampled (``low`` and ``high``), the county counts for what its interval is worth.
    rate : float
        The city's share.

    Returns
    -------
    Funnel or None
        None where fewer than three counties can be shown, all are the same, or the rate is 0 or 1.
    """
    known = rows.dropna(subset=["value", "n"])
    known = known[known["n"] > 0]
    if len(known) < LEAST or known["value"].nunique() == 1 or not 0 < rate < 1:
        return None
    value, n = known["value"].to_numpy(dtype=float), _units(known)
    z = (value - rate) / np.sqrt(rate * (1 - rate) / n)
    factor = spread(z)
    below, above = _tails(value, n, z, rate, factor)
    outside = np.select([below < (1 - OUTER) / 2, above < (1 - OUTER) / 2], ["below", "above"], "")
    code = known["county_code"].to_numpy()
    return Funnel(rate, factor, pd.DataFrame({"county_code": code, "n": n, "value": value, "z": z, "outside": outside}))


def _tails(value: Floats, n: Floats, z: Floats, rate: float, factor: float) -> tuple[Floats, Floats]:
    """Probability of so low and of so high a share by chance; exact, because interpolated limits fail at 0 and 1."""
    if factor > 1:
        return norm.cdf(z / factor**0.5), norm.sf(z / factor**0.5)
    units = np.maximum(np.round(n), 1)
    cases = np.round(value * units)
    return binom.cdf(cases, units, rate), binom.sf(cases - 1, units, rate)


def _units(rows: pd.DataFrame) -> Floats:
    """What each county's share rests on, in simple random units."""
    return np.array(
        [
            effective_n(v, low, high) if 0 < v < 1 and 0 < low < v < high < 1 else n
            for v, n, low, high in rows[["value", "n", "low", "high"]].astype(float).itertuples(index=False)
        ],
        dtype=np.float64,
    )
