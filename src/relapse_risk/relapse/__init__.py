"""Who may fall back: outcome, features known in time, the additive score, its bands, card and back-test."""

from relapse_risk.relapse.attrition import Attrition, attrition_weights
from relapse_risk.relapse.backtest import Backtest, CalibrationBin, Judged, backtest, recent
from relapse_risk.relapse.bands import Bands, band_limits, bands_at, risk_bands, worth_a_visit
from relapse_risk.relapse.boost import FittedRelapseBoost, RelapseBoost
from relapse_risk.relapse.card import CardLine, RelapseCard, make_card
from relapse_risk.relapse.comparison import Comparison, Prepared, Split, compare, prepared, splits
from relapse_risk.relapse.features import FEATURES, Feature, check_features, feature_matrix, refuse_later
from relapse_risk.relapse.frailty import GammaFrailty, fit_gamma_frailty
from relapse_risk.relapse.hazard import RelapseHazard, spell_frailty
from relapse_risk.relapse.keeping import KeptModel, data_digest, keep_model, load_model
from relapse_risk.relapse.model_card import ModelCard, fitted_card, unfitted_card
from relapse_risk.relapse.models import FittedRelapseLogit, LeftOutTerm, RelapseLogit, Term, unlike_training
from relapse_risk.relapse.monitored import eliminations, entry_types
from relapse_risk.relapse.outcome import at_risk_rows, followed, spell_clock, with_history, without_outcomes
from relapse_risk.relapse.own_risk import Spread, fit_spread, own_upper
from relapse_risk.relapse.panels import Panel, PanelDesign, read_panel, read_panel_design
from relapse_risk.relapse.policies import Policy, read_policies
from relapse_risk.relapse.random_effects import RandomEffects, fit_random_effects, posterior_chance
from relapse_risk.relapse.reasons import POINTS_PER_LOGIT, base_points, reasons
from relapse_risk.relapse.recalibration import Recalibration, fit_recalibration, level_shift, out_of_fold, shift_rate
from relapse_risk.relapse.throughput import Scored, score_blocks
from relapse_risk.relapse.transition import FittedTransition, TransitionModel
from relapse_risk.relapse.vulnerability import ExpectedPoverty, FittedExpectedPoverty
from relapse_risk.relapse.what_if import WhatIf, what_if

__all__ = [
    "FEATURES",
    "POINTS_PER_LOGIT",
    "Attrition",
    "Backtest",
    "Bands",
    "CalibrationBin",
    "CardLine",
    "Comparison",
    "ExpectedPoverty",
    "Feature",
    "FittedExpectedPoverty",
    "FittedRelapseBoost",
    "FittedRelapseLogit",
    "FittedTransition",
    "GammaFrailty",
    "Judged",
    "KeptModel",
    "LeftOutTerm",
    "ModelCard",
    "Panel",
    "PanelDesign",
    "Policy",
    "Prepared",
    "RandomEffects",
    "Recalibration",
    "RelapseBoost",
    "RelapseCard",
    "RelapseHazard",
    "RelapseLogit",
    "Scored",
    "Split",
    "Spread",
    "Term",
    "TransitionModel",
    "WhatIf",
    "at_risk_rows",
    "attrition_weights",
    "backtest",
    "band_limits",
    "bands_at",
    "base_points",
    "check_features",
    "compare",
    "data_digest",
    "eliminations",
    "entry_types",
    "feature_matrix",
    "fit_gamma_frailty",
    "fit_random_effects",
    "fit_recalibration",
    "fit_spread",
    "fitted_card",
    "followed",
    "keep_model",
    "level_shift",
    "load_model",
    "make_card",
    "out_of_fold",
    "own_upper",
    "posterior_chance",
    "prepared",
    "read_panel",
    "read_panel_design",
    "read_policies",
    "reasons",
    "recent",
    "refuse_later",
    "risk_bands",
    "score_blocks",
    "shift_rate",
    "spell_clock",
    "spell_frailty",
    "splits",
    "unfitted_card",
    "unlike_training",
    "what_if",
    "with_history",
    "without_outcomes",
    "worth_a_visit",
]
