"""A county of a few households: whatever rests on its people goes, in whatever form; the rest stays."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.assessment import INDICATORS, TABLES
from relapse_risk.disclosure.few_people import about_people, companion, without_few


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
        "withheld": False, "unit": "money", "weighted": False,
    }  # fmt: skip
    return pd.concat([pd.DataFrame(given).assign(county_code=code) for code in ("a", "b", "city")], ignore_index=True)


def test_means_medians_scores_and_verdicts_of_a_few_go() -> None:
    tables = {
        spec.name: pd.DataFrame({"county_code": ["a", "b", "city"], **dict.fromkeys(spec.keys, "k"), "x": 1.0})
        for spec in TABLES
    }
    shown, indicator, gone = without_few(tables, TABLES, rows(), INDICATORS, {"a"})
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
    assert without_few(tables, TABLES, frame, INDICATORS, set())[1] is frame


@pytest.mark.parametrize(
    ("households", "wanted"),
    [
        ({"a": 1, "b": 40, "c": 12}, "c"),  # c's is the smallest loss
        ({"a": 3, "b": 4, "c": 12}, None),  # the city less c is the mean of seven
        ({"a": 2, "b": 2, "c": 12}, "c"),  # of four together
        ({"a": 4}, "city"), ({"a": 5, "b": 9}, None),
    ],
)  # fmt: skip
def test_whose_sums_go_with_those_of_a_few(households: dict[str, int], wanted: str | None) -> None:
    assert companion(households, 5) == wanted


def test_the_companion_loses_sums_and_means_but_no_count() -> None:
    tables = {spec.name: pd.DataFrame() for spec in TABLES}
    for spec in TABLES:
        if spec.name in ("income_by_town", "project_types"):
            tables[spec.name] = pd.DataFrame(
                {"county_code": [*"abc", *["city"] * 3], **{column.name: 7.0 for column in spec.columns}}
            ).assign(**{spec.keys[0]: ["Aster", "Briar", "Cobble"] * 2})
    names = {"a": "Aster", "b": "Briar", "c": "Cobble"}
    shown, indicator, gone = without_few(tables, TABLES, rows(), INDICATORS, {"a"}, "b", names)
    towns = shown["income_by_town"].set_index(["county_code", "town"])
    assert towns["mean_income"].isna().to_dict() == {
        ("b", "Briar"): True, ("c", "Cobble"): False, ("city", "Briar"): True, ("city", "Cobble"): False,
    }  # fmt: skip
    assert towns["households"].tolist() == [7.0] * 4
    assert ("city", "income_by_town") not in gone
    assert shown["project_types"].notna().all(axis=None), "money of projects is about no people"
    b = indicator[indicator["county_code"] == "b"].set_index("indicator")
    assert b["value"].isna().to_dict() == {
        "mean_income": True, "expected_relapse": True, "visited_in_time": True, "villages_pass": False, "approval_rate": False,
        "below_line": False,
    }  # fmt: skip
    assert b.loc["mean_income", ["withheld", "n", "denominator"]].tolist() == [True, 1.0, 1.0]
    city = indicator["county_code"] == "city"
    pd.testing.assert_frame_equal(indicator[city], rows()[city])


def test_of_two_counties_of_one_name_that_of_a_few_is_not_shown() -> None:
    tables = {spec.name: pd.DataFrame() for spec in TABLES}
    spec = next(spec for spec in TABLES if spec.name == "income_by_town")
    tables[spec.name] = pd.DataFrame({"county_code": "city", "town": ["Aster", "Aster", "Briar"], "mean_income": 7.0})
    for few in ("a", "c"):
        shown, *_ = without_few(
            tables, TABLES, rows(), INDICATORS, {few}, None, {"a": "Aster", "b": "Briar", "c": "Aster"}
        )
        assert shown["income_by_town"]["town"].tolist() == ["Briar"]
