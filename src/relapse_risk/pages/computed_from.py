"""Which dated parameters and which tables a computation reads, by the names in its code and in what it calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

from relapse_risk.measures import Indicator
from relapse_risk.parameters import Parameters, Place
from relapse_risk.predicates import limits_of, read_predicates

__all__ = ["parameters_in", "parameters_of", "tables_in"]

DEPTH = 4  # of calls that are followed
# What of a county's data a computation asks for, by the table that it is read from.
READS = {"household": {"now", "households", "members"}, "person": {"persons"}}


def parameters_of(item: Indicator, parameters: Parameters, place: Place) -> list[str]:
    """Dated parameters an indicator rests on: its limit, its line, and what its computation and predicates name.

    Examples
    --------
    >>> from relapse_risk.assessment import INDICATORS
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> near = next(item for item in INDICATORS if item.name == "near_line")
    >>> parameters_of(near, read_parameters(), read_place("dezhou"))
    ['national_line_b', 'near_line_ratio']
    """
    named = [item.limit, _line(place, item.line), *parameters_in(item.compute, parameters, place)]
    predicates = read_predicates(parameters.folder)
    if item.name in predicates:
        named += [_line(place, name) if kind == "line" else name for kind, name in limits_of(item.name, predicates)]
    return [name for name in dict.fromkeys(named) if name]


def _line(place: Place, role: str) -> str:
    """The parameter that serves as a line; empty where the place has none."""
    lines: Mapping[str, str] = place.lines  # type: ignore[assignment]
    return lines.get(role, "")


def parameters_in(function: Callable[..., Any], parameters: Parameters, place: Place) -> list[str]:
    """Parameters, and limits of predicates, that a computation names in its code or in what it calls in the package."""
    words = list(dict.fromkeys(word for word in _said_by(function, DEPTH, set()) if isinstance(word, str)))
    predicates = read_predicates(parameters.folder)
    found = [word for word in words if word in parameters.by_name]
    for word in words:
        if word in predicates:
            found += [_line(place, name) if kind == "line" else name for kind, name in limits_of(word, predicates)]
    return [name for name in dict.fromkeys(found) if name in parameters.by_name]


def tables_in(function: Callable[..., Any]) -> list[str]:
    """Tables that a computation reads through the county's data: households where it counts them, persons."""
    asked = {name for word in _said_by(function, DEPTH, set()) if isinstance(word, tuple) for name in word}
    return [name for name, ways in READS.items() if asked & ways]


def _said_by(function: Any, depth: int, seen: set[int]) -> Iterator[str | tuple[str, ...]]:
    """Texts of a function's code and of those it calls here, and, as a tuple, the names each uses."""
    function = getattr(function, "__wrapped__", function)
    if (
        not isinstance(function, FunctionType)
        or id(function) in seen
        or not function.__module__.startswith("relapse_risk.assessment")
    ):
        return
    seen.add(id(function))
    for code in _codes(function.__code__):
        yield code.co_names
        yield from (word for word in code.co_consts if isinstance(word, str))
        if depth:
            called = [function.__globals__[name] for name in code.co_names if name in function.__globals__]
            held = [cell.cell_contents for cell in function.__closure__ or ()]
            for one in [*called, *held]:
                yield from ([one] if isinstance(one, str) else _said_by(one, depth - 1, seen))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)
