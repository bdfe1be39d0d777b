"""A household's card: points add up, flips flip, missing answers are bounded."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.hardship import HardshipIndex, IndexDesign, disagreement, hardship_index, household_card
from relapse_risk.hardship.household_card import Card
from relapse_risk.parameters import Parameters, Place

DAY = date(2020, 12, 31)
QUOTA = 60


@pytest.fixture(scope="module")
def index(city: pd.DataFrame, design: IndexDesign, parameters: Parameters, place: Place) -> HardshipIndex:
    gaps = city.assign(house_safe=city["house_safe"].mask(city.index % 7 == 0))
    return hardship_index(gaps, design, parameters, place, DAY)


def cards(index: HardshipIndex, step: int = 13) -> list[Card]:
    return [household_card(index, name, QUOTA) for name in index.frame["household_id"].iloc[::step]]


def test_points_add_up_to_the_score(index: HardshipIndex) -> None:
    for card in cards(index):
        assert card.contributions["points"].sum() == pytest.approx(card.need, abs=1e-9)
        assert card.contributions["weight"].sum() == pytest.approx(1)
        by_dimension = card.contributions.groupby("dimension")["points"].sum()
        reasons = index.reasons[index.reasons["household_id"] == card.household_id].set_index("subindex")["points"]
        pd.testing.assert_series_equal(by_dimension.sort_index(), reasons.sort_index(), check_names=False)


def test_the_change_named_really_moves_it_over_the_threshold(index: HardshipIndex) -> None:
    tried = 0
    for card in cards(index):
        for flip in card.flips:
            item = index.design.node(flip.indicator)
            share = card.contributions.set_index("indicator").loc[flip.indicator, "weight"]
            score = 100 * np.clip((flip.needed - item.best) / (item.worst - item.best), 0, 1)  # type: ignore[union-attr]
            before = card.contributions.set_index("indicator").loc[flip.indicator, "score"]
            need = card.need + share * (score - before)
            rest = index.frame.loc[index.frame["household_id"] != card.household_id, "need"]
            on_list = (rest > need + 1e-12).sum() < QUOTA
            assert on_list != card.listed, (card.household_id, flip)
            tried += 1
    assert tried > 20


def test_nearest_change_comes_first(index: HardshipIndex) -> None:
    for card in cards(index):
        scores = card.contributions.set_index("indicator")
        efforts = [abs(f.points) / scores.loc[f.indicator, "weight"] for f in card.flips]
        assert efforts == sorted(efforts)


def test_missing_answers_are_bounded(index: HardshipIndex) -> None:
    seen = 0
    for card in cards(index, 7):
        for row in card.unanswered.itertuples():
            assert row.need_if_best <= row.need_if_worst
            seen += 1
    assert seen > 0
    name = index.frame["household_id"].iloc[1]
    doubtful = household_card(index, name, QUOTA, unverified=("income_monitoring",)).unanswered
    assert "income_monitoring" in doubtful["indicator"].tolist()


def test_distances_are_raw(index: HardshipIndex) -> None:
    card = household_card(index, index.frame["household_id"].iloc[0], QUOTA)
    value = card.contributions.set_index("indicator").loc["income_monitoring", "value"]
    distance = card.distances.set_index("indicator").loc["income_monitoring"]
    assert distance["to_worst"] == pytest.approx(max(value, 0))
    assert distance["to_best"] == pytest.approx(max(2 - value, 0))


def test_disagreement_of_three_lists(index: HardshipIndex) -> None:
    ids = index.frame["household_id"]
    need = pd.Series(index.frame["need"].to_numpy(), index=ids)
    same = disagreement(index, QUOTA, need, need)
    assert not same["disagree"].any()
    assert same["by_need"].sum() == QUOTA
    opposite = disagreement(index, QUOTA, -need, need)
    assert opposite["disagree"].sum() == 2 * QUOTA


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("nobody", 5, ()), "no such household; got 'nobody'"),
        (("h000001", 0, ()), "quota outside the range"),
    ],
)
def test_bad_input_is_named(index: HardshipIndex, options: tuple, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        household_card(index, *options)
