"""The city by hand: four counties, a few indicators, and what follows of them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from relapse_risk.assessment.city_overview import aspect_grid, city_tasks, moved, stand, with_earlier

CODES = ["a", "b", "c", "d"]


def rows(name: str, verdicts: list[str], **more: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"county_code": [*CODES, "city"], "indicator": name, "verdict": [*verdicts, verdicts[0]]})
    given = {"section": 4, "value": 0.5, "limit": 0.6, "limit_confidence": "documented", "direction": "higher_better", "unit": "share",
             "previous": None, "reason": ""} | more  # fmt: skip
    return frame.assign(**given)


@pytest.fixture
def indicator() -> pd.DataFrame:
    return pd.concat(
        [
            rows("take_up", ["not_met", "not_met", "not_met", "met"]),  # three of four: a common cause
            rows("below_line", ["not_met", "not_met", "met", "watch"]),  # two of four: not
            rows(
                "house_safe", ["not_met", "not_met", "not_collected", "not_collected"], section=5
            ),  # two of two: too few
            rows("failed_help", ["met"] * 4, limit_confidence="assumed"),
            rows("missed_rate", ["not_collected"] * 4, section=16),
            rows("fund_per_person", ["no_limit"] * 4, value=[100.0, 120.0, 140.0, 160.0, 130.0], limit=None),
            rows("mean_need", ["no_limit"] * 4, value=[4.0, 3.0, 2.0, 1.0, 2.5], limit=None),
        ],
        ignore_index=True,
    )


def test_how_the_counties_stand(indicator: pd.DataFrame) -> None:
    found = stand(indicator).set_index("county_code")
    assert found.loc["a", ["judged", "met", "watch", "not_met", "not_collected"]].tolist() == [4, 1, 0, 3, 1]
    assert found.loc["d", ["judged", "met", "watch", "not_met", "not_collected"]].tolist() == [3, 2, 1, 0, 2]


def test_aspects_count_what_could_be_assessed(indicator: pd.DataFrame) -> None:
    grid = aspect_grid(indicator, [4, 5, 9]).set_index(["county_code", "section"])
    assert grid.loc[("a", 4)].tolist() == [3, 2]
    assert grid.loc[("c", 5)].tolist() == [0, 0], "not collected is not assessed"
    assert grid.loc[("b", 9)].tolist() == [0, 0], "a section without indicators"


def test_what_only_the_city_can_fix(indicator: pd.DataFrame) -> None:
    tasks = city_tasks(indicator)
    assert tasks["task"].tolist() == ["common", "uneven", "no_document", "nowhere_collected"]
    common, uneven = tasks.iloc[0], tasks.iloc[1]
    assert (common["indicator"], common["counties"], common["of"], common["department"]) == ("take_up", 3, 4, "MZ")
    assert (uneven["low"], uneven["high"]) == ("a", "d"), "160 is more than half as high again as 100"
    assert uneven["correlation"] == pytest.approx(-1), "money falls exactly as need rises"


def test_what_all_miss_comes_in_the_order_of_need() -> None:
    """Missed by the same number: guarantees first, then the further from the limit, papers last."""
    given = {"papers_complete": 0.1, "below_line": 0.5, "take_up": 0.2, "house_safe": 0.59}
    every = pd.concat([rows(name, ["not_met"] * 4, value=value) for name, value in given.items()], ignore_index=True)
    common = city_tasks(every).query("task == 'common'")
    assert common["indicator"].tolist() == ["house_safe", "take_up", "below_line", "papers_complete"]


def test_a_share_is_missed_by_points_not_by_a_part_of_its_limit() -> None:
    """3% instead of 2% is one point, which is minor, though half the limit; 97% instead of all is three, which is major."""
    minor = rows("below_line", ["not_met"] * 4, value=0.03, limit=0.02)
    major = rows("take_up", ["not_met"] * 4, value=0.97, limit=1.0)
    found = city_tasks(pd.concat([minor, major], ignore_index=True)).query("task == 'common'")
    assert found["indicator"].tolist() == ["take_up", "below_line"]


def test_what_was_only_not_scored_is_no_gap_in_the_data(indicator: pd.DataFrame) -> None:
    assert "nowhere_collected" not in set(city_tasks(indicator.assign(reason="not_scored"))["task"])


def test_a_place_without_limits_owes_nobody_data(indicator: pd.DataFrame) -> None:
    assert "nowhere_collected" not in set(city_tasks(indicator.assign(limit=None))["task"])


@pytest.mark.parametrize(("missing", "tasks"), [(4, ["common"]), (3, [])])
def test_two_thirds_of_the_counties_are_a_common_cause(missing: int, tasks: list[str]) -> None:
    # Four of six are two thirds exactly; three are half.
    six = pd.DataFrame(
        {"county_code": [*"abcdef"], "indicator": "take_up", "verdict": ["not_met"] * missing + ["met"] * (6 - missing),
         "section": 4, "value": 0.5, "limit": 0.6, "limit_confidence": "documented", "unit": "share", "reason": ""}
    )  # fmt: skip
    found = city_tasks(six)
    assert found["task"].tolist() == tasks
    assert found["counties"].tolist() == [missing] * len(tasks)


@pytest.mark.parametrize(("most", "tasks"), [(150.0, ["uneven"]), (149.0, [])])
def test_money_half_as_high_again_is_a_task(most: float, tasks: list[str]) -> None:
    three = pd.DataFrame(
        {"county_code": [*"abc"] * 2, "indicator": ["fund_per_person"] * 3 + ["mean_need"] * 3, "verdict": "no_limit",
         "section": 6, "value": [100.0, 120.0, most, 1.0, None, 3.0], "limit": None, "limit_confidence": "", "unit": "money",
         "reason": ""}
    )  # fmt: skip
    found = city_tasks(three)
    assert found["task"].tolist() == tasks
    assert found["of"].tolist() == [3] * len(tasks)
    assert found["correlation"].isna().all(), "two counties whose need is known are no pattern"


@pytest.mark.parametrize(("confidence", "tasks"), [("assumed", 1), ("from_memory", 1), ("documented", 0)])
def test_a_limit_that_rests_on_no_document_is_a_task(confidence: str, tasks: int) -> None:
    found = city_tasks(rows("failed_help", ["met"] * 4, limit_confidence=confidence))
    assert found["task"].tolist() == ["no_document"] * tasks


@pytest.mark.parametrize("reason", ["not_scored", "not_fitted"])
def test_a_model_that_was_not_fitted_is_no_gap_in_the_data(reason: str) -> None:
    assert city_tasks(rows("expected_relapse", ["not_collected"] * 4, reason=reason)).empty


def test_money_that_differs_by_less_than_half_is_no_task(indicator: pd.DataFrame) -> None:
    even = indicator.assign(value=indicator["value"].where(indicator["value"] != 160.0, 149.0))
    assert "uneven" not in set(city_tasks(even)["task"])


def test_what_moved_since_an_earlier_month(indicator: pd.DataFrame) -> None:
    before = indicator.copy()
    before.loc[(before["indicator"] == "below_line") & (before["county_code"] == "a"), "verdict"] = "watch"
    before.loc[(before["indicator"] == "take_up") & (before["county_code"] == "d"), "verdict"] = "not_met"
    before.loc[(before["indicator"] == "below_line") & (before["county_code"] == "d"), "verdict"] = "met"
    found = moved(with_earlier(indicator, before))
    assert list(found[["county_code", "indicator", "worse"]].itertuples(index=False, name=None)) == [
        ("d", "take_up", False), ("a", "below_line", True),
    ], "watch to met is no news"  # fmt: skip


def test_without_an_earlier_month_last_year_is_compared_with_the_limit_of_today() -> None:
    now = rows("take_up", ["met"] * 4, value=0.7, previous=[0.5, 0.8, None, 0.6, 0.65])
    earlier = with_earlier(now, None)
    assert earlier["was"].tolist() == ["not_met", "met", "not_collected", "met", "met"]
    assert moved(earlier)["county_code"].tolist() == ["a"]


def test_the_middle_county_says_how_far_an_indicator_is_missed() -> None:
    # Of 0.1, 0.1 and 0.59 the middle misses 0.6 by 50 points, of 0.4 three times by 20: the first comes first.
    three = ["not_met"] * 3 + ["met"]
    far = rows("visited_in_time", three, value=[0.1, 0.1, 0.59, 0.9, 0.5])
    near = rows("take_up", three, value=[0.4, 0.4, 0.4, 0.9, 0.5])
    found = city_tasks(pd.concat([near, far], ignore_index=True))
    assert found["indicator"].tolist() == ["visited_in_time", "take_up"]


def test_the_city_itself_is_no_county_that_moved_or_stands() -> None:
    now = rows("take_up", ["met"] * 4).assign(verdict=["met"] * 4 + ["not_met"])
    before = now.assign(verdict="met")
    assert moved(with_earlier(now, before)).empty
    assert set(stand(now)["county_code"]) == set(CODES)
    assert set(aspect_grid(now, [4])["county_code"]) == set(CODES)
