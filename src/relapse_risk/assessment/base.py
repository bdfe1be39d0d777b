"""What a fact is: declared tables and indicators, and the data of one county they are computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import pandas as pd

from relapse_risk.parameters import Parameters, Place
from relapse_risk.register import Register
from relapse_risk.schema import table
from relapse_risk.scores import Scores

__all__ = ["CITY", "CountyData", "FactColumn", "FactTable", "Fraction", "Indicator", "hits", "share", "up_to"]

CITY = "city"
Kind = Literal[
    "households", "persons", "count", "share", "money", "money_wan", "number", "index", "days", "date", "text", "code",
    "town", "bin", "label", "verdict", "confidence", "points",
]  # fmt: skip
Direction = Literal["higher_better", "lower_better", "none"]


@dataclass(frozen=True, slots=True)
class FactColumn:
    """One column of a fact table.  ``households`` and ``persons`` are counts of people: small ones are suppressed.

    Attributes
    ----------
    kind : str
        How a value is written: see :data:`Kind`; ``code`` needs ``codes``, ``label`` a message key in ``codes``.
    codes : str
        Code list (``code``) or message group (``label``).
    """

    name: str
    kind: Kind
    codes: str = ""


@dataclass(frozen=True, slots=True)
class CountyData:
    """Everything the facts of one county are computed from, as known on the last day of ``month``."""

    register: Register
    county: str
    month: str
    previous: str | None
    day: date
    parameters: Parameters
    place: Place
    now: pd.DataFrame
    before: pd.DataFrame
    persons: pd.DataFrame
    scores: Scores
    _tables: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    def table(self, name: str) -> pd.DataFrame:
        """Rows of a register table in this county (of this month, for snapshots), read once."""
        if name not in self._tables:
            month = self.month if table(name).is_snapshot else None
            self._tables[name] = self.register.read(name, month, self.county)
        return self._tables[name]

    def limit(self, name: str) -> float:
        """Value of a dated parameter on the data date."""
        return self.parameters.on(name, self.day).value

    @property
    def year(self) -> str:
        return self.month[:4]

    @property
    def towns(self) -> Mapping[str, str]:
        """Bilingual name ``zh|en`` by town code, the code itself where nobody named it."""
        rows = self.table("village").dropna(subset=["town_code"]).drop_duplicates("town_code")
        zh, en = rows["town_name_zh"].fillna(rows["town_code"]), rows["town_name_en"].fillna(rows["town_code"])
        return dict(zip(rows["town_code"], zh + "|" + en, strict=True))


@dataclass(frozen=True, slots=True)
class FactTable:
    """A table of the report: its section, columns, what it needs of the register, and how it is computed.

    Attributes
    ----------
    needs : tuple of str
        ``table`` or ``table.column`` that must have been collected, or ``scores.risk`` / ``scores.hardship``.
    """

    name: str
    section: int
    columns: tuple[FactColumn, ...]
    needs: tuple[str, ...]
    compute: Callable[[CountyData], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Fraction:
    """A numerator over a denominator, with an interval where it is sampled or modelled.

    ``value`` is their ratio unless given (a mean, a median); ``low`` and ``high`` are 95 % limits.
    """

    numerator: float
    denominator: float
    value: float | None = None
    low: float | None = None
    high: float | None = None

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
    unit : {"share", "money", "days", "count", "number"}
    limit : str
        Dated parameter the value is judged by; empty: no limit.
    adds_up : bool
        Whether the city's value is the sum of numerators over the sum of denominators.
    """

    name: str
    section: int
    unit: Literal["share", "money", "days", "count", "number"]
    direction: Direction
    needs: tuple[str, ...]
    compute: Callable[[CountyData], Fraction]
    limit: str = ""
    source: str = ""
    headline: bool = False
    sampled: bool = False
    adds_up: bool = True
    history: bool = True


def up_to(frame: pd.DataFrame, column: str, day: date) -> pd.DataFrame:
    """Rows whose ``column`` is on or before ``day``."""
    return frame[(frame[column] <= pd.Timestamp(day)).fillna(False).to_numpy(dtype=bool)]


def hits(flags: Any) -> int:
    """How many are true; null counts as no."""
    return int(flags.fillna(False).sum())


def share(flags: pd.Series) -> Fraction:
    """True over answered; null is left out of both.

    Examples
    --------
    >>> share(pd.Series([True, False, None], dtype="boolean"))
    Fraction(numerator=1.0, denominator=2.0, value=None, low=None, high=None)
    """
    known = flags.dropna()
    return Fraction(float(known.sum()), float(len(known)))
