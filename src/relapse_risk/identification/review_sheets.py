"""Sheets that leave: what each village, town and county has to review, to be answered in; and a sheet for new clues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from relapse_risk.events import Standing, replies_of
from relapse_risk.files import write_bytes
from relapse_risk.identification.identification_log import LEAVING, IdentificationLog, Whereabouts
from relapse_risk.languages import Label, Language
from relapse_risk.register.spreadsheets import neutralised, workbook
from relapse_risk.schema import code_list
from relapse_risk.text import text

__all__ = ["ANSWERS", "BY_COMMAND", "CLUE_COLUMNS", "LEFT_COLUMNS", "LEVELS", "unit_of", "write_review_sheets"]

LEVELS = ("village", "town", "county")
ABOUT = (
    "name", "household_id", "head_name", "town", "village", "state", "type", "channel", "why", "since", "due_on", "decide_by",
    "last_day",
)  # fmt: skip
ANSWERS = ("reply", "on", "by", "type_said", "reason", "evidence", "leaving")
CLUE_COLUMNS = ("household_id", "channel_said", "on", "by", "reason", "evidence")
WORDS = {"type_said": "monitor_type", "leaving": "leaving_reason", "channel_said": "identification_channel"}
BY_COMMAND = ("notice_begun", "clue_added", "taken_over", "proposed")  # written otherwise than by a reply
LEFT_ABOUT = ("name", "household_id", "village", "month", "since", "due_on")
LEFT_COLUMNS = ("leaving", "into", "on", "by", "reason", "evidence")
CLUE_ROWS = 50
WIDTHS = {"why": 40, "state": 18, "reply": 20, "reason": 30, "evidence": 30, "household_id": 16, "name": 18, "type": 16}


def unit_of(place: tuple[str, str, str], level: str) -> str:
    """Code of the unit of ``level`` that a household belongs to; of the next larger where its own is not known.

    Examples
    --------
    >>> unit_of(("NK-A1", "", "NK-A1-v1"), "village"), unit_of(("NK-A1", "", "NK-A1-v1"), "town")
    ('NK-A1-v1', 'NK-A1')
    """
    county, town, village = place
    found = {"county": (county,), "town": (town, county), "village": (village, town, county)}[level]
    return next((code for code in found if code), "unknown")


def write_review_sheets(
    log: IdentificationLog, homes: Whereabouts, day: date, folder: str | Path, language: Language = "zh",
    levels: Iterable[str] = LEVELS, names: Mapping[str, str] | None = None,
) -> tuple[Path, ...]:  # fmt: skip
    """Write a workbook for each village, town and county that has something to review, and a blank one for clues.

    Parameters
    ----------
    log : IdentificationLog
    homes : Whereabouts
        Of the newest month.
    day : datetime.date
        Of the sheets.
    folder : path
        Made; files of the same name are replaced, each whole or not at all.
    levels : iterable of str
    names : mapping, optional
        Names of heads by household; the files are then readable by their owner only.

    Returns
    -------
    tuple of Path
        ``<level>-<code>.xlsx`` and ``clues.xlsx``.
    """
    root, known = Path(folder), names or {}
    files = []
    for level in levels:
        left = _unexplained(log) if level == "county" else {}
        units: dict[str, list[Standing]] = {code: [] for code in left}
        for one in log.now.values():
            if _is_listed(log, one, level, day):
                place = homes.of(one.thing)
                units.setdefault(unit_of(place if place[0] else one.place, level), []).append(one)
        for code, mine in sorted(units.items()):
            content = _workbook(
                log, homes, sorted(mine, key=lambda one: _order(log, one, level)), level, code, day, language, known,
                left.get(code, ()),
            )  # fmt: skip
            files.append(write_bytes(root / f"{level}-{code}.xlsx", content, restricted=bool(known)))
    return (*files, write_bytes(root / "clues.xlsx", _clue_workbook(day, language)))


def _is_listed(log: IdentificationLog, one: Standing, level: str, day: date) -> bool:
    """Whether a level has anything to answer: it holds the household, or nobody does and it may still say something."""
    state = log.machine.states[one.state]
    if state.holder not in (level, "") or not replies_of(log.machine, one.state, level, BY_COMMAND):
        return False
    ends = log.due.of_state(log.machine, one.state, one.since, one.facts)
    return bool(state.holder) or not ends or day.isoformat() <= ends


def _order(log: IdentificationLog, one: Standing, level: str) -> tuple[bool, str, str]:
    return log.machine.states[one.state].holder != level, log.due_on(one), one.name


def _workbook(
    log: IdentificationLog, homes: Whereabouts, rows: list[Standing], level: str, code: str, day: date, language: Language,
    names: Mapping[str, str], left: Sequence[Standing] = (),
) -> bytes:  # fmt: skip
    heads = tuple(name for name in (*ABOUT, *ANSWERS) if name != "head_name" or names)
    with workbook(day, in_memory=True) as (book, held):
        sheet = book.add_worksheet(text(f"review.sheet.{level}", language))
        _heads(book, sheet, heads, language)
        plain, answer, when = _formats(book)
        for line, one in enumerate(rows, 1):
            about = _about(log, homes, one, language, names)
            for column, name in enumerate(heads):
                if name in ANSWERS:
                    sheet.write_blank(line, column, None, when if name == "on" else answer)
                elif about[name]:
                    sheet.write_string(line, column, neutralised(about[name]), plain)
            _offer(sheet, line, line, heads, language, [log.machine.step_label(step) for step in replies_of(log.machine, one.state, level, BY_COMMAND)])  # fmt: skip
        _finish(sheet, f"{homes.name(code, language)} {text(f'review.sheet.{level}', language)} {day.isoformat()}", len(rows), len(heads))  # fmt: skip
        if left:
            _left_sheet(book, log, homes, left, day, language)
        _clue_sheet(book, day, language)
    return held.getvalue()


def _unexplained(log: IdentificationLog) -> dict[str, list[Standing]]:
    """Households that left the register without a reason, by county."""
    found: dict[str, list[Standing]] = {}
    for _, one in sorted(log.now_of(LEAVING).items()):
        if log.machines[LEAVING].states[one.state].holder:
            found.setdefault(unit_of(one.place, "county"), []).append(one)
    return found


def _left_sheet(
    book: xlsxwriter.Workbook, log: IdentificationLog, homes: Whereabouts, left: Sequence[Standing], day: date, language: Language
) -> None:  # fmt: skip
    """The sheet on which a county says why households are no longer in the register."""
    sheet, heads = book.add_worksheet(text("review.sheet.leaving", language)), (*LEFT_ABOUT, *LEFT_COLUMNS)
    _heads(book, sheet, heads, language)
    plain, answer, when = _formats(book)
    for line, one in enumerate(left, 1):
        about = {
            "name": one.name, "household_id": one.thing, "village": homes.name(one.place[2], language), "since": one.since,
            "month": one.facts["month"], "due_on": log.due_on(one),
        }  # fmt: skip
        for column, name in enumerate(heads):
            if name in LEFT_COLUMNS:
                sheet.write_blank(line, column, None, when if name == "on" else answer)
            else:
                sheet.write_string(line, column, neutralised(about[name]), plain)
    _offer(sheet, 1, len(left), heads, language, [])
    _finish(sheet, f"{text('review.sheet.leaving', language)} {day.isoformat()}", len(left), len(heads))


def _clue_workbook(day: date, language: Language) -> bytes:
    with workbook(day, in_memory=True) as (book, held):
        _clue_sheet(book, day, language)
    return held.getvalue()


def _clue_sheet(book: xlsxwriter.Workbook, day: date, language: Language) -> None:
    sheet = book.add_worksheet(text("review.sheet.clues", language))
    _heads(book, sheet, CLUE_COLUMNS, language)
    _, answer, when = _formats(book)
    for line in range(1, CLUE_ROWS + 1):
        for column, name in enumerate(CLUE_COLUMNS):
            sheet.write_blank(line, column, None, when if name == "on" else answer)
    _offer(sheet, 1, CLUE_ROWS, CLUE_COLUMNS, language, [])
    _finish(sheet, f"{text('review.sheet.clues', language)} {day.isoformat()}", CLUE_ROWS, len(CLUE_COLUMNS))


def _about(
    log: IdentificationLog, homes: Whereabouts, one: Standing, language: Language, names: Mapping[str, str]
) -> dict[str, str]:
    machine, facts = log.machine, one.facts
    here = homes.of(one.thing)
    _, town, village = here if here[0] else one.place
    opened = one.events[0]
    return {
        "name": one.name, "household_id": one.thing, "head_name": names.get(one.thing, ""), "town": homes.name(town, language),
        "village": homes.name(village, language), "state": machine.state_label(one.state)[language],
        "type": machine.said("type", facts["type"])[language] if "type" in facts else "",
        "channel": machine.said("channel", facts["channel"])[language] if "channel" in facts else "",
        "why": Label.from_cell(opened.reason or opened.evidence)[language], "since": one.since, "due_on": log.due_on(one),
        "decide_by": log.decide_by(one), "last_day": facts.get("last_day", ""),
    }  # fmt: skip


def _heads(book: xlsxwriter.Workbook, sheet: Worksheet, heads: tuple[str, ...], language: Language) -> None:
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    sheet.write_row(0, 0, [text(f"review.{name}", language) for name in heads], bold)
    for column, name in enumerate(heads):
        sheet.set_column(column, column, WIDTHS.get(name, 12))


def _formats(book: xlsxwriter.Workbook) -> tuple[object, object, object]:
    top = {"valign": "top", "text_wrap": True}
    open_ = top | {"locked": False, "bg_color": "#FFF7E6", "border": 1, "border_color": "#D9D9D9"}
    return book.add_format(top), book.add_format(open_), book.add_format(open_ | {"num_format": "yyyy-mm-dd"})


def _offer(sheet: Worksheet, first: int, last: int, heads: tuple[str, ...], language: Language, steps: list[Label]) -> None:  # fmt: skip
    """Drop-down lists for words, and a check of the day."""
    if steps:
        column = heads.index("reply")
        sheet.data_validation(
            first, column, last, column, {"validate": "list", "source": [one[language] for one in steps]}
        )
    for name, codes in WORDS.items():
        if name in heads:
            words = [code_list(codes).label(word, language) for word in code_list(codes).words]
            column = heads.index(name)
            sheet.data_validation(first, column, last, column, {"validate": "list", "source": words})
    column = heads.index("on")
    days = {"validate": "date", "criteria": ">=", "value": date(2000, 1, 1), "ignore_blank": True}
    sheet.data_validation(first, column, last, column, days)


def _finish(sheet: Worksheet, title: str, rows: int, columns: int) -> None:
    """Only answers can be written; A4 landscape, one page wide, with a running head."""
    sheet.protect("", {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True})
    sheet.autofilter(0, 0, max(rows, 1), columns - 1)
    sheet.freeze_panes(1, 1)
    sheet.set_header(f"&L{title.replace('&', '&&')}")
    sheet.set_footer("&R&P / &N")
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
