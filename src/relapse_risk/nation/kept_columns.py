"""Which columns the frames of a nation hold: those that an index, a count, a score or a condition reads."""

from __future__ import annotations

from collections.abc import Mapping

from relapse_risk.assistance.catalogue import Catalogue
from relapse_risk.hardship import IndexDesign
from relapse_risk.poverty import DeprivationDesign
from relapse_risk.poverty.deprivation import columns_read
from relapse_risk.predicates import Predicate, needs
from relapse_risk.predicates.setting import INCOME_PERIOD
from relapse_risk.relapse import FEATURES

__all__ = ["AID", "AMOUNTS", "KEYS", "condition_columns", "household_columns", "index_columns", "person_columns"]

KEYS = ("household_id", "county_code", "town_code", "village_code", "month")
PERSON_KEYS = ("person_id", "household_id")
AID = (
    "household_id", "person_id", "item_code", "applied_on", "delivered_on", "decision", "period_start", "period_end",
)  # fmt: skip
# What amount rules read beyond the conditions of their item.
AMOUNTS = ("dibao_received", "tekun_received", "boarder", "scale", "net_income", "poor", "poor_before")


def index_columns(design: IndexDesign) -> list[str]:
    """Columns an index design reads, and those its priority and ties need."""
    inputs = [name for item in design.indicators for name in item.inputs]
    aid = [design.aid.column, design.aid.per] if design.aid else []
    return list(dict.fromkeys([*inputs, *aid, "income_pc_year", INCOME_PERIOD]))


def condition_columns(catalogue: Catalogue) -> list[str]:
    """Columns that the conditions and amounts of a catalogue read, of households or persons."""
    names = []
    for item in catalogue.items:
        for version in item.versions:
            named = version.names()
            names += [*named, *(need for name in named for need in needs(name, item.predicates))]
            names += [version.amount.column] if version.amount.column else []
    return list(dict.fromkeys(names))


def household_columns(
    index: IndexDesign, counted: DeprivationDesign, catalogue: Catalogue, predicates: Mapping[str, Predicate]
) -> list[str]:
    """Every household column a product reads; columns of persons only are left to the person table."""
    features = [need for feature in FEATURES for need in feature.needs]
    columns = [
        name
        for item in counted.indicators
        for name in (item.column, item.predicate, *columns_read(item, predicates))
        if name
    ]
    return list(
        dict.fromkeys([*KEYS, *index_columns(index), *columns, *features, *AMOUNTS, *condition_columns(catalogue)])
    )


def person_columns(catalogue: Catalogue) -> list[str]:
    """Every person column a condition may read; columns of households only are left to the household table."""
    return list(dict.fromkeys([*PERSON_KEYS, "boarder", *condition_columns(catalogue)]))
