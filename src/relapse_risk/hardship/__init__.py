"""The hardship index: design, normalise, weigh, aggregate, explain, and say how far the choices matter."""

from relapse_risk.hardship.design import IndexDesign, Indicator, SubIndex, check_design, read_index
from relapse_risk.hardship.index import Composite, HardshipIndex, LeftOut, composite, hardship_index, score_units
from relapse_risk.hardship.multicriteria import benefit_of_the_doubt, topsis
from relapse_risk.hardship.order import TieRule, order_of, rank_scores
from relapse_risk.hardship.tables import design_from_table, design_to_table
from relapse_risk.hardship.uncertainty import (
    Draws,
    Uncertainty,
    draw_weights,
    draws_at,
    factors_of,
    random_draws,
    score_draws,
)

__all__ = [
    "Composite",
    "Draws",
    "HardshipIndex",
    "IndexDesign",
    "Indicator",
    "LeftOut",
    "SubIndex",
    "TieRule",
    "Uncertainty",
    "benefit_of_the_doubt",
    "check_design",
    "composite",
    "design_from_table",
    "design_to_table",
    "draw_weights",
    "draws_at",
    "factors_of",
    "hardship_index",
    "order_of",
    "random_draws",
    "rank_scores",
    "read_index",
    "score_draws",
    "score_units",
    "topsis",
]
