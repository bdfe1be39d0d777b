"""Counts and what they rest on: columns, tables and indicators, each declared once."""

from relapse_risk.measures.bins import Bins
from relapse_risk.measures.fact_tables import ADDITIVE, CITY, PEOPLE, FactColumn, FactTable, Fraction, Indicator

__all__ = ["ADDITIVE", "CITY", "PEOPLE", "Bins", "FactColumn", "FactTable", "Fraction", "Indicator"]
