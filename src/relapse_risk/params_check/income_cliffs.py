"""Items of assistance that end in whole at an income, so that one yuan more costs a household the aid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from relapse_risk.assistance.amounts import TAPERED
from relapse_risk.assistance.catalogue import Item, Version
from relapse_risk.assistance.cliffs import INCOME_COLUMNS
from relapse_risk.params_check.reading import FilesRead
from relapse_risk.predicates import needs
from relapse_risk.predicates.clauses import Clause

__all__ = ["IncomeCliff", "income_cliffs"]


@dataclass(frozen=True, slots=True)
class IncomeCliff:
    """An item that ends in whole at an income: file and code, the conditions on income, and what is lost in a year.

    ``worth`` is money a year (the largest amount that the item's words give); None where it is not a fixed sum.
    """

    where: str
    conditions: tuple[str, ...]
    worth: float | None


def income_cliffs(read: FilesRead, day: date) -> tuple[IncomeCliff, ...]:
    """Items in force on ``day`` with a condition on income and an amount that does not taper off, the largest first."""
    found = [
        IncomeCliff(f"assistance/{catalogue.place}.yaml: {item.code}", conditions, _worth(item, version))
        for catalogue in read.catalogues
        for item in catalogue.items
        if (version := item.on(day)) is not None and not _tapers(version)
        if (conditions := tuple(_on_income(item, version.requires)))
    ]
    return tuple(sorted(found, key=lambda one: (-(one.worth or 0.0), one.where)))


def _on_income(item: Item, requires: Clause) -> Iterator[str]:
    """Names of the item's conditions that read an income."""
    for name in dict.fromkeys(requires.names()):
        if set(needs(name, item.predicates)) & set(INCOME_COLUMNS):
            yield name


def _tapers(version: Version) -> bool:
    return version.amount.rule in TAPERED


def _worth(item: Item, version: Version) -> float | None:
    """Money a year, where it is written down."""
    sums = [version.amount.fixed, *version.amount.by_word.values()]
    known = [amount for amount in sums if amount is not None]
    return (max(known) * item.payments_a_year or None) if known else None
