"""Worklists: one Excel per department and county that a clerk answers in, a JSON twin, and the way back.

No name and no identity number: a household is its pseudonym, and the office that holds the key looks it up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import xlsxwriter
from python_calamine import CalamineWorkbook

from relapse_risk.assistance.catalogue import Catalogue
from relapse_risk.assistance.referrals import Step, append_steps, read_steps
from relapse_risk.assistance.reminders import reason_of
from relapse_risk.errors import SourceError
from relapse_risk.register.findings_files import neutralised
from relapse_risk.schema import code_list

__all__ = ["Replies", "read_replies", "take_replies", "worklist_files", "write_worklists"]

Language = Literal["zh", "en"]
SHEET: Mapping[str, str] = {"zh": "办理", "en": "Worklist"}
HEADS: Mapping[str, Mapping[str, str]] = {
    "reminder_id": {"zh": "提醒编号", "en": "Reminder"}, "household_id": {"zh": "户编号", "en": "Household"},
    "person_id": {"zh": "人员编号", "en": "Person"}, "town": {"zh": "乡镇", "en": "Town"},
    "item": {"zh": "事项", "en": "Item"}, "kind": {"zh": "类型", "en": "Kind"}, "reason": {"zh": "理由", "en": "Reason"},
    "amount_year": {"zh": "年金额（元）", "en": "Amount a year"}, "evidence_on": {"zh": "数据日期", "en": "Data of"},
    "due_on": {"zh": "办理期限", "en": "Due"}, "priority": {"zh": "优先度", "en": "Priority"},
    "reply": {"zh": "办理结果", "en": "Reply"}, "replied_on": {"zh": "办理日期", "en": "Replied on"},
    "by": {"zh": "办理人", "en": "By"}, "note": {"zh": "说明", "en": "Note"},
}  # fmt: skip
REPLIES: Mapping[str, Mapping[str, str]] = {
    "accepted": {"zh": "已受理", "en": "accepted"}, "returned": {"zh": "退回", "en": "returned"},
    "finished": {"zh": "已办结", "en": "finished"},
}  # fmt: skip
KINDS: Mapping[str, Mapping[str, str]] = {
    "missing": {"zh": "应享未享", "en": "entitled, not receiving"},
    "over": {"zh": "在享存疑", "en": "receiving, claim in doubt"},
}
ANSWERED = ("reply", "replied_on", "by", "note")
WIDTHS = {"reason": 46, "item": 24, "household_id": 16, "person_id": 18, "reminder_id": 15, "note": 24, "town": 12}


def worklist_files(reminders: pd.DataFrame, root: Path) -> dict[tuple[str, str], Path]:
    """The file of each (county_code, department) with something to do."""
    pairs = (
        reminders[["county_code", "department"]].dropna().drop_duplicates().sort_values(["county_code", "department"])
    )
    return {(c, d): root / f"{c}-{d}.xlsx" for c, d in pairs.itertuples(index=False)}


def write_worklists(
    reminders: pd.DataFrame, catalogue: Catalogue, day: date, folder: str | Path, language: Language = "zh",
    towns: Mapping[str, str] | None = None,
) -> tuple[Path, ...]:  # fmt: skip
    """Write a workbook and a JSON twin per county and department, and a summary of the city.

    Parameters
    ----------
    reminders : DataFrame
        Rows of :attr:`relapse_risk.assistance.Reminders.frame`.
    folder : path
        Created; files of the same name are replaced, each whole or not at all.
    towns : mapping, optional
        Town code to name.

    Returns
    -------
    tuple of Path
        ``<county>-<department>.xlsx`` and ``.json``, ``summary.xlsx`` and ``summary.json``.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    told = _told(reminders, catalogue, day, language, towns or {})
    out: list[Path] = []
    for (county, department), path in worklist_files(reminders, root).items():
        mine = told[(told["county_code"] == county) & (told["department"] == department)]
        name = code_list("department").label(department, language)
        title = f"{county} {name} {day.isoformat()}"
        _whole(path, lambda part, mine=mine, title=title: _write_workbook(part, mine, title, language))
        out += [path, _write_json(path.with_suffix(".json"), mine)]
    summary = _summary(told)
    _whole(root / "summary.xlsx", lambda part: _write_summary(part, summary, language))
    return (*out, root / "summary.xlsx", _write_json(root / "summary.json", summary))


def _told(
    reminders: pd.DataFrame, catalogue: Catalogue, day: date, language: Language, towns: Mapping[str, str]
) -> pd.DataFrame:
    labels = {item.code: item.label.in_language(language) for item in catalogue.items}
    reasons = {(i.code, kind): reason_of(i, day, kind, language) for i in catalogue.items for kind in KINDS}
    return reminders.assign(
        item=reminders["item_code"].map(labels),
        reason=[reasons[pair] for pair in zip(reminders["item_code"], reminders["kind"], strict=True)],
        town=[towns.get(code, code) for code in reminders["town_code"]],
        evidence_on=reminders["evidence_on"].dt.strftime("%Y-%m-%d"),
        due_on=reminders["due_on"].dt.strftime("%Y-%m-%d"),
    )


def _summary(told: pd.DataFrame) -> pd.DataFrame:
    groups = told.groupby(["county_code", "department", "kind"])
    return groups.agg(
        reminders=("reminder_id", "size"), households=("household_id", "nunique"), amount_year=("amount_year", "sum"),
        first_due=("due_on", "min"),
    ).reset_index()  # fmt: skip


def _whole(path: Path, write: Any) -> None:
    """Written aside and swapped in."""
    part = path.with_name(f"{path.name}.part")
    write(part)
    part.replace(path)


def _write_json(path: Path, frame: pd.DataFrame) -> Path:
    text = frame.to_json(orient="records", force_ascii=False, date_format="iso", indent=1)
    _whole(path, lambda part: part.write_text(text + "\n", encoding="utf-8"))
    return path


def _write_workbook(path: Path, rows: pd.DataFrame, title: str, language: Language) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(SHEET[language])
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        fixed, money = (
            book.add_format({"text_wrap": True, "valign": "top"}),
            book.add_format({"num_format": "#,##0", "valign": "top"}),
        )
        answer = book.add_format(
            {
                "locked": False,
                "bg_color": "#FFF7E6",
                "border": 1,
                "border_color": "#D9D9D9",
                "text_wrap": True,
                "valign": "top",
            }
        )
        day = book.add_format(
            {
                "locked": False,
                "bg_color": "#FFF7E6",
                "border": 1,
                "border_color": "#D9D9D9",
                "num_format": "yyyy-mm-dd",
                "valign": "top",
            }
        )
        sheet.write_row(0, 0, [HEADS[name][language] for name in HEADS], head)
        for column, name in enumerate(HEADS):
            sheet.set_column(column, column, WIDTHS.get(name, 12))
        shown = rows.assign(kind=rows["kind"].map(lambda kind: KINDS[kind][language]))
        for line, row in enumerate(shown.to_dict("records"), 1):
            for column, name in enumerate(HEADS):
                if name in ANSWERED:
                    sheet.write_blank(line, column, None, day if name == "replied_on" else answer)
                elif not _empty(row[name]):
                    number = isinstance(row[name], (int, float))
                    sheet.write(
                        line, column, row[name] if number else neutralised(str(row[name])), money if number else fixed
                    )
        last, at = max(len(rows), 1), {name: column for column, name in enumerate(HEADS)}
        sheet.data_validation(
            1, at["reply"], last, at["reply"], {"validate": "list", "source": [REPLIES[r][language] for r in REPLIES]}
        )
        sheet.data_validation(
            1,
            at["replied_on"],
            last,
            at["replied_on"],
            {"validate": "date", "criteria": ">=", "value": date(2000, 1, 1), "ignore_blank": True},
        )
        sheet.protect("", {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True})
        sheet.autofilter(0, 0, last, len(HEADS) - 1)
        sheet.freeze_panes(1, 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_header(f"&L{title.replace('&', '&&')}")
        sheet.set_footer("&R&P / &N")


def _write_summary(path: Path, summary: pd.DataFrame, language: Language) -> None:
    words = {
        "county_code": {"zh": "县代码", "en": "County"}, "department": {"zh": "部门", "en": "Department"}, "kind": {"zh": "类型", "en": "Kind"},
        "reminders": {"zh": "提醒", "en": "Reminders"}, "households": {"zh": "户数", "en": "Households"},
        "amount_year": {"zh": "年金额（元）", "en": "Amount a year"}, "first_due": {"zh": "最早期限", "en": "First due"},
    }  # fmt: skip
    department = code_list("department")
    shown = summary.assign(
        kind=summary["kind"].map(lambda kind: KINDS[kind][language]),
        department=[department.label(word, language) for word in summary["department"]],
    )
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("汇总" if language == "zh" else "Summary")
        sheet.write_row(0, 0, [words[name][language] for name in words], book.add_format({"bold": True, "bottom": 1}))
        for line, row in enumerate(shown[list(words)].to_dict("records"), 1):
            sheet.write_row(
                line,
                0,
                [value if isinstance(value, (int, float)) else neutralised(str(value)) for value in row.values()],
            )
        sheet.set_column(0, len(words) - 1, 16)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)


def _empty(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


@dataclass(frozen=True, slots=True)
class Replies:
    """What a returned worklist says.

    Attributes
    ----------
    steps : tuple of Step
        Good replies, in the order of the sheet.
    faults : DataFrame
        file, sheet, row, column, value, zh, en: every reply that could not be taken, with the reason.
    """

    steps: tuple[Step, ...]
    faults: pd.DataFrame

    def summary(self) -> str:
        """One line."""
        return f"{len(self.steps)} replies, {len(self.faults)} that could not be taken"


FAULTS = {
    "unknown": ("没有这个提醒编号", "no such reminder was handed over"),
    "twice": ("同一提醒填写了两次", "the same reminder is answered twice"),
    "reply": ("请从下拉列表中选择", "choose from the list"),
    "date": ("请填写日期，如 2020-12-31", "write a day such as 2020-12-31"),
    "future": ("日期在今天之后", "the day lies in the future"),
    "early": ("日期早于转办日期", "the day lies before the hand-over"),
    "alone": ("填写了日期或说明，但没有选择办理结果", "a day or a note without a reply"),
    "order": ("该提醒已办结或已退回", "the referral is finished or was returned already"),
}


def read_replies(path: str | Path, register: str | Path, today: date) -> Replies:
    """Read a department's returned worklist; a bad reply spoils no good one.

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
        If the file is no such workbook (no sheet or no column of a worklist).
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
        values = {name: row[column] if column < len(row) else "" for name, column in at.items()}
        if all(_blank(values[name]) for name in ANSWERED):
            continue
        column, kind = _fault(values, handed, seen, today)
        if kind == "" and (step := _step(values)) is not None:
            again = (step.reminder_id, step.step, step.on, step.by) in said
            if not again and standing[step.reminder_id] in ("finished", "returned"):
                column, kind = "reply", "order"
            else:
                good += [] if again else [step]
        if kind:
            faults.append((file.name, sheet, number, HEADS[column]["zh"], str(values[column]), *FAULTS[kind]))
        seen.add(str(values["reminder_id"]).strip())
    return Replies(tuple(good), pd.DataFrame(faults, columns=["file", "sheet", "row", "column", "value", "zh", "en"]))


def take_replies(path: str | Path, register: str | Path, today: date) -> Replies:
    """Read a returned worklist and append its good replies; the same file twice changes nothing."""
    replies = read_replies(path, register, today)
    return Replies(append_steps(register, replies.steps), replies.faults)


def _opened(file: Path) -> tuple[str, list[list[Any]], dict[str, int]]:
    try:
        book = CalamineWorkbook.from_path(str(file))
    except Exception as error:  # the reader has no error class of its own for each way a file can be broken
        raise SourceError(
            "not a workbook", where=str(file), got=str(error), fix="send back the .xlsx that was sent out"
        ) from error
    names = [name for name in book.sheet_names if name in SHEET.values()]
    if not names:
        raise SourceError(
            "no worklist in it", where=str(file), got=" | ".join(book.sheet_names), expected=" | ".join(SHEET.values())
        )
    rows = book.get_sheet_by_name(names[0]).to_python(skip_empty_area=False)
    heads = [str(value).strip() for value in rows[0]] if rows else []
    at = {
        name: heads.index(words[language])
        for name, words in HEADS.items()
        for language in ("zh", "en")
        if words[language] in heads
    }
    for name in ("reminder_id", *ANSWERED):
        if name not in at:
            raise SourceError(
                "a column is gone",
                where=f"{file}: {names[0]}",
                expected=HEADS[name]["zh"],
                fix="do not rename or delete columns",
            )
    return names[0], rows[1:], at


def _blank(value: object) -> bool:
    return value is None or str(value).strip() == ""


def _reply(value: object) -> str:
    said = str(value).strip().lower()
    return next((reply for reply, words in REPLIES.items() if said in (words["zh"], words["en"])), "")


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


def _fault(
    values: Mapping[str, Any], handed: Mapping[str, Step], seen: Sequence[str] | set[str], today: date
) -> tuple[str, str]:
    """Column and kind of the first thing wrong with a reply; empty kind when nothing is."""
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
