"""Every item by cases in plain terms: one file per item under ``cases/``, each worked out by hand from its source.

A case changes the item's own household and person, who otherwise answer *no* to everything.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from relapse_risk.assistance import Catalogue, entitlements, read_catalogue
from relapse_risk.parameters import params_dir, read_parameters, read_place
from relapse_risk.predicates import Setting, setting_on

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
def setting_of(day: date) -> Setting:
    return setting_on(read_parameters(), read_place("dezhou"), day)


@cache
def contents(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def assessed(
    item: str,
    answers: dict[str, Any],
    day: date = DAY,
    catalogue: Catalogue = CATALOGUE,
    setting: Setting | None = None,
) -> tuple[str, float | None]:
    """State and amount of ``item`` for one household with one person."""
    home = (
        {"household_id": "h", "county_code": "371425", "town_code": "t"}
        | HOUSEHOLD
        | {k: v for k, v in answers.items() if k in HOUSEHOLD}
    )
    person = {"household_id": "h", "person_id": "p"} | PERSON | {k: v for k, v in answers.items() if k in PERSON}
    chosen = setting or setting_of(day)
    frame = entitlements(pd.DataFrame([home]), pd.DataFrame([person]), catalogue, chosen).frame
    rows = frame[frame["item_code"] == item]
    return (rows["state"].iloc[0], float(rows["amount"].iloc[0])) if len(rows) else ("no", None)


CASES = [
    pytest.param(path, case, id=f"{path.stem}: {case['title']}") for path in FILES for case in contents(path)["cases"]
]


@pytest.mark.parametrize(("path", "case"), CASES)
def test_a_case(path: Path, case: dict[str, Any]) -> None:
    content = contents(path)
    state, amount = assessed(content["item"], content["given"] | case["change"])
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
    assert assessed("MZ01", {"income_pc_year": 5000.0}, day)[0] == state


def first_yes(path: Path) -> dict[str, Any]:
    content = contents(path)
    return next(content["given"] | case["change"] for case in content["cases"] if case["expect"] == "yes")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_item_begins_and_ends_on_its_days(path: Path) -> None:
    """The first case that is a yes, under an item in force from 1 June to 30 September only: the day before and the day
    after it is a no, whatever the household is like."""
    item = CATALOGUE.item(contents(path)["item"])
    law = replace(item.on(DAY), start=date(2020, 6, 1), end=date(2020, 9, 30))
    alone = Catalogue("dezhou", (replace(item, excludes=(), versions=(law,)),))
    days = {date(2020, 5, 31): "no", date(2020, 6, 1): "yes", date(2020, 9, 30): "yes", date(2020, 10, 1): "no"}
    assert {day: assessed(item.code, first_yes(path), day, alone)[0] for day in days} == days


@pytest.mark.parametrize(
    ("item", "answers", "limit", "raised"),
    [
        ("MZ01", {"income_pc_year": 5299.0}, "dibao_year", 5299.0),
        ("MZ02", {"income_pc_year": 6889.0, "age": 70, "has_supporter": False}, "tekun_ratio", 6889 / 5300),
        ("MZ03", {"income_pc_year": 7949.0}, "dibao_edge_ratio", 7949 / 5300),
        ("MZ04", {"uncompensated_loss_12m": 10000.0}, "urgent_loss", 10001.0),
        ("MZ01", {"income_pc_year": 100.0, "financial_assets": 21200.0}, "asset_cap_per_person", 10599.0),
        ("MZ04", {"rigid_burden": 1.01, "income_pc_year": 16499.0}, "disposable_income_year", 16499.0),
        ("YB03", {"medical_self_paid": 10000.0, "policy_enjoying": True}, "medical_alert", 10001.0),
        ("YJ01", {"disaster_loss": 3000.0}, "disaster_loss_min", 3001.0),
    ],
)
def test_a_dated_limit_flips_the_case_on_the_day_it_changes(
    tmp_path: Path, item: str, answers: dict[str, Any], limit: str, raised: float
) -> None:
    """Each limit that items compare with gets another value from 1 July 2020: the case that just meets it until
    30 June does not from then on (limits of the file: 5,300, x 1.3, x 1.5, 10,000, 10,600, 16,500, 10,000, 3,000)."""
    names = {
        "dibao_year": "dibao_rural_dezhou", "asset_cap_per_person": "asset_cap_per_person", "disposable_income_year": "local_disposable_income",
    }  # fmt: skip
    shutil.copytree(params_dir(), tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("demo", "editions"))
    for name in ("lines.yaml", "thresholds.yaml"):
        content = yaml.safe_load((tmp_path / name).read_text(encoding="utf-8"))
        changed = content.get(names.get(limit, limit))
        if changed is not None:
            changed["values"][date(2020, 7, 1)] = {"value": raised, "confidence": "assumed", "source": "test"}
            (tmp_path / name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    parameters, place = read_parameters(str(tmp_path)), read_place("dezhou")
    found = {}
    for day in (date(2020, 6, 30), date(2020, 7, 1)):
        found[day.day] = assessed(item, answers, day, setting=setting_on(parameters, place, day))[0]
    assert found == {30: "yes", 1: "no"}
