"""Sections 10 and 11: the log of field surveys by leaders, visits by delegates, weekly meetings and paired help."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.county_data import CountyData, in_code_order, up_to
from relapse_risk.exhibits import Section
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.schema import code_list

__all__ = ["INDICATORS", "SECTION", "TABLES"]

SECTION = Section(11, place=2)
C = FactColumn
PAIRED = "paired_help"


def _of_year(data: CountyData) -> pd.DataFrame:
    rows = up_to(data.table("activity"), "held_on", data.day)
    return rows[rows["held_on"] >= pd.Timestamp(f"{data.year}-01-01")]


def _by_kind(rows: pd.DataFrame, data: CountyData) -> pd.DataFrame:
    month = pd.Timestamp(data.day).replace(day=1)
    frame = rows.groupby("activity_kind").agg(
        held=("activity_id", "size"), people=("people", "sum"), found=("findings", "sum"),
        findings_closed=("findings_closed", "sum"), fund=("fund_amount", "sum"), last_held=("held_on", "max"),
    )  # fmt: skip
    frame["this_month"] = (rows["held_on"] >= month).groupby(rows["activity_kind"]).sum()
    frame["last_held"] = frame["last_held"].dt.strftime("%Y-%m-%d")
    return in_code_order(frame.fillna({"fund": 0.0}), code_list("activity_kind").words, "activity_kind")


def activities(data: CountyData) -> pd.DataFrame:
    """Activities of the year by kind (paired help apart): held, this month, last, findings and what became of them."""
    rows = _of_year(data)
    return _by_kind(rows[rows["activity_kind"].ne(PAIRED)], data)


def paired_activities(data: CountyData) -> pd.DataFrame:
    """Paired-help activities of the year: held, people, funds."""
    rows = _of_year(data)
    return _by_kind(rows[rows["activity_kind"].eq(PAIRED)], data)


def _meetings(data: CountyData) -> Fraction:
    """Whole weeks of the year up to the data date with a dispatch meeting."""
    rows = _of_year(data)
    start = pd.Timestamp(f"{data.year}-01-01")
    weeks = ((pd.Timestamp(data.day) - start).days + 1) // 7
    week = (rows.loc[rows["activity_kind"] == "meeting", "held_on"] - start).dt.days // 7
    return Fraction(float(week[week < weeks].nunique()), float(weeks))


def _findings_closed(data: CountyData) -> Fraction:
    rows = _of_year(data)
    return Fraction(float(rows["findings_closed"].sum()), float(rows["findings"].sum()))


LOG = ("activity",)
SHOWN = (C("activity_kind", "code", "activity_kind"), C("held", "count"), C("this_month", "count"),
         C("last_held", "date", descriptive=True), C("people", "count"))  # fmt: skip
TABLES = (
    FactTable("paired_activities", 10, (*SHOWN, C("fund", "money_wan")), LOG, paired_activities),
    FactTable("activities", 11,
              (*SHOWN, C("found", "count"), C("findings_closed", "count"),
               C("closed_share", "share", of=("findings_closed", "found"))), LOG, activities),
)  # fmt: skip
INDICATORS = (
    Indicator("weeks_with_meeting", 11, "share", "higher_better", LOG, _meetings, limit="completeness_target",
              source="ART-QIHE", history=False, people=False),
    Indicator("findings_closed", 11, "share", "higher_better", LOG, _findings_closed, source="ART-QIHE",
              history=False, people=False),
)  # fmt: skip
