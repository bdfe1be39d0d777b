"""Section 12: who is monitored and why, how fast, and who slipped through."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.county_data import CountyData, hits, up_to
from relapse_risk.assessment.sections.exit_quality import below_in_years
from relapse_risk.assessment.sections.guarantees import failing_reasons
from relapse_risk.exhibits import Bars, Exhibit, Flow, Section, first_to_last, largest
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.months import month_end
from relapse_risk.predicates import Predicate, holds
from relapse_risk.predicates.clauses import Clause
from relapse_risk.predicates.truth import alternatives
from relapse_risk.schema import code_list

__all__ = [
    "EXHIBITS",
    "INDICATORS",
    "MONITORED",
    "RULE_WORDS",
    "SECTION",
    "TABLES",
    "first_help",
    "is_monitored",
    "meets_monitoring_rules",
]

SECTION = Section(12)
C = FactColumn
MONITORED = tuple(word for word in code_list("monitor_type").words if word != "none")
# What reports call the rules that take households in, in the order of the table; one not listed comes last, in its own words.
RULE_WORDS = {
    "income_below_monitoring": "below_monitor_line", "rigid_spending_above_income": "rigid_above_income",
    "house_safe": "dwelling", "water_safe": "water", "education_ok": "dropped_out", "medical_ok": "uninsured",
    "loss_is_urgent": "urgent_loss", "income_fell_sharply": "income_fall",
}  # fmt: skip
EVENT_DAYS = 365  # an older event is not what a household was identified for; ours


def is_monitored(frame: pd.DataFrame) -> pd.Series:
    """Monitored and not yet eliminated."""
    return frame["under_monitoring"].fillna(False).astype(bool)


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
                "monitor_type": word, "current": hits(mine & is_monitored(now)), "entered": hits(mine & entered),
                "eliminated": hits(mine & left), "persons": float(now.loc[mine & is_monitored(now), "size"].sum()),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def monitor_causes(data: CountyData) -> pd.DataFrame:
    """Risks named for the households monitored now; one household may have several."""
    named = data.now.loc[is_monitored(data.now), "monitor_risk_types"].dropna().str.split(r"[;,]").explode().str.strip()
    counts = named.groupby(level=0).unique().explode().value_counts()
    words = [word for word in code_list("risk_type").words if word in counts.index]
    return pd.DataFrame({"risk": words, "households": [int(counts[word]) for word in words]})


def monitor_flow(data: CountyData) -> pd.DataFrame:
    """Monitored at the start, entered, eliminated, left the register, monitored at the end of the period.

    Who entered and was eliminated within the period is counted in both.  Where no snapshot of its start is held, nothing
    is known of the flow.
    """
    if not len(data.before):
        return pd.DataFrame()
    before = set(data.before.loc[is_monitored(data.before), "household_id"])
    active = set(data.now.loc[is_monitored(data.now), "household_id"])
    gone = before - set(data.now["household_id"])
    came = active - before
    if data.previous is not None:
        identified = (data.now["monitor_identified_on"] > pd.Timestamp(month_end(data.previous))).fillna(False)
        named = identified.to_numpy(dtype=bool) & data.now["monitor_type"].isin(MONITORED).to_numpy(dtype=bool)
        came |= set(data.now.loc[named, "household_id"]) - before
    steps = (
        ("start", before), ("entered", came), ("eliminated", (before | came) - active - gone),
        ("left_register", gone), ("end", active),
    )  # fmt: skip
    return pd.DataFrame({"step": [name for name, _ in steps], "households": [len(found) for _, found in steps]})


def first_help(data: CountyData) -> pd.DataFrame:
    """Households identified in the last 12 months with days to identification and to first help.

    Returns
    -------
    DataFrame
        household_id, monitor_identified_on, identify_days (from the last event of the 12 months before; null without one), help_days
        (null: not helped), help_due (helped, or the days allowed are over: before that it is not known to be late).
    """
    return data.once("first_help", lambda: _first_help(data))


def _first_help(data: CountyData) -> pd.DataFrame:
    since = pd.Timestamp(data.day) - pd.DateOffset(years=1)
    found = data.now["monitor_identified_on"]
    recent = ((found > since) & (found <= pd.Timestamp(data.day))).fillna(False).to_numpy(dtype=bool)
    frame = data.now.loc[recent, ["household_id", "monitor_identified_on"]].copy()
    events = up_to(data.table("shock_event"), "event_date", data.day)[["household_id", "event_date"]]
    events = events.merge(frame, on="household_id")
    gap = events["monitor_identified_on"] - events["event_date"]
    events = events[(gap >= pd.Timedelta(0)) & (gap <= pd.Timedelta(days=EVENT_DAYS))]
    last = events.groupby("household_id")["event_date"].max()
    frame["identify_days"] = _days(frame["monitor_identified_on"], _of_household(last, frame))
    aid = up_to(data.table("assistance_record"), "delivered_on", data.day)[["household_id", "delivered_on"]]
    aid = aid.merge(frame[["household_id", "monitor_identified_on"]], on="household_id")
    first = aid[aid["delivered_on"] >= aid["monitor_identified_on"]].groupby("household_id")["delivered_on"].min()
    helped = _of_household(first, frame)
    frame["help_days"] = _days(helped, frame["monitor_identified_on"])
    age = (pd.Timestamp(data.day) - frame["monitor_identified_on"]).dt.days
    frame["help_due"] = helped.notna() | (age >= data.limit("help_days"))
    return frame


def _of_household(dates: pd.Series, frame: pd.DataFrame) -> pd.Series:
    """``dates`` (by household) on the rows of ``frame``; null where a household has none."""
    return pd.Series(dates.reindex(frame["household_id"]).to_numpy(), index=frame.index, dtype="datetime64[s]")


def _days(later: pd.Series, earlier: pd.Series) -> pd.Series:
    return (later.astype("datetime64[s]") - earlier.astype("datetime64[s]")).dt.days.astype("float64")


def monitor_timing(data: CountyData) -> pd.DataFrame:
    """Days from event to identification and from identification to first help, over the last 12 months."""
    found = first_help(data)
    rows = []
    for step, limit in (("identify", "identify_days"), ("help", "help_days")):
        days = found[f"{step}_days"].dropna()
        known = len(days) if step == "identify" else int(found["help_due"].sum())
        rows.append(
            {
                "step": step, "households": known, "limit_days": data.limit(limit),
                "median_days": float(days.median()) if len(days) else np.nan,
                "p90_days": float(days.quantile(0.9)) if len(days) else np.nan,
                "within": int((days <= data.limit(limit)).sum()),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def meets_monitoring_rules(data: CountyData) -> dict[str, pd.Series]:
    """Per rule that takes households in (each alternative of the predicate ``to_be_monitored``), whom it takes."""
    predicates = data.setting.predicates
    rules = {clause.names()[0]: clause for clause in alternatives("to_be_monitored", predicates)}
    names = sorted(rules, key=lambda name: (*RULE_WORDS, name).index(name))
    return {_rule_word(predicates[name], rules[name]): holds(rules[name], data.now, data.setting) for name in names}


def _rule_word(predicate: Predicate, clause: Clause) -> str:
    """The code of a rule that messages have words for; else what its predicate says where it takes a household in."""
    label = predicate.label if clause.predicate or predicate.fails is None else predicate.fails
    return RULE_WORDS.get(predicate.name) or label.cell


def _outside(data: CountyData) -> pd.Series:
    """Households not monitored: never, or no longer."""
    return ~is_monitored(data.now)


def missed_checks(data: CountyData) -> pd.DataFrame:
    """Households that meet a monitoring rule, and of them not monitored."""
    outside = _outside(data).to_numpy(dtype=bool)
    rows = []
    for rule, flags in meets_monitoring_rules(data).items():
        met = flags.fillna(False).to_numpy(dtype=bool)
        if not flags.isna().all():
            rows.append({"missed_rule": rule, "households": int(met.sum()), "missed": int((met & outside).sum()),
                         "watched": int((met & ~outside).sum())})  # fmt: skip
    return pd.DataFrame(rows)


def missed_list(data: CountyData) -> pd.DataFrame:
    """Every household that should be monitored and is not, with the rule it meets."""
    outside = _outside(data).to_numpy(dtype=bool)
    parts = [
        data.now.loc[flags.fillna(False).to_numpy(dtype=bool) & outside, ["household_id", "village_code"]].assign(
            missed_rule=rule
        )
        for rule, flags in meets_monitoring_rules(data).items()
    ]
    return pd.concat(parts).sort_values(["village_code", "household_id"])


def _lifted(data: CountyData) -> np.ndarray:
    return holds("lifted", data.now, data.setting).fillna(False).to_numpy(dtype=bool)


def _wrong_exit_tests(data: CountyData) -> dict[str, pd.Series]:
    """What says that an exit does not hold: income below the line in one of two years, or a guarantee that fails."""
    return {**below_in_years(data), **failing_reasons(data)}


def wrong_exit_checks(data: CountyData) -> pd.DataFrame:
    """Lifted households by what says that the exit does not hold."""
    lifted = _lifted(data)
    tests = _wrong_exit_tests(data)
    rows = [
        {"wrong_exit_reason": name, "households": int((flags.fillna(False).to_numpy(dtype=bool) & lifted).sum())}
        for name, flags in tests.items()
    ]
    return pd.DataFrame([row for row in rows if row["households"]])


def wrong_exit_list(data: CountyData) -> pd.DataFrame:
    """Every lifted household whose exit does not hold, with the reason."""
    lifted = _lifted(data)
    parts = [
        data.now.loc[
            flags.fillna(False).to_numpy(dtype=bool) & lifted, ["household_id", "village_code", "exit_year"]
        ].assign(wrong_exit_reason=name)
        for name, flags in _wrong_exit_tests(data).items()
    ]
    frame = pd.concat(parts).sort_values(["village_code", "household_id"])
    return frame.assign(exit_year=frame["exit_year"].astype(str))


def _monitored_share(data: CountyData) -> Fraction:
    return data.households(is_monitored(data.now))


def _monitored_persons(data: CountyData) -> Fraction:
    return data.members(is_monitored(data.now))


MONITOR = ("household.monitor_type",)
RULES = ("household.monitor_type", "income")
BY_STEP = {"start": "monitored.yes before", "end": "monitored.yes", "*": "monitored_{step}.yes"}
TABLES = (
    FactTable("monitored_now", 12,
              (C("monitor_type", "code", "monitor_type"), C("current", "households", counts="monitored.yes"),
               C("persons", "persons", counts="monitored_persons.yes"), C("entered", "households", counts="monitoring_begun.yes"),
               C("eliminated", "households", counts="monitoring_ended.yes")), MONITOR, monitored_now),
    FactTable("monitor_causes", 12, (C("risk", "code", "risk_type"), C("households", "households", counts="monitor_cause.{risk}.yes")),
              ("household.monitor_risk_types",), monitor_causes, order="-households"),
    FactTable("monitor_flow", 12, (C("step", "label", "step"), C("households", "households", counts=BY_STEP)), MONITOR, monitor_flow),
    FactTable("monitor_timing", 12,
              (C("step", "label", "timing"),
               C("households", "households", counts={"identify": "timeliness.known", "help": "failed_help.known"}), C("median_days", "days"),
               C("p90_days", "days"), C("limit_days", "days", rests_on=()), C("within", "households", counts={"identify": "timeliness.yes", "help": "failed_help.no"}),
               C("share", "share", of=("within", "households"))),
              ("household.monitor_identified_on", "assistance_record"), monitor_timing),
    FactTable("missed_checks", 12,
              (C("missed_rule", "label", "missed_rule"), C("households", "households", counts="{missed_rule}_missed.known"),
               C("watched", "households", counts="{missed_rule}_missed.no"),
               C("missed", "households", counts="{missed_rule}_missed.yes"), C("share", "share", of=("missed", "households"))),
              RULES, missed_checks),
    FactTable("wrong_exit_checks", 12, (C("wrong_exit_reason", "label", "reason"),
               C("households", "households", counts="wrong_exit.{wrong_exit_reason}.yes")),
              ("household.exit_year", "household.dwelling_grade"), wrong_exit_checks, order="-households"),
    FactTable("missed_list", 12,
              (C("household_id", "text"), C("village_code", "text"), C("missed_rule", "label", "missed_rule")),
              RULES, missed_list, city="none", restricted=True),
    FactTable("wrong_exit_list", 12,
              (C("household_id", "text"), C("village_code", "text"), C("exit_year", "text"),
               C("wrong_exit_reason", "label", "reason")),
              ("household.exit_year", "household.dwelling_grade"), wrong_exit_list, city="none", restricted=True),
)  # fmt: skip
INDICATORS = (
    Indicator("monitored_share", 12, "share", "none", MONITOR, _monitored_share, source="LAW-2020",
              measure="monitored"),
    Indicator("monitored_persons", 12, "share", "none", MONITOR, _monitored_persons, source="LAW-2020"),
)  # fmt: skip
EXHIBITS = (
    Exhibit("monitor_flow", Flow("step", "households", came=("entered",), went=("eliminated", "left_register")),
            first_to_last("households"), half=True),
    Exhibit("monitor_causes", Bars("risk", "households"), largest("households", "risk"), half=True),
)  # fmt: skip
