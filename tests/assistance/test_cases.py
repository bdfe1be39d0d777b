"""Every item by cases in plain terms: one file per item under ``cases/``, each worked out by hand from its source.

A case changes the item's own household and person, who otherwise answer *no* to everything.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from relapse_risk.assistance import Limits, entitlements, limits_on, read_catalogue
from relapse_risk.parameters import read_parameters, read_place

CATALOGUE = read_catalogue("dezhou")
DAY = date(2020, 12, 31)
FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
HOUSEHOLD: dict[str, Any] = {
    "size": 2, "income_pc_year": 9000.0, "dibao_received": 0.0, "second_dwelling": False, "vehicle_count": 0,
    "business_registration": False, "financial_assets": 500.0, "policy_enjoying": False, "monitor_type": "none",
    "relief_status": "none", "dwelling_grade": "B", "zero_employment": False, "uncompensated_loss_12m": 0.0,
    "rigid_burden": 0.1, "medical_self_paid": 0.0, "disaster_loss": 0.0, "labour_count": 0, "n_needs_barrier_free": 0,
}  # fmt: skip
PERSON: dict[str, Any] = {
    "age": 40, "sex": "male", "student_stage": "none", "boarder": False, "disability_level": "none",
    "disability_type": "none", "orphan_status": "none", "labour_capacity": "none", "employment_status": "local",
    "health_status": "healthy", "serious_disease_code": "none", "chronic_hypertension": False, "chronic_diabetes": False,
    "is_labour": False, "medical_insurance": True, "severe_mental_disorder": False, "training_wanted": False,
    "disability_suspected": False, "needs_aid_device": False, "legal_case": False, "veteran_care": False,
    "union_member_hardship": False, "two_cancer_patient": False, "has_supporter": True,
}  # fmt: skip


@cache
def limits_of(day: date) -> Limits:
    return limits_on(read_parameters(), read_place("dezhou"), day)


@cache
def contents(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def judged(item: str, answers: dict[str, Any], day: date = DAY) -> tuple[str, float | None]:
    """State and amount of ``item`` for one household with one person."""
    home = (
        {"household_id": "h", "county_code": "371425", "town_code": "t"}
        | HOUSEHOLD
        | {k: v for k, v in answers.items() if k in HOUSEHOLD}
    )
    person = {"household_id": "h", "person_id": "p"} | PERSON | {k: v for k, v in answers.items() if k in PERSON}
    limits = limits_of(day)
    frame = entitlements(pd.DataFrame([home]), pd.DataFrame([person]), CATALOGUE, limits, day).frame
    rows = frame[frame["item_code"] == item]
    return (rows["state"].iloc[0], float(rows["amount"].iloc[0])) if len(rows) else ("no", None)


CASES = [
    pytest.param(path, case, id=f"{path.stem}: {case['title']}") for path in FILES for case in contents(path)["cases"]
]


@pytest.mark.parametrize(("path", "case"), CASES)
def test_a_case(path: Path, case: dict[str, Any]) -> None:
    content = contents(path)
    state, amount = judged(content["item"], content["given"] | case["change"])
    assert state == case["expect"], case["title"]
    if "amount" in case:
        assert amount == pytest.approx(case["amount"], abs=0.005)


def test_every_item_has_six_cases_both_ways_and_a_source() -> None:
    assert [path.stem for path in FILES] == sorted(item.code for item in CATALOGUE.items)
    for path in FILES:
        content = contents(path)
        assert content["item"] == path.stem
        assert content["source"]
        expected = {case["expect"] for case in content["cases"]}
        assert len(content["cases"]) >= 6
        assert {"yes", "no", "cannot_tell"} <= expected, path.stem
        assert all(case["title"].endswith(".") for case in content["cases"]), "a title is a sentence"
        assert set().union(*({*case["change"]} for case in content["cases"]), content["given"]) <= {*HOUSEHOLD, *PERSON}


@pytest.mark.parametrize(
    ("day", "state"), [(date(2019, 12, 31), "no"), (date(2020, 1, 1), "yes"), (date(2020, 12, 31), "yes")]
)
def test_a_change_of_a_line_flips_a_case_on_its_day(day: date, state: str) -> None:
    """The dibao line rises from 4,600 to 5,300 on 1 January 2020 (params/lines.yaml): 5,000 a head is above, then below."""
    assert judged("MZ01", {"income_pc_year": 5000.0}, day)[0] == state
