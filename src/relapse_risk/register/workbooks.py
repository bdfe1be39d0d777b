"""Workbooks: sheets read cell by cell; merged cells, lost digits and formulas without a value are refused."""

from __future__ import annotations

import posixpath
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, TypeAlias
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError

import numpy as np
import pandas as pd
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from relapse_risk.errors import SourceError, nearest
from relapse_risk.register.cell_texts import header_text, plain_text
from relapse_risk.register.mapping import SourceMapping, TableMapping
from relapse_risk.register.raw_tables import BadCell, Match, RawTable, match_headers

__all__ = ["SUFFIXES", "read_workbook"]

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOOKED_AT = 15
MOST_CELLS = 50_000_000  # between the first cell and the last: 400 MB in the reader
_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml")
_CELL_AT = re.compile(rb'<(?:\w+:)?c [^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
_HAS_FORMULA = re.compile(rb'<(?:\w+:)?f[ />]|t="e"')
Grid: TypeAlias = list[list[Any]]
# Row and column (0-based), formula, saved value, whether that is an error.
_Odd: TypeAlias = tuple[int, int, str, str, bool]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One sheet: its name in messages, its cells from A1 on, and its merged ranges (0-based, inclusive)."""

    where: str
    grid: Grid
    merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...]


def read_workbook(path: Path, mapping: SourceMapping) -> tuple[list[RawTable], list[str]]:
    """Read the sheets of a workbook that ``mapping`` names.

    Returns
    -------
    list of RawTable
        One per sheet and table entry, in the order of the mapping.
    list of str
        Notes: sheets and columns that were not read, formulas read by their saved value.

    Raises
    ------
    SourceError
        If the file is no workbook, is protected, or a sheet is missing, hidden, empty or holds merged cells.
    """
    content = path.read_bytes()
    _check_container(path, content[:512])
    _check_reach(path, content)
    try:
        # By content, not by name: an .xls file named .xlsx is intact.
        with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            return _read_sheets(path, book, mapping, _is_xlsx(content))
    except PasswordError as error:
        raise SourceError(
            "the workbook is protected by a password", where=str(path), fix="save a copy without a password"
        ) from error
    except CalamineError as error:
        raise SourceError(
            f"the workbook is damaged: {error}", where=str(path),
            fix="open it in a spreadsheet, save it again, or ask for a new copy",
        ) from error  # fmt: skip


def _is_xlsx(content: bytes) -> bool:
    """Whether the file format distinguishes formulas and error values from empty cells."""
    if not content.startswith(_ZIP):
        return False
    try:
        with ZipFile(BytesIO(content)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except BadZipFile:
        return False


def _check_reach(path: Path, content: bytes) -> None:
    """Refuse an .xlsx whose cells reach so far that the space between them would not fit into memory.

    One blank cell with a format in the last column and row is enough: the reader makes room for everything before it.
    """
    try:
        with ZipFile(BytesIO(content)) as archive:
            for part in archive.namelist():
                if not _SHEET_PART.fullmatch(part):
                    continue
                rows, columns, far = _reach(archive.open(part))
                if rows * columns > MOST_CELLS:
                    raise SourceError(
                        "cells far away from the others", where=f"{path.name}, {posixpath.basename(part)}", got=far,
                        expected=f"at most {MOST_CELLS:,} cells between the first and the last",
                        fix="delete the rows and columns beyond the table (also blank ones with a format), and save again",
                    )  # fmt: skip
    except (BadZipFile, ZlibError, EOFError, NotImplementedError, RuntimeError):
        return  # no .xlsx, or a damaged or protected one: the reader says so


def _reach(sheet: IO[bytes]) -> tuple[int, int, str]:
    """Last row and column (1-based) of the cells of a sheet, and the cell that reaches farthest."""
    rows = columns = 0
    far, rest = "", b""
    while piece := sheet.read(1 << 20):
        text = rest + piece
        for found in _CELL_AT.finditer(text):
            column = _number(found[1].decode())
            if int(found[2]) > rows or column > columns:
                far = (found[1] + found[2]).decode()
            rows, columns = max(rows, int(found[2])), max(columns, column)
        rest = text[-64:]
    return rows, columns, far


def _number(letters: str) -> int:
    """The 1-based column of spreadsheet letters.

    Examples
    --------
    >>> _number("A"), _number("AB")
    (1, 28)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _check_container(path: Path, head: bytes) -> None:
    if head.startswith((_ZIP, _OLE)):
        return
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    what = "empty" if not head else "a web page" if start.startswith((b"<html", b"<!doctype", b"<table")) else "text"
    raise SourceError(
        f"not a workbook but {'an empty file' if what == 'empty' else what}", where=str(path),
        expected="an Excel workbook",
        fix="open it in a spreadsheet and save it as .xlsx" if what != "empty" else "ask for a new copy",
    )  # fmt: skip


def _read_sheets(
    path: Path, book: CalamineWorkbook, mapping: SourceMapping, shows_formulas: bool
) -> tuple[list[RawTable], list[str]]:
    hidden = {m.name for m in book.sheets_metadata if m.visible != SheetVisibleEnum.Visible}
    tables, used, notes = [], set(), []
    for entry in mapping.entries:
        if entry.rows:
            continue
        names = _sheets_of(entry, book.sheet_names, path)
        used.update(names)
        for name in names:
            where = f"{path.name}, sheet {name}"
            if name in hidden:
                raise SourceError("the sheet is hidden", where=where, fix="unhide it and check its rows, or remove it")
            sheet = _sheet(book.get_sheet_by_name(name), where)
            raw = _table(path, name, sheet, entry, shows_formulas)
            if raw is not None:
                tables.append(raw)
    unread = [name for name in book.sheet_names if name not in used and name not in mapping.ignore]
    notes += [f"{path.name}: sheet {n} was not read{' (hidden)' if n in hidden else ''}" for n in unread]
    if not shows_formulas:
        notes.append(f"{path.name}: in this format error cells are read as empty; .xlsx distinguishes them")
    return tables, notes


def _sheets_of(entry: TableMapping, there: Sequence[str], path: Path) -> list[str]:
    wanted = {header_text(name) for name in entry.source}
    found = [name for name in there if header_text(name) in wanted]
    if not found and not entry.optional:
        near = nearest(entry.source[0], there, 0.3)
        raise SourceError(
            f"no sheet for table {entry.table}", where=path.name, got=list(there), expected=" or ".join(entry.source),
            fix=f"the nearest is {near!r}: rename it or correct the mapping" if near else "correct the mapping",
        )  # fmt: skip
    return found


def _sheet(sheet: CalamineSheet, where: str) -> _Sheet:
    return _Sheet(where, sheet.to_python(skip_empty_area=False), tuple(sheet.merged_cell_ranges or ()))


def _table(path: Path, name: str, sheet: _Sheet, entry: TableMapping, shows_formulas: bool) -> RawTable | None:
    head = entry.header_row - 1
    if len(sheet.grid) <= head or not any(header_text(cell) for cell in sheet.grid[head]):
        _check_optional(sheet, entry, "no headers in this row" if _filled(sheet.grid) else "the sheet is empty")
        return None
    headers = [plain_text(cell) for cell in sheet.grid[head]]
    _check_merged(sheet, entry, head)
    match = _matched(headers, sheet, entry)
    odd = _formulas(path, name) if shows_formulas else []
    # A row with only error values looks empty but was filled in.
    shown = {row for row, *_ in odd}
    grid = _fill(sheet, head) if entry.fill_merged else sheet.grid
    grid = grid + [[] for _ in range(len(grid), max(shown, default=0) + 1)]
    rows = [i for i in range(head + 1, len(grid)) if i in shown or any(_is_filled(cell) for cell in grid[i])]
    if not rows:
        _check_optional(sheet, entry, "the sheet has headers but no rows")
        return None
    places = {header: headers.index(header) for header in match.headers}
    frame = pd.DataFrame({h: pd.Series([_cell(grid[i], at) for i in rows], dtype=object) for h, at in places.items()})
    bad, notes = _odd_cells(odd, {at: h for h, at in places.items()}, rows, sheet.where)
    notes += [f"{sheet.where}: {words}" for words in match.unread_words]
    notes += _nameless(grid, headers, rows, sheet.where)
    return RawTable(entry, sheet.where, frame, np.array(rows) + 1, match, tuple(bad), tuple(notes))


def _check_optional(sheet: _Sheet, entry: TableMapping, what: str) -> None:
    if entry.optional:
        return
    raise SourceError(
        what, where=f"{sheet.where}, row {entry.header_row}", expected="a row of headers with rows below it",
        fix="fill in the sheet, correct header_row, or mark the table optional: true in the mapping",
    )  # fmt: skip


def _matched(headers: Sequence[str], sheet: _Sheet, entry: TableMapping) -> Match:
    """Match the headers; if another row fits better, the error names it."""
    try:
        return match_headers(headers, entry, f"{sheet.where}, row {entry.header_row}")
    except SourceError as error:
        for number, row in enumerate(sheet.grid[:_LOOKED_AT], start=1):
            try:
                match_headers([plain_text(cell) for cell in row], entry, "")
            except SourceError:
                continue
            raise SourceError(
                error.what, where=error.where, got=error.got, expected=error.expected,
                fix=f"the headers are in row {number}: set header_row: {number} in the mapping",
            ) from error  # fmt: skip
        raise


def _check_merged(sheet: _Sheet, entry: TableMapping, head: int) -> None:
    for (top, left), (bottom, right) in sheet.merged:
        cells = f"{_letters(left)}{top + 1}:{_letters(right)}{bottom + 1}"
        if top <= head <= bottom and (top, left) != (bottom, right):
            raise SourceError(
                "merged header cells", where=sheet.where, got=cells, expected="one header in each cell of one row",
                fix="unmerge them and write each column's header in one row",
            )  # fmt: skip
        if top > head and not entry.fill_merged:
            raise SourceError(
                "merged data cells: only the first of them holds a value", where=sheet.where, got=cells,
                expected="a value in every row",
                fix="unmerge and fill them, or set fill_merged: true if the value applies to every row they cover",
            )  # fmt: skip


def _fill(sheet: _Sheet, head: int) -> Grid:
    grid = [list(row) for row in sheet.grid]
    for (top, left), (bottom, right) in sheet.merged:
        if top > head:
            for row in range(top, min(bottom, len(grid) - 1) + 1):
                grid[row][left : right + 1] = [grid[top][left]] * len(grid[row][left : right + 1])
    return grid


def _nameless(grid: Grid, headers: Sequence[str], rows: Iterable[int], where: str) -> list[str]:
    """A note for each column that holds values under no header."""
    width = max(map(len, grid))
    without = [at for at in range(width) if at >= len(headers) or not header_text(headers[at])]
    filled = [at for at in without if any(_is_filled(_cell(grid[i], at)) for i in rows)]
    return [f"{where}: column {_letters(at)} has no header and was not read" for at in filled]


def _cell(row: Sequence[Any], at: int) -> Any:
    value = row[at] if at < len(row) else None
    return value if _is_filled(value) else None


def _is_filled(value: Any) -> bool:
    return value is not None and (not isinstance(value, str) or bool(value.strip()))


def _filled(grid: Grid) -> bool:
    return any(_is_filled(cell) for row in grid for cell in row)


def _letters(column: int) -> str:
    """Spreadsheet letters of a 0-based column.

    Examples
    --------
    >>> _letters(0), _letters(27)
    ('A', 'AB')
    """
    text = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        text = chr(65 + digit) + text
    return text


def _odd_cells(
    odd: Iterable[_Odd], headers: Mapping[int, str], rows: Sequence[int], where: str
) -> tuple[list[BadCell], list[str]]:
    """Error values and formulas without a saved value as bad cells; a note for each column of formulas with one."""
    position = {row: i for i, row in enumerate(rows)}
    bad: list[BadCell] = []
    calculated: dict[str, int] = {}
    for row, column, formula, value, is_error in odd:
        if column not in headers or row not in position:
            continue
        if is_error:
            bad.append(BadCell(position[row], headers[column], "error_value", value))
        elif not value:
            bad.append(BadCell(position[row], headers[column], "formula_without_value", f"={formula}"))
        else:
            calculated[headers[column]] = calculated.get(headers[column], 0) + 1
    said = "{}: column {} holds {} formulas; the values last saved were read"
    return bad, [said.format(where, header, count) for header, count in calculated.items()]


def _formulas(path: Path, name: str) -> list[_Odd]:
    """Row and column (0-based), formula, saved value and whether it is an error, of cells with either."""
    try:
        with ZipFile(path) as archive:
            content = archive.read(_part_of(archive, name))
            if not _HAS_FORMULA.search(content):
                return []
            return [found for cell in _cells(content) if (found := _formula(cell)) is not None]
    except (BadZipFile, KeyError, ET.ParseError, OSError) as error:
        raise SourceError(
            f"the workbook is damaged: {error}", where=f"{path.name}, sheet {name}", fix="save it again as .xlsx"
        ) from error


def _part_of(archive: ZipFile, name: str) -> str:
    """The file inside a workbook that holds sheet ``name``."""
    ids = {}
    for element in ET.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314
        if _tag(element) == "sheet":
            key = next(value for attribute, value in element.attrib.items() if attribute.endswith("}id"))
            ids[element.attrib["name"]] = key
    for element in ET.fromstring(archive.read("xl/_rels/workbook.xml.rels")):  # noqa: S314
        if element.attrib["Id"] == ids[name]:
            target = element.attrib["Target"]
            return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
    raise KeyError(name)


def _cells(content: bytes) -> Iterable[ET.Element]:
    for _, element in ET.iterparse(BytesIO(content)):  # noqa: S314
        if _tag(element) == "c":
            yield element
        elif _tag(element) == "row":
            element.clear()


def _formula(cell: ET.Element) -> _Odd | None:
    parts = {_tag(child): child.text or "" for child in cell}
    is_error = cell.attrib.get("t") == "e"
    # Rows below the first of a shared formula have an empty <f>.
    if "f" not in parts and not is_error:
        return None
    letters = cell.attrib["r"].rstrip("0123456789")
    return (
        int(cell.attrib["r"][len(letters) :]) - 1,
        _number(letters) - 1,
        parts.get("f", ""),
        parts.get("v", ""),
        is_error,
    )


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
