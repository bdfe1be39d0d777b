"""Which fact table is drawn how.  A drawing is a function of the page's width; its finding stands in findings.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

import pandas as pd

from relapse_risk.assessment import FactColumn, FactTable
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
from relapse_risk.pages.format import (
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
from relapse_risk.text import Language, full_width, said, text

__all__ = ["DRAWINGS", "Canvas", "DrawingSpec"]

AtWidth = Callable[[float], Drawing]


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

    def series(self, name: str, label: str) -> Series:
        return Series(self.say(label), self.numbers(name), self.words(name))

    def write(self, kind: str) -> Callable[[float], str]:
        column = FactColumn("value", kind)  # type: ignore[arg-type]
        return lambda value: format_value(value, column, self.language)

    def rule(self, name: str, kind: str = "share") -> Rule | None:
        """The limit called ``name`` as a reference, where it is known."""
        if name not in self.limits:
            return None
        return Rule(self.limits[name], self.say("chart.limit", value=self.write(kind)(self.limits[name])))


Draw = Callable[[Canvas], AtWidth | None]


@dataclass(frozen=True, slots=True)
class DrawingSpec:
    """How one fact table is drawn.

    Attributes
    ----------
    draw : callable
        Gives the drawing by width, or None where a drawing would say nothing (all the same).
    half : bool
        Small enough for half a page's width.
    """

    draw: Draw
    half: bool = False


def _lines(c: Canvas, key: str, value: str, warn: Sequence[bool] = (), city: bool = False) -> list[Line]:
    others = c.city_numbers(key, value) if city else [None] * len(c.frame)
    rows = zip(c.words(key), c.numbers(value), c.words(value), others, strict=True)
    return [Line(k, v, w, other=o, warn=bool(warn) and warn[i]) for i, (k, v, w, o) in enumerate(rows)]


def _worth_drawing(*series: Sequence[float | None]) -> bool:
    """Whether there is more to see than one number, which a sentence says better."""
    return sum(any(value for value in values) for values in zip(*series, strict=True)) > 1


def _bars(key: str, value: str, city: bool = False, most: int = 0, in_order: bool = False) -> Draw:
    """Bars, the longest first and the rest class last, unless the rows have an order of their own."""

    def draw(c: Canvas) -> AtWidth | None:
        found = _lines(c, key, value, city=city)
        if not _worth_drawing([one.value for one in found], [one.other for one in found]):
            return None
        if not in_order:
            rest = dict(zip(c.words(key), c.frame[key] == "other", strict=True))
            found.sort(key=lambda one: (rest[one.label], one.value is None, -(one.value or 0)))
        return lambda width: bars(found[:most] if most else found, width)

    return draw


def _dots(key: str, value: str, kind: str, interval: bool = False, higher: bool = True) -> Draw:
    """Dots on a common scale; those on the wrong side of the column's limit in the warning colour."""

    def draw(c: Canvas) -> AtWidth | None:
        values, rule = c.numbers(value), c.rule(c.column(value).limit, kind)
        low, high = (c.numbers(side) if interval else [None] * len(values) for side in ("low", "high"))
        known = [v for v in values if v is not None]
        if len(known) < 2 or (not interval and rule is not None and all(v == rule.at for v in known)):
            return None
        found = [
            Line(
                label,
                v,
                shown,
                lo,
                hi,
                warn=rule is not None and v is not None and (v < rule.at if higher else v > rule.at),
            )
            for label, v, shown, lo, hi in zip(c.words(key), values, c.words(value), low, high, strict=True)
            if v is not None
        ]
        return lambda width: dots(found, width, c.write(kind), rule)

    return draw


def _columns(key: str, *series: tuple[str, str], marks: Sequence[int] = (), marked: str = "") -> Draw:
    def draw(c: Canvas) -> AtWidth | None:
        drawn = [c.series(name, label) for name, label in series if c.known(name)]
        if not drawn or not _worth_drawing(*(one.values for one in drawn)):
            return None
        return lambda width: columns(c.words(key), drawn, width, marks, c.say(marked) if marked else "")

    return draw


def _pairs(
    key: str, value: str, other: str, names: tuple[str, str], kind: str, *, both: bool = True, gap: int = 0
) -> Draw:
    """Pairs; ``gap`` 1 puts those first whose value lies furthest above its partner, -1 furthest below."""

    def draw(c: Canvas) -> AtWidth:
        rows = zip(c.words(key), c.numbers(value), c.words(value), c.numbers(other), c.words(other), strict=True)
        found = [
            Line(k, v, f"{w} / {p}" if both else w, other=o) for k, v, w, o, p in rows if v is not None or o is not None
        ]
        if gap:
            found.sort(key=lambda one: -gap * ((one.value or 0) - (one.other or 0)))
        labels = (c.say(names[0]), c.say(names[1]))
        return lambda width: pairs(found, width, labels, c.write(kind))

    return draw


def _pyramid(c: Canvas) -> AtWidth:
    male, female = c.series("male", "column.male"), c.series("female", "column.female")
    return lambda width: pyramid(c.words("age_band"), male, female, width)


def _stack(c: Canvas) -> AtWidth:
    names = [n for n in ("wage_income", "business_net", "property_income", "transfer_income") if c.known(n)]
    totals = [c.write("money")(float(total)) for total in c.frame[names].sum(axis=1)]
    periods = [str(period)[:4] if str(period).endswith("-12") else str(period) for period in c.frame["period"]]
    series = [c.series(name, f"column.{name}") for name in names]
    return lambda width: stack(periods, series, totals, width)


def _heat(c: Canvas) -> AtWidth | None:
    """The rows and columns in which something stands below 100 % or is not known."""
    names = [column.name for column in c.table.columns if column.kind == "share" and column.name in c.frame]
    shares = c.frame.set_index(pd.Index(c.words("town")))[names].astype(float).dropna(axis="columns", how="all")
    short = ~(shares == 1)
    shares = shares.loc[short.any(axis="columns"), short.any(axis="index")]
    if min(shares.shape) < 2 or not (shares < 1).any(axis=None):
        return None
    labels = code_list("wu_tong_shi_you") if c.table.name == "village_heat" else None
    heads = [labels.label(name, c.language) if labels else c.say(f"column.{name}") for name in shares]
    values = [[None if pd.isna(v) else float(v) for v in row] for row in shares.itertuples(index=False)]
    gap = WITHHELD if all(c.column(str(name)).of for name in shares) else "–"
    shown = [[gap if v is None else c.write("share")(v) for v in row] for row in values]
    worst = min(float(shares.min(axis=None)), 0.9)
    return lambda width: heat([str(town) for town in shares.index], heads, values, shown, width, 1.0, worst)


def _found_closed(c: Canvas) -> AtWidth:
    found, closed = c.series("found", "column.found"), c.series("closed", "column.closed")
    return lambda width: lines(c.words("month"), [found, closed], width)


def _flow(c: Canvas) -> AtWidth | None:
    values = c.numbers("households")
    signs = [1, 1, -1, -1, 1]
    if len(values) != len(signs) or any(v is None for v in values):
        return None
    levels = [sign * (v or 0) for sign, v in zip(signs, values, strict=True)]
    shown = [("+" if i == 1 else "−" if sign < 0 and v else "") + word
             for i, (sign, v, word) in enumerate(zip(signs, values, c.words("households"), strict=True))]  # fmt: skip
    return lambda width: steps(c.words("step"), levels, shown, width)


def _aid(c: Canvas) -> AtWidth:
    points = [(float(x), float(y)) for x, y in zip(c.frame["population"], c.frame["aid"], strict=True)]
    return lambda width: curve(
        points, width, c.say("chart.households_cum"), c.say("chart.aid_cum"), c.say("chart.even"), c.write("share")
    )


def _reliability(c: Canvas) -> AtWidth:
    frame = c.frame.astype(float)
    points = list(zip(frame["expected"], frame["observed"], strict=True))
    limits = list(zip(frame["low"], frame["high"], strict=True))
    raw = float(frame[["expected", "high"]].max().max())
    top = next(t for t in (0.04, 0.08, 0.12, 0.2, 0.28, 0.4, 0.6, 0.8, 1.0) if t >= raw or t == 1.0)
    return lambda width: curve(
        points, width, c.say("chart.predicted"), c.say("chart.observed_share"), c.say("chart.perfect"),
        c.write("share"), top, limits, join=False,
    )  # fmt: skip


def _funnel(c: Canvas) -> AtWidth:
    values = c.numbers("alerts")
    passed = [c.write("share")(b / a) if a and b is not None else "" for a, b in pairwise(values)]
    found = _lines(c, "step", "alerts")
    return lambda width: funnel(found, width, [f"↓ {p}" if p else "" for p in passed])


def _dividends(c: Canvas) -> AtWidth:
    points = [(float(x), float(y)) for x, y in zip(c.frame["population"], c.frame["dividends"], strict=True)]
    return lambda width: curve(
        points, width, c.say("chart.persons_cum"), c.say("chart.dividends_cum"), c.say("chart.even"), c.write("share")
    )


def _trend(c: Canvas) -> AtWidth:
    days, papers = c.series("mean_days", "column.mean_days"), c.series("papers", "column.papers")
    return lambda width: lines(c.words("half_year"), [days, papers], width)


def _backtests(c: Canvas) -> AtWidth:
    rows = c.frame["design"] == c.frame["design"].iloc[0]
    mine = replace(c, frame=c.frame[rows].reset_index(drop=True))
    found = [
        Line(label, v, shown, lo, hi)
        for label, v, shown, lo, hi in zip(
            mine.words("score"), mine.numbers("auc"), mine.words("auc"), mine.numbers("low"), mine.numbers("high"),
            strict=True,
        )
    ]  # fmt: skip
    return lambda width: dots(found, width, lambda value: f"{value:.2f}", span=(0.5, 1.0))


DRAWINGS: Mapping[str, DrawingSpec] = MappingProxyType(
    {
        "population_by_class": DrawingSpec(_bars("household_class", "households", in_order=True), half=True),
        "causes": DrawingSpec(_bars("cause", "main_share", city=True)),
        "age_sex": DrawingSpec(_pyramid, half=True),
        "visits_by_town": DrawingSpec(_dots("town", "share", "share")),
        "days_since_visit": DrawingSpec(
            _columns("days", ("households", "column.households"), marks=(3, 4, 5, 6)), half=True
        ),
        "income_distribution": DrawingSpec(
            _columns(
                "ratio",
                ("households", "chart.now"),
                ("before", "chart.before"),
                marks=(0, 1),
                marked="chart.below_line",
            )
        ),
        "income_components": DrawingSpec(_stack, half=True),
        "income_change": DrawingSpec(_columns("change", ("households", "column.households"), marks=(0, 1)), half=True),
        "guarantee_pass": DrawingSpec(_dots("criterion", "share", "share")),
        "guarantee_reasons": DrawingSpec(_bars("reason", "households")),
        "guarantee_by_town": DrawingSpec(_heat),
        "fund_by_year": DrawingSpec(_columns("year", ("fund", "table.fund_by_year")), half=True),
        "project_types": DrawingSpec(
            _pairs(
                "project_type",
                "yield_realised",
                "yield_expected",
                ("chart.realised", "chart.expected"),
                "share",
                gap=-1,
            ),
            half=True,
        ),
        "take_up_by_department": DrawingSpec(_dots("department", "share", "share")),
        "processing": DrawingSpec(
            _pairs("department", "median_days", "p90_days", ("chart.median", "chart.p90"), "days")
        ),
        "posts_by_town": DrawingSpec(_bars("town", "posts_per_100"), half=True),
        "village_flags": DrawingSpec(_dots("standard", "share", "share")),
        "found_closed": DrawingSpec(_found_closed),
        "monitor_flow": DrawingSpec(_flow, half=True),
        "monitor_causes": DrawingSpec(_bars("risk", "households"), half=True),
        "risk_histogram": DrawingSpec(_columns("probability", ("households", "column.households"), marks=(5, 6, 7))),
        "risk_reasons": DrawingSpec(_bars("reason", "points", most=8)),
        "hardship_by_town": DrawingSpec(_dots("town", "mean_need", "index")),
        "hardship_profile": DrawingSpec(
            _pairs("subindex", "top_tenth", "all", ("chart.top_tenth", "chart.all"), "index", both=False, gap=1),
            half=True,
        ),
        "need_priority": DrawingSpec(
            _pairs("tenth", "need", "priority", ("column.need", "column.priority"), "index"), half=True
        ),
        "aid_curve": DrawingSpec(_aid, half=True),
        "alert_funnel": DrawingSpec(_funnel, half=True),
        "survey_answers": DrawingSpec(_dots("question", "share", "share", interval=True), half=True),
        "survey_by_stratum": DrawingSpec(_dots("stratum", "satisfied", "share", interval=True), half=True),
        "survey_by_town": DrawingSpec(_dots("town", "satisfied", "share", interval=True)),
        "employment": DrawingSpec(_bars("employment_status", "persons"), half=True),
        "work_places": DrawingSpec(_bars("work_place", "persons", in_order=True), half=True),
        "disability": DrawingSpec(_bars("disability_type", "persons"), half=True),
        "officer_load": DrawingSpec(_columns("load", ("officers", "column.officers")), half=True),
        "homes": DrawingSpec(_bars("home_item", "share", city=True), half=True),
        "fund_waterfall": DrawingSpec(_bars("fund_step", "fund", in_order=True), half=True),
        "cost_per_person": DrawingSpec(_columns("cost", ("projects", "column.projects")), half=True),
        "asset_states": DrawingSpec(_bars("operating_state", "assets"), half=True),
        "dividend_curve": DrawingSpec(_dividends, half=True),
        "dividend_outliers": DrawingSpec(_columns("of_median", ("persons", "column.persons")), half=True),
        "appraisal_sensitivity": DrawingSpec(_bars("scenario", "worth_share", city=True, in_order=True), half=True),
        "homes_by_town": DrawingSpec(_bars("town", "one_two_three_four", in_order=True), half=True),
        "survey_reasons": DrawingSpec(_dots("dissatisfied_with", "share", "share", interval=True), half=True),
        "issue_age_bins": DrawingSpec(_columns("age_days", ("issues", "column.issues")), half=True),
        "processing_trend": DrawingSpec(_trend, half=True),
        "village_heat": DrawingSpec(_heat),
        "risk_by_town": DrawingSpec(_dots("town", "probability", "share"), half=True),
        "hardship_histogram": DrawingSpec(
            _columns("index_band", ("by_need", "column.need"), ("by_priority", "column.priority"))
        ),
        "alert_outcomes": DrawingSpec(_bars("outcome", "alerts"), half=True),
        "survey_by_quarter": DrawingSpec(_dots("quarter", "satisfied", "share", interval=True), half=True),
        "reliability": DrawingSpec(_reliability, half=True),
        "backtests": DrawingSpec(_backtests, half=True),
        "index_weights": DrawingSpec(_bars("subindex", "weight"), half=True),
    }
)
