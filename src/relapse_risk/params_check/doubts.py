"""Values that can be read and are hardly meant: units, jumps, dates out of order, borrowed sources, second definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from relapse_risk.assessment import INDICATORS
from relapse_risk.errors import RelapseRiskError
from relapse_risk.parameters import PARAMETER_FILES, Parameter
from relapse_risk.params_check.reading import Fault, FilesRead
from relapse_risk.predicates import read_predicates
from relapse_risk.yaml_reading import read_yaml

__all__ = ["doubts"]

JUMP = 3.0  # times from one dated value to the next: no line or amount moved so far in a step
LINE_OVER_POVERTY = {"monitoring": (1.0, 2.5), "dibao": (0.5, 3.0)}  # of the poverty line on the same day
# What a name ends in says its unit; CURRENCY stands for any currency.
UNIT_OF_NAME = (
    (r"_days(_max)?$", r"(working )?days(/year)?"), (r"_months$", r"months"), (r"_minutes(_max)?$", r"minutes per trip"),
    (r"_(limit|target|share|guide)(_|$)", r"share\b.*"), (r"_ratio$", r"ratio\b.*|share"), (r"_rate$", r"share\b.*"),
    (r"line", r"[A-Z]{3}/(person|adult equivalent)/year"),
)  # fmt: skip
# The order of values of a unit; what is usually true of each.
USUAL = (
    (r"CNY/(person|household|village).*", (500.0, 20000.0)), (r"days|days/year", (5.0, 60.0)), (r"working days", (2.0, 15.0)), (r"minutes per trip", (5.0, 60.0)),
    (r"L/person/day", (15.0, 100.0)), (r"months", (1.0, 12.0)), (r"ratio.*", (0.5, 3.0)), (r"number of types", (1.0, 5.0)),
    (r"households or persons", (3.0, 10.0)), (r"households", (5.0, 30.0)), (r"share a year", (0.01, 0.15)), (r"share of the rows before", (0.005, 0.2)),
    (r"share of (registered persons|scored households)", (0.02, 0.3)),
)  # fmt: skip
OWN = re.compile(
    r"set by this project|not published|no document|unverified|low confidence|medium confidence|from memory"
)
SOURCE_ID = re.compile(r"\b(DEF|LAW|ART|QA|DZ|SD|SC)-[A-Z0-9]+(-[A-Z0-9]+)*")


def doubts(read: FilesRead) -> tuple[Fault, ...]:
    """Everything doubtful among dated parameters and predicates, by file and key.

    Units that disagree with the name or the indicator judged; shares outside 0 to 1; a value over three times the one
    before; lines out of proportion on one day; dates that do not ascend; a documented limit whose document is not that of
    the indicator it judges, or that is called documented and says it is not; two parameters or predicates of one meaning.
    """
    found = [*_parameters(read), *_lines(read), *_limits(read), *_dates(read.folder), *_doubles(read)]
    return tuple(dict.fromkeys(found))


def _where(parameter: Parameter, start: date | None = None) -> str:
    return f"{parameter.file}: {parameter.name}" + (f": {start.isoformat()}" if start else "")


def _parameters(read: FilesRead) -> Iterator[Fault]:
    for one in read.parameters.by_name.values():
        wanted = next((unit for name, unit in UNIT_OF_NAME if re.search(name, one.name)), None)
        if wanted and not re.fullmatch(wanted, one.unit):
            yield Fault(f"{_where(one)}: unit", "a unit that the name does not suggest", one.unit, f"expected {wanted}")
        known = [(start, entry.value) for start, entry in one.values if entry.value is not None]
        for start, value in known:
            if one.unit.startswith("share") and not 0 <= value <= 1:
                yield Fault(_where(one, start), "a share outside 0 to 1", f"{value:g}", "write 0.05 for 5 %")
            if value < 0 or (one.unit.startswith(("days", "working days", "months")) and value != int(value)):
                yield Fault(
                    _where(one, start), "not a number of this unit", f"{value:g} {one.unit}", "check value and unit"
                )
            yield from _amount(one, start, value)
        for (_, before), (start, value) in pairwise(known):
            if before > 0 and not 1 / JUMP <= value / before <= JUMP:
                yield Fault(
                    _where(one, start),
                    "far from the value before it",
                    f"{value:g} after {before:g}",
                    "a digit too many or too few?",
                )
        for start, entry in one.values:
            if entry.confidence == "documented" and OWN.search(entry.source) and not SOURCE_ID.search(entry.source):
                yield Fault(
                    _where(one, start),
                    "called documented, by a source that says otherwise",
                    entry.source,
                    "name the document or the confidence",
                )
            halves = [{found[0] for found in SOURCE_ID.finditer(half)} for half in entry.source.split("|")]
            if any(half != halves[0] for half in halves):
                yield Fault(
                    _where(one, start),
                    "other documents in one language than in the other",
                    entry.source,
                    "name the same in both",
                )
            if entry.value is not None and entry.confidence != "carried" and not entry.source:
                yield Fault(_where(one, start), "a value without a source", f"{entry.value}", "say where it is from")


def _amount(one: Parameter, start: date, value: float) -> Iterator[Fault]:
    """A limit that nearly everybody meets or misses; an amount or a number of days of another order."""
    directions = {item.direction for item in INDICATORS if item.limit == one.name and item.unit == "share"}
    bounds = next((bound for unit, bound in USUAL if re.fullmatch(unit, one.unit)), (-float("inf"), float("inf")))
    if one.unit.startswith("share") and directions:
        bounds = (
            (0.5, 1.0)
            if directions == {"higher_better"}
            else (0.0, 0.1)
            if directions == {"lower_better"}
            else (0.0, 1.0)
        )
    if not bounds[0] <= value <= bounds[1]:
        yield Fault(
            _where(one, start),
            "of another order than such values are",
            f"{value:g} {one.unit}",
            f"expected {bounds[0]:g} to {bounds[1]:g}",
        )


def _lines(read: FilesRead) -> Iterator[Fault]:
    for place in read.places:
        lines = {role: read.parameters.by_name.get(name) for role, name in place.lines.items()}
        poverty = lines.get("poverty")
        for line in lines.values():
            if line is not None and poverty is not None and line.unit != poverty.unit:
                where = f"{_where(line)}: unit"
                yield Fault(
                    where,
                    f"lines of {place.name} in two units",
                    line.unit,
                    f"expected {poverty.unit}, as {poverty.name}",
                )
        for role, (least, most) in LINE_OVER_POVERTY.items():
            line = lines.get(role)  # type: ignore[call-overload]
            for start, entry in line.values if line is not None and poverty is not None else ():
                try:
                    over = entry.value / poverty.on(start).value if entry.value is not None and poverty else None
                except RelapseRiskError:
                    continue
                if over is not None and not least <= over <= most:
                    yield Fault(
                        _where(line, start), f"out of proportion to the poverty line of {place.name}", f"{entry.value:g}, {over:.2f} times it",
                        f"expected {least:g} to {most:g} times",
                    )  # fmt: skip


def _limits(read: FilesRead) -> Iterator[Fault]:
    for item in INDICATORS:
        limit = read.parameters.by_name.get(item.limit) if item.limit else None
        if limit is None:
            continue
        if item.unit == "share" and not limit.unit.startswith("share"):
            yield Fault(
                f"{_where(limit)}: unit",
                f"another unit than the indicator {item.name} it judges",
                limit.unit,
                "expected share",
            )
        for start, entry in limit.values:
            named = [found[0] for found in SOURCE_ID.finditer(entry.source)]
            of_guarantees = item.section == 5 and "DEF-3G" in named
            if entry.confidence == "documented" and item.source not in named and not of_guarantees:
                yield Fault(
                    _where(limit, start), f"documented by a source that does not speak of {item.name}", entry.source,
                    f"expected {item.source or 'a document of its own'}, or confidence: assumed",
                )  # fmt: skip


def _dates(folder: Path) -> Iterator[Fault]:
    for file in PARAMETER_FILES:
        content = read_yaml(folder / file)
        for name, spec in content.items() if isinstance(content, dict) else ():
            days = (
                [day for day in (spec.get("values") or {}) if isinstance(day, date)] if isinstance(spec, dict) else []
            )
            for before, day in pairwise(days):
                if day <= before:
                    yield Fault(
                        f"{file}: {name}: {day.isoformat()}",
                        "dated before the value above it",
                        day.isoformat(),
                        f"expected after {before.isoformat()}: are two dates swapped?",
                    )


def _doubles(read: FilesRead) -> Iterator[Fault]:
    seen: dict[Any, str] = {}
    for one in read.parameters.by_name.values():
        yield from _second(seen, ("label", one.label.zh), _where(one), "a second parameter of one name in words")
        yield from _second(seen, ("label", one.label.en), _where(one), "a second parameter of one name in words")
    try:
        predicates = read_predicates(read.folder)
    except RelapseRiskError:
        return
    for name, known in predicates.items():
        if known.when is not None:
            yield from _second(
                seen, (known.unit, known.when), f"{known.file}: {name}", "a second predicate of one meaning"
            )


def _second(seen: dict[Any, str], key: Any, where: str, what: str) -> Iterator[Fault]:
    first = seen.setdefault(key, where)
    if first != where:
        yield Fault(where, what, where.rpartition(": ")[2], f"the first is {first}: use that one")
