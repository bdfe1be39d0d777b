"""The quality check of a whole register: one county at a time, then the rules that look across counties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pandas as pd

from relapse_risk.errors import RegisterError
from relapse_risk.months import month_end
from relapse_risk.parameters import Parameters, Place, read_place
from relapse_risk.progress import Progress, no_progress
from relapse_risk.register.counties import counties_of
from relapse_risk.register.findings import Findings, merge_findings
from relapse_risk.register.intake import key_faults, reference_faults
from relapse_risk.register.joins import view_of
from relapse_risk.register.judging import apply_rules, fault_findings
from relapse_risk.register.rules import Rule, RuleBook, read_rules
from relapse_risk.register.views import Source
from relapse_risk.schema import Table, tables

__all__ = ["check_register"]

ACROSS = "across counties"


class ReadsTables(Protocol):
    """What the check asks of a register."""

    @property
    def months(self) -> tuple[str, ...]: ...
    @property
    def counties(self) -> tuple[str, ...]: ...
    def has(self, table: str) -> bool: ...
    def collected(self, table: str, column: str) -> bool: ...
    def read(self, table: str, month: str | None = None, county: str | None = None) -> pd.DataFrame: ...
    def read_identity(self, county: str | None = None) -> pd.DataFrame: ...
    def query(self, sql: str) -> pd.DataFrame: ...


def check_register(
    register: ReadsTables,
    month: str,
    parameters: Parameters,
    place: Place | str,
    progress: Progress | None = None,
    *,
    rules: RuleBook | None = None,
) -> Findings:
    """Every fault of a register as of ``month``, county by county.

    The memory held is that of one county, and of the few tables that must be seen whole.

    Parameters
    ----------
    register : Register
    month : str
        The household and person snapshot to check, ``YYYY-MM``; the other tables are checked whole.
    parameters, place
        Dated parameters and the place (or its name).
    progress : callable, optional
        Called with (done, total, county).
    rules : RuleBook, optional
        The rules; read from the parameter folder when left out.

    Returns
    -------
    Findings
        Sorted by county; ``row`` is empty, since rows are named by their key.

    Raises
    ------
    RegisterError
        If the register has no snapshot of ``month``.
    """
    if month not in register.months:
        raise RegisterError(
            "no snapshot of this month", where="register", got=month, expected=" | ".join(register.months),
            fix="ask for one of these months",
        )  # fmt: skip
    book = rules or read_rules(parameters=parameters)
    where = read_place(place) if isinstance(place, str) else place
    tell = progress or no_progress
    parts = [*register.counties, ACROSS]
    known = _known_keys(register)
    collected = _collected(register)
    found = []
    for done, part in enumerate(parts):
        tell(done, len(parts), part)
        if part == ACROSS:
            found.append(_across(register, month, book, parameters, where, collected))
        else:
            found.append(_county(register, part, month, book, parameters, where, collected, known))
    tell(len(parts), len(parts), "")
    return _without_rows(merge_findings(found))


def _county(
    register: ReadsTables,
    county: str,
    month: str,
    book: RuleBook,
    parameters: Parameters,
    place: Place,
    collected: dict[str, frozenset[str]],
    known: dict[str, frozenset[str]],
) -> Findings:
    names = [n for n in collected if not _is_city_wide(tables()[n])]
    source = _source(register, names, month, county, collected, book)
    counties = {name: pd.Series(county, index=frame.index, dtype="str") for name, frame in source.frames.items()}
    faults = [fault for name, frame in source.frames.items() for fault in key_faults(frame, name)]
    faults += reference_faults(source.frames, known, {})
    told = Findings(fault_findings(faults, source, counties, book), merge_findings([]).skipped)
    judged = apply_rules(source, counties, [r for r in book.rules if r.scope == "county"], parameters, place)
    return merge_findings([told, judged])


def _across(
    register: ReadsTables,
    month: str,
    book: RuleBook,
    parameters: Parameters,
    place: Place,
    collected: dict[str, frozenset[str]],
) -> Findings:
    """Rules that must see every county at once, and those of tables that belong to no county."""
    wide = [n for n in collected if _is_city_wide(tables()[n])]
    rules = [r for r in book.rules if (r.scope == "city" and r.table in collected) or r.table in wide]
    names = sorted({n for n in _read_by(rules) if n in collected} | set(wide))
    source = _source(register, names, month, None, collected, book)
    return apply_rules(source, counties_of(source.frames), rules, parameters, place)


def _is_city_wide(spec: Table) -> bool:
    """Whether some rows of the table belong to no county."""
    return spec.county_from is None or spec.name == "place_fact"


def _read_by(rules: Sequence[Rule]) -> set[str]:
    """The tables that the views of ``rules`` are made of."""
    found = {rule.table for rule in rules}
    for name in list(found):
        view = view_of(name)
        found |= {need.partition(".")[0] for column in view.adds for need in column.needs}
    return found


def _source(
    register: ReadsTables,
    names: Sequence[str],
    month: str,
    county: str | None,
    collected: dict[str, frozenset[str]],
    book: RuleBook,
) -> Source:
    frames = {}
    for name in names:
        if tables()[name].restricted:
            frames[name] = register.read_identity(county=county)
        else:
            snapshot = month if tables()[name].is_snapshot else None
            frames[name] = register.read(name, month=snapshot, county=county)
        frames[name] = frames[name].reset_index(drop=True)
    return Source(frames, collected, month, month_end(month), month_end(register.months[-1]), book.item_groups)


def _collected(register: ReadsTables) -> dict[str, frozenset[str]]:
    """The tables that hold rows, each with the columns that hold any value."""
    return {
        name: frozenset(column for column in spec.names if register.collected(name, column))
        for name, spec in tables().items()
        if register.has(name)
    }


def _known_keys(register: ReadsTables) -> dict[str, frozenset[str]]:
    """The keys that a row may refer to, of every county and month, by table."""
    targets = {column.refers_to for spec in tables().values() for column in spec.columns if column.refers_to}
    known = {}
    for name in sorted(targets):
        key = tables()[name].key[0]
        if register.has(name):
            known[name] = frozenset(register.query(f'SELECT DISTINCT "{key}" FROM "{name}"')[key].tolist())
    return known


def _without_rows(found: Findings) -> Findings:
    frame = found.frame.assign(row=pd.array([pd.NA] * len(found.frame), dtype="Int64"))
    frame = frame.sort_values(["county_code", "table", "row_key", "column", "rule"], kind="stable")
    return Findings(frame.reset_index(drop=True), found.skipped)
