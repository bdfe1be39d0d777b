"""Lists beside the reminders: whose they are, what they show, and that a clerk can read them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.assistance import assess, department_lists, read_catalogue
from relapse_risk.assistance.catalogue import Catalogue
from relapse_risk.assistance.department_lists import LISTS, WorkList, labelled_list
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.text import messages

CATALOGUE, PARAMETERS, PLACE = read_catalogue("dezhou"), read_parameters(), read_place("dezhou")


def test_every_list_belongs_to_a_department_of_the_catalogue_and_its_columns_have_words() -> None:
    assert {spec.department for spec in LISTS.values()} <= {item.department for item in CATALOGUE.items}
    head = "list.column."
    labelled = {key.removeprefix(head) for key in messages() if key.startswith(head)}
    assert {name for spec in LISTS.values() for name in spec.columns} == labelled


def test_a_list_is_written_in_both_languages() -> None:
    """Worked out by hand: codes, days, yes and no, and the helpers a pupil lacks, as somebody reads them."""
    frame = pd.DataFrame({
        "household_id": ["H1"], "tekun": [True], "due_on": pd.to_datetime(["2021-01-10"]), "kind": ["post"],
        "student_stage": ["primary"], "lacking": ["will, money"], "reason": ["no_self_care, tekun"], "need": [12.345],
    })  # fmt: skip
    zh = labelled_list(WorkList("unsponsored", frame), "zh")
    assert zh.iloc[0].tolist() == [
        "H1",
        "是",
        "2021-01-10",
        "村级公益专岗",
        "小学",
        "扶志(科级以上干部)、扶资(爱心企业家)",
        "生活不能自理；特困人员",
        12.3,
    ]
    en = labelled_list(WorkList("unsponsored", frame), "en")
    assert en.iloc[0].tolist()[1:] == [
        "yes", "2021-01-10", "village special post", "Primary", "Motivation (section-rank cadre); Funds (entrepreneur)",
        "cannot look after themselves; destitute support", 12.3,
    ]  # fmt: skip
    assert list(en.columns)[:2] == ["Household", "Destitute"]


@pytest.mark.parametrize("department", sorted({spec.department for spec in LISTS.values()}))
def test_the_lists_of_a_county_are_of_its_own_households_only(small_register: Path, department: str) -> None:
    register = Register.open(small_register)
    county = register.counties[0]
    at = assess(register, register.months[-1], CATALOGUE, PARAMETERS, PLACE)
    found = department_lists(register, at, county, PARAMETERS, PLACE, department)
    assert [one.name for one in found] == [name for name, spec in LISTS.items() if spec.department == department]
    alone = assess(register, register.months[-1], CATALOGUE, PARAMETERS, PLACE, county)
    again = department_lists(register, alone, county, PARAMETERS, PLACE, department)
    for one, other in zip(found, again, strict=True):
        assert tuple(one.frame.columns) == LISTS[one.name].columns
        pd.testing.assert_frame_equal(one.frame, other.frame)
        if "household_id" in one.frame:
            assert set(one.frame["household_id"].str[1:7]) <= {county}


COUNTY = "371425"


def _home(name: str, village: str, month: str, **answers: object) -> dict[str, object]:
    size = 2 if name in ("h2", "h4") else 1
    return {"household_id": name, "village_code": village, "household_size": size, "snapshot_month": month} | answers


def _person(name: str, home: str, **answers: object) -> dict[str, object]:
    base = {
        "birth_date": "1980-05-01",
        "labour_capacity": "ordinary",
        "student_stage": "none",
        "employment_status": "none",
        "medical_insurance": True,
    }
    return {"person_id": name, "household_id": home} | base | answers


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """Five households of one county and one of another, in June and in December 2020.

    h1  W1 seeks work since June, weekly class (destitute), last visit 20 December: 11 days ago
    h2  W2 found work by December; W3 is a child of 10, out of school
    h3  old S1: suspected disability, neither self-care nor a carer; serious disease, seen on 1 June
    h4  pupil U1 without a helper for money; B1 with high blood pressure, drugs paid on 1 March
    h5  W5 seeks work, entitled to a post; k1 of another county, where everybody seeks work too
    """
    village = f"{COUNTY}101001"
    homes = [
        ("h1", village),
        ("h2", village),
        ("h3", village),
        ("h4", village),
        ("h5", f"{COUNTY}102001"),
        ("k1", "371481001001"),
    ]
    people = [
        _person("W1", "h1"), _person("W2", "h2", employment_status="local"), _person("W3", "h2", birth_date="2010-09-01", dropped_out=True, health_status="healthy"),
        _person("S1", "h3", birth_date="1945-01-01", labour_capacity="lost", disability_suspected=True, self_care="none", has_carer=False,
                serious_disease_code="child_heart", medical_insurance=False),
        _person("U1", "h4", birth_date="2008-01-01", student_stage="junior"), _person("B1", "h4", employment_status="farming", chronic_hypertension=True),
        _person("W5", "h5", labour_capacity="weak"), _person("K1", "k1"),
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("office") / "register"
    with RegisterWriter(folder, place="dezhou") as writer:
        for month in ("2020-06", "2020-12"):
            writer.put("household", pd.DataFrame([
                _home(name, place, month, relief_status="tekun" if name == "h1" else "none", policy_enjoying=True, responsible_cadre_id="C1")
                for name, place in homes
            ]), month=month)  # fmt: skip
            then = [
                one | ({"employment_status": "none"} if one["person_id"] == "W2" and month == "2020-06" else {})
                for one in people
            ]
            writer.put("person", pd.DataFrame(then), month=month)
        writer.put("income", pd.DataFrame([
            {"household_id": "h2", "period_end": month, "months": 12, "wage_income": wage} for month, wage in (("2020-06", 1000.0), ("2020-12", 9000.0))
        ]))  # fmt: skip
        writer.put("visit_record", pd.DataFrame({
            "visit_id": [f"V{i}" for i in range(5)], "household_id": ["h1", "h2", "h3", "h4", "h5"],
            "visited_on": pd.to_datetime(["2020-12-20", "2020-12-20", "2020-11-01", "2020-12-20", "2020-12-20"]),
        }))  # fmt: skip
        writer.put("assistance_record", pd.DataFrame({
            "record_id": ["R1", "R2"], "household_id": ["h3", "h4"], "person_id": ["S1", "B1"], "item_code": ["WJ01", "YB04"], "decision": "approved",
            "delivered_on": pd.to_datetime(["2020-06-01", "2020-03-01"]),
        }))  # fmt: skip
        writer.put("vacancy", pd.DataFrame({
            "vacancy_id": ["V1", "V2"], "county_code": [COUNTY, "371481"], "age_min": 18, "age_max": 60, "disability_friendly": False, "heavy_labour": True,
            "monthly_wage": [2000.0, 9000.0], "openings": 1, "valid_until": pd.Timestamp("2021-06-30"),
        }))  # fmt: skip
        writer.put("special_post", pd.DataFrame({
            "post_id": ["O1", "O2"], "village_code": village, "holder_id": ["W3", "S1"], "start_on": pd.Timestamp("2020-01-01"),
            "end_on": pd.to_datetime([None, "2020-06-30"]), "monthly_pay": 300.0,
        }))  # fmt: skip
        writer.put(
            "pupil_sponsor",
            pd.DataFrame({"person_id": ["U1", "U1"], "sponsor_role": ["will", "learning"], "sponsor_id": "X1"}),
        )
        writer.commit(created="2021-01-05T00:00:00")
    return Register.open(folder)


def lists(register: Register, department: str, need: pd.Series | None = None) -> dict[str, list[dict[str, object]]]:
    """Every list of a department in the hand-made county, assessed with the city, as rows of what is known."""
    at = assess(register, "2020-12", CATALOGUE, PARAMETERS, PLACE)
    found = department_lists(register, at, COUNTY, PARAMETERS, PLACE, department, need)
    return {
        one.name: [{k: v for k, v in row.items() if not pd.isna(v)} for row in one.frame.to_dict("records")]
        for one in found
    }


def test_the_lists_of_visits_care_health_and_schooling_by_hand(office: Register) -> None:
    town, officer = f"{COUNTY}101", "C1"
    assert lists(office, "FP") == {"missed_visits": [
        {"household_id": "h3", "town_code": town, "weekly_class": True, "days_since_visit": 60, "allowed": 7, "responsible_cadre_id": officer},
        {"household_id": "h1", "town_code": town, "weekly_class": True, "days_since_visit": 11, "allowed": 7, "responsible_cadre_id": officer},
    ]}  # fmt: skip
    assert lists(office, "MZ") == {"central_care": [
        {"household_id": "h3", "person_id": "S1", "town_code": town, "age": 75, "tekun": False, "reason": "no_self_care, no_carer", "unknown": "",
         "proposed_on": pd.Timestamp("2020-12-31")},
    ]}  # fmt: skip
    assert lists(office, "WJ") == {"thirty_diseases": [
        {"household_id": "h3", "person_id": "S1", "insured": False, "cared_on": pd.Timestamp("2020-06-01")}
    ]}  # fmt: skip
    assert lists(office, "YB") == {"two_diseases": []}, "paid on 1 March, within the year"
    assert lists(office, "CL") == {"disability_queue": [{"household_id": "h3", "person_id": "S1", "age": 75}]}
    assert lists(office, "JT") == {
        "drop_outs": [{"household_id": "h2", "person_id": "W3", "age": 10, "health_status": "healthy"}],
        "unsponsored": [{"household_id": "h4", "person_id": "U1", "student_stage": "junior", "lacking": "money"}],
    }  # fmt: skip


def test_the_lists_of_work_by_hand(office: Register) -> None:
    """W1 and W5 seek work; the vacancy is heavy, so that weak W5 takes the post whose holder left in June."""
    found = lists(office, "RS", pd.Series({"h1": 30.0, "h5": 60.0}))
    due = pd.Timestamp("2021-01-10")
    assert found["zero_employment"] == [
        {"household_id": "h5", "town_code": f"{COUNTY}102", "labour_count": 1, "need": 60.0, "due_on": due},
        {"household_id": "h1", "town_code": f"{COUNTY}101", "labour_count": 1, "need": 30.0, "due_on": due},
    ]  # fmt: skip
    assert found["matches"] == [
        {"household_id": "h1", "person_id": "W1", "need": 30.0, "opening_id": "V1-1", "kind": "vacancy", "monthly_pay": 2000.0},
        {"household_id": "h5", "person_id": "W5", "need": 60.0, "opening_id": "O2", "kind": "post", "monthly_pay": 300.0},
    ]  # fmt: skip
    assert found["followed"] == [
        {"household_id": "h1", "person_id": "W1", "status": "not_in_work", "employment_status": "none"},
        {"household_id": "h5", "person_id": "W5", "status": "not_in_work", "employment_status": "none"},
        {"household_id": "h2", "person_id": "W2", "status": "in_work", "employment_status": "local", "wage_change": 8000.0},
    ]  # fmt: skip
    assert found["post_audit"] == [
        {"post_id": "O1", "holder_id": "W3", "village_code": f"{COUNTY}101001", "reason": "under_16"}
    ]
    unknown = lists(office, "RS")["zero_employment"]
    assert [row["household_id"] for row in unknown] == ["h1", "h5"], "by the id where nobody knows the need"


def test_nobody_can_be_followed_from_before_the_register_begins(office: Register) -> None:
    at = assess(office, "2020-06", CATALOGUE, PARAMETERS, PLACE, COUNTY)
    found = {one.name: one.frame for one in department_lists(office, at, COUNTY, PARAMETERS, PLACE, "RS")}
    assert found["followed"].shape == (0, 5)
    assert list(found["followed"].columns) == [
        "household_id",
        "person_id",
        "status",
        "employment_status",
        "wage_change",
    ]
    assert [row.person_id for row in found["matches"].itertuples()] == ["W1", "W2", "W5"], "W2 still sought work"


def test_titles_and_words_in_either_language() -> None:
    one = WorkList("post_audit", pd.DataFrame())
    assert (one.department, one.title("zh"), one.title("en")) == ("RS", "公益专岗核查", "Special posts to check")
    frame = pd.DataFrame({
        "tekun": [False], "kind": ["vacancy"], "status": ["not_in_work"], "unknown": ["has_carer"], "health_status": ["serious"], "need": [1.26],
        "lacking": ["learning"], "post_id": ["O1"], "cared_on": [pd.NaT], "wage_change": [None], "employment_status": [None],
    }).astype({"wage_change": float, "employment_status": "str"})  # fmt: skip
    zh, en = (labelled_list(WorkList("post_audit", frame), language) for language in ("zh", "en"))
    assert list(zh.columns) == [
        "特困人员", "岗位类型", "就业情况", "需核实", "健康状况", "困难指数", "缺少的帮扶人", "岗位编号", "上次服务日期", "全户工资变化（元/年）", "就业方式",
    ]  # fmt: skip
    assert zh.iloc[0].tolist()[:8] == [
        "否",
        "企业岗位",
        "未就业",
        "有无照料人",
        "患有大病",
        1.3,
        "扶智(优秀教师)",
        "O1",
    ]
    assert en.iloc[0].tolist()[:8] == [
        "no",
        "vacancy",
        "not in work",
        "carer",
        "Serious illness",
        1.3,
        "Schooling (teacher)",
        "O1",
    ]
    assert zh.iloc[0, 8:].isna().all()
    assert labelled_list(WorkList("post_audit", frame.assign(unknown="")), "en")["To verify"].tolist() == [""]


def test_a_place_whose_catalogue_has_none_of_the_items_gets_the_other_lists(office: Register) -> None:
    """No visits to the seriously ill, no drugs, no posts: no list of them, and only vacancies are matched."""
    bare = Catalogue("dezhou", tuple(replace(item, role=None) for item in CATALOGUE.items))
    at = assess(office, "2020-12", bare, PARAMETERS, PLACE)
    names = {
        d: [one.name for one in department_lists(office, at, COUNTY, PARAMETERS, PLACE, d)] for d in ("WJ", "YB", "CL")
    }
    assert names == {"WJ": [], "YB": [], "CL": ["disability_queue"]}
    found = {one.name: one.frame for one in department_lists(office, at, COUNTY, PARAMETERS, PLACE, "RS")}
    assert set(found["matches"]["kind"].dropna()) == {"vacancy"}
