"""Pictures of index results: each takes a frame and an ``ax`` and returns the ``ax``; none shows or saves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from relapse_risk.errors import ModelError

__all__ = ["plot_contributions", "plot_need", "plot_rank_intervals", "plot_shortlist", "plot_tornado"]


def plot_rank_intervals(
    frame: pd.DataFrame, ax: Axes, first: int = 40, rank: str = "rank_need_city", unit: str = "household_id"
) -> Axes:
    """Caterpillar: rank and interval of the ``first`` households; ``frame`` is :attr:`Ranking.frame`."""
    rows = frame.dropna(subset=["rank_low", "rank_high"]).nsmallest(first, rank)
    if rows.empty:
        raise ModelError("no intervals", where="plot_rank_intervals", fix="rank with a generator")
    place = np.arange(len(rows))
    low, high = (rows[c].to_numpy(dtype=np.float64) for c in ("rank_low", "rank_high"))
    ax.hlines(place, low, high, color="0.6", linewidth=2)
    ax.plot(rows[rank].to_numpy(dtype=np.float64), place, "o", markersize=3)
    ax.set_yticks(place, rows[unit].astype(str), fontsize="x-small")
    ax.invert_yaxis()
    where = " in the city" if rank.endswith("_city") else ""
    ax.set(xlabel=f"rank{where} (1 = worst off)")
    return ax


def plot_tornado(frame: pd.DataFrame, ax: Axes, first: int = 15) -> Axes:
    """Tornado of Sobol indices: total with its interval, first-order inside; ``frame`` is :attr:`Sobol.frame`."""
    rows = frame.nlargest(first, "total")[::-1]
    place = np.arange(len(rows))
    ax.barh(place, rows["total"], color="0.8", label="total")
    ax.barh(place, rows["first"].clip(lower=0), height=0.4, label="first order")
    ax.hlines(place, rows["total_low"], rows["total_high"], color="black", linewidth=1)
    ax.set_yticks(place, rows["factor"])
    ax.set(xlabel="share of the variance of the output (0 to 1)")
    ax.legend(frameon=False, loc="lower right")
    return ax


def plot_contributions(contributions: pd.DataFrame, ax: Axes) -> Axes:
    """One household's points by indicator, summing to need; ``contributions`` is :attr:`Card.contributions`."""
    rows = contributions[contributions["points"] > 0].sort_values("points")
    bars = ax.barh(rows["indicator"], rows["points"])
    ax.bar_label(bars, fmt="%.1f", padding=2)
    ax.set(xlabel=f"points of 100 (sum {contributions['points'].sum():.1f})")
    return ax


def plot_shortlist(frame: pd.DataFrame, ax: Axes, sure: float, quota: int, first: int | None = None) -> Axes:
    """Probability of being listed, likeliest first; ``frame`` is :attr:`Shortlist.frame`."""
    rows = frame.sort_values("probability", ascending=False, kind="stable").head(first or len(frame))
    place = np.arange(1, len(rows) + 1)
    colours = {"surely_in": "#1b6380", "review": "#b3470f", "surely_out": "0.7"}
    for band, colour in colours.items():
        mine = (rows["band"] == band).to_numpy()
        ax.vlines(place[mine], 0, rows["probability"][mine], color=colour, label=band.replace("_", " "))
    ax.axhline(sure, color="0.6", linewidth=1, linestyle=":")
    ax.axvline(quota + 0.5, color="0.6", linewidth=1, linestyle="--")
    ax.set(
        xlabel="units, likeliest first (dashed: length of the list)",
        ylabel="probability of being listed",
        ylim=(0, 1.02),
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False, loc="center right")
    return ax


def plot_need(reasons: pd.DataFrame, ax: Axes, unit: str, first: int = 20) -> Axes:
    """Stacked points of each dimension, neediest on top; ``reasons`` is :attr:`HardshipIndex.reasons`."""
    table = reasons.pivot(index=unit, columns="subindex", values="points")[list(dict.fromkeys(reasons["subindex"]))]
    table = table.loc[table.sum(axis=1).nlargest(first).index]
    left, names = np.zeros(len(table)), [str(name) for name in table.index]
    for code in table.columns:
        ax.barh(names, table[code], left=left, label=str(code))
        left = left + table[code].to_numpy()
    ax.invert_yaxis()
    ax.set(xlabel="need (points of 100)")
    ax.legend(frameon=False, fontsize="small", ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.18))
    return ax
