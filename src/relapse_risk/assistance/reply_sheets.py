"""What lists that leave ask, and the workbook they are answered in: one home for every kind of list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from numbers import Real
from types import MappingProxyType
from typing import Any

from xlsxwriter.worksheet import Worksheet

from relapse_risk.assistance.aid_log import ORDER, PLACEMENT, PLEDGE, REMINDER, SENDING
from relapse_risk.languages import Language
from relapse_risk.register.spreadsheets import neutralised, workbook
from relapse_risk.text import text

__all__ = ["ANSWERED", "SHEETS", "ReplySheet", "locked", "offer_replies", "print_setup", "reply_workbook"]

ANSWERED = ("reply", "replied_on", "by", "note")


@dataclass(frozen=True, slots=True)
class ReplySheet:
    """One kind of sheet that comes back.

    Attributes
    ----------
    kind : str
        Of things that its rows answer about.
    identity : str
        Column that names the thing.
    role : str
        As what whoever fills it in speaks.
    replies : tuple of str
        Steps it may name.
    shown : tuple of str
        Columns that are written, before those to answer in.
    may : mapping of str to str
        Further columns to answer in, and the fact each says.
    """

    kind: str
    identity: str
    role: str
    replies: tuple[str, ...]
    shown: tuple[str, ...] = ()
    may: Mapping[str, str] = field(default_factory=dict)

    @property
    def answers(self) -> tuple[str, ...]:
        """Every column to answer in."""
        return (*ANSWERED, *self.may)


# By the key of the sheet's title.  Worklists of reminders are written by ``worklists.py``, which shows more.
SHEETS: Mapping[str, ReplySheet] = MappingProxyType({
    "worklist.sheet": ReplySheet(REMINDER, "reminder_id", "department", ("accepted", "returned", "finished", "not_delivered"),
                                 may={"to_department": "to_department"}),
    "worklist.order": ReplySheet(ORDER, "line_id", "department", ("delivered", "partly", "undelivered", "brought_back"),
                                 ("line_id", "place", "household_id", "person_id", "amount", "due_on", "stands"), {"paid": "paid"}),
    "worklist.placement": ReplySheet(PLACEMENT, "match_id", "platform", ("offered", "accepted", "declined", "started", "pay_checked", "lost", "lapsed"),
                                     ("match_id", "seeker", "age", "education", "labour", "town", "opening_id", "monthly_pay", "stands"), {"pay": "pay"}),
    "worklist.pledge": ReplySheet(PLEDGE, "pledge_id", "platform", ("taken_up", "given", "declined"),
                                  ("pledge_id", "household", "county", "town", "persons", "needs"), {"given": "given"}),
    "worklist.sending": ReplySheet(SENDING, "list", "receiver", ("received",)),
})  # fmt: skip


def reply_workbook(
    key: str, rows: Sequence[Mapping[str, Any]], title: str, day: date, language: Language, digest: str = ""
) -> bytes:  # fmt: skip
    """A workbook of one sheet in which only the answers can be written; the same rows make the same bytes.

    Parameters
    ----------
    key : str
        Of :data:`SHEETS`.
    rows : sequence of mapping
        A value, or nothing, for each column of ``shown``.
    title : str
        Running head.
    day : datetime.date
    language : {"zh", "en"}
    digest : str
        Of what the list says, printed at its foot.
    """
    spec = SHEETS[key]
    heads = (*spec.shown, *spec.answers)
    with workbook(day, in_memory=True) as (book, held):
        sheet = book.add_worksheet(text(key, language))
        top, free = {"valign": "top", "text_wrap": True}, {"locked": False, "bg_color": "#FFF7E6", "border": 1, "border_color": "#D9D9D9"}  # fmt: skip
        bold, plain, answer = (book.add_format(top | more) for more in ({"bold": True, "bottom": 1}, {}, free))
        when = book.add_format(top | free | {"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, [text(f"worklist.{name}", language) for name in heads], bold)
        sheet.set_column(0, len(heads) - 1, 16)
        for line, row in enumerate(rows, 1):
            for column, name in enumerate(heads):
                _write(sheet, line, column, row.get(name), plain if name in spec.shown else when if name == "replied_on" else answer, name in spec.answers)  # fmt: skip
        last = max(len(rows), 1)
        offer_replies(sheet, heads, spec, last, language)
        locked(sheet, last, len(heads))
        print_setup(sheet, title, digest)
    return held.getvalue()


def offer_replies(sheet: Worksheet, heads: Sequence[str], spec: ReplySheet, last: int, language: Language) -> None:
    """A drop-down for the reply, and a date check for the day, down to row ``last``."""
    reply, replied_on = heads.index("reply"), heads.index("replied_on")
    words = {"validate": "list", "source": [text(f"worklist.reply.{word}", language) for word in spec.replies]}
    days = {"validate": "date", "criteria": ">=", "value": date(2000, 1, 1), "ignore_blank": True}
    sheet.data_validation(1, reply, last, reply, words)
    sheet.data_validation(1, replied_on, last, replied_on, days)


def locked(sheet: Worksheet, last: int, columns: int) -> None:
    """Only cells that are left open can be written; rows can be sorted and filtered, heads and the first column stay."""
    sheet.protect("", {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True})
    sheet.autofilter(0, 0, last, columns - 1)
    sheet.freeze_panes(1, 1)


def print_setup(sheet: Worksheet, title: str, digest: str = "") -> None:
    """A4, landscape, one page wide, the heads on every page, a running head, the digest and page numbers."""
    sheet.set_header(f"&L{title.replace('&', '&&')}")
    sheet.set_footer(f"&L{digest}&R&P / &N")
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _write(sheet: Worksheet, line: int, column: int, value: Any, style: Any, blank: bool) -> None:
    empty = value is None or value == "" or value != value
    if blank or empty:
        sheet.write_blank(line, column, None, style)
    elif isinstance(value, Real):
        sheet.write_number(line, column, float(value), style)
    else:
        sheet.write_string(line, column, neutralised(str(value)), style)
