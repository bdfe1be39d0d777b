"""Ranks, tie rules, intervals, shortlists."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from relapse_risk.errors import ModelError
from relapse_risk.hardship import HardshipIndex, Uncertainty, draw_weights, hardship_index, rank_scores, read_index
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.ranking import rank_households, rank_intervals, shortlist

DAY = date(2020, 12, 31)


def indexed(frame: pd.DataFrame) -> HardshipIndex:
    return hardship_index(frame, read_index("dz_hardship"), read_parameters(), read_place("dezhou"), DAY)


def households(n: int = 300) -> pd.DataFrame:
    g = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "household_id": [f"h{i:03d}" for i in g.permutation(n)],
            "county_code": g.choice(["371402", "371403"], n),
            "town_code": g.choice(["371402100", "371403100"], n),
            "income_pc_year": g.lognormal(8.6, 0.4, n),
            "rigid_burden": g.gamma(2, 0.1, n),
            "size": g.integers(1, 6, n),
            "house_safe": pd.array(np.where(g.random(n) < 0.1, None, g.random(n) < 0.9), dtype="boolean"),
            "aid_received_12m": g.exponential(1500, n),
            "uncompensated_loss_12m": g.exponential(800, n),
        }
    )


@pytest.fixture(scope="module")
def index() -> HardshipIndex:
    return indexed(households())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_tie_rules_are_those_of_scipy(values: list[int]) -> None:
    for rule in ("min", "dense", "ordinal", "average", "max"):
        expected = rankdata(-np.array(values), method=rule)
        assert rank_scores(values, rule).tolist() == expected.tolist()  # type: ignore[arg-type]


def test_missing_scores_have_no_rank() -> None:
    assert np.isnan(rank_scores([1.0, np.nan])).tolist() == [False, True]


def test_every_rank_is_held_once_at_each_level(index: HardshipIndex) -> None:
    frame = rank_households(index).frame
    assert sorted(frame["rank_need_city"]) == list(range(1, len(frame) + 1))
    for level, column in (("county_code", "rank_need_county"), ("town_code", "rank_priority_town")):
        for _, part in frame.groupby(level):
            assert sorted(part[column]) == list(range(1, len(part) + 1))


def test_ranks_agree_with_need_and_levels_agree_with_each_other(index: HardshipIndex) -> None:
    frame = rank_households(index).frame.sort_values("rank_need_city")
    assert frame["need"].is_monotonic_decreasing
    for _, county in frame.groupby("county_code"):
        assert county["rank_need_county"].is_monotonic_increasing
    by_priority = frame.sort_values("rank_priority_city")
    assert by_priority["priority"].is_monotonic_decreasing


def test_ties_go_to_lower_income_then_id() -> None:
    frame = households(4).assign(rigid_burden=0.0, size=1, house_safe=True, uncompensated_loss_12m=0.0)
    frame["household_id"] = ["d", "c", "b", "a"]
    frame["income_pc_year"] = [20000.0, 30000.0, 30000.0, 40000.0]
    ranked = rank_households(indexed(frame)).frame.set_index("household_id")["rank_need_city"]
    assert ranked.sort_values().index.tolist() == ["d", "b", "c", "a"], "all score zero"


def test_order_of_rows_does_not_matter(index: HardshipIndex) -> None:
    shuffled = indexed(households().sample(frac=1, random_state=1))
    first = rank_households(index).frame.set_index("household_id")["rank_need_city"]
    second = rank_households(shuffled).frame.set_index("household_id")["rank_need_city"]
    pd.testing.assert_series_equal(first.sort_index(), second.sort_index())


def test_intervals_hold_the_rank_and_shrink_with_the_spread(index: HardshipIndex) -> None:
    widths = []
    for spread in (0.0, 0.1, 0.4):
        result = rank_households(index, np.random.default_rng(1), draws=60, spread=spread)
        frame = result.frame
        widths.append(float((frame["rank_high"] - frame["rank_low"]).mean()))
        inside = frame["rank_need_city"].between(frame["rank_low"], frame["rank_high"])
        assert inside.mean() > 0.95
        assert (frame["rank_county_low"] <= frame["rank_county_high"]).all()
    assert widths[0] == 0
    assert all(a < b for a, b in pairwise(widths))


def test_intervals_are_reproducible(index: HardshipIndex) -> None:
    runs = [rank_households(index, np.random.default_rng(5), draws=20).frame for _ in range(2)]
    pd.testing.assert_frame_equal(*runs)
    assert rank_households(index).frame["rank_low"].isna().all()


def test_a_dimension_that_cannot_matter_changes_no_interval() -> None:
    """A third column of zeros with weight zero: every rank, and every interval, stays exactly where it was."""
    g = np.random.default_rng(2)
    sub = g.uniform(0, 100, (50, 2))
    weights = draw_weights([2, 1], 40, g)
    with_zero = np.column_stack([sub, g.uniform(0, 100, 50)])
    weights_zero = np.column_stack([weights, np.zeros(40)])
    plain = rank_intervals(sub, weights, [2, 1])
    for a, b in zip(plain, rank_intervals(with_zero, weights_zero, [2, 1, 0]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_shortlist_bands(index: HardshipIndex) -> None:
    result = shortlist(index, np.random.default_rng(1), quota=60, draws=200)
    frame = result.frame
    assert frame["listed"].sum() == result.quota == 60
    assert frame["probability"].sum() == pytest.approx(60)
    sure = frame[frame["band"] == "surely_in"]
    assert sure["listed"].all()
    assert not frame[frame["band"] == "surely_out"]["listed"].any()
    assert (frame["band"] == "review").any()


def test_nothing_uncertain_means_a_sure_list(index: HardshipIndex) -> None:
    frame = shortlist(index, np.random.default_rng(1), quota=60, uncertainty=Uncertainty(weights=0), draws=5).frame
    assert set(frame["probability"]) == {0.0, 1.0}
    assert (frame["listed"] == (frame["probability"] == 1)).all()


def test_every_choice_can_vary_at_once(index: HardshipIndex) -> None:
    wide = Uncertainty(
        0.25, 0.1, ("goalposts", "percentile_rank"), ("arithmetic", "geometric"), ("share", "donor", "worst")
    )
    probability = {
        name: shortlist(index, np.random.default_rng(1), 60, uncertainty=u, draws=200).frame["probability"]
        for name, u in (("narrow", Uncertainty(0.1)), ("wide", wide))
    }
    doubtful = {name: int(p.between(0.05, 0.95).sum()) for name, p in probability.items()}
    assert doubtful["wide"] > doubtful["narrow"]


def test_budget(index: HardshipIndex) -> None:
    cost = np.full(300, 100.0)
    by_budget = shortlist(index, np.random.default_rng(1), budget=6050.0, cost=cost, draws=20).frame
    by_quota = shortlist(index, np.random.default_rng(1), quota=60, draws=20).frame
    pd.testing.assert_frame_equal(by_budget, by_quota)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "give a quota or a budget"),
        ({"quota": 1, "budget": 2.0}, "give a quota or a budget"),
        ({"quota": 0}, "quota outside the range; got 0, expected whole, 1 to 300"),
        ({"quota": 301}, "quota outside the range; got 301"),
        ({"quota": 1.5}, "quota outside the range; got 1.5"),
        ({"budget": -1.0, "cost": np.ones(300)}, "not a budget; got -1.0"),
        ({"budget": np.nan, "cost": np.ones(300)}, "not a budget"),
        ({"budget": 5.0, "cost": np.zeros(300)}, "a budget needs a positive cost per household"),
        ({"quota": 5, "sure": 0.4}, "not a band limit"),
        ({"quota": 5, "draws": 0}, "needs a draw"),
        ({"quota": 5, "uncertainty": Uncertainty(missing=("guess",))}, "unknown choice; got"),  # type: ignore[arg-type]
        ({"quota": 5, "uncertainty": Uncertainty(cutoffs=0.6)}, "range outside the limits; got 0.6"),
    ],
)
def test_bad_input_is_named(index: HardshipIndex, options: dict, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        shortlist(index, np.random.default_rng(1), **options)


def test_nobody_is_listed_or_given_an_interval_without_a_score() -> None:
    """Income is the only answer here: a household without it has no need, whatever room the list has."""
    frame = pd.DataFrame(
        {
            "household_id": ["a", "b", "c"],
            "county_code": "371402",
            "town_code": "371402100",
            "income_pc_year": [3000.0, None, 9000.0],
        }
    )
    unscored = indexed(frame)
    for limit in ({"quota": 3}, {"budget": 9.0, "cost": np.ones(3)}):
        found = shortlist(unscored, np.random.default_rng(1), draws=20, **limit).frame  # type: ignore[arg-type]
        assert found["listed"].tolist() == [True, False, True]
        assert found["probability"].tolist() == [1.0, 0.0, 1.0]
    ranks = rank_households(unscored, np.random.default_rng(1), draws=20).frame
    for column in ("rank_need_city", "rank_low", "rank_high", "rank_county_low", "rank_county_high"):
        assert ranks[column].isna().tolist() == [False, True, False]


def test_dirichlet_has_the_spread_asked_for() -> None:
    w = draw_weights(np.ones(9), 20000, np.random.default_rng(1), "dirichlet", 0.25)
    assert w.mean(axis=0) == pytest.approx(np.full(9, 1 / 9), rel=0.01)
    assert (w.std(axis=0) / w.mean(axis=0)).mean() == pytest.approx(0.25, rel=0.02)


def test_several_cities_are_ranked_each_and_together() -> None:
    """Incomes 3,000 … 8,000 turn and turn about in two cities: the poorer of each is first there, the poorest of all
    first in the nation; one city alone has no nation."""
    homes = pd.DataFrame(
        {"household_id": list("abcdef"), "county_code": ["371425", "370102"] * 3, "town_code": ["371425100", "370102100"] * 3,
         "income_pc_year": [3000.0, 4000, 5000, 6000, 7000, 8000]}
    )  # fmt: skip
    given = (read_index(), read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    frame = rank_households(hardship_index(homes, *given), np.random.default_rng(1), draws=20).frame
    assert frame["rank_need_city"].tolist() == [1, 1, 2, 2, 3, 3]
    assert frame["rank_need_nation"].tolist() == [1, 2, 3, 4, 5, 6]
    assert (frame["rank_high"] <= 3).all(), "the interval is that of the city rank"
    one = homes[homes["county_code"] == "371425"].reset_index(drop=True)
    assert "rank_need_nation" not in rank_households(hardship_index(one, *given)).frame
