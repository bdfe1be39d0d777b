"""Changes between two months: rows added, rows removed, and cells changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from relapse_risk.errors import RegisterError
from relapse_risk.schema import Table, table, tables

__all__ = ["diff_frames", "diff_months"]

_MONTH = "snapshot_month"
_COLUMNS = ("table", "key", "change", "column", "before", "after")


class ReadsMonths(Protocol):
    """What the comparison needs from a register."""

    @property
    def months(self) -> tuple[str, ...]: ...
    def read(self, name: str, month: str | None = None, county: str | None = None) -> pd.DataFrame: ...


def diff_months(
    register: ReadsMonths, before: str, after: str, county: str | None = None, names: Sequence[str] | None = None
) -> pd.DataFrame:
    """Differences between the snapshots of two months.

    Parameters
    ----------
    register : Register
    before, after : str
        Months ``YYYY-MM``.
    county : str, optional
        Only this county; a household that moved away is then a row removed.
    names : sequence of str, optional
        Snapshot tables; all of them when left out.

    Returns
    -------
    DataFrame
        One row per row added or removed (``column`` null) and per cell changed: table, key, change (added, removed,
        changed), column, before, after (as text), by table, key and order of columns.

    Raises
    ------
    RegisterError
        If a month is not in the register, or a table is not kept by month.
    """
    chosen = names if names is not None else [name for name, spec in tables().items() if spec.is_snapshot]
    parts = []
    for name in chosen:
        if not table(name).is_snapshot:
            raise RegisterError("the table is not kept by month", where="diff_months", got=name)
        old, new = (register.read(name, month=month, county=county) for month in (before, after))
        parts.append(diff_frames(old, new, table(name)))
    return pd.concat(parts, ignore_index=True) if parts else _frame([], table("household"))


def diff_frames(before: pd.DataFrame, after: pd.DataFrame, spec: Table) -> pd.DataFrame:
    """Differences between two frames of one table, rows told apart by its key without the month; columns as in :func:`diff_months`.

    Examples
    --------
    >>> old = pd.DataFrame({"household_id": ["H1", "H2"], "household_size": [2, 3]})
    >>> new = pd.DataFrame({"household_id": ["H2", "H3"], "household_size": [4, 1]})
    >>> diff_frames(old, new, table("household"))[["key", "change", "column", "before", "after"]].values.tolist()
    [['H1', 'removed', nan, nan, nan], ['H2', 'changed', 'household_size', '3', '4'], ['H3', 'added', nan, nan, nan]]
    """
    left, right = (_by_key(frame, spec) for frame in (before, after))
    common = left.index.intersection(right.index)
    found = [
        _rows(left.index.difference(right.index), "removed"),
        _rows(right.index.difference(left.index), "added"),
    ]
    old, new = left.loc[common], right.loc[common]
    columns = [c.name for c in spec.columns if c.name in old and c.name in new and c.name != _MONTH]
    for position, name in enumerate(columns):
        found.append(_cells(old[name], new[name], name, position))
    return _frame(found, spec)


def _by_key(frame: pd.DataFrame, spec: Table) -> pd.DataFrame:
    """Rows by their key without the month, its parts with a blank between."""
    key = [name for name in spec.key if name != _MONTH]
    if len(key) == 1:
        return frame.set_index(key[0]).sort_index()
    text = _text(frame[key[0]]).str.cat([_text(frame[name]) for name in key[1:]], sep=" ", na_rep="")
    return frame.drop(columns=key).set_index(pd.Index(text, dtype="str")).sort_index()


def _rows(keys: pd.Index, change: str) -> pd.DataFrame:
    return pd.DataFrame({"key": keys, "change": change, "position": -1})


def _cells(old: pd.Series, new: pd.Series, name: str, position: int) -> pd.DataFrame:
    """Cells that differ; two nulls are equal."""
    gone, come = old.isna().to_numpy(dtype=bool), new.isna().to_numpy(dtype=bool)
    unlike = (old != new).to_numpy(dtype=bool, na_value=True)
    at = np.flatnonzero((gone != come) | (~gone & ~come & unlike))
    return pd.DataFrame(
        {
            "key": old.index[at], "change": "changed", "position": position, "column": name,
            "before": _text(old.iloc[at]), "after": _text(new.iloc[at]),
        }
    )  # fmt: skip


def _text(values: pd.Series) -> pd.Series:
    days = pd.api.types.is_datetime64_any_dtype(values)
    text = values.dt.strftime("%Y-%m-%d") if days else values.map(str, na_action="ignore")
    return text.astype("str").reset_index(drop=True)


def _frame(found: list[pd.DataFrame], spec: Table) -> pd.DataFrame:
    parts = [part for part in found if len(part)]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["key", "position"])
    whole = whole.reindex(columns=["key", "change", "position", "column", "before", "after"])
    whole = whole.sort_values(["key", "position"], kind="stable").assign(table=spec.name)
    return whole[list(_COLUMNS)].astype("str").reset_index(drop=True)
