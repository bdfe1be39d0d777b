"""Returned worklists: good replies are taken; each bad reply is reported by sheet, row and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from python_calamine import CalamineWorkbook

from relapse_risk.assistance.referrals import MAY_FOLLOW, Step, append_steps, read_steps
from relapse_risk.assistance.worklists import ANSWERED, HEADS, REPLIES
from relapse_risk.errors import RegisterError, SourceError
from relapse_risk.languages import LANGUAGES
from relapse_risk.text import messages, text

__all__ = ["Replies", "read_replies", "take_replies"]

TRIES = 5  # attempts to take a workbook while other replies are written


@dataclass(frozen=True, slots=True)
class Replies:
    """The replies of a returned worklist.

    Attributes
    ----------
    steps : tuple of Step
        Good replies, in the order of the sheet.
    faults : DataFrame
        file, sheet, row, column, value, zh, en: every rejected reply, with the reason.
    """

    steps: tuple[Step, ...]
    faults: pd.DataFrame

    def summary(self) -> str:
        """One line."""
        return f"{len(self.steps)} replies taken, {len(self.faults)} rejected"


def read_replies(path: str | Path, register: str | Path, today: date) -> Replies:
    """Read a department's returned worklist; a bad reply does not affect the good ones.

    Parameters
    ----------
    path : path
        Workbook written by :func:`write_worklists` and filled in, rows in any order, columns found by their heads.
    register : path
        Register whose referrals are answered.
    today : date

    Raises
    ------
    SourceError
        If the file is not such a workbook (no sheet or no column of a worklist).
    """
    file = Path(path)
    sheet, rows, at = _opened(file)
    steps = read_steps(register)
    handed = {step.reminder_id: step for step in steps if step.step == "handed_over"}
    standing = {step.reminder_id: step.step for step in steps}
    said = {(step.reminder_id, step.step, step.on, step.by) for step in steps}
    good: list[Step] = []
    faults: list[tuple[object, ...]] = []
    seen: set[str] = set()
    for number, row in enumerate(rows, 2):
        values = {name: row[column] for name, column in at.items()}
        if all(_blank(values[name]) for name in ANSWERED):
            continue
        column, kind = _fault(values, handed, seen, today)
        if kind == "" and (step := _step(values)) is not None:
            again = (step.reminder_id, step.step, step.on, step.by) in said
            if not again and step.step not in MAY_FOLLOW[standing[step.reminder_id]]:
                column, kind = "reply", "order"
            else:
                good += [] if again else [step]
        if kind:
            faults.append(
                (
                    file.name,
                    sheet,
                    number,
                    text(f"worklist.{column}", "zh"),
                    str(values[column]),
                    *messages()[f"worklist.fault.{kind}"].by_language.values(),
                )
            )
        seen.add(str(values["reminder_id"]).strip())
    return Replies(tuple(good), pd.DataFrame(faults, columns=["file", "sheet", "row", "column", "value", *LANGUAGES]))


def take_replies(path: str | Path, register: str | Path, today: date) -> Replies:
    """Read a returned worklist and append its good replies; the same file twice changes nothing."""
    for left in reversed(range(TRIES)):
        replies = read_replies(path, register, today)
        try:
            return Replies(append_steps(register, replies.steps), replies.faults)
        except RegisterError:  # one was answered meanwhile: read again; it is now an error of that row
            if not left:
                raise
    raise AssertionError("never reached")


def _opened(file: Path) -> tuple[str, list[list[Any]], dict[str, int]]:
    try:
        book = CalamineWorkbook.from_path(str(file))
    except Exception as error:  # the reader has no error class for damaged files
        raise SourceError(
            "not a workbook", where=str(file), got=str(error), fix="send back the .xlsx that was sent out"
        ) from error
    sheets = messages()["worklist.sheet"].by_language.values()
    names = [name for name in book.sheet_names if name in sheets]
    if not names:
        raise SourceError(
            "the workbook has no worklist sheet",
            where=str(file),
            got=" | ".join(book.sheet_names),
            expected=" | ".join(sheets),
        )
    rows = book.get_sheet_by_name(names[0]).to_python(skip_empty_area=False)
    heads = [str(value).strip() for value in rows[0]] if rows else []
    at = {
        name: heads.index(head)
        for name in HEADS
        for head in messages()[f"worklist.{name}"].by_language.values()
        if head in heads
    }
    for name in ("reminder_id", *ANSWERED):
        if name not in at:
            raise SourceError(
                "a column is missing",
                where=f"{file}: {names[0]}",
                expected=text(f"worklist.{name}", "zh"),
                fix="do not rename or delete columns",
            )
    return names[0], rows[1:], at


def _blank(value: object) -> bool:
    return value is None or str(value).strip() == ""


def _reply(value: object) -> str:
    said = str(value).strip().lower()
    return next((reply for reply in REPLIES if said in messages()[f"worklist.reply.{reply}"].by_language.values()), "")


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip().replace("/", "-").replace("年", "-").replace("月", "-").replace("日", "")
    try:
        year, month, day = (int(part) for part in text.split("-"))
        return date(year, month, day)
    except ValueError:
        return None


def _fault(values: Mapping[str, Any], handed: Mapping[str, Step], seen: set[str], today: date) -> tuple[str, str]:
    """Column and kind of the first error in a reply; the kind is empty if there is none."""
    reminder = str(values["reminder_id"]).strip()
    if reminder not in handed:
        return "reminder_id", "unknown"
    if reminder in seen:
        return "reminder_id", "twice"
    if _blank(values["reply"]):
        return "reply", "alone"
    if not _reply(values["reply"]):
        return "reply", "reply"
    day = _day(values["replied_on"])
    if day is None:
        return "replied_on", "date"
    if day > today:
        return "replied_on", "future"
    if day.isoformat() < handed[reminder].on:
        return "replied_on", "early"
    return "", ""


def _step(values: Mapping[str, Any]) -> Step | None:
    day = _day(values["replied_on"])
    if day is None:
        return None
    return Step(
        str(values["reminder_id"]).strip(), _reply(values["reply"]), day.isoformat(), str(values["by"] or "").strip(),
        note=str(values["note"] or "").strip(),
    )  # fmt: skip
