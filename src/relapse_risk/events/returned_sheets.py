"""Workbooks that come back: sheets found by their titles, columns by their heads, in whatever language they were sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from relapse_risk.errors import SourceError
from relapse_risk.text import messages

__all__ = ["ReturnedSheet", "day_said", "returned_sheets"]


@dataclass(frozen=True, slots=True)
class ReturnedSheet:
    """One sheet of a returned workbook.

    Attributes
    ----------
    title : str
        As it stands in the file.
    key : str
        Key of its title among the messages.
    rows : tuple of (int, mapping)
        Number of the row as a spreadsheet counts, and its cells as text by the name of their column.
    """

    title: str
    key: str
    rows: tuple[tuple[int, Mapping[str, str]], ...]

    def answered(self, names: Sequence[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Rows in which something was written into one of the columns ``names``."""
        return ((number, values) for number, values in self.rows if any(values.get(name) for name in names))


def returned_sheets(
    file: Path, prefix: str, columns: Mapping[str, Sequence[str]], what: str, may: Sequence[str] = ()
) -> tuple[ReturnedSheet, ...]:  # fmt: skip
    """The sheets of a returned workbook that are ours.

    Parameters
    ----------
    file : Path
    prefix : str
        Of the messages that name the columns: ``review`` for ``review.reply``.
    columns : mapping of str to sequence of str
        By the key of a sheet's title: the columns it must have, in any order.
    what : str
        What such a sheet is called, for the error.
    may : sequence of str
        Columns that are read where they are there.

    Raises
    ------
    SourceError
        If the file is no workbook, has no such sheet, or a sheet lacks a column.
    """
    try:
        book = CalamineWorkbook.from_path(str(file))
        names = book.sheet_names
    except Exception as error:  # the reader has no error class for damaged files
        raise SourceError("not a workbook", where=str(file), got=str(error), fix="send back the .xlsx that was sent out") from error  # fmt: skip
    titles = {title: key for key in columns for title in messages()[key].by_language.values()}
    if not set(names) & set(titles):
        raise SourceError(f"the workbook has no {what}", where=str(file), got=" | ".join(names), expected=" | ".join(titles))  # fmt: skip
    found = []
    for name in names:
        if name in titles:
            heads, *rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False) or [[]]
            at = _columns(f"{file}: {name}", prefix, columns[titles[name]], may, heads)
            cells = [{n: _shown(row[c]) if c < len(row) else "" for n, c in at.items()} for row in rows]
            found.append(ReturnedSheet(name, titles[name], tuple(enumerate(cells, 2))))
    return tuple(found)


def _columns(where: str, prefix: str, asked: Sequence[str], may: Sequence[str], heads: list[Any]) -> dict[str, int]:
    texts = [str(head).strip() for head in heads]
    found = {}
    for name in (*asked, *may):
        words = messages()[f"{prefix}.{name}"]
        column = next((texts.index(word) for word in words.by_language.values() if word in texts), None)
        if column is not None:
            found[name] = column
        elif name in asked:
            raise SourceError(
                "a column is missing", where=where, got=" | ".join(texts), expected=words.cell,
                fix="do not rename or delete columns",
            )  # fmt: skip
    return found


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def day_said(value: str) -> str:
    """A day as a clerk writes it, as YYYY-MM-DD; empty where it is none.

    Examples
    --------
    >>> day_said("2021年1月5日"), day_said("2021/1/5"), day_said("2021-02-30")
    ('2021-01-05', '2021-01-05', '')
    """
    plain = value.replace("/", "-").replace("年", "-").replace("月", "-").replace("日", "")
    try:
        year, month, day = (int(part) for part in plain.split("-"))
        return date(year, month, day).isoformat()
    except ValueError:
        return ""
