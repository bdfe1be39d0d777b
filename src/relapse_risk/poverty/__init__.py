"""Poverty: lines, income measures, deprivation, dynamics and their inference from surveys."""

from relapse_risk.poverty.af_change import alkire_foster_change
from relapse_risk.poverty.alkire_foster import AlkireFoster, alkire_foster, deprivation_scores, identify_poor
from relapse_risk.poverty.calibrated_weights import calibrate, calibrated_weights, post_stratify, rake, trim_weights
from relapse_risk.poverty.change_parts import fields_decomposition, mld_change
from relapse_risk.poverty.chronic_poverty import chronic_transient, duration_poverty
from relapse_risk.poverty.curve_result import Curve
from relapse_risk.poverty.curves import dominance_curves, growth_incidence, tip_curves
from relapse_risk.poverty.deprivation import DeprivationMatrix, Guarantees, deprivation_matrix, guarantee_test
from relapse_risk.poverty.deprivation_design import DeprivationDesign, read_deprivation
from relapse_risk.poverty.dynamics import (
    Transitions,
    spell_survival,
    spells,
    transition_events,
    transitions,
)
from relapse_risk.poverty.few_clusters import estimate_few_clusters
from relapse_risk.poverty.fgt_measures import fgt, fgt_by_group, headcount, income_gap_ratio, is_poor, sen, sst, watts
from relapse_risk.poverty.grouped_lorenz import FittedLorenz, GroupedPoverty, fit_lorenz
from relapse_risk.poverty.inequality import (
    atkinson,
    concentration_curve,
    generalised_entropy,
    gini,
    lorenz_curve,
    weighted_quantile,
    zenga,
)
from relapse_risk.poverty.inequality_parts import entropy_by_group, gini_by_group, gini_by_source, gini_stratification
from relapse_risk.poverty.inequality_ratios import (
    coefficient_of_variation,
    extended_gini,
    hoover,
    kolm,
    palma,
    quantile_share_ratio,
)
from relapse_risk.poverty.inference import (
    Estimate,
    estimate,
    estimate_by_group,
    estimate_replicated,
    fgt_decomposition,
)
from relapse_risk.poverty.linearised import (
    Atkinson,
    Fgt,
    GeneralisedEntropy,
    Gini,
    Mean,
    Measure,
    QuantileShareRatio,
    Watts,
    Zenga,
)
from relapse_risk.poverty.linearised_parts import entropy_decomposition, watts_decomposition
from relapse_risk.poverty.linearised_poor import GiniOfGaps, GiniOfPoor, IncomeGapRatio, RelativeWatts, Sen, Sst
from relapse_risk.poverty.linearised_relative import MedianOfPoor, RelativeFgt, RelativeLine, RelativeMedianGap
from relapse_risk.poverty.linearised_shares import (
    IncomeUpTo,
    JDivergence,
    LorenzOrdinate,
    MeanGap,
    MedianRatio,
    Quantile,
)
from relapse_risk.poverty.linearised_totals import Ratio, Total, Variance
from relapse_risk.poverty.lines import first_line, line_of, poverty_line
from relapse_risk.poverty.polarisation import esteban_gradin_ray, esteban_ray, wolfson
from relapse_risk.poverty.replicate_design import (
    ReplicateDesign,
    jackknife_replicates,
    replicate_design,
    replicate_estimate,
    successive_difference_replicates,
)
from relapse_risk.poverty.richness import RelativeRichness, Richness, richness
from relapse_risk.poverty.rif import RifRegression, rif, rif_regression
from relapse_risk.poverty.stochastic_dominance import (
    Dominance,
    LorenzOrdinates,
    dominance_test,
    kodde_palm_bounds,
    lorenz_ordinates,
    tip_ordinates,
)
from relapse_risk.poverty.survey import SurveyDesign, interval, survey_design
from relapse_risk.poverty.survey_regression import SurveyRegression, survey_regression
from relapse_risk.poverty.survey_shares import design_effect, share_interval, survey_quantile
from relapse_risk.poverty.survey_stages import SamplingStage
from relapse_risk.poverty.synthetic_panel import SyntheticPanel, synthetic_panel

__all__ = [
    "AlkireFoster",
    "Atkinson",
    "Curve",
    "DeprivationDesign",
    "DeprivationMatrix",
    "Dominance",
    "Estimate",
    "Fgt",
    "FittedLorenz",
    "GeneralisedEntropy",
    "Gini",
    "GiniOfGaps",
    "GiniOfPoor",
    "GroupedPoverty",
    "Guarantees",
    "IncomeGapRatio",
    "IncomeUpTo",
    "JDivergence",
    "LorenzOrdinate",
    "LorenzOrdinates",
    "Mean",
    "MeanGap",
    "Measure",
    "MedianOfPoor",
    "MedianRatio",
    "Quantile",
    "QuantileShareRatio",
    "Ratio",
    "RelativeFgt",
    "RelativeLine",
    "RelativeMedianGap",
    "RelativeRichness",
    "RelativeWatts",
    "ReplicateDesign",
    "Richness",
    "RifRegression",
    "SamplingStage",
    "Sen",
    "Sst",
    "SurveyDesign",
    "SurveyRegression",
    "SyntheticPanel",
    "Total",
    "Transitions",
    "Variance",
    "Watts",
    "Zenga",
    "alkire_foster",
    "alkire_foster_change",
    "atkinson",
    "calibrate",
    "calibrated_weights",
    "chronic_transient",
    "coefficient_of_variation",
    "concentration_curve",
    "deprivation_matrix",
    "deprivation_scores",
    "design_effect",
    "dominance_curves",
    "dominance_test",
    "duration_poverty",
    "entropy_by_group",
    "entropy_decomposition",
    "esteban_gradin_ray",
    "esteban_ray",
    "estimate",
    "estimate_by_group",
    "estimate_few_clusters",
    "estimate_replicated",
    "extended_gini",
    "fgt",
    "fgt_by_group",
    "fgt_decomposition",
    "fields_decomposition",
    "first_line",
    "fit_lorenz",
    "generalised_entropy",
    "gini",
    "gini_by_group",
    "gini_by_source",
    "gini_stratification",
    "growth_incidence",
    "guarantee_test",
    "headcount",
    "hoover",
    "identify_poor",
    "income_gap_ratio",
    "interval",
    "is_poor",
    "jackknife_replicates",
    "kodde_palm_bounds",
    "kolm",
    "line_of",
    "lorenz_curve",
    "lorenz_ordinates",
    "mld_change",
    "palma",
    "post_stratify",
    "poverty_line",
    "quantile_share_ratio",
    "rake",
    "read_deprivation",
    "replicate_design",
    "replicate_estimate",
    "richness",
    "rif",
    "rif_regression",
    "sen",
    "share_interval",
    "spell_survival",
    "spells",
    "sst",
    "successive_difference_replicates",
    "survey_design",
    "survey_quantile",
    "survey_regression",
    "synthetic_panel",
    "tip_curves",
    "tip_ordinates",
    "transition_events",
    "transitions",
    "trim_weights",
    "watts",
    "watts_decomposition",
    "weighted_quantile",
    "wolfson",
    "zenga",
]
