"""The income of a year is compared with the line of that year, wherever a line is used: November's report by hand.

Lines of 2019: poverty 3,747, monitoring 5,621; of 2020: 4,000 and 5,000.  In November 2020 the newest incomes are those
of 2019, so 3,800 a head is above the poverty line, though below that of 2020.
"""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from tests.built_county_fixtures import CountyOf
from tests.fact_rows import INDICATOR, homes

from relapse_risk.assessment import CountyData
from relapse_risk.assessment.indicators import indicator_rows
from relapse_risk.derive import household_frame
from relapse_risk.disclosure.masking import _few_by_other_line
from relapse_risk.hardship import hardship_index, read_index
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.poverty import deprivation_matrix, read_deprivation
from relapse_risk.predicates import holds, setting_on

PARAMETERS, PLACE = read_parameters(), read_place("dezhou")
DAY = date(2020, 11, 30)


def of_2019(make: CountyOf, *incomes: float) -> CountyData:
    """Households of one person whose newest income is that of 2019, though the register's month is December 2020."""
    rows = [
        {"household_id": f"H{k}", "period_end": "2019-12", "months": 12, "wage_income": money}
        for k, money in enumerate(incomes, start=1)
    ]
    return make(household=homes(len(incomes), household_class="ordinary"), income=pd.DataFrame(rows))


def test_the_frame_has_the_lines_of_the_year_of_the_income(county_of: CountyOf) -> None:
    data = of_2019(county_of, 3800)
    home = household_frame(data.register, data.month, data.county, parameters=PARAMETERS, place=PLACE).iloc[0]
    assert (home["income_period"], home["poverty_line"], home["monitor_line"]) == ("2019-12", 3747.0, 5621.0)


@pytest.mark.parametrize(
    ("indicator", "incomes", "wanted"),
    [
        ("below_line", (3800, 3746, 9000), (1, 3)),  # 3,800 is above 3,747
        ("below_monitor_line", (5300, 5621, 9000), (1, 3)),  # 5,300 is below 5,621, though above 5,000
        ("near_line", (3800, 5621, 3746), (1, 3)),  # 3,747 to below 5,620.5
        ("missed_rate", (3800, 3746, 9000), (1, 3)),
        ("relapse_rate", (3800, 3746, 9000), (1, 3)),
    ],
)
def test_indicators_of_incomes_of_2019(
    county_of: CountyOf, indicator: str, incomes: tuple[float, ...], wanted: tuple[float, float]
) -> None:
    data = of_2019(county_of, *incomes)
    if indicator == "relapse_rate":
        data.now["exit_year"] = 2018
    found = INDICATOR[indicator].compute(data)
    assert (found.numerator, found.denominator) == wanted


def test_each_household_has_the_line_of_its_own_income(county_of: CountyOf) -> None:
    rows = [("H1", "2019-12", 3800.0), ("H2", "2020-12", 3800.0)]
    income = pd.DataFrame(rows, columns=["household_id", "period_end", "wage_income"]).assign(months=12)
    data = county_of(household=homes(2), income=income)
    below = holds("income_below_poverty", data.now, data.setting)
    assert below.tolist() == [False, True] == (data.now["income_pc_year"] < data.now["poverty_line"]).tolist()


@pytest.mark.parametrize("name", ["income_below_poverty", "income_below_monitoring", "income_below_dibao"])
def test_predicates_take_the_line_of_the_period_and_else_of_the_day(name: str) -> None:
    setting = setting_on(PARAMETERS, PLACE, DAY)
    role = {"income_below_poverty": "poverty", "income_below_monitoring": "monitoring"}.get(name, "dibao")
    then, now = (PARAMETERS.on(PLACE.lines[role], day).value for day in (date(2019, 12, 31), DAY))
    assert then != now
    frame = pd.DataFrame(
        {"income_pc_year": [(then + now) / 2] * 3, "size": 1, "income_period": ["2019-12", "2020-12", None]}
    )
    assert holds(name, frame, setting).tolist() == [then > now, now > then, now > then]
    assert holds(name, frame.drop(columns="income_period"), setting).tolist() == [now > then] * 3


def test_a_line_without_a_value_then_leaves_the_answer_open() -> None:
    frame = pd.DataFrame({"income_pc_year": [1.0], "size": 1, "income_period": ["2009-12"]})
    assert holds("income_below_poverty", frame, setting_on(PARAMETERS, PLACE, DAY)).isna().all()


def test_the_index_measures_income_by_the_lines_of_its_year() -> None:
    home = pd.DataFrame({"household_id": ["a", "b", "c"], "county_code": "371425", "town_code": "371425100",
                         "size": 1, "income_pc_year": [5000.0, 5000.0, 5000.0], "uncompensated_loss_12m": 1000.0,
                         "income_period": ["2019-12", "2020-12", None]})  # fmt: skip
    index = hardship_index(home, read_index(), PARAMETERS, PLACE, DAY)
    assert index.values["income_monitoring"].tolist() == [5000 / 5621, 1.0, 1.0]
    assert index.values["loss"].tolist() == [0.2] * 3, "a loss of this year is measured by this year's line"
    assert {(line.name, line.value) for line in index.lines} >= {
        ("monitoring_line_dezhou", 5621.0), ("monitoring_line_dezhou", 5000.0)
    }  # fmt: skip


def test_deprivation_of_income_is_by_the_line_of_its_year() -> None:
    design = read_deprivation("national")
    frame = pd.DataFrame({item.column or item.predicate: [True, True] for item in design.indicators})
    frame = frame.assign(income_pc_year=3800.0, income_period=["2019-12", "2020-12"], household_id=["a", "b"])
    for item in design.indicators:
        if item.deprived_when in ("below", "at_most", "above", "at_least") and item.code != "income":
            frame[item.column] = 1.0
    g0 = deprivation_matrix(frame, design, PARAMETERS, PLACE, DAY).g0
    assert g0["income"].tolist() == [0.0, 1.0]


def test_steadily_above_sets_each_year_against_its_own_line(county_of: CountyOf) -> None:
    rows = [("H1", "2019-12", 3800.0), ("H1", "2020-12", 4100.0), ("H2", "2019-12", 3700.0), ("H2", "2020-12", 4100.0)]
    income = pd.DataFrame(rows, columns=["household_id", "period_end", "wage_income"]).assign(months=12)
    data = county_of(household=homes(2).assign(exit_year=2018), income=income)
    found = INDICATOR["steadily_above"].compute(data)
    assert (found.numerator, found.denominator) == (1, 2)


def two_years(make: CountyOf, before: tuple[float, ...], now: tuple[float, ...]) -> CountyData:
    rows = [
        {"household_id": f"H{k}", "period_end": period, "months": 12, "wage_income": money}
        for period, incomes in (("2019-12", before), ("2020-12", now))
        for k, money in enumerate(incomes, start=1)
    ]
    home = homes(len(now), household_class="ordinary")
    return make(before={"household": home}, household=home, income=pd.DataFrame(rows))


def test_where_a_line_changed_the_year_before_is_shown_by_the_line_of_now_too(county_of: CountyOf) -> None:
    """2019 below 5,621: 4,000 and 5,300, two of four; by 2020's 5,000 only 4,000.  2019 below 3,747: none; by 4,000: none,
    but 3,800 of the fourth would be.
    """
    data = two_years(county_of, (4000, 5300, 9000, 3800), (4000, 5300, 9000, 9000))
    rows = indicator_rows(
        data, [INDICATOR[n] for n in ("below_monitor_line", "below_line", "mean_income")], {}
    ).set_index("indicator")
    shown = ["value", "previous", "previous_held", "line_before", "line_now"]
    assert rows.loc["below_monitor_line", shown].tolist() == [1 / 4, 3 / 4, 2 / 4, 5621, 5000]
    assert rows.loc["below_line", shown].tolist() == [0.0, 0.0, 1 / 4, 3747, 4000]
    assert rows.loc["mean_income", shown[2:]].isna().all(), "no line is in it"


def test_where_no_line_changed_there_is_nothing_beside(county_of: CountyOf) -> None:
    rows = [{"household_id": "H1", "period_end": "2019-12", "months": 12, "wage_income": 3000.0}]
    data = county_of(before={"household": homes(1)}, household=homes(1), income=pd.DataFrame(rows))
    found = indicator_rows(data, [INDICATOR["below_line"]], {}).iloc[0]
    assert (found["value"], found["previous"]) == (1.0, 1.0)  # the same income, by the line of its year
    assert pd.isna(found["previous_held"])
    assert pd.isna(found["line_now"])


@pytest.mark.parametrize(
    ("cases", "beside", "hidden"),
    [(30, 60, False), (3, 60, True), (97, 60, True), (30, 33, True), (0, 60, False), (60, 60, False)],
)
def test_a_few_by_the_other_line_are_withheld_and_so_is_the_whole(cases: float, beside: float, hidden: bool) -> None:
    frame = pd.DataFrame({"county_code": ["a", "b", "city"], "indicator": "x", "held_cases": [cases, 50.0, cases + 50],
                          "held_n": [100.0, 100.0, 200.0], "previous_cases": [beside, 80.0, beside + 80]})  # fmt: skip
    assert _few_by_other_line(frame, 5).tolist() == [hidden, False, hidden]
