"""Intake: candidate rows are typed cell by cell; a cell that cannot be read is reported and does not stop the import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relapse_risk.errors import SchemaError
from relapse_risk.schema import Column, Table, code_list, empty_table, table, tables

__all__ = ["Fault", "key_faults", "month_faults", "reference_faults", "typed_frame"]

# A date as the register writes it; anything else a parser might take for one is doubtful: words behind it, a second date,
# or a moment of another zone, whose day depends on the place.
ISO_DATE = r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?"
# Above this a float cannot distinguish neighbouring whole numbers.
LARGEST = 2.0**53
YES, NO = ("true", "1", "1.0"), ("false", "0", "0.0")
# A household's head is one of its own persons: a rule checks this. As a reference it would make
# the two tables depend on each other.
LOOSE_REFERENCES = (("household", "head_person_id"),)


@dataclass(frozen=True, slots=True)
class Fault:
    """Rows (positions) of one column of one table with the same kind of fault, and the values found."""

    rule: str
    table: str
    column: str
    rows: np.ndarray
    values: tuple[str, ...]


def typed_frame(frame: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[Fault]]:
    """``frame`` with the columns and types of table ``name``; cells that cannot be typed are null and reported.

    Parameters
    ----------
    frame : DataFrame
        Candidate rows: text or typed; code columns hold words.  Blank text counts as empty.
    name : str
        Table name.

    Returns
    -------
    DataFrame
        Typed, complete, indexed 0 … n − 1; the input is not changed.
    list of Fault

    Raises
    ------
    SchemaError
        For an unknown table, or a duplicate column.

    Examples
    --------
    >>> rows = pd.DataFrame({"household_id": ["H1", "H2"], "household_size": ["2", "two"]})
    >>> typed, faults = typed_frame(rows, "household")
    >>> typed["household_size"].tolist(), [(f.rule, f.rows.tolist(), f.values) for f in faults]
    ([2, <NA>], [('not_a_number', [1], ('two',))])
    """
    spec = table(name)
    blank = empty_table(name)
    if frame.columns.has_duplicates:
        twice = list(frame.columns[frame.columns.duplicated()])
        raise SchemaError("the same column twice", where=f"table {name}", got=twice, fix="rename or drop one of them")
    faults = [Fault("column_unknown", name, str(c), np.array([], dtype=int), ()) for c in frame if c not in spec.names]
    columns: dict[str, pd.Series] = {}
    for column in spec.columns:
        if column.name not in frame:
            columns[column.name] = pd.Series(index=range(len(frame)), dtype=blank[column.name].dtype)
            continue
        raw = frame[column.name].reset_index(drop=True)
        if raw.dtype == blank[column.name].dtype and column.type not in ("code", "float", "str"):
            columns[column.name] = raw
            continue
        columns[column.name], met = _typed_column(raw, column)
        for rule, wrong in met.items():
            if wrong.any():
                rows = np.flatnonzero(wrong)
                faults.append(Fault(rule, name, column.name, rows, tuple(str(v) for v in raw.iloc[rows])))
    return pd.DataFrame(columns, index=range(len(frame))), faults


def _typed_column(raw: pd.Series, column: Column) -> tuple[pd.Series, dict[str, np.ndarray]]:
    """The typed values and, by kind of fault, where they could not be read."""
    raw = _without_blanks(raw)
    if column.type in ("int", "float"):
        return _numbers(raw, whole=column.type == "int")
    if column.type == "bool":
        return _booleans(raw)
    if column.type == "date":
        return _dates(raw)
    texts = _texts(raw)
    if column.type == "str":
        return texts, {}
    wrong = texts.notna() & ~texts.isin(code_list(column.codes).words)
    return texts.where(~wrong), {"code_unknown": wrong.to_numpy()}


def _without_blanks(raw: pd.Series) -> pd.Series:
    if not (pd.api.types.is_object_dtype(raw) or pd.api.types.is_string_dtype(raw)):
        return raw
    return raw.where(~raw.map(lambda v: isinstance(v, str) and not v.strip()), None)


def _numbers(raw: pd.Series, whole: bool) -> tuple[pd.Series, dict[str, np.ndarray]]:
    # Through text: mixed cells (whole numbers beyond 64 bits, infinities, yes and no) are then read in one way.
    texts = raw.astype("str") if raw.dtype == object else raw
    values = pd.to_numeric(texts, errors="coerce").astype("float64")
    not_number = values.isna() & raw.notna()
    infinite = values.abs() > LARGEST
    values = values.where(~infinite)
    if not whole:
        return values, {"not_a_number": not_number.to_numpy(), "not_finite": infinite.to_numpy()}
    broken = values.notna() & (values != values.round())
    faults = {"not_a_number": not_number, "not_finite": infinite, "not_whole": broken}
    return values.where(~broken).astype("Int64"), {rule: wrong.to_numpy() for rule, wrong in faults.items()}


def _booleans(raw: pd.Series) -> tuple[pd.Series, dict[str, np.ndarray]]:
    words = raw.astype("str").str.strip().str.lower()
    values = pd.Series(pd.NA, index=raw.index, dtype="boolean")
    values[words.isin(YES).to_numpy(bool)] = True
    values[words.isin(NO).to_numpy(bool)] = False
    return values, {"not_yes_or_no": (values.isna() & raw.notna()).to_numpy(dtype=bool)}


def _dates(raw: pd.Series) -> tuple[pd.Series, dict[str, np.ndarray]]:
    if pd.api.types.is_numeric_dtype(raw):
        # A bare number is no date: it would be read as nanoseconds since 1970.
        wrong = raw.notna().to_numpy(dtype=bool)
        return pd.Series(pd.NaT, index=raw.index, dtype="datetime64[s]"), {"not_a_date": wrong}
    if pd.api.types.is_datetime64_any_dtype(raw):
        return raw.astype("datetime64[s]"), {}
    texts = raw.astype("str")
    texts = texts.where(texts.str.fullmatch(ISO_DATE).fillna(False).astype(bool))
    values = pd.to_datetime(texts.str[:10], format="%Y-%m-%d", errors="coerce").astype("datetime64[s]")
    return values, {"not_a_date": (values.isna() & raw.notna()).to_numpy(dtype=bool)}


def _texts(raw: pd.Series) -> pd.Series:
    """Text without surrounding blanks; a whole number loses the ``.0`` that a spreadsheet gave it."""
    if pd.api.types.is_numeric_dtype(raw) and not pd.api.types.is_bool_dtype(raw):
        return raw.map(lambda v: f"{v:.0f}" if float(v).is_integer() else f"{v:.15g}", na_action="ignore").astype("str")
    return raw.astype("str").str.strip()


def key_faults(frame: pd.DataFrame, name: str) -> list[Fault]:
    """Rows of typed table ``name`` whose key is empty, or the same as an earlier row's."""
    spec = table(name)
    key = list(spec.key)
    empty = frame[key].isna()
    faults = [
        Fault("key_empty", name, column, np.flatnonzero(empty[column]), ("",) * int(empty[column].sum()))
        for column in key
        if empty[column].any()
    ]
    twice = frame.duplicated(key) & ~empty.any(axis=1)
    if twice.any():
        rows = np.flatnonzero(twice)
        faults.append(Fault("key_twice", name, key[0], rows, tuple(frame[key[0]].iloc[rows].astype(str))))
    return faults


def month_faults(frame: pd.DataFrame, name: str, month: str) -> list[Fault]:
    """Rows of a snapshot table that belong to another month than the one checked."""
    if not table(name).is_snapshot:
        return []
    wrong = (frame["snapshot_month"].notna() & (frame["snapshot_month"] != month)).to_numpy(dtype=bool)
    values = tuple(frame["snapshot_month"].iloc[np.flatnonzero(wrong)].astype(str))
    return [Fault("other_month", name, "snapshot_month", np.flatnonzero(wrong), values)] if wrong.any() else []


def reference_faults(
    frames: Mapping[str, pd.DataFrame],
    known: Mapping[str, frozenset[str]],
    rejected: Mapping[str, np.ndarray],
) -> list[Fault]:
    """References to a missing row, and references to a row that is itself rejected (along the whole chain).

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Typed frames by table.
    known : mapping of str to frozenset of str
        Keys that exist beyond these frames, by table.  A table in neither is not followed.
    rejected : mapping of str to ndarray
        Positions already rejected, by table.
    """
    out = {name: set(rows.tolist()) for name, rows in rejected.items()}
    faults: list[Fault] = []
    reported: set[tuple[str, str, str]] = set()
    changed = True
    while changed:
        changed = False
        for name, frame in frames.items():
            for fault in _broken_references(frame, tables()[name], frames, known, out):
                fresh = [i for i in fault.rows.tolist() if (name, fault.column, str(i)) not in reported]
                if not fresh:
                    continue
                reported.update((name, fault.column, str(i)) for i in fresh)
                value = dict(zip(fault.rows.tolist(), fault.values, strict=True))
                faults.append(Fault(fault.rule, name, fault.column, np.array(fresh), tuple(value[i] for i in fresh)))
                before = len(out.setdefault(name, set()))
                out[name].update(fresh)
                changed |= len(out[name]) > before
    return faults


def _broken_references(
    frame: pd.DataFrame,
    spec: Table,
    frames: Mapping[str, pd.DataFrame],
    known: Mapping[str, frozenset[str]],
    out: Mapping[str, set[int]],
) -> list[Fault]:
    faults = []
    for column in spec.columns:
        target = column.refers_to
        if not target or (spec.name, column.name) in LOOSE_REFERENCES or (target not in frames and target not in known):
            continue
        given, standing = _keys(frames[target], target, out.get(target, set())) if target in frames else (set(), set())
        # Once per distinct value: many rows refer to one household.
        codes, distinct = pd.factorize(frame[column.name])
        values = distinct.tolist()
        there = np.array([v in given or v in known.get(target, ()) for v in values], dtype=bool)
        stands = np.array([v in standing or v in known.get(target, ()) for v in values], dtype=bool)
        for rule, wrong in (("reference_unknown", ~there), ("reference_rejected", there & ~stands)):
            rows = np.flatnonzero(np.append(wrong, False)[codes])
            if len(rows):
                faults.append(Fault(rule, spec.name, column.name, rows, tuple(str(values[i]) for i in codes[rows])))
    return faults


def _keys(frame: pd.DataFrame, name: str, out: set[int]) -> tuple[set[str], set[str]]:
    """Every key of table ``name``, and those of rows that are not rejected."""
    keys = frame[tables()[name].key[0]].to_numpy(dtype=object)
    if not out:
        return set(keys), set(keys)
    standing = np.ones(len(keys), dtype=bool)
    standing[list(out)] = False
    return set(keys), set(keys[standing])
