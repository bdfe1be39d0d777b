"""Later months: what they carry from an earlier month follows it when that month is corrected or comes late."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from relapse_risk.register.carrying import ALL, NO_LINES
from relapse_risk.register.counties import counties_of
from relapse_risk.register.held_rows import HeldRows
from relapse_risk.schema import Table, check_table, empty_table, table

__all__ = ["Changed", "Said", "follow_all", "followed"]

_LINE = list(NO_LINES.columns)


@dataclass(frozen=True, slots=True)
class Changed:
    """One snapshot table of one month, before a delivery and after it.

    Attributes
    ----------
    month : str
    before, after : DataFrame
        Rows of the table; ``before`` may bear another month.
    lines : DataFrame
        What of ``after`` is carried: row_key, said_in, columns.
    """

    month: str
    before: pd.DataFrame
    after: pd.DataFrame
    lines: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Said:
    """What deliveries have said of one table in one month.

    Attributes
    ----------
    columns : mapping of str to frozenset of str
        Columns filled, by county.
    whole : frozenset of str
        Counties whose delivery named everybody.
    """

    columns: Mapping[str, frozenset[str]]
    whole: frozenset[str]

    @classmethod
    def of(cls, deliveries: pd.DataFrame, name: str) -> Said:
        """From rows of table ``delivery`` of the month."""
        own = deliveries[deliveries["table_name"] == name]
        columns: dict[str, frozenset[str]] = {}
        for county, names in own[["county_code", "columns"]].itertuples(index=False):
            columns[county] = columns.get(county, frozenset()) | frozenset(str(names).split(";"))
        return cls(columns, frozenset(own.loc[own["complete"].eq(True), "county_code"]))


def followed(
    earlier: Changed,
    rows: pd.DataFrame,
    lines: pd.DataFrame,
    said: Said,
    counties: Mapping[str, str],
    spec: Table,
    month: str,
    homes: Collection[str] | None,
) -> Changed:
    """The table in the next month held, with what it carries as ``earlier`` now says.

    A value that was carried, and one that no delivery of the month has said, follows; a value that was said stays.  A row
    that is new in the earlier month comes along, unless a complete delivery of the later month left it out; one that is no
    more in the earlier month goes, if the later month only carried it.

    Parameters
    ----------
    earlier : Changed
        The month before.
    rows, lines : DataFrame
        The table and what it carries, as held.
    said : Said
        What deliveries of the month have said.
    counties : mapping of str to str
        County by row key.
    spec : Table
    month : str
    homes : collection of str, optional
        Households of the month, for tables of their members: whoever is only carried goes with the household.

    Returns
    -------
    Changed

    Examples
    --------
    >>> from relapse_risk.schema import table
    >>> spec = table("household")
    >>> def month_of(month, grade):
    ...     frame = pd.DataFrame({"household_id": ["H1"], "snapshot_month": month, "dwelling_grade": [grade]})
    ...     return check_table(frame, "household")
    >>> march = Changed("2021-03", month_of("2021-03", "B"), month_of("2021-03", "C"), NO_LINES)
    >>> april = month_of("2021-04", "B")
    >>> carried = pd.DataFrame({"row_key": ["H1"], "said_in": ["2021-03"], "columns": ["all"]})
    >>> nothing = Said({}, frozenset())
    >>> followed(march, april, carried, nothing, {}, spec, "2021-04", None).after["dwelling_grade"].tolist()
    ['C']
    >>> followed(march, april, NO_LINES, nothing, {}, spec, "2021-04", None).after["dwelling_grade"].tolist()
    ['B']
    """
    key, columns = spec.key[0], [name for name in spec.names if name not in spec.key]
    source, target = earlier.after.set_index(key), rows.set_index(key)
    kept, origins = _by_key(lines), _by_key(earlier.lines)
    quiet = frozenset(one for one, own in kept.items() if _has_all(own))  # whom the later month only carried
    gone = _gone(earlier, source, target, quiet, homes)
    come = _come(earlier, source, target, said, counties, homes)
    target = target[~target.index.isin(list(gone))]
    if come:
        target = pd.concat([target, source.loc[come].assign(snapshot_month=month)])
    both = target.index.intersection(source.index)
    unsaid = _unsaid(source.loc[both], target.loc[both], columns, said, counties)
    taken: dict[str, list[str]] = {}
    for one in both:
        own, origin = kept.get(one, []), origins.get(one, [])
        named = {name for _, names in own if names != ALL for name in names.split(";")} | unsaid.get(one, set())
        if one in quiet or one in come:
            kept[one] = origin if _has_all(origin) else [*origin, (earlier.month, ALL)]
            named = set(columns)
        elif named:
            kept[one] = _origins(named, origin, earlier.month)
        for name in named:
            taken.setdefault(name, []).append(one)
    target = target.copy()
    for name, ones in taken.items():
        if name in target:
            target.loc[ones, name] = source.loc[ones, name].to_numpy()
    after = check_table(target.reset_index()[list(spec.names)], spec.name)
    after = after.sort_values(list(spec.key), ignore_index=True)
    return Changed(month, rows, after, _as_lines(kept, after, spec, month))


def _gone(
    earlier: Changed, source: pd.DataFrame, target: pd.DataFrame, quiet: frozenset[str], homes: Collection[str] | None
) -> set[str]:
    """Who was only carried, and is no more in the earlier month or has lost the household."""
    was = set(earlier.before[source.index.name]) if len(earlier.before) else set()
    carried = quiet & set(target.index)
    homeless = {one for one in carried if homes is not None and target.at[one, "household_id"] not in homes}
    return {one for one in carried if one in was and one not in source.index} | homeless


def _come(
    earlier: Changed, source: pd.DataFrame, target: pd.DataFrame, said: Said, counties: Mapping[str, str],
    homes: Collection[str] | None,
) -> list[str]:  # fmt: skip
    """Who is new in the earlier month and comes along."""
    was = set(earlier.before[source.index.name]) if len(earlier.before) else set()
    return [
        one for one in source.index
        if one not in was and one not in target.index and counties.get(one, "") not in said.whole
        and (homes is None or source.at[one, "household_id"] in homes)
    ]  # fmt: skip


def _unsaid(
    source: pd.DataFrame, target: pd.DataFrame, columns: Collection[str], said: Said, counties: Mapping[str, str]
) -> dict[str, set[str]]:
    """Blank cells that no delivery of the later month has filled for the county, by row key."""
    found: dict[str, set[str]] = {}
    for name in columns:
        empty = (target[name].isna() & source[name].notna()).to_numpy(dtype=bool)
        for one in target.index[empty]:
            if name not in said.columns.get(counties.get(one, ""), columns):
                found.setdefault(one, set()).add(name)
    return found


def follow_all(
    held: HeldRows, month: str, changed: Mapping[str, Changed], known: Mapping[str, Mapping[str, str]]
) -> tuple[list[tuple[str, str, pd.DataFrame]], list[str]]:
    """Every month held after ``month``, one after the other, with what it carries as the month before it now says.

    Parameters
    ----------
    held : HeldRows
        Remembers what follows.
    month : str
    changed : mapping of str to Changed
        Snapshot tables of ``month`` that a delivery was laid over.
    known : mapping of str to mapping of str to str
        County of every key rows may refer to, by table.

    Returns
    -------
    list of (table, month, rows)
        To be written; table ``carried`` among them.
    list of str
        Notes.
    """
    written: list[tuple[str, str, pd.DataFrame]] = []
    notes: list[str] = []
    for later in held.later(month) if changed else ():
        sent, found = held.deliveries(later), dict[str, Changed]()
        if not len(sent):
            break  # written whole, not delivered: it carries nothing
        homes = counties_of({name: one.after for name, one in changed.items()}, known)
        for name in sorted(changed, key=lambda one: (one != "household", one)):
            spec, base = table(name), held.base(name, later, carry=False)
            counties = dict(zip(changed[name].after[spec.key[0]], homes[name], strict=True))
            members = _members(held, later, found, spec)
            one = followed(changed[name], base.rows, base.lines, Said.of(sent, name), counties, spec, later, members)
            held.follow(name, later, one.after, one.lines)
            if not one.after.equals(base.rows):
                written.append((name, later, one.after))
                notes.append(f"{name}, {later}: follows what {changed[name].month} now says")
            found[name] = one
        lines = held.lines(later)
        if len(lines) or held.had_lines(later):
            written.append(("carried", later, lines))
        changed = found
    return written, notes


def _members(held: HeldRows, month: str, found: Mapping[str, Changed], spec: Table) -> frozenset[str] | None:
    """Households of the month, for a table of their members."""
    if spec.name == "household" or "household_id" not in spec.names:
        return None
    rows = found["household"].after if "household" in found else held.base("household", month, carry=False).rows
    return frozenset(rows["household_id"])


def _by_key(lines: pd.DataFrame) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for one, said_in, names in lines[_LINE].itertuples(index=False):
        found.setdefault(one, []).append((said_in, names))
    return found


def _has_all(lines: Collection[tuple[str, str]]) -> bool:
    return any(names == ALL for _, names in lines)


def _origins(named: set[str], lines: Collection[tuple[str, str]], month: str) -> list[tuple[str, str]]:
    """For each carried column the month in which it was last said, as the month before knows it."""
    rest = next((said_in for said_in, names in lines if names == ALL), month)
    origin = dict.fromkeys(named, rest)
    origin |= {name: said_in for said_in, names in lines if names != ALL for name in set(names.split(";")) & named}
    return [(said_in, ";".join(sorted(n for n in named if origin[n] == said_in))) for said_in in sorted(set(origin.values()))]  # fmt: skip


def _as_lines(
    kept: Mapping[str, Collection[tuple[str, str]]], rows: pd.DataFrame, spec: Table, month: str
) -> pd.DataFrame:
    """Rows of table ``carried``."""
    homes = dict(zip(rows[spec.key[0]], rows["household_id"], strict=True))
    lines = [(one, said_in, names) for one, own in sorted(kept.items()) if one in homes for said_in, names in own]
    if not lines:
        return empty_table("carried")
    frame = pd.DataFrame(lines, columns=pd.Index(_LINE))
    own = {"table_name": spec.name, "snapshot_month": month, "household_id": frame["row_key"].map(homes)}
    return check_table(frame.assign(**own), "carried")
