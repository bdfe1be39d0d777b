"""Who the people are, by hand: the county of ``county_fixtures``, and rows at each boundary."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.built_county_fixtures import BY_NAME, CountyOf, check, computed
from tests.fact_rows import fraction, homes, persons

from relapse_risk.assessment import CountyData
from relapse_risk.assessment.facts import _computed, _published
from relapse_risk.assessment.rollup import city_rows
from relapse_risk.assessment.sections.baseline import held
from relapse_risk.parameters import read_place


def test_population_by_class(county: CountyData) -> None:
    # lifted_policy: H1 (2 persons); lifted_unstable: H3 (3) and H5 (1); edge: H4; tekun_scattered: H2.
    check("population_by_class", county, """
        household_class   households   persons
        lifted_policy     1            2
        lifted_unstable   2            4
        edge              1            1
        tekun_scattered   1            1
    """)  # fmt: skip


def test_relief(county: CountyData) -> None:
    # none: H1 (2) and H5 (1); dibao: H3 (3); tekun: H2; monitored: H4.  In the order of the code list.
    check("relief", county, """
        relief_status   households   persons
        none            2            3
        dibao           1            3
        tekun           1            1
        monitored       1            1
    """)  # fmt: skip


def test_class_and_relief_not_collected(county_of: CountyOf) -> None:
    data = county_of(household="""
        household_id   village_code   household_size   household_class   relief_status
        H1             371425101001   2                edge              -
        H2             371425101001   -                edge              dibao
        H3             371425101001   4                -                 dibao
    """)  # fmt: skip
    # The size of H2 is not known and adds nobody; a household without a class, or a status, is in no row.
    check("population_by_class", data, """
        household_class   households   persons
        edge              2            2
    """)  # fmt: skip
    check("relief", data, """
        relief_status   households   persons
        dibao           2            4
    """)  # fmt: skip


def test_causes(county: CountyData) -> None:
    # Main: illness H1 H3 H4, disability H2, no_skill H5: five known.  H1 names disability as well.
    # Most frequent first; disability comes before no_skill in the code list.
    check("causes", county, """
        cause        main   any   known   main_share
        illness      3      3     5       3/5
        disability   1      2     5       1/5
        no_skill     1      1     5       1/5
    """)  # fmt: skip


def test_causes_other_comes_last_and_a_main_cause_may_be_unknown(county_of: CountyOf) -> None:
    data = county_of(household="""
        household_id   village_code   cause_main   cause_other_1   cause_other_2
        H1             371425101001   other        -               illness
        H2             371425101001   other        schooling       -
        H3             371425101001   disaster     -               -
        H4             371425101001   -            schooling       -
    """)  # fmt: skip
    # H4 names no main cause: three known.  Main 0 for illness and schooling, in the order of the code list.
    check("causes", data, """
        cause       main   any   known   main_share
        disaster    1      1     3       1/3
        illness     0      1     3       0
        schooling   0      2     3       0
        other       2      2     3       2/3
    """)  # fmt: skip


def test_a_cause_named_twice_is_one_household(county_of: CountyOf) -> None:
    data = county_of(household=homes(1, cause_main="illness", cause_other_1="illness"))
    assert computed("causes", data)["any"].tolist() == [1]


def test_age_sex(county: CountyData) -> None:
    # Men: P1 70, P3 75, P4 45, P7 60 on the very day, P8 30.  Women: P2 40, P5 42, P6 10.
    check("age_sex", county, """
        age_band   male   female
        0–9        0      0
        10–19      0      1
        20–29      0      0
        30–39      1      0
        40–49      1      2
        50–59      0      0
        60–69      1      0
        70–79      2      0
        80+        0      0
    """)  # fmt: skip


def test_age_bands_start_on_the_birthday(county_of: CountyOf) -> None:
    # On 2020-12-31: 0 (born that day), 9, 10 (birthday that day), 79, 80, 101; one without a birth date, one without sex.
    births = "2020-12-31 2011-01-01 2010-12-31 1941-01-01 1940-12-31 1919-01-01 NaT 1990-01-01"
    people = persons(births, sex=["male"] * 7 + [None])
    check("age_sex", county_of(person=people), """
        age_band   male   female
        0–9        2      0
        10–19      1      0
        20–29      0      0
        30–39      0      0
        40–49      0      0
        50–59      0      0
        60–69      0      0
        70–79      1      0
        80+        2      0
    """)  # fmt: skip


def test_the_dead_are_no_longer_counted(county_of: CountyOf) -> None:
    # Died on the data date: gone; the day after it: alive.
    people = persons("1990-01-01 1990-01-01", sex="female", deceased_on=["2020-12-31", "2021-01-01"])
    assert computed("age_sex", county_of(person=people))["female"].sum() == 1


def test_town_profile(county: CountyData) -> None:
    # One town, both villages key villages, five households, 2 + 1 + 3 + 1 + 1 persons.
    check("town_profile", county, """
        town      villages   key_villages   households   persons
        甲镇|Jia   2          2              5            8
    """)  # fmt: skip


def test_town_profile_of_several_towns(county_of: CountyOf) -> None:
    data = county_of(
        village="""
            village_code   town_code   county_code   town_name_zh   town_name_en   is_key_village
            371425101001   371425101   371425        甲镇            Jia            -
            371425102001   371425102   371425        乙镇            Yi             yes
            371425102002   371425102   371425        乙镇            Yi             no
            371425104001   371425104   371425        -              -              yes
        """,
        household="""
            household_id   village_code   household_size
            H1             371425101001   2
            H2             371425102001   3
            H3             371425102002   -
            H4             371425103001   4
            H5             371425103001   1
            H6             371425103001   1
        """,
    )
    # Most households first.  The village of town 103 is not in the village table; nobody lives in 104, which has no name; whether the
    # village of Jia is a key village is not known; the size of H3 adds nobody.
    check("town_profile", data, """
        town                  villages   key_villages   households   persons
        371425103             0          0              3            6
        乙镇|Yi                2          1              2            3
        甲镇|Jia               1          0              1            2
        371425104|371425104   1          1              0            0
    """)  # fmt: skip


def test_segments(county: CountyData) -> None:
    # elderly_only, no_labour: H2 (75) and H4 (60): 3,600 + 4,800.  severe_disability, without_care: H2.
    # children, pupils, zero_employment: H3, 12,600 for three.  sole_person: H2 H4 H5, 3,600 + 4,800 + 20,000.
    # Below 5,000 a head: H2 3,600, H3 4,200, H4 4,800.  A guarantee unmet: H2 H3 H4 H5.
    check("segments", county, """
        segment             households   persons   net_income   heads   mean_income   below_monitor   unmet
        elderly_only        2            2         8400         2       4200          2               2
        severe_disability   1            1         3600         1       3600          1               1
        children            1            3         12600        3       4200          1               1
        pupils              1            3         12600        3       4200          1               1
        no_labour           2            2         8400         2       4200          2               2
        zero_employment     1            3         12600        3       4200          1               1
        without_care        1            1         3600         1       3600          1               1
        sole_person         3            3         28400        3       28400/3       2               3
    """)  # fmt: skip


def test_segments_at_their_ages(county_of: CountyOf) -> None:
    """Ages 15 and 16, 17 and 18, 59 and 60 on 2020-12-31, each in a household of its own or with an adult."""
    person = """
        person_id   household_id   birth_date   marital_status   labour_capacity   student_stage   employment_status
        P1          H1             1960-12-31   widowed          ordinary          none            farming
        P2          H2             1961-01-01   widowed          ordinary          none            none
        P3          H3             1980-01-01   divorced         ordinary          none            local
        P4          H3             2005-01-01   never_married    none              none            -
        P5          H4             1980-01-01   divorced         ordinary          none            local
        P6          H4             2004-12-31   never_married    none              none            -
        P7          H5             1980-01-01   married          ordinary          none            local
        P8          H5             2005-01-01   never_married    none              junior          -
        P9          H6             2002-12-31   never_married    ordinary          none            -
        PA          H6             2005-01-01   never_married    none              none            -
        PB          H7             2003-01-01   never_married    ordinary          none            local
        PC          H7             2005-01-01   never_married    none              none            -
    """
    household = homes(7).assign(household_size=[1, 1, 2, 2, 2, 2, 2])
    income = """
        household_id   period_end   months   wage_income
        H1             2020-12      12       5000
        H2             2020-12      12       4999
        H3             2020-12      12       9998
        H4             2020-12      12       20000
        H5             2020-12      12       20000
        H6             2020-12      12       20000
    """
    data = county_of(household=household, person=person, income=income)
    # elderly_only: P1 is 60, P2 59.  children: P4 P8 PA PC are 15; P6 is 16.  single_parent: one of 18 or more, not
    # married, with a child: H3 and H6 (P9 is 18 that day); not H5 (married) nor H7 (PB is 17).
    # zero_employment: H2 alone; of H6 nobody knows, P9 gave no answer.  The income of H7 is not known.
    # Below 5,000: H2 4,999 and H3 4,999; H1 is exactly on the line.  No guarantee was looked at.
    check("segments", data, """
        segment           households   persons   net_income   heads   mean_income   below_monitor   unmet
        elderly_only      1            1         5000         1       5000          0               0
        children          4            8         49998        6       8333          1               0
        pupils            1            2         20000        2       10000         0               0
        single_parent     2            4         29998        4       7499.5        1               0
        no_labour         1            1         5000         1       5000          0               0
        zero_employment   1            1         4999         1       4999          1               0
        sole_person       2            2         9999         2       4999.5        1               0
    """)  # fmt: skip


def test_a_group_nobody_was_asked_about_has_no_row(county_of: CountyOf) -> None:
    found = computed("segments", county_of(person=persons("1990-01-01")))
    assert found["segment"].tolist() == ["sole_person"]


def test_employment(county: CountyData) -> None:
    # Able to work: P2 local, P4 and P5 none, P8 away; P7 turned 60 that day, P1 and P3 cannot.
    check("employment", county, """
        employment_status   persons
        none                2
        away                1
        local               1
    """)  # fmt: skip


def test_employment_counts_who_can_work(county_of: CountyOf) -> None:
    # 15, 16, 59, 60 on the day; at school; capacity lost; capacity unknown; no answer about work.
    births = "2005-01-01 2004-12-31 1961-01-01 1960-12-31" + " 1990-01-01" * 4
    people = persons(
        births,
        labour_capacity=["ordinary", "weak", "skilled", "ordinary", "ordinary", "lost", None, "ordinary"],
        student_stage=["none"] * 4 + ["bachelor"] + ["none"] * 3,
        employment_status=["farming", "farming", "public_post", "farming", "none", "none", "none", None],
    )
    data = county_of(person=people)
    check("employment", data, """
        employment_status   persons
        public_post         1
        farming             1
    """)  # fmt: skip


def test_work_places(county: CountyData) -> None:
    # P2 in the county, P8 in the province; P7 farms.
    check("work_places", county, """
        work_place   persons
        county       1
        province     1
    """)  # fmt: skip


def test_work_places_without_an_answer_come_last(county_of: CountyOf) -> None:
    people = persons(
        "1990-01-01 " * 6,
        employment_status=["local", "away", "away", "public_post", "local", "away"],
        work_place=["none", "other_province", "town", "town", "none", None],
    )
    # The public post is neither away nor local; a place that was not collected is in no row.
    check("work_places", county_of(person=people), """
        work_place       persons
        town             1
        other_province   1
        none             2
    """)  # fmt: skip


def test_health(county: CountyData) -> None:
    # P1 chronic; P3 disabled and not insured; the other six healthy.
    check("health", county, """
        health_status   persons   insured   insured_share
        healthy         6         6         1
        chronic         1         1         1
        disabled        1         0         0
    """)  # fmt: skip


def test_insurance_not_collected_is_not_uninsured(county_of: CountyOf) -> None:
    people = persons("1990-01-01 " * 3, health_status="serious", medical_insurance=[True, False, None])
    # One insured of the two who have an answer.
    assert computed("health", county_of(person=people))["insured_share"].tolist() == [1 / 2]


def test_disability(county: CountyData) -> None:
    # P3, a limb, level 1.
    check("disability", county, """
        disability_type   persons   severe
        limb              1         1
    """)  # fmt: skip


def test_severe_is_level_one_or_two(county_of: CountyOf) -> None:
    people = persons(
        "1990-01-01 " * 7,
        disability_type=["mental", "mental", "mental", "visual", "visual", "none", None],
        disability_level=["level_1", "level_2", "level_3", "level_4", None, "none", "level_1"],
    )
    # A level that was not collected is not counted as severe; a type that was not collected is in no row.
    check("disability", county_of(person=people), """
        disability_type   persons   severe
        visual            2         0
        mental            3         2
    """)  # fmt: skip


def test_data_sources(county_of: CountyOf) -> None:
    # In the dictionary a county has 10 columns, a village 17, a household 56, an alert 10, an activity 9.  Known are two
    # of the county; eight of both villages; identifier, month and village of both households and the size of one; four of
    # each alert, eleven rows of which are shown as twenty; four and three of this county's activities.
    alerts = pd.DataFrame(
        {"alert_id": [f"A{k}" for k in range(11)], "alert_rule": "E01", "household_id": "H1", "raised_on": "2020-12-01"}
    )
    data = county_of(
        county="""
            county_code   county_name_zh
            371425        齐河县
        """,
        household=homes(2, household_size=[3, None]),
        alert=alerts,
        activity="""
            activity_id   county_code   activity_kind   held_on
            A1            371425        meeting         2020-03-05
            A2            371425        meeting         -
            A3            371481        meeting         2020-03-05
        """,
    )
    found = computed("data_sources", data)
    assert found.loc[found["rows"] > 0, ["table", "rows", "cells", "empty", "missing"]].to_numpy().tolist() == [
        ["county", 1, 10, 8, 8 / 10],
        ["village", 2, 34, 18, 18 / 34],
        ["household", 2, 112, 105, 105 / 112],
        ["alert", 20, 200, 120, 120 / 200],
        ["activity", 2, 18, 11, 11 / 18],
    ]
    # A whole of two such counties has 22 alerts: shown as thirty, and not as twice twenty.
    spec = BY_NAME["data_sources"]
    whole = _published(spec, city_rows(spec, dict.fromkeys("ab", _computed(spec, data)), {})).set_index("table")
    assert whole.loc[["alert", "household"], ["rows", "empty"]].to_numpy().tolist() == [[30, 180], [4, 210]]
    assert found.loc[found["rows"] == 0, "missing"].isna().all()
    assert not set(found["table"]) & {"identity", "assistance_item"}  # names; and what no county holds


@pytest.mark.parametrize(
    ("rows", "empty", "shown"),
    [
        (10, 0, (10, 100, 0.0)),  # nothing missing is said
        (10, 100, (10, 100, 100.0)),  # all missing is said
        (11, 11, (20, 200, 20.0)),  # 11 of 110 cells: 10 %, of twenty rows
        (100, 4, (100, 1000, 10.0)),  # 0.4 % is shown as 1 %, not as nothing
        (100, 996, (100, 1000, 990.0)),  # 99.6 % as 99 %, not as all
    ],
)
def test_rows_about_people_are_shown_in_tens_and_percents(rows: int, empty: int, shown: tuple[int, int, float]) -> None:
    assert held(rows, rows * 10, empty) == pytest.approx(shown)


def test_a_survey_lists_only_what_it_holds(county_of: CountyOf) -> None:
    found = computed("data_sources", county_of(place=read_place("argentina_eph"), household=homes(2)))
    assert found["table"].tolist() == ["village", "household"]


def test_indicators_leave_out_who_is_not_known(county_of: CountyOf) -> None:
    data = county_of(
        household=homes(3, household_size=[1, 1, None]),
        person="""
            person_id   household_id   birth_date   labour_capacity   student_stage
            P1          H1             1960-12-31   ordinary          none
            P2          H2             1961-01-01   -                 none
            P3          H3             -            ordinary          none
        """,
    )
    # P1 is 60, P2 59, the age of P3 is not known.
    assert fraction("elderly_share", data) == (1, 2)
    # H1: 60, so nobody can work.  H2 and H3: not known.
    assert fraction("no_labour_households", data) == (1, 1)
    assert fraction("mean_household_size", data) == (2, 2)
    assert fraction("persons", data) == (2, 3)
