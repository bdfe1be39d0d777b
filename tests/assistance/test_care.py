"""Care by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd

from relapse_risk.assistance.care import central_care_proposals, missed_visits

DAY = date(2020, 12, 31)


def test_who_was_visited_too_long_ago() -> None:
    homes = pd.DataFrame({
        "household_id": ["week ok", "week late", "month ok", "month late", "never", "class unknown"], "county_code": "1", "town_code": "t",
        "responsible_cadre_id": None, "weekly_class": [True, True, False, False, False, None], "days_since_visit": [7.0, 8, 31, 32, None, 20],
    })  # fmt: skip
    found = missed_visits(homes)
    assert found["household_id"].tolist() == ["never", "month late", "week late"]
    assert found["allowed"].tolist() == [31, 31, 7]


def test_who_is_proposed_for_central_care_and_what_must_be_asked() -> None:
    persons = pd.DataFrame({
        "person_id": ["both", "cared", "able", "ask carer", "ask self", "tekun"], "household_id": ["h", "h", "h", "h", "h", "k"], "age": [80, 70, 60, 75, 65, 50],
        "self_care": ["none", "none", "full", "none", None, "none"], "has_carer": pd.array([False, True, False, None, False, False], dtype="boolean"),
    })  # fmt: skip
    homes = pd.DataFrame(
        {"household_id": ["h", "k"], "county_code": "1", "town_code": "t", "relief_status": ["dibao", "tekun"]}
    )
    found = central_care_proposals(persons, homes, DAY).set_index("person_id")
    assert found.index.tolist() == ["tekun", "both", "ask carer", "ask self"]
    assert found.loc["both", ["zh", "unknown"]].tolist() == ["生活不能自理；无人照料", ""]
    assert found.loc["ask carer", "unknown"] == "has_carer"
    assert found.loc["ask self", "unknown"] == "self_care"
    assert found.loc["tekun", "en"].endswith("destitute support")


def test_a_missed_visit_says_whose_it_is() -> None:
    homes = pd.DataFrame({
        "household_id": ["h2", "h1"], "county_code": ["371425", "371481"], "town_code": ["t2", "t1"], "size": [3, 4],
        "responsible_cadre_id": ["C2", "C1"], "weekly_class": [False, True], "days_since_visit": [32.0, 50.0],
    })  # fmt: skip
    assert missed_visits(homes).to_dict("records") == [
        {"household_id": "h1", "county_code": "371481", "town_code": "t1", "weekly_class": True, "days_since_visit": 50.0,
         "responsible_cadre_id": "C1", "allowed": 7},
        {"household_id": "h2", "county_code": "371425", "town_code": "t2", "weekly_class": False, "days_since_visit": 32.0,
         "responsible_cadre_id": "C2", "allowed": 31},
    ]  # fmt: skip


def test_a_proposal_for_central_care_in_full_destitute_first_then_the_oldest() -> None:
    persons = pd.DataFrame({
        "person_id": ["young", "old", "alone", "helpless"], "household_id": ["a", "a", "b", "b"], "age": [50, 80, 40, 45],
        "self_care": ["none", "none", None, "none"], "has_carer": pd.array([False, False, False, None], dtype="boolean"),
    })  # fmt: skip
    homes = pd.DataFrame({
        "household_id": ["b", "a"], "county_code": ["371425", "371481"], "town_code": ["tb", "ta"],
        "relief_status": ["tekun", None], "size": 2,
    })  # fmt: skip
    both, day = (
        ("no_self_care, no_carer", "生活不能自理；无人照料", "cannot look after themselves; nobody cares for them"),
        pd.Timestamp(DAY),
    )
    columns = [
        "person_id",
        "household_id",
        "county_code",
        "town_code",
        "age",
        "proposed_on",
        "tekun",
        "reason",
        "zh",
        "en",
        "unknown",
    ]
    found = central_care_proposals(persons, homes, DAY)
    assert list(found.columns) == columns
    assert found.to_numpy().tolist() == [
        ["helpless", "b", "371425", "tb", 45, day, True, "no_self_care, tekun", "生活不能自理；特困人员", "cannot look after themselves; destitute support", "has_carer"],
        ["alone", "b", "371425", "tb", 40, day, True, "no_carer, tekun", "无人照料；特困人员", "nobody cares for them; destitute support", "self_care"],
        ["old", "a", "371481", "ta", 80, day, False, *both, ""],
        ["young", "a", "371481", "ta", 50, day, False, *both, ""],
    ]  # fmt: skip


def test_nobody_is_asked_about_where_one_answer_rules_central_care_out() -> None:
    """Able or cared for decides; two unknown answers say nothing."""
    persons = pd.DataFrame({
        "person_id": ["able", "cared", "nothing known"], "household_id": "h", "age": 70, "self_care": ["full", None, None],
        "has_carer": pd.array([None, True, None], dtype="boolean"),
    })  # fmt: skip
    homes = pd.DataFrame({"household_id": ["h"], "county_code": "1", "town_code": "t", "relief_status": "tekun"})
    assert central_care_proposals(persons, homes, DAY).empty
