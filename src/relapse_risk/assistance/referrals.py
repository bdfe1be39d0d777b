"""Referrals: a reminder handed to a department and its later steps, append-only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from relapse_risk.register.journal import Journal

__all__ = [
    "STEPS", "Step", "append_steps", "awaiting_records", "hand_over", "read_steps", "referral_states",
]  # fmt: skip

FILE = "referrals.jsonl"
STEPS = ("handed_over", "accepted", "returned", "finished")
MAY_FOLLOW = {
    "": ("handed_over",), "handed_over": ("accepted", "returned", "finished"),
    "accepted": ("returned", "finished"), "returned": ("handed_over",),
    # Finished is what the department says: it may say so again, take it back, or be asked anew when no record came.
    "finished": ("finished", "returned", "handed_over"),
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
    """Turn reminders into referrals to their departments; those already open are left out.

    A finished referral is handed over again, as a new episode of the same claim, where the records of a later month
    than the one it was finished in have been received and still do not show the aid.

    Parameters
    ----------
    reminders : DataFrame
        Rows of :attr:`relapse_risk.assistance.Reminders.frame`.
    by : str
        The office that hands over.
    """
    last = {step.reminder_id: step for step in read_steps(register)}
    awaited = set(reminders.loc[awaiting_records(last.values(), reminders), "reminder_id"])
    fresh = [
        row
        for row in reminders.itertuples(index=False)
        if row.reminder_id not in last or (last[row.reminder_id].step not in OPEN and row.reminder_id not in awaited)
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


def awaiting_records(steps: Iterable[Step], reminders: pd.DataFrame) -> pd.Series:
    """Reminders whose referral is finished and whose records of a later month have not been received yet.

    Parameters
    ----------
    steps : iterable of Step
    reminders : DataFrame
        With ``reminder_id``, and ``evidence_on``: the day through which records were received.

    Returns
    -------
    Series of bool

    Examples
    --------
    >>> rows = pd.DataFrame({"reminder_id": ["R1"], "evidence_on": [pd.Timestamp("2021-01-31")]})
    >>> done = [Step("R1", "handed_over", "2021-01-05", "office"), Step("R1", "finished", "2021-01-20", "MZ")]
    >>> awaiting_records(done, rows).tolist(), awaiting_records(done, rows.assign(evidence_on="2021-02-28")).tolist()
    ([True], [False])
    """
    last = {step.reminder_id: step for step in steps}
    finished = {name: step.on[:7] for name, step in last.items() if step.step == "finished"}
    seen = reminders["evidence_on"] if "evidence_on" in reminders else pd.Series(pd.NaT, index=reminders.index)
    month = pd.to_datetime(seen).dt.strftime("%Y-%m").fillna("")
    said = reminders["reminder_id"].map(finished).astype("str")
    return said.notna() & (month <= said.fillna(""))


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
    mine = mine[max(at for at, step in enumerate(mine) if step.step == "handed_over") :]  # this episode
    handed, last = mine[0], mine[-1]
    accepted = [step.by for step in mine if step.step == "accepted"]
    open_ = last.step in OPEN
    until = day if open_ else date.fromisoformat(last.on)
    return (
        handed.reminder_id, handed.household_id, handed.person_id, handed.item_code, handed.department, handed.on,
        handed.due_on, last.step, accepted[-1] if accepted else "", last.on, (until - date.fromisoformat(handed.on)).days,
        open_ and day.isoformat() > handed.due_on,
    )  # fmt: skip
