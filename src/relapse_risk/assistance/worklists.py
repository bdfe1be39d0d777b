"""Worklists: one Excel per department and county that a clerk answers in, a JSON copy, and a summary of the city.

No name and no identity number: a household is its pseudonym, and the office with the key looks it up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from numbers import Real
from pathlib import Path

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from relapse_risk.assistance.catalogue import Catalogue
from relapse_risk.assistance.department_lists import WorkList, labelled_list
from relapse_risk.assistance.reminders import reason_of
from relapse_risk.assistance.reply_sheets import SHEETS, locked, offer_replies, print_setup
from relapse_risk.files import sha256, write_bytes
from relapse_risk.languages import Language
from relapse_risk.register.spreadsheets import neutralised, workbook
from relapse_risk.schema import code_list
from relapse_risk.text import text

__all__ = ["worklist_content", "worklist_files", "write_worklists"]

HEADS = (
    "reminder_id", "household_id", "person_id", "town", "item", "kind", "reason", "basis", "amount_year", "evidence_on",
    "due_on", "priority", "stands", "assignee", "reply", "replied_on", "by", "note", "to_department",
)  # fmt: skip
SUMMARY = ("county_code", "department", "kind", "reminders", "households", "amount_year", "first_due")
KINDS = ("missing", "over")
ASKS = SHEETS["worklist.sheet"]
WIDTHS = {
    "reason": 46,
    "item": 24,
    "household_id": 16,
    "person_id": 18,
    "reminder_id": 15,
    "note": 24,
    "town": 12,
    "stands": 20,
}


def worklist_files(reminders: pd.DataFrame, root: Path) -> dict[tuple[str, str], Path]:
    """The file of each (county_code, department) that has reminders."""
    pairs = (
        reminders[["county_code", "department"]].dropna().drop_duplicates().sort_values(["county_code", "department"])
    )
    return {(c, d): root / f"{c}-{d}.xlsx" for c, d in pairs.itertuples(index=False)}


def write_worklists(
    reminders: pd.DataFrame, catalogue: Catalogue, day: date, folder: str | Path, language: Language = "zh",
    towns: Mapping[str, str] | None = None, lists: Mapping[tuple[str, str], Sequence[WorkList]] | None = None,
) -> tuple[Path, ...]:  # fmt: skip
    """Write a workbook and a JSON copy per county and department, and a summary of the city.

    Parameters
    ----------
    reminders : DataFrame
        Rows of :attr:`relapse_risk.assistance.Reminders.frame`.
    folder : path
        Created; files of the same name are replaced, each whole or not at all.
    towns : mapping, optional
        Town code to name.
    lists : mapping, optional
        By (county_code, department): its other lists
        (:func:`relapse_risk.assistance.department_lists`).

    Returns
    -------
    tuple of Path
        ``<county>-<department>.xlsx`` and ``.json``, ``summary.xlsx`` and ``summary.json``.
    """
    root = Path(folder)
    out: list[Path] = []
    given = lists or {}
    busy = {pair for pair, found in given.items() if any(len(one.frame) for one in found)}
    for county, department in sorted(busy | set(worklist_files(reminders, root))):
        path = root / f"{county}-{department}.xlsx"
        mine = reminders[(reminders["county_code"] == county) & (reminders["department"] == department)]
        content = worklist_content(
            mine, catalogue, day, (county, department), language, towns or {}, given.get((county, department), ())
        )
        out += [write_bytes(path.with_suffix(suffix), data) for suffix, data in content.items()]
    summary = _summary(reminders)
    return (
        *out,
        write_bytes(root / "summary.xlsx", _summary_workbook(summary, day, language)),
        write_bytes(root / "summary.json", _as_json(summary)),
    )


def worklist_content(
    reminders: pd.DataFrame, catalogue: Catalogue, day: date, whose: tuple[str, str], language: Language,
    towns: Mapping[str, str], lists: Sequence[WorkList] = (),
) -> dict[str, bytes]:  # fmt: skip
    """Workbook and JSON copy of one department in one county, by suffix; the same rows make the same bytes.

    Parameters
    ----------
    reminders : DataFrame
        Its rows only.
    whose : (str, str)
        County (code or name, for the running head) and department.
    lists : sequence of WorkList, optional
        One sheet for each list that has rows.
    """
    labelled = _labelled(reminders, catalogue, day, language, towns)
    title = f"{whose[0]} {code_list('department').label(whose[1], language)} {day.isoformat()}"
    copy = {
        "county": whose[0],
        "department": whose[1],
        "day": day.isoformat(),
        "reminders": json.loads(_as_json(labelled)),
        "lists": {one.name: json.loads(_as_json(one.frame)) for one in lists},
    }
    digest = sha256([json.dumps(copy, ensure_ascii=False, sort_keys=True)])  # of everything the list says
    plain = json.dumps(copy | {"digest": digest}, ensure_ascii=False, indent=1) + "\n"
    return {".xlsx": _workbook(labelled, title, day, language, lists, digest), ".json": plain.encode("utf-8")}


def _labelled(
    reminders: pd.DataFrame, catalogue: Catalogue, day: date, language: Language, towns: Mapping[str, str]
) -> pd.DataFrame:
    labels = {item.code: item.label.in_language(language) for item in catalogue.items}
    bases = {item.code: text(f"worklist.basis.{item.confidence}", language) for item in catalogue.items}
    reasons = {(i.code, kind): reason_of(i, day, kind, language) for i in catalogue.items for kind in KINDS}
    known = {name: reminders.get(name) for name in ("stands", "assignee")}
    return reminders.assign(
        **known,
        item=reminders["item_code"].map(labels),
        basis=reminders["item_code"].map(bases),
        reason=[reasons[pair] for pair in zip(reminders["item_code"], reminders["kind"], strict=True)],
        town=[towns.get(code, code) for code in reminders["town_code"]],
        evidence_on=reminders["evidence_on"].dt.strftime("%Y-%m-%d"),
        due_on=reminders["due_on"].dt.strftime("%Y-%m-%d"),
    )


def _summary(reminders: pd.DataFrame) -> pd.DataFrame:
    groups = reminders.groupby(["county_code", "department", "kind"])
    found = groups.agg(
        reminders=("reminder_id", "size"), households=("household_id", "nunique"), amount_year=("amount_year", "sum"),
        first_due=("due_on", "min"),
    ).reset_index()  # fmt: skip
    return found.assign(first_due=found["first_due"].dt.strftime("%Y-%m-%d"))


def _as_json(frame: pd.DataFrame) -> bytes:
    plain: str = frame.to_json(orient="records", force_ascii=False, date_format="iso", indent=1)
    return (plain + "\n").encode("utf-8")


def _workbook(
    rows: pd.DataFrame, title: str, day: date, language: Language, lists: Sequence[WorkList] = (), digest: str = ""
) -> bytes:  # fmt: skip
    with workbook(day, in_memory=True) as (book, held):
        sheet = book.add_worksheet(text("worklist.sheet", language))
        _write_rows(book, sheet, rows, language)
        offer_replies(sheet, HEADS, ASKS, max(len(rows), 1), language)
        locked(sheet, max(len(rows), 1), len(HEADS))
        print_setup(sheet, title, digest)
        for one in lists:
            if len(one.frame):
                _write_list(book, one, title, language)
    return held.getvalue()


def _write_list(book: xlsxwriter.Workbook, found: WorkList, title: str, language: Language) -> None:
    """A sheet without reply columns: results appear in the register next month."""
    sheet, labelled = book.add_worksheet(found.title(language)[:31]), labelled_list(found, language)
    top = {"valign": "top", "text_wrap": True}
    head, plain = book.add_format(top | {"bold": True, "bottom": 1}), book.add_format(top)
    sheet.write_row(0, 0, list(labelled.columns), head)
    for line, row in enumerate(labelled.itertuples(index=False), 1):
        for column, value in enumerate(row):
            if isinstance(value, Real) and not _empty(value):
                sheet.write_number(line, column, value, plain)
            elif not _empty(value):
                sheet.write_string(line, column, neutralised(str(value)), plain)
    sheet.set_column(0, len(labelled.columns) - 1, 18)
    locked(sheet, max(len(labelled), 1), len(labelled.columns))
    print_setup(sheet, f"{title} {found.title(language)}")


def _write_rows(book: xlsxwriter.Workbook, sheet: Worksheet, rows: pd.DataFrame, language: Language) -> None:
    top, answered = {"valign": "top"}, {"locked": False, "bg_color": "#FFF7E6", "border": 1, "border_color": "#D9D9D9"}
    fixed = book.add_format(top | {"text_wrap": True})
    money = book.add_format(top | {"num_format": "#,##0"})
    answer = book.add_format(top | answered | {"text_wrap": True})
    day = book.add_format(top | answered | {"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, [text(f"worklist.{name}", language) for name in HEADS], book.add_format(top | {"bold": True, "bottom": 1, "text_wrap": True}))  # fmt: skip
    for column, name in enumerate(HEADS):
        sheet.set_column(column, column, WIDTHS.get(name, 12))
    shown = rows.assign(kind=rows["kind"].map(lambda kind: text(f"worklist.kind.{kind}", language)))
    for line, row in enumerate(shown.to_dict("records"), 1):
        for column, name in enumerate(HEADS):
            if name in ASKS.answers:
                sheet.write_blank(line, column, None, day if name == "replied_on" else answer)
            elif isinstance(row[name], Real) and not _empty(row[name]):
                sheet.write_number(line, column, row[name], money)
            elif not _empty(row[name]):
                sheet.write_string(line, column, neutralised(str(row[name])), fixed)


def _summary_workbook(summary: pd.DataFrame, day: date, language: Language) -> bytes:
    department = code_list("department")
    shown = summary.assign(
        kind=summary["kind"].map(lambda kind: text(f"worklist.kind.{kind}", language)),
        department=[department.label(word, language) for word in summary["department"]],
    )
    with workbook(day, in_memory=True) as (book, held):
        sheet = book.add_worksheet(text("worklist.summary", language))
        sheet.write_row(
            0, 0, [text(f"worklist.{name}", language) for name in SUMMARY], book.add_format({"bold": True, "bottom": 1})
        )
        for line, row in enumerate(shown[list(SUMMARY)].to_dict("records"), 1):
            cells = [value if isinstance(value, Real) else neutralised(str(value)) for value in row.values()]
            sheet.write_row(line, 0, cells)
        sheet.set_column(0, len(SUMMARY) - 1, 16)
        print_setup(sheet, day.isoformat())
    return held.getvalue()


def _empty(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)
