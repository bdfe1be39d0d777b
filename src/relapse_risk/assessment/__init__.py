"""Judging the county: every section of its report as tables with numerator, denominator and limit."""

from relapse_risk.assessment.base import CITY, CountyData, FactColumn, FactTable, Fraction, Indicator
from relapse_risk.assessment.facts import ASPECTS, INDICATORS, TABLES, Facts, FactsManifest, compute_facts, read_facts

__all__ = [
    "ASPECTS",
    "CITY",
    "INDICATORS",
    "TABLES",
    "CountyData",
    "FactColumn",
    "FactTable",
    "Facts",
    "FactsManifest",
    "Fraction",
    "Indicator",
    "compute_facts",
    "read_facts",
]
