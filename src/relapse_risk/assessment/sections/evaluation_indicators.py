"""Section 16: the indicators an outside evaluation asks for, as a full count of the register where it allows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.county_data import CountyData, up_to
from relapse_risk.assessment.sections.exit_quality import below_in_years
from relapse_risk.assessment.sections.monitored_households import first_help, is_monitored, meets_monitoring_rules
from relapse_risk.exhibits import Action, Section
from relapse_risk.measures import Fraction, Indicator
from relapse_risk.predicates import holds
from relapse_risk.predicates.setting import values_at

__all__ = ["ACTIONS", "INDICATORS", "SECTION"]

SECTION = Section(16)
GUARANTEES_OF_ELIMINATION = ("education_ok", "medical_ok", "house_safe", "water_safe")


def _below(data: CountyData) -> pd.Series:
    """Income strictly below the poverty line; null without an income."""
    return holds("income_below_poverty", data.now, data.setting)


def _fails(data: CountyData) -> pd.Series:
    """Some guarantee is known not to hold."""
    return (~holds("guarantees_ok", data.now, data.setting)).fillna(False).astype(bool)


def _exit_fails(data: CountyData) -> pd.Series:
    """Income is known to be below the line of its year in one of the last two, or a guarantee is known to fail."""
    now, before = (flags.fillna(False).astype(bool) for flags in below_in_years(data).values())
    return now | before | _fails(data)


def _never_registered(data: CountyData) -> pd.Series:
    return holds("never_registered", data.now, data.setting).fillna(False).astype(bool)


def _missed(data: CountyData) -> Fraction:
    """Missed persons (below the line, or a guarantee fails) over persons of households that were never registered."""
    poor = _below(data).fillna(False).astype(bool) | _fails(data)
    return data.members(poor, _never_registered(data))


def _wrong_exit(data: CountyData) -> Fraction:
    """Persons lifted whose exit does not hold over persons lifted: income not steadily above the line, or a guarantee."""
    return data.members(_exit_fails(data), data.now["exit_year"].notna())


def _combined(data: CountyData) -> Fraction:
    """(Registered and not lifted + missed + wrong exit, persons) over the county's rural population."""
    now, size = data.now, data.now["size"].astype(float)
    remaining = now["register_year"].notna() & now["exit_year"].isna()
    missed = _never_registered(data) & (_below(data).fillna(False).astype(bool) | _fails(data))
    wrong = now["exit_year"].notna() & _exit_fails(data)
    rural = data.table("county")["rural_population"].dropna()
    persons = float(size[remaining | missed | wrong].sum())
    return Fraction(persons, float(rural.sum()))


def _relapse(data: CountyData) -> Fraction:
    """Persons lifted who are below the line or fail a guarantee, over persons lifted."""
    fallen = _below(data).fillna(False).astype(bool) | _fails(data)
    return data.members(fallen, data.now["exit_year"].notna())


def _missed_monitoring(data: CountyData) -> Fraction:
    """Households that meet the monitoring rules and are not monitored, over households not monitored."""
    rules = pd.concat([flags.fillna(False).astype(bool) for flags in meets_monitoring_rules(data).values()], axis=1)
    return data.households(rules.any(axis=1), ~is_monitored(data.now))


def _failed_help(data: CountyData) -> Fraction:
    """Households without a measure within the days allowed, over those monitored at least so long or helped."""
    found = first_help(data)
    due = found[found["help_due"].astype(bool)]
    return Fraction(float((~(due["help_days"] <= data.limit("help_days"))).sum()), float(len(due)))


def _wrong_elimination(data: CountyData) -> Fraction:
    """Eliminated households that break the elimination rules: income below the line of then, a guarantee unmet, no labour."""
    gone = up_to(data.table("elimination"), "eliminated_on", data.day).sort_values("eliminated_on", kind="stable")
    gone = gone.drop_duplicates("household_id", keep="last")
    name = data.place.lines.get("monitoring")
    lines = values_at(data.parameters, name, gone["eliminated_on"]) if name else np.nan
    low = (gone["net_income_per_head"] < lines).astype("boolean")
    unmet = pd.concat([gone[c].eq(False).fillna(False).astype(bool) for c in GUARANTEES_OF_ELIMINATION], axis=1)
    helpless = data.now.set_index("household_id")["all_no_labour"].reindex(gone["household_id"]).fillna(False)
    wrong = low.fillna(False).to_numpy(dtype=bool) | unmet.any(axis=1).to_numpy() | helpless.to_numpy(dtype=bool)
    return Fraction(float(wrong.sum()), float(len(gone)))


def _timeliness(data: CountyData) -> Fraction:
    """Identified within the days allowed after the event, of those identified in the last twelve months."""
    days = first_help(data)["identify_days"].dropna()
    return Fraction(float((days <= data.limit("identify_days")).sum()), float(len(days)))


EXIT = ("household.exit_year", "household.dwelling_grade", "person.medical_insurance")
ORDINARY = "household.household_class=ordinary"  # among them are those never registered
HELP = ("household.monitor_identified_on", "assistance_record")
INDICATORS = (
    Indicator("missed_rate", 16, "share", "lower_better", (ORDINARY, "income"), _missed,
              limit="missed_limit", source="DEF-RATES", line="poverty"),
    Indicator("wrong_exit_rate", 16, "share", "lower_better", EXIT, _wrong_exit, limit="wrong_exit_limit",
              source="DEF-RATES", line="poverty"),
    Indicator("combined_poverty_rate", 16, "share", "lower_better",
              ("county.rural_population", "household.register_year", "income"), _combined,
              limit="combined_poverty_limit", source="DEF-RATES", line="poverty", adds=(ORDINARY,)),
    Indicator("missed_monitoring", 16, "share", "lower_better", ("household.monitor_type", "income"), _missed_monitoring,
              limit="zero_target", source="MEM", headline=True, line="monitoring"),
    Indicator("failed_help", 16, "share", "lower_better", HELP, _failed_help, limit="zero_target", source="QA-RULES",
              history=False),
    Indicator("wrong_elimination", 16, "share", "lower_better", ("elimination",), _wrong_elimination,
              limit="zero_target", source="MEM", history=False),
    Indicator("relapse_rate", 16, "share", "lower_better", ("household.exit_year", "income"), _relapse, source="MEM", line="poverty"),
    Indicator("timeliness", 16, "share", "higher_better", ("household.monitor_identified_on", "shock_event"), _timeliness,
              limit="completeness_target", source="ASSUME", history=False),
)  # fmt: skip
ACTIONS = (
    Action("wrong_exit_rate", "persons", 1),
    Action("missed_rate", "persons", 1),
    Action("missed_monitoring", "households", 3),
    Action("failed_help", "households", 3),
)
