"""Value of acting on a score: gains of a list, net benefit of a threshold, and the decomposition of a loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.isotonic import IsotonicRegression

from relapse_risk.errors import ModelError
from relapse_risk.evaluation.calibration import brier, log_loss
from relapse_risk.evaluation.discrimination import Array, check_outcomes, check_weights
from relapse_risk.evaluation.resampling import cluster_draws
from relapse_risk.rows import by_row, numbers

__all__ = ["Decomposition", "decision_curve", "decompose", "gains"]

LOSSES = {"brier": brier, "log_loss": log_loss}


@dataclass(frozen=True, slots=True)
class Decomposition:
    """loss = miscalibration - discrimination + uncertainty.

    Attributes
    ----------
    loss : float
    miscalibration : float
        Reduction of the loss by recalibrating the probabilities without changing their order.
    discrimination : float
        Reduction of the loss by the ranking, compared with the base rate for everybody.
    uncertainty : float
        Loss of giving everybody the base rate.
    """

    loss: float
    miscalibration: float
    discrimination: float
    uncertainty: float


@by_row("outcome", "probability", "weights")
def decompose(
    outcome: npt.ArrayLike, probability: npt.ArrayLike, weights: npt.ArrayLike | None = None, loss: str = "brier"
) -> Decomposition:
    """Brier score or log loss in three parts, with the isotonic fit as the calibrated forecast.

    Parameters
    ----------
    outcome, probability, weights : array_like, shape (n,)
    loss : {"brier", "log_loss"}

    References
    ----------
    Dimitriadis, Gneiting and Jordan (2021), PNAS 118(8), e2016191118.

    Examples
    --------
    >>> found = decompose([0, 1, 1, 1], [0.5, 0.5, 0.5, 0.5])
    >>> found.miscalibration, found.discrimination, found.uncertainty  # 3/16 is the loss of the base rate
    (0.0625, 0.0, 0.1875)
    """
    if loss not in LOSSES:
        raise ModelError("no such loss", where="decompose", got=loss, expected=" | ".join(LOSSES))
    y, p = check_outcomes(outcome, probability, "decompose")
    w = check_weights(weights, len(y), "decompose")
    measure = LOSSES[loss]
    right = IsotonicRegression(y_min=0.0, y_max=1.0).fit(p, y, sample_weight=w).predict(p)
    own, best = measure(y, p, w), measure(y, right, w)
    base = measure(y, np.full(len(y), np.average(y, weights=w)), w)
    return Decomposition(own, own - best, base - best, base)


@by_row("outcome", "score", "weights")
def gains(
    outcome: npt.ArrayLike, score: npt.ArrayLike, budgets: Sequence[float], weights: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Events found by visiting the highest-scored share of households; ties share the last places.

    Returns
    -------
    DataFrame
        budget, coverage (share of events found), precision (share of the visited that are events), lift (precision
        over the base rate), leakage (1 - precision).

    Examples
    --------
    >>> gains([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], [0.5])[["coverage", "lift"]].to_numpy().tolist()
    [[0.5, 1.0]]
    """
    y, s = check_outcomes(outcome, score, "gains")
    w = check_weights(weights, len(y), "gains")
    order = np.argsort(-s, kind="stable")
    last = np.append(np.diff(s[order]) != 0, True)
    total, found = (np.append(0.0, np.cumsum(v[order])[last]) for v in (w, w * y))
    share = numbers(budgets, "gains: budgets")
    if (share <= 0).any() or (share > 1).any():
        raise ModelError("budgets are shares", where="gains", got=list(budgets), expected="over 0, at most 1")
    reached = np.interp(share * total[-1], total, found)
    precision = reached / (share * total[-1])
    base = found[-1] / total[-1]
    return pd.DataFrame(
        {
            "budget": share, "coverage": reached / found[-1], "precision": precision, "lift": precision / base,
            "leakage": 1 - precision,
        }
    )  # fmt: skip


def _net_benefit(y: Array, p: Array, weights: Array, threshold: float) -> Array:
    """Net benefit for each row of ``weights``, shape (draws,)."""
    visited = (p >= threshold).astype(np.float64)
    odds = threshold / (1 - threshold)
    return np.asarray(weights @ (visited * (y - (1 - y) * odds)) / weights.sum(axis=1))


def decision_curve(
    frame: pd.DataFrame, scores: Sequence[str], thresholds: Sequence[float], *, cluster: str,
    rng: np.random.Generator, weight: str | None = None, draws: int = 400,
) -> pd.DataFrame:  # fmt: skip
    """Net benefit of visiting households at or above a threshold, and of visiting everybody (nobody: 0).

    A threshold t means that one relapse reached is worth (1 - t) / t needless visits
    (:func:`relapse_risk.relapse.bands.worth_a_visit`).  Net benefit is relapses reached per household minus needless visits
    at that price.

    Parameters
    ----------
    frame : DataFrame
        ``event``, the scores (probabilities), the cluster and, if given, the weight.
    scores, thresholds : sequence
    cluster, weight : str
    rng : Generator
    draws : int

    Returns
    -------
    DataFrame
        score (``everybody`` too), threshold, value, low, high: percentile intervals of draws of whole clusters.

    References
    ----------
    Vickers and Elkin (2006), Medical Decision Making 26, 565-574.

    Examples
    --------
    >>> rows = pd.DataFrame({"event": [0, 0, 1, 1], "p": [0.1, 0.2, 0.7, 0.8], "village": list("abcd")})
    >>> curve = decision_curve(rows, ["p"], [0.5], cluster="village", rng=np.random.default_rng(1), draws=20)
    >>> curve[["score", "value"]].to_numpy().tolist()  # half of the rows are reached without a needless visit
    [['p', 0.5], ['everybody', 0.0]]
    """
    if any(not 0 < t < 1 for t in thresholds):
        raise ModelError("thresholds are probabilities", where="decision_curve", got=list(thresholds))
    base = check_weights(None if weight is None else frame[weight], len(frame), "decision_curve")
    counted = np.vstack([base, cluster_draws(frame[cluster], draws, rng) * base])
    rows = []
    for name in (*scores, "everybody"):
        given = np.ones(len(frame)) if name == "everybody" else frame[name]
        y, p = check_outcomes(frame["event"], given, "decision_curve")
        for threshold in thresholds:
            found = _net_benefit(y, p, counted, threshold)
            low, high = np.percentile(found[1:], (2.5, 97.5))
            rows.append((name, threshold, found[0], low, high))
    return pd.DataFrame(rows, columns=["score", "threshold", "value", "low", "high"])
