"""The clause language of rules and predicates: one comparison of one column, or several combined, declared in YAML."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

__all__ = ["NUMERIC", "OPS_BY_TYPE", "Clause", "Group", "Limit", "Number"]

Scalar = bool | int | float | str
NUMERIC = ("below", "above", "at_least", "at_most", "between", "outside")
DATED = ("before", "after")
TEXT = ("length_in", "length_not_in", "digits", "not_digits", "starts_with", "not_starts_with")
EQUAL = ("is", "is_not", "in", "not_in")
ALWAYS = ("missing", "present", "same_as")
JOINED = ("all", "any", "not", "predicate", "somebody")
OPS_BY_TYPE = {
    "str": ALWAYS + EQUAL + TEXT,
    "code": ALWAYS + EQUAL,
    "int": ALWAYS + EQUAL + NUMERIC,
    "float": ALWAYS + EQUAL + NUMERIC,
    "bool": (*ALWAYS, "is", "is_not"),
    "date": ALWAYS + DATED,
}


class Limit(BaseModel):
    """The limit a value is compared with: a number, another column, a dated parameter, or a line of the place.

    ``at`` names a column whose date (or month, or year) decides which dated value holds.  Without it a line is that of
    the year the row's income is of (``income_period``), anything else that of the setting's day.  ``times`` multiplies a number, by a number or by a dated parameter; ``per`` multiplies it by a column
    (a cap per person); ``plus`` adds to it; ``months`` and ``days`` shift a date.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    number: float | None = None
    column: str | None = None
    parameter: str | None = None
    line: Literal["poverty", "monitoring", "dibao"] | None = None
    day: Literal["data_date", "month_end"] | date | None = None
    at: str | None = None
    times: float | str = 1.0
    per: str | None = None
    plus: float = 0.0
    months: int = 0
    days: int = 0

    @model_validator(mode="after")
    def _one_origin(self) -> Limit:
        origins = (self.number, self.column, self.parameter, self.line, self.day)
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("a limit names exactly one of number, column, parameter, line, day")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns without which the limit is unknown."""
        return tuple(name for name in (self.column, self.per, self.at) if name)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Dated parameters named; a line is one of the place."""
        return tuple(name for name in (self.parameter, self.times) if isinstance(name, str))


def _as_limit(given: object) -> object:
    """A bare number is a limit too."""
    return {"number": given} if isinstance(given, int | float) and not isinstance(given, bool) else given


Number = Annotated[Limit, BeforeValidator(_as_limit)]


class Group(BaseModel):
    """A named group of assistance items (``item_groups`` of the rule files)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    group: str


class Clause(BaseModel):
    """One comparison (``column`` or ``quantity`` and exactly one operation), or a combination of clauses.

    ``all`` and ``any`` of several, ``not`` of one; ``predicate``: another one by name (a bare name means the same, a bare
    list means ``all``); ``somebody``: a person predicate that holds for some member of the household.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    column: str | None = None
    quantity: str | None = None
    all: tuple[Clause, ...] | None = None
    any: tuple[Clause, ...] | None = None
    not_: Clause | None = Field(default=None, alias="not")
    predicate: str | None = None
    somebody: str | None = None
    missing: Literal[True] | None = None
    present: Literal[True] | None = None
    same_as: Limit | None = None
    is_: Scalar | None = Field(default=None, alias="is")
    is_not: Scalar | None = None
    in_: tuple[Scalar, ...] | Group | None = Field(default=None, alias="in")
    not_in: tuple[Scalar, ...] | Group | None = None
    below: Number | None = None
    above: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    between: tuple[float, float] | None = None
    outside: tuple[float, float] | None = None
    before: Limit | None = None
    after: Limit | None = None
    length_in: tuple[int, ...] | None = None
    length_not_in: tuple[int, ...] | None = None
    digits: int | None = None
    not_digits: int | None = None
    starts_with: Limit | None = None
    not_starts_with: Limit | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, given: object) -> object:
        if isinstance(given, str):
            return {"predicate": given}
        return {"all": given} if isinstance(given, list | tuple) else given

    @model_validator(mode="after")
    def _one_operation(self) -> Clause:
        given = [name for name in _FIELD_BY_OP if getattr(self, _FIELD_BY_OP[name]) is not None]
        joined = [name for name in JOINED if getattr(self, _FIELD_BY_JOIN.get(name, name)) is not None]
        if joined:
            if len(joined) > 1 or given or self.column or self.quantity or not self._inner:
                raise ValueError(f"'{joined[0]}' stands alone" + (" and lists at least one clause" if joined[0] in ("all", "any") else ""))  # fmt: skip
        elif (self.column is None) == (self.quantity is None) or len(given) != 1:
            raise ValueError(f"a clause names a column and exactly one operation, got {given or 'none'}")
        return self

    @property
    def _inner(self) -> tuple[object, ...]:
        joined = self.all or self.any or (self.not_,)
        return joined if joined != (None,) else tuple(n for n in (self.predicate, self.somebody) if n)

    @property
    def parts(self) -> tuple[Clause, ...]:
        """The clauses directly combined by this one."""
        return self.all or self.any or ((self.not_,) if self.not_ is not None else ())

    @property
    def is_leaf(self) -> bool:
        """Whether it is a comparison."""
        return self.column is not None or self.quantity is not None

    @property
    def op(self) -> str:
        """The name of the operation (of a comparison)."""
        return next(name for name, attribute in _FIELD_BY_OP.items() if getattr(self, attribute) is not None)

    @property
    def operand(self) -> Any:
        return getattr(self, _FIELD_BY_OP[self.op])

    @property
    def limit(self) -> Limit | None:
        return self.operand if isinstance(self.operand, Limit) else None

    def walk(self) -> Iterator[Clause]:
        """This clause and every clause inside it; predicates are not followed."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def names(self) -> tuple[str, ...]:
        """Every predicate named in it, in order."""
        return tuple(clause.predicate for clause in self.walk() if clause.predicate is not None)


_FIELD_BY_JOIN = {"not": "not_"}
_FIELD_BY_OP = {
    "is": "is_", "in": "in_",
    **{name: name for name in (*ALWAYS, "is_not", "not_in", *NUMERIC, *DATED, *TEXT)},
}  # fmt: skip
