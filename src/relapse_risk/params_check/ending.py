"""What a parameter folder says that ends soon, or that a new year should already have renewed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from relapse_risk.months import add_months, month_end
from relapse_risk.params_check.reading import FilesRead

__all__ = ["MONTHS_AHEAD", "Ending", "endings"]

MONTHS_AHEAD = 13  # a year and the month in which next year's values are still being published


@dataclass(frozen=True, slots=True)
class Ending:
    """Something with a last day: file and key, what it is, and the day."""

    where: str
    what: str
    last_day: date


def endings(read: FilesRead, day: date) -> tuple[Ending, ...]:
    """Everything whose last day is before or within the 13 months after ``day``, soonest first.

    A parameter ends where its newest value is null or only carried on, an item where its newest version has an end, a rule where it has
    one; a line of a place is set for a year, so that it ends a year after its newest value began.
    """
    until = month_end(add_months(f"{day:%Y-%m}", MONTHS_AHEAD))
    found = [*_parameters(read), *_lines(read), *_items(read), *_rules(read)]
    return tuple(
        sorted((one for one in set(found) if one.last_day <= until), key=lambda one: (one.last_day, one.where))
    )


def _parameters(read: FilesRead) -> list[Ending]:
    found = []
    for parameter in read.parameters.by_name.values():
        start, entry = parameter.values[-1] if parameter.values else (date.max, None)
        if entry is None or parameter.name in read.elsewhere:
            continue
        if entry.value is None or entry.confidence == "carried":
            what = "parameter" if entry.value is None else f"parameter, {entry.value:g} carried on since"
            found.append(Ending(f"{parameter.file}: {parameter.name}", what, _day_before(start)))
    return found


def _lines(read: FilesRead) -> list[Ending]:
    found = []
    for place in read.places:
        for role, name in place.lines.items():
            values = read.parameters.by_name[name].values if name in read.parameters.by_name else ()
            if values and values[-1][1].value is not None and values[-1][1].confidence != "carried":
                start = values[-1][0]
                last = _day_before(start.replace(year=start.year + 1, day=min(start.day, 28)))
                where = f"{read.parameters.by_name[name].file}: {name}"
                found.append(Ending(where, f"{role} line of {place.name}, newest value of {start.isoformat()}", last))
    return found


def _items(read: FilesRead) -> list[Ending]:
    return [
        Ending(f"assistance/{catalogue.place}.yaml: {item.code}", "assistance item", item.versions[-1].end)
        for catalogue in read.catalogues
        for item in catalogue.items
        if item.versions[-1].end is not None
    ]


def _rules(read: FilesRead) -> list[Ending]:
    rules = read.rules.rules if read.rules else ()
    return [Ending(f"{rule.file}: {rule.id}", "rule", rule.ends) for rule in rules if rule.ends is not None]


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)
