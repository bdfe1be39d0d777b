"""The catalogue of assistance items: read from ``params/assistance/``, dated, fully checked before use.

An item lists its conditions by name (:mod:`relapse_risk.predicates`); the list *is* the explanation.  A change of law
is a second version with its own dates, so that an old month is assessed by the law in force then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field

from relapse_risk.assistance.amounts import AMOUNT_RULES
from relapse_risk.errors import ParameterError, unknown
from relapse_risk.languages import Label
from relapse_risk.layers import packaged_params
from relapse_risk.parameters import Confidence, params_dir
from relapse_risk.predicates import Predicate, read_predicates
from relapse_risk.predicates.clauses import Clause
from relapse_risk.predicates.truth import named_in
from relapse_risk.schema import code_list, table
from relapse_risk.yaml_reading import STRICT, check_model, read_yaml

__all__ = ["Catalogue", "Item", "Level", "Version", "read_catalogue"]

Level = Literal["household", "person"]
Cadence = Literal["monthly", "quarterly", "term", "yearly", "event", "once"]
Role = Literal["serious_illness_visits", "outpatient_drugs", "public_works_post"]
Kind = Literal["cash", "in_kind", "service", "reimbursement", "insurance", "eligibility"]
PAYMENTS_A_YEAR: Mapping[str, int] = MappingProxyType(
    {"monthly": 12, "quarterly": 4, "term": 2, "yearly": 1, "event": 1, "once": 1}
)


@dataclass(frozen=True, slots=True)
class Amount:
    """How much one delivery is worth: fixed, by the word of a column, a share of a column, or a rule of ``amounts.py``."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    fixed: Annotated[float | None, Field(ge=0)] = None
    rule: str | None = None
    share: Annotated[float | None, Field(gt=0, le=1)] = None
    by_word: Mapping[str, Annotated[float, Field(ge=0)]] = field(default_factory=dict)
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """The rules of one item between two days (``end`` is the last day, ``None``: still in force).

    ``keeps``: conditions for keeping the item, where receiving it ends a condition in ``requires`` (a post ends
    unemployment); ``None``: the same as ``requires``.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    start: date
    requires: Clause
    amount: Amount
    end: date | None = None
    keeps: Clause | None = None
    statutory_days: Annotated[int | None, Field(gt=0)] = None
    papers: Annotated[int | None, Field(ge=0)] = None

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return (self.requires,) if self.keeps is None else (self.requires, self.keeps)

    def names(self) -> tuple[str, ...]:
        """Every predicate named, in order."""
        return tuple(name for clause in self.clauses for name in clause.names())


def _by_start(versions: tuple[Version, ...]) -> tuple[Version, ...]:
    return tuple(sorted(versions, key=lambda version: version.start))


@dataclass(frozen=True, slots=True)
class Item:
    """One assistance item: department, recipients, amount, and confidence in its description.

    ``role``: what lists need the item for, whatever its code: visits to the seriously ill, drugs for chronic patients, a
    public-works post.  ``predicates``: those its versions use, by name.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    code: str
    label: Label
    department: str
    direction: str
    level: Level
    kind: Kind
    cadence: Cadence
    source: str
    confidence: Confidence
    versions: Annotated[tuple[Version, ...], Field(min_length=1), AfterValidator(_by_start)]
    note: str = ""
    role: Role | None = None
    excludes: tuple[str, ...] = ()
    predicates: Mapping[str, Predicate] = field(default_factory=dict)

    def on(self, day: date) -> Version | None:
        """The version in force on ``day``, ``None`` where the item did not exist."""
        for version in self.versions:
            if version.start <= day and (version.end is None or day <= version.end):
                return version
        return None

    @property
    def payments_a_year(self) -> int:
        return PAYMENTS_A_YEAR[self.cadence]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every item of one place, in file order; the order gives each item its bit."""

    place: str
    items: tuple[Item, ...]

    def item(self, code: str) -> Item:
        for item in self.items:
            if item.code == code:
                return item
        raise unknown("item", code, [item.code for item in self.items], f"assistance/{self.place}.yaml")

    def of_level(self, level: Level) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.level == level)

    def roles(self) -> Mapping[str, tuple[str, ...]]:
        """Codes of the items of each role that some item has."""
        found: dict[str, tuple[str, ...]] = {}
        for item in self.items:
            if item.role is not None:
                found[item.role] = (*found.get(item.role, ()), item.code)
        return found

    def exclusions(self) -> tuple[tuple[Item, Item, str], ...]:
        """(item, item it excludes, column they share): the person if both are for persons, else the household."""
        return tuple(
            (item, other, "person_id" if item.level == other.level == "person" else "household_id")
            for item in self.items
            for other in (self.item(code) for code in item.excludes)
        )

    def __len__(self) -> int:
        return len(self.items)


def read_catalogue(place: str, folder: str | None = None) -> Catalogue:
    """Read and check ``assistance/<place>.yaml``.

    Raises
    ------
    ParameterError
        Where the place has no catalogue; for an unknown predicate, amount rule, department or excluded item, versions that overlap or leave a gap,
        more than 64 items, or items that exclude themselves or each other.

    Examples
    --------
    >>> read_catalogue("dezhou").item("MZ01").label.en
    'Rural minimum living allowance'
    """
    file = f"assistance/{place}.yaml"
    path = params_dir(folder) / file
    if not path.is_file():
        raise ParameterError(
            "this place has no catalogue of aid", where=f"params/{file}",
            fix=f"write it after the model of {packaged_params() / 'assistance' / 'dezhou.yaml'}",
        )  # fmt: skip
    content = read_yaml(path)
    if not isinstance(content, dict) or not content:
        raise ParameterError("not a mapping of items", where=file, got=type(content).__name__)
    known = read_predicates(folder)
    items = tuple(_item(code, spec, file, known) for code, spec in content.items())
    if len(items) > 64:
        raise ParameterError("more than 64 items", where=file, got=len(items), fix="split the catalogue by department")
    _check_exclusions(items, file)
    return Catalogue(place, items)


def _item(code: str, content: Any, file: str, known: Mapping[str, Predicate]) -> Item:
    where = f"{file}: {code}"
    item = check_model(Item, {**content, "code": code} if isinstance(content, dict) else content, where)
    for kind, word in (("department", item.department), ("assistance_direction", item.direction)):
        if word not in code_list(kind).words:
            raise unknown(kind, word, code_list(kind).words, where)
    for version in item.versions:
        _check_version(version, item.level, where, known)
    _check_dates(item.versions, where)
    named = {name: known[name] for version in item.versions for name in named_in(version.clauses, known)}
    return replace(item, predicates=MappingProxyType(named))


def _check_version(version: Version, level: Level, where: str, known: Mapping[str, Predicate]) -> None:
    for clause in version.clauses:
        if any(part.is_leaf or part.somebody for part in clause.walk()):
            fix = "define it in params/predicates with its labels, and name it here"
            raise ParameterError("an item names its predicates", where=where, fix=fix)
    for name in version.names():
        if name not in known:
            raise unknown("condition", name, known, where, otherwise="add it to params/predicates")
        if known[name].unit not in ("household", level):
            raise ParameterError(f"a {level} item cannot ask a {known[name].unit} condition", where=where, got=name)
    _check_amount(version.amount, where)


def _check_amount(amount: Amount, where: str) -> None:
    given = sum(option is not None for option in (amount.fixed, amount.rule, amount.share)) + bool(amount.by_word)
    of_column = bool(amount.by_word) or amount.share is not None
    if given != 1 or of_column != bool(amount.column):
        raise ParameterError(
            "an amount needs exactly one form",
            where=where,
            expected="fixed, or rule, or share or by_word with column",
            got=str(amount),
        )
    if amount.rule is not None and amount.rule not in AMOUNT_RULES:
        raise unknown("amount rule", amount.rule, sorted(AMOUNT_RULES), where)
    if amount.column is not None:
        _check_column(amount, where)


def _check_column(amount: Amount, where: str) -> None:
    """Check that the column is in the dictionary and its words are in its code list."""
    columns = {c.name: c for name in ("household", "person", "income") for c in table(name).columns}
    if amount.column not in columns:
        raise unknown("column of an amount", amount.column, columns, where)
    codes = columns[amount.column].codes
    words = code_list(codes).words if codes else ()
    for word in amount.by_word:
        if word not in words:
            raise unknown("word of an amount", word, words, f"{where}: {amount.column}")


def _check_dates(versions: tuple[Version, ...], where: str) -> None:
    for version in versions:
        if version.end is not None and version.end < version.start:
            raise ParameterError("ends before it starts", where=where, got=f"{version.start} … {version.end}")
    for earlier, later in pairwise(versions):
        if earlier.end is None or earlier.end >= later.start:
            raise ParameterError(
                "versions overlap",
                where=where,
                got=f"{earlier.start} … {earlier.end or 'open'} and {later.start} …",
                fix=f"end the earlier one on {later.start - timedelta(days=1)}",
            )
        if earlier.end + timedelta(days=1) != later.start:
            raise ParameterError(
                "gap between versions", where=where, got=f"{earlier.end} and {later.start}", fix="close the gap"
            )


def _check_exclusions(items: tuple[Item, ...], file: str) -> None:
    codes = {item.code for item in items}
    for item in items:
        for other in item.excludes:
            if other not in codes:
                raise unknown("item in excludes", other, codes, f"{file}: {item.code}")
            if other == item.code:
                raise ParameterError("excludes itself", where=f"{file}: {item.code}", got=other)
    _check_precedence(items, file)


def _check_precedence(items: tuple[Item, ...], file: str) -> None:
    """Refuse exclusions that lead back to the start."""
    edges = {item.code: item.excludes for item in items}
    done: set[str] = set()

    def visit(code: str, path: tuple[str, ...]) -> None:
        if code in path:
            circle = " → ".join((*path[path.index(code) :], code))
            raise ParameterError("circular exclusion", where=f"{file}: {code}", got=circle, fix="drop one direction")
        if code not in done:
            for other in edges[code]:
                visit(other, (*path, code))
            done.add(code)

    for code in edges:
        visit(code, ())
