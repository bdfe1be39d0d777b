"""Quantiles, income up to a quantile, Lorenz ordinates and comparisons of two groups, with their influence values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_positive
from relapse_risk.poverty.inequality import lorenz_curve, weighted_quantile
from relapse_risk.poverty.linearised import (
    GeneralisedEntropy,
    Mask,
    Mean,
    bandwidth,
    density,
    quantile_influence,
    spread,
)

__all__ = ["IncomeUpTo", "JDivergence", "LorenzOrdinate", "MeanGap", "MedianRatio", "Quantile"]


@dataclass(frozen=True, slots=True)
class Quantile:
    """Quantile of the given order, smallest income whose cumulated share of weight reaches it."""

    order: float = 0.5

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return weighted_quantile(x[domain], self.order, w[domain])

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        y, d = x[domain], w[domain]
        return spread(quantile_influence(y, d, self.order, self.value(x, w, domain), bandwidth(y, d)), domain)


@dataclass(frozen=True, slots=True)
class IncomeUpTo:
    """Total income of those at or below the quantile of ``order``; with ``upper`` of those above it."""

    order: float = 0.4
    upper: bool = False

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        y, d = x[domain], w[domain]
        below = y <= weighted_quantile(y, self.order, d)
        held = ~below if self.upper else below
        return float(d[held] @ y[held])

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        y, d = x[domain], w[domain]
        at, h = weighted_quantile(y, self.order, d), bandwidth(y, d)
        slope = density(y, d, at, h, of_total=True)
        below = np.where(y <= at, y, 0.0) + slope * quantile_influence(y, d, self.order, at, h)
        return spread(y - below if self.upper else below, domain)


@dataclass(frozen=True, slots=True)
class LorenzOrdinate:
    """Share of income of the poorest ``order`` of the population, interpolated inside the unit at the quantile.

    Influence ((x - q) 1[x <= q] + order × q - share × x) / total income, q the quantile, interpolated as well (Kovačević
    and Binder 1997).
    """

    order: float = 0.5

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        if not 0 <= self.order <= 1:
            raise ModelError("not a share of the population", where="LorenzOrdinate", got=self.order, expected="0 to 1")
        curve = lorenz_curve(x[domain], w[domain])
        return float(np.interp(self.order, curve["population"], curve["share"]))

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        y, d = x[domain], w[domain]
        ranked = np.argsort(y, kind="stable")
        share, at = self.value(x, w, domain), float(np.interp(self.order, np.cumsum(d[ranked]) / d.sum(), y[ranked]))
        return spread(((y - at) * (y <= at) + self.order * at - share * y) / (d @ y), domain)


@dataclass(frozen=True, slots=True)
class JDivergence:
    """J-divergence: mean log deviation plus Theil index (Rohde 2016, doi:10.1016/j.econlet.2015.12.003)."""

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return GeneralisedEntropy(0).value(x, w, domain) + GeneralisedEntropy(1).value(x, w, domain)

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        theil: Array = GeneralisedEntropy(1).influence(x, w, domain)
        return GeneralisedEntropy(0).influence(x, w, domain) + theil


def _two_groups(group: Mask, domain: Mask, where: str) -> tuple[Mask, Mask]:
    marked = np.asarray(group)
    if marked.dtype != np.bool_ or marked.shape != domain.shape:
        raise ModelError("says of which rows it speaks by true and false", where=where, got=(marked.dtype, marked.shape),
                         expected=f"bool, {domain.shape}")  # fmt: skip
    one, other = domain & marked, domain & ~marked
    if not one.any() or not other.any():
        raise ModelError("one of the two groups has no rows", where=where, got=(int(one.sum()), int(other.sum())))
    return one, other


@dataclass(frozen=True, slots=True, eq=False)
class MeanGap:
    """1 - mean of ``group`` / mean of the others, such as the gender pay gap; ``group`` is a bool array of shape (n,)."""

    group: Mask

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        one, other = _two_groups(self.group, domain, "MeanGap")
        return 1 - Mean().value(x, w, one) / Mean().value(x, w, other)

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        one, other = _two_groups(self.group, domain, "MeanGap")
        ratio, base = 1 - self.value(x, w, domain), Mean().value(x, w, other)
        return (ratio * Mean().influence(x, w, other) - Mean().influence(x, w, one)) / base


@dataclass(frozen=True, slots=True, eq=False)
class MedianRatio:
    """Median of ``group`` / median of the others, such as that of the old; ``group`` is a bool array of shape (n,)."""

    group: Mask

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        one, other = _two_groups(self.group, domain, "MedianRatio")
        base = Quantile().value(x, w, other)
        check_positive(np.array([base]), "MedianRatio")
        return Quantile().value(x, w, one) / base

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        one, other = _two_groups(self.group, domain, "MedianRatio")
        ratio, base = self.value(x, w, domain), Quantile().value(x, w, other)
        return (Quantile().influence(x, w, one) - ratio * Quantile().influence(x, w, other)) / base
