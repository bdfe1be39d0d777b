"""Sections 12 and 14: who is monitored and why, how fast, the risk ahead, and what became of alerts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.base import CountyData, FactColumn, FactTable, Fraction, Indicator, hits, up_to
from relapse_risk.schema import code_list

__all__ = ["INDICATORS", "TABLES"]

C = FactColumn
MONITORED = ("lifted_unstable", "edge", "sudden_hardship")


def _active(frame: pd.DataFrame) -> pd.Series:
    """Monitored and not yet eliminated."""
    monitored = frame["monitor_type"].isin(MONITORED)
    return monitored & ~frame["risk_eliminated"].fillna(False).to_numpy(dtype=bool)


def monitored_now(data: CountyData) -> pd.DataFrame:
    """Monitored households by type: current, identified this year, eliminated this year."""
    now = data.now
    start = pd.Timestamp(f"{data.year}-01-01")
    entered = (now["monitor_identified_on"] >= start).fillna(False)
    left = (now["risk_eliminated_on"] >= start).fillna(False)
    rows = []
    for word in MONITORED:
        mine = now["monitor_type"] == word
        rows.append(
            {
                "monitor_type": word, "current": hits(mine & _active(now)), "entered": hits(mine & entered),
                "eliminated": hits(mine & left), "persons": float(now.loc[mine & _active(now), "size"].sum()),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def monitor_causes(data: CountyData) -> pd.DataFrame:
    """Risks named for the households monitored now; one household may have several."""
    named = data.now.loc[_active(data.now), "monitor_risk_types"].dropna().str.split(r"[;,]").explode().str.strip()
    counts = named.value_counts()
    words = [word for word in code_list("risk_type").words if word in counts.index]
    frame = pd.DataFrame({"risk": words, "households": [int(counts[word]) for word in words]})
    return frame.sort_values("households", ascending=False, ignore_index=True)


def monitor_flow(data: CountyData) -> pd.DataFrame:
    """Monitored at the start of the year, entered, eliminated, left the register, monitored at the end."""
    before = set(data.before.loc[_active(data.before), "household_id"]) if len(data.before) else set()
    now = data.now.set_index("household_id")
    active = set(now.index[_active(data.now.set_index("household_id"))])
    gone = before - set(now.index)
    entered, left = active - before, before - active - gone
    steps = (("start", before), ("entered", entered), ("eliminated", left), ("left_register", gone), ("end", active))
    return pd.DataFrame({"step": [name for name, _ in steps], "households": [len(found) for _, found in steps]})


def _first_help(data: CountyData) -> pd.DataFrame:
    """Monitored households of the last 12 months with days to identification and to first help."""
    since = pd.Timestamp(data.day) - pd.DateOffset(years=1)
    now = data.now[(data.now["monitor_identified_on"] > since).fillna(False).to_numpy(dtype=bool)]
    frame = now[["household_id", "monitor_identified_on"]].copy()
    events = up_to(data.table("shock_event"), "event_date", data.day)[["household_id", "event_date"]]
    events = events.merge(frame, on="household_id")
    events = events[events["event_date"] <= events["monitor_identified_on"]]
    last = events.groupby("household_id")["event_date"].max()
    frame["identify_days"] = (frame["monitor_identified_on"] - frame["household_id"].map(last)).dt.days.astype(
        "float64"
    )
    aid = up_to(data.table("assistance_record"), "delivered_on", data.day)[["household_id", "delivered_on"]]
    aid = aid.merge(frame[["household_id", "monitor_identified_on"]], on="household_id")
    first = aid[aid["delivered_on"] >= aid["monitor_identified_on"]].groupby("household_id")["delivered_on"].min()
    helped = frame["household_id"].map(first)
    frame["help_days"] = (helped - frame["monitor_identified_on"]).dt.days.astype("float64")
    # Not yet helped and the time is not yet up: nobody can say that it came late.
    age = (pd.Timestamp(data.day) - frame["monitor_identified_on"]).dt.days
    frame["help_due"] = helped.notna() | (age >= data.limit("help_days"))
    return frame


def monitor_timing(data: CountyData) -> pd.DataFrame:
    """Days from event to identification and from identification to first help, over the last 12 months."""
    found = _first_help(data)
    rows = []
    for step, column, limit in (("identify", "identify_days", "identify_days"), ("help", "help_days", "help_days")):
        days = found[column].dropna()
        known = len(days) if step == "identify" else int(found["help_due"].sum())
        within = int((days <= data.limit(limit)).sum())
        rows.append(
            {
                "step": step, "households": known, "median_days": float(days.median()) if len(days) else np.nan,
                "p90_days": float(days.quantile(0.9)) if len(days) else np.nan, "limit_days": data.limit(limit),
                "within": within, "share": within / known if known else np.nan,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def risk_bands(data: CountyData) -> pd.DataFrame:
    """Households by band of the relapse score, with the mean probability of the band."""
    risk = data.scores.risk
    assert risk is not None
    grouped = risk[risk["band"].notna()].groupby("band")["probability"]
    frame = pd.DataFrame({"households": grouped.size(), "expected": grouped.sum(), "probability": grouped.mean()})
    frame = frame.reindex([b for b in ("high", "medium", "low") if b in frame.index]).reset_index(names="band")
    monitored = data.now.set_index("household_id")
    active = set(monitored.index[_active(monitored)])
    inside = risk["household_id"].isin(active).groupby(risk["band"]).sum()
    return frame.assign(monitored=frame["band"].map(inside))


def risk_histogram(data: CountyData) -> pd.DataFrame:
    """Households by relapse probability."""
    edges = (0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 1.0001)
    labels = ("<0.2%", "0.2–0.5%", "0.5–1%", "1–2%", "2–5%", "5–10%", "10–20%", "≥20%")
    risk = data.scores.risk
    assert risk is not None
    counts = pd.cut(risk["probability"].dropna(), edges, right=False, labels=labels).value_counts().reindex(labels)
    return pd.DataFrame({"probability": labels, "households": counts.to_numpy()})


def risk_reasons(data: CountyData) -> pd.DataFrame:
    """What raises the score of the households in the high band most: mean points of each reason."""
    risk, reasons = data.scores.risk, data.scores.risk_reasons
    assert risk is not None
    assert reasons is not None
    high = set(risk.loc[risk["band"] == "high", "household_id"])
    mine = reasons[reasons["household_id"].isin(high)]
    total = mine.groupby(["reason", "family"])["points"].sum() / max(len(high), 1)
    frame = total[total > 0].sort_values(ascending=False).head(10).reset_index()
    return frame[["reason", "family", "points"]]


def alerts_by_rule(data: CountyData) -> pd.DataFrame:
    """Alerts of the last 12 months by rule: raised, closed, overdue, and confirmed of those checked."""
    alert = _recent_alerts(data)
    day = pd.Timestamp(data.day)
    closed = (alert["closed_on"] <= day).fillna(False)
    checked = closed & alert["outcome"].notna()
    frame = pd.DataFrame({"raised": alert.groupby("alert_rule").size()})
    for name, flags in (
        ("closed", closed), ("overdue", ~closed & (alert["due_on"] < day).fillna(False)),
        ("confirmed", checked & alert["outcome"].isin(["monitored", "helped", "stopped"])),
    ):  # fmt: skip
        frame[name] = flags.groupby(alert["alert_rule"]).sum()
    frame["hit_rate"] = frame["confirmed"] / checked.groupby(alert["alert_rule"]).sum().replace(0, np.nan)
    return frame.reset_index(names="rule")


def _recent_alerts(data: CountyData) -> pd.DataFrame:
    alert = up_to(data.table("alert"), "raised_on", data.day)
    return alert[alert["raised_on"] > pd.Timestamp(data.day) - pd.DateOffset(years=1)]


def alert_funnel(data: CountyData) -> pd.DataFrame:
    """Alerts raised, checked, confirmed, and helped or monitored, over the last 12 months."""
    alert = _recent_alerts(data)
    checked = (alert["closed_on"] <= pd.Timestamp(data.day)).fillna(False)
    confirmed = checked & alert["outcome"].isin(["monitored", "helped", "stopped"])
    helped = checked & alert["outcome"].isin(["monitored", "helped"])
    steps = (
        ("raised", len(alert)),
        ("checked", hits(checked)),
        ("confirmed", hits(confirmed)),
        ("helped", hits(helped)),
    )
    return pd.DataFrame(steps, columns=["step", "alerts"])


def referrals(data: CountyData) -> pd.DataFrame:
    """Referrals by department: handed over, answered, overdue, returned, median days."""
    referral = up_to(data.table("referral"), "pushed_on", data.day)
    day = pd.Timestamp(data.day)
    answered = (referral["replied_on"] <= day).fillna(False)
    days = (referral["replied_on"] - referral["pushed_on"]).dt.days.where(answered)
    key = referral["to_department"]
    frame = pd.DataFrame({"pushed": referral.groupby("to_department").size()})
    frame["answered"] = answered.groupby(key).sum()
    frame["overdue"] = (~answered & (referral["due_on"] < day).fillna(False)).groupby(key).sum()
    frame["returned"] = referral["result"].eq("returned").groupby(key).sum()
    frame["median_days"] = days.groupby(key).median()
    return frame.sort_values("pushed", ascending=False).reset_index(names="department")


def _monitored_share(data: CountyData) -> Fraction:
    return Fraction(float(_active(data.now).sum()), float(len(data.now)))


def _high_risk_unmonitored(data: CountyData) -> Fraction:
    risk = data.scores.risk
    assert risk is not None
    high = set(risk.loc[risk["band"] == "high", "household_id"])
    outside = data.now["household_id"].isin(high) & ~_active(data.now)
    return Fraction(float(outside.sum()), float(len(high)))


def _expected_relapse(data: CountyData) -> Fraction:
    """Mean relapse probability of the households at risk; the interval is the mean of their limits (modelled)."""
    risk = data.scores.risk
    assert risk is not None
    known = risk.dropna(subset=["probability"])
    n = float(len(known))
    if n == 0:
        return Fraction(0.0, 0.0)
    return Fraction(
        float(known["probability"].sum()), n, low=float(known["low"].mean()), high=float(known["high"].mean())
    )


def _alerts_closed(data: CountyData) -> Fraction:
    alert = _recent_alerts(data)
    due = alert[(alert["due_on"] <= pd.Timestamp(data.day)).fillna(False).to_numpy(dtype=bool)]
    in_time = (due["closed_on"] <= due["due_on"]).fillna(False)
    return Fraction(float(in_time.sum()), float(len(due)))


RISK, MONITOR = ("scores.risk",), ("household.monitor_type",)
TABLES = (
    FactTable("monitored_now", 12,
              (C("monitor_type", "code", "monitor_type"), C("current", "households"), C("persons", "persons"),
               C("entered", "households"), C("eliminated", "households")), MONITOR, monitored_now),
    FactTable("monitor_causes", 12, (C("risk", "code", "risk_type"), C("households", "households")),
              ("household.monitor_risk_types",), monitor_causes),
    FactTable("monitor_flow", 12, (C("step", "label", "step"), C("households", "households")), MONITOR, monitor_flow),
    FactTable("monitor_timing", 12,
              (C("step", "label", "timing"), C("households", "households"), C("median_days", "days"),
               C("p90_days", "days"), C("limit_days", "days"), C("within", "households"), C("share", "share")),
              ("household.monitor_identified_on", "assistance_record"), monitor_timing),
    FactTable("risk_bands", 12,
              (C("band", "label", "band"), C("households", "households"), C("probability", "share"),
               C("expected", "number"), C("monitored", "households")), RISK, risk_bands),
    FactTable("risk_histogram", 12, (C("probability", "bin"), C("households", "households")), RISK, risk_histogram),
    FactTable("risk_reasons", 12,
              (C("reason", "label", "feature"), C("family", "label", "family"), C("points", "points")), RISK,
              risk_reasons),
    FactTable("alert_funnel", 14, (C("step", "label", "funnel"), C("alerts", "count")), ("alert",), alert_funnel),
    FactTable("alerts_by_rule", 14,
              (C("rule", "label", "alert"), C("raised", "count"), C("closed", "count"), C("overdue", "count"),
               C("confirmed", "count"), C("hit_rate", "share")), ("alert",), alerts_by_rule),
    FactTable("referrals", 14,
              (C("department", "code", "department"), C("pushed", "count"), C("answered", "count"), C("overdue", "count"),
               C("returned", "count"), C("median_days", "days")), ("referral",), referrals),
)  # fmt: skip
INDICATORS = (
    Indicator("monitored_share", 12, "share", "none", MONITOR, _monitored_share, source="LAW-2020"),
    Indicator("expected_relapse", 12, "share", "lower_better", RISK, _expected_relapse, sampled=True, headline=True,
              history=False),
    Indicator("high_risk_unmonitored", 12, "share", "lower_better", (*RISK, *MONITOR), _high_risk_unmonitored,
              history=False),
    Indicator("alerts_closed_in_time", 14, "share", "higher_better", ("alert",), _alerts_closed, limit="share_target",
              history=False),
)  # fmt: skip
