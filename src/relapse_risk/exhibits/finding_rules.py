"""What a table says in a sentence: rules over its rows as they are shown, with what is withheld or missing null.

A rule gives a :class:`Finding`, the row or the numbers to tell; ``pages`` puts it into the words of the exhibit's
message ``finding``.  No rule forms a number over a null: what rests on all rows is not said where one is null, what
compares rows says that it covers those shown, a count is given as "at least", and a sentence that would name a null
is left out by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import pandas as pd

from relapse_risk.measures import PEOPLE, FactTable
from relapse_risk.measures.fact_tables import Kind

__all__ = [
    "Cell",
    "Find",
    "Finding",
    "Number",
    "Rows",
    "Word",
    "counts_in",
    "first_to_last",
    "in_row",
    "largest",
    "nearest",
    "of_names",
    "ratio_of",
    "share_in",
    "single",
    "smallest",
    "widest_gap",
]

OTHER, FEW = "other", 5


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a fact table as they are shown, and the dated values used, by name."""

    table: FactTable
    frame: pd.DataFrame
    limits: Mapping[str, float]

    def numbers(self, name: str) -> pd.Series:
        """A column as numbers by place; null where withheld or missing."""
        return pd.to_numeric(self.frame[name]).astype(float).reset_index(drop=True)

    def holds(self, name: str, words: Sequence[str]) -> pd.Series:
        """Whether each row's ``name`` is one of ``words``, by place."""
        return self.frame[name].isin(list(words)).reset_index(drop=True)

    def kind(self, name: str) -> Kind:
        """How values of a column are written."""
        return next(column.kind for column in self.table.columns if column.name == name)


@dataclass(frozen=True, slots=True)
class Cell:
    """The value in a column and row; ``aligned``: with the decimals of its column."""

    column: str
    row: int
    aligned: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A number formed of several rows; ``at_least``: some of them are withheld."""

    value: float
    kind: Kind = "share"
    at_least: bool = False


Word: TypeAlias = Cell | Number | str | None  # None: withheld


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be said.

    Attributes
    ----------
    row : int, optional
        The row whose columns the message may name.
    words : mapping
        What the message may name besides, by field.
    key : str
        Which of the exhibit's messages: ``finding``, or ``finding.KEY`` (its own, else that of all exhibits).
    alike : int
        How many other rows are equal.
    of_shown : bool
        Some rows are withheld, and may be further out.
    """

    row: int | None = None
    words: Mapping[str, Word] = field(default_factory=dict)
    key: str = ""
    alike: int = 0
    of_shown: bool = False


Find: TypeAlias = Callable[[Rows], Finding | None]


def largest(value: str, of: str) -> Find:
    """The row with the highest ``value``, named by ``of``; also ``{total}`` of a count and the row's ``{part}`` of it.

    The rest class ("other") is no finding; rows that are alike are counted; a share of very few answers is none to
    tell of; the highest of those shown is said to be that, unless it is a count of people, withheld for being small.

    Examples
    --------
    >>> from relapse_risk.measures import FactColumn
    >>> table = FactTable("t", 2, (FactColumn("risk", "text"), FactColumn("n", "persons", counts="ill.yes")), (), lambda data: data)
    >>> rows = Rows(table, pd.DataFrame({"risk": ["illness", "fire", "other"], "n": [20, 20, 90]}), {})
    >>> found = largest("n", "risk")(rows)
    >>> found.row, found.alike, found.words["part"].value
    (0, 1, 0.15384615384615385)
    """
    return lambda rows: _extreme(rows, value, of, "idxmax")


def smallest(value: str, of: str, all_same: bool = False) -> Find:
    """The row with the lowest ``value``, as :func:`largest`; ``all_same``: another message where every row is equal."""
    return lambda rows: _extreme(rows, value, of, "idxmin", all_same)


def _extreme(rows: Rows, value: str, of: str, how: str, all_same: bool = False) -> Finding | None:
    values = rows.numbers(value)
    named = values.where(~rows.holds(of, [OTHER]))
    if not named.notna().any():
        return None
    row = int(getattr(named, how)())
    if "answers" in rows.frame and rows.numbers("answers")[row] < rows.limits.get("small_cell", FEW):
        return None
    hidden = int(values.isna().sum())
    if all_same and values.nunique() == 1:
        same: dict[str, Word] = {
            "value": Cell(value, row),
            "count": str(hidden or len(values)),
            "known": str(len(values) - hidden),
        }
        return Finding(row, same, "shown_same" if hidden else "all_same")
    total = float(values.sum())
    summed = None if hidden or not total > 0 else total
    words: dict[str, Word] = {
        "total": None if summed is None else Number(summed, rows.kind(value)),
        "part": None if summed is None else Number(float(values[row]) / summed),
    }
    partly = hidden > 0 and rows.kind(value) not in PEOPLE
    return Finding(row, words, alike=int((named == named[row]).sum()) - 1, of_shown=partly)


def single(value: str) -> Find:
    """The one row that is not zero, where there is only one and none was withheld."""

    def find(rows: Rows) -> Finding | None:
        values = rows.numbers(value)
        return None if values.isna().any() or (values > 0).sum() != 1 else Finding(int(values.idxmax()))

    return find


def widest_gap(high: str, low: str, positive: bool = False) -> Find:
    """The row in which ``high`` lies furthest above ``low``; ``positive``: only where it does lie above."""

    def find(rows: Rows) -> Finding | None:
        gap = rows.numbers(high) - rows.numbers(low)
        if not gap.notna().any() or (positive and not gap.max() > 0):
            return None
        return Finding(int(gap.idxmax()))

    return find


def counts_in(label: str, value: str, **words: Sequence[str]) -> Find:
    """For each field, the count of the rows whose ``label`` is one of its words; "at least" where one is withheld."""

    def find(rows: Rows) -> Finding | None:
        found: dict[str, Word] = {}
        for name, mine in words.items():
            values = rows.numbers(value)[rows.holds(label, mine)]
            if values.isna().any() and not values.sum():
                return None
            found[name] = Number(float(values.sum()), "count", bool(values.isna().any()))
        return Finding(words=found)

    return find


def share_in(label: str, words: Sequence[str], *values: str) -> Find:
    """``{share}`` of the rows whose ``label`` is one of ``words``, in the sum of the columns ``values``.

    Nothing where any is withheld: the base would lack it, and the share give it back.
    """

    def find(rows: Rows) -> Finding | None:
        counts = sum((rows.numbers(name) for name in values), start=pd.Series(0.0, range(len(rows.frame))))
        if counts.isna().any() or not counts.sum() > 0:
            return None
        return Finding(words={"share": Number(float(counts[rows.holds(label, words)].sum() / counts.sum()))})

    return find


def in_row(row: int) -> Find:
    """The columns of a row: 0 the first, -1 the last."""
    return lambda rows: Finding(row) if len(rows.frame) else None


def first_to_last(value: str, aligned: bool = False) -> Find:
    """``{first}`` and ``{last}`` of a column, both known; another message, ``rose`` or ``fell``, where they differ.

    Examples
    --------
    >>> from relapse_risk.measures import FactColumn
    >>> table = FactTable("t", 2, (FactColumn("month", "text"), FactColumn("n", "count")), (), lambda data: data)
    >>> [first_to_last("n")(Rows(table, pd.DataFrame({"n": [9, last]}), {})).key for last in (12, 9, 3)]
    ['rose', '', 'fell']
    """
    words = {"first": Cell(value, 0, aligned), "last": Cell(value, -1, aligned)}

    def find(rows: Rows) -> Finding | None:
        ends = rows.numbers(value).iloc[[0, -1]] if len(rows.frame) else pd.Series(dtype=float)
        if ends.empty or ends.isna().any():
            return None
        first, last = ends
        return Finding(words=words, key="rose" if last > first else "fell" if last < first else "")

    return find


def nearest(value: str, at: float) -> Find:
    """The row whose ``value`` is nearest ``at``."""

    def find(rows: Rows) -> Finding | None:
        away = (rows.numbers(value) - at).abs()
        return Finding(int(away.idxmin())) if away.notna().any() else None

    return find


def of_names(label: str, value: str, *names: str) -> Find:
    """``value`` of the rows called ``names``, each a field of its own."""

    def find(rows: Rows) -> Finding | None:
        labels = rows.frame[label].tolist()
        if not set(names) <= set(labels):
            return None
        return Finding(words={name: Cell(value, labels.index(name)) for name in names})

    return find


def ratio_of(label: str, value: str, part: str, whole: str) -> Find:
    """``{share}``: ``value`` of the row called ``part`` over that of the row called ``whole``."""

    def find(rows: Rows) -> Finding | None:
        values = dict(zip(rows.frame[label], rows.numbers(value), strict=True))
        over, under = values.get(part), values.get(whole)
        if over is None or under is None or pd.isna(over) or not under > 0:
            return None
        return Finding(words={"share": Number(over / under)})

    return find
