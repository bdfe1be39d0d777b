"""Who may fall back: outcome, features known in time, the additive score, its bands and its back-test."""

from relapse_risk.relapse.backtest import Backtest, backtest, recent, without_outcomes
from relapse_risk.relapse.bands import risk_bands
from relapse_risk.relapse.features import FEATURES, Feature, feature_matrix, refuse_later
from relapse_risk.relapse.models import FittedRelapseLogit, RelapseLogit, Term
from relapse_risk.relapse.outcome import at_risk_rows, spell_clock

__all__ = [
    "FEATURES",
    "Backtest",
    "Feature",
    "FittedRelapseLogit",
    "RelapseLogit",
    "Term",
    "at_risk_rows",
    "backtest",
    "feature_matrix",
    "recent",
    "refuse_later",
    "risk_bands",
    "spell_clock",
    "without_outcomes",
]
