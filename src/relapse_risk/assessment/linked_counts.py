"""Arithmetic between different measures: what follows from no identity and from no classification.

A reader holds all tables of a report at once.  What one table withholds, another must not disclose: see
:mod:`relapse_risk.disclosure.relations`.
"""

from __future__ import annotations

from relapse_risk.assessment.sections.alert_handling import CONFIRMED, HELPED
from relapse_risk.assessment.sections.baseline import AGES
from relapse_risk.assessment.sections.exit_quality import CHANGE, NEAR, RATIO
from relapse_risk.assessment.sections.monitored_households import MONITORED, RULE_WORDS
from relapse_risk.assessment.sections.risk_of_relapse import PROBABILITIES
from relapse_risk.assessment.sections.segments import MOVES, SEGMENTS
from relapse_risk.disclosure.relations import Link
from relapse_risk.schema import code_list

__all__ = ["LINKS", "PUBLIC"]

# Totals every reader knows: how many households and persons a county's register holds, and a tenth of those ranked.
PUBLIC = ("households.yes", "members.yes", "top_tenth.yes")

EQUAL = (
    # Of whom something is asked, where that is itself a count.
    ("segment.zero_employment.known", "segment.no_labour.no"),
    ("missed_monitoring.known", "monitored.no"),
    ("high_risk_unmonitored.known", "scored.yes by band=high"),
    ("dwelling_missed.known", "house_safe.no"),
    ("dropped_out_missed.known", "education_ok.no"),
    ("uninsured_missed.known", "medical_ok.no"),
    ("wrong_exit_rate.known", "relapse_rate.known"),
    # What fails a guarantee.
    ("house_safe.no", "reason.dwelling_c.yes + reason.dwelling_d.yes"),
    ("education_ok.no", "reason.dropped_out.yes"),
    ("medical_ok.no", "reason.uninsured.yes"),
    # Classes of a finer scale.
    ("elderly.yes", f"persons.yes by age_band={'|'.join(AGES.at_least(60))}"),
    ("near_line.yes", f"below_poverty_line.no by ratio={'|'.join(RATIO.between(1.0, NEAR))}"),
    ("near_line.yes before", f"below_poverty_line.no by ratio={'|'.join(RATIO.between(1.0, NEAR))} before"),
    ("sharp_fall.yes", f"income_changes.yes by change={'|'.join(CHANGE.below(0.6))}"),
    ("scored.yes by band=high", "high_risk.yes"),
    # What was found by what came of it.
    ("alert_confirmed.yes", f"alert_confirmed.known by outcome={'|'.join(CONFIRMED)}"),
    ("alerts_helped.yes", f"alert_confirmed.known by outcome={'|'.join(HELPED)}"),
    # Nearly the same: a class that lags behind the monitoring by a month, an alert closed without an outcome.
    ("monitored.yes", f"households.yes by household_class={'|'.join(MONITORED)}"),
    ("alerts_closed.yes", "alert_confirmed.known"),
    *((f"segment.{name}.yes", f"ranked.{name}.yes") for name in (*SEGMENTS, "pupils", "sole_person")),
    # Who came and who went.
    ("monitored.yes + monitored_eliminated.yes + monitored_left_register.yes",
     "monitored.yes before + monitored_entered.yes"),
    *((f"segment.{name}.yes before", " + ".join(f"segment.{name}.{move}.yes" for move in MOVES[:3]))
      for name in (*SEGMENTS, "pupils", "sole_person")),
    *((f"segment.{name}.yes", f"segment.{name}.stayed.yes + segment.{name}.joined.yes")
      for name in (*SEGMENTS, "pupils", "sole_person")),
)  # fmt: skip
# In a sample the persons of an indicator are the households asked, and those scored are those above the line.
EQUAL_IN_SAMPLES = (
    ("below_line.yes", "below_poverty_line.yes"),
    ("below_line.yes before", "below_poverty_line.yes before"),
    ("below_line.no", "scored.yes"),
)
WATER = ("water_quality", "water_amount", "water_distance", "water_outage")
REASONS = (*WATER, "dwelling_c", "dwelling_d", "dropped_out", "uninsured", "staple_food", "protein_food", "clothes")
SOME = (
    # Those not yet lifted or missed, and those never lifted: what is left is a count of people, too.
    ("combined_poverty_rate.yes", "wrong_exit_rate.yes"),
    ("members.yes", "wrong_exit_rate.known"),
    *(("water_safe.no", f"reason.{name}.yes") for name in WATER),
    *((f"reason.{name}.yes", f"wrong_exit.{name}.yes") for name in REASONS),
    *(("pupils_sponsored.yes", f"pupils_sponsored.{role}.yes") for role in code_list("sponsor_role").words),
    # A household whose class lags behind its monitoring by a month is a matter of the register, not of the household:
    # protecting that difference would withhold both tables nearly whole.
    *(("missed_monitoring.yes", f"{rule}_missed.yes") for rule in RULE_WORDS.values()),
    *(("monitored.yes", f"{rule}_missed.no") for rule in RULE_WORDS.values()),
)
# Bands and bars cut the same scale at different places: the households between two cuts are a count, too.  A sample's
# bands are of a few households; a register's are of a hundred, and the two or three whose score lies between two cuts
# would cost every county its bars.  One of the two is part of the other: the link holds in that direction.
CUTS = tuple(
    (f"scored.yes by band={bands}", f"scored.yes by probability={'|'.join(PROBABILITIES.at_least(edge))}")
    for bands in ("high", "high|medium")
    for edge in (0.2, 0.1, 0.05)
)


def _sides(text: str) -> tuple[str, ...]:
    return tuple(text.split(" + "))


LINKS: tuple[Link, ...] = (
    *(Link(_sides(one), _sides(other)) for one, other in EQUAL),
    *(Link((one,), (other,), only_samples=True) for one, other in EQUAL_IN_SAMPLES),
    *(Link((whole,), (part,), is_subset=True) for whole, part in SOME),
    *(Link((one,), (other,), is_subset=True, only_samples=True) for pair in CUTS for one, other in (pair, pair[::-1])),
)
