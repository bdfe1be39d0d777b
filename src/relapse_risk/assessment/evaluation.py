"""Section 16: the indicators an outside evaluation asks for, as a full count of the register where it allows."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.base import CountyData, Fraction, Indicator, up_to
from relapse_risk.assessment.exit_quality import weighted_share_below
from relapse_risk.assessment.monitoring import MONITORED, _active, _first_help

__all__ = ["INDICATORS"]


def _meets_monitoring_rules(data: CountyData) -> pd.Series:
    """Below the monitoring line, or rigid spending above income, or a guarantee unmet (DEF-3TYPES, LAW-2020)."""
    now = data.now
    low = (now["income_pc_year"] < now["monitor_line"]).fillna(False)
    burdened = (now["rigid_burden"] > 1).fillna(False)
    return low | burdened | now["guarantees_ok"].eq(False).fillna(False)


def _missed_monitoring(data: CountyData) -> Fraction:
    """Households that meet the monitoring rules and are not monitored, over households not monitored."""
    outside = ~data.now["monitor_type"].isin(MONITORED)
    return Fraction(float((_meets_monitoring_rules(data) & outside).sum()), float(outside.sum()))


def _wrong_exit(data: CountyData) -> Fraction:
    """Persons lifted whose exit does not hold: a guarantee fails (full count; no re-survey behind it)."""
    lifted = data.now[data.now["exit_year"].notna()]
    wrong = lifted["guarantees_ok"].eq(False).fillna(False)
    return Fraction(float(lifted.loc[wrong, "size"].sum()), float(lifted["size"].sum()))


def _relapse(data: CountyData) -> Fraction:
    """Persons lifted who are below the line or fail a guarantee, over persons lifted."""
    lifted = data.now[data.now["exit_year"].notna()]
    below = (lifted["income_pc_year"] < lifted["poverty_line"]).fillna(False)
    fallen = below | lifted["guarantees_ok"].eq(False).fillna(False)
    return Fraction(float(lifted.loc[fallen, "size"].sum()), float(lifted["size"].sum()))


def _failed_help(data: CountyData) -> Fraction:
    """Households monitored for at least the days allowed and without a measure in that time."""
    found = _first_help(data)
    due = found[found["help_due"]]
    late = ~(due["help_days"] <= data.limit("help_days"))
    return Fraction(float(late.sum()), float(len(due)))


def _wrong_elimination(data: CountyData) -> Fraction:
    """Eliminated households that break the elimination rules: low income or a guarantee unmet then, or no labour."""
    gone = up_to(data.table("elimination"), "eliminated_on", data.day).drop_duplicates("household_id", keep="last")
    line = data.limit(data.place.lines["monitoring"])
    unmet = pd.concat([gone[c].eq(False) for c in ("education_ok", "medical_ok", "house_safe", "water_safe")], axis=1)
    helpless = data.now.set_index("household_id")["all_no_labour"].reindex(gone["household_id"]).eq(True)
    wrong = (gone["net_income_per_head"] < line).fillna(False) | unmet.fillna(False).any(axis=1)
    return Fraction(float((wrong | helpless.fillna(False).to_numpy(dtype=bool)).sum()), float(len(gone)))


def _timeliness(data: CountyData) -> Fraction:
    days = _first_help(data)["identify_days"].dropna()
    return Fraction(float((days <= data.limit("identify_days")).sum()), float(len(days)))


def _monitored_persons(data: CountyData) -> Fraction:
    active = data.now[_active(data.now)]
    return Fraction(float(active["size"].sum()), float(data.now["size"].sum()))


GUARANTEES = ("household.dwelling_grade", "person.medical_insurance")
INDICATORS = (
    Indicator("wrong_exit_rate", 16, "share", "lower_better", ("household.exit_year", *GUARANTEES), _wrong_exit,
              limit="wrong_exit_limit", source="DEF-RATES"),
    Indicator("combined_poverty_rate", 16, "share", "lower_better", ("income",),
              lambda d: weighted_share_below(d.now, "poverty_line"), limit="combined_poverty_limit", source="DEF-RATES"),
    Indicator("missed_monitoring", 16, "share", "lower_better", ("household.monitor_type", "income"), _missed_monitoring,
              limit="zero_target", source="MEM", headline=True),
    Indicator("failed_help", 16, "share", "lower_better", ("household.monitor_identified_on", "assistance_record"),
              _failed_help, limit="zero_target", source="QA-RULES", history=False),
    Indicator("wrong_elimination", 16, "share", "lower_better", ("elimination",), _wrong_elimination,
              limit="zero_target", source="MEM", history=False),
    Indicator("relapse_rate", 16, "share", "lower_better", ("household.exit_year", "income"), _relapse, source="MEM"),
    Indicator("timeliness", 16, "share", "higher_better", ("household.monitor_identified_on", "shock_event"), _timeliness,
              limit="share_target", source="ASSUME", history=False),
    Indicator("monitored_persons", 16, "share", "none", ("household.monitor_type",), _monitored_persons),
)  # fmt: skip
