"""Admission: candidate rows of one month judged whole, and parted into accepted and rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from relapse_risk.parameters import Parameters, Place
from relapse_risk.register.candidates import Candidate
from relapse_risk.register.cell_readers import CELL_RULES
from relapse_risk.register.counties import UNKNOWN_COUNTY, counties_of
from relapse_risk.register.finding_words import code_words, column_label
from relapse_risk.register.findings import FINDING_COLUMNS, Findings, mask_identity, merge_findings, row_keys
from relapse_risk.register.intake import Fault, reference_faults, typed_frame
from relapse_risk.register.quality import check_frames
from relapse_risk.register.rule_findings import fault_findings
from relapse_risk.register.rules import RuleBook
from relapse_risk.register.views import Source
from relapse_risk.schema import table

__all__ = ["Admission", "Bench", "admit"]


@dataclass(frozen=True, slots=True)
class Bench:
    """What rows are judged by: dated parameters, place, rules, and the day after which nothing may have happened."""

    parameters: Parameters
    place: Place
    rules: RuleBook
    data_date: date


@dataclass(frozen=True, slots=True)
class Admission:
    """The judgement on candidate rows.

    Attributes
    ----------
    findings : Findings
        ``row`` is the position in the candidate frame.
    accepted : mapping of str to DataFrame
        Typed rows by table, with the columns the source supplies.
    """

    findings: Findings
    accepted: Mapping[str, pd.DataFrame]


def admit(
    offered: Mapping[str, Candidate], month: str, bench: Bench, known: Mapping[str, Mapping[str, str]]
) -> Admission:
    """Judge the rows of one month; an error rejects its row and every row that refers to it.

    Parameters
    ----------
    offered : mapping of str to Candidate
        By table; snapshot tables hold ``month`` only.
    month : str
    bench : Bench
    known : mapping of str to mapping of str to str
        Rows that may be referred to beside these: per table, county codes by key.
    """
    frames = {name: candidate.frame for name, candidate in offered.items()}
    beyond = _named(frames, known)
    found = check_frames(
        frames, month, bench.parameters, bench.place, known=beyond, data_date=bench.data_date, rules=bench.rules
    )
    if any(candidate.refused for candidate in offered.values()):
        found = _with_refused(found, offered, month, bench, beyond)
    accepted = _accepted(frames, found)
    while faults := _homeless(accepted, beyond):
        found = _with_faults(found, faults, frames, month, bench, beyond)
        accepted = _accepted(frames, found)
    typed = {name: _typed(frame.reset_index(drop=True), name) for name, frame in accepted.items()}
    return Admission(found, typed)


def _accepted(frames: Mapping[str, pd.DataFrame], found: Findings) -> dict[str, pd.DataFrame]:
    """The rows no error rejects, still under their positions."""
    return {name: frame.drop(index=frame.index[found.rejected_rows(name)]) for name, frame in frames.items()}


def _homeless(accepted: Mapping[str, pd.DataFrame], known: Mapping[str, pd.Series]) -> list[Fault]:
    """Rows that no county can be found for once the rejected ones are gone."""
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
    """County of each row of the tables that have the column that tells it."""
    told = {name: frame for name, frame in frames.items() if table(name).county_from in (None, *frame.columns)}
    return counties_of(told, {name: keys.to_dict() for name, keys in known.items()})


def _with_faults(
    found: Findings,
    faults: Sequence[Fault],
    frames: Mapping[str, pd.DataFrame],
    month: str,
    bench: Bench,
    known: Mapping[str, pd.Series],
) -> Findings:
    source = Source(frames, {}, month, bench.rules.setting(bench.parameters, bench.place, month, bench.data_date))
    more = fault_findings(faults, source, _counties(frames, known), bench.rules)
    whole = merge_findings([found, Findings(more, merge_findings([]).skipped)])
    order = whole.frame.sort_values(["table", "row", "column", "rule"], kind="stable", na_position="first")
    return Findings(order.reset_index(drop=True), whole.skipped)


def _named(frames: Mapping[str, pd.DataFrame], known: Mapping[str, Mapping[str, str]]) -> dict[str, pd.Series]:
    """The known keys that these rows name: of a long panel's, most are not."""
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
    """``frame`` typed; cells that a reader has typed already are left alone."""
    untyped = any(pd.api.types.is_object_dtype(frame[column]) for column in frame)
    return typed_frame(frame, name)[0] if untyped else frame


def _with_refused(
    found: Findings,
    offered: Mapping[str, Candidate],
    month: str,
    bench: Bench,
    known: Mapping[str, pd.Series],
) -> Findings:
    """Findings with those of refused cells, and of rows that refer to a row they reject."""
    typed = {name: typed_frame(candidate.frame, name)[0] for name, candidate in offered.items()}
    counties = counties_of(typed, {name: keys.to_dict() for name, keys in known.items()})
    none_skipped = merge_findings([]).skipped
    parts = [_refused(candidate, typed[name], counties[name]) for name, candidate in offered.items()]
    told = merge_findings([found, *(Findings(part, none_skipped) for part in parts if len(part))])
    keys = {name: frozenset(series.index) for name, series in known.items()}
    faults = reference_faults(typed, keys, {name: told.rejected_rows(name) for name in typed})
    known_lines = set(
        zip(told.frame["table"], told.frame["row"], told.frame["column"], told.frame["rule"], strict=True)
    )
    fresh = []
    for fault in faults:
        new = [i for i, row in enumerate(fault.rows) if (fault.table, row, fault.column, fault.rule) not in known_lines]
        if new:
            fresh.append(replace(fault, rows=fault.rows[new], values=tuple(fault.values[i] for i in new)))
    return _with_faults(told, fresh, typed, month, bench, known)


def _refused(candidate: Candidate, typed: pd.DataFrame, counties: pd.Series) -> pd.DataFrame:
    name = candidate.table
    positions = np.array([cell.row for cell in candidate.refused], dtype=int)
    lines = []
    keys = row_keys(typed, name, positions)
    for cell, key in zip(candidate.refused, keys, strict=True):
        rule = CELL_RULES[cell.rule]
        value = mask_identity(name, cell.column, cell.shown) or ""
        said = {
            language: getattr(rule, language).format(
                value=value, label=column_label(name, cell.column, language), codes=code_words(name, cell.column)
            )
            for language in ("zh", "en")
        }
        lines.append(
            {
                "table": name, "row": cell.row, "row_key": key, "county_code": counties.iloc[cell.row],
                "column": cell.column, "value": value, "rule": rule.id, "kind": rule.kind, "severity": "error", **said,
            }
        )  # fmt: skip
    frame = pd.DataFrame(lines, columns=pd.Index(FINDING_COLUMNS))
    return frame.astype({column: "Int64" if column == "row" else "str" for column in FINDING_COLUMNS})
