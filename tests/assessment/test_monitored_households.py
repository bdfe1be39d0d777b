"""Who is monitored, how fast, at what risk, and who slipped through: by hand, at the edge of every window and line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.built_county_fixtures import BY_NAME as TABLE_BY_NAME
from tests.built_county_fixtures import CountyOf, check, computed, records

from relapse_risk.assessment import INDICATORS, CountyData
from relapse_risk.assessment.facts import _computed, _published
from relapse_risk.assessment.rollup import city_rows
from relapse_risk.assessment.sections.monitored_households import _rule_word
from relapse_risk.languages import Label
from relapse_risk.predicates import read_predicates
from relapse_risk.predicates.clauses import Clause
from relapse_risk.scores import Scores

BY_NAME = {item.name: item for item in INDICATORS}
NOBODY = Scores(None, None, None, None, None, None)

NOW = """
    household_id  village_code  household_size  monitor_type     monitor_identified_on  risk_eliminated  risk_eliminated_on  monitor_risk_types
    M1            371425101001  2               lifted_unstable  2019-12-31             no               -                   illness
    M2            371425101001  3               lifted_unstable  2020-01-01             -                -                   unstable_work; disability
    M3            371425101002  1               edge             2020-03-10             yes              2020-06-30          illness
    M4            371425101002  4               edge             2019-05-01             yes              2019-12-31          -
    M5            371425101002  5               edge             2018-01-01             yes              2020-01-01          -
    M6            371425101002  2               none             2020-05-01             -                -                   illness
    M7            371425101002  3               -                -                      -                -                   -
    M8            371425101002  6               edge             2020-12-31             no               -                   illness,disability;illness
    M9            371425101002  7               edge             2017-01-01             no               -                   -
    K1            371481001001  9               edge             2020-12-31             no               -                   illness
    """
# Monitored now: M1, M2 (nobody wrote down an end), M8, M9.  K1 lives in the neighbouring county.


def test_monitored_by_type(county_of: CountyOf) -> None:
    # Lifted, unstable: M1 and M2, five persons; M2 came on New Year's Day, M1 the day before.
    # On the edge: M8 and M9, 13 persons; M3 and M8 came this year, M3 and M5 left it, M4 the day before New Year.
    check("monitored_now", county_of(household=records(NOW)), """
        monitor_type     current  persons  entered  eliminated
        lifted_unstable  2        5        1        0
        edge             2        13       2        2
        sudden_hardship  0        0        0        0
        """)  # fmt: skip


def test_shares_of_the_monitored_in_households_and_persons(county_of: CountyOf) -> None:
    data = county_of(household=records(NOW))
    homes, persons = (BY_NAME[name].compute(data) for name in ("monitored_share", "monitored_persons"))
    assert (homes.numerator, homes.denominator) == (4, 9)
    assert (persons.numerator, persons.denominator) == (18, 33)  # 2 + 3 + 6 + 7 of 33


def test_risks_of_those_monitored_now_most_named_first(county_of: CountyOf) -> None:
    # M1 illness; M2 two, M8 two (one of them twice); M9 none.  Illness and disability tie and stay in the order of the code list.
    check("monitor_causes", county_of(household=records(NOW)), """
        risk           households
        illness        2
        disability     2
        unstable_work  1
        """)  # fmt: skip


def test_nobody_is_monitored(county_of: CountyOf) -> None:
    data = county_of(household=records(NOW).iloc[5:7])
    assert computed("monitor_causes", data).empty
    assert set(computed("monitored_now", data)["current"]) == {0}


@pytest.fixture
def two_years(county_of: CountyOf) -> CountyData:
    """The snapshots of a year ago and of now."""
    before = records("""
        household_id  village_code  monitor_type  risk_eliminated
        F1            371425101001  edge          no
        F2            371425101001  edge          -
        F3            371425101001  edge          no
        F4            371425101001  none          -
        F5            371425101001  edge          yes
        """)
    now = records("""
        household_id  village_code  monitor_type  monitor_identified_on  risk_eliminated
        F1            371425101001  edge          2018-01-01             no
        F2            371425101001  edge          2018-01-01             yes
        F4            371425101001  edge          2020-05-01             no
        F5            371425101001  edge          2018-01-01             yes
        F6            371425101001  edge          2020-01-01             yes
        F7            371425101001  edge          2019-12-31             yes
        F8            371425101001  edge          2018-01-01             no
        F9            371425101001  none          2020-05-01             -
        """)
    return county_of(household=now, before={"household": before})


def test_the_flow_of_a_year_adds_up(two_years: CountyData) -> None:
    # Start: F1 F2 F3.  Entered: F4, F6 (identified and eliminated within the year), F8 (not monitored a year ago,
    # whatever its date says); not F7, whose date is the day of the first snapshot, nor F9, which is not of a type.
    # Eliminated: F2, F6.  F3 left the register.  End: F1 F4 F8 = 3 + 3 - 2 - 1.
    check("monitor_flow", two_years, """
        step           households
        start          3
        entered        3
        eliminated     2
        left_register  1
        end            3
        """)  # fmt: skip


def test_without_a_year_ago_there_is_no_flow(county_of: CountyOf) -> None:
    assert computed("monitor_flow", county_of(household=records(NOW))).empty


TIMED = """
    household_id  village_code  monitor_type  monitor_identified_on
    T1            371425101001  edge          2019-12-31
    T2            371425101001  edge          2020-01-01
    T3            371425101001  edge          2020-01-01
    T4            371425101001  edge          2020-03-10
    T5            371425101001  edge          2020-06-01
    T6            371425101001  edge          2020-06-16
    T7            371425101001  edge          2020-06-17
    U1            371425101001  edge          2020-12-01
    U2            371425101001  edge          2020-12-02
    U3            371425101001  edge          2020-12-20
    U4            371425101001  edge          2020-12-20
    U5            371425101001  edge          2021-01-01
    """
# T1 was identified a year ago to the day, U5 tomorrow: neither belongs to the twelve months.
EVENTS = """
    event_id  household_id  event_date
    E1        T1            2019-12-30
    E2        T2            2019-01-01
    E3        T3            2018-12-31
    E4        T4            2020-02-01
    E5        T4            2020-03-01
    E6        T4            2020-03-11
    E7        T5            2020-06-01
    E8        T6            2020-06-01
    E9        T7            2020-06-01
    """
# Days from the last event to identification: T2 365 (the longest that counts), T3 366 (does not count), T4 9 (the event
# after it is another), T5 0, T6 15 (the days allowed), T7 16.
AID = """
    record_id  household_id  delivered_on
    R1         T1            2020-01-01
    R2         T2            2020-01-31
    R3         T3            2020-02-01
    R4         T4            2020-03-09
    R5         T4            2020-03-10
    R6         T4            2020-05-01
    R7         T5            -
    R8         U3            2020-12-31
    R9         U4            2021-01-01
    """
# Days from identification to the first help: T2 30 (the days allowed), T3 31, T4 0 (the help before it was for something
# else), U3 11.  Not helped: T5 T6 T7, and U1, whose 30 days are over today; U2 and U4 still have a day and more.


@pytest.fixture
def timed(county_of: CountyOf) -> CountyData:
    return county_of(household=records(TIMED), shock_event=records(EVENTS), assistance_record=records(AID))


def test_days_to_identification_and_to_first_help(timed: CountyData) -> None:
    # Identified after 0 9 15 16 365 days: the median is 15, the ninth decile 16 + 0.6 x 349 = 225.4; three within 15.
    # Helped after 0 11 30 31 days: the median 20.5, the ninth decile 30 + 0.7; within 30: three of the eight that are due.
    check("monitor_timing", timed, """
        step      households  median_days  p90_days  limit_days  within  share
        identify  5           15           225.4     15          3       3/5
        help      8           20.5         30.7      30          3       3/8
        """)  # fmt: skip
    quick, failed = (BY_NAME[name].compute(timed) for name in ("timeliness", "failed_help"))
    assert (quick.numerator, quick.denominator) == (3, 5)
    assert (failed.numerator, failed.denominator) == (5, 8)  # T3 a day late; T5 T6 T7 U1 not at all


def test_nobody_was_identified_in_the_year(county_of: CountyOf) -> None:
    first = {"household": TIMED, "shock_event": EVENTS, "assistance_record": AID}  # T1 only
    data = county_of(**{name: records(text).iloc[[0]] for name, text in first.items()})
    check("monitor_timing", data, """
        step      households  median_days  p90_days  limit_days  within  share
        identify  0           -            -         15          0       -
        help      0           -            -         30          0       -
        """)  # fmt: skip
    assert BY_NAME["timeliness"].compute(data).ratio is None
    assert BY_NAME["failed_help"].compute(data).ratio is None


HOMES = """
    household_id  village_code  household_size  monitor_type  exit_year  dwelling_grade  water_quality_ok  water_litres_per_person_day  water_fetch_minutes  water_outage_days  staple_food_enough  protein_food_regular  seasonal_clothes
    A1            371425101002  1               none          2018       A               yes               35                           20                   36                 yes                 yes                   yes
    A2            371425101001  1               none          2018       B               yes               34.9                         20                   36                 yes                 yes                   yes
    A3            371425101001  1               none          2019       C               yes               35                           20.5                 36                 no                  yes                   yes
    A4            371425101001  1               edge          2019       D               no                35                           20                   37                 yes                 no                    yes
    A5            371425101001  1               edge          -          -               -                 -                            -                    -                  -                   -                     no
    A6            371425101001  1               none          -          A               yes               35                           20                   36                 yes                 yes                   -
    A7            371425101001  1               edge          2017       C               yes               35                           20                   36                 yes                 yes                   yes
    """
PEOPLE = """
    person_id  household_id  birth_date  dropped_out  medical_insurance
    P1         A1            2014-12-31  yes          yes
    P2         A2            2015-01-01  yes          yes
    P3         A3            2004-12-31  yes          no
    P4         A4            2005-01-01  yes          -
    P5         A5            1980-01-01  no           yes
    P6         A6            1980-01-01  no           no
    P7         A7            1980-01-01  no           yes
    """
INCOME = """
    household_id  period_end  months  wage_income  medical_self_paid
    A1            2020-12     12      5000         5000
    A2            2020-12     12      4999.99      5000
    A3            2020-12     12      4000         4000.01
    A4            2020-12     12      3999.99      0
    A6            2020-12     12      20000        20000.01
    A7            2020-12     12      20000        -
    """
# Monitoring line 5,000, poverty line 4,000.  A1 is exactly at each limit of income and water (5,000 CNY, all of it spent;
# 35 litres, 20 minutes, 36 days); of A5 neither income nor dwelling nor water is known.  School age is 6 to 15: P1 has
# just turned six, P2 not yet; P3 has just turned 16, P4 not yet.


@pytest.fixture
def homes(county_of: CountyOf) -> CountyData:
    return county_of(household=records(HOMES), person=records(PEOPLE), income=records(INCOME))


def test_who_meets_a_rule_and_is_not_monitored(homes: CountyData) -> None:
    # Monitored: A4 A5 A7.  Below 5,000: A2 A3 A4.  Spending above income: A2 A3 A6.  Grade C or D: A3 A4 A7.
    # Water: A2 (litres), A3 (minutes), A4 (quality, days).  Out of school: A1 A4.  Uninsured: A3 A6.
    check("missed_checks", homes, """
        missed_rule         households  watched  missed  share
        below_monitor_line  3           1        2       2/3
        rigid_above_income  3           0        3       1
        dwelling            3           2        1       1/3
        water               3           1        2       2/3
        dropped_out         2           1        1       1/2
        uninsured           2           0        2       1
        """)  # fmt: skip
    found = BY_NAME["missed_monitoring"].compute(homes)
    assert (found.numerator, found.denominator) == (4, 4)  # A1 A2 A3 A6, each by one rule at least


def test_the_list_of_those_missed_by_village_and_household(homes: CountyData) -> None:
    check("missed_list", homes, """
        household_id  village_code  missed_rule
        A2            371425101001  below_monitor_line
        A2            371425101001  rigid_above_income
        A2            371425101001  water
        A3            371425101001  below_monitor_line
        A3            371425101001  rigid_above_income
        A3            371425101001  dwelling
        A3            371425101001  water
        A3            371425101001  uninsured
        A6            371425101001  rigid_above_income
        A6            371425101001  uninsured
        A1            371425101002  dropped_out
        """)  # fmt: skip


def test_a_rule_of_which_nothing_was_collected_is_left_out(county_of: CountyOf) -> None:
    bare = records(HOMES)[["household_id", "village_code", "monitor_type", "household_size"]]
    found = computed("missed_checks", county_of(household=bare, person=records(PEOPLE), income=records(INCOME)))
    assert not {"below_monitor_line", "dropped_out"} - set(found["missed_rule"])
    rules = county_of(household=bare, income=records(INCOME))
    assert not {"dropped_out", "uninsured"} & set(computed("missed_checks", rules)["missed_rule"])


def test_dwellings_and_water_that_nobody_looked_at_are_left_out(county_of: CountyOf) -> None:
    bare = records(HOMES)[["household_id", "village_code", "monitor_type", "household_size"]]
    found = computed("missed_checks", county_of(household=bare, income=records(INCOME)))
    assert not {"dwelling", "water"} & set(found["missed_rule"])


def test_exits_that_do_not_hold_most_frequent_first(homes: CountyData) -> None:
    # Lifted: A1 A2 A3 A4 A7.  Below 4,000 only A4 (A3 has 4,000).  A3: C, minutes, uninsured, staple food; A4: D,
    # quality, outage, out of school, protein; A7: C; A1: out of school; A2: litres.  Ties stay in the order of the rules.
    check("wrong_exit_checks", homes, """
        wrong_exit_reason  households
        dwelling_c         2
        dropped_out        2
        below_line         1
        dwelling_d         1
        water_quality      1
        water_amount       1
        water_distance     1
        water_outage       1
        uninsured          1
        staple_food        1
        protein_food       1
        """)  # fmt: skip
    check("wrong_exit_list", homes, """
        household_id  village_code  exit_year  wrong_exit_reason
        A2            371425101001  2018       water_amount
        A3            371425101001  2019       dwelling_c
        A3            371425101001  2019       water_distance
        A3            371425101001  2019       uninsured
        A3            371425101001  2019       staple_food
        A4            371425101001  2019       below_line
        A4            371425101001  2019       dwelling_d
        A4            371425101001  2019       water_quality
        A4            371425101001  2019       water_outage
        A4            371425101001  2019       dropped_out
        A4            371425101001  2019       protein_food
        A7            371425101001  2017       dwelling_c
        A1            371425101002  2018       dropped_out
        """)  # fmt: skip


def test_nobody_was_lifted(county_of: CountyOf) -> None:
    kept = records(HOMES).assign(exit_year=None).astype({"exit_year": "Int64"})
    data = county_of(household=kept, person=records(PEOPLE), income=records(INCOME))
    assert computed("wrong_exit_checks", data).empty
    assert computed("wrong_exit_list", data).empty


RISK = """
    household_id  town_code  probability  band
    H1            371425101  0.0019       low
    H2            371425101  0.002        low
    H3            371425101  0.05         medium
    H4            371425102  0.2          high
    H5            371425102  1            high
    H6            371425102  -            -
    H7            371425102  0            low
    """
# H6 was not scored: it is in no band, no class and no mean.


def scored(county: CountyData, risk: str = RISK) -> CountyData:
    frame = records(risk).astype({"probability": float}).assign(county_code="371425", low=0.0, high=1.0)
    return replace(county, scores=replace(NOBODY, risk=frame), _kept={})


def test_households_by_band(county: CountyData) -> None:
    # Expected relapses: 0.2 + 1; 0.05; 0.0019 + 0.002 + 0.
    check("risk_bands", scored(county), """
        band    households  expected  probability
        high    2           1.2       0.6
        medium  1           0.05      0.05
        low     3           0.0039    0.0013
        """)  # fmt: skip


def test_an_empty_band_is_shown_and_no_band_where_nobody_was_scored(county: CountyData) -> None:
    check("risk_bands", scored(county, "\n".join(RISK.splitlines()[:4])), """
        band    households  expected  probability
        high    0           0         -
        medium  0           0         -
        low     2           0.0039    0.00195
        """)  # fmt: skip
    nobody = scored(county)
    nobody.scores.risk.loc[:, ["probability", "band"]] = np.nan  # type: ignore[union-attr]
    assert computed("risk_bands", nobody).empty
    assert computed("risk_by_town", nobody).empty
    assert BY_NAME["expected_relapse"].compute(nobody).ratio is None


def test_households_by_probability_each_class_with_its_lower_edge(county: CountyData) -> None:
    # 0 and 0.0019 below 0.2 %; 0.002, 0.05 and 0.2 are the lower edges of theirs; certain is in the last.
    check("risk_histogram", scored(county), """
        probability  households
        <0.2%        2
        0.2–0.5%     1
        0.5–1%       0
        1–2%         0
        2–5%         0
        5–10%        1
        10–20%       0
        ≥20%         2
        """)  # fmt: skip


def test_expected_relapses_by_town_the_riskiest_first(county: CountyData) -> None:
    # Jia: 0.0019 + 0.002 + 0.05 of three; the other town, whose name nobody knows: 0.2 + 1 + 0 of three.
    check("risk_by_town", scored(county), """
        town       scored  expected  probability  high
        371425102  3       1.2       0.4          2
        甲镇|Jia   3       0.0539    0.0539/3     0
        """.replace("0.0539/3", str(0.0539 / 3)))  # fmt: skip


TERMS = (
    ("income_change", "收入变化", "Income change", "ln ratio", -1.0),
    ("rigid_burden", "刚性支出", "Rigid spending", "ratio", 2.0),
    ("serious", "有大病", "Seriously ill member", "0/1", 1.0),
    ("few_yes", "少数", "A few", "0/1", 1.0),
    ("few_no", "除少数", "All but a few", "0/1", 1.0),
    ("helps", "有利", "Helps", "ratio", 1.0),
)


def reasons_of(county: CountyData, points: dict[str, list[float]]) -> CountyData:
    """Ten households in the high band and one in the low, with their points by reason."""
    homes = [f"H{k}" for k in range(10)]
    risk = pd.DataFrame({"household_id": [*homes, "L1"], "band": ["high"] * 10 + ["low"]})
    rows = [
        {"household_id": home, "reason": name, "family": "income", "points": value}
        for name, values in points.items()
        for home, value in zip([*homes, "L1"], [*values, 99.0], strict=True)
    ]
    terms = [dict(zip(("name", "zh", "en", "unit", "coefficient"), term, strict=True)) for term in TERMS]
    card = {"fitted": True, "terms": terms}
    return replace(
        county, scores=replace(NOBODY, risk=risk, risk_reasons=pd.DataFrame(rows), model_card=card), _kept={}
    )


def test_what_raises_the_score_of_the_high_band(county: CountyData) -> None:
    data = reasons_of(
        county,
        {
            "income_change": [2.0, 1.0] * 5,  # 15 points: less of it raises the score
            "rigid_burden": [4.0] * 9 + [-6.0],  # 30
            "serious": [2.0] * 5 + [0.0] * 5,  # 10: five say yes and five say no, few neither way
            "few_yes": [9.0] * 4 + [0.0] * 6,  # four say yes
            "few_no": [9.0] * 6 + [0.0] * 4,  # four say no
            "helps": [-1.0] * 10,  # does not raise it
        },
    )
    # Points are means over the ten; those of the low band do not count.
    check("risk_reasons", data, """
        reason                                         family  points_sum  high  points
        刚性支出高于平均|Above average: rigid spending  income  30          10    3
        收入变化低于平均|Below average: income change   income  15          10    1.5
        有大病|Seriously ill member                    income  10          10    1
        """)  # fmt: skip


def test_without_a_model_card_a_reason_is_called_as_the_model_calls_it(county: CountyData) -> None:
    data = reasons_of(county, {"income_change": [2.0] * 10})
    bare = replace(data, scores=replace(data.scores, model_card=None), _kept={})
    assert computed("risk_reasons", bare)["reason"].tolist() == ["income_change"]


def test_only_the_ten_strongest_reasons_are_shown(county: CountyData) -> None:
    data = reasons_of(county, {f"x{k:02d}": [float(k)] * 10 for k in range(1, 13)})
    found = computed("risk_reasons", data)
    assert found["reason"].tolist() == [f"x{k:02d}" for k in range(12, 2, -1)]
    assert found["points"].tolist() == list(range(12, 2, -1))


def test_the_reasons_of_the_city_are_of_all_its_counties(county: CountyData) -> None:
    # x01 is the eleventh of the first county and the first of the second: (1 + 13) / 2 points over both.
    spec = TABLE_BY_NAME["risk_reasons"]
    one = _computed(spec, reasons_of(county, {f"x{k:02d}": [float(k)] * 10 for k in range(1, 12)}))
    two = _computed(spec, reasons_of(county, {"x01": [13.0] * 10, "x11": [-13.0] * 10}))
    found = _published(spec, city_rows(spec, {"a": one, "b": two}, {})).set_index("reason")["points"]
    assert found["x01"] == 7
    assert "x11" not in found, "it raises the score of neither: 11 in one county, 13 less in the other"
    assert len(found) == 10


def test_high_risk_not_monitored(county: CountyData) -> None:
    # H3 and H4 are monitored, H5 no longer, H9 is not in the register of the month.
    risk = pd.DataFrame({"household_id": ["H3", "H4", "H5", "H9", "H1"], "band": ["high"] * 4 + ["medium"]})
    found = BY_NAME["high_risk_unmonitored"].compute(replace(county, scores=replace(NOBODY, risk=risk), _kept={}))
    assert (found.numerator, found.denominator) == (2, 4)


def test_a_rule_that_reports_have_no_word_for_is_called_as_its_predicate_is() -> None:
    """What takes a household in: what fails, where the rule asks that the predicate does not hold."""
    known = read_predicates()
    fails, holds_ = Clause.model_validate({"not": {"predicate": "x"}}), Clause.model_validate({"predicate": "x"})
    own = replace(known["house_safe"], name="mine", fails=Label(zh="不安全", en="unsafe"))
    assert _rule_word(own, fails) == "不安全|unsafe"
    assert _rule_word(own, holds_) == own.label.cell
    assert _rule_word(replace(own, fails=None), fails) == own.label.cell
    assert _rule_word(known["house_safe"], fails) == "dwelling"
