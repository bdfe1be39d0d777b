"""What a table or indicator needs of the register and was not collected, in the labels of the data dictionary."""

from __future__ import annotations

from collections.abc import Iterable

from relapse_risk.pages.block import Speaks
from relapse_risk.schema import code_list, table, tables
from relapse_risk.text import has_text
from relapse_risk.text.by_language import enumerated

__all__ = ["named_needs", "needs_by_table"]

LATE = "not_received:"  # a table that is expected and has not come yet
IN_WORDS = ("not_scored", "not_fitted", "no_cases", "few_people")  # reasons that name no column


def named_needs(source: Speaks, reasons: Iterable[str]) -> str:
    """What reasons name, each once: ``Households: Dwelling grade, Visits``."""
    named = dict.fromkeys(_named(source, need) for need in _needs(reasons))
    return enumerated(named, source.language)


def needs_by_table(source: Speaks, reasons: Iterable[str]) -> str:
    """The same, the columns of a table together: ``Households (Dwelling grade, Main cause of poverty); Visits``."""
    found: dict[str, list[str]] = {}
    for need in _needs(reasons):
        name, column = _parts(need)
        known = not need.startswith(LATE) and name in tables() and column in table(name).names
        columns = found.setdefault(table(name).label[source.language] if known else _named(source, need), [])
        columns += [table(name).column(column).label[source.language]] if known else []
    end = source.say("punctuation.between")
    return end.join(
        source.say("annex.columns_of", table=of, columns=enumerated(columns, source.language)) if columns else of
        for of, columns in found.items()
    )


def _needs(reasons: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(need for reason in reasons for need in str(reason).split(", ") if need))


def _parts(need: str) -> tuple[str, str]:
    name, _, column = need.replace(":", ".").partition(".")
    return name, column


def _named(source: Speaks, need: str) -> str:
    """``household.dwelling_grade`` (or a word of it, ``household.household_class=ordinary``) as the dictionary calls it."""
    if need.startswith(IN_WORDS):
        return source.say(f"report.{need.split(':')[0]}")
    if need.startswith(LATE):
        return source.say("report.not_received", what=table(need.removeprefix(LATE)).label[source.language])
    name, column = _parts(need)
    if name == "place_fact" and column:
        key = f"need.{column.replace(' ', '_')}"
        return source.say(key) if has_text(key) else table(name).label[source.language]
    if name not in tables():
        key = f"need.{name}_{column}"
        return source.say(key) if has_text(key) else need
    spec = table(name)
    column, _, word = column.partition("=")
    if not column or column not in spec.names:
        return spec.label[source.language]
    found = spec.column(column)
    label = code_list(found.codes).label(word, source.language) if word else found.label[source.language]
    return source.say("report.column_of", table=spec.label[source.language], column=label)
