"""What worked: effects of an item, a visit or a post by the designs that an office's data allow, and power before."""

from relapse_risk.impact.density import DensityTest, density_test
from relapse_risk.impact.discontinuity import discontinuity_effect, discontinuity_table
from relapse_risk.impact.effect import Check, Effect, effect_of
from relapse_risk.impact.lottery import Draw, RandomisationTest, draw_lottery, lottery_effect, randomisation_test
from relapse_risk.impact.power import (
    households_needed,
    minimum_detectable_effect,
    panel_variance_factor,
    power_of_means,
    power_of_shares,
    power_table,
)
from relapse_risk.impact.staggered import GroupTime, average_effect, group_time_effects, two_way_fixed_effects
from relapse_risk.impact.weighting import WeightedMeans, partialling_out_effect, weighted_means, weighting_effect

__all__ = [
    "Check", "DensityTest", "Draw", "Effect", "GroupTime", "RandomisationTest", "WeightedMeans", "average_effect",
    "density_test", "discontinuity_effect", "discontinuity_table", "draw_lottery", "effect_of", "group_time_effects",
    "households_needed", "lottery_effect", "minimum_detectable_effect", "panel_variance_factor", "partialling_out_effect",
    "power_of_means", "power_of_shares", "power_table", "randomisation_test", "two_way_fixed_effects", "weighted_means",
    "weighting_effect",
]  # fmt: skip
