"""Models that only research compares: benchmark models, ablations, unobserved heterogeneity, dynamics, vulnerability."""

from relapse_risk.research.attrition import Attrition, attrition_weights
from relapse_risk.research.benchmark_models import BENCHMARKS
from relapse_risk.research.comparison_splits import Split, splits
from relapse_risk.research.hazard import RelapseHazard, spell_frailty
from relapse_risk.research.model_comparison import Comparison, Prepared, compare, prepared
from relapse_risk.research.random_effects import RandomEffects, fit_random_effects, posterior_probability
from relapse_risk.research.transition import FittedTransition, TransitionModel
from relapse_risk.research.unobserved_heterogeneity import GammaFrailty, fit_gamma_frailty
from relapse_risk.research.vulnerability import ExpectedPoverty, FittedExpectedPoverty

__all__ = [
    "BENCHMARKS",
    "Attrition",
    "Comparison",
    "ExpectedPoverty",
    "FittedExpectedPoverty",
    "FittedTransition",
    "GammaFrailty",
    "Prepared",
    "RandomEffects",
    "RelapseHazard",
    "Split",
    "TransitionModel",
    "attrition_weights",
    "compare",
    "fit_gamma_frailty",
    "fit_random_effects",
    "posterior_probability",
    "prepared",
    "spell_frailty",
    "splits",
]
