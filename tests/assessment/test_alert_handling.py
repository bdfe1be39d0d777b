"""What became of alerts and referrals, by hand: twelve months to the day, closed on the last day, overdue by one."""

from __future__ import annotations

import pytest
from tests.built_county_fixtures import CountyOf, check, computed, records

from relapse_risk.assessment import INDICATORS, CountyData
from relapse_risk.assessment.facts import missing_needs
from relapse_risk.assistance import open_aid_log
from relapse_risk.events import Event

BY_NAME = {item.name: item for item in INDICATORS}
ALERTS = """
    alert_id  alert_rule  household_id  level    raised_on   due_on      closed_on   outcome
    A1        E01         H1            warning  2019-12-31  2020-01-31  2020-01-15  monitored
    A2        E01         H1            warning  2020-01-01  2020-01-11  2020-01-11  monitored
    A3        E01         H2            warning  2020-02-01  2020-02-11  2020-02-12  no_risk
    A4        E04         H2            urgent   2020-03-01  2020-03-05  2020-03-04  helped
    A5        E04         H3            urgent   2020-12-20  2020-12-30  -           -
    A6        E04         H3            urgent   2020-12-21  2020-12-31  -           -
    A7        E02         H4            watch    2020-12-31  2021-01-10  2020-12-31  stopped
    A8        E02         H4            watch    2020-12-01  2020-12-31  2021-01-01  helped
    A9        E02         H5            watch    2021-01-01  2021-01-10  2021-01-02  monitored
    A10       E04         H5            warning  2020-06-01  -           2020-06-11  -
    A11       E01         H5            warning  2020-06-01  2020-06-11  2020-06-21  data_error
    """
# A1 is a year old to the day, A9 of tomorrow.  Closed: A2 on its last day, A3 a day late, A4 A7 A10 (no day, no outcome),
# A11 ten days late.  Open: A5, a day overdue; A6, due today; A8, closed only tomorrow.
# Days: A2 10, A3 11, A10 10, A11 20; A4 3; A7 0.


@pytest.fixture
def data(county_of: CountyOf) -> CountyData:
    return county_of(alert=records(ALERTS))


def test_alerts_from_raised_to_helped(data: CountyData) -> None:
    # Nine in the twelve months; checked are the closed with an outcome A2 A3 A4 A7 A11; confirmed A2 A4 A7; helped A2 A4.
    check("alert_funnel", data, """
        step       alerts
        raised     9
        checked    5
        confirmed  3
        helped     2
        """)  # fmt: skip
    found = BY_NAME["alert_hit_rate"].compute(data)
    assert (found.numerator, found.denominator) == (3, 5)


def test_alerts_by_rule_most_raised_first(data: CountyData) -> None:
    # E04: A4 A5 A6 A10; A10 was closed without an outcome.  E01: A2 A3 A11.  E02: A7 A8.
    check("alerts_by_rule", data, """
        rule  raised  closed  overdue  checked  confirmed  hit_rate
        E04   4       2       1        1        1          1
        E01   3       3       0        3        1          1/3
        E02   2       1       0        1        1          1
        """)  # fmt: skip


def test_alerts_by_level_with_the_days_to_close(data: CountyData) -> None:
    # Watch: A7 on the day it was raised.  Warning: 10 10 11 20; quantiles at steps 0.3, 0.75, 1.5, 2.25 and 2.7;
    # A10 has no day to keep.  Urgent: A4 after 3 days.
    check("alert_levels", data, """
        level    raised  closed  in_time  overdue  p10_days  p25_days  median_days  p75_days  p90_days
        watch    2       1       1        0        0         0         0            0         0
        warning  4       4       1        0        10        10        10.5         13.25     17.3
        urgent   3       1       1        1        3         3         3            3         3
        """)  # fmt: skip


def test_closed_alerts_by_outcome_in_the_order_of_the_codes(data: CountyData) -> None:
    check("alert_outcomes", data, """
        outcome     alerts
        no_risk     1
        monitored   1
        helped      1
        stopped     1
        data_error  1
        """)  # fmt: skip


def test_alerts_due_by_the_day_that_were_closed_by_their_own(data: CountyData) -> None:
    # Due: A2 A3 A4 A5 A6 A8 A11; in time A2 and A4.
    found = BY_NAME["alerts_closed_in_time"].compute(data)
    assert (found.numerator, found.denominator) == (2, 7)


def test_no_alert_in_the_twelve_months(county_of: CountyOf) -> None:
    old = county_of(alert=records(ALERTS).iloc[[0]])
    check("alert_funnel", old, """
        step       alerts
        raised     0
        checked    0
        confirmed  0
        helped     0
        """)  # fmt: skip
    for name in ("alerts_by_rule", "alert_levels", "alert_outcomes"):
        assert computed(name, old).empty, name
    assert BY_NAME["alerts_closed_in_time"].compute(old).ratio is None
    assert BY_NAME["alert_hit_rate"].compute(old).ratio is None


REFERRALS = """
    referral_id  alert_id  to_department  pushed_on   due_on      replied_on  result
    F1           A1        MZ             2019-12-31  2020-01-10  2020-01-05  done
    F2           A2        MZ             2020-01-01  2020-01-11  2020-01-11  done
    F3           A3        MZ             2020-02-01  2020-02-11  2020-02-12  returned
    F4           A4        MZ             2020-12-20  2020-12-30  -           open
    F5           A5        MZ             2020-12-21  2020-12-31  2021-01-01  done
    F6           A6        YB             2020-12-31  2021-01-10  2020-12-31  returned
    F7           A7        YB             2021-01-01  2021-01-11  2021-01-02  done
    F8           A8        RS             2020-05-01  -           -           -
    F9           A10       RS             2020-05-01  2020-05-11  2020-05-04  done
    """
# F1 is a year old to the day, F7 of tomorrow.  Civil Affairs: F2 in 10 days (its last), F3 in 11 (a day late), F4 overdue
# by a day, F5 due today and answered tomorrow.  Healthcare: F6 at once.  Social Security: F8 without a day, F9 in 3.


def test_referrals_by_department_most_handed_over_first(county_of: CountyOf) -> None:
    data = county_of(alert=records(ALERTS), referral=records(REFERRALS))
    check("referrals", data, """
        department  pushed  answered  overdue  returned  p10_days  p25_days  median_days  p75_days  p90_days
        MZ          4       2         1        1         10.1      10.25     10.5         10.75     10.9
        RS          2       1         0        0         3         3         3            3         3
        YB          1       1         0        1         0         0         0            0         0
        """)  # fmt: skip
    # Due by the day: F2 F3 F4 F5 F9; in time F2 and F9.
    found = BY_NAME["referrals_in_time"].compute(data)
    assert (found.numerator, found.denominator) == (2, 5)


def test_no_referral_in_the_twelve_months(county_of: CountyOf) -> None:
    data = county_of(alert=records(ALERTS), referral=records(REFERRALS).iloc[[0]])
    assert computed("referrals", data).empty
    assert BY_NAME["referrals_in_time"].compute(data).ratio is None


def test_what_was_handed_over_by_the_project_is_read_from_its_log(county_of: CountyOf) -> None:
    """Beside the table: R1 answered after 4 days, R2 returned in January 2021 and so not answered yet, R3 of another county."""
    data = county_of(alert=records(ALERTS), referral=records(REFERRALS).iloc[[5]])
    steps = [
        ("R1", "handed_over", "2020-12-01", "office", {}), ("R1", "accepted", "2020-12-05", "department", {}),
        ("R2", "handed_over", "2020-12-01", "office", {}), ("R2", "returned", "2021-01-02", "department", {}),
        ("R3", "handed_over", "2020-12-01", "office", {}),
    ]  # fmt: skip
    about = {"household": "H1", "item": "MZ01", "department": "MZ", "due_on": "2020-12-30"}
    log = open_aid_log(data.register.path, data.parameters, data.place.name)
    log.append(
        Event("reminder", name, 0, step, on, "2021-01-05", "x", role, "371481" if name == "R3" else data.county, facts=about if step == "handed_over" else facts)
        for name, step, on, role, facts in steps
    )  # fmt: skip
    check("referrals", data, """
        department  pushed  answered  overdue  returned  p10_days  p25_days  median_days  p75_days  p90_days
        MZ          2       1         1        0         4         4         4            4         4
        YB          1       1         0        1         0         0         0            0         0
        """)  # fmt: skip
    assert "referral" not in missing_needs(data.register, None, data.month)
