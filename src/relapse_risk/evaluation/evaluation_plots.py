"""Pictures of risk scores: each takes a frame and an ``ax`` and returns the ``ax``; none shows or saves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from relapse_risk.errors import ModelError

__all__ = ["plot_calibration", "plot_coefficients", "plot_measure", "plot_net_benefit"]


def plot_measure(table: pd.DataFrame, design: str, measure: str, ax: Axes) -> Axes:
    """One measure of every score with its interval, best at the top; ``table`` is :attr:`Comparison.table`."""
    rows = table[(table["design"] == design) & (table["measure"] == measure)].dropna(subset=["value"])
    if rows.empty:
        raise ModelError("no such measure", where="plot_measure", got=(design, measure))
    best_first = measure in ("auc", "pr_auc")
    rows = rows.sort_values("value", ascending=best_first)
    place = np.arange(len(rows))
    own = (rows["score"] == "official").to_numpy()
    ax.hlines(place, rows["low"], rows["high"], color=np.where(own, "#b3470f", "0.6"), linewidth=2)
    ax.scatter(rows["value"], place, color=np.where(own, "#b3470f", "#1b6380"), s=16, zorder=3)
    ax.set_yticks(place, rows["score"].str.replace("_", " "))
    ax.set(xlabel=measure.replace("_", " "))
    return ax


def plot_calibration(table: pd.DataFrame, ax: Axes) -> Axes:
    """Observed against expected share by tenth; ``table`` is :func:`relapse_risk.evaluation.calibration_table`."""
    top = float(table[["expected", "high"]].max().max()) * 1.05
    ax.plot([0, top], [0, top], color="0.7", linewidth=1)
    ax.vlines(table["expected"], table["low"], table["high"], color="0.6", linewidth=2)
    ax.plot(table["expected"], table["observed"], "o", markersize=4, color="#1b6380")
    ax.set(xlabel="expected share (0 to 1)", ylabel="observed share (0 to 1)", xlim=(0, top), ylim=(0, top))
    return ax


def plot_net_benefit(curve: pd.DataFrame, ax: Axes) -> Axes:
    """Net benefit of each score by threshold; ``curve`` is :func:`relapse_risk.evaluation.decision_curve`."""
    for name, rows in curve.groupby("score", sort=False):
        everybody = name == "everybody"
        color, dash = ("0.5", "--") if everybody else (None, "-")
        line = ax.plot(rows["threshold"], rows["value"], dash, color=color, label=str(name).replace("_", " "))[0]
        ax.fill_between(rows["threshold"], rows["low"], rows["high"], color=line.get_color(), alpha=0.15, linewidth=0)
    ax.axhline(0, color="0.7", linewidth=1)
    top = max(float(curve["high"].max()), 0.01)
    ax.set_ylim(-0.5 * top, 1.1 * top)  # how far below nothing a threshold falls is of no use
    ax.set(
        xlabel="threshold (visits worth one fall reached: (1 - t) / t)",
        ylabel="net benefit (events reached per household)",
    )
    ax.legend(frameon=False)
    return ax


def plot_coefficients(terms: pd.DataFrame, ax: Axes, level: float) -> Axes:
    """Log-odds of one standard deviation of each term with its interval, strongest on top; term, value, low, high."""
    rows = terms.reindex(terms["value"].abs().sort_values(ascending=False).index)
    place = np.arange(len(rows))
    ax.axvline(0, color="0.7", linewidth=1)
    ax.hlines(place, rows["low"], rows["high"], color="0.6", linewidth=2)
    ax.plot(rows["value"], place, "o", markersize=4, color="#1b6380")
    ax.set_yticks(place, rows["term"])
    ax.invert_yaxis()
    ax.set(xlabel=f"log-odds per standard deviation, {level:.0%} interval")
    return ax
