"""Carrying: a new month starts from the rows of the last one, and every value carried says from which month it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pandas as pd

from relapse_risk.schema import Table, check_table, empty_table

__all__ = ["ALL", "NO_CELLS", "NO_LINES", "Base", "carried_rows", "filled", "laid_over"]

ALL = "all"  # a row's other values: those that its other lines do not name
_LINE = ["row_key", "said_in", "columns"]
NO_LINES = pd.DataFrame({name: pd.Series(dtype="str") for name in _LINE})
NO_CELLS = pd.DataFrame({name: pd.Series(dtype="str") for name in ("key", "column")})


@dataclass(frozen=True, slots=True)
class Base:
    """The rows a delivery of one table and month is laid over.

    Attributes
    ----------
    rows : DataFrame
        Of the table, under the month of the delivery.
    started_from : str or None
        The earlier month they were taken from; None where the register holds the month itself, or no earlier one.
    lines : DataFrame
        What of them was carried already: row_key, said_in, columns.
    """

    rows: pd.DataFrame
    started_from: str | None
    lines: pd.DataFrame

    @property
    def keys(self) -> pd.Index:
        """First key column of the rows."""
        name = "" if not len(self.rows) else str(self.rows.columns[0])
        return pd.Index(self.rows[name]) if name else pd.Index([], dtype="str")


def filled(
    frame: pd.DataFrame, base: pd.DataFrame, spec: Table, known: Collection[str] | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """``frame`` with the column that places a row in a county taken from ``base`` where it lacks one.

    A department sends the key and its own columns; the register knows where the household lives.

    Parameters
    ----------
    frame : DataFrame
        Rows offered.
    base : DataFrame
        Rows the register holds, or the month starts from.
    spec : Table
    known : collection of str, optional
        Values the column may have; a row of ``base`` keeps its own in place of any other.

    Returns
    -------
    DataFrame
    tuple of str
        Keys of rows whose own value was not known.

    Examples
    --------
    >>> from relapse_risk.schema import table
    >>> held = pd.DataFrame({"household_id": ["H1"], "village_code": ["371425101001"]})
    >>> rows, strange = filled(pd.DataFrame({"household_id": ["H1", "H2"]}), held, table("household"), None)
    >>> rows["village_code"].tolist(), strange
    (['371425101001', None], ())
    """
    place, key = spec.county_from, spec.key[0]
    if place is None or place in spec.key or key not in frame:
        return frame, ()
    if key not in base or not len(base):  # nobody is known yet: rows without a place are refused as such
        return (frame if place in frame else frame.assign(**{place: None})), ()
    places = base.drop_duplicates(key).set_index(key)[place]
    last = frame[key].map(places.to_dict())
    if place not in frame:
        return frame.assign(**{place: last.astype(object).where(last.notna(), None)}), ()
    own = frame[place]
    wrong = own.notna() & ~own.isin(list(known)) if known is not None else pd.Series(False, index=frame.index)
    wrong &= last.notna()
    if not (wrong | own.isna()).any():
        return frame, ()
    return frame.assign(**{place: last.where(wrong | own.isna(), own)}), tuple(frame.loc[wrong, key].astype("str"))


def laid_over(base: pd.DataFrame, accepted: pd.DataFrame, spared: pd.DataFrame, spec: Table) -> pd.DataFrame:
    """``accepted`` over ``base``: same key replaced; a cell that was not taken (``spared``) keeps its last value.

    Examples
    --------
    >>> from relapse_risk.schema import table
    >>> held = check_table(pd.DataFrame({"household_id": ["H1", "H2"], "snapshot_month": "2021-01",
    ...                                  "household_size": [2, 1], "loan_balance": [3.0, 4.0]}), "household")
    >>> new = pd.DataFrame({"household_id": ["H2"], "snapshot_month": "2021-01", "household_size": [2],
    ...                     "loan_balance": [None]})
    >>> spared = pd.DataFrame({"key": ["H2"], "column": ["loan_balance"]})
    >>> laid_over(held, new, spared, table("household"))[["household_id", "household_size", "loan_balance"]].values.tolist()
    [['H1', 2, 3.0], ['H2', 2, 4.0]]
    """
    key = list(spec.key)
    new = check_table(accepted, spec.name).set_index(key)
    if not len(base):
        return new.reset_index()[list(spec.names)]
    old = base.set_index(key)
    for name in new.columns:
        if name not in accepted.columns:
            new[name] = old[name].reindex(new.index).to_numpy(dtype=object)
            new[name] = new[name].astype(old[name].dtype)
    for column, lines in spared.groupby("column"):
        name = str(column)
        at = new.index.get_level_values(key[0]).isin(lines["key"])
        last = old[name].reindex(new.index)
        new[name] = new[name].mask(at & last.notna().to_numpy(bool), last)
    both = pd.concat([old[~old.index.isin(new.index)], new]).sort_index().reset_index()
    return both[list(spec.names)]


def carried_rows(
    spec: Table,
    month: str,
    base: Base,
    rows: pd.DataFrame,
    delivered: Iterable[str],
    columns: Collection[str],
    spared: pd.DataFrame,
) -> pd.DataFrame:
    """Rows of table ``carried`` for one table and month: what of ``rows`` is older than the month, and how old.

    Parameters
    ----------
    spec : Table
    month : str
    base : Base
    rows : DataFrame
        The table as it will be.
    delivered : iterable of str
        Keys that the delivery spoke of.
    columns : collection of str
        Columns that the delivery filled.
    spared : DataFrame
        Cells not taken: key, column.
    """
    key = spec.key[0]
    there, sent, based = set(rows[key]), set(delivered), set(base.keys)
    lines: list[tuple[str, str, str]] = []
    before: dict[str, list[tuple[str, str]]] = {}
    for row_key, said_in, names in base.lines[_LINE].itertuples(index=False):
        before.setdefault(row_key, []).append((said_in, names))
    quiet = [one for one in rows[key] if one not in sent]
    for one in quiet:
        held = before.get(one, [])
        lines += [(one, said_in, names) for said_in, names in held]
        if base.started_from and one in based and not any(names == ALL for _, names in held):
            lines.append((one, base.started_from, ALL))
    collected = {
        name for name in spec.names if name not in spec.key and len(base.rows) and base.rows[name].notna().any()
    }
    open_columns = collected - set(columns)
    of_cells: dict[str, set[str]] = {}
    for one, name in spared[["key", "column"]].itertuples(index=False):
        of_cells.setdefault(one, set()).add(name)
    candidates = based if open_columns and (base.started_from or before) else {*of_cells, *before} & based
    for one in sorted(sent & there & candidates):
        lines += _still_carried(one, (open_columns | of_cells.get(one, set())) & collected, before.get(one, []), base)
    frame = pd.DataFrame(lines, columns=pd.Index(_LINE))
    homes = rows.drop_duplicates(key).set_index(key)["household_id"] if key != "household_id" else None
    if not len(frame):
        return empty_table("carried")
    frame = frame.groupby(["row_key", "said_in"], sort=True)["columns"].agg(_joined).reset_index()
    home = frame["row_key"] if homes is None else frame["row_key"].map(homes)
    return check_table(frame.assign(table_name=spec.name, snapshot_month=month, household_id=home), "carried")


def _joined(parts: pd.Series) -> str:
    names = sorted({name for part in parts for name in str(part).split(";")})
    return ALL if ALL in names else ";".join(names)


def _still_carried(key: str, left: set[str], held: list[tuple[str, str]], base: Base) -> list[tuple[str, str, str]]:
    """What of a row that was delivered in part is older than the month."""
    lines = []
    for said_in, names in held:
        kept = left & set(names.split(";"))
        if kept:
            lines.append((key, said_in, ";".join(sorted(kept))))
            left = left - kept
    rest = next((said_in for said_in, names in held if names == ALL), base.started_from)
    return [*lines, (key, rest, ";".join(sorted(left)))] if left and rest else lines
