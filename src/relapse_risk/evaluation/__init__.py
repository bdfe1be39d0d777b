"""Evaluation of scores and lists: discrimination, calibration and targeting errors."""

from relapse_risk.evaluation.calibration import (
    Calibration,
    brier,
    calibration,
    calibration_error,
    calibration_table,
    log_loss,
)
from relapse_risk.evaluation.decisions import Decomposition, decision_curve, decompose, gains
from relapse_risk.evaluation.discrimination import (
    AreaUnderCurve,
    Difference,
    area_under_curve,
    auc_difference,
    average_precision,
)
from relapse_risk.evaluation.drift import DriftTable, divergence, drift_table
from relapse_risk.evaluation.fairness import Fairness, fairness
from relapse_risk.evaluation.known_truth import BesideTruth, beside_truth, read_truth
from relapse_risk.evaluation.resampling import (
    Measured,
    bootstrap_measures,
    cluster_draws,
    cluster_interval,
    measures,
    missed,
)
from relapse_risk.evaluation.score_evaluation import Evaluation, evaluate
from relapse_risk.evaluation.targeting import Targeting, select_top, targeting
from relapse_risk.evaluation.visit_lists import VisitLists, visit_lists

__all__ = [
    "AreaUnderCurve",
    "BesideTruth",
    "Calibration",
    "Decomposition",
    "Difference",
    "DriftTable",
    "Evaluation",
    "Fairness",
    "Measured",
    "Targeting",
    "VisitLists",
    "area_under_curve",
    "auc_difference",
    "average_precision",
    "beside_truth",
    "bootstrap_measures",
    "brier",
    "calibration",
    "calibration_error",
    "calibration_table",
    "cluster_draws",
    "cluster_interval",
    "decision_curve",
    "decompose",
    "divergence",
    "drift_table",
    "evaluate",
    "fairness",
    "gains",
    "log_loss",
    "measures",
    "missed",
    "read_truth",
    "select_top",
    "targeting",
    "visit_lists",
]
