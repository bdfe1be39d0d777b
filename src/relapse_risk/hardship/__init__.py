"""The hardship index: design, normalise, weigh, aggregate, explain."""

from relapse_risk.hardship.design import IndexDesign, Indicator, SubIndex, check_design, read_index
from relapse_risk.hardship.index import Composite, HardshipIndex, LeftOut, composite, hardship_index

__all__ = [
    "Composite",
    "HardshipIndex",
    "IndexDesign",
    "Indicator",
    "LeftOut",
    "SubIndex",
    "check_design",
    "composite",
    "hardship_index",
    "read_index",
]
