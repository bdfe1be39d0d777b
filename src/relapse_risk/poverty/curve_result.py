"""A curve as a result: its numbers in a frame, one line of words, and its picture."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from relapse_risk.pictures import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Curve", "CurveKind"]

CurveKind = Literal["lorenz", "concentration", "growth", "tip", "dominance"]


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve, or one of each group.

    Attributes
    ----------
    kind : {"lorenz", "concentration", "growth", "tip", "dominance"}
    frame : DataFrame
        Two columns that are drawn against each other (population and share, population and growth, population and gap,
        line and value); where there are groups, group; where there is an interval, low and high.
    note : str
        What is said of the whole in one line.
    """

    kind: CurveKind
    frame: pd.DataFrame
    note: str

    def __getitem__(self, column: str) -> pd.Series:
        return self.frame[column]

    def summary(self) -> str:
        """One line."""
        return self.note

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.note)}</p>{self.frame.head(10).to_html(index=False)}"

    def plot(self, ax: Axes | None = None, line: float | None = None) -> Axes:
        """The curve on ``ax``, or on new axes; ``line`` marks a poverty line on dominance curves."""
        draw = "relapse_risk.poverty.poverty_plots.plot_curve"
        return picture(draw, ax, self.frame, kind=self.kind, line=line)
