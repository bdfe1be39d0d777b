"""Findings on disk: CSV that Excel opens in Chinese, and a workbook with counts, findings and rules not applied."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from relapse_risk.errors import RegisterError
from relapse_risk.register.findings import Findings

__all__ = ["FindingsFiles", "neutralised", "write_findings"]

# What a sheet holds below its header row.
SHEET_ROWS = 1_048_575
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
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
    RegisterError
        If the folder cannot be written.
    """
    root = Path(folder)
    files = FindingsFiles(
        root / "findings.csv", root / "findings_counts.csv", root / "findings_skipped.csv", root / "findings.xlsx"
    )
    counts = findings.counts()
    try:
        root.mkdir(parents=True, exist_ok=True)
        _replaced(files.findings, partial(_write_csv, findings.frame))
        _replaced(files.counts, partial(_write_csv, counts))
        _replaced(files.skipped, partial(_write_csv, findings.skipped))
        _replaced(files.workbook, partial(_write_workbook, findings, counts))
    except OSError as error:
        raise RegisterError(
            f"findings cannot be written: {error}", where=str(root), fix="close the file if it is open, or free space"
        ) from error
    return files


def neutralised(value: Any) -> Any:
    """``value`` as a spreadsheet may show it: text that looks like a formula gets a leading apostrophe.

    Examples
    --------
    >>> neutralised("=1+1"), neutralised("-5"), neutralised("@SUM(A1)"), neutralised("齐河县")
    ("'=1+1", '-5', "'@SUM(A1)", '齐河县')
    """
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not PLAIN_NUMBER.fullmatch(value):
        return "'" + value
    return value


def _replaced(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside ``path`` and move into place, so that a reader never sees half a file."""
    # Not a secure temporary file: that one would be readable by its owner only, and so would the findings.
    target = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        write(target)
        target.replace(path)
    finally:
        target.unlink(missing_ok=True)


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    texts = {c: frame[c].map(neutralised) for c in frame if pd.api.types.is_string_dtype(frame[c])}
    # utf-8-sig: without the mark Excel takes Chinese for the local code page.
    frame.assign(**texts).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def _write_workbook(findings: Findings, counts: pd.DataFrame, path: Path) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": datetime(2020, 1, 1)})  # not the clock: the same findings are the same bytes
        head = book.add_format({"bold": True, "bg_color": "#D9E1F2", "border": 1})
        _write_sheet(book, "计数 counts", counts, head, _left_out(findings))
        _write_sheet(book, "问题 findings", findings.frame.head(SHEET_ROWS), head)
        _write_sheet(book, "未执行 not applied", findings.skipped, head)


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
