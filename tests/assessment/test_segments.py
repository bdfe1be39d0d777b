"""The groups a county must look after, by hand: where they live, what they lack, how they moved in a year."""

from __future__ import annotations

from tests.built_county_fixtures import CountyOf, check, computed
from tests.fact_rows import TWO_TOWNS, homes, persons

from relapse_risk.assessment import CountyData


def test_segment_towns(county: CountyData) -> None:
    # Elderly only and without labour H2 and H4; severe disability and without care H2; child and zero employment H3.
    check("segment_towns", county, """
        town      households   elderly_only   serious_illness   severe_disability   children   single_parent   no_labour   zero_employment   without_care
        甲镇|Jia   5            2              0                 1                   1          0               2           1                 1
    """)  # fmt: skip


def test_segment_towns_largest_first_and_who_is_not_known_is_in_no_group(county_of: CountyOf) -> None:
    household = homes(3).assign(village_code=["371425101001", "371425102001", "371425102001"])
    people = persons("1990-01-01 1990-01-01", household=["H1", "H2"], health_status=["serious", None])
    # H1 alone is known to have a serious illness; of H2 it is not known, of H3 nobody is listed.
    check("segment_towns", county_of(village=TWO_TOWNS, household=household, person=people), """
        town      households   elderly_only   serious_illness   severe_disability   children   single_parent   no_labour   zero_employment   without_care
        乙镇|Yi    2            0              0                 0                   0          0               0           0                 0
        甲镇|Jia   1            0              1                 0                   0          0               0           0                 0
    """)  # fmt: skip


def test_segment_lacks(county: CountyData) -> None:
    # Lacking: clothes H4; school H3; insurance and a safe house H2; water H5; aid within a year H1 (the last in
    # January 2019), H4 and H5; an officer H5.
    check("segment_lacks", county, """
        segment             households   no_food_clothes   no_schooling   not_insured   unsafe_house   unsafe_water   no_aid   no_officer
        elderly_only        2            1                 0              1             1              0              1        0
        severe_disability   1            0                 0              1             1              0              0        0
        children            1            0                 1              0             0              0              0        0
        pupils              1            0                 1              0             0              0              0        0
        no_labour           2            1                 0              1             1              0              1        0
        zero_employment     1            0                 1              0             0              0              0        0
        without_care        1            0                 0              1             1              0              0        0
        sole_person         3            1                 0              1             1              1              2        1
    """)  # fmt: skip


def test_what_was_not_asked_is_not_lacking(county_of: CountyOf) -> None:
    # Nothing but the size is known: no guarantee, no register of aid.  That nobody is named is known.
    check("segment_lacks", county_of(household=homes(2)), """
        segment       households   no_food_clothes   no_schooling   not_insured   unsafe_house   unsafe_water   no_aid   no_officer
        sole_person   2            0                 0              0             0              0              0        2
    """)  # fmt: skip


def test_aid_lasts_twelve_months(county_of: CountyOf) -> None:
    aid = """
        record_id   household_id   item_code   delivered_on   decision   cash_amount
        R1          H1             MZ01        2019-12-31     approved   100
        R2          H2             MZ01        2020-01-01     approved   100
        R3          H3             MZ01        2020-12-31     refused    100
        R4          H4             MZ01        2021-01-01     approved   100
    """
    # A year before 2020-12-31 is out, the day after it in; H3 was refused, H4 got it after the data date.
    found = computed("segment_lacks", county_of(household=homes(4), assistance_record=aid))
    assert found[["households", "no_aid"]].to_numpy().tolist() == [[4, 3]]


def test_segment_moves(county: CountyData) -> None:
    # The same households a year before, when P7 (H4) was 59: H4 joined the elderly and those without labour.
    # Income of who stayed: H2 3,600 after 7,200; H3 12,600 after 12,000; H2 H4 H5 28,400 after 22,000.
    check("segment_moves", county, """
        segment             before   stayed   left_group   left_register   joined   households   income_gain   income_now   income_before   income_growth
        elderly_only        1        1        0            0               1        2            -3600         3600         7200            -1/2
        severe_disability   1        1        0            0               0        1            -3600         3600         7200            -1/2
        children            1        1        0            0               0        1            600           12600        12000           1/20
        pupils              1        1        0            0               0        1            600           12600        12000           1/20
        no_labour           1        1        0            0               1        2            -3600         3600         7200            -1/2
        zero_employment     1        1        0            0               0        1            600           12600        12000           1/20
        without_care        1        1        0            0               0        1            -3600         3600         7200            -1/2
        sole_person         3        3        0            0               0        3            6400          28400        22000           6400/22000
    """)  # fmt: skip


def test_who_leaves_the_group_and_who_the_register(county_of: CountyOf) -> None:
    income = """
        household_id   period_end   months   wage_income
        H1             2019-12      12       1000
        H1             2020-12      12       1500
        H2             2019-12      12       9000
        H2             2020-12      12       9000
        H4             2019-12      12       9000
        H5             2020-12      12       9000
    """
    before = {"household": homes(4, household_size=[1, 1, 1, 1])}
    now = homes(4).assign(household_id=["H1", "H2", "H4", "H5"], household_size=[1, 2, 1, 1])
    # Alone a year ago H1 H2 H3 H4, now H1 H4 H5: H2 is two by now, H3 has left the register, H5 is new.
    # Of those who stayed H1 has 1,500 after 1,000; H4 was not asked again, so that its newest is still the 9,000 of 2019.
    check("segment_moves", county_of(before=before, household=now, income=income), """
        segment       before   stayed   left_group   left_register   joined   households   income_gain   income_now   income_before   income_growth
        sole_person   4        2        1            1               1        3            500           10500        10000           1/20
    """)  # fmt: skip


def test_without_a_year_before_nobody_moved(county_of: CountyOf) -> None:
    assert computed("segment_moves", county_of(household=homes(2))).empty
