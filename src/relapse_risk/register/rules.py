"""Quality rules: read from ``params/rules/*.yaml``, checked against the views before they are applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from relapse_risk.errors import ParameterError, unknown
from relapse_risk.languages import Label
from relapse_risk.months import month_end
from relapse_risk.parameters import Parameters, Place, params_dir, read_parameters
from relapse_risk.predicates import Predicate, Setting, read_predicates
from relapse_risk.predicates.clauses import Clause
from relapse_risk.predicates.predicate_files import check_clause
from relapse_risk.predicates.truth import SOMEBODY, is_decidable, needs
from relapse_risk.register.joins import view_of
from relapse_risk.register.named_checks import checks
from relapse_risk.schema import tables
from relapse_risk.yaml_reading import STRICT, check_model, label_of_keys, read_yaml

__all__ = ["INTAKE", "RULE_FILES", "IntakeRule", "Rule", "RuleBook", "clause_for", "read_rules"]

RULE_FILES = ("intake.yaml", "quality.yaml", "ranges.yaml", "cross.yaml")
# Faults found while a frame is typed and its keys and references are checked; the file gives message and severity.
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


@dataclass(frozen=True, slots=True)
class Selector:
    """The columns a rule on every table applies to: by type, unit or name, except those listed."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
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


@dataclass(frozen=True, slots=True)
class IntakeRule:
    """Message, kind and severity of a fault found while a frame is read."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    by_language: ClassVar[Any] = label_of_keys("message")
    severity: Severity
    kind: Kind
    message: Label
    source: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: as written, for all tables it names, or resolved, for one table.

    Attributes
    ----------
    column, each : str, tuple of str or Selector
        Which columns it reports, as written: one, or several.
    columns : tuple of str
        These columns of ``table``; a clause on ``each`` is evaluated for each of them.
    when : tuple of Clause
        All must hold.
    check : str
        Name of a check that must hold too; empty for none.
    scope : {"county", "city"}
        Whether rows of several counties must be seen at once.
    everywhere : bool
        Whether the rule applies to every table (``table: every``).
    area_codes : str
        Only for places whose areas have codes of this kind (``gb``); empty: for all.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    by_language: ClassVar[Any] = label_of_keys("message")
    id: str
    file: str
    table: str
    severity: Severity
    kind: Kind
    message: Label
    source: str
    column: str = ""
    each: tuple[str, ...] | Selector = ()
    when: tuple[Clause, ...] = ()
    check: str = ""
    scope: Literal["county", "city"] = "county"
    starts: date | None = None
    ends: date | None = None
    columns: tuple[str, ...] = ()
    everywhere: bool = False
    area_codes: str = ""

    def in_force(self, day: date) -> bool:
        return (self.starts is None or self.starts <= day) and (self.ends is None or day <= self.ends)


@dataclass(frozen=True, slots=True)
class _RuleFile:
    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    intake: Mapping[str, IntakeRule] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    item_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _read_file(root: Path, name: str) -> _RuleFile:
    """A rule file; each rule knows its own id and file."""
    content, file = read_yaml(root / "rules" / name), f"rules/{name}"
    if isinstance(content, dict) and isinstance(content.get("rules"), dict):
        rules = {
            identifier: {**rule, "id": identifier, "file": file} if isinstance(rule, dict) else rule
            for identifier, rule in content["rules"].items()
        }
        content = {**content, "rules": rules}
    return check_model(_RuleFile, content, file)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Every rule, the words of intake faults, and the groups of assistance items and predicates that clauses name."""

    rules: tuple[Rule, ...]
    intake: Mapping[str, IntakeRule]
    item_groups: Mapping[str, tuple[str, ...]]
    predicates: Mapping[str, Predicate]

    def setting(self, parameters: Parameters, place: Place, month: str, data_date: date | None = None) -> Setting:
        """The setting in which the rules are evaluated: the end of ``month``."""
        return Setting(parameters, place, month_end(month), self.predicates, data_date, self.item_groups)

    def for_place(self, place: Place) -> RuleBook:
        """Without the rules about another kind of area codes than the place's."""
        return replace(self, rules=tuple(rule for rule in self.rules if rule.area_codes in ("", place.area_codes)))

    def of(self, identifier: str) -> tuple[Rule, ...]:
        """The rules with this id (several when it applies to every table)."""
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
    files = {name: _read_file(root, name) for name in RULE_FILES}
    groups = _merged(files, "item_groups")
    intake = _merged(files, "intake")
    _check_intake(intake)
    _merged(files, "rules")
    rules = [rule for content in files.values() for written in content.rules.values() for rule in _expanded(written)]
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
            raise ParameterError("intake fault has no message", where="rules/intake.yaml", got=name, fix="add it")
    for name, rule in intake.items():
        _check_message(rule.message, MESSAGE_FIELDS, f"rules/intake.yaml: {name}")


def _expanded(rule: Rule) -> Iterator[Rule]:
    """The rule for each table it applies to."""
    where = f"{rule.file}: {rule.id}"
    if rule.table != EVERY and rule.table not in tables():
        raise unknown("table", rule.table, (EVERY, *tables()), where)
    if bool(rule.column) == bool(rule.each):
        raise ParameterError("a rule names either column or each", where=where, fix="keep one of them")
    if rule.table == EVERY and not isinstance(rule.each, Selector):
        raise ParameterError("a rule on every table selects columns by type, unit or name", where=where)
    if isinstance(rule.each, Selector):
        _check_selector(rule.each, f"{where}: each")
    for name in [rule.table] if rule.table != EVERY else list(tables()):
        columns = rule.each.columns(name) if isinstance(rule.each, Selector) else rule.each or (rule.column,)
        if columns:
            yield replace(rule, table=name, columns=columns, everywhere=rule.table == EVERY)


def _check_selector(selector: Selector, where: str) -> None:
    """Check that the types, units and column names it selects by, and the excluded columns, exist."""
    columns = [(table, column) for table in tables().values() for column in table.columns]
    for key, known in (
        ("types", {column.type for _, column in columns}),
        ("units", {column.unit for _, column in columns}),
        ("names", {column.name for _, column in columns}),
        ("but_for", {f"{table.name}.{column.name}" for table, column in columns}),
    ):
        for name in getattr(selector, key):
            if name not in known:
                raise unknown(f"word in {key}", name, sorted(known), f"{where}.{key}")


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
    _check_message(rule.message, (*MESSAGE_FIELDS, *view.names), where)


def _check_reach(clause: Clause, name: str, where: str, predicates: Mapping[str, Predicate]) -> None:
    """Refuse a predicate that reads no column of this view: it would never find anything."""
    read = needs(clause, predicates)
    there = {column for column in read if column in view_of(name).names or column.startswith(SOMEBODY)}
    if not is_decidable(clause, there, predicates):
        missing = " | ".join(column for column in read if column not in there)
        raise ParameterError("the view has none of the predicate's columns", where=where, got=missing)


def _check_message(message: Label, fields: Iterable[str], where: str) -> None:
    for language, text in message.by_language.items():
        for _, name, _, _ in Formatter().parse(text):
            if name is not None and name not in fields:
                raise unknown("message field", name, fields, f"{where}: {language}")
