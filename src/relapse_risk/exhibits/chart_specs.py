"""Charts as data: the kind, the columns it is drawn from, and what of it is marked.  ``pages`` draws them.

Every attribute that is a string or a tuple of strings names columns of the fact table, but for those that hold values or
words of their own (``NO_COLUMNS``); what a series or an axis is called is a message of the exhibit (``series.COLUMN``),
else the head of its column.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeAlias

__all__ = [
    "Bars",
    "Chart",
    "Columns",
    "Curve",
    "Dots",
    "Flow",
    "Funnel",
    "Heat",
    "Lines",
    "Pairs",
    "Pyramid",
    "Reliability",
    "Stack",
    "columns_of",
]


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar per row, the longest first and the rest class last.

    Attributes
    ----------
    whole : bool
        A tick on each bar for all counties together.
    most : int
        Bars drawn at most; 0: all.
    in_order : bool
        Rows have an order of their own and keep it.
    """

    label: str
    value: str
    whole: bool = False
    most: int = 0
    in_order: bool = False


@dataclass(frozen=True, slots=True)
class Dots:
    """A dot per row on a common scale, against the limit of the value's column where it has one.

    Attributes
    ----------
    low, high : str
        Ends of the interval; empty: none is drawn.
    span : (float, float), optional
        The scale; else as wide as the values.
    decimals : int, optional
        Of the numbers on the scale.
    first_of : str
        Only rows that are in this column as the first row is.
    """

    label: str
    value: str
    low: str = ""
    high: str = ""
    span: tuple[float, float] | None = None
    decimals: int | None = None
    first_of: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns side by side, one series or two.

    Attributes
    ----------
    marks : tuple of str
        Values of ``label`` (bins by name) whose columns of the first series are striped.
    """

    label: str
    series: tuple[str, ...]
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two values per row, joined.

    Attributes
    ----------
    both : bool
        Write both values, not only the first.
    widest : {"", "above", "below"}
        Rows sorted by how far the first value lies above, or below, the second.
    """

    label: str
    value: str
    other: str
    both: bool = True
    widest: str = ""


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Two counts back to back, the first row at the bottom."""

    label: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Stack:
    """Parts on top of each other by period, with their sum."""

    period: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """A grid of every share of the table: rows and columns in which something stands below 100 % or is not known.

    Attributes
    ----------
    codes : str
        Code list that the columns are words of; empty: each is headed as a column.
    """

    label: str
    codes: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """A line per series over equal steps of time."""

    label: str
    series: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """From the first row to the last: what came and what went between them.

    Attributes
    ----------
    came, went : tuple of str
        Values of ``label``: rows that add and rows that take away.
    """

    label: str
    value: str
    came: tuple[str, ...]
    went: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Funnel:
    """Steps that narrow, with the share that went on."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A cumulated share over a cumulated share, against an even spread."""

    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Reliability:
    """Observed over predicted shares with their interval, against perfect agreement."""

    predicted: str
    observed: str
    low: str
    high: str


Chart: TypeAlias = (
    Bars | Dots | Columns | Pairs | Pyramid | Stack | Heat | Lines | Flow | Funnel | Curve | Reliability
)  # fmt: skip
NO_COLUMNS = frozenset({"marks", "came", "went", "codes", "widest"})


def columns_of(chart: Chart | None) -> tuple[str, ...]:
    """The columns a chart is drawn from.

    Examples
    --------
    >>> columns_of(Columns("days", ("households",), marks=("32+",))), columns_of(None)
    (('days', 'households'), ())
    """
    if chart is None:
        return ()
    values = [getattr(chart, one.name) for one in fields(chart) if one.name not in NO_COLUMNS]
    named = [name for value in values for name in (value if isinstance(value, tuple) else (value,))]
    return tuple(name for name in named if isinstance(name, str) and name)
