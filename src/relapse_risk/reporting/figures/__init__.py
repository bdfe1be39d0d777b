"""Charts as vector graphics: small pure functions from numbers and words to a drawing of a given width."""

from relapse_risk.reporting.figures.canvas import NARROW, WIDE, Drawing, figure
from relapse_risk.reporting.figures.columns import Series, columns, lines, pyramid, stack, steps
from relapse_risk.reporting.figures.fields import curve, heat
from relapse_risk.reporting.figures.funnels import Bound, Spot, funnel_plot
from relapse_risk.reporting.figures.maps import Area, in_rows, shape_map, tile_map
from relapse_risk.reporting.figures.rows import Line, Rule, bars, dots, funnel, pairs
from relapse_risk.reporting.figures.strip import strip

__all__ = [
    "NARROW",
    "WIDE",
    "Area",
    "Bound",
    "Drawing",
    "Line",
    "Rule",
    "Series",
    "Spot",
    "bars",
    "columns",
    "curve",
    "dots",
    "figure",
    "funnel",
    "funnel_plot",
    "heat",
    "in_rows",
    "lines",
    "pairs",
    "pyramid",
    "shape_map",
    "stack",
    "steps",
    "strip",
    "tile_map",
]
