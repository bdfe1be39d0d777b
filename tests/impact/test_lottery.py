"""A draw that can be repeated, an effect that refuses what it cannot know, and a sentence in both languages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.impact.effect import Check, effect_of
from relapse_risk.impact.lottery import draw_lottery, lottery_effect, randomisation_test
from relapse_risk.impact.power import minimum_detectable_effect, panel_variance_factor, power_of_means, power_table
from relapse_risk.languages import Label


def test_a_draw_is_repeated_by_its_seed_whatever_the_order_of_the_list() -> None:
    labels = [f"h{i:03}" for i in range(60)]
    first = draw_lottery(labels, 20, seed=7).households
    again = draw_lottery(labels[::-1], 20, seed=7).households
    assert set(first.loc[first["drawn"], "household_id"]) == set(again.loc[again["drawn"], "household_id"])
    assert first["household_id"].tolist() == labels
    assert first["drawn"].sum() == 20
    other = draw_lottery(labels, 20, seed=8).households
    assert set(other.loc[other["drawn"], "household_id"]) != set(first.loc[first["drawn"], "household_id"])


def test_every_household_of_a_stratum_has_its_chance() -> None:
    """400 draws: a share is within 4 standard errors of its chance."""
    strata = ["a"] * 6 + ["b"] * 4
    hits = np.zeros(10)
    for seed in range(400):
        draw = draw_lottery(range(10), {"a": 2, "b": 3}, seed, strata).households
        hits += draw["drawn"].to_numpy()
    chance = draw["chance"].to_numpy()
    assert chance.tolist() == [2 / 6] * 6 + [3 / 4] * 4
    assert (np.abs(hits / 400 - chance) < 4 * np.sqrt(chance * (1 - chance) / 400)).all()


@pytest.mark.parametrize(
    ("labels", "places", "strata", "message"),
    [
        (["a", "a"], 1, None, "twice"), (["a", "b"], 2, None, "more households than places"),
        (["a", "b"], {"x": 1}, ["x", "y"], "places and strata differ"), (["a", "b"], {"x": 1}, ["x", None], "needs a stratum"),
    ],
)  # fmt: skip
def test_a_draw_that_is_none_is_refused(labels: list, places: object, strata: object, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        draw_lottery(labels, places, 1, strata)


def test_strata_add_up_by_households() -> None:
    """By hand: effects 2 and 10, of 4 and 8 households; variances .5+.5 and 0+.0 give (1/3)² · 2 · ½ + (2/3)² · 1."""
    outcome = [4, 6, 2, 4, 20, 22, 20, 22, 10, 12, 10, 12]
    drawn = [1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    effect = lottery_effect(outcome, drawn, ["a"] * 4 + ["b"] * 8)
    assert effect.estimate == pytest.approx((4 * 2 + 8 * 10) / 12)
    # s² of (4, 6) is 2, over 2 is 1, in both groups; of (20, 22, 20, 22) is 4/3, over 4 is 1/3
    assert effect.standard_error**2 == pytest.approx((1 / 3) ** 2 * 2 + (2 / 3) ** 2 * 2 / 3)


def test_what_is_not_known_is_refused_not_dropped() -> None:
    with pytest.raises(ModelError, match="outcome is not known for every household; got 1"):
        lottery_effect([1.0, None, 3.0, 4.0], [0, 0, 1, 1])
    with pytest.raises(ModelError, match="too few households in a group; got '1 treated, 3 not'"):
        lottery_effect([1.0, 2.0, 3.0, 4.0], [0, 0, 0, 1])
    with pytest.raises(ModelError, match="no effect with uncertainty"):
        lottery_effect([1.0, 1.0, 2.0, 2.0], [0, 0, 1, 1])


def test_labels_are_aligned_or_refused() -> None:
    outcome = pd.Series([10, 14, 8, 6, 7, 11], index=list("abcdef"))
    drawn = pd.Series([0, 0, 0, 0, 1, 1], index=list("fedcba"))
    assert lottery_effect(outcome, drawn).estimate == 4
    with pytest.raises(ModelError, match="labelled differently"):
        lottery_effect(outcome, drawn.rename({"a": "z"}))


def test_a_false_draw_is_seen_in_what_was_known_before() -> None:
    rng = np.random.default_rng(3)
    need = rng.normal(size=400)
    outcome = rng.normal(size=400)
    fair = lottery_effect(outcome, rng.permutation(np.repeat([0, 1], 200)), balance_of=need)
    friends = lottery_effect(outcome, (need > np.median(need)).astype(int), balance_of=need)
    assert (fair.holds, friends.holds) == (True, False)
    assert friends.says == "does_not_hold"


def test_many_assignments_are_drawn_and_count_the_observed_one() -> None:
    rng = np.random.default_rng(1)
    outcome = np.concatenate([rng.normal(3, 1, 30), rng.normal(0, 1, 30)])
    drawn = np.repeat([1, 0], 30)
    with pytest.raises(ModelError, match="too many assignments"):
        randomisation_test(outcome, drawn)
    test = randomisation_test(outcome, drawn, draws=199, rng=rng)
    assert (test.p_value, test.exact) == (1 / 200, False)


def test_months_and_villages_change_what_can_be_seen() -> None:
    """By hand: ρ = ½, one month before, one after: ¾; two after, none before: ¾; clusters of 11, ICC .1: twice as many."""
    assert panel_variance_factor(0.5, 0, 2) == 0.75
    alone = minimum_detectable_effect(400, 1.0)
    assert power_of_means(200, 200, alone, 1.0) == pytest.approx(0.8, abs=1e-9)
    assert minimum_detectable_effect(800, 1.0, cluster_size=11, icc=0.1) == pytest.approx(alone)
    table = power_table([0.5, 1.0], 1.0, 0.5, [(0, 1), (1, 1)])
    assert table["households"].is_monotonic_decreasing
    assert table["households"].tolist()[0] == 128  # power.t.test(delta=.5, power=.8): n = 63.77 in each group


YUAN = {"treatment": Label(zh="公益岗位", en="a public post"), "outcome": Label(zh="收入", en="income"), "unit": Label(zh="元", en="yuan")}  # fmt: skip


def test_an_interval_that_spans_zero_cannot_tell() -> None:
    effect = effect_of("lottery", "itt", 10.0, 100.0, households=50, treated=20)
    assert effect.sentence("en", **YUAN).startswith(
        "Lottery among equals: whether a public post changes income cannot be told: the 95% interval, −186 to 206 yuan"
    )
    assert effect.sentence("zh", **YUAN).startswith("抽签对照：看不出公益岗位对收入是否有影响")


def test_a_check_that_could_not_be_made_is_said() -> None:
    effect = effect_of("lottery", "itt", -300.0, 100.0, households=50, treated=20)
    said = effect.with_checks(Check("balance", float("nan"), 0.05, "unknown")).sentence("en", **YUAN)
    assert "lowers income by 300 yuan" in said
    assert said.endswith("Could not be checked: groups alike before the draw.")
