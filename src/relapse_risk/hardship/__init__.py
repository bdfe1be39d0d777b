"""The hardship index: design, normalise, weigh, aggregate, explain, and test sensitivity to the choices."""

from relapse_risk.hardship.composite_scores import Composite, composite, score_units
from relapse_risk.hardship.compromise import Vikor, codas, edas, vikor
from relapse_risk.hardship.design import IndexDesign, Indicator, SubIndex, check_design
from relapse_risk.hardship.design_file import index_design, read_index
from relapse_risk.hardship.design_table import design_from_table, design_to_table
from relapse_risk.hardship.draw_scores import score_draws
from relapse_risk.hardship.frontier import directional_benefit_of_the_doubt, order_m_benefit_of_the_doubt
from relapse_risk.hardship.household_card import Card, Flip, disagreement, household_card
from relapse_risk.hardship.household_index import HardshipIndex, LeftOut, hardship_index
from relapse_risk.hardship.multicriteria import benefit_of_the_doubt, topsis
from relapse_risk.hardship.ordered import (
    AdjustedPosts,
    adjusted_mazziotta_pareto,
    adjusted_posts,
    mean_min,
    ordered_weighted_average,
    orness,
)
from relapse_risk.hardship.outranking import Promethee, promethee
from relapse_risk.hardship.redundancy import Redundancy, column_statistics, cronbach_alpha, redundancy
from relapse_risk.hardship.sensitivity import Comparison, Sobol, compare_indexes, remove_each, sobol_of_design
from relapse_risk.hardship.smaa import RankAcceptability, smaa
from relapse_risk.hardship.tie_order import TieRule, order_of, rank_scores
from relapse_risk.hardship.uncertainty import (
    Draws,
    Uncertainty,
    draw_weights,
    draws_at,
    factors_of,
    random_draws,
)
from relapse_risk.hardship.weighted_criteria import Moora, aras, copras, moora, weighted_product, weighted_sum

__all__ = [
    "AdjustedPosts",
    "Card",
    "Comparison",
    "Composite",
    "Draws",
    "Flip",
    "HardshipIndex",
    "IndexDesign",
    "Indicator",
    "LeftOut",
    "Moora",
    "Promethee",
    "RankAcceptability",
    "Redundancy",
    "Sobol",
    "SubIndex",
    "TieRule",
    "Uncertainty",
    "Vikor",
    "adjusted_mazziotta_pareto",
    "adjusted_posts",
    "aras",
    "benefit_of_the_doubt",
    "check_design",
    "codas",
    "column_statistics",
    "compare_indexes",
    "composite",
    "copras",
    "cronbach_alpha",
    "design_from_table",
    "design_to_table",
    "directional_benefit_of_the_doubt",
    "disagreement",
    "draw_weights",
    "draws_at",
    "edas",
    "factors_of",
    "hardship_index",
    "household_card",
    "index_design",
    "mean_min",
    "moora",
    "order_m_benefit_of_the_doubt",
    "order_of",
    "ordered_weighted_average",
    "orness",
    "promethee",
    "random_draws",
    "rank_scores",
    "read_index",
    "redundancy",
    "remove_each",
    "score_draws",
    "score_units",
    "smaa",
    "sobol_of_design",
    "topsis",
    "vikor",
    "weighted_product",
    "weighted_sum",
]
