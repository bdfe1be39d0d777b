"""The annex as a workbook: every table of a report on its own sheet, the indicators, and a data dictionary.

It holds what the page may show: facts in which small counts are withheld, sums of money in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pandas as pd
import xlsxwriter

from relapse_risk.assessment import TABLES, FactColumn, FactTable
from relapse_risk.pages.county_report import Report, open_report
from relapse_risk.pages.format import DASH, NOT_COMPUTED, WITHHELD, format_value, is_null
from relapse_risk.pages.html_tables import column_label, hidden_gaps, left_out
from relapse_risk.pages.indicator_verdicts import ASSESSED
from relapse_risk.register.spreadsheets import neutralised, workbook

__all__ = ["annex_workbook", "dictionary", "workbook_of"]

WORDS = frozenset({"text", "bin", "code", "label", "town", "confidence", "verdict", "date", "period"})
INDICATOR_COLUMNS = (
    "section", "indicator", "numerator", "denominator", "value", "low", "high", "previous", "previous_period", "limit",
    "verdict",
)  # fmt: skip
OWN = ("low", "high", "previous_period")  # columns that no table of a page has
LONGEST_NAME = 31  # of a sheet, by the file format
Rows = Sequence[Sequence[object]]


def workbook_of(facts: str, month: str, county: str, language: str, audience: str = "public") -> bytes:
    """The workbook of one county (or ``city``), as :func:`annex_workbook`; parameters as a notebook takes them."""
    return annex_workbook(open_report(facts, month, county, language, audience))


def annex_workbook(report: Report) -> bytes:
    """Every table of a report that may be shown, with the marks of the page for what is not there.

    Shares have four decimals, other numbers two.
    The same facts give the same bytes.  Sheets: contents, indicators, one for each table by its name, data dictionary.
    """
    shown = [spec for spec in TABLES if _may_show(report, spec)]
    say = report.say
    with workbook(date.fromisoformat(report.facts.manifest["data_date"]), in_memory=True) as (book, held):
        contents = [(spec.name, say(f"exhibit.{spec.name}.title"), say(f"section.{spec.section}")) for spec in shown]
        _sheet(
            book,
            say("workbook.contents"),
            [say(f"workbook.{name}") for name in ("sheet", "title", "section")],
            contents,
        )
        heads = [say(f"workbook.{name}" if name in OWN else f"column.{name}") for name in INDICATOR_COLUMNS]
        _sheet(book, say("workbook.indicators"), heads, _indicators(report))
        for spec in shown:
            columns = _columns(report, spec)
            labels = [_label(report, spec, column) for column in columns]
            _sheet(book, spec.name[:LONGEST_NAME], labels, _values(report, spec, columns))
        _sheet(
            book,
            say("workbook.dictionary"),
            [say(f"workbook.{n}") for n in ("sheet", "column", "label", "kind", "counts")],
            dictionary(report, shown),
        )
    return held.getvalue()  # fmt: skip


def _may_show(report: Report, spec: FactTable) -> bool:
    open_to = not spec.restricted or report.audience == "restricted"
    return open_to and report.status(spec.name)[0] == "collected"


def _columns(report: Report, spec: FactTable) -> list[FactColumn]:
    """The columns of a table that a page may write: not hidden, and with some value here."""
    frame = report.rows(spec.name, report.county)
    gone = left_out(frame, spec.columns)
    return [column for column in spec.columns if not column.hidden and column.name in frame and column not in gone]


def _label(report: Report, spec: FactTable, column: FactColumn) -> str:
    """The head of a column; sums of money are in full, not in thousands as on the page."""
    plain = replace(column, kind="money") if column.kind == "money_wan" else column
    return column_label(plain, report.language, report.label("currency"), spec.name, report.place)


def _number(value: object, is_share: bool) -> float:
    return round(float(value), 4 if is_share else 2)  # type: ignore[arg-type]


def _indicators(report: Report) -> Rows:
    """The indicators that were collected, a withheld number as its mark."""
    rows = report.indicator_rows()
    rows = rows[rows["verdict"] != "not_collected"]
    return [[_of_indicator(report, row, name) for name in INDICATOR_COLUMNS] for row in rows.to_dict("records")]


def _of_indicator(report: Report, row: dict[str, object], name: str) -> object:
    if name == "section":
        return report.say(f"section.{row['section']}")
    if name == "indicator":
        return report.say(f"indicator.{row['indicator']}")
    if name == "verdict":
        return report.say(f"value.verdict.{row['verdict']}")
    if not is_null(row[name]):
        is_count = name in ("numerator", "denominator")
        return row[name] if name == "previous_period" else _number(row[name], row["unit"] == "share" and not is_count)
    if name == "previous" and not is_null(row["previous_period"]):
        return WITHHELD
    counted = name in ("numerator", "denominator", "value")
    gone = counted and (row["withheld"] or (row["unit"] == "share" and row["verdict"] in ASSESSED))
    return WITHHELD if gone else NOT_COMPUTED


def _values(report: Report, spec: FactTable, columns: Sequence[FactColumn]) -> Rows:
    frame = report.rows(spec.name, report.county)
    written = [_column(report, frame, column) for column in columns]
    return list(zip(*written, strict=True))


def _column(report: Report, frame: pd.DataFrame, column: FactColumn) -> list[object]:
    """A column's words as the page writes them, its numbers as they are."""
    hidden = hidden_gaps(frame, column)
    found: list[object] = []
    for value, gone in zip(frame[column.name].tolist(), hidden, strict=True):
        if is_null(value):
            found.append(WITHHELD if gone else DASH if column.kind in WORDS else NOT_COMPUTED)
        else:
            words = column.kind in WORDS
            found.append(
                format_value(value, column, report.language, None, report.place)
                if words
                else _number(value, column.kind == "share")
            )
    return found


def dictionary(report: Report, shown: Sequence[FactTable]) -> list[list[object]]:
    """One row per column: sheet, name, label, unit or kind in words, and which count of people it prints."""
    rows: list[list[object]] = []
    for spec in shown:
        for column in _columns(report, spec):
            counts = column.counts if isinstance(column.counts, str) else " | ".join(column.counts.values())
            kind = report.say(f"workbook.kind.{_kind(column)}")
            rows.append([spec.name[:LONGEST_NAME], column.name, _label(report, spec, column), kind, counts])
    return rows


def _kind(column: FactColumn) -> str:
    return "words" if column.kind in WORDS else "money" if column.kind == "money_wan" else column.kind


def _sheet(book: xlsxwriter.Workbook, name: str, heads: Sequence[str], rows: Rows) -> None:
    """A sheet with bold heads that stay in view; text that looks like a formula is neutralised."""
    sheet = book.add_worksheet(name)
    sheet.write_row(0, 0, list(heads), book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}))
    for line, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            if isinstance(value, (int, float)):
                sheet.write_number(line, place, value)
            else:
                sheet.write_string(line, place, neutralised(str(value)))
    sheet.set_column(0, max(len(heads) - 1, 0), 18)
    sheet.freeze_panes(1, 1)
