"""Admission: candidate rows of one month judged whole, and parted into accepted and rejected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from relapse_risk.months import month_end
from relapse_risk.parameters import Parameters, Place
from relapse_risk.register.candidates import Candidate
from relapse_risk.register.cells import CELL_RULES
from relapse_risk.register.counties import counties_of
from relapse_risk.register.findings import FINDING_COLUMNS, Findings, mask_identity, merge_findings, row_keys
from relapse_risk.register.intake import reference_faults, typed_frame
from relapse_risk.register.judging import fault_findings
from relapse_risk.register.messages import code_words, column_label
from relapse_risk.register.quality import check_frames
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
    accepted = {}
    for name, frame in frames.items():
        keep = np.ones(len(frame), dtype=bool)
        keep[found.rejected_rows(name)] = False
        accepted[name] = _typed(frame[keep].reset_index(drop=True), name)
    return Admission(found, accepted)


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
    rejected = {name: told.rejected_rows(name) for name in typed}
    keys = {name: frozenset(series.index) for name, series in known.items()}
    faults = reference_faults(typed, keys, rejected)
    source = Source(typed, {}, month, month_end(month), bench.data_date, bench.rules.item_groups)
    more = fault_findings(faults, source, counties, bench.rules)
    by = ["table", "row", "column", "rule"]
    fresh = more[~more.set_index(by).index.isin(told.frame.set_index(by).index)]
    whole = merge_findings([told, Findings(fresh, none_skipped)])
    order = whole.frame.sort_values(by, kind="stable", na_position="first").reset_index(drop=True)
    return Findings(order, whole.skipped)


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
