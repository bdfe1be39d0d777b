"""Drawings of fact tables from the chart their exhibit declares: each a function of the page's width."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

import pandas as pd

from relapse_risk.assessment import EXHIBITS, FactColumn, FactTable
from relapse_risk.charts import (
    Drawing,
    Line,
    Rule,
    Series,
    bars,
    columns,
    curve,
    dots,
    funnel,
    heat,
    lines,
    pairs,
    pyramid,
    stack,
    steps,
)  # fmt: skip
from relapse_risk.exhibits import (
    Bars,
    Chart,
    Columns,
    Curve,
    Dots,
    Exhibit,
    Flow,
    Funnel,
    Heat,
    Lines,
    Pairs,
    Pyramid,
    Reliability,
    Stack,
)
from relapse_risk.pages.format import (
    NOT_COMPUTED,
    WITHHELD,
    column_decimals,
    common_decimals,
    format_value,
    in_column,
    is_null,
)
from relapse_risk.pages.html_tables import hidden_gaps
from relapse_risk.parameters import Place
from relapse_risk.schema import code_list
from relapse_risk.text import Language, full_width, has_text, said, text

__all__ = ["AtWidth", "Canvas", "drawing"]

AtWidth = Callable[[float], Drawing]
SCALE_ENDS = (0.04, 0.08, 0.12, 0.2, 0.28, 0.4, 0.6, 0.8, 1.0)  # ends of the axes of a reliability diagram


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a drawing needs: the table, the county's rows and the city's, limits, and how to write words and numbers."""

    table: FactTable
    frame: pd.DataFrame
    city: pd.DataFrame
    limits: Mapping[str, float]
    language: Language
    currency: str = ""
    place: Place | None = None

    @property
    def exhibit(self) -> Exhibit:
        return EXHIBITS[self.table.name]

    def column(self, name: str) -> FactColumn:
        return next(column for column in self.table.columns if column.name == name)

    def word(self, name: str, row: int) -> str:
        """One value as a sentence writes it."""
        if self._withheld(name)[row]:
            return WITHHELD
        column, value = self.column(name), self.frame[name].iloc[row]
        decimals = common_decimals([value], column, self.limits.get(column.limit))
        return format_value(value, column, self.language, decimals)

    def words(self, name: str) -> list[str]:
        """The values of a column as the drawing writes them; its caption says the unit of large sums."""
        column, values = self.column(name), self.frame[name].tolist()
        decimals = column_decimals(self.frame, self.table.columns, self.limits)[name]
        return [
            WITHHELD if hidden else full_width(in_column(value, column, self.language, decimals, self.place))
            for value, hidden in zip(values, self._withheld(name), strict=True)
        ]

    def _withheld(self, name: str) -> list[bool]:
        """Which gaps of a column are withheld numbers, also where the whole column is one."""
        return hidden_gaps(self.frame, self.column(name)).tolist()

    def numbers(self, name: str) -> list[float | None]:
        values = pd.to_numeric(self.frame[name]).tolist()
        return [None if is_null(value) else float(value) for value in values]

    def known(self, name: str) -> bool:
        return bool(self.frame[name].notna().any())

    def city_numbers(self, key: str, name: str) -> list[float | None]:
        """The city's value of ``name`` for each of the county's keys; nothing where the city has none."""
        if self.city.empty or name not in self.city:
            return [None] * len(self.frame)
        found = dict(zip(self.city[key], pd.to_numeric(self.city[name]).astype(float), strict=True))
        values = [found.get(value) for value in self.frame[key]]
        return [None if value is None or pd.isna(value) else value for value in values]

    def say(self, key: str, /, **values: object) -> str:
        large = text("unit.large_sums", self.language, currency=self.currency)
        return said(key, self.language, self.place, **{"currency": self.currency, "large": large, **values})

    def name(self, column: str) -> str:
        """What a column is called in this exhibit's drawing."""
        own = f"exhibit.{self.table.name}.series.{column}"
        return self.say(own if has_text(own) else f"column.{column}")

    def series(self, column: str) -> Series:
        return Series(self.name(column), self.numbers(column), self.words(column))

    def write(self, kind: str, decimals: int | None = None) -> Callable[[float], str]:
        column = FactColumn("value", kind)  # type: ignore[arg-type]
        return lambda value: format_value(value, column, self.language, decimals)

    def kind(self, column: str) -> str:
        return self.column(column).kind

    def rule(self, name: str, kind: str = "share") -> Rule | None:
        """The limit called ``name`` as a reference, where it is known."""
        if name not in self.limits:
            return None
        return Rule(self.limits[name], self.say("chart.limit", value=self.write(kind)(self.limits[name])))


def _lines(c: Canvas, key: str, value: str, whole: bool = False) -> list[Line]:
    others = c.city_numbers(key, value) if whole else [None] * len(c.frame)
    rows = zip(c.words(key), c.numbers(value), c.words(value), others, strict=True)
    return [Line(label, number, word, other=other) for label, number, word, other in rows]


def _worth_drawing(*series: Sequence[float | None]) -> bool:
    """Whether there is more to see than one number, which a sentence says better."""
    return sum(any(value for value in values) for values in zip(*series, strict=True)) > 1


def _bars(c: Canvas, chart: Bars) -> AtWidth | None:
    found = _lines(c, chart.label, chart.value, chart.whole)
    if not _worth_drawing([one.value for one in found], [one.other for one in found]):
        return None
    if not chart.in_order:
        rest = dict(zip(c.words(chart.label), c.frame[chart.label] == "other", strict=True))
        found.sort(key=lambda one: (rest[one.label], one.value is None, -(one.value or 0)))
    return lambda width: bars(found[: chart.most] if chart.most else found, width)


def _dots(c: Canvas, chart: Dots) -> AtWidth | None:
    """Dots on a common scale; those below the column's limit in the warning colour."""
    if chart.first_of:
        alike = c.frame[chart.first_of] == c.frame[chart.first_of].iloc[0]
        c = replace(c, frame=c.frame[alike].reset_index(drop=True))
    kind = c.kind(chart.value)
    values, rule = c.numbers(chart.value), c.rule(c.column(chart.value).limit, kind)
    low, high = (c.numbers(side) if side else [None] * len(values) for side in (chart.low, chart.high))
    known = [v for v in values if v is not None]
    if len(known) < 2 or (not chart.low and rule is not None and all(v == rule.at for v in known)):
        return None
    rows = zip(c.words(chart.label), values, c.words(chart.value), low, high, strict=True)
    found = [
        Line(label, value, word, lo, hi, warn=rule is not None and value < rule.at)
        for label, value, word, lo, hi in rows
        if value is not None
    ]
    return lambda width: dots(found, width, c.write(kind, chart.decimals), rule, chart.span)


def _columns(c: Canvas, chart: Columns) -> AtWidth | None:
    drawn = [c.series(name) for name in chart.series if c.known(name)]
    if not drawn or not _worth_drawing(*(one.values for one in drawn)):
        return None
    marks = [place for place, word in enumerate(c.frame[chart.label]) if word in chart.marks]
    own = f"exhibit.{c.table.name}.marked"
    return lambda width: columns(c.words(chart.label), drawn, width, marks, c.say(own) if has_text(own) else "")


def _pairs(c: Canvas, chart: Pairs) -> AtWidth:
    value, other = c.series(chart.value), c.series(chart.other)
    rows = zip(c.words(chart.label), value.values, value.shown, other.values, other.shown, strict=True)
    found = [
        Line(label, v, f"{w} / {p}" if chart.both else w, other=o)
        for label, v, w, o, p in rows
        if v is not None or o is not None
    ]
    if chart.widest:
        sign = -1 if chart.widest == "above" else 1
        found.sort(key=lambda one: sign * ((one.value or 0) - (one.other or 0)))
    return lambda width: pairs(found, width, (value.name, other.name), c.write(c.kind(chart.value)))


def _pyramid(c: Canvas, chart: Pyramid) -> AtWidth:
    return lambda width: pyramid(c.words(chart.label), c.series(chart.left), c.series(chart.right), width)


def _stack(c: Canvas, chart: Stack) -> AtWidth:
    names = [name for name in chart.parts if c.known(name)]
    totals = [c.write(c.kind(chart.parts[0]))(float(total)) for total in c.frame[names].sum(axis=1)]
    months = [str(period) for period in c.frame[chart.period]]
    periods = [month[:4] if month.endswith("-12") else month for month in months]
    return lambda width: stack(periods, [c.series(name) for name in names], totals, width)


def _heat(c: Canvas, chart: Heat) -> AtWidth | None:
    """The rows and columns in which something stands below 100 % or is not known."""
    names = [column.name for column in c.table.columns if column.kind == "share" and column.name in c.frame]
    shares = c.frame.set_index(pd.Index(c.words(chart.label)))[names].astype(float).dropna(axis="columns", how="all")
    short = ~(shares == 1)
    shares = shares.loc[short.any(axis="columns"), short.any(axis="index")]
    if min(shares.shape) < 2 or not (shares < 1).any(axis=None):
        return None
    heads = [code_list(chart.codes).label(name, c.language) if chart.codes else c.name(name) for name in shares]
    values = [[None if pd.isna(v) else float(v) for v in row] for row in shares.itertuples(index=False)]
    gap = WITHHELD if all(c.column(str(name)).of for name in shares) else NOT_COMPUTED
    shown = [[gap if v is None else c.write("share")(v) for v in row] for row in values]
    worst = min(float(shares.min(axis=None)), 0.9)
    return lambda width: heat([str(row) for row in shares.index], heads, values, shown, width, 1.0, worst)


def _over_time(c: Canvas, chart: Lines) -> AtWidth:
    return lambda width: lines(c.words(chart.label), [c.series(name) for name in chart.series], width)


def _flow(c: Canvas, chart: Flow) -> AtWidth | None:
    numbers, steps_ = c.numbers(chart.value), c.frame[chart.label].tolist()
    values = [number for number in numbers if number is not None]
    if len(values) < len(steps_) or not {*chart.came, *chart.went} <= set(steps_):
        return None
    levels = [-value if step in chart.went else value for step, value in zip(steps_, values, strict=True)]
    shown = [
        ("+" if step in chart.came else "−" if step in chart.went and value else "") + word
        for step, value, word in zip(steps_, values, c.words(chart.value), strict=True)
    ]
    return lambda width: steps(c.words(chart.label), levels, shown, width)


def _funnel(c: Canvas, chart: Funnel) -> AtWidth:
    values = c.numbers(chart.value)
    passed = [c.write("share")(b / a) if a and b is not None else "" for a, b in pairwise(values)]
    found = _lines(c, chart.label, chart.value)
    return lambda width: funnel(found, width, [f"↓ {p}" if p else "" for p in passed])


def _curve(c: Canvas, chart: Curve) -> AtWidth:
    points = [(float(x), float(y)) for x, y in zip(c.frame[chart.x], c.frame[chart.y], strict=True)]
    return lambda width: curve(points, width, c.name(chart.x), c.name(chart.y), c.say("chart.even"), c.write("share"))


def _reliability(c: Canvas, chart: Reliability) -> AtWidth:
    frame = c.frame.astype(float)
    points = list(zip(frame[chart.predicted], frame[chart.observed], strict=True))
    limits = list(zip(frame[chart.low], frame[chart.high], strict=True))
    raw = float(frame[[chart.predicted, chart.high]].max().max())
    top = next(t for t in SCALE_ENDS if t >= raw or t == 1.0)
    return lambda width: curve(
        points, width, c.name(chart.predicted), c.name(chart.observed), c.say("chart.perfect"), c.write("share"), top,
        limits, join=False,
    )  # fmt: skip


DRAW: Mapping[type[Chart], Callable[..., AtWidth | None]] = MappingProxyType(
    {
        Bars: _bars, Dots: _dots, Columns: _columns, Pairs: _pairs, Pyramid: _pyramid, Stack: _stack, Heat: _heat,
        Lines: _over_time, Flow: _flow, Funnel: _funnel, Curve: _curve, Reliability: _reliability,
    }
)  # fmt: skip


def drawing(canvas: Canvas) -> AtWidth | None:
    """The drawing of the exhibit's chart by width, or None where it would say nothing (all the same)."""
    chart = canvas.exhibit.chart
    return DRAW[type(chart)](canvas, chart) if chart else None
