"""One call that evaluates a probability: discrimination, calibration and the value of acting on it, with intervals."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.evaluation.calibration import calibration_table
from relapse_risk.evaluation.decisions import decision_curve
from relapse_risk.evaluation.discrimination import check_outcomes, check_weights
from relapse_risk.evaluation.resampling import bootstrap_measures
from relapse_risk.pictures import picture
from relapse_risk.rows import by_row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Evaluation", "evaluate"]

THRESHOLDS = tuple(t / 100 for t in range(2, 52, 2))
PLOTS = {
    "calibration": "relapse_risk.evaluation.evaluation_plots.plot_calibration",
    "decision": "relapse_risk.evaluation.evaluation_plots.plot_net_benefit",
}
Picture = Literal["calibration", "decision"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well a probability orders, calibrates and serves decisions.

    Attributes
    ----------
    frame : DataFrame
        measure (auc, pr_auc, missed_5, missed_10, missed_20: share of events outside the highest 5, 10, 20 %; brier,
        log_loss, calibration intercept and slope), value, low, high.
    calibration : DataFrame
        As :func:`calibration_table`: observed against expected share by tenth, with intervals.
    decision : DataFrame
        As :func:`decision_curve`: net benefit by threshold, with intervals.
    n, events : int
    level : float
        Coverage of the intervals of ``frame``.
    """

    frame: pd.DataFrame
    calibration: pd.DataFrame
    decision: pd.DataFrame
    n: int
    events: int
    level: float

    def __getitem__(self, measure: str) -> float:
        return float(self.frame.set_index("measure").loc[measure, "value"])

    def summary(self) -> str:
        """One line per measure."""
        rows = self.frame.itertuples(index=False)
        lines = [f"{r.measure:<12} {r.value:.4f} ({r.low:.4f} to {r.high:.4f})" for r in rows]
        return "\n".join([f"{self.n} rows, {self.events} events, {self.level:.0%} interval", *lines])

    def _repr_html_(self) -> str:
        head = f"{self.n} rows, {self.events} events, {self.level:.0%} interval"
        return f"<p>{html.escape(head)}</p>{self.frame.to_html(index=False)}"

    def plot(self, ax: Axes | None = None, what: Picture = "calibration") -> Axes:
        """Calibration with intervals, or the decision curve, on ``ax`` or new axes."""
        if what not in PLOTS:
            raise ModelError("no such picture", where="Evaluation.plot", got=what, expected=" | ".join(PLOTS))
        return picture(PLOTS[what], ax, self.calibration if what == "calibration" else self.decision)


@by_row("outcome", "probability", "weights", "groups")
def evaluate(
    outcome: npt.ArrayLike,
    probability: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    groups: Any = None,
    draws: int = 200,
    seed: int = 2020,
    thresholds: Sequence[float] = THRESHOLDS,
    level: float = 0.95,
) -> Evaluation:
    """Evaluate a probability against what happened.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        1 happened, 0 did not.
    probability : array_like, shape (n,)
        Between 0 and 1, of rows the model has not learned from.
    weights : array_like, shape (n,), optional
        Sampling weights; equal when left out.
    groups : array_like, shape (n,), optional
        Clusters (villages, households) drawn together for the intervals; every row its own when left out.
    draws, seed : int
        Of the bootstrap; the same seed gives the same intervals.
    thresholds : sequence of float
        Of the decision curve.
    level : float
        Coverage of the intervals of the measures.

    Returns
    -------
    Evaluation

    Raises
    ------
    ModelError
        For outcomes other than 0 and 1, numbers that are no probabilities, bad weights, or fewer than two groups.

    References
    ----------
    Steyerberg (2019), Clinical Prediction Models, ch. 15; Field and Welsh (2007) for the bootstrap of clusters.

    Examples
    --------
    >>> found = evaluate([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], draws=20)
    >>> found["auc"], round(found["brier"], 4)
    (0.75, 0.1581)
    """
    y, p = check_outcomes(outcome, probability, "evaluate")
    if p.min() < 0 or p.max() > 1:
        raise ModelError(
            "not probabilities", where="evaluate", got=(float(p.min()), float(p.max())), expected="0 to 1",
            fix="a score that only orders: area_under_curve, gains",
        )  # fmt: skip
    w = check_weights(weights, len(y), "evaluate")
    cluster = np.arange(len(y)) if groups is None else np.asarray(groups)
    frame = pd.DataFrame({"event": y, "probability": p, "weight": w, "cluster": cluster})
    found = bootstrap_measures(
        frame, ["probability"], reference="probability", cluster="cluster", weight="weight", draws=draws,
        rng=np.random.default_rng(seed), level=level,
    )  # fmt: skip
    curve = decision_curve(
        frame, ["probability"], thresholds, cluster="cluster", weight="weight", draws=draws,
        rng=np.random.default_rng(seed),
    )  # fmt: skip
    table = calibration_table(y, p, weights=w)
    return Evaluation(found[["measure", "value", "low", "high"]], table, curve, len(y), int(y.sum()), level)
