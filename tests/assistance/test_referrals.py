"""Referrals by hand: what is handed over, where it stands on a day, and which steps may follow which."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.assistance import Step, append_steps, awaiting_records, hand_over, read_steps, referral_states
from relapse_risk.errors import RegisterError

DAY = date(2021, 1, 5)
HANDED = Step("R1", "handed_over", "2020-12-01", "office", "H1", "P1", "MZ01", "MZ", "2020-12-31")
COLUMNS = [
    "reminder_id", "household_id", "person_id", "item_code", "department", "handed_on", "due_on", "state", "assignee", "last_on", "days",
    "overdue",
]  # fmt: skip


def reminders(*ids: str) -> pd.DataFrame:
    return pd.DataFrame({
        "reminder_id": list(ids), "household_id": "H1", "person_id": ["P1", *[None] * (len(ids) - 1)], "item_code": "MZ01", "department": "MZ",
        "due_on": pd.Timestamp("2020-12-31"),
    })  # fmt: skip


def test_a_reminder_is_handed_over_with_its_deadline_once(tmp_path: Path) -> None:
    steps = hand_over(tmp_path, reminders("R1", "R2"), "office", date(2020, 12, 1))
    assert steps == (HANDED, Step("R2", "handed_over", "2020-12-01", "office", "H1", "", "MZ01", "MZ", "2020-12-31"))
    assert read_steps(tmp_path) == steps
    assert hand_over(tmp_path, reminders("R1", "R3"), "office", date(2020, 12, 2)) == (
        Step("R3", "handed_over", "2020-12-02", "office", "H1", "", "MZ01", "MZ", "2020-12-31"),
    )


def test_what_came_back_is_handed_over_again_and_what_is_finished_is_not(tmp_path: Path) -> None:
    hand_over(tmp_path, reminders("R1", "R2", "R3"), "office", date(2020, 12, 1))
    append_steps(
        tmp_path,
        [
            Step("R1", "returned", "2020-12-03", "MZ"),
            Step("R2", "finished", "2020-12-03", "MZ"),
            Step("R3", "accepted", "2020-12-03", "MZ"),
        ],
    )
    again = hand_over(tmp_path, reminders("R1", "R2", "R3"), "office", date(2021, 1, 4))
    assert [(step.reminder_id, step.step, step.on) for step in again] == [("R1", "handed_over", "2021-01-04")]


@pytest.mark.parametrize(
    ("later", "state"),
    [
        ([], ["handed_over", "", "2020-12-01", 35, True]),  # open: until the day, after its deadline
        ([("accepted", "2020-12-03", "Wang")], ["accepted", "Wang", "2020-12-03", 35, True]),
        (
            [("accepted", "2020-12-03", "Wang"), ("finished", "2020-12-11", "Li")],
            ["finished", "Wang", "2020-12-11", 10, False],
        ),
        ([("returned", "2021-01-02", "Wang")], ["returned", "", "2021-01-02", 32, False]),
        (
            [("finished", "2021-01-06", "Li")],
            ["handed_over", "", "2020-12-01", 35, True],
        ),  # tomorrow's step is not known yet
        ([("finished", "2021-01-05", "Li")], ["finished", "", "2021-01-05", 35, False]),
    ],
)
def test_where_a_referral_stands(later: list[tuple[str, str, str]], state: list[object]) -> None:
    found = referral_states([HANDED, *(Step("R1", step, on, by) for step, on, by in later)], DAY)
    assert list(found.columns) == COLUMNS
    assert found.to_numpy().tolist() == [["R1", "H1", "P1", "MZ01", "MZ", "2020-12-01", "2020-12-31", *state]]


def test_a_referral_handed_over_again_counts_from_then_and_has_its_new_deadline() -> None:
    """Returned by the first assignee, handed over on 20 December, accepted by another: 16 days on 5 January."""
    again = Step("R1", "handed_over", "2020-12-20", "office", "H1", "P1", "MZ01", "MZ", "2021-01-05")
    steps = [HANDED, Step("R1", "accepted", "2020-12-02", "Wang"), Step("R1", "returned", "2020-12-03", "Wang"), again]
    found = referral_states([*steps, Step("R1", "accepted", "2020-12-21", "Li")], DAY).iloc[0]
    assert found[["handed_on", "due_on", "state", "assignee", "days", "overdue"]].tolist() == [
        "2020-12-20", "2021-01-05", "accepted", "Li", 16, False,
    ]  # fmt: skip


def test_referrals_are_told_apart_and_none_is_an_empty_table() -> None:
    other = Step("R2", "handed_over", "2020-12-30", "office", "H2", "", "MZ07", "MZ", "2021-01-29")
    found = referral_states([HANDED, other, Step("R1", "finished", "2020-12-02", "x")], DAY)
    assert found[["reminder_id", "state", "days", "overdue"]].to_numpy().tolist() == [
        ["R1", "finished", 1, False],
        ["R2", "handed_over", 6, False],
    ]
    assert list(referral_states([], DAY).columns) == COLUMNS


def test_what_january_finished_stays_finished_until_later_records_say_otherwise(tmp_path: Path) -> None:
    """Finished on 20 January: the records of January cannot contradict it, those of February can."""
    rows = reminders("R1", "R2")
    hand_over(tmp_path, rows, "office", date(2021, 1, 5))
    append_steps(tmp_path, [Step(name, "finished", "2021-01-20", "MZ") for name in ("R1", "R2")])
    january = rows.assign(evidence_on=pd.Timestamp("2021-01-31"))
    assert awaiting_records(read_steps(tmp_path), january).tolist() == [True, True]
    assert hand_over(tmp_path, january, "office", date(2021, 2, 3)) == ()
    february = reminders("R1").assign(evidence_on=pd.Timestamp("2021-02-28"))  # R2's aid stands in the records by now
    again = hand_over(tmp_path, february, "office", date(2021, 3, 2))
    assert [(step.reminder_id, step.step, step.on) for step in again] == [("R1", "handed_over", "2021-03-02")]
    append_steps(tmp_path, [Step("R1", "accepted", "2021-03-03", "Li"), Step("R1", "finished", "2021-03-05", "Li")])
    found = referral_states(read_steps(tmp_path), date(2021, 3, 31)).set_index("reminder_id")
    assert found.loc["R1", ["handed_on", "state", "assignee", "last_on"]].tolist() == [
        "2021-03-02",
        "finished",
        "Li",
        "2021-03-05",
    ]
    assert found.loc["R2", ["handed_on", "state", "last_on"]].tolist() == ["2021-01-05", "finished", "2021-01-20"]


def test_a_new_episode_has_no_assignee_of_the_old_one() -> None:
    again = Step("R1", "handed_over", "2020-12-20", "office", "H1", "P1", "MZ01", "MZ", "2021-01-05")
    steps = [HANDED, Step("R1", "accepted", "2020-12-02", "Wang"), Step("R1", "returned", "2020-12-03", "Wang"), again]
    assert referral_states(steps, DAY)["assignee"].tolist() == [""]


@pytest.mark.parametrize(
    ("before", "step", "may"),
    [
        ((), "handed_over", True), ((), "accepted", False), (("accepted",), "accepted", False), (("accepted",), "returned", True),
        (("accepted",), "finished", True), ((), "finished", False), (("accepted",), "handed_over", False), (("returned",), "handed_over", True),
        (("returned",), "finished", False), (("finished",), "handed_over", True), (("finished",), "accepted", False),
        (("finished",), "finished", True), (("finished",), "returned", True), (("returned",), "accepted", False),
    ],
)  # fmt: skip
def test_which_step_may_follow_which(tmp_path: Path, before: tuple[str, ...], step: str, may: bool) -> None:
    """``before`` stands after a hand-over, except where nothing at all came before."""
    if before:
        append_steps(tmp_path, [HANDED, *(Step("R1", one, "2020-12-02", "x") for one in before)])
    added = [Step("R1", step, "2020-12-03", "y")]
    if may:
        assert append_steps(tmp_path, added) == tuple(added)
    else:
        with pytest.raises(RegisterError, match="this step cannot follow"):
            append_steps(tmp_path, added)
