"""Pictures of poverty results: each takes a frame and an ``ax`` and returns the ``ax``; none shows or saves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from relapse_risk.errors import ModelError
from relapse_risk.poverty.curve_result import CurveKind

__all__ = [
    "plot_curve",
    "plot_decomposition",
    "plot_deprivation_heat",
    "plot_dominance",
    "plot_estimates",
    "plot_growth",
    "plot_lorenz",
    "plot_tip",
    "plot_transitions",
]


def plot_lorenz(curves: Mapping[str, pd.DataFrame], ax: Axes) -> Axes:
    """Lorenz (or concentration) curves against the line of equality; frames of ``lorenz_curve``."""
    ax.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--")
    for name, curve in curves.items():
        ax.plot(curve["population"], curve["share"], label=name)
    ax.set(xlim=(0, 1), ylim=(min(0.0, *(c["share"].min() for c in curves.values())), 1))
    ax.set(xlabel="share of population, poorest first", ylabel="share of income")
    ax.set_aspect("equal")
    ax.legend(frameon=False)
    return ax


def plot_dominance(frame: pd.DataFrame, ax: Axes, line: float | None = None) -> Axes:
    """Curves of :func:`dominance_curves`; ``line`` marks the official one."""
    for name, part in frame.groupby("group", sort=False):
        drawn = ax.plot(part["line"], part["value"], label=str(name))[0]
        if "low" in part:
            ax.fill_between(part["line"], part["low"], part["high"], color=drawn.get_color(), alpha=0.15, linewidth=0)
    if line is not None:
        ax.axvline(line, color="0.6", linewidth=1, linestyle=":")
    ax.set(xlabel="poverty line (unit of the incomes)", ylabel="poverty at the line")
    ax.legend(frameon=False)
    return ax


def plot_growth(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Growth incidence; ``frame`` is that of ``growth_incidence``."""
    ax.axhline(0, color="0.6", linewidth=1, linestyle="--")
    ax.plot(100 * frame["population"], frame["growth"])
    ax.set(xlim=(0, 100), xlabel="percentile, poorest first (%)", ylabel="growth of income (% per year)")
    return ax


def plot_tip(frame: pd.DataFrame, ax: Axes) -> Axes:
    """TIP curves of each group; ``frame`` is that of ``tip_curves``."""
    for name, part in frame.groupby("group", sort=False):
        ax.plot(part["population"], part["gap"], label=str(name))
    ax.set(
        xlim=(0, 1), xlabel="share of population, poorest first", ylabel="cumulated gap (share of the line per head)"
    )
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False)
    return ax


def plot_curve(frame: pd.DataFrame, ax: Axes, kind: CurveKind, line: float | None = None) -> Axes:
    """The frame of a :class:`Curve` as its kind is drawn."""
    if kind == "dominance":
        return plot_dominance(frame, ax, line)
    if kind == "growth":
        return plot_growth(frame, ax)
    if kind == "tip":
        return plot_tip(frame, ax)
    plot_lorenz({"Lorenz curve" if kind == "lorenz" else "concentration curve": frame}, ax)
    if kind == "concentration":
        ax.set(xlabel="share of population, in order of rank", ylabel="share of the total")
    return ax


def plot_estimates(frame: pd.DataFrame, ax: Axes, level: float) -> Axes:
    """Estimates with their intervals, one row each, first on top; ``frame`` is :attr:`Estimate.frame`."""
    place = np.arange(len(frame))
    ax.hlines(place, frame["low"], frame["high"], color="0.6", linewidth=2)
    ax.plot(frame["value"], place, "o", markersize=4)
    ax.set_yticks(place, frame["label"].astype("str"))
    ax.invert_yaxis()
    ax.set(xlabel=f"estimate with {level:.0%} interval (unit of the measure)")
    return ax


def plot_transitions(rates: pd.DataFrame, ax: Axes, group: object = "all") -> Axes:
    """Rates of moving in and out of poverty with their intervals; ``rates`` is :attr:`Transitions.rates`."""
    rows = rates[(rates["group"] == group) & rates["value"].notna()]
    if rows.empty:
        raise ModelError("no rates of this group", where="plot_transitions", got=group, fix="name one of the groups")
    place = np.arange(len(rows))
    ax.hlines(place, 100 * rows["low"], 100 * rows["high"], color="0.6", linewidth=2)
    ax.plot(100 * rows["value"], place, "o", markersize=4)
    ax.set_yticks(place, rows["rate"].str.replace("_", " "))
    ax.invert_yaxis()
    ax.set(xlabel="households of those at risk of the move (%)", xlim=(0, None))
    return ax


def plot_deprivation_heat(frame: pd.DataFrame, ax: Axes, measure: str = "hdk", k: float | None = None) -> Axes:
    """Groups × indicators, shaded by headcount; ``frame`` is :attr:`AlkireFoster.frame`."""
    rows = frame[(frame["measure"] == measure) & (frame["group"] != "all")]
    if k is not None:
        rows = rows[np.isclose(rows["k"], k)]
    if rows.empty or rows.duplicated(["group", "indicator"]).any():
        raise ModelError("needs groups and one cut-off", where="plot_deprivation_heat", got=(measure, k))
    table = rows.pivot(index="group", columns="indicator", values="value")
    ax.imshow(table.to_numpy(), cmap="OrRd", vmin=0, aspect="auto")
    ax.set_xticks(range(table.shape[1]), list(table.columns), rotation=45, ha="right")
    ax.set_yticks(range(table.shape[0]), [str(group) for group in table.index])
    top = float(np.nanmax(table.to_numpy()))
    for (i, j), value in np.ndenumerate(table.to_numpy()):
        ax.text(j, i, f"{100 * value:.0f}", ha="center", va="center", color="white" if value > 0.6 * top else "black")
    return ax


def plot_decomposition(frame: pd.DataFrame, ax: Axes, k: float | None = None) -> Axes:
    """Stacked bars of each indicator's contribution to M0, one bar per group; ``frame`` is ``AlkireFoster.frame``."""
    rows = frame[frame["measure"] == "actb"]
    if k is not None:
        rows = rows[np.isclose(rows["k"], k)]
    if rows.empty or rows.duplicated(["group", "indicator"]).any():
        raise ModelError("needs one cut-off", where="plot_decomposition", got=k)
    table = rows.pivot(index="group", columns="indicator", values="value")
    left = np.zeros(len(table))
    names = [str(group) for group in table.index]
    for name in table.columns:
        ax.barh(names, table[name], left=left, label=str(name))
        left = left + table[name].to_numpy()
    ax.invert_yaxis()  # first group on top, as in the heat table
    ax.set(xlabel="contribution to M0 (0 to 1)")
    ax.legend(frameon=False, fontsize="small", ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.18))
    return ax
