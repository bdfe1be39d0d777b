"""Views: a table with columns added from other tables, row by row, for use in rules.

A view has exactly the rows of its base table, in the same order; each added column names the table columns it is
made of, so that a rule is skipped, with a note, if those were not collected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from relapse_risk.languages import NO_LABEL, Label
from relapse_risk.predicates import Setting
from relapse_risk.schema import Column, empty_table, table

__all__ = ["Added", "Source", "View", "ViewColumn", "age_on", "counted", "looked_up", "matched"]

Added = dict[str, pd.Series]


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column a view adds: type, code list, and the table columns it is made of (``table`` or ``table.column``)."""

    name: str
    type: str
    needs: tuple[str, ...]
    codes: str = ""
    label: Label = NO_LABEL


@dataclass(frozen=True, slots=True)
class Source:
    """The typed tables a check sees: one county of a register, or the candidate rows of an import.

    Attributes
    ----------
    frames : mapping of str to DataFrame
        Typed and complete frames by table; a table not given is absent.
    collected : mapping of str to frozenset of str
        Columns that were collected, by table.
    month : str
        The month checked; month_day its last day.
    setting : Setting
        The setting in which clauses are evaluated.
    """

    frames: Mapping[str, pd.DataFrame]
    collected: Mapping[str, frozenset[str]]
    month: str
    setting: Setting
    cache: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def month_day(self) -> date:
        return self.setting.day

    def has(self, need: str) -> bool:
        """Whether ``table`` or ``table.column`` was collected."""
        name, _, column = need.partition(".")
        return name in self.collected and (not column or column in self.collected[name])

    def rows(self, name: str) -> pd.DataFrame:
        """The frame of table ``name``; empty if it was not given."""
        if name in self.frames:
            return self.frames[name]
        return empty_table(name)

    def once(self, name: str) -> pd.DataFrame:
        """One row per value of the first key column of table ``name`` (the last), indexed by it."""
        rows = self.rows(name)
        first = table(name).key[0]
        return rows[rows[first].notna()].drop_duplicates(first, keep="last").set_index(first)


@dataclass(frozen=True, slots=True)
class View:
    """A named view: base table, columns added, and the function that computes them."""

    name: str
    adds: tuple[ViewColumn, ...]
    build: Callable[[Source, pd.DataFrame], Added]

    def column(self, name: str) -> Column | ViewColumn | None:
        """The column called ``name`` (of the base table or added), or None."""
        found: dict[str, Column | ViewColumn] = {c.name: c for c in table(self.name).columns}
        found.update({c.name: c for c in self.adds})
        return found.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        return (*table(self.name).names, *(column.name for column in self.adds))

    def needs(self, name: str) -> tuple[str, ...]:
        """The columns that must have been collected for column ``name``."""
        column = self.column(name)
        return column.needs if isinstance(column, ViewColumn) else (f"{self.name}.{name}",)


def age_on(birth: pd.Series, day: pd.Series | date) -> pd.Series:
    """Whole years from ``birth`` to ``day`` (both may be Series); unknown where either is.

    Examples
    --------
    >>> births = pd.Series(pd.to_datetime(["2004-12-31", "2005-01-01", None]))
    >>> age_on(births, date(2020, 12, 31)).tolist()
    [16, 15, <NA>]
    """
    then = day if isinstance(day, pd.Series) else pd.Series(pd.Timestamp(day), index=birth.index)
    earlier = (then.dt.month * 100 + then.dt.day) < (birth.dt.month * 100 + birth.dt.day)
    return (then.dt.year - birth.dt.year - earlier).where(birth.notna() & then.notna()).astype("Int64")


def matched(values: pd.Series, keys: pd.Series) -> pd.Series:
    """``values`` (indexed by unique key) for each of ``keys``, with the index of ``keys``; unknown where absent.

    Examples
    --------
    >>> matched(pd.Series([2, 3], index=["H1", "H2"], dtype="Int64"), pd.Series(["H2", None, "H9"])).tolist()
    [3, <NA>, <NA>]
    """
    return values.reindex(pd.Index(keys)).set_axis(keys.index)


def looked_up(source: Source, name: str, column: str, keys: pd.Series) -> pd.Series:
    """Column ``column`` of the row of table ``name`` that each key refers to; unknown if there is none."""
    return matched(source.once(name)[column], keys)


def counted(keys: pd.Series, wanted: pd.Series) -> pd.Series:
    """How often each of ``wanted`` occurs in ``keys``: Int64, 0 when it does not.

    Examples
    --------
    >>> counted(pd.Series(["H1", "H1"]), pd.Series(["H1", "H2"])).tolist()
    [2, 0]
    """
    return wanted.map(keys.value_counts()).fillna(0).astype("Int64").set_axis(wanted.index)
