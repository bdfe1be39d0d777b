"""Pictures of results: matplotlib is loaded when one is asked for, not when a measure is computed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["picture"]


def picture(draw: str, ax: Axes | None, *given: Any, **options: Any) -> Axes:
    """The axes on which the function ``draw`` has drawn ``given``; new ones where ``ax`` is None.

    Parameters
    ----------
    draw : str
        Module and name of a function that takes ``given``, an ``ax`` and ``options``, and returns the ``ax``.
    ax : matplotlib Axes, optional
        In a notebook new axes are shown by themselves; nothing is saved.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import pandas as pd
    >>> line = pd.DataFrame({"population": [0.0, 1.0], "share": [0.0, 1.0]})
    >>> picture("relapse_risk.poverty.poverty_plots.plot_lorenz", Figure().subplots(), {"equal": line}).get_xlabel()
    'share of population, poorest first'
    """
    module, _, name = draw.rpartition(".")
    if ax is None:
        ax = import_module("matplotlib.pyplot").subplots(layout="constrained")[1]
    drawn: Axes = getattr(import_module(module), name)(*given, ax=ax, **options)
    return drawn
