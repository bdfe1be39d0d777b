"""Sampling weights: they form shares, means and growth, and never a number of people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from relapse_risk.assessment import CITY, INDICATORS, TABLES, CountyData
from relapse_risk.assessment.indicators import indicator_rows, with_city
from relapse_risk.assessment.linked_counts import LINKS
from relapse_risk.assessment.sections.baseline import held
from relapse_risk.assessment.sections.exit_quality import poverty_measures
from relapse_risk.disclosure.control import withhold


@pytest.fixture
def sample(county: CountyData) -> CountyData:
    """The hand-made county as a sample: H1 stands for two households, H2 for three, the others for one."""
    return replace(county, _kept={"now": county.now.assign(weight=[2.0, 3.0, 1.0, 1.0, 1.0])})


# Value by hand; H1 to H5 with 2, 1, 3, 1, 1 persons, incomes 10000, 3600, 12600, 4800, 20000, before 8000, 7200, 12000, 4800, 10000.
WEIGHTED = {
    "below_line": 3 / 12,  # H2: one person three times, of 4 + 3 + 3 + 1 + 1 persons
    "income_growth": 3800 / 64400,  # 68,200 after 64,400
    "mean_need": 260 / 8,  # 2 * 10 + 3 * 50 + 30 + 20 + 40
    "expected_relapse": 0.52 / 4,  # 2 * 0.1 + 0.3 + 0.02
}


@pytest.mark.parametrize(("name", "value"), WEIGHTED.items())
def test_a_value_is_weighted_and_rests_on_the_sample(sample: CountyData, name: str, value: float) -> None:
    found = next(item for item in INDICATORS if item.name == name).compute(sample)
    assert found.ratio == pytest.approx(value)
    assert found.weighted
    n = found.looked_at[1]
    assert np.isnan(n) if name == "expected_relapse" else n == 5  # how many were scored tells how many are poor


def test_nobody_is_counted_by_weights(sample: CountyData) -> None:
    persons = next(item for item in INDICATORS if item.name == "persons").compute(sample)
    assert (persons.ratio, persons.denominator) == (8.0, 5.0)  # 12 persons by weights that add up to no population


def test_the_headcount_rests_on_the_same_people_as_the_indicator(sample: CountyData) -> None:
    row = poverty_measures(sample).iloc[0]
    assert (row["headcount"], row["gap"]) == (pytest.approx(3 / 12), pytest.approx(0.1 * 3 / 12))
    assert (row["poor"], row["others"]) == (1.0, 4.0)


def test_the_headcount_goes_with_a_small_count_of_the_sample(sample: CountyData) -> None:
    names = {
        item.name: "x" for item in INDICATORS if item.name not in ("below_line", "below_monitor_line", "mean_income")
    }
    rows = with_city(indicator_rows(sample, INDICATORS, names), INDICATORS)
    tables = {t.name: pd.DataFrame(columns=["county_code", *(c.name for c in t.columns)]) for t in TABLES}
    tables["poverty_measures"] = poverty_measures(sample).assign(county_code=sample.county)
    written, indicator, _ = withhold(tables, TABLES, rows, INDICATORS, 5, {}, LINKS)
    measures = written["poverty_measures"].set_index("line")
    assert measures.loc["poverty_line", ["headcount", "gap", "severity"]].isna().all()
    mine = indicator[indicator["county_code"] != CITY].set_index("indicator")
    assert mine.loc["below_line", "withheld"]  # one household of five
    # What may be shown is the sample: a mean is of n households, never a sum of weighted incomes over a sum of weights.
    assert mine.loc["mean_income", ["numerator", "denominator"]].isna().tolist() == [True, False]
    assert mine.loc["mean_income", "denominator"] == 5


@pytest.mark.parametrize("rows", [1, 4, 9, 10])
def test_ten_numbers_of_rows_of_a_table_about_people_look_alike(rows: int) -> None:
    assert held(rows, 8 * rows, 0)[:2] == (10, 80)


def test_some_missing_is_never_written_as_none_or_all() -> None:
    assert held(1000, 8000, 1) == (1000, 8000, 80.0)
    assert held(1000, 8000, 7999) == (1000, 8000, 7920.0)
    assert held(1000, 8000, 8000) == (1000, 8000, 8000.0)
