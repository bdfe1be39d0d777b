"""Sections 1 and 17: a profile of the nine aspects, what failed and by when to put it right, and measures by cause."""

from __future__ import annotations

import math
from datetime import timedelta
from types import MappingProxyType

import pandas as pd

from relapse_risk.assessment.county_data import CountyData
from relapse_risk.assessment.sections.baseline import causes
from relapse_risk.exhibits import Section
from relapse_risk.issues.issue_ledger import DAYS, LEAD_OFFICE, issue_id, issue_states, read_issue_steps
from relapse_risk.measures import FactColumn, FactTable

__all__ = ["OWNERS", "SECTION", "TABLES", "need", "severity"]

SECTION = Section(17)
C = FactColumn
ASPECTS = range(3, 12)
ASSESSED = ("met", "watch", "not_met")
SEVERE, MAJOR = 0.10, 0.02  # a share that misses its limit by so much; ours
RELATIVE_SEVERE, RELATIVE_MAJOR = 0.25, 0.10  # other units, relative to the limit; ours
# One household that lacks it is severe: a guarantee is not averaged away; ours, as are the papers below.
GUARANTEES = (
    "guarantees_ok", "food_clothes_ok", "education_ok", "dropped_out", "medical_ok", "insured_persons", "house_safe",
    "water_safe",
)  # fmt: skip
# Never severe: a missing paper, review or meeting deprives no household.
PAPERS = ("three_reviews", "papers_complete", "reviews_in_time", "sales_traced", "weeks_with_meeting")
OWNERS = MappingProxyType(
    {
        "food_clothes_ok": "MZ", "education_ok": "JT", "dropped_out": "JT", "medical_ok": "YB", "insured_persons": "YB",
        "house_safe": "ZJ", "water_safe": "NY", "three_reviews": "NY", "papers_complete": "NY",
        "assets_registered": "NY", "yield_realised": "NY", "dividend_per_person": "NY", "zero_employment": "RS",
        "post_holders_fit": "RS", "take_up": "MZ",
    }
)  # fmt: skip
CAUSE_OWNERS = MappingProxyType(
    {
        "illness": "WJ", "disability": "CL", "schooling": "JT", "disaster": "YJ", "no_land": "NY", "no_water": "NY",
        "no_skill": "RS", "no_labour": "MZ", "no_funds": "NY", "poor_transport": "FP", "low_drive": "FP", "other": "FP",
    }
)  # fmt: skip


def _indicators(data: CountyData) -> pd.DataFrame:
    """This county's indicators, computed before the tables."""
    return data.once("indicator", pd.DataFrame)


def aspect_profile(data: CountyData) -> pd.DataFrame:
    """The nine aspects: indicators with a limit, how many met it, and how many could not be assessed."""
    rows = _indicators(data)
    result = []
    for section in ASPECTS:
        mine = rows.loc[rows["section"] == section, ["verdict", "limit"]]
        counts = mine["verdict"].value_counts()
        met, watch, not_met = (int(counts.get(word, 0)) for word in ASSESSED)
        result.append(
            {
                "aspect": str(section), "judged": met + watch + not_met, "met": met + watch, "watch": watch,
                "not_met": not_met,
                "not_judged": int(((mine["verdict"] == "not_collected") & mine["limit"].notna()).sum()),
            }
        )  # fmt: skip
    return pd.DataFrame(result)


def severity(indicator: str, value: float, limit: float, unit: str) -> str:
    """minor, major or severe, of an indicator whose ``value`` misses ``limit``: by what it is about, and how far.

    Examples
    --------
    >>> severity("take_up", 0.85, 1.0, "share"), severity("take_up", 0.97, 1.0, "share")
    ('severe', 'major')
    >>> severity("dividend_per_person", 950, 1000, "money")
    'minor'
    >>> severity("house_safe", 0.999, 1.0, "share"), severity("weeks_with_meeting", 0.5, 1.0, "share")
    ('severe', 'major')
    """
    major = MAJOR / SEVERE if unit == "share" else RELATIVE_MAJOR / RELATIVE_SEVERE
    miss = _shortfall(value, limit, unit)
    grade = "severe" if miss >= 1 else "major" if miss >= major else "minor"
    if indicator in GUARANTEES:
        return "severe"
    return "major" if grade == "severe" and indicator in PAPERS else grade


def _shortfall(value: float | None, limit: float | None, unit: str) -> float:
    """How far ``value`` misses ``limit``; 1 is where severe begins, 0 where it is unknown."""
    if value is None or limit is None or math.isnan(value) or math.isnan(limit):
        return 0.0
    step = SEVERE if unit == "share" else RELATIVE_SEVERE * abs(limit)
    return round(abs(value - limit) / step, 9) if step else 0.0  # 0.95 - 0.85 is 0.0999...


def need(indicator: str, grade: str, value: float | None, limit: float | None, unit: str) -> tuple[int, int, float]:
    """What comes first, the least: the more severe; guarantees before the rest, papers last; the further from the limit.

    The one order of the cover, the summary, the sections, the list of issues and the bulletin.

    Examples
    --------
    >>> missed = [("take_up", "severe", 0.6), ("papers_complete", "major", 0.5), ("house_safe", "severe", 0.99)]
    >>> [name for name, *_ in sorted(missed, key=lambda one: need(one[0], one[1], one[2], 1.0, "share"))]
    ['house_safe', 'take_up', 'papers_complete']
    """
    about = 0 if indicator in GUARANTEES else 2 if indicator in PAPERS else 1
    return list(DAYS).index(grade), about, -_shortfall(value, limit, unit)


def issue_list(data: CountyData) -> pd.DataFrame:
    """Every indicator that misses its limit, with severity, the office that leads, and a date; what comes first, first.

    What the issue ledger has open already keeps the severity and the date it was given, and tells how many times it
    came up.
    """
    rows, known = _indicators(data), _known(data)
    failed = rows[rows["verdict"] == "not_met"]
    result: list[tuple[tuple[int, int, float], dict[str, object]]] = []
    for row in failed.itertuples():
        name, value, limit, unit = str(row.indicator), float(row.value), float(row.limit), str(row.unit)
        kept, due, times = known.get(issue_id(data.county, f"indicator:{name}"), ("", "", 0))
        grade = kept or severity(name, value, limit, unit)
        issue = {
            "indicator": name, "severity": grade, "department": OWNERS.get(name, LEAD_OFFICE),
            "due_on": due or str(data.day + timedelta(days=DAYS[grade])), "times": times if due else times + 1,
            "remedy": name,
        }  # fmt: skip
        result.append((need(name, grade, value, limit, unit), issue))
    ranked = sorted(result, key=lambda one: one[0])
    return pd.DataFrame([issue | {"order": place} for place, (_, issue) in enumerate(ranked)])


def _known(data: CountyData) -> dict[str, tuple[str, str, int]]:
    """By issue of the ledger: severity and due date (empty where it had passed or been closed), and times it came up."""
    states = issue_states(read_issue_steps(data.register.path), data.day)
    day = data.day.isoformat()
    found = {}
    for row in states.itertuples():
        stands = row.state not in ("passed", "closed") or row.last_on == day
        found[str(row.issue_id)] = (
            (str(row.severity), str(row.due_on), int(row.times)) if stands else ("", "", int(row.times))
        )
    return found


def cause_measures(data: CountyData) -> pd.DataFrame:
    """Main causes with the measure that answers each and the office that leads it."""
    frame = causes(data)[["cause", "main"]]
    frame = frame[frame["main"] > 0]
    return frame.assign(department=frame["cause"].map(CAUSE_OWNERS), cause_remedy=frame["cause"])


TABLES = (
    FactTable("aspect_profile", 1,
              (C("aspect", "label", "aspect"), C("judged", "count"), C("met", "count"), C("watch", "count"),
               C("not_met", "count"), C("not_judged", "count"), C("share", "share", of=("met", "judged"))),
              (), aspect_profile),
    FactTable("issue_list", 17,
              (C("indicator", "label", "indicator"), C("severity", "code", "severity"), C("department", "code", "department"),
               C("due_on", "date"), C("times", "count"), C("remedy", "label", "remedy"), C("order", "number", hidden=True)),
              (), issue_list, city="none", order="order"),
    FactTable("cause_measures", 17,
              (C("cause", "code", "poverty_cause"), C("main", "households", counts="main_cause.yes"),
               C("department", "code", "department", descriptive=True),
               C("cause_remedy", "label", "cause_remedy", descriptive=True)),
              ("household.cause_main",), cause_measures, order="-main"),
)  # fmt: skip
