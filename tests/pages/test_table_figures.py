"""What is drawn of a fact table, and what a sentence says better."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from relapse_risk.assessment import TABLES
from relapse_risk.charts.canvas import WARN
from relapse_risk.pages.finding_sentences import caption, finding
from relapse_risk.pages.table_figures import Canvas, drawing


def canvas(name: str, **columns: list[object]) -> Canvas:
    frame = pd.DataFrame(columns)
    return Canvas(next(one for one in TABLES if one.name == name), frame, frame.iloc[:0], {}, "en")


def drawn(of: Canvas) -> list[str]:
    """Words of the drawing from top to bottom, none where nothing is drawn."""
    draw = drawing(of)
    return re.findall(r"<text[^>]*>([^<]+)</text>", draw(660).body) if draw else []


def test_a_heat_grid_lists_only_what_is_not_at_100_percent() -> None:
    towns: list[object] = ["Xing", "Yi", "Wu", "An"]
    shares = {"food_clothes_ok": [1.0, 0.5, 1.0, 1.0], "education_ok": [1.0, 1.0, 1.0, 0.8], "water_safe": [1.0] * 4}
    assert drawn(canvas("guarantee_by_town", town=towns, **shares)) == [
        "Food, clothes",
        "Education",
        "Yi",
        "50.0%",
        "An",
        "80.0%",
    ]  # type: ignore[arg-type]
    shares["education_ok"] = [1.0] * 4
    assert drawn(canvas("guarantee_by_town", town=towns, **shares)) == []  # type: ignore[arg-type]


def test_the_longest_bar_is_first_and_decimals_are_equal() -> None:
    found = drawn(canvas("posts_by_town", town=["A", "B", "C"], posts_per_100=[12.0, None, 12.6]))
    assert found == ["C", "12.6", "A", "12.0", "B", "/"]


def test_days_beside_each_other_have_the_same_decimals() -> None:
    found = drawn(canvas("processing", department=["MZ", "CL"], median_days=[19, 14], p90_days=[25.0, 22.5]))
    assert {"19.0 / 25.0", "14.0 / 22.5"} <= set(found)


def test_persons_in_work_without_a_place_of_work_have_not_stated_it() -> None:
    assert canvas("work_places", work_place=["town", "none"], persons=[47, 9]).words("work_place")[1] == "Not stated"


def test_brackets_are_measured_as_they_are_printed() -> None:
    of = canvas("project_types", project_type=["asset_income"], yield_realised=[0.1], yield_expected=[0.2])
    assert Canvas(of.table, of.frame, of.city, {}, "zh").words("project_type") == ["资产收益（入股）"]


def test_what_has_an_order_of_its_own_keeps_it() -> None:
    found = drawn(canvas("fund_waterfall", fund_step=["allocated", "paid"], fund=[2e6, 3e6]))
    assert found.index("2,000") < found.index("3,000")


@pytest.mark.parametrize(
    ("projects", "said"),
    [
        ([0, 105, 0], "CNY b per person covered in every project (105 in all)"),
        ([0, 104, 1], "Funds per person covered"),
    ],
)
def test_one_number_is_a_sentence(projects: list[object], said: str) -> None:
    of = canvas("cost_per_person", cost=["a", "b", "c"], projects=projects)
    assert finding(of) == said
    assert bool(drawn(of)) == (projects[2] != 0)


def test_a_chart_titled_by_its_gap_has_the_widest_first() -> None:
    of = canvas("hardship_profile", subindex=["income", "illness"], top_tenth=[90.0, 50.0], all=[80.0, 10.0])
    assert drawn(of).index("50.0") < drawn(of).index("90.0")


def test_marks_follow_the_name_of_a_bin_not_its_place() -> None:
    """The first row of three is no bin from 5 % on; in the whole histogram it would be the sixth that begins them."""
    of = canvas("risk_histogram", probability=["2–5%", "5–10%", "≥20%"], households=[40, 30, 20])
    draw = drawing(of)
    assert draw is not None
    assert draw(660).body.count(f'fill="{WARN}"') == 2
    assert finding(of) == "50 households have a relapse probability of 5% or more"
    assert caption(of).endswith("striped: 5% or more")


def test_nothing_is_said_of_what_is_missing_or_withheld() -> None:
    quarters = canvas("survey_by_quarter", quarter=["2020Q1", "2020Q2"], satisfied=[None, 0.9])
    assert finding(quarters) == "Satisfaction by quarter"
    classes = canvas("population_by_class", household_class=["edge", "tekun_scattered"], households=[90, None])
    assert finding(classes) == "Households and persons by class", "the base lacks the withheld class"
    ages = canvas("age_sex", age_band=["50–59", "60–69"], male=[20, None], female=[20, 20])
    assert finding(ages) == "Age and sex", "nor is a withheld count taken for none"
