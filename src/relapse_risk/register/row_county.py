"""The county of rows about to be written, from the household, person, project or alert they refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relapse_risk.errors import RegisterError
from relapse_risk.register.area_codes import county_in_codes, county_itself
from relapse_risk.register.counties import CITY, UNKNOWN_COUNTY
from relapse_risk.register.manifest import FileEntry
from relapse_risk.register.row_groups import read_groups
from relapse_risk.schema import Table, table

__all__ = ["Places", "check_placed", "depth", "group_counties", "placed_by"]


def placed_by(spec: Table) -> str | None:
    """The table whose keys give the county of the rows of ``spec``; ``None`` if the rows have it themselves.

    Examples
    --------
    >>> [placed_by(table(name)) for name in ("household", "person", "referral", "assignment", "assistance_item")]
    ['village', 'household', 'alert', 'household', None]
    """
    if spec.county_from is None or spec.county_from == "county_code":
        return None
    if spec.county_from == "village_code":
        return "village"
    if spec.county_from == "target_id":
        return "household"
    return spec.column(spec.county_from).refers_to


def depth(name: str) -> int:
    """Number of tables between ``name`` and its county; writing in this order writes targets first."""
    target = placed_by(table(name))
    return 0 if target is None else 1 + depth(target)


@dataclass(frozen=True, slots=True)
class _Keys:
    """Distinct keys of a table that gives others their county, and these counties."""

    keys: pa.Array
    counties: pa.Array

    def find(self, values: pa.Array) -> pa.Array:
        """County of each value; null where it is not among the keys."""
        return self.counties.take(pc.index_in(values, value_set=self.keys))


class Places:
    """County of every key of the tables that give others their county, read from the files written so far.

    If a household moved between counties, a snapshot row follows the household of its month, any other row the
    newest month.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._by_file: dict[str, _Keys] = {}
        self._newest: dict[str, tuple[tuple[str, ...], _Keys]] = {}

    def counties(
        self, spec: Table, frame: pd.DataFrame, month: str | None, entries: Mapping[tuple[str, str | None], FileEntry]
    ) -> pd.Series:
        """County of each row of ``frame`` (checked), ``unknown`` if it cannot be determined.

        Parameters
        ----------
        spec : Table
        frame : DataFrame
            With column ``spec.county_from`` at least.
        month : str or None
            Month of a snapshot table.
        entries : mapping of (table, month) to FileEntry
            The files that count: staged ones, and those of the register that they do not replace.
        """
        if spec.county_from is None:
            return pd.Series(CITY, index=frame.index, dtype="str")
        values = pa.array(frame[spec.county_from], type=pa.string())
        target = placed_by(spec)
        if spec.name == "place_fact":  # of a county, or of the whole place
            own = pc.or_(
                pc.is_in(values, self._newest_of("county", entries).keys),
                pc.match_substring_regex(values, "^[0-9]{6}$"),
            )
            digits = county_in_codes(values, self._known(entries))
            found = pc.fill_null(pc.coalesce(pc.if_else(own, values, None), digits), CITY)
        elif target is None:
            found = pa.array(county_itself(frame[spec.county_from]), type=pa.string())
        else:
            found = self._found(values, target, month, entries)
            if spec.county_from in ("target_id", "village_code"):
                found = pc.coalesce(
                    found, self._of_area(values, entries), county_in_codes(values, self._known(entries))
                )
        return pd.Series(pc.fill_null(found, UNKNOWN_COUNTY), index=frame.index, dtype="str")

    def _known(self, entries: Mapping[tuple[str, str | None], FileEntry]) -> list[str]:
        """The counties of the county and the village table."""
        held = (self._newest_of(name, entries).counties for name in ("county", "village"))
        return pc.unique(pa.concat_arrays(held)).to_pylist()

    def _of_area(self, values: pa.Array, entries: Mapping[tuple[str, str | None], FileEntry]) -> pa.Array:
        """County of a village, a town of the village table, or a county; null for other codes."""
        villages = entries.get(("village", None))
        found = self._newest_of("village", entries).find(values)
        if villages is not None:
            towns = read_groups(self._root, villages, range(len(villages.groups)), ["town_code"])["town_code"]
            found = pc.coalesce(
                found, _first_of_each([_Keys(pa.concat_arrays(towns.chunks), group_counties(villages))]).find(values)
            )
        return pc.coalesce(found, self._newest_of("county", entries).find(values))

    def _found(
        self, values: pa.Array, target: str, month: str | None, entries: Mapping[tuple[str, str | None], FileEntry]
    ) -> pa.Array:
        own = entries.get((target, month)) if month else None
        found = pa.nulls(len(values), pa.string()) if own is None else self._of_file(own).find(values)
        if not found.null_count:
            return found
        return pc.coalesce(found, self._newest_of(target, entries).find(values))

    def _newest_of(self, name: str, entries: Mapping[tuple[str, str | None], FileEntry]) -> _Keys:
        """County of every key of table ``name``; the newest month that holds the key counts."""
        files = sorted((e for (n, _), e in entries.items() if n == name), key=lambda e: e.month or "", reverse=True)
        version = tuple(entry.path for entry in files)
        if name not in self._newest or self._newest[name][0] != version:
            self._newest[name] = (version, _first_of_each([self._of_file(entry) for entry in files]))
        return self._newest[name][1]

    def _of_file(self, entry: FileEntry) -> _Keys:
        if entry.path not in self._by_file:
            key = table(entry.table).key[0]
            column = read_groups(self._root, entry, range(len(entry.groups)), [key])[key]
            self._by_file[entry.path] = _Keys(pa.concat_arrays(column.chunks), group_counties(entry))
        return self._by_file[entry.path]


def _first_of_each(parts: Sequence[_Keys]) -> _Keys:
    keys = pa.concat_arrays([pa.array([], pa.string()), *(part.keys for part in parts)])
    counties = pa.concat_arrays([pa.array([], pa.string()), *(part.counties for part in parts)])
    first = pa.array(~pd.Series(keys).duplicated().to_numpy(dtype=bool))
    return _Keys(keys.filter(first), counties.filter(first))


def group_counties(entry: FileEntry) -> pa.Array:
    """County of each row of a file, in file order: an array of text."""
    codes = pa.array([group.county for group in entry.groups], pa.string())
    return codes.take(pa.array(np.repeat(np.arange(len(entry.groups)), [group.rows for group in entry.groups])))


def check_placed(spec: Table, frame: pd.DataFrame, counties: pd.Series) -> None:
    """Raise if a row belongs to no county.

    Raises
    ------
    RegisterError
        Naming the table, the first such row (position and key) and what it refers to.
    """
    unplaced = np.flatnonzero((counties == UNKNOWN_COUNTY).to_numpy(dtype=bool))
    if not len(unplaced):
        return
    first = int(unplaced[0])
    row = frame.iloc[first]
    target = placed_by(spec)
    raise RegisterError(
        f"{len(unplaced)} rows belong to no county, the first with key {tuple(str(row[k]) for k in spec.key)}",
        where=f"table {spec.name}, row {first}, column {spec.county_from}",
        got=None if pd.isna(row[spec.county_from]) else str(row[spec.county_from]),
        expected=f"a key of table {target}" if target else "the code of a county",
        fix=f"put table {target} too, or reject the rows" if target else "correct the code, or reject the rows",
    )
