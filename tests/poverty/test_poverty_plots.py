"""Figures draw the numbers they are given and return the axes they were given."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from relapse_risk.errors import ModelError
from relapse_risk.poverty import alkire_foster, lorenz_curve, survey_design
from relapse_risk.poverty.curves import dominance_curves
from relapse_risk.poverty.poverty_plots import (
    plot_decomposition,
    plot_deprivation_heat,
    plot_dominance,
    plot_lorenz,
)


@pytest.fixture
def ax():  # type: ignore[no-untyped-def]
    return Figure().subplots()


def test_lorenz(ax) -> None:  # type: ignore[no-untyped-def]
    assert plot_lorenz({"all": lorenz_curve([3, 1])}, ax) is ax
    assert ax.lines[1].get_ydata().tolist() == [0, 0.25, 1]


def test_dominance(ax) -> None:  # type: ignore[no-untyped-def]
    frame = dominance_curves({"poorer": [1, 2, 3], "richer": [2, 3, 4]}, [1.5, 2.5, 3.5], 2).frame
    wide = frame.pivot(index="line", columns="group", values="value")
    assert (wide["richer"] <= wide["poorer"]).all()
    assert plot_dominance(frame, ax, 2.0) is ax
    assert len(ax.lines) == 3
    assert len(ax.collections) == 2, "a band of each"
    with pytest.raises(ModelError, match="unknown order"):
        dominance_curves({"a": [1.0]}, [1.0], 4)


def test_heat_and_bars() -> None:
    g0 = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
    frame = alkire_foster(g0, [1, 1], [0.5, 1.0], survey_design(np.ones(4)), ["a", "b"], ["n", "n", "s", "s"]).frame
    heat, bars = Figure().subplots(), Figure().subplots()
    plot_deprivation_heat(frame, heat, k=0.5)
    assert [t.get_text() for t in heat.texts] == ["100", "50", "0", "50"]
    plot_decomposition(frame, bars, k=0.5)
    lengths = [bar.get_width() for bar in bars.patches]
    assert sum(lengths) == pytest.approx(frame[(frame["measure"] == "M0") & (frame["k"] == 0.5)]["value"].sum())
    with pytest.raises(ModelError, match="one cut-off"):
        plot_decomposition(frame, bars)
