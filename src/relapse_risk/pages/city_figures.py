"""Charts of the city's report: funnels, levels with intervals, and how the headlines moved."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np
import pandas as pd
from scipy.stats import norm

from relapse_risk.assessment import CITY, FactColumn
from relapse_risk.assessment.funnel import INNER, OUTER, Funnel, beyond_chance, compute_funnel, means_spread
from relapse_risk.charts import Bound, Line, Spot, dots, figure, funnel_plot, pairs
from relapse_risk.pages.block import Block, Source
from relapse_risk.pages.format import format_value, is_null
from relapse_risk.pages.indicator_verdicts import value_text, written
from relapse_risk.pages.section_heading import only_part
from relapse_risk.text.by_language import enumerated

__all__ = ["FUNNELS", "funnel_block", "headline_moves", "level_dots", "outliers"]

# Shares that count people, claims, projects or villages (never money), in the order of the sections.
FUNNELS = (
    "visited_in_time", "below_line", "below_monitor_line", "guarantees_ok", "papers_complete", "take_up",
    "zero_employment", "employed_of_labour", "villages_pass", "rectified_in_time", "monitored_share",
    "alerts_closed_in_time", "referrals_in_time", "approval_rate", "relapse_rate", "missed_monitoring", "timeliness",
)  # fmt: skip
LEVELS = (
    "expected_relapse",
    "mean_income",
    "mean_need",
    "fund_per_person",
    "decision_days",
)  # means; tested where sampled
CURVE = 60  # points of a limit


def _funnel(rows: pd.DataFrame, name: str) -> tuple[Funnel | None, pd.DataFrame]:
    """The funnel of an indicator, and its rows by county; none without the city's share."""
    mine = rows[rows["indicator"] == name]
    rate = mine.loc[mine["county_code"] == CITY, "value"]
    counties = mine[mine["county_code"] != CITY]
    if rate.empty or is_null(rate.iloc[0]):
        return None, counties
    return compute_funnel(counties, float(rate.iloc[0])), counties


def outliers(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Counties beyond chance by indicator that can be tested: a share with a funnel, a mean that was sampled."""
    found: dict[str, list[str]] = {}
    for name in FUNNELS:
        funnel, _ = _funnel(rows, name)
        if funnel is not None:
            found[name] = funnel.frame.loc[funnel.frame["outside"] != "", "county_code"].tolist()
    means = {name: _level_outliers(rows, name) for name in LEVELS}
    return found | {name: codes for name, codes in means.items() if codes is not None}


def _level_outliers(rows: pd.DataFrame, name: str) -> list[str] | None:
    """Counties whose mean lies beyond chance; None where it was counted or modelled, so that there is no chance to test."""
    mine = rows[rows["indicator"] == name].set_index("county_code")
    if CITY not in mine.index or is_null(mine.loc[CITY, "value"]) or not mine["sampled"].eq("survey").any():
        return None
    return beyond_chance(mine.drop(index=CITY).reset_index(), float(mine.loc[CITY, "value"]))


def funnel_block(source: Source, names: Mapping[str, str], name: str) -> Block:
    """One funnel under a title that says who lies outside; a sentence where there is nothing to draw."""
    funnel, rows = _funnel(source.rows("indicator"), name)
    label = source.say(f"indicator.{name}")
    if funnel is None:
        if rows.empty or (rows["verdict"] == "not_collected").all():
            return Block("")
        return Block(
            f'<p class="missing">{escape(source.say("city.funnel_none", name=label, division=source.label("division")))}</p>'
        )
    frame, share = funnel.frame, FactColumn("value", "share")
    higher = str(rows["direction"].iloc[0]) == "higher_better"
    assessed = str(rows["direction"].iloc[0]) != "none"
    spots = [
        Spot(names[code], n, value, bool(outside), assessed and bool(outside) and (outside == "below") == higher)
        for code, n, value, outside in frame[["county_code", "n", "value", "outside"]].itertuples(index=False)
    ]
    rate = source.say("city.funnel_city", rate=format_value(funnel.rate, share, source.language))
    title, described = _finding(source, names, funnel, label), _described(source, names, rows)
    drawing = figure(
        lambda width: funnel_plot(
            spots, _bounds(funnel), (funnel.rate, rate), width, source.say("city.funnel_units"),
            lambda value: format_value(value, share, source.language),
        ),
        title, described, f"f-funnel-{name}", half=True,
    )  # fmt: skip
    notes = [source.say("city.funnel_widened", spread=f"{funnel.spread:.1f}")] if funnel.spread > 1 else []
    left_out = int(rows["withheld"].sum())
    notes += [source.say("city.funnel_withheld", count=left_out, division=source.label("division"))] if left_out else []
    small = f"<small>{escape(('；' if source.language == 'zh' else '; ').join(notes))}</small>" if notes else ""
    return Block(f'<figure class="chart half"><figcaption>{escape(title)}{small}</figcaption>{drawing}</figure>')


def _finding(source: Source, names: Mapping[str, str], funnel: Funnel, label: str) -> str:
    outside = funnel.frame.loc[funnel.frame["outside"] != "", "county_code"]
    about = {"name": label, "division": source.label("division")}
    if len(outside):
        joined = enumerated((names[code] for code in outside), source.language)
        return source.say("city.funnel_out", counties=joined, **about)
    if funnel.spread > 1:
        return source.say("city.funnel_spread", spread=f"{funnel.spread:.1f}", **about)
    return source.say("city.funnel_in", **about)


def _described(source: Source, names: Mapping[str, str], rows: pd.DataFrame) -> str:
    listed = "; ".join(
        f"{names[row['county_code']]}: {value_text(source, row)} (n = {written(source, row['n'], 'count')})"
        for _, row in rows.iterrows()
    )
    return source.say("chart.desc", rows=listed)


def _bounds(funnel: Funnel) -> list[Bound]:
    """Limits from the smallest county to beyond the largest."""
    n, wide = funnel.frame["n"], funnel.spread > 1
    return [
        Bound(float(at), funnel.limits(at, INNER, widened=wide), funnel.limits(at, OUTER, widened=wide))
        for at in np.geomspace(max(n.min() * 0.6, 1), n.max() * 1.04, CURVE)
    ]


def level_dots(source: Source, names: Mapping[str, str], name: str, *, half: bool) -> Block:
    """A mean of every county on one scale, in the order of codes, with intervals where there are."""
    every = source.rows("indicator")
    mine = every[every["indicator"] == name].set_index("county_code")
    rows = mine.drop(index=CITY, errors="ignore")
    if rows["value"].notna().sum() == 0:
        return Block("")
    unit, city, codes = str(rows["unit"].iloc[0]), mine["value"].get(CITY), _level_outliers(every, name)
    lines = [
        Line(
            label, _number(rows["value"].get(code)), written(source, rows["value"].get(code), unit),
            _number(rows["low"].get(code)), _number(rows["high"].get(code)), _number(city), warn=code in (codes or ()),
        )
        for code, label in names.items()
    ]  # fmt: skip
    known = rows["value"].dropna()
    title = source.say(
        "city.dots", name=source.say(f"indicator.{name}"), low=written(source, known.min(), unit),
        high=written(source, known.max(), unit),
    )  # fmt: skip
    if codes is not None:
        joined = enumerated((names[code] for code in codes), source.language)
        title = source.say("city.dots_out" if codes else "city.dots_in", said=title, counties=joined)
    below = _below(source, rows, name, float(city)) if codes is not None else _below(source, rows, name)
    drawing = figure(
        lambda width: dots(lines, width, lambda value: written(source, value, unit)),
        title, source.say("chart.desc", rows="; ".join(f"{one.label}: {one.shown}" for one in lines)),
        f"f-levels-{name}", half=half,
    )  # fmt: skip
    return Block(
        f'<figure class="chart{" half" if half else ""}"><figcaption>{escape(title)}<small>{escape(below)}</small></figcaption>{drawing}</figure>'
    )


def _below(source: Source, rows: pd.DataFrame, name: str, mean: float | None = None) -> str:
    """What the dots are, and by what they were tested against the ``mean`` of all, where they were."""
    below = source.say("city.dots_below" if rows["low"].notna().any() else "city.dots_below_full")
    if source.is_sample and rows["sampled"].eq("model").any():
        below += source.say("city.dots_modelled")
    if mean is not None:
        factor = means_spread(rows.reset_index(), mean)
        times = float(norm.ppf((1 + OUTER) / 2)) * factor**0.5
        below += source.say("city.dots_tested", times=f"{times:.1f}")
        below += source.say("city.dots_widened", spread=f"{factor:.1f}") if factor > 1 else ""
    if name == "mean_need" and (part := only_part(source)):
        below += source.say("city.dots_alone", part=part)
    return f"{below} ({source.label('currency')})" if str(rows["unit"].iloc[0]) == "money" else below


def _number(value: object) -> float | None:
    return None if is_null(value) else float(value)  # type: ignore[arg-type]


def headline_moves(source: Source, rows: pd.DataFrame) -> str:
    """Headline shares of all together, now and before, the one that moved most named; empty where nothing moved."""
    mine = rows[(rows["county_code"] == CITY) & rows["headline"] & (rows["unit"] == "share")]
    mine = mine.dropna(subset=["value", "was_value"])
    if mine.empty or (mine["value"] == mine["was_value"]).all():
        return ""
    share = FactColumn("value", "share")
    shown = {
        column: [format_value(value, share, source.language) for value in mine[column]]
        for column in ("value", "was_value")
    }
    labels = [source.say(f"indicator.{name}") for name in mine["indicator"]]
    lines = [
        Line(label, float(now), f"{before} → {after}", other=float(was))
        for label, now, was, after, before in zip(labels, mine["value"], mine["was_value"], shown["value"], shown["was_value"], strict=True)
    ]  # fmt: skip
    most = int((mine["value"] - mine["was_value"]).abs().to_numpy().argmax())
    fell = float(mine["value"].iloc[0]) < float(mine["was_value"].iloc[0])
    key = "city.most_moved" if len(mine) > 1 else "city.only_fell" if fell else "city.only_rose"
    title = source.say(key, name=labels[most], before=shown["was_value"][most], now=shown["value"][most])
    keys = (source.say("city.now"), source.say("city.before"))
    drawing = figure(
        lambda width: pairs(lines, width, keys, lambda value: format_value(value, share, source.language)),
        title, source.say("chart.desc", rows="; ".join(f"{one.label}: {one.shown}" for one in lines)), "f-moves",
    )  # fmt: skip
    below = source.say("city.headline_moves")
    return f'<figure class="chart"><figcaption>{escape(title)}<small>{escape(below)}</small></figcaption>{drawing}</figure>'
