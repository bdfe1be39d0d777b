"""Counts and what they rest on: measures, columns, tables and indicators, each declared once."""

from relapse_risk.measures.bins import Bins
from relapse_risk.measures.counts import Cell, Count, read_count
from relapse_risk.measures.fact_tables import (
    ADDITIVE,
    CITY,
    LEAST,
    PEOPLE,
    FactColumn,
    FactTable,
    Fraction,
    Indicator,
    Pooled,
    Values,
)

__all__ = [
    "ADDITIVE", "CITY", "LEAST", "PEOPLE", "Bins", "Cell", "Count", "FactColumn", "FactTable", "Fraction", "Indicator",
    "Pooled", "Values", "read_count",
]  # fmt: skip
