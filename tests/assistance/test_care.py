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
