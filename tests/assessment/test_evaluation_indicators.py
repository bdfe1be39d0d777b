"""The rates an outside evaluation asks for, by hand, exactly at the lines; those of the hand-made county: test_indicators."""

from __future__ import annotations

import pytest
from tests.built_county_fixtures import CountyOf, records

from relapse_risk.assessment import INDICATORS, CountyData

BY_NAME = {item.name: item for item in INDICATORS}
HOMES = """
    household_id  village_code  household_size  household_class  register_year  exit_year  dwelling_grade  monitor_type
    B1            371425101001  1               ordinary         -              -          A               none
    B2            371425101001  2               ordinary         -              -          A               none
    B3            371425101001  6               edge             -              -          -               none
    B4            371425101001  9               dibao            -              -          D               none
    B5            371425101001  5               lifted_policy    2014           -          A               none
    B6            371425101001  3               lifted_policy    2014           2018       A               none
    B7            371425101001  4               lifted_policy    2014           2018       C               none
    B8            371425101001  1               lifted_policy    2014           2019       -               none
    B9            371425101001  7               edge             -              -          D               none
    """
INCOME = """
    household_id  period_end  months  wage_income
    B1            2020-12     12      4000
    B2            2020-12     12      7999.98
    B4            2020-12     12      0
    B5            2020-12     12      0
    B6            2020-12     12      11999.97
    B7            2020-12     12      90000
    B8            2020-12     12      4000
    B9            2020-12     12      90000
    """
# The poverty line is 4,000.  B1 and B8 have exactly that, B2 and B6 a fen less a head; of B3 nothing is known.  Never
# registered: B1 B2 B3 B9, 16 persons (B4 is neither ordinary nor on the edge); B9 lives in a dangerous house.  Lifted:
# B6 B7 B8, eight persons; B7 lives in a dangerous house.  B5 is registered and not lifted.


@pytest.fixture
def rated(county_of: CountyOf) -> CountyData:
    return county_of(household=records(HOMES), income=records(INCOME))


@pytest.mark.parametrize(
    ("name", "persons", "of"),
    [
        ("missed_rate", 2 + 7, 16),  # B2 by income, B9 by its house
        ("wrong_exit_rate", 3 + 4, 8),  # B6 by income, B7 by its house
        ("relapse_rate", 3 + 4, 8),  # B6 by income, B7
        ("combined_poverty_rate", 5 + 9 + 7, 1000),  # B5, the missed, the wrong exits, of the rural population
    ],
)
def test_rates_of_persons(rated: CountyData, name: str, persons: float, of: float) -> None:
    found = BY_NAME[name].compute(rated)
    assert (found.numerator, found.denominator) == (persons, of)


def test_eliminations_that_should_not_have_been(county_of: CountyOf) -> None:
    gone = records("""
        household_id  eliminated_on  net_income_per_head  education_ok  medical_ok  house_safe  water_safe
        W1            2020-06-01     5000                 yes           yes         yes         yes
        W1            2020-01-01     4000                 no            no          no          no
        W2            2020-06-01     4999.99              yes           yes         yes         yes
        W3            2020-12-31     -                    yes           -           yes         yes
        W4            2020-06-01     9000                 yes           no          yes         yes
        W5            2020-06-01     9000                 yes           yes         yes         yes
        W6            2021-01-01     1                    no            no          no          no
        """)
    homes = records("""
        household_id  village_code
        W1            371425101001
        W2            371425101001
        W3            371425101001
        W4            371425101001
        W5            371425101001
        W6            371425101001
        """)
    unable = records("""
        person_id  household_id  birth_date  labour_capacity  student_stage
        P1         W1            1980-01-01  ordinary         none
        P5         W5            1980-01-01  lost             none
        """)
    # The last elimination of each counts, up to today: W1 at exactly 5,000 is right, W2 a fen below is not; of W3 nothing
    # is known to be wrong; W4 lacks insurance; of W5 nobody can work; W6 goes tomorrow.
    found = BY_NAME["wrong_elimination"].compute(county_of(elimination=gone, household=homes, person=unable))
    assert (found.numerator, found.denominator) == (3, 5)


def test_nobody_to_be_rated(county_of: CountyOf) -> None:
    data = county_of(household=records(HOMES).iloc[[3]])
    for name in ("missed_rate", "wrong_exit_rate", "relapse_rate"):
        assert BY_NAME[name].compute(data).ratio is None, name
