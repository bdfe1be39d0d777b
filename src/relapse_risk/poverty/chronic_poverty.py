"""Chronic and transient poverty, from incomes of the same households over several periods."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_line, check_weights
from relapse_risk.rows import by_row, numbers

__all__ = ["chronic_transient", "duration_poverty"]


def _check_matrix(incomes: npt.ArrayLike) -> Array:
    x = numbers(incomes, "incomes")
    if x.ndim != 2 or min(x.shape) == 0 or not np.isfinite(x).all():
        raise ModelError("needs a full panel", where="incomes", got=x.shape, expected="finite, households × periods")
    return x


@by_row("incomes", "weights")
def chronic_transient(
    incomes: npt.ArrayLike, line: float, alpha: float = 2, weights: npt.ArrayLike | None = None
) -> pd.Series:
    """Jalan-Ravallion components: chronic = FGT of mean incomes, transient = mean FGT over time - chronic.

    Parameters
    ----------
    weights : array_like, shape (n,), optional
    incomes : array_like, shape (households, periods)
        Real incomes, comparable over time.
    line : float
    alpha : float
        2 in Jalan and Ravallion; transient is not negative for alpha >= 1.

    Returns
    -------
    Series
        total, chronic, transient, chronic_share (null when nobody is ever poor).

    Notes
    -----
    Jalan and Ravallion (1998), doi:10.1006/jcec.1998.1526.

    Examples
    --------
    >>> chronic_transient([[50, 150]], 100).round(4).to_dict()
    {'total': 0.125, 'chronic': 0.0, 'transient': 0.125, 'chronic_share': 0.0}
    """
    x = _check_matrix(incomes)
    w = check_weights(weights, x.shape[0])
    z = check_line(line, x.shape[0])[:, None]
    total = float(w @ (np.maximum((z - x) / z, 0) ** alpha * (x < z)).mean(axis=1) / w.sum())
    mean = x.mean(axis=1, keepdims=True)
    chronic = float(w @ (np.maximum((z - mean) / z, 0) ** alpha * (mean < z))[:, 0] / w.sum())
    share = chronic / total if total > 0 else float("nan")
    return pd.Series({"total": total, "chronic": chronic, "transient": total - chronic, "chronic_share": share})


@by_row("incomes", "weights")
def duration_poverty(
    incomes: npt.ArrayLike, line: float, duration: float, alpha: float = 0, weights: npt.ArrayLike | None = None
) -> pd.Series:
    """Foster's chronic poverty: poor in at least a share ``duration`` of the periods, counted by how long.

    Parameters
    ----------
    incomes : array_like, shape (n, T)
        One row per unit, one column per period.
    line : float
    duration : float
        In (0, 1].
    alpha : float
        Order of the gap.
    weights : array_like, shape (n,), optional

    Returns
    -------
    Series
        headcount (chronically poor), mean_duration (their share of periods poor), measure: K_alpha, the mean of
        gap ** alpha over all periods of the chronically poor (K_0 = headcount × mean_duration).

    Raises
    ------
    ModelError
        For a panel with gaps, a line that is not positive, or a duration outside (0, 1].

    Notes
    -----
    Foster (2009), in Addison, Hulme and Kanbur (eds), Poverty Dynamics, chapter 3.

    Examples
    --------
    >>> duration_poverty([[50, 50], [50, 150]], 100, 0.6).to_dict()
    {'headcount': 0.5, 'mean_duration': 1.0, 'measure': 0.5}
    """
    x = _check_matrix(incomes)
    w = check_weights(weights, x.shape[0])
    z = check_line(line, x.shape[0])[:, None]
    if not 0 < duration <= 1:
        raise ModelError("cut-off outside the range", where="duration_poverty", got=duration, expected="above 0, to 1")
    poor = x < z
    share = poor.mean(axis=1)
    chronic = share >= duration - 1e-9
    gaps = np.where(poor, ((z - x) / z), 0.0) ** alpha * poor
    head = float(w @ chronic / w.sum())
    mass = w @ chronic
    return pd.Series(
        {
            "headcount": head,
            "mean_duration": float((w * chronic) @ share / mass) if mass > 0 else float("nan"),
            "measure": float((w * chronic) @ gaps.mean(axis=1) / w.sum()),
        }
    )
