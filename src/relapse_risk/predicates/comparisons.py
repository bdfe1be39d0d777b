"""One comparison on a whole frame, in Kleene's three values: what is not known is neither yes nor no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ParameterError
from relapse_risk.predicates.clauses import DATED, EQUAL, NUMERIC, Clause, Group, Limit
from relapse_risk.predicates.functions import QUANTITIES
from relapse_risk.predicates.setting import Setting, values_at

__all__ = ["compare", "limit_values", "nothing_known", "values_of"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
OPPOSITE = {
    "is_not": "is", "not_in": "in", "length_not_in": "length_in", "not_digits": "digits",
    "not_starts_with": "starts_with",
}  # fmt: skip


def nothing_known(frame: pd.DataFrame) -> pd.Series:
    """Unknown for every row."""
    return pd.Series(pd.NA, index=frame.index, dtype="boolean")


def values_of(clause: Clause, frame: pd.DataFrame) -> pd.Series | None:
    """What ``clause`` compares; None where the frame does not have it, because it was not collected."""
    if clause.quantity is not None:
        quantity = QUANTITIES[clause.quantity]
        return quantity.values(frame) if quantity.needs[0] in frame else None
    return frame.get(clause.column)


def compare(clause: Clause, frame: pd.DataFrame, setting: Setting) -> pd.Series:
    """Where the comparison holds: nullable boolean on the frame's index.

    A limit is looked up only if some value is compared with it, so a report lists only the limits it used.

    Examples
    --------
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> from datetime import date
    >>> setting = Setting(read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> sizes = pd.DataFrame({"household_size": pd.array([0, 1, None], dtype="Int64")})
    >>> compare(Clause(column="household_size", below=1), sizes, setting).tolist()
    [True, False, <NA>]
    """
    values = values_of(clause, frame)
    if values is None or any(name not in frame for name in (clause.limit.columns if clause.limit else ())):
        return nothing_known(frame)
    unknown = values.isna().to_numpy(dtype=bool)
    if clause.op in ("missing", "present"):
        return pd.Series(unknown if clause.op == "missing" else ~unknown, index=frame.index, dtype="boolean")
    if unknown.all():
        return nothing_known(frame)
    op = OPPOSITE.get(clause.op, clause.op)
    yes, open_ = _FAMILY[op](op, values, clause.operand, frame, setting)
    yes = ~yes if clause.op in OPPOSITE else yes
    return pd.Series(pd.arrays.BooleanArray(yes, unknown | open_), index=frame.index)


def limit_values(limit: Limit, frame: pd.DataFrame, setting: Setting) -> float | Floats:
    """The number each row is compared with: one number, or an array; NaN where there is none."""
    if limit.number is not None:
        value: float | Floats = limit.number
    elif limit.column is not None:
        value = _floats(frame[limit.column])
    else:
        value = _dated_value(limit, frame, setting)
    times = setting.value(limit.times) if isinstance(limit.times, str) else limit.times
    value = value * times
    return (value * _floats(frame[limit.per]) if limit.per else value) + limit.plus


def _dated_value(limit: Limit, frame: pd.DataFrame, setting: Setting) -> float | Floats:
    """A parameter or line; NaN with a note where the place has no such line, or where a row's day has no value."""
    try:
        name = limit.parameter or setting.line_name(limit.line or "")
    except ParameterError as error:
        setting.notes.append(str(error))
        return float("nan")
    if limit.at is not None:
        return values_at(setting.parameters, name, frame[limit.at], setting.notes)
    return setting.line_of_income(limit.line, frame) if limit.line else setting.value(name)


def _floats(values: pd.Series) -> Floats:
    return pd.to_numeric(values).to_numpy(dtype=np.float64, na_value=np.nan)


def _plain(values: pd.Series) -> Bools:
    return values.fillna(False).to_numpy(dtype=bool)


_COMPARED: dict[str, Callable[[Floats, float | Floats], Bools]] = {
    "below": lambda x, z: x < z, "above": lambda x, z: x > z, "at_least": lambda x, z: x >= z, "at_most": lambda x, z: x <= z,
}  # fmt: skip


def _numeric(op: str, values: pd.Series, operand: Any, frame: pd.DataFrame, setting: Setting) -> tuple[Bools, Bools]:
    x = _floats(values)
    if isinstance(operand, tuple):
        inside = (x >= operand[0]) & (x <= operand[1])
        return (inside if op == "between" else ~inside), np.isnan(x)
    z = limit_values(operand, frame, setting)
    return _COMPARED[op](x, z), np.broadcast_to(np.isnan(z), x.shape)


def _equal(op: str, values: pd.Series, operand: Any, frame: pd.DataFrame, setting: Setting) -> tuple[Bools, Bools]:
    if op == "is":
        return _plain(values == operand), np.zeros(len(values), dtype=bool)
    members = setting.item_groups[operand.group] if isinstance(operand, Group) else operand
    return _plain(values.isin(list(members))), np.zeros(len(values), dtype=bool)


def _same(op: str, values: pd.Series, operand: Limit, frame: pd.DataFrame, setting: Setting) -> tuple[Bools, Bools]:
    other = frame[operand.column]
    return _plain(values == other), other.isna().to_numpy(dtype=bool)


def _dated(op: str, values: pd.Series, operand: Limit, frame: pd.DataFrame, setting: Setting) -> tuple[Bools, Bools]:
    days = _dates(operand, frame, setting)
    return _plain(values < days if op == "before" else values > days), days.isna().to_numpy(dtype=bool)


def _dates(limit: Limit, frame: pd.DataFrame, setting: Setting) -> pd.Series:
    if limit.column is not None:
        days = frame[limit.column]
    else:
        known = {"data_date": setting.data_date or setting.day, "month_end": setting.day}
        day = known[limit.day] if isinstance(limit.day, str) else limit.day
        days = pd.Series(pd.Timestamp(day).as_unit("s"), index=frame.index)
    if limit.months or limit.days:
        days = days + pd.DateOffset(months=limit.months, days=limit.days)
    return days


def _text(op: str, values: pd.Series, operand: Any, frame: pd.DataFrame, setting: Setting) -> tuple[Bools, Bools]:
    closed = np.zeros(len(values), dtype=bool)
    if op == "length_in":
        return _plain(values.str.len().isin(operand)), closed
    if op == "digits":
        return _plain(values.str.fullmatch(rf"[0-9]{{{operand}}}")), closed
    other = frame[operand.column]
    pairs = zip(values, other, strict=True)
    yes = [isinstance(v, str) and isinstance(p, str) and v.startswith(p) for v, p in pairs]
    return np.array(yes, dtype=bool), other.isna().to_numpy(dtype=bool)


Family = Callable[[str, pd.Series, Any, pd.DataFrame, Setting], tuple[Bools, Bools]]
_FAMILY: dict[str, Family] = {
    **dict.fromkeys(NUMERIC, _numeric), **dict.fromkeys(EQUAL, _equal), **dict.fromkeys(DATED, _dated),
    **dict.fromkeys(("length_in", "digits", "starts_with"), _text), "same_as": _same,
}  # fmt: skip
