"""Who may fall back: outcome, features known in time, the additive score, its bands, card and back-test."""

from relapse_risk.relapse.backtest import Backtest, CalibrationBin, Judged, backtest, recent
from relapse_risk.relapse.bands import Bands, band_limits, risk_bands
from relapse_risk.relapse.boost import FittedRelapseBoost, RelapseBoost
from relapse_risk.relapse.card import CardLine, RelapseCard, make_card
from relapse_risk.relapse.comparison import Comparison, Prepared, Split, compare, prepared, splits
from relapse_risk.relapse.features import FEATURES, Feature, check_features, feature_matrix, refuse_later
from relapse_risk.relapse.hazard import RelapseHazard
from relapse_risk.relapse.keeping import KeptModel, data_digest, keep_model, load_model
from relapse_risk.relapse.model_card import ModelCard, fitted_card, unfitted_card
from relapse_risk.relapse.models import FittedRelapseLogit, LeftOutTerm, RelapseLogit, Term, unlike_training
from relapse_risk.relapse.outcome import at_risk_rows, followed, spell_clock, with_history, without_outcomes
from relapse_risk.relapse.own_risk import Spread, fit_spread, own_upper
from relapse_risk.relapse.panels import Panel, PanelDesign, read_panel, read_panel_design
from relapse_risk.relapse.reasons import POINTS_PER_LOGIT, base_points, reasons
from relapse_risk.relapse.vulnerability import ExpectedPoverty, FittedExpectedPoverty

__all__ = [
    "FEATURES",
    "POINTS_PER_LOGIT",
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
    "Judged",
    "KeptModel",
    "LeftOutTerm",
    "ModelCard",
    "Panel",
    "PanelDesign",
    "Prepared",
    "RelapseBoost",
    "RelapseCard",
    "RelapseHazard",
    "RelapseLogit",
    "Split",
    "Spread",
    "Term",
    "at_risk_rows",
    "backtest",
    "band_limits",
    "base_points",
    "check_features",
    "compare",
    "data_digest",
    "feature_matrix",
    "fit_spread",
    "fitted_card",
    "followed",
    "keep_model",
    "load_model",
    "make_card",
    "own_upper",
    "prepared",
    "read_panel",
    "read_panel_design",
    "reasons",
    "recent",
    "refuse_later",
    "risk_bands",
    "spell_clock",
    "splits",
    "unfitted_card",
    "unlike_training",
    "with_history",
    "without_outcomes",
]
