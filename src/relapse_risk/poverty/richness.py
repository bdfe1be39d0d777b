"""Richness (affluence) measures: how many are above a line, and how far; the mirror image of poverty measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes, check_line, check_weights
from relapse_risk.poverty.linearised import Mask, Mean, bandwidth, density
from relapse_risk.poverty.linearised_relative import LineOf, RelativeLine, everybody
from relapse_risk.rows import by_row

__all__ = ["RelativeRichness", "Richness", "RichnessKind", "richness"]

RichnessKind = Literal["headcount", "chakravarty", "concave", "convex"]


def _excess(income: Array, line: Array, kind: RichnessKind, order: float) -> Array:
    """Each unit's term: 0 up to the line, above it the measure's function of income and line."""
    if kind not in ("headcount", "chakravarty", "concave", "convex"):
        raise ModelError("unknown richness measure", where="richness: kind", got=kind,
                         expected="headcount | chakravarty | concave | convex")  # fmt: skip
    if not np.isfinite(order) or order <= 0:
        raise ModelError("not an order of a richness measure", where="richness: order", got=order, expected="> 0")
    rich = income > line
    y, z = np.where(rich, income, 1.0), np.where(rich, line, 1.0)
    if kind == "headcount":
        return rich.astype(np.float64)
    if kind == "chakravarty":
        terms = 1 - (z / y) ** order
    else:
        terms = ((y - z) / (y if kind == "concave" else z)) ** order
    return np.where(rich, terms, 0.0)


@by_row("income", "line", "weights")
def richness(
    income: npt.ArrayLike,
    line: npt.ArrayLike,
    kind: RichnessKind = "headcount",
    order: float = 1,
    weights: npt.ArrayLike | None = None,
) -> float:
    """Weighted mean over everybody of a function of the income y of the rich (y > line z), 0 for the others.

    headcount 1; chakravarty 1 - (z / y)^order; concave ((y - z) / y)^order; convex ((y - z) / z)^order.

    Parameters
    ----------
    income : array_like, shape (n,)
        Currency per person and year.
    line : float or array_like, shape (n,)
        Richness line, same unit.
    kind : {"headcount", "chakravarty", "concave", "convex"}
        Concave measures weigh a transfer among the rich towards the less rich as more richness, convex ones as less.
    order : float
        Above 0; not used by the headcount.
    weights : array_like, shape (n,), optional

    Returns
    -------
    float
        0 when nobody is rich.

    Raises
    ------
    ModelError
        For missing incomes, a line or order that is not positive, an unknown kind, or bad weights.

    References
    ----------
    Peichl, Schaefer and Scheicher (2010), doi:10.1111/j.1475-4991.2010.00404.x.

    Examples
    --------
    >>> [richness([50, 150, 200], 100, kind) for kind in ("headcount", "concave", "convex")]
    [0.6666666666666666, 0.27777777777777773, 0.5]
    """
    values = check_incomes(income)
    terms = _excess(values, check_line(line, values.size), kind, order)
    w = check_weights(weights, values.size)
    return float(w @ terms / w.sum())


@dataclass(frozen=True, slots=True)
class Richness:
    """Richness against a fixed line; see :func:`richness`.

    Examples
    --------
    >>> from relapse_risk.poverty import estimate, survey_design
    >>> estimate(Richness(4), [1.0, 2.0, 3.0, 6.0], survey_design([1, 1, 1, 1])).frame["value"].round(4).tolist()
    [0.25]
    """

    line: float
    kind: RichnessKind = "headcount"
    order: float = 1

    def _terms(self, x: Array) -> Array:
        return _excess(x, check_line(self.line, x.size), self.kind, self.order)

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return Mean().value(self._terms(x), w, domain)

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        return Mean().influence(self._terms(x), w, domain)


@dataclass(frozen=True, slots=True)
class RelativeRichness:
    """Richness against ``percent`` of everybody's quantile of ``order_of_line`` (or mean), whose sampling error counts."""

    percent: float = 2.0
    kind: RichnessKind = "headcount"
    order: float = 1
    order_of_line: float = 0.5
    of: LineOf = "quantile"

    def _line(self) -> RelativeLine:
        return RelativeLine(self.percent, self.order_of_line, self.of)

    def value(self, x: Array, w: Array, domain: Mask) -> float:
        return Richness(self._line().value(x, w, everybody(x)), self.kind, self.order).value(x, w, domain)

    def influence(self, x: Array, w: Array, domain: Mask) -> Array:
        line = self._line().value(x, w, everybody(x))
        own: Array = Richness(line, self.kind, self.order).influence(x, w, domain)
        return own + self._slope(x[domain], w[domain], line) * self._line().influence(x, w, everybody(x))

    def _slope(self, x: Array, w: Array, line: float) -> float:
        """Derivative of the measure by the line."""
        if self.kind == "headcount":
            return -density(x, w, line, bandwidth(x, w))
        rich = x > line
        y, a = x[rich], self.order
        if self.kind == "chakravarty":
            falls = a * line ** (a - 1) / y**a
        elif self.kind == "concave":
            falls = a * ((y - line) / y) ** (a - 1) / y
        else:
            falls = a * ((y - line) / line) ** (a - 1) * y / line**2
        return -float(w[rich] @ falls / w.sum())
