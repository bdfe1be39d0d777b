"""Quality rules: read from ``params/rules/*.yaml``, checked against the views before anything is judged by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from relapse_risk.errors import ParameterError, unknown
from relapse_risk.months import month_end
from relapse_risk.parameters import Parameters, Place, params_dir, read_parameters
from relapse_risk.predicates import Predicate, Setting, read_predicates
from relapse_risk.predicates.clauses import Clause
from relapse_risk.predicates.predicate_files import check_clause
from relapse_risk.predicates.truth import SOMEBODY, is_judgeable, needs
from relapse_risk.register.joins import view_of
from relapse_risk.register.named_checks import checks
from relapse_risk.schema import tables
from relapse_risk.yaml_reading import check_model, read_yaml

__all__ = ["INTAKE", "RULE_FILES", "IntakeRule", "Rule", "RuleBook", "clause_for", "read_rules"]

RULE_FILES = ("intake.yaml", "quality.yaml", "ranges.yaml", "cross.yaml")
# Faults met while a frame is being typed and its keys and references followed; the file gives words and severity.
INTAKE = (
    "column_unknown", "not_a_number", "not_whole", "not_finite", "not_a_date", "not_yes_or_no",
    "code_unknown", "key_empty", "key_twice", "other_month", "reference_unknown", "reference_rejected",
    "county_unknown",
)  # fmt: skip
EVERY, EACH = "every", "each"
MESSAGE_FIELDS = ("value", "label", "limit", "table", "codes")
Severity = Literal["error", "warning"]
Kind = Literal[
    "person", "household", "missed", "empty", "logic", "late", "wrong exit", "range", "type", "code", "key",
    "reference", "date", "amount", "duplicate", "village",
]  # fmt: skip


class Selector(BaseModel):
    """Which columns a rule on every table speaks of: by type, unit or name, but for those listed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    types: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    but_for: tuple[str, ...] = ()

    def columns(self, name: str) -> tuple[str, ...]:
        return tuple(
            column.name
            for column in tables()[name].columns
            if (not self.types or column.type in self.types)
            and (not self.units or column.unit in self.units)
            and (not self.names or column.name in self.names)
            and f"{name}.{column.name}" not in self.but_for
        )


class IntakeRule(BaseModel):
    """The words, kind and severity of a fault met while a frame is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    severity: Severity
    kind: Kind
    zh: str
    en: str
    source: str


class _RuleSpec(IntakeRule):
    """One rule as written in a file."""

    table: str
    column: str | None = None
    each: tuple[str, ...] | Selector | None = None
    when: tuple[Clause, ...] = ()
    check: str | None = None
    scope: Literal["county", "city"] = "county"
    starts: date | None = None
    ends: date | None = None


class _RuleFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    intake: dict[str, IntakeRule] = {}
    rules: dict[str, _RuleSpec] = {}
    item_groups: dict[str, tuple[str, ...]] = {}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one table, ready to be applied.

    Attributes
    ----------
    columns : tuple of str
        The columns it reports; a clause on ``each`` is judged for each of them in turn.
    when : tuple of Clause
        All must hold.
    check : str
        Name of a check that must hold too; empty for none.
    scope : {"county", "city"}
        Whether rows of several counties must be seen at once.
    everywhere : bool
        Whether the rule speaks of every table (``table: every``).
    """

    id: str
    file: str
    table: str
    severity: Severity
    kind: str
    columns: tuple[str, ...]
    when: tuple[Clause, ...]
    check: str
    scope: Literal["county", "city"]
    zh: str
    en: str
    source: str
    starts: date | None
    ends: date | None
    everywhere: bool

    def in_force(self, day: date) -> bool:
        return (self.starts is None or self.starts <= day) and (self.ends is None or day <= self.ends)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Every rule, the words of intake faults, and the groups of assistance items and predicates that clauses name."""

    rules: tuple[Rule, ...]
    intake: Mapping[str, IntakeRule]
    item_groups: Mapping[str, tuple[str, ...]]
    predicates: Mapping[str, Predicate]

    def setting(self, parameters: Parameters, place: Place, month: str, data_date: date | None = None) -> Setting:
        """What the rules are judged against at the end of ``month``."""
        return Setting(parameters, place, month_end(month), self.predicates, data_date, self.item_groups)

    def of(self, identifier: str) -> tuple[Rule, ...]:
        """The rules with this id (several when it speaks of every table)."""
        return tuple(rule for rule in self.rules if rule.id == identifier)


def read_rules(folder: str | Path | None = None, parameters: Parameters | None = None) -> RuleBook:
    """Read and check every rule file below ``<params>/rules``.

    Raises
    ------
    ParameterError
        Naming file, rule and the nearest right name, for an unknown table, column, operation, code word, parameter,
        predicate, item group, check or message field, and for a rule or group given twice.

    Examples
    --------
    >>> book = read_rules()
    >>> book.of("1_02_001")[0].kind
    'missed'
    """
    root = params_dir(folder)
    known = parameters or read_parameters(root)
    files = {name: check_model(_RuleFile, read_yaml(root / "rules" / name), f"rules/{name}") for name in RULE_FILES}
    groups = _merged(files, "item_groups")
    intake = _merged(files, "intake")
    _check_intake(intake)
    _merged(files, "rules")
    rules = [
        rule
        for file, content in files.items()
        for identifier, spec in content.rules.items()
        for rule in _expanded(identifier, spec, f"rules/{file}")
    ]
    predicates = read_predicates(root, known)
    for rule in rules:
        _check_rule(rule, known, predicates, groups)
    return RuleBook(tuple(rules), intake, groups, predicates)


def clause_for(clause: Clause, column: str) -> Clause:
    """``clause`` with the word ``each`` replaced by ``column``."""
    for kind in ("all", "any"):
        if getattr(clause, kind) is not None:
            return clause.model_copy(update={kind: tuple(clause_for(part, column) for part in clause.parts)})
    if clause.not_ is not None:
        return clause.model_copy(update={"not_": clause_for(clause.not_, column)})
    return clause.model_copy(update={"column": column}) if clause.column == EACH else clause


def _merged(files: Mapping[str, _RuleFile], part: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for file, content in files.items():
        for name, value in getattr(content, part).items():
            if name in merged:
                raise ParameterError("name given twice", where=f"rules/{file}: {part}", got=name, fix="rename one")
            merged[name] = value
    return merged


def _check_intake(intake: Mapping[str, IntakeRule]) -> None:
    for name in intake:
        if name not in INTAKE:
            raise unknown("intake fault", name, INTAKE, "rules/intake.yaml")
    for name in INTAKE:
        if name not in intake:
            raise ParameterError("intake fault has no words", where="rules/intake.yaml", got=name, fix="add it")
    for name, rule in intake.items():
        _check_message(rule.zh, MESSAGE_FIELDS, f"rules/intake.yaml: {name}: zh")
        _check_message(rule.en, MESSAGE_FIELDS, f"rules/intake.yaml: {name}: en")


def _expanded(identifier: str, spec: _RuleSpec, file: str) -> Iterator[Rule]:
    """The rule for each table it speaks of."""
    where = f"{file}: {identifier}"
    if spec.table != EVERY and spec.table not in tables():
        raise unknown("table", spec.table, tables(), where)
    if (spec.column is None) == (spec.each is None):
        raise ParameterError("a rule names either column or each", where=where, fix="keep one of them")
    if spec.table == EVERY and not isinstance(spec.each, Selector):
        raise ParameterError("a rule on every table selects columns by type, unit or name", where=where)
    names = [spec.table] if spec.table != EVERY else list(tables())
    for name in names:
        columns = _reported(spec, name)
        if columns:
            yield Rule(
                identifier, file, name, spec.severity, spec.kind, columns, spec.when, spec.check or "", spec.scope,
                spec.zh, spec.en, spec.source, spec.starts, spec.ends, spec.table == EVERY,
            )  # fmt: skip


def _reported(spec: _RuleSpec, name: str) -> tuple[str, ...]:
    if isinstance(spec.each, Selector):
        return spec.each.columns(name)
    return spec.each if spec.each is not None else (spec.column or "",)


def _check_rule(
    rule: Rule, parameters: Parameters, predicates: Mapping[str, Predicate], groups: Mapping[str, tuple[str, ...]]
) -> None:
    where = f"{rule.file}: {rule.id}"
    view = view_of(rule.table)
    if not rule.when and not rule.check:
        raise ParameterError("a rule needs clauses (when) or a check", where=where)
    if rule.check and rule.check not in checks():
        raise unknown("check", rule.check, checks(), where)
    for column in rule.columns:
        if column not in view.names:
            raise unknown(f"column of view {rule.table}", column, view.names, where)
        for clause in (clause_for(one, column) for one in rule.when):
            check_clause(clause, rule.table, view.column, view.names, where, parameters, predicates, groups)
            _check_reach(clause, rule.table, where, predicates)
    for language, text in (("zh", rule.zh), ("en", rule.en)):
        _check_message(text, (*MESSAGE_FIELDS, *view.names), f"{where}: {language}")


def _check_reach(clause: Clause, name: str, where: str, predicates: Mapping[str, Predicate]) -> None:
    """A predicate that reads nothing this view has would never find anything."""
    read = needs(clause, predicates)
    there = {column for column in read if column in view_of(name).names or column.startswith(SOMEBODY)}
    if not is_judgeable(clause, there, predicates):
        missing = " | ".join(column for column in read if column not in there)
        raise ParameterError("a predicate of columns the view does not have", where=where, got=missing)


def _check_message(text: str, fields: Iterable[str], where: str) -> None:
    for _, name, _, _ in Formatter().parse(text):
        if name is not None and name not in fields:
            raise unknown("message field", name, fields, where)
