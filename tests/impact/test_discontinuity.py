"""A cut-off that was sorted, one that decides nothing, and what is too little to say anything."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.impact.density import density_test
from relapse_risk.impact.discontinuity import discontinuity_effect, discontinuity_table
from relapse_risk.impact.local_polynomial import neighbour_residuals


def made(seed: int, n: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = rng.uniform(-1, 1, n)
    return score, 2.0 * (score < 0) + np.sin(2 * score) + rng.normal(0, 0.5, n)


def test_a_straight_line_on_each_side_is_found_exactly() -> None:
    """Without noise the local line is the line, and its bias none: jump 3, whatever the bandwidth."""
    score = np.linspace(-1, 1, 201)
    outcome = np.where(score >= 0, 3 + 2 * score, 1 * score)
    noise = np.where(np.arange(201) % 2, 1e-9, -1e-9)
    effect = discontinuity_effect(outcome + noise, score, bandwidth=(0.5, 0.7))
    assert effect.estimate == pytest.approx(3, abs=1e-7)
    assert effect.details["corrected"] == pytest.approx(3, abs=1e-7)


def test_the_sign_is_treated_minus_untreated() -> None:
    score, outcome = made(1)
    below = discontinuity_effect(outcome, score, treated_side="below")
    above = discontinuity_effect(outcome, score, treated_side="above")
    assert below.estimate == -above.estimate > 0
    assert (below.low, below.high) == pytest.approx((-above.high, -above.low))
    assert below.treated == above.households - above.treated


def test_shifting_and_scaling_the_score_change_nothing() -> None:
    score, outcome = made(2)
    one = discontinuity_effect(outcome, score, treated_side="below")
    other = discontinuity_effect(outcome, 5000 + 1000 * score, cutoff=5000, treated_side="below")
    assert other.estimate == pytest.approx(one.estimate, rel=1e-7)
    assert other.details["bandwidth"] == pytest.approx(1000 * one.details["bandwidth"], rel=1e-7)


def test_a_sorted_score_is_refused() -> None:
    """Two thirds of the households just above the cut-off get a score just below it."""
    rng = np.random.default_rng(3)
    score, outcome = made(3, 6000)
    moved = (score > 0) & (score < 0.1) & (rng.random(len(score)) < 2 / 3)
    sorted_score = np.where(moved, -score, score)
    fair = discontinuity_effect(outcome, score, treated_side="below")
    false = discontinuity_effect(outcome, sorted_score, treated_side="below")
    assert (fair.says, false.says) == ("raises", "does_not_hold")
    assert density_test(sorted_score).nearest_above < 15 < density_test(score).nearest_above


def test_whole_numbers_are_not_taken_for_sorting() -> None:
    """Of scores -3 … 3 as likely each, 0 is above: four to three is no sorting."""
    score = np.random.default_rng(8).integers(-40, 41, 8000).astype(float)
    assert np.isnan(density_test(score).p_nearest)


def test_a_cutoff_that_decides_nothing_is_refused() -> None:
    score, outcome = made(4)
    anyone = np.random.default_rng(4).integers(0, 2, len(score))
    effect = discontinuity_effect(outcome, score, treated_side="below", treated=anyone)
    assert [c.verdict for c in effect.checks if c.name == "first_stage"] == ["fails"]


def test_covariates_that_cannot_be_tested_are_unknown_not_passed() -> None:
    score, outcome = made(5)
    nothing = pd.DataFrame({"age": np.full(len(score), np.nan)})
    effect = discontinuity_effect(outcome, score, treated_side="below", covariates=nothing)
    assert [c.verdict for c in effect.checks if c.name == "covariates"] == ["unknown"]


def test_too_few_households_are_refused() -> None:
    with pytest.raises(ModelError, match="too few households"):
        discontinuity_effect([1.0, 2, 3, 4, 5], [-1.0, -0.5, 0.1, 0.5, 1])
    with pytest.raises(ModelError, match="too few households on a side"):
        density_test(np.r_[np.linspace(-1, -0.1, 10), np.linspace(0, 1, 100)])


def test_wider_bandwidths_are_shown() -> None:
    score, outcome = made(6)
    table = discontinuity_table(outcome, score, treated_side="below")
    assert table["times"].tolist() == [0.5, 0.75, 1, 1.5, 2]
    assert ((table["low"] < 2) & (table["high"] > 2)).iloc[:3].all()


def test_neighbours_that_tie_enter_together() -> None:
    """By hand: score 0, 0, 1, 3, 3: the third neighbour of the first ties with a fourth, so J is 4."""
    x, y = np.array([0.0, 0, 1, 3, 3]), np.array([5.0, 1, 2, 3, 4])
    assert neighbour_residuals(x, y)[0] == pytest.approx(np.sqrt(4 / 5) * (5 - 10 / 4))
