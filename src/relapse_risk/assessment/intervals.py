"""95 % intervals of shares and means: Wilson's for counts, and with the effective sample size for weighted samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.stats import t
from statsmodels.stats.proportion import proportion_confint

__all__ = [
    "LEVEL",
    "Interval",
    "Q",
    "all_or_none",
    "beta_binomial",
    "combined",
    "fay_herriot",
    "of_mean",
    "of_share",
    "wilson",
]

LEVEL = 0.95
Q = NormalDist().inv_cdf((1 + LEVEL) / 2)
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """Limits and standard error of an estimate, ``None`` where they cannot be had."""

    low: float | None
    high: float | None
    se: float | None


def wilson(count: float, n: float) -> Interval:
    """Wilson's score interval of ``count`` in ``n`` (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Examples
    --------
    >>> found = wilson(8, 10)
    >>> round(found.low, 4), round(found.high, 4)
    (0.4902, 0.9433)
    """
    if n <= 0:
        return Interval(None, None, None)
    known = min(max(count, 0.0), n)  # a count rebuilt from a share may be a rounding error outside
    low, high = proportion_confint(known, n, alpha=1 - LEVEL, method="wilson")
    return Interval(low, high, float(np.sqrt(known / n * (1 - known / n) / n)))


def all_or_none(value: float, weight: Array) -> Interval:
    """Limits of a share observed as exactly 0 or 1: Clopper and Pearson's with the sample the weights are worth.

    The effective size is n / (1 + cv^2 of the weights) (Korn and Graubard 1998, Survey Methodology 24).

    Examples
    --------
    >>> found = all_or_none(1.0, np.ones(57))
    >>> round(found.low, 4), found.high
    (0.9373, 1.0)
    """
    worth = float(weight.sum() ** 2 / (weight**2).sum())
    far = float(((1 - LEVEL) / 2) ** (1 / worth))
    return Interval(far, 1.0, 0.0) if value else Interval(0.0, 1 - far, 0.0)


def _linearised_se(x: Array, w: Array, mean: float) -> float:
    """Taylor standard error of a weighted mean, units drawn independently (with replacement)."""
    n = len(x)
    residual = w * (x - mean) / w.sum()
    return float(np.sqrt(n / (n - 1) * (residual**2).sum()))


def of_share(answer: npt.NDArray[np.bool_], weight: Array, se: float | None = None, strata: int = 1) -> Interval:
    """Interval of a weighted share: Wilson's, with the sample that the weighted one is worth.

    Parameters
    ----------
    answer, weight : arrays, shape (n,)
    se : float, optional
        Standard error under the design of the sample; the linearised one of independent draws when left out.
    strata : int
        How many strata these answers come from: one degree of freedom each.

    Notes
    -----
    The sample is worth p (1 - p) / se^2 answers, but never more than n / (1 + cv^2 of the weights): where the few "no"
    carry small weights, the estimated error is far too small.  Times (t(n - 1) / t(n - strata))^2.  Where all say the
    same: :func:`all_or_none`.  Coverage by simulation: docs/measurement.md.

    References
    ----------
    Korn and Graubard (1998), Survey Methodology 24, for the effective size; Wilson (1927) for the limits, which cover
    better than theirs (Brown, Cai and DasGupta 2001, doi:10.1214/ss/1009213286).

    Examples
    --------
    >>> found = of_share(np.array([True] * 8 + [False] * 2), np.ones(10))
    >>> round(found.low, 4), round(found.high, 4)
    (0.4738, 0.9467)
    """
    n = len(answer)
    if n < 1 or weight.sum() <= 0:
        return Interval(None, None, None)
    x = answer.astype(np.float64)
    if x.min() == x.max():
        return all_or_none(float(x[0]), weight)
    value = float((x * weight).sum() / weight.sum())
    error = _linearised_se(x, weight, value) if se is None else se
    kish = float(weight.sum() ** 2 / (weight**2).sum())
    worth = min(value * (1 - value) / error**2, kish) if error > 0 else kish
    tail = (1 + LEVEL) / 2
    worth *= float(t.ppf(tail, n - 1) / t.ppf(tail, max(n - strata, 1))) ** 2
    found = wilson(value * worth, worth)
    return Interval(found.low, found.high, error)


def of_mean(x: Array, weight: Array) -> Interval:
    """Interval of a weighted mean: linearised standard error, limits by Student's t with n - 1 degrees of freedom."""
    if len(x) < 2 or weight.sum() <= 0:
        return Interval(None, None, None)
    value = float((x * weight).sum() / weight.sum())
    se = _linearised_se(x, weight, value)
    step = float(t.ppf((1 + LEVEL) / 2, len(x) - 1)) * se
    return Interval(value - step, value + step, se)


def combined(
    values: Sequence[float], se: Sequence[float], weights: Sequence[float], n: float
) -> tuple[float, Interval]:
    """Independent shares of several counties as one: weighted mean, Wilson's limits with the answers it is worth.

    Worth p (1 - p) / se^2 answers, and never more than the ``n`` given.

    Examples
    --------
    >>> value, found = combined([0.4, 0.6], [0.1, 0.1], [1, 1], 50)
    >>> round(value, 2), round(found.se, 4)
    (0.5, 0.0707)
    """
    v, s, w = (np.asarray(part, dtype=np.float64) for part in (values, se, weights))
    value = float((v * w).sum() / w.sum())
    se_all = float(np.sqrt(((s * w) ** 2).sum()) / w.sum())
    worth = min(value * (1 - value) / se_all**2, n) if se_all > 0 and 0 < value < 1 else n
    found = wilson(value * worth, worth)
    return value, Interval(found.low, found.high, se_all)


def beta_binomial(counts: Sequence[float], n: Sequence[float]) -> Array:
    """Shares pulled towards the common rate by as much as they are noise (beta-binomial, moments).

    Returns
    -------
    array
        (count + a) / (n + a + b), with a and b from the mean and the variance between counties beyond binomial noise
        (Kleinman 1973, doi:10.1080/01621459.1973.10481332).  Without any such variance every county gets the mean.

    Examples
    --------
    >>> beta_binomial([1, 1], [10, 10]).tolist()
    [0.1, 0.1]
    """
    y, size = np.asarray(counts, dtype=np.float64), np.asarray(n, dtype=np.float64)
    total = size.sum()
    rate = y.sum() / total
    k = len(y)
    between = (size * (y / size - rate) ** 2).sum()
    noise = rate * (1 - rate)
    spread = total - (size**2).sum() / total
    rho = (between / noise - (k - 1)) / (spread - (k - 1)) if noise > 0 and spread > k - 1 else 0.0
    if rho <= 0:
        return np.full(k, rate)
    strength = max(1 / min(rho, 1.0) - 1, 0.0)
    return np.asarray((y + strength * rate) / (size + strength))


def fay_herriot(values: Sequence[float], variances: Sequence[float]) -> tuple[Array, float]:
    """Direct estimates pulled towards their common mean by as much as they are noise (Fay and Herriot 1979).

    Parameters
    ----------
    values, variances : sequence of float, shape (m,)
        Direct estimates and their sampling variances, all positive.

    Returns
    -------
    (estimates, variance)
        A / (A + D) x direct + D / (A + D) x mean, A the variance between areas that solves
        sum (y - mean)^2 / (A + D) = m - 1 (zero where the spread is no more than noise), the mean weighted by
        1 / (A + D) (doi:10.1080/01621459.1979.10482505).

    Examples
    --------
    >>> shrunk, between = fay_herriot([0.0, 2.0, 4.0], [1.0, 1.0, 1.0])
    >>> shrunk.round(6).tolist(), round(between, 6)
    ([0.5, 2.0, 3.5], 3.0)
    """
    y, noise = np.asarray(values, dtype=np.float64), np.asarray(variances, dtype=np.float64)

    def mean_and_excess(between: float) -> tuple[float, float]:
        weight = 1 / (between + noise)
        mean = float((weight * y).sum() / weight.sum())
        return mean, float((weight * (y - mean) ** 2).sum()) - (len(y) - 1)

    low, high = 0.0, float(np.ptp(y) ** 2 + noise.max())
    if len(y) < 2 or mean_and_excess(0.0)[1] <= 0:
        high = 0.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if mean_and_excess(middle)[1] > 0 else (low, middle)
    mean = mean_and_excess(high)[0]
    trust = high / (high + noise)
    return np.asarray(trust * y + (1 - trust) * mean), high
