"""The setting in which predicates are evaluated: the predicates themselves, dated values, the place and the day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ConfigDict

from relapse_risk.errors import ParameterError, unknown
from relapse_risk.languages import Label
from relapse_risk.months import month_end
from relapse_risk.parameters import Confidence, Parameters, Place
from relapse_risk.predicates.clauses import Clause
from relapse_risk.yaml_reading import STRICT

__all__ = ["INCOME_PERIOD", "Predicate", "Setting", "values_at"]

INCOME_PERIOD = "income_period"  # the column that says which year a row's income is of

NONE: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Predicate:
    """One yes or no about a person, a household, a village or a row of another table.

    Attributes
    ----------
    unit : str
        ``person``, ``household``, or another table of the dictionary.
    label, fails : Label
        The text when it holds, and when it does not.
    ask : Label, optional
        The question that resolves an unknown.
    when : Clause, optional
        Its definition; alternatively ``function``, a name in :mod:`relapse_risk.predicates.functions`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    name: str
    file: str
    unit: str
    label: Label
    source: str
    confidence: Confidence
    fails: Label | None = None
    ask: Label | None = None
    when: Clause | None = None
    function: str = ""

    @property
    def where(self) -> str:
        return f"{self.file}: {self.name}"


@dataclass(frozen=True, slots=True)
class Setting:
    """Predicates, dated values, place and day.

    Attributes
    ----------
    day : date
        Dated values are taken as of this day.
    data_date : date, optional
        Nothing may have happened after it; ``day`` by default.
    item_groups : mapping of str to tuple of str
        Assistance items by group, for quality rules.
    notes : list of str
        Reasons why a limit was not found for some rows.
    """

    parameters: Parameters
    place: Place
    day: date
    predicates: Mapping[str, Predicate] = field(default_factory=dict)
    data_date: date | None = None
    item_groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NONE)
    notes: list[str] = field(default_factory=list)

    def predicate(self, name: str) -> Predicate:
        """The predicate ``name``; :class:`ParameterError` names the nearest one when there is none."""
        if name not in self.predicates:
            raise unknown("predicate", name, self.predicates, "predicates", otherwise="add it to params/predicates")
        return self.predicates[name]

    def value(self, name: str) -> float:
        """The dated parameter ``name`` on the day."""
        return self.parameters.on(name, self.day).value

    def line(self, role: str) -> float:
        """The line of the place that serves as ``role`` on the day."""
        return self.value(self.line_name(role))

    def line_of_income(self, role: str, frame: pd.DataFrame) -> float | npt.NDArray[np.float64]:
        """The ``role`` line that the income of each row of ``frame`` is compared with: that of the year it was earned in.

        A row says so in ``income_period`` (its last month); one that does not has the line of the day.  NaN, with a
        note, where the line has no value at the end of that month.

        Examples
        --------
        >>> from relapse_risk.parameters import read_parameters, read_place
        >>> setting = Setting(read_parameters(), read_place("dezhou"), date(2020, 11, 30))
        >>> setting.line_of_income("poverty", pd.DataFrame({"income_period": ["2019-12", "2020-12", None]})).tolist()
        [3747.0, 4000.0, 4000.0]
        """
        name = self.line_name(role)
        if INCOME_PERIOD not in frame:
            return self.value(name)
        periods = frame[INCOME_PERIOD]
        values = values_at(self.parameters, name, periods, self.notes)
        silent = periods.isna().to_numpy(dtype=bool)
        return np.where(silent, self.value(name), values) if silent.any() else values

    def line_name(self, role: str) -> str:
        """The parameter that serves as ``role`` line; :class:`ParameterError` where the place has none."""
        lines: Mapping[str, str] = self.place.lines  # type: ignore[assignment]
        if role not in lines:
            raise ParameterError(
                f"place {self.place.name} has no {role} line",
                where=f"places/{self.place.name}.yaml: lines",
                fix=f"name the parameter that serves as {role} line, or switch off the rules that need it",
            )
        return lines[role]


def values_at(
    parameters: Parameters, name: str, moments: pd.Series, notes: list[str] | None = None
) -> npt.NDArray[np.float64]:
    """The dated value of ``name`` at each row's moment (a day, a ``YYYY-MM`` month or a year: its last day).

    NaN where the moment is not known, and (with a note) where nothing is dated so.
    """
    found: dict[Any, float] = {}
    for moment in moments.dropna().unique():
        try:
            found[moment] = parameters.on(name, _day_of(moment)).value
        except ParameterError as error:
            found[moment] = np.nan
            if notes is not None:
                notes.append(str(error))
    return moments.map(found).to_numpy(dtype=np.float64, na_value=np.nan)


def _day_of(moment: Any) -> date:
    if isinstance(moment, str):
        return month_end(moment)
    if isinstance(moment, int | np.integer):
        return date(int(moment), 12, 31)
    day: date = pd.Timestamp(moment).date()
    return day
