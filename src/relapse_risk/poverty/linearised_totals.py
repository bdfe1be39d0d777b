"""Totals, ratios of totals and the variance of a variable, with their influence values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array
from relapse_risk.poverty.linearised import Mask, Mean

__all__ = ["Ratio", "Total", "Variance"]


@dataclass(frozen=True, slots=True)
class Total:
    """Weighted total: influence x in the domain."""

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return float(w[domain] @ x[domain])

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        return np.where(domain, x, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """Total over the total of ``per``, an array of shape (n,): influence (x - ratio × per) / total of per."""

    per: Array

    def _base(self, w: Array, domain: Mask) -> tuple[Array, float]:
        per = np.asarray(self.per, dtype=np.float64)
        if per.shape != domain.shape or not np.isfinite(per[domain]).all():
            raise ModelError(
                "not one finite number per row", where="Ratio: per", got=per.shape, expected=str(domain.shape)
            )
        base = float(w[domain] @ per[domain])
        if base == 0:
            raise ModelError("the total below the line is zero", where="Ratio: per", got=base)
        return per, base

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return Total().value(x, w, domain) / self._base(w, domain)[1]

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        per, base = self._base(w, domain)
        return np.where(domain, (x - self.value(x, w, domain) * per) / base, 0.0)


@dataclass(frozen=True, slots=True)
class Variance:
    """Variance of a variable in the population, n / (n - 1) × weighted mean of (x - mean)², n the rows of the domain."""

    def _terms(self, x: Array, w: Array, domain: Mask) -> Array:
        n = int((domain & (w > 0)).sum())
        if n < 2:
            raise ModelError("a variance needs two rows", where="Variance", got=n)
        terms: Array = (x - Mean().value(x, w, domain)) ** 2 * n / (n - 1)
        return terms

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return Mean().value(self._terms(x, w, domain), w, domain)

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        return Mean().influence(self._terms(x, w, domain), w, domain)
