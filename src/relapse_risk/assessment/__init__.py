"""Assessing the county: every section of its report as tables with numerator, denominator and limit."""

from relapse_risk.assessment.county_data import CountyData
from relapse_risk.assessment.facts import compute_facts
from relapse_risk.assessment.facts_store import Facts, FactsManifest, read_facts
from relapse_risk.assessment.sampling import answer_weights, county_frame, telephone_sample, verification_sample
from relapse_risk.assessment.sections import ACTIONS, ASPECTS, EXHIBITS, INDICATORS, SECTIONS, TABLES
from relapse_risk.measures import CITY, LEAST, FactColumn, FactTable, Fraction, Indicator

__all__ = [
    "ACTIONS",
    "ASPECTS",
    "CITY",
    "EXHIBITS",
    "INDICATORS",
    "LEAST",
    "SECTIONS",
    "TABLES",
    "CountyData",
    "FactColumn",
    "FactTable",
    "Facts",
    "FactsManifest",
    "Fraction",
    "Indicator",
    "answer_weights",
    "compute_facts",
    "county_frame",
    "read_facts",
    "telephone_sample",
    "verification_sample",
]
