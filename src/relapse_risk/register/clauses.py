"""Clauses: one comparison of one column, declared in YAML and applied to a whole view at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from relapse_risk.errors import ParameterError
from relapse_risk.months import month_end
from relapse_risk.parameters import Parameters, Place

__all__ = ["OPS_BY_TYPE", "Clause", "Limit", "Setting", "clause_columns", "holds", "limit_values"]

Scalar = bool | int | float | str
NUMERIC = ("below", "above", "at_least", "at_most", "between", "outside")
DATED = ("before", "after")
TEXT = ("length_in", "length_not_in", "digits", "not_digits", "starts_with", "not_starts_with")
EQUAL = ("is", "is_not", "in", "not_in")
ALWAYS = ("missing", "present", "same_as")
OPS_BY_TYPE = {
    "str": ALWAYS + EQUAL + TEXT,
    "code": ALWAYS + EQUAL,
    "int": ALWAYS + EQUAL + NUMERIC,
    "float": ALWAYS + EQUAL + NUMERIC,
    "bool": (*ALWAYS, "is", "is_not"),
    "date": ALWAYS + DATED,
}


class Limit(BaseModel):
    """What a value is compared with: a number, another column, a dated parameter, or a line of the place.

    ``at`` names a column whose date (or month, or year) decides which dated value holds; without it the data date
    does.  ``times`` multiplies a number and ``plus`` adds to it; ``months`` and ``days`` shift a date.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    number: float | None = None
    column: str | None = None
    parameter: str | None = None
    line: Literal["poverty", "monitoring", "dibao"] | None = None
    day: Literal["data_date", "month_end"] | date | None = None
    at: str | None = None
    times: float = 1.0
    plus: float = 0.0
    months: int = 0
    days: int = 0

    @model_validator(mode="after")
    def _one_origin(self) -> Limit:
        origins = (self.number, self.column, self.parameter, self.line, self.day)
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("a limit names exactly one of number, column, parameter, line, day")
        return self


def _as_limit(given: object) -> object:
    """A bare number is a limit too."""
    return {"number": given} if isinstance(given, int | float) and not isinstance(given, bool) else given


Number = Annotated[Limit, BeforeValidator(_as_limit)]


class Group(BaseModel):
    """A named group of assistance items (``item_groups`` of the rule files)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    group: str


class Clause(BaseModel):
    """One comparison (``column`` and exactly one operation) or ``any`` of several."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    column: str | None = None
    any: tuple[Clause, ...] | None = None
    missing: Literal[True] | None = None
    present: Literal[True] | None = None
    same_as: Limit | None = None
    is_: Scalar | None = Field(default=None, alias="is")
    is_not: Scalar | None = None
    in_: tuple[Scalar, ...] | Group | None = Field(default=None, alias="in")
    not_in: tuple[Scalar, ...] | Group | None = None
    below: Number | None = None
    above: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    between: tuple[float, float] | None = None
    outside: tuple[float, float] | None = None
    before: Limit | None = None
    after: Limit | None = None
    length_in: tuple[int, ...] | None = None
    length_not_in: tuple[int, ...] | None = None
    digits: int | None = None
    not_digits: int | None = None
    starts_with: Limit | None = None
    not_starts_with: Limit | None = None

    @model_validator(mode="after")
    def _one_operation(self) -> Clause:
        given = [name for name in _FIELD_BY_OP if getattr(self, _FIELD_BY_OP[name]) is not None]
        if self.any is not None:
            if given or self.column is not None or not self.any:
                raise ValueError("'any' stands alone and lists at least one clause")
        elif self.column is None or len(given) != 1:
            raise ValueError(f"a clause names a column and exactly one operation, got {given or 'none'}")
        return self

    @property
    def op(self) -> str:
        """The name of the operation (not of an ``any`` clause)."""
        return next(name for name, attribute in _FIELD_BY_OP.items() if getattr(self, attribute) is not None)

    @property
    def operand(self) -> Any:
        return getattr(self, _FIELD_BY_OP[self.op])


_FIELD_BY_OP = {
    "is": "is_", "in": "in_",
    **{name: name for name in (*ALWAYS, "is_not", "not_in", *NUMERIC, *DATED, *TEXT)},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """What clauses are judged against: parameters, place, dates and item groups.

    ``notes`` collects the reasons for which a dated value could not be found for some rows.
    """

    parameters: Parameters
    place: Place
    month_end: date
    data_date: date
    item_groups: Mapping[str, tuple[str, ...]]
    notes: list[str] = field(default_factory=list)


def clause_columns(clause: Clause) -> frozenset[str]:
    """Every column a clause (with its ``any`` branches and limits) reads."""
    if clause.any is not None:
        return frozenset().union(*(clause_columns(branch) for branch in clause.any))
    limit = clause.operand if isinstance(clause.operand, Limit) else None
    named = {clause.column, limit.column if limit else None, limit.at if limit else None}
    return frozenset(name for name in named if name)


def holds(clause: Clause, frame: pd.DataFrame, setting: Setting) -> np.ndarray:
    """Where ``clause`` is true: bool, one per row of ``frame``; an unknown value never makes it true.

    Examples
    --------
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> setting = Setting(read_parameters(), read_place("dezhou"), date(2020, 12, 31), date(2020, 12, 31), {})
    >>> sizes = pd.DataFrame({"household_size": pd.array([0, 1, None], dtype="Int64")})
    >>> holds(Clause(column="household_size", below=1), sizes, setting).tolist()
    [True, False, False]
    """
    if clause.any is not None:
        branches = [holds(branch, frame, setting) for branch in clause.any]
        return np.asarray(np.logical_or.reduce(branches), dtype=bool)
    assert clause.column is not None
    values = frame[clause.column]
    result = _OPERATIONS[clause.op](values, clause.operand, frame, setting)
    return np.asarray(result.fillna(False) if isinstance(result, pd.Series) else result, dtype=bool)


def limit_values(limit: Limit, frame: pd.DataFrame, setting: Setting) -> float | pd.Series:
    """The number each row is compared with: one number, or a Series aligned with ``frame``."""
    if limit.number is not None:
        return limit.number
    if limit.column is not None:
        return pd.to_numeric(frame[limit.column]).astype("float64") * limit.times + limit.plus
    name = _parameter_name(limit, setting.place)
    if limit.at is None:
        return setting.parameters.on(name, setting.month_end).value * limit.times + limit.plus
    return _dated_values(name, frame[limit.at], setting) * limit.times + limit.plus


def _parameter_name(limit: Limit, place: Place) -> str:
    if limit.parameter is not None:
        return limit.parameter
    assert limit.line is not None
    if limit.line not in place.lines:
        raise ParameterError(
            f"place {place.name} has no {limit.line} line",
            where=f"places/{place.name}.yaml: lines",
            fix=f"name the parameter that serves as {limit.line} line, or leave the rules that need it unapplied",
        )
    return place.lines[limit.line]


def _dated_values(name: str, at: pd.Series, setting: Setting) -> pd.Series:
    """The value of parameter ``name`` on the day of each row; NaN with a note where it has none."""
    found: dict[Any, float] = {}
    for moment in at.dropna().unique():
        try:
            found[moment] = setting.parameters.on(name, _day_of(moment)).value
        except ParameterError as error:
            found[moment] = np.nan
            setting.notes.append(str(error))
    return at.map(found).astype("float64")


def _day_of(moment: Any) -> date:
    """A date, a ``YYYY-MM`` month (its last day) or a year (its last day) as a date."""
    if isinstance(moment, str):
        return month_end(moment)
    if isinstance(moment, int | np.integer):
        return date(int(moment), 12, 31)
    day: date = pd.Timestamp(moment).date()
    return day


def _dates(limit: Limit, frame: pd.DataFrame, setting: Setting) -> pd.Series:
    if limit.column is not None:
        days = frame[limit.column]
    else:
        known = {"data_date": setting.data_date, "month_end": setting.month_end}
        day = known[limit.day] if isinstance(limit.day, str) else limit.day
        days = pd.Series(pd.Timestamp(day).as_unit("s"), index=frame.index)
    if limit.months or limit.days:
        days = days + pd.DateOffset(months=limit.months, days=limit.days)
    return days


def _members(operand: Any, setting: Setting) -> list[Any]:
    return list(setting.item_groups[operand.group]) if isinstance(operand, Group) else list(operand)


def _number(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values).astype("float64")


def _prefixed(values: pd.Series, limit: Limit, frame: pd.DataFrame) -> np.ndarray:
    """Whether each text begins with the text of another column; both known."""
    pairs = zip(values, frame[limit.column], strict=True)
    return np.array([isinstance(v, str) and isinstance(p, str) and v.startswith(p) for v, p in pairs], dtype=bool)


def _both_known(values: pd.Series, limit: Limit, frame: pd.DataFrame) -> np.ndarray:
    return np.asarray(values.notna() & frame[limit.column].notna(), dtype=bool)


Operation = Callable[[pd.Series, Any, pd.DataFrame, Setting], "pd.Series | np.ndarray"]
_OPERATIONS: dict[str, Operation] = {
    "missing": lambda v, o, f, s: v.isna(),
    "present": lambda v, o, f, s: v.notna(),
    "same_as": lambda v, o, f, s: v == f[o.column],
    "is": lambda v, o, f, s: v == o,
    "is_not": lambda v, o, f, s: v.notna() & (v != o),
    "in": lambda v, o, f, s: v.isin(_members(o, s)),
    "not_in": lambda v, o, f, s: v.notna() & ~v.isin(_members(o, s)),
    "below": lambda v, o, f, s: _number(v) < limit_values(o, f, s),
    "above": lambda v, o, f, s: _number(v) > limit_values(o, f, s),
    "at_least": lambda v, o, f, s: _number(v) >= limit_values(o, f, s),
    "at_most": lambda v, o, f, s: _number(v) <= limit_values(o, f, s),
    "between": lambda v, o, f, s: _number(v).between(o[0], o[1]),
    "outside": lambda v, o, f, s: (_number(v) < o[0]) | (_number(v) > o[1]),
    "before": lambda v, o, f, s: v < _dates(o, f, s),
    "after": lambda v, o, f, s: v > _dates(o, f, s),
    "length_in": lambda v, o, f, s: v.str.len().isin(o),
    "length_not_in": lambda v, o, f, s: v.notna() & ~v.str.len().isin(o),
    "digits": lambda v, o, f, s: v.str.fullmatch(rf"[0-9]{{{o}}}"),
    "not_digits": lambda v, o, f, s: v.notna() & ~v.str.fullmatch(rf"[0-9]{{{o}}}").fillna(False).astype(bool),
    "starts_with": lambda v, o, f, s: _prefixed(v, o, f),
    "not_starts_with": lambda v, o, f, s: _both_known(v, o, f) & ~_prefixed(v, o, f),
}
