"""The quality check of a whole register: one county at a time, then the rules that look across counties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from relapse_risk.errors import RegisterError
from relapse_risk.months import month_end
from relapse_risk.parameters import Parameters, Place, read_place
from relapse_risk.parts import SERIAL, Backend, Part, county_parts, map_parts
from relapse_risk.progress import Progress
from relapse_risk.register.area_codes import areas_of
from relapse_risk.register.counties import counties_of
from relapse_risk.register.findings import Findings, merge_findings
from relapse_risk.register.intake import key_faults, reference_faults
from relapse_risk.register.joins import view_of
from relapse_risk.register.rule_findings import apply_rules, fault_findings
from relapse_risk.register.rules import Rule, RuleBook, read_rules
from relapse_risk.register.views import Source
from relapse_risk.schema import Table, tables

__all__ = ["check_register"]


class ReadsTables(Protocol):
    """What the check needs from a register."""

    @property
    def path(self) -> Path: ...
    @property
    def months(self) -> tuple[str, ...]: ...
    @property
    def counties(self) -> tuple[str, ...]: ...
    def has(self, table: str) -> bool: ...
    def collected(self, table: str, column: str) -> bool: ...
    def read(self, name: str, month: str | None = None, county: str | None = None) -> pd.DataFrame: ...
    def read_identity(self, county: str | None = None) -> pd.DataFrame: ...
    def read_all(self, name: str, columns: Sequence[str] | None = None, county: str | None = None) -> pd.DataFrame: ...
    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pd.DataFrame: ...


def check_register(
    register: ReadsTables,
    month: str,
    parameters: Parameters,
    place: Place | str,
    progress: Progress | None = None,
    *,
    rules: RuleBook | None = None,
    backend: str | Backend = SERIAL,
) -> Findings:
    """Every fault of a register as of ``month``, county by county.

    Memory holds one county, and the few tables that must be read whole.

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
    backend : str or Backend
        Where counties are worked on: ``serial``, ``processes[:workers]`` or ``dask[:address]``; the findings are the same.

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
    book = book.for_place(where)
    job = _Job(register, month, book, parameters, where, _collected(register))
    parts = county_parts(register.path, register.counties)
    found = list(map_parts(partial(_county, job), parts, backend, progress))
    return _without_rows(merge_findings([*found, _across(job)]))


@dataclass(frozen=True, slots=True)
class _Job:
    """Everything but the county."""

    register: ReadsTables
    month: str
    book: RuleBook
    parameters: Parameters
    place: Place
    collected: dict[str, frozenset[str]]


def _county(job: _Job, part: Part) -> Findings:
    (county,) = part.counties
    names = [n for n in job.collected if not _is_city_wide(tables()[n])]
    source = _source(job, names, county)
    counties = {name: pd.Series(county, index=frame.index, dtype="str") for name, frame in source.frames.items()}
    faults = [fault for name, frame in source.frames.items() for fault in key_faults(frame, name)]
    faults += reference_faults(source.frames, _known_keys(job.register, source.frames, county), {})
    from_faults = Findings(fault_findings(faults, source, counties, job.book), merge_findings([]).skipped)
    rules = [r for r in job.book.rules if r.scope == "county"]
    return merge_findings([from_faults, apply_rules(source, counties, rules)])


def _across(job: _Job) -> Findings:
    """Rules that need all counties at once, and rules of tables that belong to no county."""
    wide = [n for n in job.collected if _is_city_wide(tables()[n])]
    rules = [r for r in job.book.rules if (r.scope == "city" and r.table in job.collected) or r.table in wide]
    names = sorted({n for n in _read_by(rules) if n in job.collected} | set(wide))
    source = _source(job, names, None)
    areas = areas_of(job.register).counties
    return apply_rules(source, counties_of(source.frames, {"village": areas}), rules)


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


def _source(job: _Job, names: Sequence[str], county: str | None) -> Source:
    frames = {}
    for name in names:
        if tables()[name].restricted:
            frames[name] = job.register.read_identity(county=county)
        else:
            snapshot = job.month if tables()[name].is_snapshot else None
            frames[name] = job.register.read(name, month=snapshot, county=county)
        frames[name] = frames[name].reset_index(drop=True)
    end = month_end(job.register.months[-1])
    return Source(frames, job.collected, job.month, job.book.setting(job.parameters, job.place, job.month, end))


def _collected(register: ReadsTables) -> dict[str, frozenset[str]]:
    """The tables that hold rows, each with the columns that hold any value."""
    return {
        name: frozenset(column for column in spec.names if register.collected(name, column))
        for name, spec in tables().items()
        if register.has(name)
    }


def _known_keys(register: ReadsTables, frames: Mapping[str, pd.DataFrame], county: str) -> dict[str, frozenset[str]]:
    """Existing keys that rows of ``frames`` refer to, by table: in the county first, else in the whole register."""
    known = {}
    for name, wanted in sorted(_referred(frames).items()):
        if not register.has(name):
            continue
        key = tables()[name].key[0]
        own = set(register.read_all(name, [key], county)[key])
        # Few rows refer to another county: only their keys are looked for in the whole register.
        rest = sorted(wanted - own)
        sql = f'SELECT DISTINCT "{key}" FROM "{name}" WHERE "{key}" IN (SELECT unnest(?))'
        known[name] = frozenset(own | (set(register.query(sql, [rest])[key]) if rest else set()))
    return known


def _referred(frames: Mapping[str, pd.DataFrame]) -> dict[str, set[str]]:
    """Every key that some row refers to, by the table referred to."""
    found: dict[str, set[str]] = {}
    for name, frame in frames.items():
        for column in tables()[name].columns:
            if column.refers_to and column.name in frame:
                found.setdefault(column.refers_to, set()).update(frame[column.name].dropna().unique())
    return found


def _without_rows(found: Findings) -> Findings:
    frame = found.frame.assign(row=pd.array([pd.NA] * len(found.frame), dtype="Int64"))
    frame = frame.sort_values(["county_code", "table", "row_key", "column", "rule"], kind="stable")
    return Findings(frame.reset_index(drop=True), found.skipped)
