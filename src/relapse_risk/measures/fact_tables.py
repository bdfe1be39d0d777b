"""What a fact is: declared columns, tables and indicators; computed, withheld and written elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from relapse_risk.errors import MeasureError, SchemaError, unknown
from relapse_risk.measures.counts import Count, read_count
from relapse_risk.schema import code_list, code_lists, table, tables

__all__ = [
    "ADDITIVE",
    "CITY",
    "LEAST",
    "PEOPLE",
    "FactColumn",
    "FactTable",
    "Fraction",
    "Indicator",
    "Pooled",
    "Values",
]

CITY = "city"
LEAST = "least"  # in the column ``sampled``: a lower bound, for something that adds to it was not collected
Values: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Kind = Literal[
    "households", "persons", "records", "count", "share", "money", "money_wan", "number", "index", "days", "date", "text", "code",
    "town", "bin", "label", "verdict", "confidence", "points", "coefficient", "period",
]  # fmt: skip
Direction = Literal["higher_better", "lower_better", "none"]
Unit = Literal["share", "money", "days", "count", "number", "coefficient"]
KEY_KINDS = frozenset({"text", "code", "town", "bin", "label", "date", "period", "confidence", "verdict"})
PEOPLE = frozenset({"households", "persons", "records"})
SCORES = ("scores.risk", "scores.hardship")
EVENTS = ("events.identification",)  # kinds of things whose log a table may read
ADDITIVE = PEOPLE | {"count", "money_wan"}


def check_needs(needs: tuple[str, ...], where: str) -> None:
    """Every ``table``, ``table.column``, ``table.column=word`` or score of the month that is needed is one there is.

    Raises
    ------
    SchemaError
        Naming ``where`` and the nearest table, column or score.

    Examples
    --------
    >>> check_needs(("household.dweling_grade",), "fact table homes: needs")
    Traceback (most recent call last):
        ...
    relapse_risk.errors.SchemaError: fact table homes: needs: unknown column of household; got 'dweling_grade'. Fix: did you mean 'dwelling_grade'.
    """
    for need in needs:
        name, _, rest = need.partition(".")
        column, asks, word = rest.partition("=")
        if need.startswith("place_fact:"):  # the beginning of a metric, which is free text
            continue
        if name == "scores":
            if need not in SCORES:
                raise unknown("score", need, SCORES, where, SchemaError)
        elif name == "events":
            if need not in EVENTS:
                raise unknown("kind of events", need, EVENTS, where, SchemaError)
        elif name not in tables():
            raise unknown("table", name, ("scores", "events", *tables()), where, SchemaError)
        elif column and column not in tables()[name].names:
            raise unknown(f"column of {name}", column, tables()[name].names, where, SchemaError)
        elif asks and word not in (words := code_list(table(name).column(column).codes).words):
            raise unknown(f"word of {column}", word, words, where, SchemaError)


@dataclass(frozen=True, slots=True)
class FactColumn:
    """One column of a fact table.

    Attributes
    ----------
    kind : str
        How a value is written.  ``households``, ``persons`` and ``records`` (each about one household or person: an
        application, an alert, a dwelling, an answer) are counts of people: small ones are withheld.  ``count`` counts
        what is public (villages, projects, officers, their visits) and is never withheld.
        ``code`` needs the code list in ``codes``, ``label`` the message group (``table``: a table of the register;
        ``indicator``: an indicator); ``text`` and ``town`` may hold ``zh|en``;
        ``period`` a month, quarter, half-year or year (``2019-12``, ``2020Q1``, ``2019H1``, ``2019``).
    of : (str, str), optional
        The value is this numerator column over this denominator column, in a county and in the city alike.
    hidden : bool
        Needed to add counties up; never written.
    adds : bool
        Whether the city's value is the sum of the counties' (always for counts and ``money_wan``).
    whole : bool
        The same in every row of a county, such as the base of a share: the city's is the sum over all counties, also
        those that lack the row.
    counts : str or mapping
        Which count of people it prints (see :mod:`relapse_risk.measures.counts`), ``{key}`` standing for a key of the
        row; or by the word of the table's first key, ``*`` for any other.  Keys it does not name classify the count.
        Every column of people names one; the same count in two tables is one cell, withheld in both or in neither.
    within : str
        Column of the same row of which this one counts some: those left over are as small a count as any.  A share of
        one column in another needs no saying, nor do two sides of one measure.
    descriptive : bool
        Words that say something of the row but do not tell rows apart.
    rests_on : tuple of str
        People columns this value was formed from; it is withheld with them.  Unsaid: those it is a ratio ``of``, else
        any of the row; empty: none.
    limit : str
        Dated parameter the value is compared with: it is printed with enough decimals to differ from it.
    """

    name: str
    kind: Kind
    codes: str = ""
    of: tuple[str, str] | None = None
    hidden: bool = False
    adds: bool = False
    whole: bool = False
    counts: str | Mapping[str, str] = ""
    within: str = ""
    descriptive: bool = False
    rests_on: tuple[str, ...] | None = None
    limit: str = ""

    def __post_init__(self) -> None:
        if self.kind == "code" and self.codes not in code_lists():
            raise unknown("code list", self.codes, code_lists(), f"fact column {self.name}: codes", SchemaError)

    @property
    def is_key(self) -> bool:
        return self.kind in KEY_KINDS and not self.descriptive

    @property
    def is_additive(self) -> bool:
        return self.of is None and (self.adds or self.kind in ADDITIVE)

    @property
    def is_people(self) -> bool:
        return self.kind in PEOPLE

    def count_of(self, first: str) -> Count:
        """The count it prints in a row whose first key is ``first``."""
        if isinstance(self.counts, str):
            return read_count(self.counts)
        return read_count(self.counts[first] if first in self.counts else self.counts["*"])


@dataclass(frozen=True, slots=True)
class FactTable:
    """A table of the report: its section, columns, what it needs of the register, and how it is computed.

    Attributes
    ----------
    needs : tuple of str
        ``table`` or ``table.column`` that must have been collected, ``scores.risk`` / ``scores.hardship``, or
        ``events.identification``: that such a log is kept.
    compute : callable
        From one county's data to its rows, without the columns that are ratios (``of``).
    city : {"sum", "counties", "same", "none"}
        The city's rows: counties added up by key; one row per county (for tables by town); the same for all; none.
    order : str
        Column to sort by, ``-`` first for descending; as computed when empty.
    never_secondary : bool
        What readers come for: in a register its counts are withheld in a county only where one of them is small there,
        never as secondary suppression.
    describes : str
        The count that the whole table describes: where that is withheld, the table is not shown either.
    restricted : bool
        Names single households by pseudonymous id; shown only where an edition asks for it.
    publish : callable, optional
        What of the rows is published (the first of them, or counts rounded): applied to a county's rows, and to the
        city's once all rows of its counties are added up.
    """

    name: str
    section: int
    columns: tuple[FactColumn, ...]
    needs: tuple[str, ...]
    compute: Callable[[Any], pd.DataFrame]
    city: Literal["sum", "counties", "same", "none"] = "sum"
    order: str = ""
    never_secondary: bool = False
    describes: str = ""
    restricted: bool = False
    publish: Callable[[pd.DataFrame], pd.DataFrame] | None = None

    def __post_init__(self) -> None:
        check_needs(self.needs, f"fact table {self.name}: needs")
        people = [column.name for column in self.columns if column.is_people]
        for column in self.columns:
            if column.is_people and not self.restricted:
                _check_counts(self.name, column, self.words, people)
        if self.describes:
            read_count(self.describes)

    @property
    def keys(self) -> list[str]:
        return [column.name for column in self.columns if column.is_key]

    @property
    def words(self) -> list[str]:
        """Columns whose values a count may be filled in from: keys, and what is said of the row."""
        return [column.name for column in self.columns if column.kind in KEY_KINDS]

    @property
    def shown(self) -> list[str]:
        return [column.name for column in self.columns if not column.hidden]


def _check_counts(table: str, column: FactColumn, words: list[str], people: list[str]) -> None:
    """A column of people names a count, and that only columns of words of its table."""
    where = f"{table}.{column.name}"
    if not column.counts:
        fix = "say which count it prints: counts='measure.side'"
        raise MeasureError("a column of people names no measure", where=where, fix=fix)
    if column.within and column.within not in people:
        raise unknown("column of people", column.within, people, f"{where}: within", MeasureError)
    written: Iterable[str] = (column.counts,) if isinstance(column.counts, str) else column.counts.values()
    for text in written:
        for name in sorted(read_count(text).fields - set(words)):
            raise unknown("column of words", name, words, where, MeasureError)


@dataclass(frozen=True, slots=True)
class Fraction:
    """A numerator over a denominator, with an interval where it is sampled or modelled.

    Attributes
    ----------
    value : float or None
        Their ratio unless given (a median, a weighted mean).
    low, high : float or None
        95 % limits.
    cases : float or None
        Unweighted number of people behind the numerator, where the numerator is not that number itself.
    n : float or None
        Unweighted number of units looked at, where the denominator is not that number itself.
    se, population : float or None
        Standard error, and what the county weighs when counties are combined into the city.
    weighted : bool
        Whether numerator and denominator are sums of sampling weights: they form the value and are never printed; a
        report prints ``cases`` of ``n``, the sample they come from.
    """

    numerator: float
    denominator: float
    value: float | None = None
    low: float | None = None
    high: float | None = None
    cases: float | None = None
    n: float | None = None
    se: float | None = None
    population: float | None = None
    weighted: bool = False

    @property
    def looked_at(self) -> tuple[float, float]:
        """Cases and units as they were counted, without weights."""
        return self.numerator if self.cases is None else self.cases, self.denominator if self.n is None else self.n

    @property
    def ratio(self) -> float | None:
        if self.value is not None:
            return self.value
        return self.numerator / self.denominator if self.denominator > 0 else None


@dataclass(frozen=True, slots=True)
class Pooled:
    """A statistic of a whole that is no mean of its parts': a median, a Gini coefficient.

    Attributes
    ----------
    sample : callable
        From one county's data to values and weights, one each a household.
    statistic : callable
        From values and weights to the number; None where it is not defined.
    """

    sample: Callable[[Any], tuple[Values, Values]]
    statistic: Callable[[Values, Values], float | None]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator, declared once.

    Attributes
    ----------
    limit : str
        Dated parameter that is the limit of the value; empty: no limit was published, and none is assumed.
    people : bool
        The numerator counts households or persons, so that a small one is withheld.
    measure : str
        The measure whose yes (numerator), no and known (denominator) it prints; unsaid: its name.
    adds : tuple of str
        Needs of which something would be added: without one of them the value is a lower bound.
    sampled : {"", "survey", "model"}
        Why it has an interval; a full count of the register has none.
    city : {"ratio", "pooled", "total"}
        City: sums over sums; ``pooled`` of the households of all counties; the sum.
    history : bool
        Whether the register's history says what it was a year before.
    line : {"", "poverty", "monitoring"}
        The line its incomes are set against: where it changed, the year before is shown on an unchanged basis, too.
    """

    name: str
    section: int
    unit: Unit
    direction: Direction
    needs: tuple[str, ...]
    compute: Callable[[Any], Fraction]
    limit: str = ""
    source: str = ""
    headline: bool = False
    sampled: Literal["", "survey", "model"] = ""
    city: Literal["ratio", "pooled", "total"] = "ratio"
    pooled: Pooled | None = None
    history: bool = True
    people: bool = True
    measure: str = ""
    line: Literal["", "poverty", "monitoring"] = ""
    adds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_needs((*self.needs, *self.adds), f"indicator {self.name}: needs")

    @property
    def measured(self) -> str:
        return self.measure or self.name
