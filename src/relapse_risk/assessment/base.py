"""What a fact is: declared tables and indicators, and the data of one county they are computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, TypeVar

import pandas as pd

from relapse_risk.assessment.intervals import Interval, of_mean, of_share
from relapse_risk.derive import household_frame, person_ages
from relapse_risk.months import month_end
from relapse_risk.parameters import Parameters, Place
from relapse_risk.register import Register
from relapse_risk.schema import table
from relapse_risk.scores import Scores

__all__ = [
    "CITY",
    "CountyData",
    "FactColumn",
    "FactTable",
    "Fraction",
    "Indicator",
    "counted",
    "hits",
    "in_code_order",
    "in_last_year",
    "share",
    "up_to",
]

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
ADDITIVE = PEOPLE | {"count", "money_wan"}
T = TypeVar("T")


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
    compute: Callable[[CountyData], pd.DataFrame]
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
    compute: Callable[[CountyData], Fraction]
    limit: str = ""
    source: str = ""
    headline: bool = False
    sampled: Literal["", "survey", "model"] = ""
    city: Literal["ratio", "mean", "total"] = "ratio"
    history: bool = True
    people: bool = True


@dataclass(frozen=True, slots=True)
class CountyData:
    """Everything the facts of one county are computed from, as known on the last day of ``month``."""

    register: Register
    county: str
    month: str
    previous: str | None
    parameters: Parameters
    place: Place
    scores: Scores
    _kept: dict[str, Any] = field(default_factory=dict, repr=False)

    def once(self, name: str, compute: Callable[[], T]) -> T:
        """The result of ``compute``, computed at the first asking and kept under ``name``."""
        if name not in self._kept:
            self._kept[name] = compute()
        kept: T = self._kept[name]
        return kept

    @property
    def day(self) -> date:
        """The data date: the last day of ``month``."""
        return month_end(self.month)

    @property
    def now(self) -> pd.DataFrame:
        """One row per household, as of ``month``."""
        return self.once(
            "now",
            lambda: household_frame(
                self.register, self.month, self.county, parameters=self.parameters, place=self.place
            ),
        )

    @property
    def earlier(self) -> CountyData | None:
        """The same county as of the previous period."""
        if self.previous is None:
            return None
        month = self.previous
        return self.once(
            "earlier",
            lambda: CountyData(self.register, self.county, month, None, self.parameters, self.place, self.scores),
        )

    @property
    def before(self) -> pd.DataFrame:
        """:attr:`now` as of the previous period; without rows where there is none."""
        return self.earlier.now if self.earlier is not None else self.now.iloc[:0]

    @property
    def persons(self) -> pd.DataFrame:
        """Living persons with age and is_labour."""
        return self.once("persons", lambda: person_ages(self.table("person"), self.month))

    def table(self, name: str) -> pd.DataFrame:
        """Rows of a register table in this county (of this month, for snapshots), read once."""
        month = self.month if table(name).is_snapshot else None
        return self.once(f"table {name}", lambda: self.register.read(name, month, self.county))

    def limit(self, name: str) -> float:
        """Value of a dated parameter on the data date."""
        return self.parameters.on(name, self.day).value

    @property
    def year(self) -> str:
        return self.month[:4]

    @property
    def town_of(self) -> pd.Series:
        """Town code by household."""
        return self.once("town_of", lambda: self.now.set_index("household_id")["town_code"])

    @property
    def towns(self) -> Mapping[str, str]:
        """Bilingual name ``zh|en`` by town code, the code itself where nobody named it."""
        rows = self.table("village").dropna(subset=["town_code"]).drop_duplicates("town_code")
        zh, en = rows["town_name_zh"].fillna(rows["town_code"]), rows["town_name_en"].fillna(rows["town_code"])
        return dict(zip(rows["town_code"], zh + "|" + en, strict=True))

    @property
    def villages(self) -> Mapping[str, str]:
        """Name by village code, in English the code: a register names villages in Chinese only."""
        rows = self.table("village")
        names = rows["village_name_zh"].fillna(rows["village_code"]) + "|" + rows["village_code"]
        return dict(zip(rows["village_code"], names, strict=True))

    def by_town(self, counts: pd.DataFrame) -> pd.DataFrame:
        """``counts`` (indexed by town code) with the town's bilingual name first."""
        frame = counts.reset_index(names="town_code")
        frame.insert(0, "town", frame["town_code"].map(self.towns).fillna(frame["town_code"]))
        return frame.drop(columns="town_code")

    def households(self, flags: pd.Series, inside: pd.Series | None = None) -> Fraction:
        """Households for which ``flags`` holds, of those ``inside`` with an answer.

        A full register is counted; where households carry sampling weights both sums are weighted and the share has
        the interval of the sample.
        """
        known = flags.notna() if inside is None else flags.notna() & inside.fillna(False).astype(bool)
        answer = flags[known].astype(bool)
        weight = self.now.loc[answer.index, "weight"].astype(float)
        if not self.is_sample:
            return Fraction(float(answer.sum()), float(len(answer)))
        found = of_share(answer.to_numpy(), weight.to_numpy())
        return _sampled(answer, weight, found)

    def members(self, flags: pd.Series, inside: pd.Series | None = None) -> Fraction:
        """Persons who live in households for which ``flags`` holds, of the persons of those with an answer."""
        known = flags.notna() if inside is None else flags.notna() & inside.fillna(False).astype(bool)
        answer = flags[known].astype(bool)
        rows = self.now.loc[answer.index]
        size = rows["size"].astype(float).fillna(1.0)
        if not self.is_sample:
            return Fraction(float(size[answer].sum()), float(size.sum()))
        weight = size * rows["weight"].astype(float)
        return _sampled(answer, weight, of_share(answer.to_numpy(), weight.to_numpy()))

    def mean(self, values: pd.Series, weight: pd.Series) -> Fraction:
        """Weighted mean of ``values``, with an interval where households were sampled."""
        known = values.notna() & weight.notna()
        x, w = values[known].to_numpy(dtype=float), weight[known].to_numpy(dtype=float)
        found = of_mean(x, w) if self.is_sample else Interval(None, None, None)
        return Fraction(
            float((x * w).sum()), float(w.sum()), low=found.low, high=found.high, se=found.se, n=float(len(x)),
            cases=float(len(x)), weighted=self.is_sample,
        )  # fmt: skip

    def of_sample(self, n: float) -> dict[str, Any]:
        """What a weighted value rests on, for its :class:`Fraction`; nothing to add where every household counts once."""
        return {"cases": float("nan"), "n": float(n), "weighted": True} if self.is_sample else {}

    def weights(self, household_id: pd.Series) -> pd.Series:
        """Sampling weight by household: 1 in a full register."""
        return household_id.map(self.now.set_index("household_id")["weight"]).astype(float)

    @property
    def is_sample(self) -> bool:
        """Whether households stand for others (weights other than 1)."""
        return bool((self.now["weight"].astype(float) != 1).any())


def _sampled(answer: pd.Series, weight: pd.Series, found: Interval) -> Fraction:
    return Fraction(
        float(weight[answer].sum()), float(weight.sum()), low=found.low, high=found.high, cases=float(answer.sum()),
        n=float(len(answer)), se=found.se, population=float(weight.sum()), weighted=True,
    )  # fmt: skip


def up_to(frame: pd.DataFrame, column: str, day: date) -> pd.DataFrame:
    """Rows whose ``column`` is on or before ``day``."""
    return frame[(frame[column] <= pd.Timestamp(day)).fillna(False).to_numpy(dtype=bool)]


def in_last_year(frame: pd.DataFrame, column: str, day: date) -> pd.DataFrame:
    """Rows whose ``column`` lies in the twelve months that end on ``day``."""
    rows = up_to(frame, column, day)
    return rows[rows[column] > pd.Timestamp(day) - pd.DateOffset(years=1)]


def hits(flags: Any) -> int:
    """How many are true; null counts as no."""
    return int(flags.fillna(False).sum())


def counted(flags: Mapping[str, pd.Series], by: pd.Series) -> pd.DataFrame:
    """Column ``name`` per group of ``by``: how many of ``flags[name]`` are true.

    Examples
    --------
    >>> counted({"yes": pd.Series([True, False, True])}, pd.Series(["a", "a", "b"]))["yes"].tolist()
    [1, 1]
    """
    columns = {name: values.fillna(False).astype(int) for name, values in flags.items()}
    return pd.DataFrame(columns).groupby(by.to_numpy()).sum()


def in_code_order(frame: pd.DataFrame, words: tuple[str, ...], name: str) -> pd.DataFrame:
    """``frame`` (indexed by code word) in the order of the code list, the index as column ``name``."""
    return frame.loc[[word for word in words if word in frame.index]].reset_index(names=name)


def share(flags: pd.Series) -> Fraction:
    """True over answered; null is left out of both.

    Examples
    --------
    >>> found = share(pd.Series([True, False, None], dtype="boolean"))
    >>> found.numerator, found.denominator, found.ratio
    (1.0, 2.0, 0.5)
    """
    known = flags.dropna()
    return Fraction(float(known.sum()), float(len(known)))
