"""Admission: the candidate rows of one month are checked together and split into accepted and rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from relapse_risk.languages import LANGUAGES
from relapse_risk.parameters import Parameters, Place
from relapse_risk.register.candidates import Candidate
from relapse_risk.register.cell_rules import CELL_RULES
from relapse_risk.register.counties import UNKNOWN_COUNTY, counties_of
from relapse_risk.register.finding_words import code_words, column_label
from relapse_risk.register.findings import FINDING_COLUMNS, Findings, mask_identity, merge_findings, row_keys
from relapse_risk.register.intake import Fault, reference_faults, typed_frame
from relapse_risk.register.quality import check_frames
from relapse_risk.register.rule_findings import fault_findings
from relapse_risk.register.rules import RuleBook
from relapse_risk.register.spared_rows import spared, without_spared_cells
from relapse_risk.register.views import Source
from relapse_risk.schema import table

__all__ = ["Admission", "CheckContext", "admit"]


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What rows are checked against: dated parameters, place, rules, and the data date (nothing may lie after it)."""

    parameters: Parameters
    place: Place
    rules: RuleBook
    data_date: date


@dataclass(frozen=True, slots=True)
class Admission:
    """The result of checking candidate rows.

    Attributes
    ----------
    findings : Findings
        ``row`` is the position in the candidate frame.
    accepted : mapping of str to DataFrame
        Typed rows by table, with the columns the source supplies.
    spared : mapping of str to DataFrame
        Cells of accepted rows that were not taken, by table: key (the first key column) and column.
    """

    findings: Findings
    accepted: Mapping[str, pd.DataFrame]
    spared: Mapping[str, pd.DataFrame]


def admit(
    offered: Mapping[str, Candidate], month: str, context: CheckContext, known: Mapping[str, Mapping[str, str]]
) -> Admission:
    """Check the rows of one month; an error costs its cell, or rejects its row and every row that refers to it.

    Parameters
    ----------
    offered : mapping of str to Candidate
        By table; snapshot tables hold ``month`` only.
    month : str
    context : CheckContext
    known : mapping of str to mapping of str to str
        Other rows that these may refer to: per table, county codes by key.
    """
    frames = {name: candidate.frame for name, candidate in offered.items()}
    beyond = _named(frames, known)
    found = check_frames(
        frames, month, context.parameters, context.place, known=beyond, data_date=context.data_date, rules=context.rules,
        spare_rows=True,
    )  # fmt: skip
    if any(candidate.refused for candidate in offered.values()):
        found = _with_refused(found, offered, month, context, beyond)
    accepted = _accepted(frames, found)
    while faults := _without_county(accepted, beyond):
        found = _with_faults(found, faults, frames, month, context, beyond)
        accepted = _accepted(frames, found)
    spared_cells = {}
    for name, frame in accepted.items():
        accepted[name], cells = without_spared_cells(frame, found, name)
        keys = frame[table(name).key[0]].reindex(cells["row"]).to_numpy()
        spared_cells[name] = pd.DataFrame({"key": keys, "column": cells["column"].to_numpy()}, dtype="str")
    typed = {name: _typed(frame.reset_index(drop=True), name) for name, frame in accepted.items()}
    return Admission(found, typed, {name: cells for name, cells in spared_cells.items() if len(cells)})


def _accepted(frames: Mapping[str, pd.DataFrame], found: Findings) -> dict[str, pd.DataFrame]:
    """Rows that no error rejects; the index keeps their positions."""
    return {name: frame.drop(index=frame.index[found.rejected_rows(name)]) for name, frame in frames.items()}


def _without_county(accepted: Mapping[str, pd.DataFrame], known: Mapping[str, pd.Series]) -> list[Fault]:
    """Rows whose county is unknown once the rejected rows are gone."""
    faults = []
    for name, codes in _counties(accepted, known).items():
        lost = np.flatnonzero((codes == UNKNOWN_COUNTY).to_numpy())
        if len(lost):
            origin = str(table(name).county_from)
            values = tuple(accepted[name][origin].iloc[lost].astype("str").fillna(""))
            rows = accepted[name].index.to_numpy()[lost]
            faults.append(Fault("reference_rejected", name, origin, rows, values))
    return faults


def _counties(frames: Mapping[str, pd.DataFrame], known: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """County of each row, for tables that have the column it is derived from."""
    locatable = {name: frame for name, frame in frames.items() if table(name).county_from in (None, *frame.columns)}
    return counties_of(locatable, {name: keys.to_dict() for name, keys in known.items()})


def _with_faults(
    found: Findings,
    faults: Sequence[Fault],
    frames: Mapping[str, pd.DataFrame],
    month: str,
    context: CheckContext,
    known: Mapping[str, pd.Series],
) -> Findings:
    source = Source(
        frames, {}, month, context.rules.setting(context.parameters, context.place, month, context.data_date)
    )
    more = fault_findings(faults, source, _counties(frames, known), context.rules)
    whole = merge_findings([found, Findings(more, merge_findings([]).skipped)])
    order = whole.frame.sort_values(["table", "row", "column", "rule"], kind="stable", na_position="first")
    return Findings(order.reset_index(drop=True), whole.skipped)


def _named(frames: Mapping[str, pd.DataFrame], known: Mapping[str, Mapping[str, str]]) -> dict[str, pd.Series]:
    """The known keys that these rows refer to; in a long panel that is a small part of all keys."""
    named: dict[str, set[str]] = {name: set() for name in known}
    for name, frame in frames.items():
        for column in table(name).columns:
            target = "household" if column.name == "target_id" else column.refers_to
            if target in named and column.name in frame:
                named[target] |= set(frame[column.name].dropna().unique())
    return {
        name: pd.Series({key: known[name][key] for key in keys if key in known[name]}, dtype="str")
        for name, keys in named.items()
    }


def _typed(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """``frame`` typed, with its own columns only; cells that a reader has typed already are left alone."""
    untyped = any(pd.api.types.is_object_dtype(frame[column]) for column in frame)
    own = [column for column in table(name).names if column in frame]
    return typed_frame(frame, name)[0][own] if untyped else frame


def _with_refused(
    found: Findings,
    offered: Mapping[str, Candidate],
    month: str,
    context: CheckContext,
    known: Mapping[str, pd.Series],
) -> Findings:
    """Findings with those of refused cells, and of rows that refer to a row they reject."""
    typed = {name: typed_frame(candidate.frame, name)[0] for name, candidate in offered.items()}
    counties = counties_of(typed, {name: keys.to_dict() for name, keys in known.items()})
    none_skipped = merge_findings([]).skipped
    parts = [_refused(candidate, typed[name], counties[name]) for name, candidate in offered.items()]
    merged = merge_findings([found, *(Findings(part, none_skipped) for part in parts if len(part))])
    merged = spared(merged, {name: frozenset(candidate.frame.columns) for name, candidate in offered.items()})
    keys = {name: frozenset(series.index) for name, series in known.items()}
    faults = reference_faults(typed, keys, {name: merged.rejected_rows(name) for name in typed})
    known_lines = set(
        zip(merged.frame["table"], merged.frame["row"], merged.frame["column"], merged.frame["rule"], strict=True)
    )
    fresh = []
    for fault in faults:
        new = [i for i, row in enumerate(fault.rows) if (fault.table, row, fault.column, fault.rule) not in known_lines]
        if new:
            fresh.append(replace(fault, rows=fault.rows[new], values=tuple(fault.values[i] for i in new)))
    return _with_faults(merged, fresh, typed, month, context, known)


def _refused(candidate: Candidate, typed: pd.DataFrame, counties: pd.Series) -> pd.DataFrame:
    name = candidate.table
    positions = np.array([cell.row for cell in candidate.refused], dtype=int)
    lines = []
    keys = row_keys(typed, name, positions)
    for cell, key in zip(candidate.refused, keys, strict=True):
        rule = CELL_RULES[cell.rule]
        value = mask_identity(name, cell.column, cell.shown) or ""
        said: dict[str, str] = {
            language: rule.message[language].format(
                value=value, label=column_label(name, cell.column, language), codes=code_words(name, cell.column)
            )
            for language in LANGUAGES
        }
        lines.append(
            {
                "table": name, "row": cell.row, "row_key": key, "county_code": counties.iloc[cell.row],
                "column": cell.column, "value": value, "rule": rule.id, "kind": rule.kind, "severity": "error", **said,
            }
        )  # fmt: skip
    frame = pd.DataFrame(lines, columns=pd.Index(FINDING_COLUMNS))
    return frame.astype({column: "Int64" if column == "row" else "str" for column in FINDING_COLUMNS})
