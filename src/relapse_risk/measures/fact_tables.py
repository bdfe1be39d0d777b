"""What a fact is: declared columns, tables and indicators; computed, withheld and written elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from relapse_risk.errors import SchemaError, unknown
from relapse_risk.schema import code_list, code_lists, table, tables

__all__ = ["ADDITIVE", "CITY", "PEOPLE", "FactColumn", "FactTable", "Fraction", "Indicator"]

CITY = "city"
Kind = Literal[
    "households", "persons", "records", "count", "share", "money", "money_wan", "number", "index", "days", "date", "text", "code",
    "town", "bin", "label", "verdict", "confidence", "points", "coefficient", "period",
]  # fmt: skip
Direction = Literal["higher_better", "lower_better", "none"]
Unit = Literal["share", "money", "days", "count", "number", "coefficient"]
Figure = Literal[
    "", "bars", "stack", "dots", "lollipop", "pyramid", "histogram", "heat", "curve", "scatter", "forest", "funnel",
    "waterfall", "flow", "lines", "profile",
]  # fmt: skip
KEY_KINDS = frozenset({"text", "code", "town", "bin", "label", "date", "period", "confidence", "verdict"})
PEOPLE = frozenset({"households", "persons", "records"})
SCORES = ("scores.risk", "scores.hardship")
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
        elif name not in tables():
            raise unknown("table", name, ("scores", *tables()), where, SchemaError)
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
    measure : str
        Same text in two tables: the same count of people, withheld in both or in neither.
    descriptive : bool
        Words that say something of the row but do not tell rows apart.
    rests_on : tuple of str
        People columns this value was formed from; it is withheld with them.  Unsaid: those it is a ratio ``of``, else
        any of the row; empty: none.
    limit : str
        Dated parameter the value is compared with: it is written finely enough to be told from it.
    """

    name: str
    kind: Kind
    codes: str = ""
    of: tuple[str, str] | None = None
    hidden: bool = False
    adds: bool = False
    measure: str = ""
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


@dataclass(frozen=True, slots=True)
class FactTable:
    """A table of the report: its section, columns, what it needs of the register, and how it is computed.

    Attributes
    ----------
    needs : tuple of str
        ``table`` or ``table.column`` that must have been collected, or ``scores.risk`` / ``scores.hardship``.
    compute : callable
        From one county's data to its rows, without the columns that are ratios (``of``).
    city : {"sum", "counties", "same", "none"}
        The city's rows: counties added up by key; one row per county (for tables by town); the same for all; none.
    order : str
        Column to sort by, ``-`` first for descending; as computed when empty.
    parts : tuple of (whole, (part, ...))
        Columns that add up within a row, so that no part can be worked out from the rest; an empty whole: their sum is
        known to the reader.
    within : tuple of (whole, part)
        Columns of which one counts some of the other: those left over are as small a count as any.  A share of one
        column in another needs no saying.
    overlapping : tuple of str
        People columns whose rows overlap (one household may be in several), so that no total gives one away.
    adds_to : str
        Table whose rows are sums of these rows (same column names; its keys are columns here).
    foremost : bool
        What readers come for: in a register its counts are withheld where one of them in the county is small, and never
        beside others.
    goes_with : tuple of (table, column, key column, key)
        The count that the whole table describes: without it the table is not shown either.
    restricted : bool
        Names single households by pseudonymous id; shown only where an edition asks for it.
    """

    name: str
    section: int
    columns: tuple[FactColumn, ...]
    needs: tuple[str, ...]
    compute: Callable[[Any], pd.DataFrame]
    city: Literal["sum", "counties", "same", "none"] = "sum"
    order: str = ""
    figure: Figure = ""
    parts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    within: tuple[tuple[str, str], ...] = ()
    overlapping: tuple[str, ...] = ()
    adds_to: str = ""
    foremost: bool = False
    goes_with: tuple[str, str, str, str] | None = None
    restricted: bool = False

    def __post_init__(self) -> None:
        check_needs(self.needs, f"fact table {self.name}: needs")

    @property
    def keys(self) -> list[str]:
        return [column.name for column in self.columns if column.is_key]

    @property
    def shown(self) -> list[str]:
        return [column.name for column in self.columns if not column.hidden]


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
class Indicator:
    """One indicator, declared once.

    Attributes
    ----------
    limit : str
        Dated parameter the value is judged by; empty: no limit was published and none is made up.
    people : bool
        The numerator counts households or persons, so that a small one is withheld.
    sampled : {"", "survey", "model"}
        Why it has an interval; a full count of the register has none.
    city : {"ratio", "mean", "total"}
        City: sums over sums; means weighted by what each county stands for; the sum.
    history : bool
        Whether the register's history says what it was a year before.
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
    city: Literal["ratio", "mean", "total"] = "ratio"
    history: bool = True
    people: bool = True

    def __post_init__(self) -> None:
        check_needs(self.needs, f"indicator {self.name}: needs")
