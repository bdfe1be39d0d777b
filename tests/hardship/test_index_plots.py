"""Figures draw the numbers they are given and return the axes they were given."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.figure import Figure

from relapse_risk.errors import ModelError
from relapse_risk.hardship.index_plots import plot_contributions, plot_rank_intervals, plot_tornado


def test_caterpillar_shows_the_first_ranks() -> None:
    frame = pd.DataFrame(
        {"household_id": list("abc"), "rank_need_city": [3, 1, 2], "rank_low": [2, 1, 1], "rank_high": [3, 2, 3]}
    )
    ax = Figure().subplots()
    assert plot_rank_intervals(frame, ax, 2) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "c"]
    with pytest.raises(ModelError, match="no intervals"):
        plot_rank_intervals(frame.assign(rank_low=pd.NA), ax)


def test_tornado_is_sorted() -> None:
    frame = pd.DataFrame({"factor": ["x", "y"], "first": [0.1, 0.5], "total": [0.2, 0.7]})
    frame = frame.assign(total_low=frame["total"] - 0.1, total_high=frame["total"] + 0.1)
    ax = plot_tornado(frame, Figure().subplots())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["x", "y"], "largest on top"


def test_contributions_carry_their_sum() -> None:
    ax = plot_contributions(pd.DataFrame({"indicator": ["a", "b"], "points": [2.0, 3.0]}), Figure().subplots())
    assert "sum 5.0" in ax.get_xlabel()
