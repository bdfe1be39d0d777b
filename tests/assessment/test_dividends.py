"""Who gets the yield, who waits for it, and whose hands the assets are in, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.built_county_fixtures import CountyOf, check, computed
from tests.county_fixtures import COUNTY
from tests.fact_rows import INDICATOR, fraction, persons

from relapse_risk.assessment import CountyData

PROJECT = pd.DataFrame({"project_id": ["Q1"], "county_code": COUNTY})


def paid(*amounts: float, **columns: object) -> dict[str, pd.DataFrame]:
    """One dividend of 2020 for each of as many persons."""
    names = [f"P{k}" for k in range(1, len(amounts) + 1)]
    rows = pd.DataFrame(
        {"asset_id": "S1", "year": 2020, "person_id": names, "amount": amounts, "paid_on": "2020-12-01"}
    )
    return {"person": persons("1990-01-01 " * len(amounts)), "dividend": rows.assign(**columns)}


def test_dividends(county: CountyData) -> None:
    # 2019: P3 999, one person.  2020: P1 300 (200 more are not paid), P3 500: all pairs differ by 400 in sum, 400 / (2 x 4 x 400).
    check("dividends", county, """
        year   persons   amount   per_person   gini
        2019   1         999      999          -
        2020   2         800      400          1/8
    """)  # fmt: skip


def test_dividends_of_the_last_five_years(county_of: CountyOf) -> None:
    tables = paid(100, 300, 0, 7, 7, 7, 7, 7)
    tables["dividend"]["person_id"] = ["P1", "P2", "P1", "P1", "P1", "P1", "P2", "P1"]
    tables["dividend"]["asset_id"] = ["S1", "S1", "S2", "S1", "S1", "S1", "S1", "S1"]
    tables["dividend"]["year"] = [2020, 2020, 2020, 2019, 2018, 2017, 2016, 2015]
    # 2020: 100 and 300, two of mean 200: all pairs differ by 400 in sum, 400 / (2 x 4 x 200).  2015 is the sixth.
    check("dividends", county_of(**tables), """
        year   persons   amount   per_person   gini
        2016   1         7        7            -
        2017   1         7        7            -
        2018   1         7        7            -
        2019   1         7        7            -
        2020   2         400      200          1/4
    """)  # fmt: skip


@pytest.mark.parametrize("name", ["dividends", "dividend_arrears"])
def test_years_to_come_are_not_shown(county_of: CountyOf, name: str) -> None:
    assert computed(name, county_of(**paid(100, 300, year=[2020, 2021])))["year"].tolist() == ["2020"]


def test_dividend_curve(county: CountyData, county_of: CountyOf) -> None:
    # P1 300 and P3 500: the poorer half holds three eighths, in a straight line; then the other five eighths.
    steps = [k / 10 for k in range(11)]
    shares = [0.75 * step if step <= 0.5 else 0.375 + 1.25 * (step - 0.5) for step in steps]
    found = computed("dividend_curve", county)
    assert found.columns.tolist() == ["population", "dividends"]
    assert found["population"].tolist() == pytest.approx(steps)
    assert found["dividends"].tolist() == pytest.approx(shares)
    # 100 and 300: the poorer half holds a quarter, in a straight line; then the other three quarters.
    found = computed("dividend_curve", county_of(**paid(300, 100)))
    assert found["dividends"].tolist() == pytest.approx([0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.4, 0.55, 0.7, 0.85, 1])


@pytest.mark.parametrize("amounts", [(100,), (0, 0)])
def test_one_person_or_no_money_draws_no_curve(county_of: CountyOf, amounts: tuple[float, ...]) -> None:
    assert computed("dividend_curve", county_of(**paid(*amounts))).empty


def test_dividend_outliers(county: CountyData) -> None:
    # P1 300 and P3 500: three quarters and five quarters of the median, 400.
    check("dividend_outliers", county, """
        of_median   persons
        <0.5×       0
        0.5–0.8×    1
        0.8–1.25×   0
        1.25–2×     1
        ≥2×         0
    """)  # fmt: skip


def test_dividend_outliers_at_the_edges(county_of: CountyOf) -> None:
    # The sixth of eleven is the median, 100; bands hold their lower edge.  Last year's dividend is not this year's.
    tables = paid(49, 50, 79, 80, 99, 100, 124, 125, 199, 200, 201, 1, year=[2020] * 11 + [2019])
    check("dividend_outliers", county_of(**tables), """
        of_median   persons
        <0.5×       1
        0.5–0.8×    2
        0.8–1.25×   4
        1.25–2×     2
        ≥2×         2
    """)  # fmt: skip


def test_no_dividend_of_the_year_no_outliers(county_of: CountyOf) -> None:
    assert computed("dividend_outliers", county_of(**paid(100, year=2019))).empty
    assert computed("dividend_outliers", county_of(**paid(0, 0))).empty


def test_dividend_arrears(county: CountyData) -> None:
    # S2 owes P1 200; everything else was paid by the data date.
    check("dividend_arrears", county, """
        year   due_amount   persons   arrears   waiting   arrears_share
        2019   999          1         0         0         0
        2020   1000         2         200       1         1/5
    """)  # fmt: skip


def test_paid_by_the_data_date(county_of: CountyOf) -> None:
    tables = paid(100, 200, 400, 800)
    tables["dividend"]["paid_on"] = ["2020-12-31", "2021-01-01", None, None]
    tables["dividend"]["person_id"] = ["P1", "P2", "P2", "P3"]
    tables["dividend"]["asset_id"] = ["S1", "S1", "S2", "S1"]
    tables["dividend"]["year"] = [2020, 2020, 2020, 2019]
    data = county_of(**tables)
    # Paid that day is paid, the day after is not.  Of 2020, 200 + 400, both P2's; of 2019, 800.
    check("dividend_arrears", data, """
        year   due_amount   persons   arrears   waiting   arrears_share
        2019   800          1         800       1         1
        2020   700          2         600       1         6/7
    """)  # fmt: skip
    assert fraction("dividends_in_arrears", data) == (1400, 1500)
    # Of 2020 100 was paid, to P1; P2 is due a dividend too.
    assert fraction("dividend_per_person", data) == (100, 2)
    assert computed("dividends", data).set_index("year").loc["2020", ["persons", "amount"]].tolist() == [2, 100]


def test_an_amount_not_recorded_is_not_nothing(county_of: CountyOf) -> None:
    # Of P2 nobody wrote down how much: 100 of one person, nothing owed to another.
    tables = paid(100, 300)
    tables["dividend"]["amount"] = [100.0, None]
    tables["dividend"].loc[1, "paid_on"] = None
    data = county_of(**tables)
    assert fraction("dividend_per_person", data) == (100, 1)
    assert fraction("dividends_in_arrears", data) == (0, 100)
    assert computed("dividend_arrears", data)["persons"].tolist() == [1]


def test_yield_not_shared(county: CountyData) -> None:
    # S1 brought in 8,000 and gave 300 + 500 in 2020; S2 brought in nothing.
    check("yield_not_shared", county, """
        shared_part   assets   yielded   shared
        0%            0        0         0
        0–25%         1        8000      800
        25–50%        0        0         0
        50–75%        0        0         0
        75–100%       0        0         0
        >100%         0        0         0
    """)  # fmt: skip


def test_parts_shared_at_the_edges(county_of: CountyOf) -> None:
    # Of 100 each: nothing, 1, 25, 26, 50, 75, 76, 100, 101; bands hold their upper edge.  One whose yield is not known,
    # one that only shared the year before.
    shared = (1, 25, 26, 50, 75, 76, 100, 101, 60, 100)
    tables = paid(*shared, asset_id=[f"S{k}" for k in range(1, 11)], year=[2020] * 9 + [2019])
    asset = pd.DataFrame({"asset_id": [f"S{k}" for k in range(11)], "project_id": "Q1"})
    asset["annual_yield"] = [100.0] * 9 + [None, 100.0]
    # S0 gave nothing, S1 to S8 the first eight, S9 has no yield on record, S10 gave 100 of 2019.
    check("yield_not_shared", county_of(project=PROJECT, asset=asset, **tables), """
        shared_part   assets   yielded   shared
        0%            2        200       0
        0–25%         2        200       26
        25–50%        2        200       76
        50–75%        1        100       75
        75–100%       2        200       176
        >100%         1        100       101
    """)  # fmt: skip


def test_operators(county: CountyData) -> None:
    # A holds 100,000 of 150,000 and earns 8,000 on it, B the rest and nothing; names are withheld.
    check("operators", county, """
        operator   assets   held_value   total    value_share   annual_yield   yield_realised
        1          1        100000       150000   2/3           8000           8/100
        2          1        50000        150000   1/3           0              0
    """)  # fmt: skip


def test_the_five_that_hold_most(county_of: CountyOf) -> None:
    asset = """
        asset_id   project_id   operator_name   original_value   annual_yield
        S1         Q1           A               100              1
        S2         Q1           B               200              2
        S3         Q1           C               300              3
        S4         Q1           D               400              4
        S5         Q1           E               500              5
        S6         Q1           F               350              7
        S7         Q1           F               250              8
        S8         Q1           -               900              9
    """
    data = county_of(project=PROJECT, asset=asset)
    # F holds 600 of 2,100; A, the sixth, is not shown but counts in the whole; S8 is in nobody's hands.
    check("operators", data, """
        operator   assets   held_value   total   value_share   annual_yield   yield_realised
        1          2        600          2100    600/2100      15             15/600
        2          1        500          2100    500/2100      5              5/500
        3          1        400          2100    400/2100      4              4/400
        4          1        300          2100    300/2100      3              3/300
        5          1        200          2100    200/2100      2              2/200
    """)  # fmt: skip
    assert fraction("largest_operator", data) == (600, 2100)


def test_a_yield_not_recorded_is_not_nothing(county_of: CountyOf) -> None:
    asset = """
        asset_id   project_id   operator_name   original_value   annual_yield
        S1         Q1           A               100              8
        S2         Q1           A               100              -
    """
    assert computed("operators", county_of(project=PROJECT, asset=asset))["yield_realised"].tolist() == [0.08]


def test_no_assets_no_dividends(county_of: CountyOf) -> None:
    data = county_of()
    for name in ("dividends", "dividend_curve", "dividend_outliers", "dividend_arrears", "operators"):
        assert computed(name, data).empty, name
    assert computed("yield_not_shared", data)["assets"].sum() == 0
    for name in ("dividend_per_person", "dividends_in_arrears", "largest_operator"):
        assert INDICATOR[name].compute(data).ratio is None, name
