"""A county of a few households: whatever rests on its people goes, in whatever form; the rest stays."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.assessment import INDICATORS, TABLES
from relapse_risk.disclosure.few_people import about_people, without_few

NEEDS = {item.name: item.needs for item in INDICATORS}


@pytest.mark.parametrize(
    ("needs", "wanted"),
    [
        (("income",), True), (("household.exit_year", "village.town_code"), True), (("scores.hardship",), True),
        (("visit_record",), True), (("dividend.paid_on",), True), (("referral",), True), (("special_post",), True), ((), True),
        (("village.exit_flags", "village.is_key_village"), False), (("project", "asset"), False), (("place_fact:donation",), False),
        (("county.rural_population",), False), (("activity",), False),
    ],
)  # fmt: skip
def test_what_is_formed_from_people(needs: tuple[str, ...], wanted: bool) -> None:
    assert about_people(needs) is wanted


def rows() -> pd.DataFrame:
    names = ["mean_income", "expected_relapse", "visited_in_time", "villages_pass", "approval_rate", "below_line"]
    given = {
        "indicator": names, "section": 4, "value": 5948.0, "numerator": 5948.0, "denominator": 1.0, "n": 1.0, "previous": 5592.0,
        "low": 0.1, "high": 0.9, "limit": 0.5, "verdict": ["no_limit", "no_limit", "met", "met", "not_met", "not_collected"],
        "withheld": False, "unit": "money",
    }  # fmt: skip
    return pd.concat([pd.DataFrame(given).assign(county_code=code) for code in ("a", "b", "city")], ignore_index=True)


def test_means_medians_scores_and_verdicts_of_a_few_go() -> None:
    tables = {spec.name: pd.DataFrame({"county_code": ["a", "b", "city"], "x": 1.0}) for spec in TABLES}
    shown, indicator, gone = without_few(tables, TABLES, rows(), NEEDS, {"a"})
    mine = indicator[indicator["county_code"] == "a"].set_index("indicator")
    hidden = [name for name in mine.index if name != "villages_pass"]
    numbers = ["value", "numerator", "denominator", "n", "previous", "low", "high"]
    assert mine.loc[hidden, numbers].isna().all(axis=None)
    assert mine.loc["villages_pass", [*numbers, "verdict"]].tolist() == [
        5948.0,
        5948.0,
        1.0,
        1.0,
        5592.0,
        0.1,
        0.9,
        "met",
    ]
    assert mine.loc[hidden, "verdict"].tolist() == [
        "no_limit",
        "no_limit",
        "cannot_tell",
        "cannot_tell",
        "not_collected",
    ]
    assert mine["withheld"].to_dict() == {**dict.fromkeys(hidden, True), "villages_pass": False, "below_line": False}
    assert mine["limit"].tolist() == [0.5] * 6, "a limit says nothing of the county"
    others = indicator["county_code"] != "a"
    pd.testing.assert_frame_equal(indicator[others], rows()[others])
    for name in ("income_summary", "income_components", "aid_curve", "hardship_profile", "aspect_profile", "age_sex"):
        assert shown[name]["county_code"].tolist() == ["b", "city"], name
        assert ("a", name) in gone
    for name in ("project_types", "village_flags", "town_profile"):
        assert shown[name]["county_code"].tolist() == ["a", "b", "city"], name


def test_without_such_a_county_nothing_changes() -> None:
    frame = rows()
    tables = {spec.name: pd.DataFrame() for spec in TABLES}
    assert without_few(tables, TABLES, frame, NEEDS, set())[1] is frame
