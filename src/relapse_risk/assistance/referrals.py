"""Referrals: a reminder handed to a department, and everything that happened to it since, append-only.

State is a file of steps beside the register's tables.  A step is never changed or removed; where a referral stands is
read off its steps, so that two people who answer different referrals at the same time lose nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import pandas as pd
from filelock import FileLock

from relapse_risk.errors import RegisterError

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
    """One thing that happened to a referral.

    Attributes
    ----------
    reminder_id : str
        The reminder handed over; the same claim has the same id every month.
    step : {"handed_over", "accepted", "returned", "finished"}
    on : str
        Day, YYYY-MM-DD.
    by : str
        Who did it: an office or an assignee.
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


def read_steps(register: str | Path) -> tuple[Step, ...]:
    """Every step in the order in which it was written; none where nothing was handed over yet.

    Raises
    ------
    RegisterError
        For a line that is not a step, naming the file and the line.  A last line cut short by a crash is no step.
    """
    path = Path(register) / FILE
    if not path.is_file():
        return ()
    lines = path.read_bytes().split(b"\n")
    found = []
    for number, line in enumerate(lines[:-1], 1):  # what follows the last line end was never finished
        try:
            found.append(Step(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise RegisterError(
                "not a step of a referral", where=f"{path}: line {number}", got=line[:80].decode("utf-8", "replace"),
                fix="restore the file from a copy",
            ) from error  # fmt: skip
    return tuple(found)


def append_steps(register: str | Path, steps: Iterable[Step]) -> tuple[Step, ...]:
    """Add the steps that are not there yet and may follow where their referral stands; return those added.

    One writer at a time; all of the steps are on disk when this returns, and a repeated step changes nothing.

    Raises
    ------
    RegisterError
        For a step that cannot follow: nothing is written then.
    """
    path = Path(register) / FILE
    if not Path(register).is_dir():
        raise RegisterError("no such register", where=str(register))
    with FileLock(f"{path}.lock"):
        known = read_steps(register)
        standing = {step.reminder_id: step.step for step in known}
        there, added = set(known), []
        for step in steps:
            if step in there:
                continue
            before = standing.get(step.reminder_id, "")
            if step.step not in MAY_FOLLOW[before]:
                raise RegisterError(
                    "this step cannot follow", where=f"referral {step.reminder_id}", got=f"{step.step} after {before or 'nothing'}",
                    expected=" | ".join(MAY_FOLLOW[before]) or "nothing: it is finished",
                )  # fmt: skip
            standing[step.reminder_id] = step.step
            there.add(step)
            added.append(step)
        if added:
            _write(path, added)
    return tuple(added)


def _write(path: Path, steps: list[Step]) -> None:
    text = "".join(json.dumps(asdict(step), ensure_ascii=False, sort_keys=True) + "\n" for step in steps).encode()
    whole = path.read_bytes() if path.is_file() else b""
    whole = whole[: whole.rfind(b"\n") + 1]  # a line cut short by a crash goes
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(whole + text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def hand_over(register: str | Path, reminders: pd.DataFrame, by: str, day: date) -> tuple[Step, ...]:
    """Turn reminders into referrals to their departments; what is open or finished already is left alone.

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
    """Where every referral stands on ``day``.

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
