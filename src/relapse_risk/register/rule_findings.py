"""Judging: rules and intake faults of one source made into findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from relapse_risk.errors import ParameterError
from relapse_risk.parameters import Parameters, Place
from relapse_risk.register.clauses import Clause, Setting, clause_columns, holds
from relapse_risk.register.counties import CITY
from relapse_risk.register.finding_words import LANGUAGES, code_words, column_label, sentences, shown
from relapse_risk.register.findings import (
    FINDING_COLUMNS,
    SKIPPED_COLUMNS,
    Findings,
    mask_identity,
    merge_findings,
    row_keys,
)
from relapse_risk.register.intake import Fault
from relapse_risk.register.joins import build_view, view_of
from relapse_risk.register.named_checks import checks
from relapse_risk.register.rules import Rule, RuleBook, clause_for
from relapse_risk.register.views import Source
from relapse_risk.schema import tables

__all__ = ["apply_rules", "fault_findings"]


@dataclass(frozen=True, slots=True)
class _Hit:
    """Rows of one column for which one rule holds."""

    rule: Rule
    column: str
    rows: np.ndarray
    when: tuple[Clause, ...]


def apply_rules(
    source: Source,
    counties: Mapping[str, pd.Series],
    rules: Sequence[Rule],
    parameters: Parameters,
    place: Place,
) -> Findings:
    """Findings of ``rules`` on ``source``; rules whose data was not collected are listed as skipped."""
    setting = Setting(parameters, place, source.month_day, source.data_date, source.item_groups)
    parts, skipped = [], []
    for rule in rules:
        if rule.table not in source.frames or not len(source.frames[rule.table]):
            continue
        noted = replace(setting, notes=[])
        try:
            for hit in _hits(rule, source, noted):
                parts.append(_rule_findings(hit, source, counties[rule.table], noted))
        except ParameterError as error:
            noted.notes.append(str(error))
        county = _only(counties[rule.table])
        skipped += [(rule.id, rule.table, county, reason) for reason in dict.fromkeys(noted.notes)]
    frame = _typed(parts)
    lines = pd.DataFrame(skipped, columns=pd.Index(SKIPPED_COLUMNS)).astype("str")
    return Findings(frame, lines)


def _only(codes: pd.Series) -> str:
    values = codes.unique()
    return str(values[0]) if len(values) == 1 else CITY


def _hits(rule: Rule, source: Source, setting: Setting) -> Iterator[_Hit]:
    """The rows each reported column of ``rule`` is found in; what cannot be judged is noted."""
    if not rule.in_force(setting.month_end):
        setting.notes.append(f"not in force on {setting.month_end}")
        return
    for column in rule.columns:
        when, missing = _judgeable(rule, column, source)
        if missing:
            # A rule on every table has nothing to say of a column nobody collected.
            if not rule.everywhere:
                setting.notes.append(f"not collected: {', '.join(missing)}")
            continue
        view = build_view(source, rule.table)
        mask = np.ones(len(view), dtype=bool)
        for clause in when:
            mask &= holds(clause, view, setting)
        if rule.check and mask.any():
            mask[mask] = checks()[rule.check].wrong(view[mask], column)
        if mask.any():
            yield _Hit(rule, column, np.flatnonzero(mask), when)


def _judgeable(rule: Rule, column: str, source: Source) -> tuple[tuple[Clause, ...], list[str]]:
    """The clauses for ``column`` without ``any`` branches nobody collected, and what else is not collected."""
    view = view_of(rule.table)
    missing: list[str] = []

    def lacks(columns: frozenset[str]) -> list[str]:
        return [need for name in sorted(columns) for need in view.needs(name) if not source.has(need)]

    clauses = []
    for clause in (clause_for(c, column) for c in rule.when):
        if clause.any is not None:
            branches = tuple(b for b in clause.any if not lacks(clause_columns(b)))
            clause = clause.model_copy(update={"any": branches}) if branches else clause
        missing += lacks(clause_columns(clause))
        clauses.append(clause)
    if rule.check:
        missing += lacks(frozenset({column, *checks()[rule.check].columns}))
    return tuple(clauses), list(dict.fromkeys(missing))


def _rule_findings(hit: _Hit, source: Source, counties: pd.Series, setting: Setting) -> pd.DataFrame:
    rule, name = hit.rule, hit.rule.table
    view = build_view(source, name).iloc[hit.rows]
    spec = view_of(name).column(hit.column)
    assert spec is not None
    values = [mask_identity(name, hit.column, text) for text in shown(view[hit.column], spec.type)]
    texts = {
        language: sentences(getattr(rule, language), language, name, hit.column, view, hit.when, setting)
        for language in LANGUAGES
    }
    return pd.DataFrame(
        {
            "table": name, "row": hit.rows, "row_key": row_keys(source.frames[name], name, hit.rows),
            "county_code": counties.iloc[hit.rows].tolist(), "column": hit.column, "value": values,
            "rule": rule.id, "kind": rule.kind, "severity": rule.severity, **texts,
        },
        dtype=object,
    )  # fmt: skip


def fault_findings(
    faults: Sequence[Fault], source: Source, counties: Mapping[str, pd.Series], book: RuleBook
) -> pd.DataFrame:
    """The frame of findings for faults of typing, keys and references, in the words of ``intake.yaml``."""
    parts = []
    for fault in faults:
        words = book.intake[fault.rule]
        values = [mask_identity(fault.table, fault.column, value) for value in fault.values] or [fault.column]
        texts = {}
        for language in LANGUAGES:
            said = {
                "label": column_label(fault.table, fault.column, language),
                "table": tables()[fault.table].label(language),
                "codes": code_words(fault.table, fault.column),
                "limit": source.month,
            }
            texts[language] = [getattr(words, language).format(value=value, **said) for value in values]
        whole = not len(fault.rows)
        parts.append(
            pd.DataFrame(
                {
                    "table": fault.table,
                    "row": [pd.NA] if whole else fault.rows,
                    "row_key": [""] if whole else row_keys(source.frames[fault.table], fault.table, fault.rows),
                    "county_code": CITY if whole else counties[fault.table].iloc[fault.rows].tolist(),
                    "column": fault.column, "value": values, "rule": fault.rule, "kind": words.kind,
                    "severity": words.severity, **texts,
                },
                dtype=object,
            )
        )  # fmt: skip
    return _typed(parts)


def _typed(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The parts as one frame of findings; types are given once, since a part holds few rows."""
    if not parts:
        return merge_findings([]).frame
    frame = pd.concat(parts, ignore_index=True)[list(FINDING_COLUMNS)]
    return frame.astype({name: "Int64" if name == "row" else "str" for name in FINDING_COLUMNS})
