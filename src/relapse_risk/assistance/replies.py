"""Returned worklists: good replies become steps of the log; each bad one is named by sheet, row and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from relapse_risk.assistance.referral_log import KIND
from relapse_risk.assistance.worklists import ANSWERED, MAY_ANSWER, REPLIES
from relapse_risk.errors import RegisterError
from relapse_risk.events import Event, KeptLog, Standing, read_events, standings
from relapse_risk.events.returned_sheets import day_said, returned_sheets
from relapse_risk.languages import LANGUAGES
from relapse_risk.schema import code_list
from relapse_risk.text import messages, text

__all__ = ["FAULT_COLUMNS", "Replies", "take_replies"]

FAULT_COLUMNS = ("file", "sheet", "row", "column", "value", "expected", *LANGUAGES)
# Column of the sheet, and kind of fault, by what the machine names when it refuses a step.
REFUSED = {"step": ("reply", "order"), "on": ("replied_on", "early"), "reason": ("note", "reason")}


@dataclass(frozen=True, slots=True)
class Replies:
    """The replies of a returned worklist.

    Attributes
    ----------
    steps : tuple of Event
        Good replies that are new, in the order of the sheet.
    faults : DataFrame
        file, sheet, row, column, value, expected, zh, en: every rejected reply, with the reason.
    """

    steps: tuple[Event, ...]
    faults: pd.DataFrame

    def summary(self) -> str:
        """One line."""
        return f"{len(self.steps)} replies taken, {len(self.faults)} rejected"


class _Fault(Exception):
    """A reply that is rejected: column, kind of fault, and what was expected."""

    def __init__(self, column: str, kind: str, expected: str = "") -> None:
        self.column, self.kind, self.expected = column, kind, expected
        super().__init__(kind)


def take_replies(path: str | Path, log: KeptLog, today: date) -> Replies:
    """Read a department's returned worklist and add its good replies to the log; the same file twice changes nothing.

    Parameters
    ----------
    path : path
        Workbook written by :func:`relapse_risk.assistance.write_worklists` and filled in, rows in any order, columns
        found by their heads.
    log : KeptLog
        :func:`relapse_risk.assistance.open_referrals`; what others wrote since it was opened is seen, too.
    today : datetime.date

    Raises
    ------
    SourceError
        If the file is not such a workbook (no sheet or no column of a worklist).
    """
    file = Path(path)
    columns = {"worklist.sheet": ("reminder_id", *ANSWERED)}
    (sheet, *_) = returned_sheets(file, "worklist", columns, "worklist sheet", MAY_ANSWER)
    good: list[tuple[Event, int, Mapping[str, str]]] = []
    faults: list[tuple[object, ...]] = []
    seen: set[str] = set()
    for number, values in sheet.answered((*ANSWERED, *MAY_ANSWER)):
        try:
            good.append((_event(values, log, seen, today, file), number, values))
        except _Fault as fault:
            faults.append(_fault_row(file, sheet.title, number, values, fault))
        seen.add(values["reminder_id"])
    added = log.append([event for event, _, _ in good], leave_out=True)
    rows = {event.said: (number, values) for event, number, values in good}
    for event, error in added.refused:
        number, values = rows[event.said]
        faults.append(_fault_row(file, sheet.title, number, values, _refused(log, event, error)))
    faults.sort(key=lambda row: int(str(row[2])))
    return Replies(added.written, pd.DataFrame(faults, columns=list(FAULT_COLUMNS)))


def _event(values: Mapping[str, str], log: KeptLog, seen: set[str], today: date, file: Path) -> Event:
    name = values["reminder_id"]
    now = log.last(KIND, name)
    if now is None or now.state == "found":
        raise _Fault("reminder_id", "unknown")
    if name in seen:
        raise _Fault("reminder_id", "twice")
    step = _step(values["reply"])
    day = day_said(values["replied_on"])
    if not day:
        raise _Fault("replied_on", "date")
    if day > today.isoformat():
        raise _Fault("replied_on", "future", f"≤ {today.isoformat()}")
    said = {"reason": values["note"]} if step in ("returned", "not_delivered") else {"evidence": values["note"]}
    by = values["by"] or now.facts["department"]
    facts = {"to_department": other} if (other := _department(values.get("to_department", ""))) else {}
    return Event(KIND, name, 0, step, day, today.isoformat(), by, "department", *now.place, source=file.name, facts=facts, **said)  # fmt: skip


def _step(value: str) -> str:
    expected = " | ".join(text(f"worklist.reply.{reply}", "zh") for reply in REPLIES)
    if not value:
        raise _Fault("reply", "alone", expected)
    said = value.lower()
    for reply in REPLIES:
        if said in (word.lower() for word in messages()[f"worklist.reply.{reply}"].by_language.values()):
            return reply
    raise _Fault("reply", "reply", expected)


def _department(value: str) -> str:
    """Code of the department that a cell names by code or name; empty where it names none."""
    codes = code_list("department")
    if not value:
        return ""
    for word in codes.words:
        if value.lower() in (word.lower(), *(name.lower() for name in codes.of(word).by_language.values())):
            return word
    raise _Fault("to_department", "reply", " | ".join(codes.words))


def _refused(log: KeptLog, event: Event, error: RegisterError) -> _Fault:
    """What the machine refused, as the column of the sheet that says it: where the referral stands, and what may follow."""
    name = error.where.rpartition(": ")[2]
    column, kind = REFUSED.get(name, ("reply", "order"))
    expected = str(error.expected)
    if name == "step":
        now = _standing(log, event.thing)
        machine = log.machines[KIND]
        offered = " | ".join(machine.step_label(step).zh for step in machine.allowed(now.state, "department")) or "—"
        state, holder = machine.state_label(now.state), log.holder_of(now)
        held = f", {machine.roles[holder].zh} / {machine.roles[holder].en}" if holder else ""
        expected = f"{offered} ({state.zh} / {state.en}{held})"
    return _Fault(column, kind, expected)


def _standing(log: KeptLog, name: str) -> Standing:
    """How a thing stands now, with what was written since ``log`` was opened."""
    mine = [event for event in read_events(log.register) if event.kind == KIND and event.thing == name]
    return standings(mine, log.machines)[KIND, name][-1]


def _fault_row(file: Path, sheet: str, number: int, values: Mapping[str, str], fault: _Fault) -> tuple[object, ...]:
    said = messages()[f"worklist.fault.{fault.kind}"].by_language.values()
    head = text(f"worklist.{fault.column}", "zh")
    return file.name, sheet, number, head, values.get(fault.column, ""), fault.expected, *said
