"""Who may fall back: outcome, features known in time, the additive score, its bands, card and back-test."""

from relapse_risk.relapse.backtest import Backtest, CalibrationBin, Judged, backtest, recent
from relapse_risk.relapse.bands import Bands, band_limits, risk_bands
from relapse_risk.relapse.boost import FittedRelapseBoost, RelapseBoost
from relapse_risk.relapse.card import CardLine, RelapseCard, make_card
from relapse_risk.relapse.features import FEATURES, Feature, check_features, feature_matrix, refuse_later
from relapse_risk.relapse.hazard import RelapseHazard
from relapse_risk.relapse.model_card import ModelCard, fitted_card, unfitted_card
from relapse_risk.relapse.models import FittedRelapseLogit, LeftOutTerm, RelapseLogit, Term, unlike_training
from relapse_risk.relapse.outcome import at_risk_rows, followed, spell_clock, with_history, without_outcomes
from relapse_risk.relapse.reasons import POINTS_PER_LOGIT, base_points, reasons
from relapse_risk.relapse.vulnerability import ExpectedPoverty, FittedExpectedPoverty

__all__ = [
    "FEATURES",
    "POINTS_PER_LOGIT",
    "Backtest",
    "Bands",
    "CalibrationBin",
    "CardLine",
    "ExpectedPoverty",
    "Feature",
    "FittedExpectedPoverty",
    "FittedRelapseBoost",
    "FittedRelapseLogit",
    "Judged",
    "LeftOutTerm",
    "ModelCard",
    "RelapseBoost",
    "RelapseCard",
    "RelapseHazard",
    "RelapseLogit",
    "Term",
    "at_risk_rows",
    "backtest",
    "band_limits",
    "base_points",
    "check_features",
    "feature_matrix",
    "fitted_card",
    "followed",
    "make_card",
    "reasons",
    "recent",
    "refuse_later",
    "risk_bands",
    "spell_clock",
    "unfitted_card",
    "unlike_training",
    "with_history",
    "without_outcomes",
]
