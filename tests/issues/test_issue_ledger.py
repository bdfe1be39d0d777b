"""The issue ledger by hand: six checks over three months, every state, age and move counted on paper.

The story, data dates 31 October, 30 November, 31 December 2020:

a  take_up in county A     fails, fails, fails; answered 10 November                       open 61 days
b  below_line in A         fails, holds, holds; closed with a document 5 December          closed after 35 days
c  house_safe in A         fails; closed on paper 10 November; fails again in November     open 31 days, 2nd time
d  take_up in B            fails in December only                                          open 0 days
e  a data rule in A        fails in October and not since                                  passed, not closed
f  city: take_up           fails in October, not in November, again in December            open 0 days, 2nd time
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.assessment import INDICATORS, CountyData
from relapse_risk.assessment.indicators import indicator_rows
from relapse_risk.assessment.sections import issue_tables
from relapse_risk.assessment.sections.issue_tables import issue_list
from relapse_risk.errors import RegisterError
from relapse_risk.issues.issue_flow import ageing, by_group, closings, events, movement, recurring
from relapse_risk.issues.issue_ledger import (
    Failure,
    IssueStep,
    append_issue_steps,
    issue_id,
    issue_states,
    project_states,
    read_issue_steps,
    record_checks,
    rule_failures,
)
from relapse_risk.languages import Label

OCT, NOV, DEC = date(2020, 10, 31), date(2020, 11, 30), date(2020, 12, 31)
A_TAKE, A_LINE, A_HOUSE = (("A", f"indicator:{name}") for name in ("take_up", "below_line", "house_safe"))
B_TAKE, A_RULE, CITY_TAKE = ("B", "indicator:take_up"), ("A", "rule:r1"), ("city", "city:common:take_up")
FAMILIES = ("rule", "city")


def failure(key: tuple[str, str], severity: str = "major", value: float | None = 0.5) -> Failure:
    return Failure(*key, severity, "MZ" if "take_up" in key[1] else "FP", value, 1.0, "share", "facts")


def reply(key: tuple[str, str], step: str, on: str, evidence: str = "", note: str = "") -> IssueStep:
    return IssueStep(issue_id(*key), step, on, "Wang", evidence=evidence, note=note)


@pytest.fixture
def register(tmp_path: Path) -> Path:
    def record(day: date, failed: list[Failure], passed: set[tuple[str, str]]) -> None:
        record_checks(tmp_path, failed, passed, FAMILIES, day, "facts")

    first = [failure(A_TAKE, "severe"), failure(A_LINE), failure(A_HOUSE, "minor"), failure(A_RULE), failure(CITY_TAKE)]
    record(OCT, first, set())
    append_issue_steps(tmp_path, [reply(A_TAKE, "answered", "2020-11-10", note="ordered"),
                                  reply(A_HOUSE, "closed", "2020-11-10", "paper 7")])  # fmt: skip
    record(NOV, [failure(A_TAKE, "severe"), failure(A_HOUSE, "minor")], {A_LINE})
    append_issue_steps(tmp_path, [reply(A_LINE, "closed", "2020-12-05", "minutes 12")])
    record(DEC, [failure(A_TAKE, "severe"), failure(A_HOUSE, "minor"), failure(B_TAKE), failure(CITY_TAKE)], {A_LINE})
    return tmp_path


def states(register: Path, day: date = DEC) -> pd.DataFrame:
    return issue_states(read_issue_steps(register), day).set_index("issue_id", drop=False).rename_axis(None)


@pytest.mark.parametrize(
    ("key", "state", "days", "times", "due_on", "open_", "overdue"),
    [
        (A_TAKE, "answered", 61, 1, "2020-11-15", True, True),  # severe: 15 days from 31 October
        (A_LINE, "closed", 35, 1, "2020-11-30", False, False),  # 31 October to 5 December
        (A_HOUSE, "failed_again", 31, 2, "2021-01-29", True, False),  # minor: 60 days from 30 November
        (B_TAKE, "opened", 0, 1, "2021-01-30", True, False),  # major: 30 days
        (A_RULE, "passed", 61, 1, "2020-11-30", True, True),
        (CITY_TAKE, "failed_again", 0, 2, "2021-01-30", True, False),
    ],
)
def test_where_every_issue_stands(
    register: Path, key: tuple[str, str], state: str, days: int, times: int, due_on: str, open_: bool, overdue: bool
) -> None:
    row = states(register).loc[issue_id(*key)]
    assert (row["state"], row["days"], row["times"], row["due_on"], row["open"], row["overdue"]) == (
        state, days, times, due_on, open_, overdue,
    )  # fmt: skip


def test_the_past_is_read_off_the_same_steps(register: Path) -> None:
    then = states(register, date(2020, 11, 15))
    assert then.loc[issue_id(*A_HOUSE), "state"] == "closed"
    assert issue_id(*B_TAKE) not in then.index


def test_recording_again_changes_nothing_and_old_facts_do_not_open_what_was_closed_since(register: Path) -> None:
    before = read_issue_steps(register)
    again = [failure(A_TAKE, "severe"), failure(A_HOUSE, "minor"), failure(B_TAKE), failure(CITY_TAKE)]
    assert record_checks(register, again, {A_LINE}, FAMILIES, DEC, "facts") == ()
    assert record_checks(register, [failure(A_LINE)], set(), (), NOV, "facts") == (), "closed on 5 December"
    assert read_issue_steps(register) == before


def test_a_check_that_was_not_made_neither_passes_nor_fails(register: Path) -> None:
    assert record_checks(register, [], set(), (), date(2021, 1, 31), "facts") == ()


@pytest.mark.parametrize("evidence", ["", "  "])
def test_nothing_is_closed_without_evidence(register: Path, evidence: str) -> None:
    with pytest.raises(RegisterError, match="not closed without evidence"):
        append_issue_steps(register, [reply(A_TAKE, "closed", "2020-12-31", evidence)])
    assert states(register).loc[issue_id(*A_TAKE), "open"]


def test_a_reply_is_not_earlier_than_what_it_replies_to(register: Path) -> None:
    with pytest.raises(RegisterError, match="earlier than the step before it"):
        append_issue_steps(register, [reply(B_TAKE, "answered", "2020-12-01", note="x")])


def test_what_moved_in_december_adds_up(register: Path) -> None:
    """Open on 30 November: a, b (passed is not closed), c, e, f (passed).  December: d opened, b closed."""
    happened = events(read_issue_steps(register), project_states(projects(), "A", DEC).iloc[:0])
    found = movement(happened, NOV, DEC).set_index("step")["issues"]
    assert found.to_dict() == {"before": 5, "opened": 1, "failed_again": 0, "closed": 1, "now": 5}
    assert found["before"] + found["opened"] + found["failed_again"] - found["closed"] == found["now"]
    november = movement(happened, OCT, NOV).set_index("step")["issues"]
    assert november.to_dict() == {"before": 5, "opened": 0, "failed_again": 1, "closed": 1, "now": 5}, "c: shut, again"


def test_ages_by_band_and_severity(register: Path) -> None:
    table = ageing(states(register)).set_index("age_days")
    assert table["issues"].to_dict() == {"0–15": 2, "16–30": 0, "31–60": 1, "61–90": 2, ">90": 0}
    assert table.loc["61–90", ["severe", "major", "minor", "overdue"]].tolist() == [1, 1, 0, 2]


def test_who_has_them(register: Path) -> None:
    now = states(register)
    closed = closings(read_issue_steps(register), now, NOV, DEC)
    assert closed[["issue_id", "last_on", "evidence", "days"]].values.tolist() == [
        [issue_id(*A_LINE), "2020-12-05", "minutes 12", 35]
    ]
    table = by_group(now, closed, "department", DEC, date(2021, 1, 31)).set_index("department")
    assert table.loc["MZ"].tolist() == [3, 1, 2, 0, 0, 61]  # a, d, f: a overdue, d and f due by 31 January
    assert table.loc["FP"].tolist() == [2, 1, 1, 1, 1, 61]  # c, e: e passed and overdue; b closed


def test_a_closing_is_listed_although_the_issue_came_up_again(register: Path) -> None:
    november = closings(read_issue_steps(register), states(register, NOV), OCT, NOV)
    assert november[["issue_id", "days", "open"]].values.tolist() == [[issue_id(*A_HOUSE), 10, True]]


def test_recurring_issues_are_recognised(register: Path) -> None:
    assert set(recurring(states(register))["issue_id"]) == {issue_id(*A_HOUSE), issue_id(*CITY_TAKE)}


def projects() -> pd.DataFrame:
    days = ["found_on", "due_on", "closed_on"]
    frame = pd.DataFrame(
        [("P1", "papers", "minor", "2020-09-10", "2020-10-01", "2020-12-20"), ("P2", "title", "major", "2020-10-01", "2020-11-01", None),
         ("P3", None, None, "2020-12-31", None, None), ("P4", "papers", "minor", "2021-01-01", None, None)],
        columns=["issue_id", "issue_type", "severity", *days],
    )  # fmt: skip
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in days})


def test_issues_of_projects_stand_beside_the_others() -> None:
    found = project_states(projects(), "A", DEC).set_index("issue_id")
    assert found[["state", "days", "open", "overdue"]].values.tolist() == [
        ["closed", 101, False, False],  # 10 September to 20 December
        ["opened", 91, True, True],
        ["opened", 0, True, False],
    ]
    assert found.loc["P3", ["check", "severity", "due_on"]].tolist() == ["project:other", "minor", ""]
    moves = movement(events([], found.reset_index()), NOV, DEC)["issues"].tolist()
    assert moves == [2, 1, 0, 1, 2]


def test_a_quality_rule_becomes_an_issue_of_its_severity() -> None:
    counts = pd.DataFrame({"county_code": ["A", "B"], "rule": ["r1", "r2"], "severity": ["error", "warning"], "findings": [3, 1]})  # fmt: skip
    found = rule_failures(counts, {"r1": Label(zh="值 {value} 不符", en="value {value} is off")}, "check 2020-12")
    assert [(one.severity, one.value, one.label) for one in found] == [
        ("major", 3.0, "值 … 不符|value … is off"), ("minor", 1.0, "r2|r2"),
    ]  # fmt: skip


def test_a_list_of_issues_keeps_the_date_the_ledger_gave(
    county: CountyData, one_item: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Open since 1 November: date and severity stay.  Closed since: it comes up a second time, with a new date."""
    county.once("indicator", lambda: indicator_rows(county, INDICATORS, {}))
    fresh = issue_list(county).set_index("indicator")
    one, other, third = fresh.index[:3]
    ids = {name: issue_id(county.county, f"indicator:{name}") for name in (one, other)}
    steps = [
        IssueStep(name, "opened", "2020-11-01", "facts", due_on="2020-11-16", severity="minor") for name in ids.values()
    ]
    steps.append(IssueStep(ids[other], "closed", "2020-11-20", "Wang", evidence="paper"))
    monkeypatch.setattr(issue_tables, "read_issue_steps", lambda _: tuple(steps))
    found = issue_list(county).set_index("indicator")
    assert found.loc[one, ["severity", "due_on", "times"]].tolist() == ["minor", "2020-11-16", 1]
    assert found.loc[other, ["severity", "due_on", "times"]].tolist() == [*fresh.loc[other, ["severity", "due_on"]], 2]
    kept = ["severity", "due_on", "times"]
    assert found.loc[third, kept].tolist() == fresh.loc[third, kept].tolist()
