"""The log of activities, by hand: what is of this year and of this month, and the weeks with a meeting."""

from __future__ import annotations

from tests.built_county_fixtures import CountyOf, check, computed, records

from relapse_risk.assessment import INDICATORS

BY_NAME = {item.name: item for item in INDICATORS}
LOG = """
    activity_id  county_code  activity_kind   held_on     people  findings  findings_closed  fund_amount
    A1           371425       meeting         2019-12-31  99      99        99               99
    A2           371425       meeting         2020-01-01  10      3         1                -
    A3           371425       meeting         2020-11-30  -       -         -                -
    A4           371425       meeting         2020-12-01  12      2         2                -
    A5           371425       leader_survey   2020-06-01  5       0         0                -
    A6           371425       delegate_visit  2020-12-31  8       4         -                -
    A7           371425       delegate_visit  2021-01-01  99      99        99               99
    A8           371425       paired_help     2020-05-01  20      1         1                150000
    A9           371425       paired_help     2020-12-31  -       -         -                50000
    B1           371481       meeting         2020-06-01  99      99        99               99
    """
# A1 is of last year, A7 of tomorrow, B1 the neighbour's.  On 30 November nothing but the meeting was put down.


def test_activities_of_the_year_by_kind(county_of: CountyOf) -> None:
    # In the order of the code list; meetings: 10 + 12 people, 3 + 2 findings, 1 + 2 closed; paired help stands apart.
    check("activities", county_of(activity=records(LOG)), """
        activity_kind   held  this_month  last_held   people  found  findings_closed  closed_share
        leader_survey   1     0           2020-06-01  5       0      0                -
        delegate_visit  1     1           2020-12-31  8       4      0                0
        meeting         3     1           2020-12-01  22      5      3                3/5
        """)  # fmt: skip


def test_paired_activities_with_their_funds(county_of: CountyOf) -> None:
    check("paired_activities", county_of(activity=records(LOG)), """
        activity_kind  held  this_month  last_held   people  fund
        paired_help    2     1           2020-12-31  20      200000
        """)  # fmt: skip


def test_no_activity_this_year(county_of: CountyOf) -> None:
    data = county_of(activity=records(LOG).iloc[[0]])
    assert computed("activities", data).empty
    assert computed("paired_activities", data).empty
    assert BY_NAME["findings_closed"].compute(data).ratio is None
    weeks = BY_NAME["weeks_with_meeting"].compute(data)
    assert (weeks.numerator, weeks.denominator) == (0, 52)


def test_findings_closed_of_all_activities(county_of: CountyOf) -> None:
    # 1 + 2 + 0 + 1 closed of 3 + 2 + 0 + 4 + 1.
    found = BY_NAME["findings_closed"].compute(county_of(activity=records(LOG)))
    assert (found.numerator, found.denominator) == (4, 10)


def test_weeks_begin_on_new_years_day(county_of: CountyOf) -> None:
    held = records("""
        activity_id  county_code  activity_kind  held_on
        A1           371425       meeting        2020-01-01
        A2           371425       meeting        2020-01-07
        A3           371425       meeting        2020-01-08
        A4           371425       meeting        2020-12-29
        A5           371425       meeting        2020-12-30
        A6           371425       bulletin       2020-03-01
        """)
    # 366 days: 52 whole weeks and two days, 30 and 31 December.  The first week has two meetings, the second and the
    # last whole one a meeting each.
    found = BY_NAME["weeks_with_meeting"].compute(county_of(activity=held))
    assert (found.numerator, found.denominator) == (3, 52)
