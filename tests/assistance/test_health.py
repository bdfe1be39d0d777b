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
ROLES = {"serious_illness_visits": ("WJ01",), "outpatient_drugs": ("YB04", "YB05")}


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
    found = listed_patients(persons, records, DAY, ROLES).set_index("person_id")
    assert found["list"].to_dict() == {
        "seen": "thirty_diseases",
        "long ago": "thirty_diseases",
        "never": "thirty_diseases",
        "pressure": "two_diseases",
    }
    assert found["overdue"].to_dict() == {"seen": False, "long ago": True, "never": True, "pressure": False}


def test_a_place_without_such_items_has_no_such_list() -> None:
    """Nobody is overdue for a visit the place does not make; another place's code is what its catalogue says it is for."""
    persons = pd.DataFrame({
        "person_id": ["p"], "household_id": ["h"], "medical_insurance": [True], "serious_disease_code": ["child_heart"],
        "chronic_hypertension": [True], "chronic_diabetes": [None],
    })  # fmt: skip
    records = pd.DataFrame(
        {"person_id": ["p"], "item_code": ["SALUD-7"], "delivered_on": pd.to_datetime(["2020-12-01"])}
    )
    assert listed_patients(persons, records, DAY, {}).empty
    found = listed_patients(persons, records, DAY, {"outpatient_drugs": ("SALUD-7",)})
    assert found[["list", "overdue"]].to_numpy().tolist() == [["two_diseases", False]]


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


def test_a_list_shows_who_is_insured_and_when_somebody_came() -> None:
    """A person may stand on both lists; other items and later deliveries are no visit."""
    persons = pd.DataFrame({
        "person_id": ["p", "q"], "household_id": ["h", "k"], "medical_insurance": [False, True],
        "serious_disease_code": ["child_heart", None], "chronic_hypertension": [None, False], "chronic_diabetes": [True, None],
    })  # fmt: skip
    records = pd.DataFrame({
        "person_id": ["p"] * 5, "item_code": ["WJ01", "WJ01", "WJ02", "YB04", "WJ01"],
        "delivered_on": pd.to_datetime(["2020-10-02", "2020-12-31", "2020-12-30", "2019-12-31", "2021-01-01"]),
    })  # fmt: skip
    found = listed_patients(persons, records, DAY, ROLES)
    assert list(found.columns) == ["list", "person_id", "household_id", "insured", "cared_on", "overdue"]
    assert found.to_numpy().tolist() == [
        ["thirty_diseases", "p", "h", False, pd.Timestamp("2020-12-31"), False],
        ["two_diseases", "p", "h", False, pd.Timestamp("2019-12-31"), True],  # 366 days before: a leap year
    ]


def test_no_bill_pays_nothing_back() -> None:
    assert reimbursement([0.0, 10.0], DAY, read_parameters()).tolist() == [0.0, 9.0]


def test_the_queue_for_grading_keeps_its_columns_and_breaks_ties_by_the_id() -> None:
    persons = pd.DataFrame({
        "person_id": ["d", "c", "b", "a", "n"], "household_id": list("wxyzz"), "age": [18, 17, 18, 17, 30],
        "disability_suspected": [True, True, True, True, None], "disability_level": [None, "none", "none", None, None],
    })  # fmt: skip
    found = disability_queue(persons)
    assert found[["person_id", "household_id", "age"]].to_numpy().tolist() == [
        ["a", "z", 17], ["c", "x", 17], ["b", "y", 18], ["d", "w", 18],
    ]  # fmt: skip
    assert found["disability_level"].isna().tolist() == [True, False, False, True]


def test_a_child_out_of_school_is_listed_with_its_health_the_youngest_first() -> None:
    persons = pd.DataFrame({
        "person_id": ["z", "b", "a", "u"], "household_id": list("hijk"), "age": pd.array([7, 9, 9, None], dtype="Int64"), "dropped_out": True,
        "health_status": ["healthy", "chronic", "serious", "healthy"], "sex": "male",
    })  # fmt: skip
    assert drop_outs(persons).to_dict("split") == {
        "index": [0, 1, 2], "columns": ["person_id", "household_id", "age", "health_status"],
        "data": [["z", "h", 7, "healthy"], ["a", "j", 9, "serious"], ["b", "i", 9, "chronic"]],
    }  # fmt: skip


def test_a_pupil_whose_stage_nobody_wrote_down_is_no_pupil_and_the_list_keeps_its_columns() -> None:
    persons = pd.DataFrame(
        {"person_id": ["x", "y"], "household_id": ["h", "k"], "student_stage": [None, "primary"], "age": [9, 9]}
    )
    sponsors = pd.DataFrame({"person_id": ["y"], "sponsor_role": ["learning"]})
    assert unsponsored_pupils(persons, sponsors).to_dict("split") == {
        "index": [0], "columns": ["person_id", "household_id", "student_stage", "lacking"], "data": [["y", "k", "primary", "will, money"]],
    }  # fmt: skip


def test_who_asked_for_work_twice_over_is_followed_by_the_id() -> None:
    """Within one state the order is that of the ids; a person or a household listed twice counts once."""
    sought = pd.DataFrame({"person_id": ["c", "b", "a"], "household_id": ["w", "w", "x"], "age": 30})
    persons = pd.DataFrame({"person_id": ["a", "b", "c", "c"], "employment_status": ["away", "none", "none", "local"]})
    incomes = pd.DataFrame(
        {"household_id": ["w", "w", "x"], "wage_before": [100.0, 0.0, 900.0], "wage_after": [400.0, 9.0, 400.0]}
    )
    found = follow_up(sought, persons, incomes)
    assert found.to_dict("split") == {
        "index": [0, 1, 2], "columns": ["person_id", "household_id", "status", "employment_status", "wage_change"],
        "data": [["b", "w", "not_in_work", "none", 300.0], ["c", "w", "not_in_work", "none", 300.0], ["a", "x", "in_work", "away", -500.0]],
    }  # fmt: skip
