"""Quality check: every rule against candidate rows (import) or against a whole register, county by county."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from relapse_risk.errors import ParameterError
from relapse_risk.months import month_end
from relapse_risk.parameters import Parameters, Place, read_place
from relapse_risk.register.checks import checks
from relapse_risk.register.clauses import Clause, Setting, clause_columns, holds
from relapse_risk.register.counties import counties_of
from relapse_risk.register.findings import (
    FINDING_COLUMNS,
    SKIPPED_COLUMNS,
    Findings,
    mask_identity,
    merge_findings,
    row_keys,
)
from relapse_risk.register.intake import Fault, key_faults, month_faults, reference_faults, typed_frame
from relapse_risk.register.joins import build_view, view_of
from relapse_risk.register.messages import LANGUAGES, code_words, column_label, sentences, shown
from relapse_risk.register.rules import Rule, RuleBook, clause_for, read_rules
from relapse_risk.register.views import Source
from relapse_risk.schema import tables

__all__ = ["apply_rules", "check_frames", "fault_findings"]


@dataclass(frozen=True, slots=True)
class _Hit:
    """Rows of one column for which one rule holds."""

    rule: Rule
    column: str
    rows: np.ndarray
    when: tuple[Clause, ...]


def check_frames(
    frames: Mapping[str, pd.DataFrame],
    month: str,
    parameters: Parameters,
    place: Place | str,
    *,
    known: Mapping[str, pd.Series] | None = None,
    data_date: date | None = None,
    rules: RuleBook | None = None,
) -> Findings:
    """Check candidate rows before they enter a register: every fault of every row, not the first.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Rows by table name, typed or still text, code columns as words.  Snapshot tables hold one month.  A column
        that is absent counts as not collected; one that is there but empty as left empty.
    month : str
        The month the rows describe, ``YYYY-MM``.
    parameters, place
        Dated parameters and the place (or its name), for lines and thresholds.
    known : mapping of str to Series, optional
        Rows already in the register that may be referred to: per table, county codes indexed by key.
    data_date : date, optional
        Nothing may have happened after this day; the last day of ``month`` when left out.
    rules : RuleBook, optional
        The rules; read from the parameter folder when left out.

    Returns
    -------
    Findings
        ``rejected_rows(table)`` gives the positions that errors reject, including rows that refer to a rejected row.

    Examples
    --------
    >>> from relapse_risk.parameters import read_parameters
    >>> rows = pd.DataFrame({"household_id": ["H1"], "snapshot_month": ["2020-12"], "household_size": ["two"],
    ...                      "village_code": ["371425101001"]})
    >>> found = check_frames({"household": rows}, "2020-12", read_parameters(), "dezhou")
    >>> found.frame[["rule", "value", "severity"]].values.tolist(), found.rejected_rows("household").tolist()
    ([['not_a_number', 'two', 'error']], [0])
    """
    book = rules or read_rules(parameters=parameters)
    beyond = known or {}
    typed: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    for name, frame in frames.items():
        typed[name], met = typed_frame(frame, name)
        faults += met + key_faults(typed[name], name) + month_faults(typed[name], name, month)
    collected = {name: frozenset(frame.columns) & frozenset(tables()[name].names) for name, frame in frames.items()}
    day = month_end(month)
    source = Source(typed, collected, month, day, data_date or day, book.item_groups)
    counties = counties_of(typed, {name: keys.to_dict() for name, keys in beyond.items()})
    judged = apply_rules(source, counties, book.rules, parameters, _place(place))
    told = fault_findings(faults, source, counties, book)
    found = merge_findings([Findings(told, judged.skipped.iloc[:0]), judged])
    references = _reference_faults(source, found, {n: frozenset(k.index) for n, k in beyond.items()}, counties)
    part = fault_findings(references, source, counties, book)
    return _sorted(merge_findings([found, Findings(part, found.skipped.iloc[:0])]))


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
    frame = pd.concat(parts, ignore_index=True) if parts else merge_findings([]).frame
    lines = pd.DataFrame(skipped, columns=pd.Index(SKIPPED_COLUMNS)).astype("str")
    return Findings(frame, lines)


def _place(place: Place | str) -> Place:
    return read_place(place) if isinstance(place, str) else place


def _only(codes: pd.Series) -> str:
    values = codes.unique()
    return str(values[0]) if len(values) == 1 else "city"


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
    return _frame(
        table=name, row=hit.rows, row_key=row_keys(source.frames[name], name, hit.rows),
        county_code=counties.iloc[hit.rows].to_numpy(), column=hit.column, value=values,
        rule=rule.id, kind=rule.kind, severity=rule.severity, **texts,
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
            _frame(
                table=fault.table,
                row=[pd.NA] if whole else fault.rows,
                row_key=[""] if whole else row_keys(source.frames[fault.table], fault.table, fault.rows),
                county_code="city" if whole else counties[fault.table].iloc[fault.rows].to_numpy(),
                column=fault.column, value=values, rule=fault.rule, kind=words.kind, severity=words.severity, **texts,
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else merge_findings([]).frame


def _frame(**columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(columns)[list(FINDING_COLUMNS)]
    return frame.astype({name: "Int64" if name == "row" else "str" for name in FINDING_COLUMNS})


def _reference_faults(
    source: Source, found: Findings, known: Mapping[str, frozenset[str]], counties: Mapping[str, pd.Series]
) -> list[Fault]:
    """Broken references, and rows that no county can be found for though their references stand."""
    rejected = {name: found.rejected_rows(name) for name in source.frames}
    faults = reference_faults(source.frames, known, rejected)
    for name, codes in counties.items():
        if tables()[name].county_from is None or name == "place_fact":
            continue
        lost = np.flatnonzero(codes.isna().to_numpy() | (codes == "unknown").to_numpy())
        broken = {int(i) for fault in faults if fault.table == name for i in fault.rows}
        rows = np.array([i for i in lost if int(i) not in broken], dtype=int)
        origin = str(tables()[name].county_from)
        followed = _is_followed(name, origin, source.frames, known)
        if len(rows) and followed:
            values = tuple(source.frames[name][origin].iloc[rows].astype("str").fillna(""))
            faults.append(Fault("county_unknown", name, origin, rows, values))
    return faults


def _is_followed(
    name: str, origin: str, frames: Mapping[str, pd.DataFrame], known: Mapping[str, frozenset[str]]
) -> bool:
    """Whether the county of a row can be told from what is at hand."""
    target = tables()[name].column(origin).refers_to
    return not target or target in frames or target in known or target in ("village", "county")


def _sorted(found: Findings) -> Findings:
    order = found.frame.sort_values(["table", "row", "column", "rule"], kind="stable", na_position="first")
    return Findings(order.reset_index(drop=True), found.skipped)
