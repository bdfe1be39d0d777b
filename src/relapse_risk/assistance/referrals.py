"""Referrals: a reminder handed to a department and its later steps, append-only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from relapse_risk.register.journal import Journal

__all__ = ["STEPS", "Step", "append_steps", "hand_over", "read_steps", "referral_states"]

FILE = "referrals.jsonl"
STEPS = ("handed_over", "accepted", "returned", "finished")
MAY_FOLLOW = {
    "": ("handed_over",), "handed_over": ("accepted", "returned", "finished"),
    "accepted": ("returned", "finished"), "returned": ("handed_over",), "finished": (),
}  # fmt: skip
OPEN = ("handed_over", "accepted")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a referral.

    Attributes
    ----------
    reminder_id : str
        The reminder handed over; the same claim has the same id every month.
    step : {"handed_over", "accepted", "returned", "finished"}
    on : str
        Day, YYYY-MM-DD.
    by : str
        Office or assignee that did it.
    household_id, person_id, item_code, department : str
        Of the reminder; empty person for household items.
    due_on : str
        Deadline; with ``handed_over`` only.
    note : str
    """

    reminder_id: str
    step: str
    on: str
    by: str
    household_id: str = ""
    person_id: str = ""
    item_code: str = ""
    department: str = ""
    due_on: str = ""
    note: str = ""


JOURNAL = Journal(FILE, Step, "referral", "reminder_id", MAY_FOLLOW)


def read_steps(register: str | Path) -> tuple[Step, ...]:
    """Every step in the order in which it was written (:meth:`relapse_risk.register.journal.Journal.read`)."""
    return JOURNAL.read(register)


def append_steps(register: str | Path, steps: Iterable[Step]) -> tuple[Step, ...]:
    """Add the steps that are new and may follow (:meth:`relapse_risk.register.journal.Journal.append`)."""
    return JOURNAL.append(register, steps)


def hand_over(register: str | Path, reminders: pd.DataFrame, by: str, day: date) -> tuple[Step, ...]:
    """Turn reminders into referrals to their departments; those already open or finished are left out.

    Parameters
    ----------
    reminders : DataFrame
        Rows of :attr:`relapse_risk.assistance.Reminders.frame`.
    by : str
        The office that hands over.
    """
    standing = {step.reminder_id: step.step for step in read_steps(register)}
    fresh = [
        row for row in reminders.itertuples(index=False) if standing.get(row.reminder_id, "returned") == "returned"
    ]
    return append_steps(
        register,
        [
            Step(
                row.reminder_id, "handed_over", day.isoformat(), by, row.household_id,
                "" if pd.isna(row.person_id) else row.person_id, row.item_code, row.department, row.due_on.date().isoformat(),
            )
            for row in fresh
        ],
    )  # fmt: skip


def referral_states(steps: Iterable[Step], day: date) -> pd.DataFrame:
    """Status of every referral on ``day``.

    Returns
    -------
    DataFrame
        reminder_id, household_id, person_id, item_code, department, handed_on, due_on, state, assignee (who accepted),
        last_on, days (from hand-over to the last step, or to ``day`` while open), overdue (open after its deadline).

    Examples
    --------
    >>> steps = [Step("R1", "handed_over", "2020-12-01", "office", "H1", "", "MZ01", "MZ", "2020-12-31"),
    ...          Step("R1", "accepted", "2020-12-03", "Wang")]
    >>> referral_states(steps, date(2021, 1, 5))[["state", "days", "overdue"]].values.tolist()
    [['accepted', 35, True]]
    """
    by_id: dict[str, list[Step]] = {}
    for step in steps:
        if step.on <= day.isoformat():
            by_id.setdefault(step.reminder_id, []).append(step)
    rows = [_state(mine, day) for mine in by_id.values()]
    columns = [
        "reminder_id", "household_id", "person_id", "item_code", "department", "handed_on", "due_on", "state", "assignee",
        "last_on", "days", "overdue",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _state(mine: list[Step], day: date) -> tuple[object, ...]:
    handed = [step for step in mine if step.step == "handed_over"][-1]
    last = mine[-1]
    accepted = [step.by for step in mine if step.step == "accepted"]
    open_ = last.step in OPEN
    until = day if open_ else date.fromisoformat(last.on)
    return (
        handed.reminder_id, handed.household_id, handed.person_id, handed.item_code, handed.department, handed.on,
        handed.due_on, last.step, accepted[-1] if accepted else "", last.on, (until - date.fromisoformat(handed.on)).days,
        open_ and day.isoformat() > handed.due_on,
    )  # fmt: skip
