"""Raw tables: rows as a source holds them, and the match between its headers and the columns of a mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import numpy as np
import pandas as pd

from relapse_risk.errors import SourceError, nearest
from relapse_risk.register.cell_texts import header_text
from relapse_risk.register.mapping import TableMapping, column_headers
from relapse_risk.schema import table

__all__ = ["BadCell", "Match", "RawTable", "match_headers"]

# Similarity of two headers from which one is named as the nearest, or taken for a misspelling of the other.
_ALIKE, _AS_GOOD_AS = 0.5, 0.75
_BRACKET = re.compile(r"(.+)[(\[]([^()\[\]]+)[)\]]")
_UNIT_WORDS = {
    "CNY": ("元", "人民币元", "rmb", "yuan"), "mu": ("亩",), "persons": ("人", "口", "名"), "households": ("户",),
    "months": ("月", "个月"), "days": ("天", "日"), "m2": ("平方米", "㎡", "m²", "平米"), "km": ("公里", "千米"),
    "L": ("升",), "minutes per trip": ("分钟", "分", "minutes"), "vehicles": ("辆",), "years": ("年",), "hours": ("小时",),
    "schools": ("所",), "documents": ("份", "件"),
}  # fmt: skip
_PERIOD_WORDS = {
    "year": ("年", "year"),
    "month": ("月", "month"),
    "person": ("人",),
    "person/year": ("人/年", "人·年", "人年", "年"),
}


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell the reader cannot read reliably: row position, header, rule of ``cell_rules.CELL_RULES``, text shown."""

    row: int
    header: str
    rule: str
    shown: str


@dataclass(frozen=True, slots=True)
class Match:
    """For each register column its headers; the headers that are not read, and the nearest known header of each."""

    columns: Mapping[str, tuple[str, ...]]
    unread: tuple[str, ...]
    nearest: Mapping[str, str] = field(default_factory=dict)

    @property
    def unread_words(self) -> tuple[str, ...]:
        """A note for each header that is not read."""
        return tuple(
            f"column {header} was not read"
            + (f"; the nearest known header is {near}" if (near := self.nearest.get(header)) else "")
            for header in self.unread
        )

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
        Name of the source in messages: ``workbook.xlsx, sheet 户``.
    frame : DataFrame
        One column per header read; cells as found, empty ones None.
    rows : ndarray of int
        Row number in the source of each row (spreadsheet row, line, or 1-based record).
    match : Match
    bad_cells : tuple of BadCell
    notes : tuple of str
        What was not read, and why.
    separator : str
        Of a CSV file.
    """

    entry: TableMapping
    name: str
    frame: pd.DataFrame
    rows: np.ndarray
    match: Match
    bad_cells: tuple[BadCell, ...] = ()
    notes: tuple[str, ...] = ()
    separator: str = ""


def match_headers(found: Sequence[str], entry: TableMapping, where: str) -> Match:
    """Find the headers of ``entry``'s columns among those ``found`` (ignoring blanks, case and full-width forms).

    Raises
    ------
    SourceError
        If a needed header is missing (the nearest are named) or occurs twice, an unread header is nearly the same as
        a missing one, or a header names another unit than its column's.

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
    open_headers: dict[str, str] = {}
    wanted = _wanted(entry)
    exact = {header_text(header) for _, headers, _, _ in wanted for header in headers}
    others = {key: found for key, found in places.items() if key not in exact}
    for name, headers, takes, optional in wanted:
        there = [
            header if header_text(header) in places else _with_unit(header, name, entry, others, where)
            for header in headers
        ]
        there = [header for header in there if header_text(header) in places]
        if takes > 1:
            there = there if len(there) == takes else []
        if not there:
            open_headers |= {header_text(header): header for header in headers}
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
    unread = tuple(header for key, headers in places.items() if key not in known for header in headers)
    return Match(columns, unread, _nearest(unread, open_headers, where))


def _with_unit(
    wanted: str, column: str, entry: TableMapping, places: Mapping[str, Sequence[str]], where: str
) -> str:  # fmt: skip
    """``wanted`` as written in the source: the same, or followed by the column's unit in brackets.

    Another unit than the column's is refused unless the mapping gives a factor.
    """
    key = header_text(wanted)
    for there, headers in places.items():
        bracket = _BRACKET.fullmatch(there)
        if not bracket or bracket[1] != key:
            continue
        unit, own = bracket[2], table(entry.table).column(column).unit
        given = (entry.columns or {}).get(column)
        if unit in _spellings(own) or (given is not None and given.unit_factor != 1):
            return headers[0]
        raise SourceError(
            "a header with another unit, or with unexpected words", where=where, got=headers[0],
            expected=f"{wanted}" + (f" ({own})" if own else ""),
            fix="rename the header if it is the same thing, or map it with unit_factor, or list it under ignore",
        )  # fmt: skip
    return wanted


def _spellings(unit: str) -> frozenset[str]:
    """Usual notations in brackets for a unit of the dictionary, as normalised by :func:`header_text`."""
    plain = unit.partition(" (")[0]
    amount, _, per = plain.partition("/")
    written = {header_text(unit), header_text(plain), header_text(amount)}
    for name in _UNIT_WORDS.get(amount, ()):
        written |= {name, *(f"{name}/{period}" for period in _PERIOD_WORDS.get(per, ()))}
    return frozenset(written)


def _nearest(unread: Sequence[str], open_headers: Mapping[str, str], where: str) -> dict[str, str]:
    """The nearest missing header for each unread one; a near match stops the import.

    Raises
    ------
    SourceError
        If an unread header is so close to a missing one that it must be a misspelling of it.
    """
    found = {}
    for header in unread:
        near = nearest(header_text(header), open_headers, _ALIKE)
        alike = SequenceMatcher(None, header_text(header), near or "").ratio()
        if near is None or alike < _ALIKE:
            continue
        if alike >= _AS_GOOD_AS:
            raise SourceError(
                "a header close to an expected one", where=where, got=header, expected=open_headers[near],
                fix=f"rename it to {open_headers[near]}, or list it under ignore in the mapping",
            )  # fmt: skip
        found[header] = open_headers[near]
    return found


def _wanted(entry: TableMapping) -> list[tuple[str, tuple[str, ...], int, bool]]:
    """Column, headers, how many of them are taken together, and whether it may be missing."""
    if entry.columns is None:
        spec = table(entry.table)
        required = set(spec.key) - {"snapshot_month"}
        return [(c.name, column_headers(c), 1, c.name not in required) for c in spec.columns]
    wanted = [
        (name, column.header, len(column.header) if column.convert else 1, column.optional)
        for name, column in entry.columns.items()
        if column.header
    ]
    spec = table(entry.table)
    if spec.is_snapshot and "snapshot_month" not in entry.columns:
        # Rows that say their month are asked for it though the mapping does not: December is not January.
        wanted.append(("snapshot_month", column_headers(spec.column("snapshot_month")), 1, True))
    return wanted


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
