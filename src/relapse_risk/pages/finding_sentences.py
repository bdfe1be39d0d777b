"""The sentence above each drawing: what it shows, said in words, from the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from relapse_risk.pages.format import COUNTS_OF_PEOPLE, WITHHELD, capitalised
from relapse_risk.pages.table_figures import Canvas
from relapse_risk.text import has_text

__all__ = ["FINDINGS", "caption", "finding", "named", "titled"]

Find = Callable[[Canvas], str]
OTHER, FEW = "other", 5
OLD_FROM = 6  # sixth band of ten years: 60 and older


def finding(canvas: Canvas) -> str:
    """The finding of a fact table's drawing; the table's title where nothing, or not all of it, can be said."""
    name = canvas.table.name
    found = FINDINGS[name](canvas) if name in FINDINGS else ""
    return capitalised(found) if found and WITHHELD not in found else titled(canvas)


def caption(canvas: Canvas) -> str:
    """What is drawn, under the finding; the table's title where there is no more to say."""
    key = f"chart.{named(canvas)}"
    return canvas.say(key) if has_text(key) else titled(canvas)


def titled(canvas: Canvas) -> str:
    """The table's title."""
    return canvas.say(f"table.{named(canvas)}")


def named(canvas: Canvas) -> str:
    """The table's name, marked where its half after aid was not collected."""
    name = canvas.table.name
    return f"{name}.before_aid" if name == "hardship_histogram" and not canvas.known("by_priority") else name


def _values(c: Canvas, name: str) -> pd.Series:
    return pd.to_numeric(c.frame[name]).astype(float).reset_index(drop=True)


def _at(c: Canvas, name: str, how: str) -> int | None:
    values = _values(c, name)
    return int(getattr(values, f"idx{how}")()) if values.notna().any() else None


def _extreme(how: str, key: str, label: str, value: str, field: str, shown: str = "", all_same: str = "") -> Find:
    """The lowest or highest row; ``all_same`` is said instead where every row is equal.

    A row that is not shown may lie lower or higher still: then the sentence speaks of those shown.  The rest class
    ("other") is no finding; rows that are alike are counted; a share of very few answers is none to tell of.
    """

    def find(c: Canvas) -> str:
        values = _values(c, value)
        named = values.where(~c.frame[label].eq(OTHER).reset_index(drop=True))
        if not named.notna().any():
            return ""
        row = int(getattr(named, f"idx{how}")())
        if "answers" in c.frame and _values(c, "answers")[row] < c.limits.get("small_cell", FEW):
            return ""
        known, hidden = values.nunique(), int(values.isna().sum())
        if all_same and known == 1:
            said, count = ("shown_same", hidden) if hidden else (all_same, len(values))
            return c.say(f"finding.{said}", value=c.word(value, row), count=count, known=len(values) - hidden)
        words = {field: c.word(label, row)} | ({shown: c.word(value, row)} if shown else {})
        said, alike = c.say(f"finding.{key}", **words), int((named == named[row]).sum()) - 1
        said = c.say("finding.alike", said=said, count=alike) if alike else said
        # A count is withheld for being small: it is not the highest.
        return said if not hidden or c.column(value).kind in COUNTS_OF_PEOPLE else c.say("finding.of_shown", said=said)

    return find


def _single(key: str, count: str) -> Find:
    """The one row that is not nought, where there is only one and none was withheld."""

    def find(c: Canvas) -> str:
        values = _values(c, count)
        if values.isna().any() or (values > 0).sum() != 1:
            return ""
        row = int(values.idxmax())
        return c.say(f"finding.{c.table.name}", label=c.word(key, row), n=c.word(count, row))

    return find


def _count(c: Canvas, name: str, rows: slice) -> str:
    """Sum of a count over rows; "at least" where one of them was withheld."""
    values = _values(c, name).iloc[rows]
    total = f"{int(values.sum()):,}"
    if not values.isna().any():
        return total
    return c.say("finding.at_least", n=total) if values.sum() else WITHHELD


def _part(c: Canvas, name: str, rows: slice) -> str:
    """Share of some rows; nothing where any was withheld: the base would lack it, and the share give it back."""
    values = _values(c, name)
    if values.isna().any() or not values.sum() > 0:
        return ""
    return c.write("share")(float(values.iloc[rows].sum() / values.sum()))


def _causes(c: Canvas) -> str:
    row = _at(c, "main_share", "max")
    return "" if row is None else c.say("finding.causes", share=c.word("main_share", row), top=c.word("cause", row))


def _age(c: Canvas) -> str:
    people = _values(c, "male").fillna(0) + _values(c, "female").fillna(0)
    if people.sum() == 0:
        return ""
    return c.say("finding.age_sex", share=c.write("share")(float(people.iloc[OLD_FROM:].sum() / people.sum())))


def _population(c: Canvas) -> str:
    row = _at(c, "households", "max")
    if row is None:
        return ""
    share = _values(c, "households").iloc[row] / _values(c, "households").sum()
    return c.say(
        "finding.population_by_class", top=c.word("household_class", row), share=c.write("share")(float(share))
    )


def _days(c: Canvas) -> str:
    part = _part(c, "households", slice(0, 3))
    return c.say("finding.days_since_visit", share=part) if part else ""


def _distribution(c: Canvas) -> str:
    below, near = _count(c, "households", slice(0, 2)), _count(c, "households", slice(2, 4))
    return c.say("finding.income_distribution", below=below, near=near)


def _components(c: Canvas) -> str:
    names = [n for n in ("wage_income", "business_net", "property_income", "transfer_income") if c.known(n)]
    last = c.frame.iloc[-1]
    total = float(last[names].astype(float).sum())
    if total <= 0 or "transfer_income" not in names:
        return ""
    share = c.write("share")(float(last["transfer_income"]) / total)
    return c.say("finding.income_components", period=str(last["period"])[:4], share=share)


def _change(c: Canvas) -> str:
    part = _part(c, "households", slice(0, 2))
    return c.say("finding.income_change", share=part) if part else ""


def _yield(c: Canvas) -> str:
    gap = _values(c, "yield_expected") - _values(c, "yield_realised")
    if not gap.max() > 0:
        return ""
    row = int(gap.idxmax())
    return c.say(
        "finding.project_types", type=c.word("project_type", row), realised=c.word("yield_realised", row),
        expected=c.word("yield_expected", row),
    )  # fmt: skip


def _closed(c: Canvas) -> str:
    return c.say("finding.found_closed", found=c.word("found", -1), closed=c.word("closed", -1))


def _flow(c: Canvas) -> str:
    return c.say("finding.monitor_flow", start=c.word("households", 0), end=c.word("households", -1))


def _histogram(c: Canvas) -> str:
    return c.say("finding.risk_histogram", n=_count(c, "households", slice(5, None)))


def _profile(c: Canvas) -> str:
    gap = _values(c, "top_tenth") - _values(c, "all")
    return c.say("finding.hardship_profile", top=c.word("subindex", int(gap.idxmax()))) if gap.notna().any() else ""


def _aid(c: Canvas) -> str:
    near = (_values(c, "population") - 0.2).abs()
    return c.say("finding.aid_curve", share=c.word("aid", int(near.idxmin()))) if near.notna().any() else ""


def _priority(c: Canvas) -> str:
    if not (c.known("need") and c.known("priority")):
        return ""
    return c.say("finding.need_priority", need=c.word("need", 0), priority=c.word("priority", 0))


def _funnel(c: Canvas) -> str:
    steps = list(c.frame["step"])
    words = {name: c.word("alerts", steps.index(name)) for name in ("raised", "confirmed") if name in steps}
    return c.say("finding.alert_funnel", **words) if len(words) == 2 else ""


def _survey(c: Canvas) -> str:
    row = _at(c, "share", "min")
    return (
        ""
        if row is None
        else c.say("finding.survey_answers", question=c.word("question", row), share=c.word("share", row))
    )


def _stratum(c: Canvas) -> str:
    row = _at(c, "satisfied", "min")
    if row is None:
        return ""
    return c.say("finding.survey_by_stratum", stratum=c.word("stratum", row), share=c.word("satisfied", row))


def _forest(c: Canvas) -> str:
    low, high = _values(c, "low"), _values(c, "high")
    limit = c.limits.get("approval_limit")
    if limit is None or not low.notna().any():
        return c.say("finding.survey_by_town")
    sure, below, n = int((low >= limit).sum()), int((high < limit).sum()), len(low)
    return c.say(
        "finding.survey_limit" if sure + below < n else "finding.survey_limit_all", sure=sure, below=below, n=n
    )


def _fund_steps(c: Canvas) -> str:
    values = _values(c, "fund")
    if not values.iloc[[0, -1]].notna().all() or values.iloc[0] <= 0:
        return ""
    return c.say("finding.fund_waterfall", share=c.write("share")(float(values.iloc[-1] / values.iloc[0])))


def _assets(c: Canvas) -> str:
    row, of = _at(c, "assets", "max"), f"{int(_values(c, 'assets').sum()):,}"
    if row is None:
        return ""
    return c.say("finding.asset_states", top=c.word("operating_state", row), n=c.word("assets", row), of=of)


def _dividends(c: Canvas) -> str:
    near = (_values(c, "population") - 0.5).abs()
    return c.say("finding.dividend_curve", share=c.word("dividends", int(near.idxmin()))) if near.notna().any() else ""


def _trend(c: Canvas) -> str:
    days = c.words("mean_days")
    return c.say("finding.processing_trend", first=days[0], last=days[-1])


def _quarters(c: Canvas) -> str:
    return c.say("finding.survey_by_quarter", first=c.word("satisfied", 0), last=c.word("satisfied", -1))


def _reliability(c: Canvas) -> str:
    inside = (_values(c, "expected") >= _values(c, "low")) & (_values(c, "expected") <= _values(c, "high"))
    return c.say("finding.reliability", inside=int(inside.sum()), n=len(inside))


def _backtests(c: Canvas) -> str:
    auc = dict(zip(c.frame["score"], c.words("auc"), strict=True)) if len(c.frame) else {}
    first = c.frame[c.frame["design"] == c.frame["design"].iloc[0]] if len(c.frame) else c.frame
    rules = first[~first["score"].isin(["official", "challenger"])]
    if "official" not in auc or rules.empty:
        return ""
    return c.say("finding.backtests", auc=c.words("auc")[0], best=f"{float(rules['auc'].max()):.3f}")


FINDINGS: Mapping[str, Find] = MappingProxyType(
    {
        "population_by_class": _population,
        "causes": _causes,
        "age_sex": _age,
        "visits_by_town": _extreme("min", "visits_by_town", "town", "share", "town", "share", "towns_same"),
        "days_since_visit": _days,
        "income_distribution": _distribution,
        "income_components": _components,
        "income_change": _change,
        "guarantee_pass": _extreme("min", "guarantee_pass", "criterion", "share", "worst", "share", "all_pass"),
        "guarantee_reasons": _extreme("max", "guarantee_reasons", "reason", "households", "reason", "n"),
        "guarantee_by_town": _extreme(
            "min", "guarantee_by_town", "town", "guarantees_ok", "town", "share", "towns_same"
        ),
        "fund_by_year": _extreme("max", "fund_by_year", "year", "fund", "year", "fund"),
        "project_types": _yield,
        "take_up_by_department": _extreme("min", "take_up_by_department", "department", "share", "department", "share"),
        "processing": _extreme("max", "processing", "department", "median_days", "department", "days"),
        "posts_by_town": _extreme("max", "posts_by_town", "town", "posts_per_100", "town", "posts"),
        "village_flags": _extreme("min", "village_flags", "standard", "share", "standard", "share", "standards_same"),
        "found_closed": _closed,
        "monitor_flow": _flow,
        "monitor_causes": _extreme("max", "monitor_causes", "risk", "households", "top"),
        "risk_histogram": _histogram,
        "risk_reasons": _extreme("max", "risk_reasons", "reason", "points", "top"),
        "hardship_by_town": _extreme("max", "hardship_by_town", "town", "mean_need", "town", "need"),
        "hardship_profile": _profile,
        "need_priority": _priority,
        "aid_curve": _aid,
        "alert_funnel": _funnel,
        "survey_answers": _survey,
        "survey_by_stratum": _stratum,
        "survey_by_town": _forest,
        "employment": _extreme("max", "most", "employment_status", "persons", "top", "n"),
        "work_places": _extreme("max", "most", "work_place", "persons", "top", "n"),
        "disability": _extreme("max", "disability", "disability_type", "persons", "top", "n"),
        "officer_load": _extreme("max", "officer_load", "load", "officers", "load", "n"),
        "homes": _extreme("min", "homes", "home_item", "share", "item", "share"),
        "fund_waterfall": _fund_steps,
        "asset_states": _assets,
        "cost_per_person": _single("cost", "projects"),
        "dividend_outliers": _single("of_median", "persons"),
        "issue_age_bins": _single("age_days", "issues"),
        "dividend_curve": _dividends,
        "appraisal_sensitivity": _extreme(
            "min", "appraisal_sensitivity", "scenario", "worth_share", "scenario", "share"
        ),
        "homes_by_town": _extreme("min", "homes_by_town", "town", "one_two_three_four", "town", "share"),
        "survey_reasons": _extreme("max", "survey_reasons", "dissatisfied_with", "share", "reason", "share"),
        "processing_trend": _trend,
        "risk_by_town": _extreme("max", "risk_by_town", "town", "probability", "town", "share"),
        "alert_outcomes": _extreme("max", "alert_outcomes", "outcome", "alerts", "top", "n"),
        "survey_by_quarter": _quarters,
        "reliability": _reliability,
        "backtests": _backtests,
        "index_weights": _extreme("max", "index_weights", "subindex", "weight", "subindex", "weight"),
    }
)
