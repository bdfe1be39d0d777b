"""Issues of projects, audits, events and field surveys, by hand."""

from __future__ import annotations

from tests.built_county_fixtures import CountyOf, check, computed, records
from tests.county_fixtures import tables

from relapse_risk.assessment import INDICATORS

BY_NAME = {item.name: item for item in INDICATORS}
ISSUES = """
    issue_id  project_id  severity  found_on    due_on      closed_on
    I1        J1          minor     2019-12-31  2020-03-01  2020-01-31
    I2        J1          minor     2020-01-31  2020-02-29  2020-02-29
    I3        J1          minor     2020-02-01  2020-02-28  2020-02-29
    I4        J2          minor     2020-06-01  2020-12-30  -
    I5        J2          major     2020-06-01  2020-12-31  -
    I6        J2          major     2020-12-31  -           -
    I7        J2          severe    2020-07-01  2020-12-31  2021-01-01
    I8        J3          severe    2021-01-01  2021-01-02  2021-01-03
    """
# On 31 December: I1 to I3 are closed (31, 29 and 28 days after they were found; I2 on its last day, I3 a day late).
# I4 is overdue by a day; the day of I5 and I7 is today; I6 has none.  I7 is closed tomorrow, I8 is not found yet.


def issues(county_of: CountyOf, text: str = ISSUES):  # type: ignore[no-untyped-def]
    return county_of(project_issue=records(text), project=tables()["project"])


def test_found_and_closed_by_the_end_of_each_month(county_of: CountyOf) -> None:
    # January ends with I1 and I2 found and I1 closed; on 1 February I3; by the 29th all three are closed; I4 and I5 in
    # June, I7 in July, I6 on the last day of the year.
    check("found_closed", issues(county_of), """
        month    found  closed
        2020-01  2      1
        2020-02  3      3
        2020-03  3      3
        2020-04  3      3
        2020-05  3      3
        2020-06  5      3
        2020-07  6      3
        2020-08  6      3
        2020-09  6      3
        2020-10  6      3
        2020-11  6      3
        2020-12  7      3
        """)  # fmt: skip


def test_issues_by_severity(county_of: CountyOf) -> None:
    # 31 + 29 + 28 = 88 days over three.
    check("by_severity", issues(county_of), """
        severity  found  closed  in_time  overdue  days_sum  mean_days
        minor     4      3       2        1        88        88/3
        major     2      0       0        0        0         -
        severe    1      0       0        0        0         -
        """)  # fmt: skip


def test_due_issues_that_are_closed(county_of: CountyOf) -> None:
    data = issues(county_of)
    # Due by the day: I1 I2 I3 I4 I5 I7; closed of them the first three (I7 only tomorrow).
    found = BY_NAME["rectified_in_time"].compute(data)
    assert (found.numerator, found.denominator) == (3, 6)
    days = BY_NAME["days_to_close"].compute(data)
    assert (days.numerator, days.denominator) == (88, 3)


def test_no_issue_was_found_by_the_day(county_of: CountyOf) -> None:
    data = issues(county_of, "\n".join([*ISSUES.strip().splitlines()[:1], ISSUES.strip().splitlines()[-1]]))
    assert computed("by_severity", data).empty
    assert set(computed("found_closed", data)["found"]) == {0}
    assert BY_NAME["rectified_in_time"].compute(data).ratio is None
    assert BY_NAME["days_to_close"].compute(data).ratio is None


def test_projects_by_what_the_audit_found(county_of: CountyOf) -> None:
    projects = records("""
        project_id  county_code  audit_findings
        J1          371425       0
        J2          371425       1
        J3          371425       4
        J4          371425       -
        J5          371481       9
        """)
    # J4 was not audited, J5 is the neighbour's.
    check("audits", county_of(project=projects), """
        audit          projects  findings
        clean          1         0
        with_findings  2         5
        """)  # fmt: skip


def test_events_of_the_twelve_months_by_who_reported_them(county_of: CountyOf) -> None:
    events = records("""
        event_id  household_id  event_date  reported_by  verified
        E1        H1            2019-12-31  household    yes
        E2        H1            2020-01-01  petition     yes
        E3        H2            2020-06-01  petition     no
        E4        H2            2020-06-01  petition     -
        E5        H3            2020-12-31  household    yes
        E6        H3            2021-01-01  household    yes
        E7        H3            2020-06-01  model        -
        E8        K1            2020-06-01  cadre        yes
        """)
    # E1 is a year old to the day, E6 of tomorrow, E8 the neighbour's; whether E4 and E7 hold is not known yet.
    check("event_sources", county_of(shock_event=events), """
        reported_by  events  verified  share
        household    1       1         1
        model        1       0         0
        petition     3       1         1/3
        """)  # fmt: skip


def test_field_surveys_by_four_kinds(county_of: CountyOf) -> None:
    said = records("""
        fact_id  county_code  metric                    value  unit     confidence
        1        371425       special surveys by Party  3      surveys  documented
        2        371425       survey staff              40     persons  from_memory
        3        371425       delegates visiting        -      persons  assumed
        4        371425       third-party evaluation    1      times    documented
        5        371425       surveys                   9      times    documented
        """)
    check("field_surveys", county_of(place_fact=said), """
        metric                    value  unit     confidence
        special_surveys_by_party  3      surveys  documented
        survey_staff              40     persons  from_memory
        delegates_visiting        -      persons  assumed
        third-party_evaluation    1      times    documented
        """)  # fmt: skip
