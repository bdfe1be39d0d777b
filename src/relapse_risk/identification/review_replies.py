"""Sheets that come back: good rows become steps of the log; each bad one is named by sheet, row and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from relapse_risk.errors import RegisterError
from relapse_risk.events import Event, replies_of
from relapse_risk.events.returned_sheets import day_said, returned_sheets
from relapse_risk.identification.identification_log import KIND, LEAVING, IdentificationLog, Whereabouts
from relapse_risk.identification.leavers import follow_up
from relapse_risk.identification.review_sheets import ANSWERS, BY_COMMAND, CLUE_COLUMNS, LEFT_COLUMNS, LEVELS
from relapse_risk.languages import LANGUAGES, Label
from relapse_risk.schema import code_list
from relapse_risk.text import messages

__all__ = ["ReviewReplies", "take_review_replies"]

CLUES = "clues"
_REVIEWS = {f"review.sheet.{level}": ("name", *ANSWERS) for level in LEVELS}
ASKED = {**_REVIEWS, f"review.sheet.{CLUES}": CLUE_COLUMNS, f"review.sheet.{LEAVING}": ("name", *LEFT_COLUMNS)}
FAULT_COLUMNS = (
    "file",
    "sheet",
    "row",
    "column",
    "value",
    "expected",
    *LANGUAGES,
    *(f"fix_{one}" for one in LANGUAGES),
)
# Column of a sheet by the fact (or field) of a step that an error names.
COLUMN_OF = {"step": "reply", "role": "reply", "on": "on", "type": "type_said", "leaving": "leaving", "channel": "channel_said"}  # fmt: skip
CODES = {"type_said": ("type", "monitor_type"), "leaving": ("leaving", "leaving_reason")}


@dataclass(frozen=True, slots=True)
class ReviewReplies:
    """What a returned workbook held.

    Attributes
    ----------
    steps : tuple of Event
        Written to the log.
    known : int
        Rows that said what the log knew.
    faults : DataFrame
        file, sheet, row (as a spreadsheet counts), column, value, expected, zh, en, fix_zh, fix_en: every row refused.
    """

    steps: tuple[Event, ...]
    known: int
    faults: pd.DataFrame

    def lines(self) -> list[str]:
        """One line for each row refused."""
        return [
            f"{one['file']}: {one['sheet']}: row {one['row']}, {one['column']}: {one['zh']} / {one['en']}; got "
            f"{one['value']!r}, expected {one['expected']}. Fix: {one['fix_zh']} / {one['fix_en']}."
            for one in self.faults.to_dict("records")
        ]


class _Fault(Exception):
    """A row that is refused: column, kind of fault, value, what was expected."""

    def __init__(self, column: str, kind: str, value: str, expected: str) -> None:
        self.column, self.kind, self.value, self.expected = column, kind, value, expected
        super().__init__(kind)


def take_review_replies(path: str | Path, log: IdentificationLog, homes: Whereabouts, today: date) -> ReviewReplies:
    """Read a returned workbook and write its good rows to the log; the same file twice changes nothing.

    Parameters
    ----------
    path : path
        Workbook of :func:`write_review_sheets`, filled in; rows in any order, columns found by their heads.
    log : IdentificationLog
    homes : Whereabouts
        Where households live; a clue must be of one of them.
    today : datetime.date

    Raises
    ------
    SourceError
        If the file is not such a workbook, or lacks a column.
    """
    file = Path(path)
    good: list[tuple[Event, str, int]] = []
    faults: list[tuple[object, ...]] = []
    begun: set[str] = set()
    for one in returned_sheets(file, "review", ASKED, "sheet of a review"):
        sheet, level = one.title, one.key.rpartition(".")[2]
        seen: set[str] = set()
        for number, values in one.answered({CLUES: CLUE_COLUMNS, LEAVING: LEFT_COLUMNS}.get(level, ANSWERS)):
            try:
                if level == CLUES:
                    event = _clue(values, log, homes, begun, today, file)
                elif level == LEAVING:
                    event = _explained(values, log, homes, today, file)
                else:
                    event = _reply(values, level, log, homes, seen, today, file)
            except _Fault as fault:
                faults.append(_fault_row(file, sheet, number, fault))
            else:
                good.append((event, sheet, number))
    added = log.append([event for event, _, _ in good], leave_out=True)
    log.append(
        [more for event in added.written if event.step == "explained" for more in follow_up(event, log)], leave_out=True
    )
    places = {event.said: (sheet, number) for event, sheet, number in good}
    for event, error in added.refused:
        faults.append(_fault_row(file, *places[event.said], _of_error(event, error, log)))
    faults.sort(key=lambda row: (str(row[1]), row[2]))
    return ReviewReplies(added.written, len(added.known), pd.DataFrame(faults, columns=list(FAULT_COLUMNS)))


def _day(value: str) -> str:
    if day := day_said(value):
        return day
    raise _Fault("on", "date", value, "2021-03-01")


def _word(value: str, column: str, codes: str) -> str:
    """The word of a code list that a cell says, in any language."""
    known = code_list(codes)
    for word in known.words:
        if value.lower() in (word, *(text.lower() for text in known.of(word).by_language.values())):
            return word
    raise _Fault(column, "reply", value, " | ".join(known.of(word).zh for word in known.words))


def _reply(
    values: Mapping[str, str], level: str, log: IdentificationLog, homes: Whereabouts, seen: set[str], today: date, file: Path
) -> Event:  # fmt: skip
    household, _, episode = values["name"].rpartition("#")
    now = log.last(KIND, household)
    if now is None or str(now.episode) != episode:
        raise _Fault("name", "unknown", values["name"], now.name if now else "a number of the sheet that was sent")
    if now.name in seen:
        raise _Fault("name", "twice", now.name, "one row")
    seen.add(now.name)
    step = _step(values["reply"], level, now.state, log)
    facts = {fact: _word(values[name], name, codes) for name, (fact, codes) in CODES.items() if values[name]}
    return _event(values, household, step, level, facts, homes, today, file, now.place)


def _step(said: str, level: str, state: str, log: IdentificationLog) -> str:
    """The step that a cell names; one that is not of the state is refused later, with where the household stands."""
    machine = log.machine
    offered = [machine.step_label(step) for step in replies_of(machine, state, level, BY_COMMAND)]
    expected = " | ".join(f"{one.zh} ({one.en})" for one in offered) or "—"
    if not said:
        raise _Fault("reply", "alone", said, expected)
    found = [
        n for n, s in machine.steps.items() if said.lower() in (n, *(t.lower() for t in s.label.by_language.values()))
    ]
    if not found or found[0] in BY_COMMAND:
        raise _Fault("reply", "reply", said, expected)
    return found[0]


def _clue(
    values: Mapping[str, str], log: IdentificationLog, homes: Whereabouts, begun: set[str], today: date, file: Path
) -> Event:  # fmt: skip
    """A new clue: it begins an episode, or is one more of the episode that is open or that ``begun`` by an earlier row."""
    household = values["household_id"]
    if household not in homes.frame.index:
        raise _Fault("household_id", "no_household", household, "a household of the register's newest month")
    if not values["channel_said"]:
        raise _Fault("channel_said", "alone", "", "a word of the list")
    channel = _word(values["channel_said"], "channel_said", "identification_channel")
    now = log.last(KIND, household)
    open_ = now is not None and not log.machine.states[now.state].final
    more = household in begun or (open_ and not _is_the_opening(now, values, channel))
    role = "household" if channel == "self_application" else "village"
    event = _event(
        values,
        household,
        "clue_added" if more else "proposed",
        role,
        {"channel": channel},
        homes,
        today,
        file,
        homes.of(household),
    )
    begun.add(household)
    return event


def _explained(
    values: Mapping[str, str], log: IdentificationLog, homes: Whereabouts, today: date, file: Path
) -> Event:  # fmt: skip
    """Why a household left the register."""
    household, _, episode = values["name"].rpartition("#")
    now = log.last(LEAVING, household)
    if now is None or str(now.episode) != episode:
        raise _Fault("name", "unknown", values["name"], now.name if now else "a number of the sheet that was sent")
    if not values["leaving"]:
        raise _Fault("leaving", "alone", "", " | ".join(code_list("leaving_reason").of(w).zh for w in code_list("leaving_reason").words))  # fmt: skip
    facts = {
        "leaving": _word(values["leaving"], "leaving", "leaving_reason"),
        **({"into": values["into"]} if values["into"] else {}),
    }
    return _event(values, household, "explained", "county", facts, homes, today, file, now.place, LEAVING)


def _is_the_opening(now: Any, values: Mapping[str, str], channel: str) -> bool:
    """Whether the clue is the one that the open episode began with: the file came a second time."""
    first = now.events[0]
    return bool(first.facts.get("channel") == channel and first.on == _day(values["on"]) and first.reason == values["reason"])  # fmt: skip


def _event(
    values: Mapping[str, str], household: str, step: str, role: str, facts: dict[str, str], homes: Whereabouts, today: date,
    file: Path, before: tuple[str, str, str], kind: str = KIND,
) -> Event:  # fmt: skip
    if not values["by"]:
        raise _Fault("by", "by", "", "a name or an office")
    here = homes.of(household)
    county, town, village = here if here[0] else before
    return Event(
        kind, household, 0, step, _day(values["on"]), today.isoformat(), values["by"], role, county, town, village,
        values["reason"], values["evidence"], file.name, facts,
    )  # fmt: skip


def _of_error(event: Event, error: RegisterError, log: IdentificationLog) -> _Fault:
    """What the machine refused, as the column of the sheet that says it."""
    name = error.where.rpartition(": ")[2]
    column = COLUMN_OF.get(name, name)
    missing = error.got == "nothing"
    kind = name if name in ("step", "role", "on") else "said" if missing else "value"
    expected, value = str(error.expected), "" if missing else str(error.got)
    if name == "step":
        now, machine = log.last(event.kind, event.thing), log.machines[event.kind]
        offered = machine.allowed(now.state, event.role) if now else ()
        expected = " | ".join(machine.step_label(step).zh for step in offered if step not in BY_COMMAND) or "—"
        label = machine.step_label(event.step)
        value = f"{label.zh} ({label.en})"
        if now:
            state = machine.state_label(now.state)
            expected += f" ({state.zh} / {state.en})"
    return _Fault(column, kind, value, expected)


def _fault_row(file: Path, sheet: str, number: int, fault: _Fault) -> tuple[object, ...]:
    column, what, fix = (
        messages()[f"review.{key}"] for key in (fault.column, f"fault.{fault.kind}", f"fix.{fault.kind}")
    )
    head = Label(zh=column.zh, en=column.en)
    return (
        file.name, sheet, number, f"{head.zh} ({head.en})", fault.value, fault.expected, what.zh, what.en, fix.zh, fix.en
    )  # fmt: skip
