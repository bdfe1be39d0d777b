"""Paired help inside the province, by hand."""

from __future__ import annotations

from tests.built_county_fixtures import CountyOf, check, records

from relapse_risk.assessment import INDICATORS

BY_NAME = {item.name: item for item in INDICATORS}


def test_paired_help_is_what_is_recorded_of_it(county_of: CountyOf) -> None:
    said = records("""
        fact_id  county_code  metric                value  unit        confidence
        1        371425       paired help funds     1200   10,000 CNY  documented
        2        371425       paired help: Partner  -      -           assumed
        3        371425       help, paired          5      CNY         assumed
        5        371425       paired villages       9      villages    documented
        4        371481       paired help projects  7      projects    documented
        """)
    check("paired_help", county_of(place_fact=said), """
        metric                 value  unit        confidence
        paired_help_funds      1200   10,000 CNY  documented
        paired_help:_partner   -      -           assumed
        """)  # fmt: skip


def test_of_those_at_work_who_works_in_the_province(county_of: CountyOf) -> None:
    people = records("""
        person_id  household_id  employment_status  work_place      deceased_on
        P1         H1            away               province    -
        P2         H1            away               other_province  -
        P3         H2            local              county      -
        P4         H3            local              -           -
        P5         H3            farming            province    -
        P6         H4            -                  province    -
        P7         H5            away               province    2020-12-31
        P8         H5            away               province    2021-01-01
        P9         H5            away               none        -
        """)
    # P1 and P8 of P1 P2 P3 P8: of P4 nobody knows the place, P5 farms, of P6 nobody knows, P7 died on the day;
    # somebody away has some place of work, so that P9's is not known.
    found = BY_NAME["work_in_province"].compute(county_of(person=people))
    assert (found.numerator, found.denominator) == (2, 4)
