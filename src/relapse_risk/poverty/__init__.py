"""Poverty: lines, income measures, deprivation, dynamics and their inference from surveys."""

from relapse_risk.poverty.lines import first_line, line_of, poverty_line
from relapse_risk.poverty.measures import fgt, fgt_by_group, headcount, income_gap_ratio, is_poor, sen, sst, watts

__all__ = [
    "fgt",
    "fgt_by_group",
    "first_line",
    "headcount",
    "income_gap_ratio",
    "is_poor",
    "line_of",
    "poverty_line",
    "sen",
    "sst",
    "watts",
]
