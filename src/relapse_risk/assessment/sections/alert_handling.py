"""Section 14: what became of alerts, and of what was handed to a department."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.county_data import CountyData, counted, hits, in_code_order, in_last_year
from relapse_risk.assistance import referral_answers
from relapse_risk.assistance.aid_log import REMINDER
from relapse_risk.events import open_kept_log
from relapse_risk.exhibits import Bars, Exhibit, Funnel, Section, largest, of_names
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.schema import code_list

__all__ = ["EXHIBITS", "INDICATORS", "SECTION", "TABLES"]

SECTION = Section(14)
C = FactColumn
CONFIRMED = ("monitored", "helped", "stopped")
HELPED = ("monitored", "helped")
QUANTILES = (("p10_days", 0.1), ("p25_days", 0.25), ("median_days", 0.5), ("p75_days", 0.75), ("p90_days", 0.9))


def _recent(data: CountyData) -> pd.DataFrame:
    """Alerts of the last twelve months with what had become of them on the data date."""
    alert = in_last_year(data.table("alert"), "raised_on", data.day)
    day = pd.Timestamp(data.day)
    closed = (alert["closed_on"] <= day).fillna(False).astype(bool)
    return alert.assign(
        closed=closed, overdue=~closed & (alert["due_on"] < day).fillna(False),
        checked=closed & alert["outcome"].notna(), confirmed=closed & alert["outcome"].isin(CONFIRMED),
        helped=closed & alert["outcome"].isin(HELPED),
        days=(alert["closed_on"] - alert["raised_on"]).dt.days.where(closed).astype("float64"),
    )  # fmt: skip


def alert_funnel(data: CountyData) -> pd.DataFrame:
    """Alerts raised, checked, confirmed, and helped or monitored, over the last 12 months."""
    alert = _recent(data)
    steps = [("raised", len(alert)), *((name, hits(alert[name])) for name in ("checked", "confirmed", "helped"))]
    return pd.DataFrame(steps, columns=["step", "alerts"])


def alerts_by_rule(data: CountyData) -> pd.DataFrame:
    """Alerts of the last 12 months by rule: raised, closed, overdue, and confirmed of those checked."""
    alert = _recent(data)
    flags = {name: alert[name] for name in ("closed", "overdue", "checked", "confirmed")}
    frame = counted({"raised": alert["alert_id"].notna(), **flags}, alert["alert_rule"])
    return frame.reset_index(names="rule")


def alert_outcomes(data: CountyData) -> pd.DataFrame:
    """Closed alerts of the last 12 months by outcome."""
    alert = _recent(data)
    counts = alert[alert["closed"]].groupby("outcome").size().to_frame("alerts")
    return in_code_order(counts, code_list("alert_outcome").words, "outcome")


def alert_levels(data: CountyData) -> pd.DataFrame:
    """Alerts by level: raised, closed in time, overdue, and days to close."""
    alert = _recent(data)
    in_time = alert["closed"] & (alert["closed_on"] <= alert["due_on"]).fillna(False)
    flags = {
        "raised": alert["alert_id"].notna(),
        "closed": alert["closed"],
        "in_time": in_time,
        "overdue": alert["overdue"],
    }
    frame = counted(flags, alert["level"])
    for name, order in QUANTILES:
        frame[name] = alert.groupby("level")["days"].quantile(order)
    return in_code_order(frame, code_list("alert_level").words, "level")


def _handed_over(data: CountyData) -> pd.DataFrame:
    """Referrals that were delivered as a table, and those handed over by this project, read from the log."""
    log = open_kept_log(data.register.path, data.parameters, data.place.name, kinds=(REMINDER,), county=data.county)
    said, kept = data.table("referral"), referral_answers(log, data.day)
    return pd.concat([said, kept], ignore_index=True) if len(kept) else said


def _referrals(data: CountyData) -> pd.DataFrame:
    referral = in_last_year(data.once("handed_over", lambda: _handed_over(data)), "pushed_on", data.day)
    day = pd.Timestamp(data.day)
    answered = (referral["replied_on"] <= day).fillna(False).astype(bool)
    return referral.assign(
        answered=answered, overdue=~answered & (referral["due_on"] < day).fillna(False),
        returned=referral["result"].eq("returned"),
        days=(referral["replied_on"] - referral["pushed_on"]).dt.days.where(answered).astype("float64"),
    )  # fmt: skip


def referrals(data: CountyData) -> pd.DataFrame:
    """Referrals by department: handed over, answered, overdue, returned, quantiles of the days to an answer."""
    referral = _referrals(data)
    flags = {name: referral[name] for name in ("answered", "overdue", "returned")}
    frame = counted({"pushed": referral["referral_id"].notna(), **flags}, referral["to_department"])
    for name, order in QUANTILES:
        frame[name] = referral.groupby("to_department")["days"].quantile(order)
    return frame.reset_index(names="department")


def _closed_in_time(data: CountyData) -> Fraction:
    """Alerts whose deadline has come that were closed by it."""
    alert = in_last_year(data.table("alert"), "raised_on", data.day)
    due = alert[(alert["due_on"] <= pd.Timestamp(data.day)).fillna(False).to_numpy(dtype=bool)]
    return Fraction(float((due["closed_on"] <= due["due_on"]).fillna(False).sum()), float(len(due)))


def _hit_rate(data: CountyData) -> Fraction:
    alert = _recent(data)
    return Fraction(float(alert["confirmed"].sum()), float(alert["checked"].sum()))


def _answered_in_time(data: CountyData) -> Fraction:
    referral = _referrals(data)
    due = referral[(referral["due_on"] <= pd.Timestamp(data.day)).fillna(False).to_numpy(dtype=bool)]
    in_time = np.asarray((due["replied_on"] <= due["due_on"]).fillna(False), dtype=bool)
    return Fraction(float(in_time.sum()), float(len(due)))


ALERT, REFERRAL = ("alert",), ("referral",)
DAYS_TO_CLOSE = tuple(C(name, "days", rests_on=("closed",)) for name, _ in QUANTILES)
ANSWERED = tuple(C(name, "days", rests_on=("answered",)) for name, _ in QUANTILES)
BY_STEP = {
    "raised": "alerts.yes", "checked": "alert_confirmed.known", "confirmed": "alert_confirmed.yes", "*": "alerts_{step}.yes",
}  # fmt: skip
RAISED, CLOSED, OVERDUE = (
    C(name, "records", counts=f"{measure}.yes")
    for name, measure in (("raised", "alerts"), ("closed", "alerts_closed"), ("overdue", "alerts_overdue"))
)
TABLES = (
    FactTable("alert_funnel", 14, (C("step", "label", "funnel"), C("alerts", "records", counts=BY_STEP)), ALERT, alert_funnel),
    FactTable("alerts_by_rule", 14,
              (C("rule", "label", "alert"), RAISED, CLOSED, OVERDUE,
               C("checked", "records", hidden=True, counts="alert_confirmed.known"),
               C("confirmed", "records", counts="alert_confirmed.yes"),
               C("hit_rate", "share", of=("confirmed", "checked"))), ALERT, alerts_by_rule, order="-raised"),
    FactTable("alert_levels", 14,
              (C("level", "code", "alert_level"), RAISED, CLOSED,
               C("in_time", "records", counts="alerts_closed_by_deadline.yes"), OVERDUE, *DAYS_TO_CLOSE), ALERT, alert_levels),
    FactTable("alert_outcomes", 14, (C("outcome", "code", "alert_outcome"), C("alerts", "records", counts="alert_confirmed.known")), ALERT, alert_outcomes),
    FactTable("referrals", 14,
              (C("department", "code", "department"), C("pushed", "records", counts="referrals.yes"),
               C("answered", "records", counts="referrals_answered.yes"), C("overdue", "records", counts="referrals_overdue.yes"),
               C("returned", "records", counts="referrals_returned.yes"), *ANSWERED), REFERRAL, referrals, order="-pushed"),
)  # fmt: skip
INDICATORS = (
    Indicator("alerts_closed_in_time", 14, "share", "higher_better", ALERT, _closed_in_time, limit="completeness_target",
              history=False),
    Indicator("alert_hit_rate", 14, "share", "none", ALERT, _hit_rate, history=False, measure="alert_confirmed"),
    Indicator("referrals_in_time", 14, "share", "higher_better", REFERRAL, _answered_in_time, limit="completeness_target",
              history=False),
)  # fmt: skip
EXHIBITS = (
    Exhibit("alert_funnel", Funnel("step", "alerts"), of_names("step", "alerts", "raised", "confirmed"), half=True),
    Exhibit("alert_outcomes", Bars("outcome", "alerts"), largest("alerts", "outcome"), half=True),
)
