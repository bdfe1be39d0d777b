"""Which fact table is drawn how, and the sentence that says what the drawing shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from relapse_risk.assessment import FactColumn, FactTable
from relapse_risk.reporting import svg
from relapse_risk.reporting.format import format_value
from relapse_risk.reporting.svg import Series
from relapse_risk.reporting.text import Language, has_text, text

__all__ = ["FIGURES", "Canvas", "draw"]

MOST_ROWS = 16


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a drawing needs: the table, its rows, and how to write its words and numbers."""

    table: FactTable
    frame: pd.DataFrame
    language: Language

    def column(self, name: str) -> FactColumn:
        return next(column for column in self.table.columns if column.name == name)

    def words(self, name: str) -> list[str]:
        """The values of a column as written."""
        return [format_value(value, self.column(name), self.language) for value in self.frame[name]]

    def word(self, name: str, row: int) -> str:
        return format_value(self.frame[name].iloc[row], self.column(name), self.language)

    def numbers(self, name: str) -> list[float | None]:
        values = pd.to_numeric(self.frame[name])
        return [None if pd.isna(value) else float(value) for value in values]

    def series(self, name: str, label: str) -> Series:
        return Series(text(label, self.language) if has_text(label) else label, self.numbers(name), self.words(name))

    def share(self, value: float) -> str:
        return format_value(value, FactColumn("share", "share"), self.language)

    def say(self, key: str, **values: object) -> str:
        return text(f"finding.{key}", self.language, **values)


Drawing = tuple[str, float]
Draw = Callable[[Canvas], Drawing]
Find = Callable[[Canvas], str]


def _bars(label: str, value: str, limit: float | None = None) -> Draw:
    def draw_bars(c: Canvas) -> Drawing:
        shown = text("chart.limit", c.language, value=c.share(limit)) if limit is not None else ""
        return svg.hbars(c.words(label), c.series(value, f"column.{value}"), limit, shown)

    return draw_bars


def _columns(label: str, *values: tuple[str, str], marks: Sequence[int] = ()) -> Draw:
    def draw_columns(c: Canvas) -> Drawing:
        drawn = [c.series(name, key) for name, key in values if pd.to_numeric(c.frame[name]).notna().any()]
        return svg.grouped_bars(c.words(label), drawn, marks)

    return draw_columns


def _pyramid(c: Canvas) -> Drawing:
    return svg.pyramid(c.words("age_band"), c.series("male", "column.male"), c.series("female", "column.female"))


def _stacked(c: Canvas) -> Drawing:
    names = ("wage_income", "business_net", "property_income", "transfer_income")
    totals = c.frame[list(names)].sum(axis=1)
    shown = [format_value(total, FactColumn("total", "money"), c.language) for total in totals]
    return svg.stacked(c.words("period"), [c.series(name, f"column.{name}") for name in names], shown)


def _heat(c: Canvas) -> Drawing:
    names = [column.name for column in c.table.columns if column.kind == "share"]
    values = [[None if pd.isna(v) else float(v) for v in row] for row in c.frame[names].itertuples(index=False)]
    shown = [
        [format_value(v, FactColumn("v", "share"), c.language) for v in row]
        for row in c.frame[names].itertuples(index=False)
    ]
    heads = [text(f"column.{name}", c.language) for name in names]
    worst = min([v for row in values for v in row if v is not None] or [0.9])
    return svg.heat(c.words("town"), heads, values, shown, min(worst, 0.95))


def _yield(c: Canvas) -> Drawing:
    return svg.grouped_bars(
        c.words("project_type"),
        [c.series("yield_realised", "chart.realised"), c.series("yield_expected", "chart.expected")],
    )


def _profile(c: Canvas) -> Drawing:
    return svg.grouped_bars(
        c.words("subindex"), [c.series("top_tenth", "chart.top_tenth"), c.series("all", "chart.all")]
    )


def _found_closed(c: Canvas) -> Drawing:
    return svg.lines(c.words("month"), [c.series("found", "column.found"), c.series("closed", "column.closed")])


def _aid(c: Canvas) -> Drawing:
    ticks = ["0", "25%", "50%", "75%", "100%"]
    return svg.curve(
        c.numbers("population"), c.numbers("aid"), text("chart.households_cum", c.language),  # type: ignore[arg-type]
        text("chart.aid_cum", c.language), even_label=text("chart.even", c.language), ticks=ticks,
    )  # fmt: skip


def _reliability(c: Canvas) -> Drawing:
    top = float(c.frame[["expected", "high"]].max().max()) * 1.05
    ticks = [c.share(top * i / 4) for i in range(5)]
    return svg.curve(
        c.numbers("expected"), c.numbers("observed"), text("chart.predicted", c.language),  # type: ignore[arg-type]
        text("chart.observed_share", c.language), c.numbers("low"), c.numbers("high"),  # type: ignore[arg-type]
        text("chart.perfect", c.language), top, ticks, join=False,
    )  # fmt: skip


def _forest(c: Canvas) -> Drawing:
    values, low, high = (c.numbers(name) for name in ("satisfied", "low", "high"))
    return svg.intervals(
        c.words("town"),
        values,
        low,
        high,
        c.words("satisfied"),
        0.9,
        text("chart.limit", c.language, value=c.share(0.9)),
    )


def _at(c: Canvas, name: str, how: str = "max") -> int:
    values = pd.to_numeric(c.frame[name]).astype(float)
    return int(getattr(values.reset_index(drop=True), f"idx{how}")()) if values.notna().any() else 0


def _find_causes(c: Canvas) -> str:
    return c.say("causes", share=c.word("main_share", 0), top=c.word("cause", 0))


def _find_age(c: Canvas) -> str:
    people = c.frame[["male", "female"]].astype(float)
    old = people.iloc[6:].sum().sum() / people.sum().sum()
    return c.say("age_sex", share=c.share(float(old)))


def _find_low(key: str, label: str, field: str, value: str = "share") -> Find:
    def find(c: Canvas) -> str:
        row = _at(c, value, "min")
        return c.say(key, **{field: c.word(label, row), "share": c.word(value, row)})

    return find


def _find_days(c: Canvas) -> str:
    homes = c.frame["households"].astype(float).fillna(0)
    return c.say("days_since_visit", share=c.share(float(homes.iloc[:3].sum() / max(homes.sum(), 1))))


def _find_distribution(c: Canvas) -> str:
    homes = c.frame["households"].astype(float).fillna(0)
    return c.say("income_distribution", below=int(homes.iloc[:2].sum()), near=int(homes.iloc[2:4].sum()))


def _find_components(c: Canvas) -> str:
    last = c.frame.iloc[-1]
    parts = last[["wage_income", "business_net", "property_income", "transfer_income"]].astype(float)
    return c.say("income_components", period=last["period"], share=c.share(float(parts.iloc[3] / parts.sum())))


def _find_change(c: Canvas) -> str:
    homes = c.frame["households"].astype(float).fillna(0)
    return c.say("income_change", share=c.share(float(homes.iloc[:2].sum() / max(homes.sum(), 1))))


def _find_fund(c: Canvas) -> str:
    row = _at(c, "fund")
    return c.say("fund_by_year", year=c.word("year", row), fund=c.word("fund", row))


def _find_yield(c: Canvas) -> str:
    gap = (c.frame["yield_expected"] - c.frame["yield_realised"]).astype(float).reset_index(drop=True)
    row = int(gap.idxmax()) if gap.notna().any() else 0
    return c.say(
        "project_types", type=c.word("project_type", row), realised=c.word("yield_realised", row),
        expected=c.word("yield_expected", row),
    )  # fmt: skip


def _find_top(key: str, label: str, value: str, field: str, shown: str = "") -> Find:
    def find(c: Canvas) -> str:
        row = _at(c, value)
        return c.say(key, **{field: c.word(label, row), **({shown: c.word(value, row)} if shown else {})})

    return find


def _find_closed(c: Canvas) -> str:
    return c.say("found_closed", found=c.word("found", -1), closed=c.word("closed", -1))


def _find_flow(c: Canvas) -> str:
    return c.say("monitor_flow", start=c.word("households", 0), end=c.word("households", -1))


def _find_histogram(c: Canvas) -> str:
    return c.say("risk_histogram", n=int(c.frame["households"].astype(float).fillna(0).iloc[5:].sum()))


def _find_profile(c: Canvas) -> str:
    gap = (c.frame["top_tenth"] - c.frame["all"]).astype(float).reset_index(drop=True)
    return c.say("hardship_profile", top=c.word("subindex", int(gap.idxmax())))


def _find_aid(c: Canvas) -> str:
    near = (c.frame["population"].astype(float) - 0.2).abs().reset_index(drop=True)
    return c.say("aid_curve", share=c.word("aid", int(near.idxmin())))


def _find_funnel(c: Canvas) -> str:
    return c.say("alert_funnel", raised=c.word("alerts", 0), confirmed=c.word("alerts", 2))


def _plain(key: str) -> Find:
    return lambda c: c.say(key)


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """How one fact table is drawn, and how its finding is put into words."""

    draw: Draw
    find: Find


FIGURES: Mapping[str, FigureSpec] = MappingProxyType(
    {
        "causes": FigureSpec(_bars("cause", "main"), _find_causes),
        "age_sex": FigureSpec(_pyramid, _find_age),
        "visits_by_town": FigureSpec(_bars("town", "share"), _find_low("visits_by_town", "town", "town")),
        "days_since_visit": FigureSpec(_columns("days", ("households", "column.households")), _find_days),
        "income_distribution": FigureSpec(
            _columns("ratio", ("households", "chart.now"), ("before", "chart.before"), marks=(0, 1)), _find_distribution
        ),
        "income_components": FigureSpec(_stacked, _find_components),
        "income_change": FigureSpec(
            _columns("change", ("households", "column.households"), marks=(0, 1)), _find_change
        ),
        "guarantee_pass": FigureSpec(
            _bars("criterion", "share", 1.0), _find_low("guarantee_pass", "criterion", "worst")
        ),
        "guarantee_by_town": FigureSpec(_heat, _find_low("guarantee_by_town", "town", "town", "guarantees_ok")),
        "fund_by_year": FigureSpec(_columns("year", ("fund", "column.fund")), _find_fund),
        "project_types": FigureSpec(_yield, _find_yield),
        "take_up_by_department": FigureSpec(
            _bars("department", "share", 1.0), _find_low("take_up_by_department", "department", "department")
        ),
        "processing": FigureSpec(
            _bars("department", "median_days"),
            _find_top("processing", "department", "median_days", "department", "days"),
        ),
        "posts_by_town": FigureSpec(
            _bars("town", "posts"), _find_top("posts_by_town", "town", "posts", "town", "posts")
        ),
        "village_flags": FigureSpec(
            _bars("standard", "share", 1.0), _find_low("village_flags", "standard", "standard")
        ),
        "found_closed": FigureSpec(_found_closed, _find_closed),
        "monitor_flow": FigureSpec(_bars("step", "households"), _find_flow),
        "monitor_causes": FigureSpec(
            _bars("risk", "households"), _find_top("monitor_causes", "risk", "households", "top")
        ),
        "risk_histogram": FigureSpec(
            _columns("probability", ("households", "column.households"), marks=(5, 6, 7)), _find_histogram
        ),
        "risk_reasons": FigureSpec(_bars("reason", "points"), _find_top("risk_reasons", "reason", "points", "top")),
        "reliability": FigureSpec(_reliability, _plain("reliability")),
        "hardship_by_town": FigureSpec(
            _bars("town", "mean_need"), _find_top("hardship_by_town", "town", "mean_need", "town", "need")
        ),
        "hardship_profile": FigureSpec(_profile, _find_profile),
        "aid_curve": FigureSpec(_aid, _find_aid),
        "alert_funnel": FigureSpec(_bars("step", "alerts"), _find_funnel),
        "survey_by_town": FigureSpec(_forest, _plain("survey_by_town")),
    }
)


def draw(canvas: Canvas, identity: str) -> str:
    """The figure of a fact table as HTML: finding as title, values as description.

    Raises
    ------
    KeyError
        If the table has no drawing.
    """
    spec = FIGURES[canvas.table.name]
    inner, height = spec.draw(canvas)
    first, *others = canvas.table.columns
    rows = "; ".join(
        f"{canvas.word(first.name, i)} " + ", ".join(canvas.word(other.name, i) for other in others)
        for i in range(min(len(canvas.frame), MOST_ROWS))
    )
    described = text("chart.desc", canvas.language, rows=rows)
    return svg.figure(inner, height, spec.find(canvas), described, identity)
