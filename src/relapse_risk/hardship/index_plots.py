"""Pictures of index results: each takes a frame and an ``ax`` and returns the ``ax``; none shows or saves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from relapse_risk.errors import ModelError

__all__ = ["plot_contributions", "plot_rank_intervals", "plot_tornado"]


def plot_rank_intervals(frame: pd.DataFrame, ax: Axes, first: int = 40) -> Axes:
    """Caterpillar: rank and interval of the ``first`` households; ``frame`` is :attr:`Ranking.frame`."""
    rows = frame.dropna(subset=["rank_low", "rank_high"]).nsmallest(first, "rank_need_city")
    if rows.empty:
        raise ModelError("no intervals", where="plot_rank_intervals", fix="rank with a generator")
    place = np.arange(len(rows))
    low, high = (rows[c].to_numpy(dtype=np.float64) for c in ("rank_low", "rank_high"))
    ax.hlines(place, low, high, color="0.6", linewidth=2)
    ax.plot(rows["rank_need_city"].to_numpy(dtype=np.float64), place, "o", markersize=3)
    ax.set_yticks(place, rows["household_id"].astype(str), fontsize="x-small")
    ax.invert_yaxis()
    ax.set(xlabel="rank in the city (1 = worst off)")
    return ax


def plot_tornado(frame: pd.DataFrame, ax: Axes, first: int = 15) -> Axes:
    """Tornado of Sobol indices: total with its interval, first-order inside; ``frame`` is :attr:`Sobol.frame`."""
    rows = frame.nlargest(first, "total")[::-1]
    place = np.arange(len(rows))
    ax.barh(place, rows["total"], color="0.8", label="total")
    ax.barh(place, rows["first"].clip(lower=0), height=0.4, label="first order")
    ax.hlines(place, rows["total_low"], rows["total_high"], color="black", linewidth=1)
    ax.set_yticks(place, rows["factor"])
    ax.set(xlabel="share of the variance of the output")
    ax.legend(frameon=False, loc="lower right")
    return ax


def plot_contributions(contributions: pd.DataFrame, ax: Axes) -> Axes:
    """One household's points by indicator, summing to need; ``contributions`` is :attr:`Card.contributions`."""
    rows = contributions[contributions["points"] > 0].sort_values("points")
    bars = ax.barh(rows["indicator"], rows["points"])
    ax.bar_label(bars, fmt="%.1f", padding=2)
    ax.set(xlabel=f"points (sum {contributions['points'].sum():.1f})")
    return ax
