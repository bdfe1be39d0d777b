"""Rule findings: the rules and intake faults of one source as findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from relapse_risk.errors import ParameterError
from relapse_risk.languages import LANGUAGES
from relapse_risk.predicates import Setting, holds, needs
from relapse_risk.predicates.clauses import Clause
from relapse_risk.predicates.truth import columns_of, comparisons_in, is_decidable
from relapse_risk.register.counties import CITY
from relapse_risk.register.finding_words import code_words, column_label, sentences, shown
from relapse_risk.register.findings import (
    FINDING_COLUMNS,
    SKIPPED_COLUMNS,
    Findings,
    mask_identity,
    merge_findings,
    row_keys,
)
from relapse_risk.register.intake import Fault
from relapse_risk.register.joins import SOMEBODY, build_view, members_view, view_of
from relapse_risk.register.named_checks import checks
from relapse_risk.register.rules import Rule, RuleBook, clause_for
from relapse_risk.register.views import Source
from relapse_risk.schema import tables

__all__ = ["apply_rules", "fault_findings"]


@dataclass(frozen=True, slots=True)
class _Hit:
    """Rows of one column for which one rule holds, and the comparisons that were evaluated."""

    rule: Rule
    column: str
    rows: np.ndarray
    compared: tuple[Clause, ...]


def apply_rules(
    source: Source,
    counties: Mapping[str, pd.Series],
    rules: Sequence[Rule],
) -> Findings:
    """Findings of ``rules`` on ``source``; rules whose data was not collected are listed as skipped."""
    parts, skipped = [], []
    for rule in rules:
        if rule.table not in source.frames or not len(source.frames[rule.table]):
            continue
        noted = replace(source.setting, notes=[])
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
    """The rows each reported column of ``rule`` is found in; what cannot be evaluated is noted."""
    if not rule.in_force(setting.day):
        setting.notes.append(f"not in force on {setting.day}")
        return
    for column in rule.columns:
        when = tuple(clause_for(clause, column) for clause in rule.when)
        there, missing = _collected(rule, when, column, source)
        if missing:
            # A rule on every table does not apply to a column that was not collected.
            if not rule.everywhere:
                setting.notes.append(f"not collected: {', '.join(missing)}")
            continue
        view = members_view(source, rule.table, there)
        mask = np.ones(len(view), dtype=bool)
        for clause in when:
            mask &= holds(clause, view, setting).fillna(False).to_numpy(dtype=bool)
        if rule.check and mask.any():
            whole = build_view(source, rule.table)
            mask[mask] = checks()[rule.check].wrong(whole[mask], column)
        if mask.any():
            leaves = [leaf for clause in when for leaf in comparisons_in(clause, setting.predicates)]
            yield _Hit(rule, column, np.flatnonzero(mask), tuple(one for one in leaves if {*columns_of(one)} <= there))


def _collected(rule: Rule, when: Sequence[Clause], column: str, source: Source) -> tuple[frozenset[str], list[str]]:
    """The columns ``rule`` reads that were collected, and what it needs that was not collected."""
    predicates = source.setting.predicates

    def lacks(name: str) -> list[str]:
        return [need for need in _needs(rule.table, name, source.setting) if not source.has(need)]

    there = frozenset(name for clause in when for name in needs(clause, predicates) if not lacks(name))
    missing = [
        need for c in when if not is_decidable(c, there, predicates)
        for name in sorted(needs(c, predicates)) for need in lacks(name)
    ]  # fmt: skip
    if rule.check:
        missing += [need for name in sorted({column, *checks()[rule.check].columns}) for need in lacks(name)]
    return there, list(dict.fromkeys(missing))


def _needs(table: str, name: str, setting: Setting) -> tuple[str, ...]:
    """The columns that a column of a view, or a condition on members, is computed from."""
    if name.startswith(SOMEBODY):
        asked = needs(name.removeprefix(SOMEBODY), setting.predicates)
        return tuple(need for one in asked for need in view_of("person").needs(one))
    return view_of(table).needs(name)


def _rule_findings(hit: _Hit, source: Source, counties: pd.Series, setting: Setting) -> pd.DataFrame:
    rule, name = hit.rule, hit.rule.table
    view = build_view(source, name).iloc[hit.rows]
    spec = view_of(name).column(hit.column)
    assert spec is not None
    values = [mask_identity(name, hit.column, text) for text in shown(view[hit.column], spec.type)]
    texts: dict[str, list[str]] = {
        language: sentences(rule.message[language], language, name, hit.column, view, hit.compared, setting)
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
        texts: dict[str, list[str]] = {}
        for language in LANGUAGES:
            said = {
                "label": column_label(fault.table, fault.column, language),
                "table": tables()[fault.table].label[language],
                "codes": code_words(fault.table, fault.column),
                "limit": source.month,
            }
            texts[language] = [words.message[language].format(value=value, **said) for value in values]
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
    """The parts as one frame of findings; types are set once, since each part has few rows."""
    if not parts:
        return merge_findings([]).frame
    frame = pd.concat(parts, ignore_index=True)[list(FINDING_COLUMNS)]
    return frame.astype({name: "Int64" if name == "row" else "str" for name in FINDING_COLUMNS})
