"""Measures against a line that is itself estimated: a share of the median, whose sampling error is passed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array
from relapse_risk.poverty.fgt_measures import Closed, poverty_gaps
from relapse_risk.poverty.inequality import weighted_quantile
from relapse_risk.poverty.linearised import Fgt, Mask, Mean, bandwidth, density, quantile_influence, spread

__all__ = ["LineOf", "MedianOfPoor", "RelativeFgt", "RelativeLine", "RelativeMedianGap"]

LineOf = Literal["quantile", "mean"]


def everybody(x: Array) -> Mask:
    return np.ones(x.size, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class RelativeLine:
    """At-risk-of-poverty threshold: ``percent`` of the quantile of ``order`` (or, ``of="mean"``, of the mean) of the domain.

    The measures against a relative line (:class:`RelativeFgt`, :class:`RelativeMedianGap`) take that of everybody.

    Examples
    --------
    >>> from relapse_risk.poverty import estimate, survey_design
    >>> estimate(RelativeLine(0.6), [1.0, 2.0, 3.0, 6.0], survey_design([1, 1, 1, 1])).frame["value"].round(4).tolist()
    [1.2]
    """

    percent: float = 0.6
    order: float = 0.5
    of: LineOf = "quantile"

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        if self.of not in ("quantile", "mean"):
            raise ModelError("unknown basis of a line", where="RelativeLine", got=self.of, expected="quantile | mean")
        if self.of == "mean":
            line = self.percent * Mean().value(x, w, domain)
        else:
            line = self.percent * weighted_quantile(x[domain], self.order, w[domain])
        if line <= 0:
            raise ModelError("the relative line is not positive", where="RelativeLine", got=line, expected="> 0")
        return line

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        if self.of == "mean":
            return self.percent * Mean().influence(x, w, domain)
        xd, wd = x[domain], w[domain]
        quantile = weighted_quantile(xd, self.order, wd)
        return spread(self.percent * quantile_influence(xd, wd, self.order, quantile, bandwidth(xd, wd)), domain)


@dataclass(frozen=True, slots=True)
class RelativeFgt:
    """FGT against the national relative line; order 0 is the at-risk-of-poverty rate.

    The domain's rate varies with the domain's sample and with the threshold, which everybody's sample estimates.
    ``closed="right"`` is the convention of convey, ``"left"`` that of laeken and Eurostat.

    Examples
    --------
    >>> from relapse_risk.poverty import estimate, survey_design
    >>> estimate(RelativeFgt(0), [1.0, 2.0, 3.0, 6.0], survey_design([1, 1, 1, 1])).frame["value"].round(4).tolist()
    [0.25]
    """

    alpha: float = 0
    percent: float = 0.6
    order: float = 0.5
    closed: Closed = "right"
    of: LineOf = "quantile"

    def _line(self) -> RelativeLine:
        return RelativeLine(self.percent, self.order, self.of)

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return Fgt(self._line().value(x, w, everybody(x)), self.alpha, self.closed).value(x, w, domain)

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        line = self._line().value(x, w, everybody(x))
        own = Fgt(line, self.alpha, self.closed).influence(x, w, domain)
        xd, wd = x[domain], w[domain]
        if self.alpha == 0:
            slope = density(xd, wd, line, bandwidth(xd, wd))
        else:
            gaps = poverty_gaps(xd, line, self.alpha - 1, self.closed)
            slope = float(wd @ (self.alpha * gaps * xd / line**2) / wd.sum())
        return own + slope * self._line().influence(x, w, everybody(x))


@dataclass(frozen=True, slots=True)
class MedianOfPoor:
    """Median income of those at or below the national relative line."""

    percent: float = 0.6
    order: float = 0.5

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        line = RelativeLine(self.percent, self.order).value(x, w, everybody(x))
        poor = domain & (x <= line)
        if not poor.any():
            raise ModelError("nobody is below the line", where="MedianOfPoor", got=line)
        return weighted_quantile(x[poor], 0.5, w[poor])

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        median = self.value(x, w, domain)
        rate = RelativeFgt(0, self.percent, self.order)
        share = rate.value(x, w, domain)
        xd, wd = x[domain], w[domain]
        below = np.where(domain, ((x <= median) - 0.5 * share) / wd.sum(), 0.0)
        return (0.5 * rate.influence(x, w, domain) - below) / density(xd, wd, median, bandwidth(xd, wd))


@dataclass(frozen=True, slots=True)
class RelativeMedianGap:
    """Relative median poverty gap: 1 - median income of those at or below the national relative line / that line."""

    percent: float = 0.6
    order: float = 0.5

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        line = RelativeLine(self.percent, self.order).value(x, w, everybody(x))
        return 1 - MedianOfPoor(self.percent, self.order).value(x, w, domain) / line

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        median = MedianOfPoor(self.percent, self.order)
        line = RelativeLine(self.percent, self.order)
        at = line.value(x, w, everybody(x))
        of_line = line.influence(x, w, everybody(x))
        return median.value(x, w, domain) * of_line / at**2 - median.influence(x, w, domain) / at
