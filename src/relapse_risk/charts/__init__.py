"""Charts as vector graphics: small pure functions from numbers and words to a drawing of a given width."""

from relapse_risk.charts.canvas import NARROW, WIDE, Drawing, figure
from relapse_risk.charts.column_charts import Series, columns, lines, pyramid, stack, steps
from relapse_risk.charts.field_charts import curve, heat
from relapse_risk.charts.funnel_plot import Bound, Spot, funnel_plot
from relapse_risk.charts.maps import Area, in_rows, shape_map, tile_map
from relapse_risk.charts.peer_strip import strip
from relapse_risk.charts.row_charts import Line, Rule, bars, dots, funnel, pairs

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
