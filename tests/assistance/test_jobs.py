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


def test_a_household_without_work_must_be_called_within_ten_days() -> None:
    homes = pd.DataFrame({
        "household_id": ["a", "b", "c", "d"], "county_code": "371425", "town_code": "t", "village_code": ["v1", "v2", "v3", "v4"], "size": 3,
        "labour_count": pd.array([1, 2, 0, None], dtype="Int64"), "employed_count": pd.array([0, 1, 0, 0], dtype="Int64"),
    })  # fmt: skip
    assert zero_employment(homes, DAY).to_dict("records") == [
        {"household_id": "a", "county_code": "371425", "town_code": "t", "village_code": "v1", "labour_count": 1,
         "due_on": pd.Timestamp("2021-01-10")}
    ]  # fmt: skip


def test_who_seeks_work_in_full() -> None:
    """Able and without work, of the households given; need 50 where nobody knows it; a post only for those who may."""
    homes = pd.DataFrame({"household_id": ["h", "k"], "county_code": ["1", "2"], "village_code": ["v", "w"], "size": 2})
    persons = pd.DataFrame({
        "person_id": ["p5", "p4", "p3", "p2", "p1"], "household_id": ["k", "h", "h", "h", "elsewhere"], "age": [30, 31, 32, 33, 34],
        "is_labour": pd.array([True, True, None, True, True], dtype="boolean"), "employment_status": ["none", "none", "none", None, "none"],
        "education_level": ["junior", "senior", "junior", "junior", "junior"], "labour_capacity": ["weak", "ordinary", "weak", "weak", "weak"],
        "disability_level": ["none", "level_3", "none", "none", "none"], "sex": "male",
    })  # fmt: skip
    found = seekers_of(homes, persons, pd.Series({"h": 70.0}), pd.Series(["p5", "p9"]))
    assert found.to_dict("split") == {
        "index": [0, 1],
        "columns": ["person_id", "household_id", "age", "education_level", "labour_capacity", "disability_level", "county_code",
                    "village_code", "need", "may_hold_post"],
        "data": [["p4", "h", 31, "senior", "ordinary", "level_3", "1", "v", 70.0, False],
                 ["p5", "k", 30, "junior", "weak", "none", "2", "w", 50.0, True]],
    }  # fmt: skip
    plain = seekers_of(homes, persons)
    assert plain[["person_id", "need", "may_hold_post"]].to_numpy().tolist() == [["p4", 50.0, True], ["p5", 50.0, True]]


def test_an_opening_carries_what_the_match_asks_for() -> None:
    """A vacancy of unknown number is one; a post is free from the day its last holder left, for 16 to 69."""
    vacancies = pd.DataFrame({
        "vacancy_id": ["V1", "V2"], "county_code": ["371425", "371402"], "age_min": [18, 20], "age_max": [60, 50], "education_min": ["junior", None],
        "disability_friendly": [True, False], "heavy_labour": [True, False], "monthly_wage": [2000.0, 1800.0], "openings": [None, 1],
        "valid_until": pd.to_datetime(["2021-06-30", None]),
    })  # fmt: skip
    posts = pd.DataFrame({
        "post_id": ["S2", "S1", "S1", "S3"], "village_code": "371425100200", "monthly_pay": [300.0, 310.0, 320.0, 330.0],
        "start_on": pd.to_datetime(["2018-01-01", "2019-01-01", "2018-01-01", "2020-01-01"]),
        "end_on": pd.to_datetime(["2020-12-31", None, "2018-12-31", "2021-01-01"]),
    })  # fmt: skip
    found = openings_on(vacancies, posts, DAY)
    assert list(found.columns) == [
        "opening_id", "kind", "county_code", "town_code", "village_code", "age_min", "age_max", "education_min",
        "disability_friendly", "heavy_labour", "monthly_pay",
    ]  # fmt: skip
    told = found.astype(object).where(found.notna(), None).to_numpy().tolist()
    assert told == [
        ["V1-1", "vacancy", "371425", None, None, 18, 60, "junior", True, True, 2000.0],
        ["S2", "post", "371425", "371425100", "371425100200", 16, 69, None, True, False, 300.0],
    ]


def test_what_a_match_says_and_what_it_is_worth() -> None:
    """The better paid opening 1,000 + 90 + 10; the other, at half the pay, 1,000 + 10 + 5; nothing for whoever is 64."""
    who = seekers({"need": 10.0}, {"need": 90.0, "age": 20}, {"need": 5.0, "age": 64})
    what = openings({"monthly_pay": 1000.0}, {"monthly_pay": 2000.0, "age_max": 30})
    found = assign_jobs(who, what)
    assert list(found.frame.columns) == [
        "person_id", "household_id", "county_code", "need", "outcome", "opening_id", "kind", "monthly_pay", "zh", "en",
    ]  # fmt: skip
    assert found.frame.astype(object).where(found.frame.notna(), None).to_numpy().tolist() == [
        ["p0", "h0", "371425", 10.0, "placed", "o0", "vacancy", 1000.0, "已匹配岗位", "matched"],
        ["p1", "h1", "371425", 90.0, "placed", "o1", "vacancy", 2000.0, "已匹配岗位", "matched"],
        ["p2", "h2", "371425", 5.0, "no_fit", None, None, None, "没有符合年龄、学历、身体条件的岗位",
         "no opening fits age, schooling and health"],
    ]  # fmt: skip
    assert (found.value, found.first_come, found.placed_first_come) == (2115.0, 2115.0, 2)
    assert found.summary() == "2 of 3 placed (2,115 points); first come, first served places 2 (2,115)"


def test_first_come_first_served_leaves_the_second_without() -> None:
    """p0 takes the better paid opening, the only one p1 may hold: one placed for 1,060 points, against two."""
    who = seekers({}, {"age": 20, "need": 60.0})
    found = assign_jobs(
        who, openings({"monthly_pay": 1000.0}, {"monthly_pay": 2000.0, "age_max": 45}).assign(age_min=[30, 18])
    )
    assert (found.placed_first_come, found.first_come) == (1, 1060.0)  # 1,000 + 50 + 10
    assert found.value == 1000 + 50 + 5 + 1000 + 60 + 10


def test_pay_nobody_named_gives_no_points_and_no_opening_pays_nothing_without_a_fault() -> None:
    assert job_values(seekers({}), openings({"monthly_pay": None}, {"monthly_pay": 500.0})).tolist() == [
        [1050.0, 1060.0]
    ]
    assert job_values(seekers({}), openings({"monthly_pay": 0.0})).tolist() == [[1050.0]]
    assert job_values(seekers({"age": 10}), openings({})).tolist() == [[0.0]]


def test_a_post_is_audited_from_its_first_day_until_the_day_it_ends() -> None:
    posts = pd.DataFrame({
        "post_id": ["first day", "tomorrow", "ends today", "ends later"], "holder_id": ["p", "p", "p", "q"], "village_code": "v",
        "start_on": pd.to_datetime(["2020-12-31", "2021-01-01", "2019-01-01", "2019-01-01"]),
        "end_on": pd.to_datetime([None, None, "2020-12-31", "2021-01-01"]),
    })  # fmt: skip
    persons = pd.DataFrame({"person_id": ["p", "q", "q"], "household_id": ["h", "k", "k"], "age": pd.array([15, 16, 90], dtype="Int64"),
                            "labour_capacity": ["ordinary", "none", "weak"]})  # fmt: skip
    assert audit_posts(posts, persons, DAY).to_dict("split") == {
        "index": [0, 1], "columns": ["post_id", "holder_id", "village_code", "fault", "zh", "en"],
        "data": [["first day", "p", "v", "under_16", "未满16周岁", "under 16"],
                 ["ends later", "q", "v", "no_capacity", "无劳动能力", "without labour capacity"]],
    }  # fmt: skip
