"""Sections 1 and 17: a profile of the nine aspects, what failed and by when to put it right, and measures by cause."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

import pandas as pd

from relapse_risk.assessment.base import CountyData, FactColumn, FactTable
from relapse_risk.assessment.baseline import causes
from relapse_risk.assessment.issue_ledger import DAYS, LEAD_OFFICE, issue_id, issue_states, read_issue_steps

__all__ = ["OWNERS", "TABLES", "severity"]

C = FactColumn
ASPECTS = range(3, 12)
JUDGED = ("met", "watch", "not_met")
SEVERE, MAJOR = 0.10, 0.02  # a share that misses its limit by so much; ours
RELATIVE_SEVERE, RELATIVE_MAJOR = 0.25, 0.10  # other units, relative to the limit; ours
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
    """The nine aspects: indicators with a limit, how many met it, and how many could not be judged."""
    rows = _indicators(data)
    result = []
    for section in ASPECTS:
        mine = rows.loc[rows["section"] == section, ["verdict", "limit"]]
        counts = mine["verdict"].value_counts()
        met, watch, not_met = (int(counts.get(word, 0)) for word in JUDGED)
        result.append(
            {
                "aspect": str(section), "judged": met + watch + not_met, "met": met + watch, "watch": watch,
                "not_met": not_met,
                "not_judged": int(((mine["verdict"] == "not_collected") & mine["limit"].notna()).sum()),
            }
        )  # fmt: skip
    return pd.DataFrame(result)


def severity(value: float, limit: float, direction: str, unit: str) -> str:
    """minor, major or severe, by how far ``value`` misses ``limit``.

    Examples
    --------
    >>> severity(0.85, 1.0, "higher_better", "share"), severity(0.97, 1.0, "higher_better", "share")
    ('severe', 'major')
    >>> severity(950, 1000, "higher_better", "money")
    'minor'
    """
    miss = (limit - value) if direction == "higher_better" else (value - limit)
    steps = (SEVERE, MAJOR) if unit == "share" else (RELATIVE_SEVERE * abs(limit), RELATIVE_MAJOR * abs(limit))
    return "severe" if miss >= steps[0] else "major" if miss >= steps[1] else "minor"


def issue_list(data: CountyData) -> pd.DataFrame:
    """Every indicator that misses its limit, with severity, the office that leads, and a date.

    What the issue ledger has open already keeps the date it was given, and tells how many times it came up.
    """
    rows, known = _indicators(data), _known(data)
    failed = rows[rows["verdict"] == "not_met"]
    result = []
    for row in failed.itertuples():
        grade = severity(float(row.value), float(row.limit), str(row.direction), str(row.unit))
        owner = OWNERS.get(str(row.indicator), LEAD_OFFICE)
        due, times = known.get(issue_id(data.county, f"indicator:{row.indicator}"), ("", 0))
        result.append(
            {
                "indicator": row.indicator, "severity": grade, "department": owner,
                "due_on": due or str(data.day + timedelta(days=DAYS[grade])), "times": times if due else times + 1, "remedy": row.indicator,
                "order": list(DAYS).index(grade),
            }
        )  # fmt: skip
    return pd.DataFrame(result)


def _known(data: CountyData) -> dict[str, tuple[str, int]]:
    """By issue of the ledger: due date (empty where it had passed or been closed before) and times it came up."""
    states = issue_states(read_issue_steps(data.register.path), data.day)
    day = data.day.isoformat()
    return {
        row.issue_id: (row.due_on if row.state not in ("passed", "closed") or row.last_on == day else "", row.times)
        for row in states.itertuples()
    }


def cause_measures(data: CountyData) -> pd.DataFrame:
    """Main causes with the measure that answers each and the office that leads it."""
    frame = causes(data)[["cause", "main"]]
    frame = frame[frame["main"] > 0]
    return frame.assign(department=frame["cause"].map(CAUSE_OWNERS), cause_remedy=frame["cause"])


TABLES = (
    FactTable("aspect_profile", 1,
              (C("aspect", "label", "aspect"), C("judged", "count"), C("met", "count"), C("watch", "count"),
               C("not_met", "count"), C("not_judged", "count"), C("share", "share", of=("met", "judged"))),
              (), aspect_profile, figure="profile"),
    FactTable("issue_list", 17,
              (C("indicator", "label", "indicator"), C("severity", "code", "severity"), C("department", "code", "department"),
               C("due_on", "date"), C("times", "count"), C("remedy", "label", "remedy"), C("order", "number", hidden=True)),
              (), issue_list, city="none", order="order"),
    FactTable("cause_measures", 17,
              (C("cause", "code", "poverty_cause"), C("main", "households", measure="causes.main"),
               C("department", "code", "department", descriptive=True),
               C("cause_remedy", "label", "cause_remedy", descriptive=True)),
              ("household.cause_main",), cause_measures, order="-main"),
)  # fmt: skip
