"""Findings on disk: CSV that Excel opens in Chinese, and a workbook with counts, findings and rules not applied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from relapse_risk.errors import SourceError
from relapse_risk.files import write_bytes
from relapse_risk.register.findings import Findings
from relapse_risk.register.plain_tables import read_plain_table
from relapse_risk.register.spreadsheets import CRLF, neutralised, workbook, write_csv

__all__ = ["FindingsFiles", "read_counts", "write_findings"]

# Rows of a sheet below its header row.
SHEET_ROWS = 1_048_575
HEADERS = {
    "table": "表 table", "row": "行号 row", "row_key": "主键 row key", "county_code": "县代码 county",
    "column": "列 column", "value": "值 value", "rule": "规则 rule", "kind": "类别 kind", "severity": "级别 severity",
    "zh": "说明", "en": "message", "findings": "数量 findings", "reason": "未执行原因 reason",
}  # fmt: skip
WIDTHS = {"zh": 60, "en": 60, "reason": 80, "row_key": 28, "value": 18, "rule": 22, "column": 24}


@dataclass(frozen=True, slots=True)
class FindingsFiles:
    """The files written: findings, counts and rules not applied as CSV, and all three in one workbook."""

    findings: Path
    counts: Path
    skipped: Path
    workbook: Path

    def __iter__(self) -> Iterator[Path]:
        return iter((self.findings, self.counts, self.skipped, self.workbook))


def write_findings(findings: Findings, folder: str | Path) -> FindingsFiles:
    """Write findings, their counts and the rules not applied into ``folder``; each file whole or not at all.

    Text that a spreadsheet would take for a formula is written with a leading apostrophe.

    Raises
    ------
    WriteError
        If the folder cannot be written.
    """
    root = Path(folder)
    files = FindingsFiles(
        root / "findings.csv", root / "findings_counts.csv", root / "findings_skipped.csv", root / "findings.xlsx"
    )
    counts = findings.counts()
    write_csv(findings.frame, files.findings, line_end=CRLF)
    write_csv(counts, files.counts, line_end=CRLF)
    write_csv(findings.skipped, files.skipped, line_end=CRLF)
    write_bytes(files.workbook, _workbook(findings, counts))
    return files


def read_counts(path: Path) -> pd.DataFrame:
    """``findings_counts.csv`` as it was written: county_code, rule, kind, severity, findings.

    Raises
    ------
    SourceError
        If it is no such file any more.
    """
    given = read_plain_table(path).frame
    frame = given.rename(columns=lambda head: str(head).rsplit(" ", 1)[-1]).rename(columns={"county": "county_code"})
    known = frame.columns.isin(["county_code", "rule", "kind", "severity", "findings"])
    number = pd.to_numeric(frame["findings"], errors="coerce") if known.all() and len(known) == 5 else pd.Series([None])
    if number.isna().any() or not frame["severity"].isin(["error", "warning"]).all():
        raise SourceError("not the counts of a check", where=str(path), fix="run relapse-risk check again")
    return frame.assign(findings=number.astype("int64"))


def _workbook(findings: Findings, counts: pd.DataFrame) -> bytes:
    with workbook(date(2020, 1, 1), constant_memory=True) as (book, held):
        head = book.add_format({"bold": True, "bg_color": "#D9E1F2", "border": 1})
        _write_sheet(book, "计数 counts", counts, head, _left_out(findings))
        _write_sheet(book, "问题 findings", findings.frame.head(SHEET_ROWS), head)
        _write_sheet(book, "未执行 not applied", findings.skipped, head)
    return held.getvalue()


def _left_out(findings: Findings) -> str:
    more = len(findings.frame) - SHEET_ROWS
    return f"另有 {more} 条见 findings.csv · {more} more findings are in findings.csv" if more > 0 else ""


def _write_sheet(book: Any, name: str, frame: pd.DataFrame, head: Any, note: str = "") -> None:
    sheet = book.add_worksheet(name)
    for position, column in enumerate(frame.columns):
        sheet.set_column(position, position, WIDTHS.get(str(column), 14))
        sheet.write_string(0, position, HEADERS[str(column)], head)
    if note:
        sheet.write_string(0, len(frame.columns) + 1, note)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(frame), 1), len(frame.columns) - 1)
    columns = [frame[column].tolist() for column in frame.columns]
    for row, values in enumerate(zip(*columns, strict=True), start=1):
        for position, value in enumerate(values):
            if isinstance(value, str):
                sheet.write_string(row, position, neutralised(value))
            elif not pd.isna(value):
                sheet.write_number(row, position, value)
