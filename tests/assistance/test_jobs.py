"""Jobs: the assignment against every possible one, against a solver, and against first come, first served."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from relapse_risk.assistance.jobs import (
    assign_jobs,
    audit_posts,
    fits,
    job_values,
    openings_on,
    seekers_of,
    zero_employment,
)
from relapse_risk.derive import household_frame, person_ages
from relapse_risk.errors import ModelError
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.predicates import setting_on
from relapse_risk.register import Register

DAY = date(2020, 12, 31)


def seekers(*rows: dict[str, object]) -> pd.DataFrame:
    base = {
        "county_code": "371425",
        "age": 40,
        "education_level": "junior",
        "labour_capacity": "ordinary",
        "disability_level": "none",
        "need": 50.0,
    }
    return pd.DataFrame([base | {"person_id": f"p{i}", "household_id": f"h{i}"} | row for i, row in enumerate(rows)])


def openings(*rows: dict[str, object]) -> pd.DataFrame:
    base = {
        "kind": "vacancy",
        "county_code": "371425",
        "age_min": 18,
        "age_max": 60,
        "education_min": None,
        "disability_friendly": False,
        "heavy_labour": False,
        "monthly_pay": 2000.0,
    }
    return pd.DataFrame([base | {"opening_id": f"o{i}"} | row for i, row in enumerate(rows)])


@pytest.mark.parametrize(
    ("person", "job", "fit"),
    [
        ({"age": 18}, {}, True), ({"age": 17}, {}, False), ({"age": 60}, {}, True), ({"age": 61}, {}, False), ({"age": None}, {}, False),
        ({"education_level": "primary"}, {"education_min": "junior"}, False), ({"education_level": "senior"}, {"education_min": "junior"}, True),
        ({"education_level": None}, {}, True), ({"education_level": None}, {"education_min": "primary"}, False),
        ({"disability_level": "level_3"}, {}, False), ({"disability_level": "level_3"}, {"disability_friendly": True}, True),
        ({"labour_capacity": "weak"}, {"heavy_labour": True}, False), ({"labour_capacity": "weak"}, {}, True), ({}, {"heavy_labour": True}, True),
    ],
)  # fmt: skip
def test_who_fits(person: dict[str, object], job: dict[str, object], fit: bool) -> None:
    assert fits(seekers(person), openings(job)).tolist() == [[fit]]


def city(seed: int, people: int, jobs: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    who = [
        {
            "age": int(rng.integers(16, 65)),
            "need": float(rng.integers(0, 101)),
            "county_code": str(rng.choice(["1", "2"])),
        }
        for _ in range(people)
    ]
    work = [
        {
            "age_max": int(rng.integers(30, 66)),
            "monthly_pay": float(rng.integers(10, 40) * 100),
            "county_code": str(rng.choice(["1", "2"])),
        }
        for _ in range(jobs)
    ]
    return seekers(*who), openings(*work)


def best_by_hand(value: np.ndarray) -> float:
    """Every way to hand out the openings."""
    wide = np.hstack([value, np.zeros((len(value), len(value)))])
    return max(sum(wide[i, j] for i, j in enumerate(order)) for order in permutations(range(wide.shape[1]), len(value)))


def best_by_solver(value: np.ndarray) -> float:
    """The same as an integer programme."""
    n, m = value.shape
    one_job = np.kron(np.eye(n), np.ones(m))
    one_person = np.kron(np.ones(n), np.eye(m))
    found = milp(
        -value.ravel(),
        constraints=LinearConstraint(np.vstack([one_job, one_person]), ub=1),
        integrality=1,
        bounds=Bounds(0, 1),
    )
    return float(-found.fun)


@pytest.mark.parametrize("seed", range(12))
def test_the_assignment_is_the_best_there_is(seed: int) -> None:
    who, work = city(seed, 4, 3)
    value = job_values(who, work)
    assert assign_jobs(who, work).value == pytest.approx(best_by_hand(value))
    who, work = city(seed + 100, 14, 9)
    assert assign_jobs(who, work).value == pytest.approx(best_by_solver(job_values(who, work)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 15), st.integers(1, 15))
def test_it_is_never_worse_than_first_come_first_served(seed: int, people: int, jobs: int) -> None:
    found = assign_jobs(*city(seed, people, jobs))
    assert found.value >= found.first_come - 1e-9
    assert (found.frame["outcome"] == "placed").sum() >= found.placed_first_come
    assert not found.frame["opening_id"].dropna().duplicated().any()


def test_first_come_first_served_strands_the_second_and_the_assignment_does_not() -> None:
    """The first comer is young and takes the better-paid job, the only one open to the second."""
    who = seekers({"age": 25}, {"age": 55})
    work = openings({"age_max": 30, "monthly_pay": 1500.0}, {"monthly_pay": 3000.0})
    found = assign_jobs(who, work)
    assert found.placed_first_come == 1
    assert found.frame["opening_id"].tolist() == ["o0", "o1"]


def test_the_reason_of_those_left_over() -> None:
    found = assign_jobs(seekers({"need": 90.0}, {"need": 10.0}, {"age": 64}), openings({})).frame
    assert found["outcome"].tolist() == ["placed", "taken", "no_fit"]
    assert assign_jobs(seekers({}), openings({}).iloc[:0]).frame["outcome"].tolist() == ["no_fit"]


def test_a_person_twice_is_refused() -> None:
    with pytest.raises(ModelError, match="jobs: person_id: appears twice; got 'p0'"):
        assign_jobs(seekers({}, {"person_id": "p0"}), openings({}))


def test_openings_of_a_day() -> None:
    vacancies = pd.DataFrame({
        "vacancy_id": ["V1", "V2"], "county_code": "371425", "age_min": 18, "age_max": 60, "education_min": None, "disability_friendly": False,
        "heavy_labour": False, "monthly_wage": 2000.0, "openings": [2, 1], "valid_until": pd.to_datetime(["2020-12-31", "2020-12-30"]),
    })  # fmt: skip
    posts = pd.DataFrame({
        "post_id": ["S1", "S1", "S2"], "village_code": "371425100200", "start_on": pd.to_datetime(["2018-01-01", "2019-01-01", "2018-01-01"]),
        "end_on": pd.to_datetime(["2018-12-31", None, "2020-06-30"]), "monthly_pay": 300.0,
    })  # fmt: skip
    assert openings_on(vacancies, posts, DAY)["opening_id"].tolist() == ["V1-1", "V1-2", "S2"]


def test_post_holders_the_rules_reject() -> None:
    posts = pd.DataFrame({"post_id": list("abcde"), "holder_id": ["young", "old", "ill", "gone", "fine"], "village_code": "v",
                          "start_on": pd.Timestamp("2020-01-01"), "end_on": pd.NaT})  # fmt: skip
    persons = pd.DataFrame({"person_id": ["young", "old", "ill", "fine"], "household_id": "h", "age": [15, 70, 40, 69],
                            "labour_capacity": ["ordinary", "weak", "lost", "weak"]})  # fmt: skip
    found = audit_posts(posts, persons, DAY)
    assert list(found[["holder_id", "fault"]].itertuples(index=False, name=None)) == [
        ("young", "under_16"), ("old", "seventy_or_over"), ("ill", "no_capacity"), ("gone", "not_registered"),
    ]  # fmt: skip


def test_the_demo_city_is_matched(demo_register: Path, capsys: pytest.CaptureFixture[str]) -> None:
    register = Register.open(demo_register)
    homes = household_frame(register, "2020-12", parameters=read_parameters(), place=read_place("dezhou"))
    idle = zero_employment(homes, DAY)
    persons = person_ages(register.read("person", "2020-12"), setting_on(read_parameters(), read_place("dezhou"), DAY))
    found = assign_jobs(
        seekers_of(idle, persons), openings_on(register.read("vacancy"), register.read("special_post"), DAY)
    )
    with capsys.disabled():
        print("\n" + found.summary())
    assert set(found.frame["household_id"]) <= set(idle["household_id"])
    assert found.value >= found.first_come


@pytest.mark.parametrize(
    ("home", "work", "points"),
    [
        (("371425", "371425101201"), ("371425", "371425101201"), 0.0),  # the same village
        (("371425", "371425101201"), ("371425", "371425101202"), 1.0),  # another village of the town
        (("371425", "371425101201"), ("371425", "371425102201"), 2.0),  # another town
        (("371425", "371425101201"), ("371402", "371402101201"), 5.0),  # another county
        (("371425", "371425101201"), ("371425", None), 0.0),  # a vacancy says its county only
        (("371425", "371425101201"), ("371402", None), 5.0),
    ],
)
def test_the_way_to_work_costs_points_by_as_much_of_the_place_as_is_known(
    home: tuple[str, str], work: tuple[str, str | None], points: float
) -> None:
    who = seekers({"county_code": home[0], "village_code": home[1]})
    what = openings({"county_code": work[0], "village_code": work[1], "monthly_pay": 0.0})
    assert job_values(who, what).tolist() == [[1000.0 + 50.0 - points]]


def test_a_post_goes_only_to_those_entitled_to_one_in_their_own_county() -> None:
    who = seekers({"may_hold_post": True}, {"may_hold_post": False}, {"may_hold_post": True, "county_code": "371402"})
    what = openings({"kind": "post"}, {"kind": "vacancy"})
    assert fits(who, what).tolist() == [[True, True], [False, True], [False, True]]
    found = assign_jobs(who, what).frame
    assert found["kind"].tolist()[0] == "post"
    assert sorted(found["outcome"]) == ["placed", "placed", "taken"]
