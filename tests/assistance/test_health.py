"""Health and schooling lists by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from relapse_risk.assistance.health import (
    disability_queue,
    drop_outs,
    listed_patients,
    reimbursement,
    unsponsored_pupils,
)
from relapse_risk.assistance.jobs import follow_up
from relapse_risk.errors import ModelError
from relapse_risk.parameters import read_parameters

DAY = date(2020, 12, 31)


def test_listed_patients_and_who_was_not_visited() -> None:
    persons = pd.DataFrame({
        "person_id": ["seen", "long ago", "never", "pressure", "well"], "household_id": "h", "medical_insurance": True,
        "serious_disease_code": ["child_heart", "child_heart", "child_leukaemia", "none", None],
        "chronic_hypertension": [False, False, False, True, None], "chronic_diabetes": [False, False, False, False, False],
    })  # fmt: skip
    records = pd.DataFrame({
        "person_id": ["seen", "long ago", "pressure", "never"], "item_code": ["WJ01", "WJ01", "YB04", "YB04"],
        "delivered_on": pd.to_datetime(["2020-10-01", "2020-09-30", "2020-01-02", "2020-12-01"]),
    })  # fmt: skip
    found = listed_patients(persons, records, DAY).set_index("person_id")
    assert found["list"].to_dict() == {
        "seen": "thirty_diseases",
        "long ago": "thirty_diseases",
        "never": "thirty_diseases",
        "pressure": "two_diseases",
    }
    assert found["overdue"].to_dict() == {"seen": False, "long ago": True, "never": True, "pressure": False}


@pytest.mark.parametrize(("day", "back"), [(date(2019, 12, 31), 500.0), (date(2020, 1, 1), 900.0)])
def test_the_rate_follows_its_day(day: date, back: float) -> None:
    assert reimbursement(1000.0, day, read_parameters()) == pytest.approx(back)
    with pytest.raises(ModelError, match=r"a bill is negative; got -1\.0"):
        reimbursement([-1.0], day, read_parameters())


def test_suspected_children_first_then_the_oldest() -> None:
    persons = pd.DataFrame({
        "person_id": ["old", "child", "older", "graded", "not suspected"], "household_id": "h", "age": [60, 7, 80, 9, 8],
        "disability_suspected": [True, True, True, True, False], "disability_level": ["none", None, "none", "level_2", "none"],
    })  # fmt: skip
    assert disability_queue(persons)["person_id"].tolist() == ["child", "older", "old"]


def test_children_out_of_school_by_age() -> None:
    persons = pd.DataFrame(
        {
            "person_id": list("abcde"),
            "household_id": "h",
            "age": [15, 6, 5, 16, 10],
            "dropped_out": [True, True, True, True, None],
            "health_status": "healthy",
        }
    )
    assert drop_outs(persons)["person_id"].tolist() == ["b", "a"]


def test_pupils_and_the_helpers_they_lack() -> None:
    persons = pd.DataFrame(
        {
            "person_id": ["three", "one", "none", "small", "adult"],
            "household_id": "h",
            "student_stage": ["junior", "primary", "senior", "preschool", "none"],
        }
    )
    sponsors = pd.DataFrame(
        {"person_id": ["three"] * 3 + ["one"], "sponsor_role": ["will", "learning", "money", "money"]}
    )
    assert unsponsored_pupils(persons, sponsors).set_index("person_id")["lacking"].to_dict() == {
        "one": "will, learning",
        "none": "will, learning, money",
    }


def test_what_became_of_the_placed() -> None:
    placed = pd.DataFrame(
        {
            "person_id": list("abcd"),
            "household_id": list("wxyz"),
            "opening_id": ["o1", "o2", "o3", None],
            "outcome": ["placed", "placed", "placed", "taken"],
        }
    )
    placed = placed[placed["outcome"] == "placed"]
    persons = pd.DataFrame({"person_id": list("ab"), "employment_status": ["local", "none"]})
    incomes = pd.DataFrame({"household_id": ["w", "x"], "wage_before": [0.0, 0.0], "wage_after": [18000.0, 0.0]})
    found = follow_up(placed, persons, incomes)
    assert found["person_id"].tolist() == ["b", "c", "a"], "who still has none comes first"
    assert found["status"].tolist() == ["not_in_work", "unknown", "in_work"]
    assert found["wage_change"].tolist()[::2] == [0.0, 18000.0]
    assert found["employment_status"].tolist()[::2] == ["none", "local"]
