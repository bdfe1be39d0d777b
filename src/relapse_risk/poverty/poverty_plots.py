"""Pictures of poverty results: each takes a frame and an ``ax`` and returns the ``ax``; none shows or saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import check_incomes, check_weights

__all__ = ["dominance_curves", "plot_decomposition", "plot_deprivation_heat", "plot_dominance", "plot_lorenz"]


def dominance_curves(
    incomes: Mapping[str, npt.ArrayLike],
    lines: Sequence[float],
    order: int = 1,
    weights: Mapping[str, npt.ArrayLike] | None = None,
) -> pd.DataFrame:
    """Poverty incidence (order 1), deficit (2) or severity (3) of each distribution at many lines.

    A distribution whose curve is nowhere above another's has no more poverty at any of these lines (Atkinson 1987,
    doi:10.2307/1911028).

    Returns
    -------
    DataFrame
        line, group, value: mean of max(z - x, 0) ** (order - 1), counted where x < z.

    Examples
    --------
    >>> dominance_curves({"a": [1.0, 3.0]}, [2.0, 4.0])["value"].tolist()
    [0.5, 1.0]
    """
    if order not in (1, 2, 3):
        raise ModelError("unknown order", where="dominance_curves", got=order, expected="1, 2 or 3")
    rows = []
    for name, values in incomes.items():
        x = check_incomes(values, name)
        w = check_weights(None if weights is None else weights[name], x.size)
        for z in lines:
            gap = np.where(x < z, np.maximum(z - x, 0.0) ** (order - 1), 0.0)
            rows.append((float(z), name, float(w @ gap / w.sum())))
    return pd.DataFrame(rows, columns=["line", "group", "value"])


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
        ax.plot(part["line"], part["value"], label=str(name))
    if line is not None:
        ax.axvline(line, color="0.6", linewidth=1, linestyle=":")
    ax.set(xlabel="poverty line", ylabel="poverty at the line")
    ax.legend(frameon=False)
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
    ax.set(xlabel="contribution to M0")
    ax.legend(frameon=False, fontsize="small", ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.18))
    return ax
