"""Transitions, spells, chronic and duration poverty on hand-made panels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relapse_risk.errors import ModelError
from relapse_risk.poverty import (
    chronic_transient,
    duration_poverty,
    fgt,
    spell_survival,
    spells,
    transition_events,
    transitions,
)


def panel_of(**histories: str) -> pd.DataFrame:
    """One letter per year from 2016: P poor, N not, . not observed."""
    rows = [
        {"household_id": name, "month": f"{2016 + t}-12", "poor": letter == "P"}
        for name, history in histories.items()
        for t, letter in enumerate(history)
        if letter != "."
    ]
    return pd.DataFrame(rows)


PANEL = panel_of(a="PNP", b="NNP", c="PPN", d="N.P", e="NNN")


def test_events_by_hand() -> None:
    events = transition_events(PANEL)
    assert events.groupby("household_id")["event"].agg(list).to_dict() == {
        "a": ["exit", "relapse"],
        "b": ["stays_out", "entry"],
        "c": ["stays_poor", "exit"],
        "e": ["stays_out", "stays_out"],
    }, "d is never seen in two adjacent years"


def test_a_lifted_household_relapses_rather_than_enters() -> None:
    lifted = PANEL.assign(exited_before=PANEL["household_id"] == "b")
    events = transition_events(lifted).set_index(["household_id", "month_to"])["event"]
    assert events["b", "2018-12"] == "relapse"


def test_rates_by_hand() -> None:
    """At risk of exit: a16, c16, c17 (2 exits). Once poor and out: a17 (1 relapse). Never poor: b16, b17, e16, e17 (1)."""
    rates = transitions(PANEL).rates.set_index("rate")
    assert rates.loc["exit", ["cases", "at_risk"]].tolist() == [2, 3]
    assert rates.loc["relapse", ["cases", "at_risk"]].tolist() == [1, 1]
    assert rates.loc["entry", ["cases", "at_risk"]].tolist() == [1, 4]
    assert rates.loc["fall", "value"] == pytest.approx(2 / 5)
    matrix = transitions(PANEL).matrix
    assert matrix.groupby("was_poor")["share"].sum().tolist() == [1, 1]


def test_standard_error_is_that_of_a_proportion_without_clusters() -> None:
    """2,000 households, two years: se of the exit rate is sqrt(p (1 - p) / n) up to the ratio's small-sample factor."""
    g = np.random.default_rng(1)
    first, stays = g.random(2000) < 0.5, g.random(2000) < 0.3
    frame = pd.DataFrame(
        {
            "household_id": np.repeat(np.arange(2000), 2),
            "month": np.tile(["2019-12", "2020-12"], 2000),
            "poor": np.column_stack([first, first & stays]).ravel(),
        }
    )
    row = transitions(frame).rates.set_index("rate").loc["exit"]
    n = row["at_risk"]
    assert row["se"] == pytest.approx(np.sqrt(row["value"] * (1 - row["value"]) / n), rel=2e-3)


def test_groups_weigh_up_to_the_whole() -> None:
    grouped = transitions(PANEL.assign(town=PANEL["household_id"].isin(["a", "b"])), group="town").rates
    fall = grouped[grouped["rate"] == "fall"].set_index("group")
    assert (fall["value"] * fall["at_risk"]).drop("all").sum() == pytest.approx(fall.loc["all", "value"] * 5)


def test_spells_by_hand() -> None:
    runs = spells(PANEL).set_index(["household_id", "start"])
    assert runs.loc[("c", "2016-12"), ["poor", "length", "left_censored", "right_censored"]].tolist() == [
        True, 2, True, False,
    ]  # fmt: skip
    assert runs.loc[("d", "2016-12"), "right_censored"], "a gap ends what is known of a spell"
    assert runs["length"].sum() == len(PANEL)


def test_survival_is_kaplan_meier() -> None:
    """Five spells 1, 2+, 2, 3, 3+: S = 4/5, 4/5 × 3/4, 4/5 × 3/4 × 1/2; Greenwood at one: 0.8 sqrt(1 / (5 × 4))."""
    runs = pd.DataFrame({"poor": True, "length": [1, 2, 2, 3, 3], "left_censored": False})
    table = spell_survival(runs.assign(right_censored=[False, True, False, False, True]))
    assert table["survival"].tolist() == pytest.approx([0.8, 0.6, 0.3])
    assert table["se"].iloc[0] == pytest.approx(0.8 * np.sqrt(1 / 20))


def test_jalan_ravallion_by_hand() -> None:
    """Incomes 50 and 90 against 100: total (0.25 + 0.01) / 2, chronic 0.3² of the mean 70."""
    parts = chronic_transient([[50, 90]], 100)
    assert parts["total"] == pytest.approx(0.13)
    assert parts["chronic"] == pytest.approx(0.09)


@settings(max_examples=50, deadline=None)
@given(arrays(np.float64, (6, 3), elements=st.floats(1, 200)))
def test_components_sum_and_transient_is_not_negative(x: np.ndarray) -> None:
    parts = chronic_transient(x, 100)
    assert parts["total"] == pytest.approx(np.mean([fgt(x[:, t], 100, 2) for t in range(3)]))
    assert parts["transient"] >= -1e-12
    foster = duration_poverty(x, 100, 2 / 3)
    if foster["headcount"] > 0:
        assert foster["measure"] == pytest.approx(foster["headcount"] * foster["mean_duration"])


def test_two_thirds_of_three_periods_is_two() -> None:
    assert duration_poverty([[50, 50, 150]], 100, 2 / 3)["headcount"] == 1


def test_bad_panels_are_named() -> None:
    with pytest.raises(ModelError, match=r"household twice in one period; got \('a', '2016-12'\)"):
        transition_events(pd.concat([PANEL, PANEL.iloc[[0]]]))
    with pytest.raises(ModelError, match="unknown column; got 'poor'"):
        spells(PANEL.drop(columns="poor"))
    with pytest.raises(ModelError, match="no household is seen in two adjacent periods"):
        transitions(panel_of(a="P.", b=".N"))
    with pytest.raises(ModelError, match="needs a full panel"):
        chronic_transient([[1, np.nan]], 100)
    with pytest.raises(ModelError, match="cut-off outside the range"):
        duration_poverty([[1, 2]], 100, 1.5)
