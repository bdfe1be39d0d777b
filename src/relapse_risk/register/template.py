"""The Excel template an office fills in, empty or with the rows of a register; ``params/sources/template.yaml`` reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from relapse_risk.errors import SourceError
from relapse_risk.files import write_bytes
from relapse_risk.languages import Label, Language
from relapse_risk.register.mapping import sheet_name
from relapse_risk.register.named_checks import LIST_BREAK
from relapse_risk.register.register import Register
from relapse_risk.register.spreadsheets import workbook
from relapse_risk.schema import Column, Table, code_list, table, tables

__all__ = ["export_workbook", "write_template"]

# Rows below the header with drop-downs and formats; a county has fewer households than this.
PREPARED_ROWS = 20_000
LAST_ROW = 1_048_575
DATES = (date(1900, 1, 1), date(2100, 12, 31))
MESSAGE = 255
TITLE = 32


@dataclass(frozen=True, slots=True)
class _Words:
    """The texts of the workbook in one language."""

    notes: str
    codes: str
    yes: str
    no: str
    intro: tuple[str, ...]
    heads: tuple[str, ...]
    unit: str
    key: str
    not_listed: str
    no_date: str
    no_number: str
    kinds: Mapping[str, str]


WORDS: Mapping[Language, _Words] = {
    "zh": _Words(
        notes="说明", codes="代码", yes="是", no="否",
        intro=(
            "采集表填写说明",
            "1. 每张工作表对应一个数据表，第1行为表头，请勿改动；从第2行起填写，每行一条。不需要的表可留空。",
            "2. 空白表示“未采集”；确认没有的，请填“否”“无”或 0，不要留空。",
            "3. 编号、代码、证件号码为文本格式，请勿改为数字（超过15位的数字会丢失尾数，将被拒收）。",
            "4. 有下拉箭头的单元格请从列表中选择；日期写作 2020-12-31。",
            "5. 不要合并单元格，不要填公式，不要隐藏工作表。姓名和证件号码只填在“身份信息”表。",
            "6. 填好后导入：relapse-risk import 采集表.xlsx --register 登记册文件夹 --month 2020-12",
        ),
        heads=("工作表", "列", "类型", "单位", "主键", "可填内容", "英文名"),
        unit="单位", key="主键，必填", not_listed="请从列表中选择。", no_date="请填日期，如 2020-12-31。",
        no_number="请填数字。",
        kinds={"str": "文本", "int": "整数", "float": "数字", "bool": "是/否", "date": "日期", "code": "代码"},
    ),
    "en": _Words(
        notes="Notes", codes="Codes", yes="yes", no="no",
        intro=(
            "How to fill in this workbook",
            "1. One sheet per table. Row 1 holds the headers: leave it as it is. Fill in from row 2, one record per row. "
            "Sheets you do not need may stay empty.",
            "2. Empty means not collected. Where the answer is known to be none, write no, none or 0.",
            "3. Identifiers, codes and identity numbers are text. Do not turn them into numbers: beyond 15 digits a number "
            "loses its last ones, and the row is rejected.",
            "4. Cells with an arrow take a value from the list. Dates are written 2020-12-31.",
            "5. No merged cells, no formulas, no hidden sheets. Names and identity numbers go on the identity sheet only.",
            "6. Then: relapse-risk import FILE.xlsx --register FOLDER --month 2020-12",
        ),
        heads=("Sheet", "Column", "Type", "Unit", "Key", "What may be filled in", "Name"),
        unit="Unit", key="key, required", not_listed="Choose from the list.", no_date="A date, such as 2020-12-31.",
        no_number="A number.",
        kinds={"str": "text", "int": "whole number", "float": "number", "bool": "yes/no", "date": "date", "code": "code"},
    ),
}  # fmt: skip


def write_template(path: str | Path, language: Language = "zh", tables: Sequence[str] | None = None) -> Path:
    """Write an empty template: a sheet per table, notes, code lists; drop-downs, formats and checks on the cells.

    Parameters
    ----------
    path : str or Path
        Workbook to write (``.xlsx``); an existing one is replaced.
    language : {"zh", "en"}
    tables : sequence of str, optional
        Only these tables.

    Returns
    -------
    Path

    Raises
    ------
    SourceError
        If the path does not end in ``.xlsx``.
    WriteError
        If it cannot be written.
    SchemaError
        For an unknown table.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> write_template(Path(folder) / "采集表.xlsx", tables=["village", "household"]).name
    '采集表.xlsx'
    """
    return _write(Path(path), language, _chosen(tables), {})


def export_workbook(
    register: Register,
    path: str | Path,
    month: str | None = None,
    language: Language = "zh",
    tables: Sequence[str] | None = None,
    *,
    identity: bool = False,
) -> Path:
    """Write the rows of a register (one month of its snapshots) into the template.

    Parameters
    ----------
    register : Register
    path : str or Path
    month : str, optional
        The latest when left out.
    language : {"zh", "en"}
    tables : sequence of str, optional
        Only these tables.
    identity : bool
        Whether names and identity numbers are included.

    Raises
    ------
    SourceError
        If a table has more rows than a sheet.
    WriteError
        If the path cannot be written.
    """
    rows = {}
    for spec in _chosen(tables):
        if spec.restricted:
            if identity:
                rows[spec.name] = register.read_identity()
        elif register.has(spec.name):
            rows[spec.name] = register.read(spec.name, month=month if spec.is_snapshot else None)
        if len(rows.get(spec.name, ())) > LAST_ROW:
            raise SourceError(
                "more rows than a sheet holds", where=f"table {spec.name}", got=len(rows[spec.name]),
                expected=f"at most {LAST_ROW}", fix="export fewer tables, or use Parquet",
            )  # fmt: skip
    return _write(Path(path), language, _chosen(tables), rows)


def _chosen(names: Sequence[str] | None) -> list[Table]:
    return [table(name) for name in names] if names is not None else list(tables().values())


def _write(path: Path, language: Language, chosen: Sequence[Table], rows: Mapping[str, pd.DataFrame]) -> Path:
    """Write the workbook completely or not at all; readable by its owner only if it names people."""
    if path.suffix.lower() != ".xlsx":
        raise SourceError("a template is an .xlsx workbook", where=str(path), got=path.suffix, expected=".xlsx")
    content = _filled(WORDS[language], language, chosen, rows)
    return write_bytes(path, content, restricted=any(table(name).restricted for name in rows))


def _filled(words: _Words, language: Language, chosen: Sequence[Table], rows: Mapping[str, pd.DataFrame]) -> bytes:
    with workbook(date(2020, 1, 1), strings_to_numbers=False) as (book, held):
        formats = _Formats(
            head=book.add_format(
                {"bold": True, "bg_color": "#D9E1F2", "border": 1, "text_wrap": True, "valign": "top"}
            ),
            key=book.add_format({"bold": True, "bg_color": "#FCE4D6", "border": 1, "text_wrap": True, "valign": "top"}),
            text=book.add_format({"num_format": "@"}),
            day=book.add_format({"num_format": "yyyy-mm-dd"}),
            plain=book.add_format({}),
            wrap=book.add_format({"text_wrap": True, "valign": "top"}),
        )
        _write_notes(book, words, language, chosen, formats)
        sheets = [(spec, book.add_worksheet(sheet_name(spec, language))) for spec in chosen]
        lists = _write_codes(book, words, language, chosen, formats)
        for spec, sheet in sheets:
            _write_table(sheet, spec, rows.get(spec.name), words, language, lists, formats)
    return held.getvalue()


@dataclass(frozen=True, slots=True)
class _Formats:
    head: Any
    key: Any
    text: Any
    day: Any
    plain: Any
    wrap: Any

    def of(self, column: Column) -> Any:
        """Text for anything but numbers and dates, so that codes keep their leading zeros and last digits."""
        return {"date": self.day, "int": self.plain, "float": self.plain}.get(column.type, self.text)


def _write_notes(book: Any, words: _Words, language: Language, chosen: Iterable[Table], formats: _Formats) -> None:
    sheet = book.add_worksheet(words.notes)
    sheet.set_column(0, 1, 26)
    sheet.set_column(2, 4, 14)
    sheet.set_column(5, 6, 48)
    for row, line in enumerate(words.intro):
        sheet.write_string(row, 0, line)
    top = len(words.intro) + 1
    for at, head in enumerate(words.heads):
        sheet.write_string(top, at, head, formats.head)
    lines = [
        (
            sheet_name(spec, language), column.label[language], words.kinds[column.type], column.unit,
            words.key if column.name in spec.key else "", _allowed(column, words, language), column.name,
        )
        for spec in chosen
        for column in spec.columns
    ]  # fmt: skip
    for row, texts in enumerate(lines, start=top + 1):
        for at, text in enumerate(texts):
            sheet.write_string(row, at, text)
    sheet.freeze_panes(top + 1, 0)


def _allowed(column: Column, words: _Words, language: Language) -> str:
    if column.type == "bool":
        return f"{words.yes} / {words.no}"
    if not column.codes or (column.type == "str" and column.unit != "list"):
        return ""
    return " / ".join(code_list(column.codes).label(word, language) for word in code_list(column.codes).words)


def _write_codes(
    book: Any, words: _Words, language: Language, chosen: Iterable[Table], formats: _Formats
) -> dict[str, str]:
    """One column per code list, and the cell range of each drop-down."""
    sheet = book.add_worksheet(words.codes)
    names = sorted({column.codes for spec in chosen for column in spec.columns if column.type == "code"})
    ranges = {}
    for at, name in enumerate(names):
        sheet.write_string(0, at, name, formats.head)
        codes = code_list(name)
        for row, word in enumerate(codes.words, start=1):
            sheet.write_string(row, at, codes.label(word, language))
        letter = xl_col_to_name(at, col_abs=True)
        ranges[name] = f"='{words.codes}'!{letter}$2:{letter}${len(codes.words) + 1}"
    sheet.set_column(0, max(len(names) - 1, 0), 22)
    sheet.freeze_panes(1, 0)
    return ranges


def _write_table(
    sheet: Any,
    spec: Table,
    rows: pd.DataFrame | None,
    words: _Words,
    language: Language,
    lists: Mapping[str, str],
    formats: _Formats,
) -> None:
    last = max(PREPARED_ROWS, 0 if rows is None else len(rows))
    for at, column in enumerate(spec.columns):
        label = column.label[language]
        is_key = column.name in spec.key
        sheet.write_string(0, at, label, formats.key if is_key else formats.head)
        sheet.write_comment(0, at, _comment(column, is_key, words, language), {"x_scale": 2})
        sheet.set_column(at, at, max(12, min(28, 2 * len(label))), formats.of(column))
        check = _validation(column, words, lists)
        if check is not None:
            sheet.data_validation(1, at, last, at, {**check, "input_title": label[:TITLE]})
        if rows is not None:
            _write_cells(sheet, at, column, rows[column.name], words, language, formats)
    sheet.freeze_panes(1, sum(column.name in spec.key for column in spec.columns[:2]))


def _comment(column: Column, is_key: bool, words: _Words, language: Language) -> str:
    parts = [words.kinds[column.type], f"{words.unit}: {column.unit}" if column.unit else ""]
    parts += [words.key if is_key else "", _allowed(column, words, language), column.name]
    return "\n".join(part for part in parts if part)


def _validation(column: Column, words: _Words, lists: Mapping[str, str]) -> dict[str, Any] | None:
    unit = {"input_message": f"{words.unit}: {column.unit}"[:MESSAGE]} if column.unit else {}
    if column.type == "code":
        return {"validate": "list", "source": lists[column.codes], "error_message": words.not_listed, **unit}
    if column.type == "bool":
        return {"validate": "list", "source": [words.yes, words.no], "error_message": words.not_listed}
    if column.type == "date":
        return {
            "validate": "date", "criteria": "between", "minimum": DATES[0], "maximum": DATES[1],
            "error_message": words.no_date,
        }  # fmt: skip
    if column.type in ("int", "float"):
        kind = "integer" if column.type == "int" else "decimal"
        edge = {"criteria": "between", "minimum": -(10**12), "maximum": 10**12}
        return {"validate": kind, **edge, "error_message": words.no_number, **unit}
    return {"validate": "any", **unit} if unit else None


def _write_cells(
    sheet: Any, at: int, column: Column, values: pd.Series, words: _Words, language: Language, formats: _Formats
) -> None:
    shown = _shown(column, values, words, language)
    for row, value in enumerate(shown, start=1):
        if value is None:
            continue
        if column.type == "date":
            sheet.write_datetime(row, at, value, formats.day)
        elif column.type in ("int", "float"):
            sheet.write_number(row, at, value)
        else:
            sheet.write_string(row, at, value)


def _shown(column: Column, values: pd.Series, words: _Words, language: Language) -> list[Any]:
    """Values as written in an office: labels for code words, yes and no, dates; None where not collected."""
    plain = [None if pd.isna(value) else value for value in values]
    if column.type == "bool":
        return [None if value is None else words.yes if value else words.no for value in plain]
    if column.type == "code" or (column.codes and column.unit == "list"):
        codes = code_list(column.codes)
        labels = {word: codes.label(word, language) for word in codes.words}
        between = Label(zh="、", en="; ")[language]
        return [
            None if value is None else between.join(labels.get(word, word) for word in LIST_BREAK.split(value))
            for value in plain
        ]
    if column.type == "date":
        return [None if value is None else value.to_pydatetime() for value in plain]
    return plain
