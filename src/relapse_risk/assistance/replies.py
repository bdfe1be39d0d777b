"""Lists that come back: good replies become steps of the log; each bad one is named by sheet, row and column.

One reader for worklists, order lists, push lists and acknowledgements, in Excel or as JSON Lines: what a sheet asks is
declared in ``reply_sheets.py``, and what may follow in the machine of its kind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from relapse_risk.assistance.reply_sheets import ANSWERED, SHEETS, ReplySheet
from relapse_risk.errors import RegisterError, SourceError
from relapse_risk.events import Event, KeptLog, Standing, read_events, standings
from relapse_risk.events.returned_sheets import ReturnedSheet, day_said, returned_sheets
from relapse_risk.json_reading import parsed
from relapse_risk.languages import LANGUAGES
from relapse_risk.schema import code_list
from relapse_risk.text import messages, text

__all__ = ["FAULT_COLUMNS", "Replies", "take_replies"]

FAULT_COLUMNS = ("file", "sheet", "row", "column", "value", "expected", *LANGUAGES)
# Column of a sheet, and kind of fault, by what the machine names when it refuses a step.
REFUSED = {"step": ("reply", "order"), "on": ("replied_on", "early"), "reason": ("note", "reason"), "paid": ("paid", "amount"), "pay": ("pay", "amount"), "given": ("given", "amount")}  # fmt: skip
ASKED = {key: (spec.identity, *ANSWERED) for key, spec in SHEETS.items()}
LINES = ".jsonl"


@dataclass(frozen=True, slots=True)
class Replies:
    """What a returned list held.

    Attributes
    ----------
    steps : tuple of Event
        Good replies that are new, in the order of the list.
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
    """Read a list that came back and add its good replies to the log; the same file twice changes nothing.

    Parameters
    ----------
    path : path
        Workbook that was sent out and filled in (rows in any order, columns found by their heads), or ``.jsonl`` of
        acknowledgements: one object a line with the columns of :data:`relapse_risk.assistance.reply_sheets.SHEETS`.
    log : KeptLog
        :func:`relapse_risk.assistance.open_aid_log`; what others wrote since it was opened is seen, too.
    today : datetime.date

    Raises
    ------
    SourceError
        If the file is no such list (no sheet or no column of one).
    """
    file = Path(path)
    good: list[tuple[Event, int, Mapping[str, str], ReturnedSheet]] = []
    faults: list[tuple[object, ...]] = []
    for sheet in _sheets(file):
        spec, seen = SHEETS[sheet.key], set[str]()
        for number, values in sheet.answered(spec.answers):
            try:
                good.append((_event(values, spec, log, seen, today, file), number, values, sheet))
            except _Fault as fault:
                faults.append(_fault_row(file, sheet, number, values, fault))
            seen.add(values[spec.identity])
    added = log.append([event for event, *_ in good], leave_out=True)
    rows = {event.said: (number, values, sheet) for event, number, values, sheet in good}
    for event, error in added.refused:
        number, values, sheet = rows[event.said]
        faults.append(_fault_row(file, sheet, number, values, _refused(log, event, error)))
    faults.sort(key=lambda row: (str(row[1]), int(str(row[2]))))
    return Replies(added.written, pd.DataFrame(faults, columns=list(FAULT_COLUMNS)))


def _sheets(file: Path) -> tuple[ReturnedSheet, ...]:
    if file.suffix != LINES:
        may = {name: None for spec in SHEETS.values() for name in spec.may}
        return returned_sheets(file, "worklist", ASKED, "worklist sheet", tuple(may))
    rows: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        try:
            content = parsed(line)
            said = {str(name): "" if value is None else str(value).strip() for name, value in content.items()}
        except (ValueError, AttributeError) as error:
            raise SourceError("not a line of acknowledgements", where=f"{file}: line {number}", got=line[:80], expected='an object such as {"match_id": …, "reply": "accepted", "replied_on": "2021-02-01"}') from error  # fmt: skip
        key = next((key for key, spec in SHEETS.items() if spec.identity in said), None)
        if key is not None:
            rows.setdefault(key, []).append((number, dict.fromkeys(ASKED[key], "") | said))
        elif number > 1:  # the first line may be the head of the list, as it was sent
            raise SourceError("names nothing that was sent", where=f"{file}: line {number}", got=json.dumps(said, ensure_ascii=False)[:80], expected=" | ".join(spec.identity for spec in SHEETS.values()))  # fmt: skip
    if not rows:
        raise SourceError("no acknowledgement in it", where=str(file), expected="one object a line")
    return tuple(ReturnedSheet(file.name, key, tuple(mine)) for key, mine in rows.items())


def _event(
    values: Mapping[str, str], spec: ReplySheet, log: KeptLog, seen: set[str], today: date, file: Path
) -> Event:  # fmt: skip
    name = values[spec.identity]
    now = log.last(spec.kind, name)
    if now is None or now.state == "found":
        raise _Fault(spec.identity, "unknown")
    if name in seen:
        raise _Fault(spec.identity, "twice")
    step = _step(values["reply"], spec.replies)
    day = day_said(values["replied_on"])
    if not day:
        raise _Fault("replied_on", "date")
    if day > today.isoformat():
        raise _Fault("replied_on", "future", f"≤ {today.isoformat()}")
    why = "reason" if "reason" in log.machines[spec.kind].steps[step].needs or step == "returned" else "evidence"
    by = values["by"] or now.facts.get("department", spec.role)
    facts = {fact: _fact(column, values[column], fact, log, spec) for column, fact in spec.may.items() if values.get(column)}  # fmt: skip
    return Event(
        spec.kind, name, 0, step, day, today.isoformat(), by, spec.role, *now.place, source=file.name, facts=facts,
        **{why: values["note"]},
    )  # fmt: skip


def _step(value: str, replies: tuple[str, ...]) -> str:
    expected = " | ".join(text(f"worklist.reply.{reply}", "zh") for reply in replies)
    if not value:
        raise _Fault("reply", "alone", expected)
    said = value.lower()
    for reply in replies:
        if said in (reply, *(word.lower() for word in messages()[f"worklist.reply.{reply}"].by_language.values())):
            return reply
    raise _Fault("reply", "reply", expected)


def _fact(column: str, value: str, fact: str, log: KeptLog, spec: ReplySheet) -> str:
    """A further answer: a word of its code list by code or name, or an amount."""
    declared = log.machines[spec.kind].facts[fact]
    if declared.kind != "word":
        try:
            return f"{float(value.replace(',', '')):g}"
        except ValueError:
            raise _Fault(column, "amount", "1200") from None
    codes = code_list(declared.codes)
    for word in codes.words:
        if value.lower() in (word.lower(), *(name.lower() for name in codes.of(word).by_language.values())):
            return word
    raise _Fault(column, "reply", " | ".join(codes.words))


def _refused(log: KeptLog, event: Event, error: RegisterError) -> _Fault:
    """What the machine refused, as the column that says it: where the thing stands, who holds it, and what may follow."""
    name = error.where.rpartition(": ")[2]
    column, kind = REFUSED.get(name, ("reply", "order"))
    expected = str(error.expected)
    if name == "step":
        now, machine = _standing(log, event), log.machines[event.kind]
        offered = " | ".join(machine.step_label(step).zh for step in machine.allowed(now.state, event.role)) or "—"
        state, holder = machine.state_label(now.state), log.holder_of(now)
        held = f", {machine.roles[holder].zh} / {machine.roles[holder].en}" if holder else ""
        expected = f"{offered} ({state.zh} / {state.en}{held})"
    return _Fault(column, kind, expected)


def _standing(log: KeptLog, event: Event) -> Standing:
    """How a thing stands now, with what was written since ``log`` was opened."""
    mine = [one for one in read_events(log.register) if (one.kind, one.thing) == (event.kind, event.thing)]
    return standings(mine, log.machines)[event.kind, event.thing][-1]


def _fault_row(
    file: Path, sheet: ReturnedSheet, number: int, values: Mapping[str, str], fault: _Fault
) -> tuple[object, ...]:  # fmt: skip
    said = messages()[f"worklist.fault.{fault.kind}"].by_language.values()
    head = text(f"worklist.{fault.column}", "zh")
    return file.name, sheet.title, number, head, values.get(fault.column, ""), fault.expected, *said
