"""Calibration of probabilities: Brier score, calibration in the large, slope, bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
from statsmodels.stats.proportion import proportion_confint

from relapse_risk.errors import ModelError
from relapse_risk.evaluation.discrimination import Array, check_outcomes, check_weights
from relapse_risk.rows import by_row

__all__ = ["Calibration", "brier", "calibration", "calibration_error", "calibration_table", "log_loss"]

TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration in the large (intercept with logit(p) as offset) and slope (coefficient of logit(p))."""

    intercept: float
    intercept_se: float
    slope: float
    slope_se: float
    observed_over_expected: float


def _probabilities(outcome: npt.ArrayLike, probability: npt.ArrayLike, where: str) -> tuple[Array, Array]:
    y, p = check_outcomes(outcome, probability, where)
    if p.min() < 0 or p.max() > 1:
        raise ModelError("not probabilities", where=where, got=(float(p.min()), float(p.max())), expected="0 … 1")
    return y, p


@by_row("outcome", "probability", "weights")
def brier(outcome: npt.ArrayLike, probability: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Mean squared distance between probability and outcome.

    Examples
    --------
    >>> round(brier([0, 1], [0.2, 0.6]), 4)
    0.1
    """
    y, p = _probabilities(outcome, probability, "brier")
    return float(np.average((p - y) ** 2, weights=check_weights(weights, len(y), "brier")))


@by_row("outcome", "probability", "weights")
def log_loss(outcome: npt.ArrayLike, probability: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """-mean(y log p + (1 - y) log(1 - p)).

    Examples
    --------
    >>> round(log_loss([0, 1], [0.5, 0.5]), 4)
    0.6931
    """
    y, p = _probabilities(outcome, probability, "log_loss")
    p = np.clip(p, TINY, 1 - TINY)
    loss = -(y * np.log(p) + (1 - y) * np.log1p(-p))
    return float(np.average(loss, weights=check_weights(weights, len(y), "log_loss")))


@by_row("outcome", "probability", "weights")
def calibration(
    outcome: npt.ArrayLike, probability: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> Calibration:
    """Intercept given slope one, slope, and observed over expected events.

    Weights are scaled to mean one; standard errors are then those of a sample of as many rows.

    References
    ----------
    Cox (1958); Van Calster et al. (2016), J. Clin. Epidemiol. 74, 167-176.

    Examples
    --------
    >>> calibration([0, 1, 0, 1], [0.25, 0.25, 0.75, 0.75]).observed_over_expected
    1.0
    """
    y, p = _probabilities(outcome, probability, "calibration")
    logit = np.log(np.clip(p, TINY, 1 - TINY)) - np.log1p(-np.clip(p, TINY, 1 - TINY))
    w = check_weights(weights, len(y), "calibration")
    w = w / w.mean()
    family = sm.families.Binomial()
    events, others = p[y == 1], p[y == 0]
    if p.min() < p.max() and (events.min() >= others.max() or events.max() <= others.min()):
        raise ModelError(
            "not estimable: the probabilities separate the outcomes", where="calibration",
            got=f"events at {events.min():g} to {events.max():g}, other rows at {others.min():g} to {others.max():g}",
            expected="probabilities that overlap", fix="evaluate more rows, or coarser probabilities",
        )  # fmt: skip
    large = sm.GLM(y, np.ones((len(y), 1)), family=family, offset=logit, var_weights=w).fit()
    slope = sm.GLM(y, sm.add_constant(logit, has_constant="add"), family=family, var_weights=w).fit()
    return Calibration(
        float(large.params[0]),
        float(large.bse[0]),
        float(slope.params[1]),
        float(slope.bse[1]),
        float((w * y).sum() / (w * p).sum()),
    )


@by_row("outcome", "probability", "weights")
def calibration_table(
    outcome: npt.ArrayLike, probability: npt.ArrayLike, bins: int = 10, equal: str = "mass",
    weights: npt.ArrayLike | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Observed against expected by bins of equal mass (numbers of rows) or equal width.

    Returns
    -------
    DataFrame
        bin (from 0), n, events, weight (share), expected (weighted mean probability), observed (weighted share), low,
        high (Wilson 95 %, as of n rows).

    Examples
    --------
    >>> calibration_table([0, 1, 0, 1], [0.1, 0.2, 0.8, 0.9], bins=2)["observed"].tolist()
    [0.5, 0.5]
    """
    y, p = _probabilities(outcome, probability, "calibration_table")
    w = check_weights(weights, len(y), "calibration_table")
    if equal not in ("mass", "width") or bins < 1:
        raise ModelError(
            "no such bins", where="calibration_table", got=(equal, bins), expected='equal="mass" or "width", bins >= 1'
        )
    if equal == "mass":
        place = np.minimum(np.arange(len(p)) * bins // len(p), bins - 1)
        which = np.empty(len(p), dtype=int)
        which[np.argsort(p, kind="stable")] = place
    else:
        which = np.minimum((p * bins).astype(int), bins - 1)
    groups = pd.DataFrame({"bin": which, "y": y, "w": w, "wp": w * p, "wy": w * y}).groupby("bin")
    table = groups.agg(n=("y", "size"), events=("y", "sum"), w=("w", "sum"), wp=("wp", "sum"), wy=("wy", "sum"))
    table = table[table["w"] > 0]
    table = table.assign(
        weight=table["w"] / w.sum(), expected=table["wp"] / table["w"], observed=table["wy"] / table["w"]
    )
    n = table["n"].to_numpy(dtype=float)
    low, high = proportion_confint(table["observed"].to_numpy() * n, n, method="wilson")
    return table.drop(columns=["w", "wp", "wy"]).assign(low=low, high=high).reset_index()


@by_row("outcome", "probability", "weights")
def calibration_error(
    outcome: npt.ArrayLike, probability: npt.ArrayLike, bins: int = 10, equal: str = "mass",
    weights: npt.ArrayLike | None = None,
) -> float:  # fmt: skip
    """Expected calibration error: sum over bins of weight of the bin × ``|observed - expected|``.

    Examples
    --------
    >>> round(calibration_error([0, 1, 0, 1], [0.1, 0.2, 0.8, 0.9], bins=2), 4)
    0.35
    """
    table = calibration_table(outcome, probability, bins, equal, weights)
    return float((table["weight"] * (table["observed"] - table["expected"]).abs()).sum())
