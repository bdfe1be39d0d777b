"""Risk of relapse: outcome, features known in time, the additive score, its bands, card and back-test."""

from relapse_risk.relapse.backtest import (
    Backtest,
    CalibrationBin,
    NotValidated,
    ScoreEvaluation,
    Validation,
    backtest,
    recent,
    validate,
)
from relapse_risk.relapse.bands import Bands, band_limits, bands_at, risk_bands, worth_a_visit
from relapse_risk.relapse.block_scoring import Scored, score_blocks
from relapse_risk.relapse.boost import FittedRelapseBoost, RelapseBoost
from relapse_risk.relapse.features import (
    FAMILIES,
    FEATURES,
    Feature,
    check_features,
    check_terms,
    feature_matrix,
    refuse_later,
)
from relapse_risk.relapse.fitted_logit import FittedRelapseLogit, LeftOutTerm, Term, unlike_training
from relapse_risk.relapse.household_uncertainty import Spread, fit_spread, household_upper
from relapse_risk.relapse.model_card import ModelCard, fitted_card, unfitted_card
from relapse_risk.relapse.monitoring_rules import eliminations, entry_types
from relapse_risk.relapse.outcome import at_risk_rows, clusters, followed, spell_clock, with_history, without_outcomes
from relapse_risk.relapse.panels import Panel, PanelDesign, read_panel, read_panel_design
from relapse_risk.relapse.policies import Policy, read_policies
from relapse_risk.relapse.reasons import POINTS_PER_LOGIT, base_points, reasons
from relapse_risk.relapse.recalibration import Recalibration, fit_recalibration, level_shift, out_of_fold, shift_rate
from relapse_risk.relapse.relapse_logit import RelapseLogit
from relapse_risk.relapse.scorecard import CardLine, RelapseCard, make_card
from relapse_risk.relapse.stored_models import SavedModel, data_digest, load_model, save_model
from relapse_risk.relapse.what_if import WhatIf, what_if

__all__ = [
    "FAMILIES",
    "FEATURES",
    "POINTS_PER_LOGIT",
    "Backtest",
    "Bands",
    "CalibrationBin",
    "CardLine",
    "Feature",
    "FittedRelapseBoost",
    "FittedRelapseLogit",
    "LeftOutTerm",
    "ModelCard",
    "NotValidated",
    "Panel",
    "PanelDesign",
    "Policy",
    "Recalibration",
    "RelapseBoost",
    "RelapseCard",
    "RelapseLogit",
    "SavedModel",
    "ScoreEvaluation",
    "Scored",
    "Spread",
    "Term",
    "Validation",
    "WhatIf",
    "at_risk_rows",
    "backtest",
    "band_limits",
    "bands_at",
    "base_points",
    "check_features",
    "check_terms",
    "clusters",
    "data_digest",
    "eliminations",
    "entry_types",
    "feature_matrix",
    "fit_recalibration",
    "fit_spread",
    "fitted_card",
    "followed",
    "household_upper",
    "level_shift",
    "load_model",
    "make_card",
    "out_of_fold",
    "read_panel",
    "read_panel_design",
    "read_policies",
    "reasons",
    "recent",
    "refuse_later",
    "risk_bands",
    "save_model",
    "score_blocks",
    "shift_rate",
    "spell_clock",
    "unfitted_card",
    "unlike_training",
    "validate",
    "what_if",
    "with_history",
    "without_outcomes",
    "worth_a_visit",
]
