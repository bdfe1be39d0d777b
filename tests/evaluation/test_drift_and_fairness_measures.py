"""Drift, fairness and visit lists: by hand, by invariants, and where their guarantee can be counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.evaluation.calibration import calibration
from relapse_risk.evaluation.drift import divergence, drift_table
from relapse_risk.evaluation.fairness import fairness
from relapse_risk.evaluation.visit_lists import visit_lists


def test_psi_by_hand() -> None:
    # (0.5 - 0.2) ln(0.5 / 0.2) + (0.5 - 0.8) ln(0.5 / 0.8)
    assert divergence(np.array([5.0, 5.0]), np.array([2.0, 8.0])) == pytest.approx(
        0.3 * np.log(2.5) - 0.3 * np.log(0.625)
    )


def test_the_same_households_do_not_drift_and_others_do() -> None:
    rng = np.random.default_rng(1)
    then = pd.DataFrame({"a": rng.normal(size=4000), "b": rng.integers(0, 2, 4000).astype(float), "c": 1.0})
    same = drift_table(then, then.sample(frac=1, random_state=1))
    assert same.status == "ok"
    assert same.frame["value"].abs().max() < 1e-12
    moved = drift_table(then, then.assign(a=then["a"] + 1, b=then["b"].where(rng.random(4000) > 0.5)))
    assert dict(zip(moved.frame["name"], moved.frame["status"], strict=True)) == {"a": "fail", "b": "fail", "c": "ok"}
    assert moved.frame.set_index("name").loc["b", "missing_now"] == pytest.approx(0.5, abs=0.05)
    # Tenths of the standard normal, moved by one: Σ(p - q) ln(p / q) by its exact law is about 0.93.
    assert moved.frame.set_index("name").loc["a", "value"] == pytest.approx(0.93, abs=0.12)


def test_a_level_that_moved_fails_only_when_it_surely_did() -> None:
    x = pd.DataFrame({"a": [0.0, 1.0]})
    p = pd.Series(np.full(2000, 0.1))
    many, few = pd.Series((np.arange(2000) % 5 == 0).astype(float)), pd.Series([0.0, 1.0, 0.0, 0.0, 0.0])
    moved, unsure = calibration(many, p), calibration(few, p[:5])
    assert moved.intercept == pytest.approx(np.log(0.25 / (1 / 9)), abs=1e-6)  # odds of 1/4 against 1/9
    assert drift_table(x, x, level=(moved.intercept, moved.intercept_se)).status == "fail"
    assert drift_table(x, x, level=(unsure.intercept, unsure.intercept_se)).status == "ok"
    with pytest.raises(ModelError, match="same columns"):
        drift_table(x, x.rename(columns={"a": "b"}))


def test_fairness_by_hand_and_small_groups_are_drawn_in() -> None:
    y = np.r_[np.tile([1.0, 0.0, 0.0, 0.0], 500), 1.0, 1.0, 0.0]
    group = np.r_[np.tile(["a"] * 4 + ["b"] * 4, 250), ["c"] * 3]
    found = fairness(y, np.full(len(y), 0.25), y, group).frame.set_index("group")
    assert found.loc["a", ["selected", "reached", "false_alarms", "ratio"]].tolist() == [0.25, 1.0, 0.0, 1.0]
    assert found.loc["c", "ratio"] == pytest.approx(2 / 0.75)
    # Two falls carry little information: the ratio of 2.7 is shrunk most of the way to the overall one.
    assert 0.9 < found.loc["c", "ratio_shrunk"] < 1.5
    with pytest.raises(ModelError, match="two groups"):
        fairness([0, 1], [0.1, 0.2], [0, 1], ["a", "a"])


def test_lists_hold_their_share_of_falls_in_every_county_whatever_the_score() -> None:
    """A useless and a good score alike: over many years, each county's list holds 90 % of its falls or a hair more."""
    rng = np.random.default_rng(2)
    held: dict[str, list[float]] = {"good": [], "useless": []}
    for _ in range(200):
        county = pd.Series(np.repeat(["1", "2"], 400))
        fell = pd.Series((rng.random(800) < 0.2).astype(float))
        for name in held:
            score = pd.Series(rng.normal(size=800) + (2 * fell if name == "good" else 0))
            halves = np.arange(800) % 2 == 0
            lists = visit_lists(fell[halves], score[halves], county[halves], 0.9)
            evaluated = lists.evaluated(fell[~halves], score[~halves], county[~halves]).set_index("county_code")
            held[name].append(evaluated.loc["1", "held"])
    for shares in held.values():
        # The guarantee, and its other side: at most 1 / (m + 1) too much, m about 40.
        assert 0.9 - 0.012 < np.mean(shares) < 0.9 + 1 / 41 + 0.012


def test_a_county_with_too_few_falls_takes_the_limit_of_all() -> None:
    fell = pd.Series([1.0] * 20 + [1.0, 0.0])
    score = pd.Series(np.arange(22) / 22)
    lists = visit_lists(fell, score, pd.Series(["1"] * 20 + ["2"] * 2), 0.9)
    frame = lists.frame.set_index("county_code")
    assert frame.loc["2", "pooled"]
    assert not frame.loc["1", "pooled"]
    assert frame.loc["2", "limit"] == frame.loc["all", "limit"]
    assert lists.listed(pd.Series([0.0, 1.0]), pd.Series(["new", "new"])).tolist() == [False, True]
    with pytest.raises(ModelError, match="too few relapses"):
        visit_lists(fell[:3], score[:3], pd.Series(["1"] * 3), 0.9)
