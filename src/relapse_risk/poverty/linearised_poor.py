"""Measures of the poor with their influence values: Sen, Sen-Shorrocks-Thon, income gap ratio, Watts against a moving line.

Each is a function of measures of ``linearised`` and takes its influence by the chain rule. Sources: Osier (2009,
doi:10.18148/srm/2009.v3i3.369); Bhattacharya (2007, doi:10.1016/j.jeconom.2006.06.003) for the Gini inside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array
from relapse_risk.poverty.fgt_measures import Closed, is_poor, poverty_gaps
from relapse_risk.poverty.inequality import GiniKind
from relapse_risk.poverty.linearised import Fgt, Gini, Mask, Watts
from relapse_risk.poverty.linearised_relative import LineOf, RelativeLine, everybody

__all__ = ["GiniOfGaps", "GiniOfPoor", "IncomeGapRatio", "RelativeWatts", "Sen", "Sst"]


@dataclass(frozen=True, slots=True)
class IncomeGapRatio:
    """Mean gap of the poor, FGT(1) / FGT(0); see :func:`relapse_risk.poverty.income_gap_ratio`."""

    line: float
    closed: Closed = "left"

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        share = Fgt(self.line, 0, self.closed).value(x, w, domain)
        if share == 0:
            raise ModelError("nobody is poor, so the gap of the poor is not defined", where="IncomeGapRatio")
        return Fgt(self.line, 1, self.closed).value(x, w, domain) / share

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        share, gap = Fgt(self.line, 0, self.closed), Fgt(self.line, 1, self.closed)
        ratio = self.value(x, w, domain)
        of_ratio: Array = gap.influence(x, w, domain) - ratio * share.influence(x, w, domain)
        return of_ratio / share.value(x, w, domain)


@dataclass(frozen=True, slots=True)
class GiniOfPoor:
    """Gini coefficient of the incomes of the poor alone."""

    line: float
    closed: Closed = "left"
    kind: GiniKind = "population"

    def _poor(self, x: Array, domain: Mask) -> Mask:
        poor: Mask = domain & is_poor(x, self.line, self.closed)
        if not poor.any():
            raise ModelError("nobody is poor, so there is no Gini of the poor", where="GiniOfPoor")
        return poor

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return Gini(self.kind).value(x, w, self._poor(x, domain))

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        return Gini(self.kind).influence(x, w, self._poor(x, domain))


@dataclass(frozen=True, slots=True)
class GiniOfGaps:
    """Gini coefficient of everybody's poverty gaps, zeros of those who are not poor included."""

    line: float
    closed: Closed = "left"
    kind: GiniKind = "population"

    def _gaps(self, x: Array, domain: Mask) -> Array:
        gaps = poverty_gaps(x, self.line, 1, self.closed)
        if not (gaps[domain] > 0).any():
            raise ModelError("nobody has a gap, so the gaps have no Gini", where="GiniOfGaps")
        return gaps

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return Gini(self.kind).value(self._gaps(x, domain), w, domain)

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        return Gini(self.kind).influence(self._gaps(x, domain), w, domain)


@dataclass(frozen=True, slots=True)
class Sen:
    """Sen index FGT(1) + (FGT(0) - FGT(1)) × Gini of the poor; see :func:`relapse_risk.poverty.sen`. 0 if nobody is poor.

    Examples
    --------
    >>> from relapse_risk.poverty import estimate, survey_design
    >>> estimate(Sen(3), [1.0, 2.0, 3.0, 6.0], survey_design([1, 1, 1, 1])).frame["value"].round(4).tolist()
    [0.2917]
    """

    line: float
    closed: Closed = "left"
    kind: GiniKind = "population"

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        share = Fgt(self.line, 0, self.closed).value(x, w, domain)
        if share == 0:
            return 0.0
        gap = Fgt(self.line, 1, self.closed).value(x, w, domain)
        return gap + (share - gap) * GiniOfPoor(self.line, self.closed, self.kind).value(x, w, domain)

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        headcount, mean_gap = Fgt(self.line, 0, self.closed), Fgt(self.line, 1, self.closed)
        share = headcount.value(x, w, domain)
        if share == 0:
            return np.zeros(x.size)
        poor = GiniOfPoor(self.line, self.closed, self.kind)
        gini, gap = poor.value(x, w, domain), mean_gap.value(x, w, domain)
        return (
            (1 - gini) * mean_gap.influence(x, w, domain)
            + gini * headcount.influence(x, w, domain)
            + (share - gap) * poor.influence(x, w, domain)
        )


@dataclass(frozen=True, slots=True)
class Sst:
    """Sen-Shorrocks-Thon index FGT(1) × (1 + Gini of everybody's gaps); see :func:`relapse_risk.poverty.sst`.

    Examples
    --------
    >>> from relapse_risk.poverty import estimate, survey_design
    >>> estimate(Sst(3), [1.0, 2.0, 3.0, 6.0], survey_design([1, 1, 1, 1])).frame["value"].round(4).tolist()
    [0.3958]
    """

    line: float
    closed: Closed = "left"
    kind: GiniKind = "population"

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        gap = Fgt(self.line, 1, self.closed).value(x, w, domain)
        return gap * (1 + GiniOfGaps(self.line, self.closed, self.kind).value(x, w, domain)) if gap else 0.0

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        mean_gap, gaps = Fgt(self.line, 1, self.closed), GiniOfGaps(self.line, self.closed, self.kind)
        gap = mean_gap.value(x, w, domain)
        if gap == 0:
            return np.zeros(x.size)
        own = (1 + gaps.value(x, w, domain)) * mean_gap.influence(x, w, domain)
        return own + gap * gaps.influence(x, w, domain)


@dataclass(frozen=True, slots=True)
class RelativeWatts:
    """Watts index against the national relative line, whose own sampling error is passed on (slope: headcount / line)."""

    percent: float = 0.6
    order: float = 0.5
    closed: Closed = "right"
    of: LineOf = "quantile"

    def _line(self) -> RelativeLine:
        return RelativeLine(self.percent, self.order, self.of)

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return Watts(self._line().value(x, w, everybody(x)), self.closed).value(x, w, domain)

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        line = self._line().value(x, w, everybody(x))
        slope = Fgt(line, 0, self.closed).value(x, w, domain) / line
        own: Array = Watts(line, self.closed).influence(x, w, domain)
        return own + slope * self._line().influence(x, w, everybody(x))
