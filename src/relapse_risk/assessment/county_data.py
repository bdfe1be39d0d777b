"""The data of one county that facts are computed from, and small counts of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

import pandas as pd

from relapse_risk.assessment.intervals import Interval, of_mean, of_share
from relapse_risk.derive import household_frame, person_ages
from relapse_risk.languages import cells
from relapse_risk.measures import Fraction
from relapse_risk.months import month_end
from relapse_risk.parameters import Parameters, Place
from relapse_risk.predicates import Setting, setting_on
from relapse_risk.register import Register
from relapse_risk.schema import table
from relapse_risk.scores import Scores

__all__ = ["CountyData", "counted", "hits", "in_code_order", "in_last_year", "share", "up_to"]

T = TypeVar("T")


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
        """The result of ``compute``, computed at the first request and cached under ``name``."""
        if name not in self._kept:
            self._kept[name] = compute()
        kept: T = self._kept[name]
        return kept

    @property
    def day(self) -> date:
        """The data date: the last day of ``month``."""
        return month_end(self.month)

    @property
    def setting(self) -> Setting:
        """What predicates are evaluated against on the data date."""
        return self.once("setting", lambda: setting_on(self.parameters, self.place, self.day))

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

    def line_change(self, role: str) -> tuple[float, float] | None:
        """The line of ``role`` by which incomes of the previous period and of this one are measured, where they differ."""
        name = self.place.lines.get(role)  # type: ignore[call-overload]
        if name is None or self.earlier is None:
            return None
        values = [self.parameters.on(name, month_end(one.newest_income)).value for one in (self.earlier, self)]
        return None if values[0] == values[1] else (values[0], values[1])

    @property
    def newest_income(self) -> str:
        """The newest month up to which a household's income is known; the data's month without any."""
        periods = self.now["income_period"].dropna()
        return self.month if periods.empty else str(periods.max())

    def earlier_by_lines_of_now(self, role: str) -> CountyData | None:
        """The previous period with its incomes measured by the line of this one."""
        name, earlier = self.place.lines.get(role), self.earlier  # type: ignore[call-overload]
        if name is None or earlier is None:
            return None
        held = self.parameters.held(name, month_end(self.newest_income))
        return self.once(f"earlier by {role}", lambda: replace(earlier, parameters=held, _kept={}))

    @property
    def before(self) -> pd.DataFrame:
        """:attr:`now` as of the previous period; without rows where there is none."""
        return self.earlier.now if self.earlier is not None else self.now.iloc[:0]

    @property
    def persons(self) -> pd.DataFrame:
        """Living persons with age and is_labour."""
        return self.once("persons", lambda: person_ages(self.table("person"), self.setting))

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
        """Name in each language (:attr:`relapse_risk.languages.Label.cell`) by town code, the code itself where it has no name."""
        rows = self.table("village").dropna(subset=["town_code"]).drop_duplicates("town_code")
        zh, en = rows["town_name_zh"].fillna(rows["town_code"]), rows["town_name_en"].fillna(rows["town_code"])
        return dict(zip(rows["town_code"], cells(zh, en), strict=True))

    @property
    def villages(self) -> Mapping[str, str]:
        """Name by village code, in English the code: a register names villages in Chinese only."""
        rows = self.table("village")
        names = cells(rows["village_name_zh"].fillna(rows["village_code"]), rows["village_code"])
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
