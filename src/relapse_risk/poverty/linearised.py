"""Measures with their influence values, so that one survey design gives each of them a standard error.

A measure is a small frozen specification with two functions of ``(x, w, domain)``: full-sample incomes and weights and
a mask of the rows it is estimated on. ``influence`` returns zeros outside the domain except where a national threshold,
estimated from everybody, passes its own uncertainty on. Densities are Gaussian kernels with bandwidth sd × N ** -0.2,
as in convey and vardpoor. Sources: Deville (1999), Osier (2009, doi:10.18148/srm/2009.v3i3.369).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from relapse_risk.poverty.arrays import Array, check_positive
from relapse_risk.poverty.fgt_measures import Closed, is_poor, poverty_gaps
from relapse_risk.poverty.inequality import (
    GiniKind,
    atkinson,
    generalised_entropy,
    gini,
    weighted_quantile,
    zenga,
)
from relapse_risk.poverty.inequality_ratios import quantile_share_ratio

__all__ = [
    "Atkinson",
    "Fgt",
    "GeneralisedEntropy",
    "Gini",
    "Mean",
    "Measure",
    "QuantileShareRatio",
    "Watts",
    "Zenga",
]

Mask = npt.NDArray[np.bool_]


class Measure(Protocol):
    """What the inference functions need of a measure."""

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        """The estimate on the domain."""
        ...

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        """Influence values, shape (n,): their weighted total varies as the estimate does."""
        ...


def bandwidth(x: Array, w: Array) -> float:
    """sd(x) × N ** -0.2, N the weighted population."""
    mass = w.sum()
    variance = (w @ (x * x) - (w @ x) ** 2 / mass) / mass
    return float(np.sqrt(variance) / mass**0.2)


def density(x: Array, w: Array, at: float, h: float, of_total: bool = False) -> float:
    """Kernel derivative at ``at`` of the distribution function, or of the cumulated total of ``x``."""
    kernel = np.exp(-(((at - x) / h) ** 2) / 2) / np.sqrt(2 * np.pi)
    return float((w * x) @ kernel / h) if of_total else float(w @ kernel / (w.sum() * h))


def quantile_influence(x: Array, w: Array, order: float, quantile: float, h: float) -> Array:
    """Influence of a quantile: -(1[x <= q] - order) / (N f(q))."""
    out: Array = -((x <= quantile) - order) / (w.sum() * density(x, w, quantile, h))
    return out


def spread(values: Array, domain: Mask) -> Array:
    """``values`` of the domain's rows in a full-length vector of zeros."""
    out = np.zeros(domain.size)
    out[domain] = values
    return out


@dataclass(frozen=True, slots=True)
class Mean:
    """Weighted mean: influence (x - mean) / N.

    Examples
    --------
    >>> from relapse_risk.poverty import estimate, survey_design
    >>> estimate(Mean(), [1.0, 2.0, 3.0, 6.0], survey_design([1, 1, 1, 1])).frame["value"].round(4).tolist()
    [3.0]
    """

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return float(w[domain] @ x[domain] / w[domain].sum())

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        return np.where(domain, (x - self.value(x, w, domain)) / w[domain].sum(), 0.0)


@dataclass(frozen=True, slots=True)
class Fgt:
    """FGT of order ``alpha`` against a fixed line; see :func:`relapse_risk.poverty.fgt`.

    Examples
    --------
    >>> from relapse_risk.poverty import estimate, survey_design
    >>> estimate(Fgt(3, 1), [1.0, 2.0, 3.0, 6.0], survey_design([1, 1, 1, 1])).frame["value"].round(4).tolist()
    [0.25]
    """

    line: float
    alpha: float = 0
    closed: Closed = "left"

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return Mean().value(poverty_gaps(x, self.line, self.alpha, self.closed), w, domain)

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        return Mean().influence(poverty_gaps(x, self.line, self.alpha, self.closed), w, domain)


@dataclass(frozen=True, slots=True)
class Watts:
    """Watts index against a fixed line.

    Examples
    --------
    >>> from relapse_risk.poverty import estimate, survey_design
    >>> estimate(Watts(3), [1.0, 2.0, 3.0, 6.0], survey_design([1, 1, 1, 1])).frame["value"].round(4).tolist()
    [0.376]
    """

    line: float
    closed: Closed = "left"

    def _terms(self, x: Array, domain: Mask) -> Array:
        poor = is_poor(x, self.line, self.closed) & domain
        check_positive(x[poor], "watts")
        return np.where(poor, np.log(self.line / np.where(poor, x, self.line)), 0.0)

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return Mean().value(self._terms(x, domain), w, domain)

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        return Mean().influence(self._terms(x, domain), w, domain)


@dataclass(frozen=True, slots=True)
class QuantileShareRatio:
    """Income above the upper quantile over income up to the lower one, within the domain; S80/S20 unless said otherwise.

    ``upper`` is 1 - ``order`` when left out; ``QuantileShareRatio(0.4, 0.9)`` is the Palma ratio.

    Examples
    --------
    >>> from relapse_risk.poverty import estimate, survey_design
    >>> estimate(QuantileShareRatio(0.25), [1.0, 2.0, 3.0, 6.0], survey_design([1, 1, 1, 1])).frame["value"].round(4).tolist()
    [6.0]
    """

    order: float = 0.2
    upper: float | None = None

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        xd, wd = x[domain], w[domain]
        return quantile_share_ratio(xd, self.order, wd, upper=self.upper)

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        xd, wd = x[domain], w[domain]
        h = bandwidth(xd, wd)
        above = 1 - self.order if self.upper is None else self.upper
        lower, upper = weighted_quantile(xd, self.order, wd), weighted_quantile(xd, above, wd)

        def cumulated(order: float, at: float) -> Array:
            slope = density(xd, wd, at, h, of_total=True)
            return np.where(xd <= at, xd, 0.0) + slope * quantile_influence(xd, wd, order, at, h)

        bottom, top = wd @ np.where(xd <= lower, xd, 0.0), wd @ np.where(xd > upper, xd, 0.0)
        of_bottom, of_top = cumulated(self.order, lower), xd - cumulated(above, upper)
        return spread((bottom * of_top - top * of_bottom) / bottom**2, domain)


@dataclass(frozen=True, slots=True)
class Gini:
    """Gini coefficient; ``kind`` as in :func:`relapse_risk.poverty.gini`.

    Examples
    --------
    >>> from relapse_risk.poverty import estimate, survey_design
    >>> estimate(Gini(), [1.0, 2.0, 3.0, 6.0], survey_design([1, 1, 1, 1])).frame["value"].round(4).tolist()
    [0.3333]
    """

    kind: GiniKind = "population"

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return gini(x[domain], w[domain], self.kind)

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        order = np.argsort(x[domain], kind="stable")
        y, d = x[domain][order], w[domain][order]
        mass, total = d.sum(), d @ y
        rank, income = np.cumsum(d), np.cumsum(d * y)
        own = y if self.kind == "convey" else 2 * d * y
        ranked = 2 * (total - income + d * y + rank * y) - own
        index = self.value(x, w, domain) + 1
        z = ranked / (mass * total) - index * (y / total + 1 / mass)
        out = np.empty(order.size)
        out[order] = z
        return spread(out, domain)


@dataclass(frozen=True, slots=True)
class GeneralisedEntropy:
    """Generalised entropy of the given order.

    Examples
    --------
    >>> from relapse_risk.poverty import estimate, survey_design
    >>> estimate(GeneralisedEntropy(0), [1.0, 2.0, 3.0, 6.0], survey_design([1, 1, 1, 1])).frame["value"].round(4).tolist()
    [0.2027]
    """

    order: float = 1

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return generalised_entropy(x[domain], self.order, w[domain])

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        y, d, a = x[domain], w[domain], self.order
        mass, total = d.sum(), d @ y
        if a == 0:
            z = y / total - 1 / mass - np.log(y) / mass + d @ np.log(y) / mass**2
        elif a == 1:
            z = y * np.log(y) / total - (d @ (y * np.log(y))) * y / total**2 - y / total + 1 / mass
        else:
            moment = mass ** (a - 1) * total**-a * (d @ y**a)
            z = moment * ((a - 1) / mass - a * y / total + y**a / (d @ y**a)) / (a * (a - 1))
        return spread(z, domain)


@dataclass(frozen=True, slots=True)
class Atkinson:
    """Atkinson index with the given aversion.

    Examples
    --------
    >>> from relapse_risk.poverty import estimate, survey_design
    >>> estimate(Atkinson(1), [1.0, 2.0, 3.0, 6.0], survey_design([1, 1, 1, 1])).frame["value"].round(4).tolist()
    [0.1835]
    """

    aversion: float = 1

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return atkinson(x[domain], self.aversion, w[domain])

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        y, d, a = x[domain], w[domain], 1 - self.aversion
        mass, total, rest = d.sum(), d @ y, 1 - self.value(x, w, domain)
        if a == 0:
            z = np.log(y) / mass - d @ np.log(y) / mass**2 + 1 / mass - y / total
        else:
            z = y**a / (a * (d @ y**a)) - 1 / (a * mass) + 1 / mass - y / total
        return spread(-rest * z, domain)


@dataclass(frozen=True, slots=True)
class Zenga:
    """Zenga index (Barabesi, Diana and Perri 2016)."""

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return zenga(x[domain], w[domain])

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        order = np.argsort(x[domain], kind="stable")
        y, d = x[domain][order], w[domain][order]
        mass, total = d.sum(), d @ y
        upto = np.cumsum(d)
        above = total - np.cumsum(d * y) + d * y
        ratio = (total - above) / above
        own = -(mass - upto) * ratio / (mass * upto)
        of_mass = -(d @ ratio) / mass**2
        of_total = -(y / mass) * (d @ ((mass - upto) / (upto * above)))
        per_rank = d * ratio / upto**2
        of_rank = per_rank.sum() - np.cumsum(per_rank) + per_rank
        of_above = (total * y / mass) * np.cumsum(d * (mass - upto) / (upto * above**2))
        out = np.empty(order.size)
        out[order] = own + of_mass + of_total + of_rank + of_above
        return spread(out, domain)
