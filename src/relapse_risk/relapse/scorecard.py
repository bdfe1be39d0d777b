"""The scorecard: whole points a village officer adds up, and the probability each total stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.languages import Label
from relapse_risk.relapse.fitted_logit import FittedRelapseLogit, Term
from relapse_risk.relapse.glm import Array, expit, fit_glm
from relapse_risk.rows import by_row

__all__ = ["CardChance", "CardLine", "RelapseCard", "make_card"]

TOP, STEPS, ROWS = 100, 4, 8


@dataclass(frozen=True, slots=True)
class CardLine:
    """Add ``points`` where the value is at least ``low`` and under ``high``; ``None``: no limit on that side."""

    name: str
    label: Label
    unit: str
    low: float | None
    high: float | None
    points: int


@dataclass(frozen=True, slots=True)
class CardChance:
    """Households with a total from ``points_from`` to ``points_to``: how many, how many fell, expected probability."""

    points_from: int
    points_to: int
    n: int
    events: int
    chance: float


@dataclass(frozen=True, slots=True)
class RelapseCard:
    """Whole points by answer, the points of an unknown answer, and the probability of a total.

    Attributes
    ----------
    lines : tuple of CardLine
    unknown : tuple of (str, int)
        Points where nothing is known, by term.
    base, slope : float
        chance = 1 / (1 + exp(-(base + slope × total))).
    chances : tuple of CardChance
    """

    lines: tuple[CardLine, ...]
    unknown: tuple[tuple[str, int], ...]
    base: float
    slope: float
    chances: tuple[CardChance, ...]

    def total(self, matrix: pd.DataFrame) -> pd.Series:
        """Total of whole points for each row of feature values."""
        result = pd.Series(0, index=matrix.index, dtype="int64")
        for name, unknown in self.unknown:
            own = [line for line in self.lines if line.name == name]
            edges = np.array([line.low for line in own[1:]], dtype=np.float64)
            points = np.array([line.points for line in own])
            values = matrix[name]
            result += np.where(values.isna(), unknown, points[np.searchsorted(edges, values.fillna(0), side="right")])
        return result

    def summary(self) -> str:
        """The card as text: points by answer, then the probability of each range of totals."""
        unknown = dict(self.unknown)
        lines = [
            f"{line.label.en:<58} {'' if line.low is None else f'from {line.low:.2f} '}"
            f"{'' if line.high is None else f'under {line.high:.2f} '}: {line.points}"
            for line in self.lines
        ]
        lines += [f"{name:<58} unknown: {points}" for name, points in unknown.items()]
        return "\n".join([*lines, *(f"{c.points_from:>4} to {c.points_to:<4} {c.chance:.1%}" for c in self.chances)])

    def chance(self, total: pd.Series) -> Array:
        """Probability of falling at a total."""
        return expit(self.base + self.slope * total.to_numpy(dtype=float))


@by_row("matrix", "event", "weight")
def make_card(
    fitted: FittedRelapseLogit, matrix: pd.DataFrame, event: pd.Series, weight: pd.Series, top: int = TOP
) -> RelapseCard:
    """The score rounded to whole points, at most ``top`` in all, none negative.

    Parameters
    ----------
    fitted : FittedRelapseLogit
    matrix : DataFrame
        Values of the terms for the rows the chances are read from.
    event, weight : Series, shape (n,)

    Raises
    ------
    ModelError
        If no term moves the score.
    """
    steps = {term.name: _steps(term, matrix[term.name]) for term in fitted.terms}
    width = sum(max(value for *_, value in rows) for rows in steps.values())
    if not width:
        raise ModelError("no term moves the score", where="make_card", fix="fit on rows that differ")
    lines, unknown = [], []
    for term in fitted.terms:
        rows = steps[term.name]
        points = [round(top * value / width) for *_, value in rows]
        if not any(points):
            continue
        edges = np.array([low for low, _, _ in rows[1:]], dtype=np.float64)
        unknown.append((term.name, points[int(np.searchsorted(edges, term.reference, side="right"))]))
        lines += [
            CardLine(term.name, term.label, term.unit, low, high, p)
            for (low, high, _), p in zip(rows, points, strict=True)
        ]
    blank = RelapseCard(tuple(lines), tuple(unknown), 0.0, 0.0, ())
    total = blank.total(matrix)
    y, w = event.to_numpy(dtype=float), weight.to_numpy(dtype=float)
    fit = fit_glm(np.column_stack([np.ones(len(total)), total / top]), y, w / w.mean(), names=("base", "total"))
    base, slope = float(fit.params[0]), float(fit.params[1] / top)
    return RelapseCard(blank.lines, blank.unknown, base, slope, _chances(total, y, base, slope))


def _steps(term: Term, values: pd.Series) -> list[tuple[float | None, float | None, float]]:
    """Intervals of a term's values with the log-odds they add above its best interval."""
    known = values.dropna()
    distinct = np.unique(known)
    if len(distinct) <= STEPS:
        edges = distinct[1:]
    else:
        # Limits are values somebody has, so that no interval between two of them is empty.
        edges = np.unique(known.quantile(np.arange(1, STEPS) / STEPS, interpolation="higher").to_numpy())
        edges = edges[edges > distinct[0]]
    place = np.searchsorted(edges, known, side="right")
    means = np.array([known[place == i].mean() for i in range(len(edges) + 1)])
    added = term.coefficient * means
    limits = [None, *(float(edge) for edge in edges), None]
    return [(limits[i], limits[i + 1], float(added[i] - added.min())) for i in range(len(means))]


def _chances(total: pd.Series, y: Array, base: float, slope: float) -> tuple[CardChance, ...]:
    edges = np.unique(np.quantile(total, np.linspace(0, 1, ROWS + 1))).astype(int)
    place = np.clip(np.searchsorted(edges, total, side="right") - 1, 0, max(len(edges) - 2, 0))
    found = []
    for i in np.unique(place):
        inside = place == i
        points = total[inside]
        chance = float(np.mean(expit(base + slope * points.to_numpy(dtype=float))))
        found.append(CardChance(int(points.min()), int(points.max()), int(inside.sum()), int(y[inside].sum()), chance))
    return tuple(found)
