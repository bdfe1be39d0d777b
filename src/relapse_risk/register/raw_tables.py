"""Raw tables: rows as a source holds them, and the match between its headers and the columns of a mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relapse_risk.errors import SourceError, nearest
from relapse_risk.register.cell_readers import header_text
from relapse_risk.register.mapping import TableMapping, column_headers
from relapse_risk.schema import table

__all__ = ["BadCell", "Match", "RawTable", "match_headers"]


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell the reader itself cannot vouch for: row position, header, rule of ``cells.CELL_RULES``, what it shows."""

    row: int
    header: str
    rule: str
    shown: str


@dataclass(frozen=True, slots=True)
class Match:
    """Register column to the headers it is read from, and the headers that nobody reads."""

    columns: Mapping[str, tuple[str, ...]]
    unread: tuple[str, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header that is read, each once, in the order of the columns."""
        return tuple(dict.fromkeys(header for headers in self.columns.values() for header in headers))


@dataclass(frozen=True, slots=True)
class RawTable:
    """Rows of one sheet, file or query for one table of the register.

    Attributes
    ----------
    entry : TableMapping
    name : str
        What people call the source: ``workbook.xlsx, sheet 户``.
    frame : DataFrame
        One column per header read; cells as found, empty ones None.
    rows : ndarray of int
        Row number in the source of each row (spreadsheet row, line, or 1-based record).
    match : Match
    bad_cells : tuple of BadCell
    notes : tuple of str
        What was left unread, and why.
    """

    entry: TableMapping
    name: str
    frame: pd.DataFrame
    rows: np.ndarray
    match: Match
    bad_cells: tuple[BadCell, ...] = ()
    notes: tuple[str, ...] = ()


def match_headers(found: Sequence[str], entry: TableMapping, where: str) -> Match:
    """Find the headers of ``entry``'s columns among those ``found`` (blanks, case and full-width forms aside).

    Raises
    ------
    SourceError
        If a header that is needed is missing (the nearest ones are named) or one that is read stands there twice.

    Examples
    --------
    >>> entry = TableMapping(table="village", source=("村",))
    >>> match_headers(["村 代码", "村名", "备注"], entry, "村").unread
    ('备注',)
    """
    places: dict[str, list[str]] = {}
    for header in found:
        if header_text(header):
            places.setdefault(header_text(header), []).append(header)
    columns: dict[str, tuple[str, ...]] = {}
    missing: list[tuple[str, ...]] = []
    for name, headers, takes, optional in _wanted(entry):
        there = [header for header in headers if header_text(header) in places]
        if takes > 1:
            there = there if len(there) == takes else []
        if not there:
            if not optional:
                missing.append(headers)
            continue
        chosen = there[:takes]
        _check_once(chosen, places, where)
        columns[name] = tuple(places[header_text(header)][0] for header in chosen)
    if missing:
        raise _missing(missing, found, where)
    read = {header_text(header) for headers in columns.values() for header in headers}
    known = read | {header_text(header) for header in entry.ignore}
    return Match(columns, tuple(header for key, headers in places.items() if key not in known for header in headers))


def _wanted(entry: TableMapping) -> list[tuple[str, tuple[str, ...], int, bool]]:
    """Column, headers, how many of them are taken together, and whether it may be missing."""
    if entry.columns is None:
        spec = table(entry.table)
        required = set(spec.key) - {"snapshot_month"}
        return [(c.name, column_headers(c), 1, c.name not in required) for c in spec.columns]
    return [
        (name, column.header, len(column.header) if column.convert else 1, column.optional)
        for name, column in entry.columns.items()
        if column.header
    ]


def _check_once(chosen: Sequence[str], places: Mapping[str, list[str]], where: str) -> None:
    for header in chosen:
        if len(places[header_text(header)]) > 1:
            raise SourceError(
                "the same header twice", where=where, got=header, expected="each header once",
                fix="rename or remove one of the columns",
            )  # fmt: skip


def _missing(missing: Sequence[tuple[str, ...]], found: Sequence[str], where: str) -> SourceError:
    first = missing[0][-1] if len(missing[0]) == 3 else missing[0][0]
    others = f" ({len(missing)} headers are missing in all)" if len(missing) > 1 else ""
    near = nearest(first, [header for header in found if header], 0.4)
    return SourceError(
        "header not found" + others, where=where, got=[header for header in found if header][:30],
        expected=" or ".join(missing[0]),
        fix=f"the nearest is {near!r}: correct the source or the mapping" if near
        else "correct the mapping, or mark the column optional: true",
    )  # fmt: skip
