"""Errors of known kinds seeded in the newest month, and the key that says where and what should be found.

A seeded error picks rows that are clean, changes one value, and states which finding it expects.  No household gets
two, so none can hide or cause another; what one implies under other rules is listed with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relapse_risk.schema import table
from relapse_risk.seeded_errors.array_types import Bools, Ints

__all__ = ["KEY_COLUMNS", "Finding", "SeededError", "Seeding", "Tables", "row_keys", "seed_cells"]

KEY_COLUMNS = (
    "rule",
    "table",
    "row_key",
    "column",
    "origin",
    "seeded",
    "original",
    "changed_table",
    "changed_row_key",
    "changed_column",
)
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check should say: the rule, and the table and column of its finding (empty: the changed ones)."""

    rule: str
    table: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class SeededError:
    """One kind of seeded error.

    Attributes
    ----------
    finding : Finding
    table, column : str
        What is changed.
    eligible : callable
        Rows of the table that are clean and where the change breaks exactly this rule (and ``implies``).
    value : callable
        ``(rows, tables) -> values`` to write; a ``None`` empties the cell.
    implies : tuple of Finding
        Other rules that the same change breaks.
    """

    finding: Finding
    table: str
    column: str
    eligible: Callable[[Tables], Bools]
    value: Callable[[pd.DataFrame, Tables], object]
    implies: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Seeding:
    """Tables being seeded, the households already used, and the key so far."""

    tables: Tables
    used: set[str] = field(default_factory=set)
    key: list[pd.DataFrame] = field(default_factory=list)


def households_of(name: str, tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """The household of each row of a table; empty text where it has none."""
    frame = tables[name]
    if "household_id" in frame:
        return frame["household_id"]
    if "person_id" in frame:
        owner = tables["person"].set_index("person_id")["household_id"]
        return frame["person_id"].map(owner).fillna("").astype("str")
    return pd.Series([""] * len(frame), dtype="str")


def row_keys(name: str, frame: pd.DataFrame) -> pd.Series:
    """The key of each row, parts joined by ``|``."""
    parts = [frame[column].astype("str") for column in table(name).key]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + "|" + part
    return joined


def seed_cells(
    tables: Mapping[str, pd.DataFrame], errors: tuple[SeededError, ...], per_rule: int, rng: np.random.Generator
) -> Seeding:
    """Seed ``per_rule`` errors of each kind into copies of ``tables``.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        All tables, with the newest ``household`` and ``person`` snapshots.
    errors : tuple of SeededError
    per_rule : int
        Rows per kind of error; fewer where fewer are eligible.

    Returns
    -------
    Seeding
        New frames (the inputs are not changed), the households used, and the key: parts with ``KEY_COLUMNS``,
        ``origin`` being ``seeded`` or ``implied``.
    """
    state = Seeding({name: frame.copy() for name, frame in tables.items()})
    for error in errors:
        _apply(error, state, per_rule, rng)
    return state


def _apply(error: SeededError, state: Seeding, count: int, rng: np.random.Generator) -> None:
    frame = state.tables[error.table]
    owner = households_of(error.table, state.tables)
    fit = np.asarray(error.eligible(state.tables), dtype=bool) & ~owner.isin(state.used).to_numpy()
    rows = _one_per_household(np.flatnonzero(fit), owner, count, rng)
    if len(rows) == 0:
        return
    chosen = frame.iloc[rows]
    original = chosen[error.column].astype(object)
    values = error.value(chosen, state.tables)
    changed = frame[error.column].copy()
    changed.iloc[rows] = pd.Series(values, dtype=frame[error.column].dtype).to_numpy()
    state.tables[error.table] = frame.assign(**{error.column: changed})
    state.used |= set(owner.iloc[rows]) - {""}
    now = state.tables[error.table].iloc[rows]
    base = pd.DataFrame(
        {
            "seeded": _written(now[error.column]),
            "original": _written(original),
            "changed_table": error.table,
            "changed_row_key": row_keys(error.table, now).to_numpy(),
            "changed_column": error.column,
        }
    )
    for origin, finding in (("seeded", error.finding), *(("implied", other) for other in error.implies)):
        state.key.append(_expected(base, origin, finding, error, now, owner.iloc[rows], state.tables))


def _one_per_household(rows: Ints, owner: pd.Series, count: int, rng: np.random.Generator) -> Ints:
    """Up to ``count`` rows in random order, no two of one household."""
    order = rng.permutation(rows)
    owners = owner.iloc[order].to_numpy()
    first = ~pd.Series(owners).duplicated().to_numpy() | (owners == "")
    return np.sort(order[first][:count])


def _written(values: pd.Series) -> np.ndarray:
    """Values as the key shows them: empty for null, dates without a time."""
    stamps = values.map(lambda v: "" if pd.isna(v) else (f"{v:%Y-%m-%d}" if isinstance(v, pd.Timestamp) else str(v)))
    return stamps.to_numpy(dtype=object)


def _expected(
    base: pd.DataFrame,
    origin: str,
    finding: Finding,
    error: SeededError,
    now: pd.DataFrame,
    owner: pd.Series,
    tables: Tables,
) -> pd.DataFrame:
    """Rows of the key: the finding is on the changed row, or on its household when another table is named."""
    name = finding.table or error.table
    keys = row_keys(name, now).to_numpy() if name == error.table else _related(name, now, owner, tables)
    column = finding.column or error.column
    return base.assign(rule=finding.rule, table=name, row_key=keys, column=column, origin=origin)[list(KEY_COLUMNS)]


def _related(name: str, now: pd.DataFrame, owner: pd.Series, tables: Tables) -> np.ndarray:
    if name == "household":
        month = tables["household"]["snapshot_month"].iloc[0]
        return (owner.astype("str") + "|" + month).to_numpy()
    # One record of the person, in the table named: ``eligible`` holds only persons who have exactly one.
    frame = tables[name]
    keyed = frame.assign(key=row_keys(name, frame)).dropna(subset="person_id").drop_duplicates("person_id", keep="last")
    return now["person_id"].map(keyed.set_index("person_id")["key"]).to_numpy()
