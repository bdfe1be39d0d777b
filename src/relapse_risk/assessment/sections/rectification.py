"""Section 11, conduct and rectification: issues found and closed, audits, petitions, field surveys."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.county_data import CountyData, counted, in_code_order, up_to
from relapse_risk.assessment.sections.social_help import place_figures
from relapse_risk.exhibits import Exhibit, Lines, Section, in_row
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.schema import code_list

__all__ = ["EXHIBITS", "INDICATORS", "SECTION", "TABLES"]

SECTION = Section(11)
C = FactColumn
MONTHS = 12


def found_closed(data: CountyData) -> pd.DataFrame:
    """Project issues found and closed by the end of each of the last twelve months, cumulated."""
    issue = data.table("project_issue")
    months = pd.period_range(end=pd.Period(data.month), periods=MONTHS, freq="M")
    ends = [month.end_time for month in months]
    return pd.DataFrame(
        {
            "month": months.astype(str),
            "found": [int((issue["found_on"] <= end).sum()) for end in ends],
            "closed": [int((issue["closed_on"] <= end).fillna(False).sum()) for end in ends],
        }
    )


def by_severity(data: CountyData) -> pd.DataFrame:
    """Issues by severity: found, closed, closed by the deadline, overdue, mean days to close."""
    issue = up_to(data.table("project_issue"), "found_on", data.day)
    day = pd.Timestamp(data.day)
    closed = (issue["closed_on"] <= day).fillna(False).astype(bool)
    flags = {
        "found": issue["found_on"].notna(), "closed": closed,
        "in_time": closed & (issue["closed_on"] <= issue["due_on"]).fillna(False),
        "overdue": ~closed & (issue["due_on"] < day).fillna(False),
    }  # fmt: skip
    frame = counted(flags, issue["severity"])
    days = (issue["closed_on"] - issue["found_on"]).dt.days.where(closed).astype("float64")
    frame["days_sum"] = days.groupby(issue["severity"]).sum()
    return in_code_order(frame, code_list("severity").words, "severity")


def audits(data: CountyData) -> pd.DataFrame:
    """Projects by whether an audit found something, and the findings."""
    project = data.table("project").dropna(subset=["audit_findings"])
    found = (project["audit_findings"] > 0).to_numpy(dtype=bool)
    rows = [("clean", ~found), ("with_findings", found)]
    return pd.DataFrame(
        {
            "audit": [name for name, _ in rows], "projects": [int(flags.sum()) for _, flags in rows],
            "findings": [int(project.loc[flags, "audit_findings"].sum()) for _, flags in rows],
        }
    )  # fmt: skip


def event_sources(data: CountyData) -> pd.DataFrame:
    """Events of the last twelve months by who reported them; petitions among them are complaints."""
    event = up_to(data.table("shock_event"), "event_date", data.day)
    event = event[event["event_date"] > pd.Timestamp(data.day) - pd.DateOffset(years=1)]
    frame = counted({"events": event["event_id"].notna(), "verified": event["verified"]}, event["reported_by"])
    return in_code_order(frame, code_list("alert_source").words, "reported_by")


def field_surveys(data: CountyData) -> pd.DataFrame:
    """Surveys by leaders, survey staff and delegates, recorded as facts about the county."""
    return place_figures(data, "special surveys", "survey staff", "delegates", "third-party")


def _rectified(data: CountyData) -> Fraction:
    """Issues whose deadline has come that are closed."""
    issue = up_to(up_to(data.table("project_issue"), "found_on", data.day), "due_on", data.day)
    closed = (issue["closed_on"] <= pd.Timestamp(data.day)).fillna(False)
    return Fraction(float(closed.sum()), float(len(issue)))


def _days_to_close(data: CountyData) -> Fraction:
    issue = up_to(data.table("project_issue"), "closed_on", data.day)
    days = (issue["closed_on"] - issue["found_on"]).dt.days
    return Fraction(float(days.sum()), float(len(issue)))


ISSUE = ("project_issue",)
TABLES = (
    FactTable("found_closed", 11, (C("month", "period"), C("found", "count"), C("closed", "count")), ISSUE,
              found_closed, order="month"),
    FactTable("by_severity", 11,
              (C("severity", "code", "severity"), C("found", "count"), C("closed", "count"), C("in_time", "count"),
               C("overdue", "count"), C("days_sum", "number", hidden=True, adds=True),
               C("mean_days", "days", of=("days_sum", "closed"))), ISSUE, by_severity),
    FactTable("audits", 11, (C("audit", "label", "audit"), C("projects", "count"), C("findings", "count")),
              ("project.audit_findings",), audits),
    FactTable("event_sources", 11,
              (C("reported_by", "code", "alert_source"), C("events", "records", counts="events.yes"), C("verified", "records", counts="events_verified.yes"),
               C("share", "share", of=("verified", "events"))), ("shock_event.reported_by",), event_sources),
    FactTable("field_surveys", 11,
              (C("metric", "label", "metric"), C("value", "number"), C("unit", "label", "fact_unit", descriptive=True), C("confidence", "confidence")),
              ("place_fact:special surveys",), field_surveys, city="none"),
)  # fmt: skip
INDICATORS = (
    Indicator("rectified_in_time", 11, "share", "higher_better", ISSUE, _rectified, limit="completeness_target",
              source="ART-QIHE", history=False, people=False),
    Indicator("days_to_close", 11, "days", "lower_better", ISSUE, _days_to_close, history=False, people=False),
)  # fmt: skip
EXHIBITS = (Exhibit("found_closed", Lines("month", ("found", "closed")), in_row(-1)),)
