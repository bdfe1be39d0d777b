"""Charts as vector graphics: small pure functions from numbers and words to a drawing of a given width."""

from relapse_risk.reporting.figures.canvas import NARROW, WIDE, Drawing, figure
from relapse_risk.reporting.figures.columns import Series, columns, lines, pyramid, stack, steps
from relapse_risk.reporting.figures.fields import curve, heat
from relapse_risk.reporting.figures.rows import Line, Rule, bars, dots, funnel, pairs
from relapse_risk.reporting.figures.strip import strip

__all__ = [
    "NARROW",
    "WIDE",
    "Drawing",
    "Line",
    "Rule",
    "Series",
    "bars",
    "columns",
    "curve",
    "dots",
    "figure",
    "funnel",
    "heat",
    "lines",
    "pairs",
    "pyramid",
    "stack",
    "steps",
    "strip",
]
