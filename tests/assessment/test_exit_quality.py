"""Incomes against the lines, by hand: every band at its edges, a household exactly on each line.

Lines of 2020: poverty 4,000, monitoring 5,000, dibao 5,300 CNY a head and year; 2019: 3,747 and 5,621.
"""

from __future__ import annotations

import pandas as pd
import pytest
from tests.built_county_fixtures import CountyOf, check, computed, told
from tests.fact_rows import INDICATOR, TWO_TOWNS, fraction, homes

from relapse_risk.assessment import CountyData
from relapse_risk.exhibits import Finding, Number


def earning(*now: float | None, before: tuple[float | None, ...] = ()) -> dict[str, pd.DataFrame]:
    """Households of one person each with these net incomes of 2020 (null: no income collected) and of 2019."""
    rows = [
        {"household_id": f"H{k}", "period_end": period, "months": 12, "wage_income": money}
        for period, incomes in (("2020-12", now), ("2019-12", before))
        for k, money in enumerate(incomes, start=1)
        if money is not None
    ]
    return {"household": homes(max(len(now), len(before))), "income": pd.DataFrame(rows)}


def with_year_before(make: CountyOf, now: tuple[float | None, ...], before: tuple[float | None, ...]) -> CountyData:
    tables = earning(*now, before=before)
    return make(before={"household": tables["household"]}, **tables)


def test_income_summary(county: CountyData) -> None:
    # By person, now: 3,600 | 4,200 three times | 4,800 | 5,000 twice | 20,000; mean 51,000 / 8.  Of eight persons a tenth
    # is the first, a quarter the second, the half the fourth, three quarters the sixth, nine tenths the eighth.
    # A year before: 4,000 five times (H1, H3) | 4,800 | 7,200 | 10,000; mean 42,000 / 8.
    check("income_summary", county, """
        measure   now     before   change
        mean      6375    5250     9000/42000
        p10       3600    4000     -1/10
        p25       4200    4000     1/20
        median    4200    4000     1/20
        p75       5000    4800     1/24
        p90       20000   10000    1
    """)  # fmt: skip
    assert INDICATOR["median_income"].compute(county).ratio == 4200


def test_income_summary_without_a_year_before(county_of: CountyOf) -> None:
    # Ten persons in ten households, 1,000 to 10,000; one more whose income is not known.
    data = county_of(**earning(*(1000.0 * k for k in range(1, 11)), None))
    check("income_summary", data, """
        measure   now     before   change
        mean      5500    -        -
        p10       1000    -        -
        p25       3000    -        -
        median    5000    -        -
        p75       8000    -        -
        p90       9000    -        -
    """)  # fmt: skip


def test_poverty_measures(county: CountyData) -> None:
    # Below 4,000: H2 by 400, a tenth of the line: (0.1, 0.01) over eight persons.
    # Below 5,000: H2 0.28, three of H3 0.16, H4 0.04: 0.80 and 0.0784 + 0.0768 + 0.0016 = 0.1568.
    # Below 5,300: H2 1,700, H3 1,100, H4 500, two of H1 300: 6,100 and 6,950,000.
    check("poverty_measures", county, """
        line           limit   headcount   gap          severity               poor   others
        poverty_line   4000    1/8         0.0125       0.00125                1      7
        monitor_line   5000    5/8         0.1          0.0196                 5      3
        dibao_line     5300    7/8         6100/42400   6950000/224720000      7      1
    """)  # fmt: skip


def test_on_the_line_is_not_below_it(county_of: CountyOf) -> None:
    # 3,999 | 4,000 | 4,999 | 5,000 | 5,299 | 5,300 | a loss, counted as nothing in the gap | not known.
    data = county_of(**earning(3999, 4000, 4999, 5000, 5299, 5300, -100, None))
    check("poverty_measures", data, """
        line           limit   headcount   gap                    severity                          poor   others
        poverty_line   4000    2/7         4001/28000             16000001/112000000                2      5
        monitor_line   5000    4/7         7002/35000             27002002/175000000                4      3
        dibao_line     5300    6/7         8503/37100             31653203/196630000                6      1
    """)  # fmt: skip
    # Gaps to 4,000: 1 and 4,000.  To 5,000: 1,001, 1,000, 1, 5,000.  To 5,300: 1,301, 1,300, 301, 300, 1, 5,300.
    # Squares: 1 + 16,000,000 | 1,002,001 + 1,000,000 + 1 + 25,000,000 |
    # 1,692,601 + 1,690,000 + 90,601 + 90,000 + 1 + 28,090,000 = 31,653,203.
    assert fraction("below_line", data) == (2, 7)
    assert fraction("below_monitor_line", data) == (4, 7)


def test_income_distribution(county: CountyData) -> None:
    # Over 4,000: H1 1.25, H2 0.9, H3 1.05, H4 1.2, H5 5.  A year before over 3,747: H1 and H3 4,000 (1.07), H2 7,200
    # (1.92), H4 4,800 (1.28), H5 10,000 (2.67).
    check("income_distribution", county, """
        ratio      households   before
        <0.5       0            0
        0.5–1      1            0
        1–1.25     2            2
        1.25–1.5   1            1
        1.5–2      0            1
        2–2.5      0            0
        2.5–3      0            1
        3–4        0            0
        ≥4         1            0
    """)  # fmt: skip


def test_income_bands_start_at_their_lower_edge(county_of: CountyOf) -> None:
    # Twice each of 0.5, 1, 1.25, 1.5, 2, 2.5, 3 and 4 times the line: exactly, and one yuan less.
    edges = (2000, 4000, 5000, 6000, 8000, 10000, 12000, 16000)
    data = county_of(**earning(*edges, *(edge - 1 for edge in edges), None))
    check("income_distribution", data, """
        ratio      households   before
        <0.5       1            -
        0.5–1      2            -
        1–1.25     2            -
        1.25–1.5   2            -
        1.5–2      2            -
        2–2.5      2            -
        2.5–3      2            -
        3–4        2            -
        ≥4         1            -
    """)  # fmt: skip
    # Near the line: 4,000 4,999 5,000 5,999 of sixteen; 6,000 is not.
    assert fraction("near_line", data) == (4, 16)


def test_income_components(county: CountyData) -> None:
    # 2020: wages 6,000 (H1) + 20,000 (H5); business 3,000 - 1,000; property 1,000; transfers 1,000 + 3,600 + 12,600
    # + 4,800; eight persons.  For 2019 wages alone were earned: 42,000.
    check("income_components", county, """
        period    wage_income_sum   business_net_sum   property_income_sum   transfer_income_sum   heads   wage_income   business_net   property_income   transfer_income
        2019-12   42000             0                  0                     0                     8       5250          0              0                 0
        2020-12   26000             2000               1000                  22000                 8       3250          250            125               2750
    """)  # fmt: skip


def test_income_of_half_a_year_of_strangers_and_of_the_future(county_of: CountyOf) -> None:
    income = """
        household_id   period_end   months   wage_income   business_gross   business_cost   transfer_income
        H1             2020-12      6        1000          -                -               -
        H2             2020-12      12       -             500              800             600
        H1             2021-01      12       9000          -                -               -
        H9             2020-12      12       9000          -                -               -
        H1             2014-12      12       1             -                -               -
        H1             2015-12      12       2             -                -               -
        H1             2016-12      12       3             -                -               -
        H1             2017-12      12       4             -                -               -
        H1             2018-12      12       5             -                -               -
        H1             2019-12      12       6             -                -               -
    """
    household = homes(2, household_size=[2, 1])
    before = {"household": household.assign(household_id=["H1", "H9"])}
    # Half a year counts twice; business may lose money; January 2021 is after the data date; H9 has left the register;
    # the last six periods are shown.
    check("income_components", county_of(before=before, household=household, income=income), """
        period    wage_income_sum   business_net_sum   property_income_sum   transfer_income_sum   heads   wage_income   business_net   property_income   transfer_income
        2015-12   2                 -                  -                     -                     2       1             -              -                 -
        2016-12   3                 -                  -                     -                     2       3/2           -              -                 -
        2017-12   4                 -                  -                     -                     2       2             -              -                 -
        2018-12   5                 -                  -                     -                     2       5/2           -              -                 -
        2019-12   6                 -                  -                     -                     2       3             -              -                 -
        2020-12   2000              -300               -                     600                   3       2000/3        -100           -                 200
    """)  # fmt: skip


def test_income_change(county: CountyData) -> None:
    # H1 10,000 of 8,000 (+25 %), H2 half, H3 12,600 of 12,000 (+5 %), H4 the same, H5 twice.
    check("income_change", county, """
        change                     households
        <−40%                      1
        −40%～−20%|−40% to −20%    0
        −20%～−5%|−20% to −5%      0
        ±5%                        1
        +5%～+20%|+5% to +20%      1
        +20%～+50%|+20% to +50%    1
        >+50%                      1
    """)  # fmt: skip


def test_income_change_at_the_edges(county_of: CountyOf) -> None:
    # Of 1,000: exactly 0.6, 0.8, 0.95, 1.05, 1.2, 1.5 times, and one yuan less; nothing before, nothing now.
    edges = (600, 800, 950, 1050, 1200, 1500)
    now = (*edges, *(edge - 1 for edge in edges), 1000, None)
    data = county_of(**earning(*now, before=(1000,) * 12 + (0, 1000)))
    # The last household has not been asked again: its newest income is that of 2019, a year before it nothing is known.
    check("income_change", data, """
        change                     households
        <−40%                      1
        −40%～−20%|−40% to −20%    2
        −20%～−5%|−20% to −5%      2
        ±5%                        2
        +5%～+20%|+5% to +20%      2
        +20%～+50%|+20% to +50%    2
        >+50%                      1
    """)  # fmt: skip
    # A sharp fall is below 0.6: 599 of 1,000, not 600.
    assert fraction("sharp_fall", data) == (1, 12)


def test_income_change_without_a_year_before(county_of: CountyOf) -> None:
    assert computed("income_change", county_of(**earning(1000, 2000))).empty


def test_income_moves(county: CountyData) -> None:
    # Before and now: H1 1.07 1.25, H2 1.92 0.9, H3 1.07 1.05, H4 1.28 1.2, H5 2.67 5.
    check("income_moves", county, """
        before_ratio   ratio      households
        1–1.25         1–1.25     1
        1–1.25         1.25–1.5   1
        1.25–1.5       1–1.25     1
        1.5–2          0.5–1      1
        2.5–3          ≥4         1
    """)  # fmt: skip


def test_income_moves_of_who_was_seen_twice(county_of: CountyOf) -> None:
    # Over 4,000 now: 0.5 0.5 1 - 4.  Over 3,747 a year before: 1 (3,747) 0.999 (3,746) 1 (3,747) 1 -.
    data = with_year_before(county_of, (2000, 2000, 4000, None, 16000), (3747, 3746, 3747, 3747, None))
    # H4 has no income of 2020, so that its newest is that of 2019: 3,747 over 2019's 3,747.  H5 has none of 2019.
    check("income_moves", data, """
        before_ratio   ratio    households
        0.5–1          0.5–1    1
        1–1.25         0.5–1    1
        1–1.25         1–1.25   2
    """)  # fmt: skip


def test_income_by_town(county: CountyData) -> None:
    # Below 4,000: H2.  From 4,000 to below 6,000: H1 5,000, H3 4,200, H4 4,800.
    check("income_by_town", county, """
        town      households   known   income_sum   heads   mean_income   below_line   near_line
        甲镇|Jia   5            5       51000        8       6375          1            3
    """)  # fmt: skip


def test_income_by_town_poorest_first(county_of: CountyOf) -> None:
    tables = earning(4000, 6000, 3999, 5999, None)
    household = tables["household"].assign(
        village_code=["371425101001", "371425101001", *["371425102001"] * 3], household_size=[1, 3, 1, 1, 7]
    )
    income = tables["income"].assign(wage_income=[4000, 18000, 3999, 5999])
    # Jia: 4,000 alone (near, not below), three at 6,000 (not near).  Yi: 3,999 (below), 5,999 (near), seven not known.
    check("income_by_town", county_of(village=TWO_TOWNS, household=household, income=income), """
        town      households   known   income_sum   heads   mean_income   below_line   near_line
        乙镇|Yi    3            2       9998         2       4999          1            1
        甲镇|Jia   2            2       22000        4       5500          0            1
    """)  # fmt: skip


def test_steadily_above_needs_both_years_at_the_line(county_of: CountyOf) -> None:
    tables = earning(4000, 4000, 3999, 4000, 4000, before=(3747, 3746, 3747, None, 3747))
    tables["household"]["exit_year"] = pd.array([2018, 2018, 2018, 2018, None], dtype="Int64")
    # Each year against its own line: H1 yes; H2 and H3 one yuan short in one year; of H4 one year is not known;
    # H5 was never lifted.
    assert fraction("steadily_above", county_of(**tables)) == (1, 3)


def test_growth_and_transfers_of_known_incomes(county_of: CountyOf) -> None:
    data = county_of(
        household=homes(3),
        income="""
            household_id   period_end   months   wage_income   business_gross   business_cost   transfer_income
            H1             2020-12      12       1000          0                0               500
            H2             2020-12      12       0             100              900             300
            H1             2019-12      12       1000          0                0               0
            H3             2020-12      12       9000          0                0               -
        """,
    )
    # H1 1,500 after 1,000; H2 was not asked before; H3 left its transfers blank, so its income is not known.  A loss (H2: 100 - 900 + 300) is no income.
    assert fraction("income_growth", data) == (500, 1000)
    assert fraction("transfer_share", data) == (800, 1500)
    assert fraction("mean_income", data) == (1000, 2)


def test_without_incomes_there_is_nothing(county_of: CountyOf) -> None:
    data = county_of(household=homes(2))
    assert computed("poverty_measures", data).empty
    assert computed("income_components", data).empty
    assert computed("income_moves", data).empty
    assert computed("income_distribution", data)["households"].isna().all()
    for name in ("mean_income", "median_income", "income_growth", "below_line", "near_line", "income_gini"):
        assert INDICATOR[name].compute(data).ratio is None, name


@pytest.mark.parametrize(("incomes", "gini"), [((1000, 3000), 1 / 4), ((0, 1000), 1 / 2), ((-500, 1000), 1 / 2)])
def test_gini_of_two(county_of: CountyOf, incomes: tuple[float, float], gini: float) -> None:
    # Mean absolute difference of all pairs over twice the mean: 2 x 2,000 / 4 / (2 x 2,000); a loss counts as nothing.
    assert INDICATOR["income_gini"].compute(county_of(**earning(*incomes))).ratio == pytest.approx(gini)


def test_transfers_are_told_as_a_part_of_the_income_of_the_last_period() -> None:
    """400 of 600 + 0 + 400; what nobody asked for (property) is no part of it."""
    rows = """
        period   wage_income  business_net  property_income  transfer_income
        2019-12  100          100           -                900
        2020-12  600          0             -                400
        """
    assert told("income_components", rows) == Finding(words={"year": "2020", "share": Number(0.4)})
    assert (
        told("income_components", rows.replace("600          0             -                400", "0  0  -  0")) is None
    )
    assert (
        told("income_components", rows.replace("600          0             -                400", "-  -  -  -")) is None
    )
    assert told("income_components", rows.replace("transfer_income", "other")) is None
    one = rows.replace("600          0             -                400", "0  0  -  1")
    assert told("income_components", one) == Finding(words={"year": "2020", "share": Number(1.0)}), "one yuan is income"
