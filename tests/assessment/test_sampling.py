"""Samples keep their promises: chances as stated, rates unbiased, intervals that cover; drawn from the demonstration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relapse_risk.assessment import CountyData, answer_weights, county_frame, telephone_sample, verification_sample
from relapse_risk.assessment.intervals import fay_herriot, of_share
from relapse_risk.assessment.sampling import allocate, proportional_chances, sampling_frame, systematic_draw
from relapse_risk.assessment.sections.satisfaction_survey import weighted_share
from relapse_risk.errors import ModelError
from relapse_risk.parameters import Parameters, Place
from relapse_risk.register import Register

COUNTY, MONTH = "371425", "2020-12"
Draw = Callable[[np.random.Generator], tuple[float, float]]


def test_frame_of_the_hand_made_county(county: CountyData) -> None:
    frame = sampling_frame(county).set_index("household_id")
    assert frame["stratum"].to_dict() == {
        "H1": "lifted_with_labour", "H2": "lifted_no_labour", "H3": "monitored", "H4": "monitored",
        "H5": "lifted_with_labour",
    }  # fmt: skip
    # H1 owns a vehicle; H2 and H5 meet a monitoring rule and are not monitored.
    assert frame["size"].to_dict() == pytest.approx(
        {"H1": 0.02 + 0.1 + 0.25, "H2": 0.02 + 0.25, "H3": 0.02 + 0.3, "H4": 0.02, "H5": 0.02 + 0.02 + 0.25}
    )


def test_the_frame_of_a_county_is_read_from_the_register(
    hand_register: Register, parameters: Parameters, dezhou: Place
) -> None:
    frame = county_frame(hand_register, "371425", "2020-12", parameters, dezhou, None)
    # Not scored: 0.02, and 0.25 where the register contradicts itself.
    assert list(frame.columns) == ["household_id", "county_code", "town_code", "village_code", "stratum", "size"]
    assert frame["household_id"].tolist() == ["H1", "H2", "H3", "H4", "H5"]
    assert frame["size"].tolist() == pytest.approx([0.27, 0.27, 0.02, 0.02, 0.27])
    assert frame.loc[3, ["county_code", "town_code", "village_code"]].tolist() == [
        "371425",
        "371425101",
        "371425101002",
    ]


def test_whose_labour_is_not_known_is_called_with_those_who_have_some(county: CountyData) -> None:
    unknown = county.now["all_no_labour"].mask(county.now["household_id"] == "H2")
    data = replace(county, _kept=county._kept | {"now": county.now.assign(all_no_labour=unknown)})
    strata = sampling_frame(data).set_index("household_id")["stratum"]
    assert strata["H2"] == "lifted_with_labour"


def test_chances_in_proportion_to_size() -> None:
    assert proportional_chances(np.array([1.0, 2, 3, 4]), 2).tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8])
    # 30 of 40 takes the first for sure; then 10 each for one place: a third.
    assert proportional_chances(np.array([30.0, 10, 10, 10]), 2).tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3])


def test_systematic_draws_have_a_fixed_size_and_the_chances_asked_for() -> None:
    rng = np.random.default_rng(1)
    chance = proportional_chances(rng.uniform(0.1, 3, 40), 10)
    drawn = np.array([systematic_draw(chance, rng) for _ in range(4000)])
    assert set(drawn.sum(axis=1)) == {10}
    assert np.abs((drawn.mean(axis=0) - chance) / np.sqrt(chance * (1 - chance) / 4000 + 1e-12)).max() < 4


def test_verification_chances_are_those_of_the_draw() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"household_id": np.arange(60).astype(str), "size": rng.uniform(0.02, 1, 60)})
    count = pd.Series(0.0, index=frame["household_id"])
    kept = pd.Series(np.nan, index=frame["household_id"])
    for _ in range(3000):
        drawn = verification_sample(frame, 12, 8, rng).set_index("household_id")["inclusion_probability"]
        count[drawn.index] += 1
        kept[drawn.index] = drawn
    assert (np.abs(count / 3000 - kept) / np.sqrt(kept * (1 - kept) / 3000)).max() < 4


def test_weighted_by_the_inverse_chance_a_rate_is_unbiased() -> None:
    """Horvitz and Thompson: the mean of the estimated totals is the total, though the sample is aimed at failures."""
    rng = np.random.default_rng(3)
    size = rng.uniform(0.02, 1, 300)
    fails = rng.random(300) < size**3
    frame = pd.DataFrame({"household_id": np.arange(300).astype(str), "size": size, "fails": fails})
    drawn = [verification_sample(frame, 30, 20, rng) for _ in range(1500)]
    total = np.array([(one["fails"] / one["inclusion_probability"]).sum() for one in drawn])
    naive = np.array([one["fails"].mean() * 300 for one in drawn])
    assert abs(total.mean() - fails.sum()) < 4 * total.std() / np.sqrt(1500)
    assert naive.mean() > 1.1 * fails.sum()  # unweighted it would be far off


def test_reserves_follow_the_calls_in_the_same_random_order() -> None:
    frame = pd.DataFrame({"household_id": np.arange(100).astype(str), "stratum": ["a"] * 80 + ["b"] * 20})
    drawn = telephone_sample(frame, 20, 8, 0.5, np.random.default_rng(4))
    again = telephone_sample(frame, 20, 8, 0.5, np.random.default_rng(4))
    assert drawn.equals(again)
    assert drawn["household_id"].is_unique
    calls = drawn[~drawn["is_reserve"]]
    # 16 of 80 and 8 of 20; the weights of the calls add up to the stratum.
    assert calls.groupby("stratum")["sampling_weight"].sum().to_dict() == {"a": 80, "b": 20}
    assert drawn.groupby("stratum")["is_reserve"].sum().to_dict() == {"a": 8, "b": 4}
    assert allocate({"a": 80, "b": 20}, 20, 8) == {"a": 16, "b": 8}
    assert allocate({"a": 80, "b": 20, "c": 0}, 5, 1) == {"a": 4, "b": 1}
    assert allocate({"a": 1, "b": 99}, 1, 1) == {"a": 1, "b": 1}


def test_no_sample_without_a_core() -> None:
    frame = pd.DataFrame({"household_id": ["a"], "size": [0.0]})
    with pytest.raises(ModelError, match="every household to have a chance"):
        verification_sample(frame, 1, 0, np.random.default_rng(1))
    with pytest.raises(ModelError, match="a sample needs households"):
        allocate({"a": 1}, 0, 1)


def test_fay_herriot_by_hand() -> None:
    # Equal noise: A = s^2 - D; here s^2 of (0.1, 0.2, 0.3) = 0.01, D = 0.004, so trust = 0.6.
    shrunk, between = fay_herriot([0.1, 0.2, 0.3], [0.004] * 3)
    assert between == pytest.approx(0.006)
    assert shrunk.tolist() == pytest.approx([0.14, 0.2, 0.26])
    # No more spread than noise: everybody gets the mean.
    assert fay_herriot([0.1, 0.2, 0.3], [0.02] * 3)[0].tolist() == pytest.approx([0.2] * 3)
    # A noisy area is pulled further than a sure one.
    pulled = fay_herriot([0.0, 1.0, 0.5], [0.3, 0.01, 0.01])[0]
    assert pulled[0] > 1 - pulled[1]


def survey_once(frame: pd.DataFrame, calls: int, least: int) -> Draw:
    """Draw, call, replace who does not answer from the reserve, weigh, estimate."""
    sizes = frame["stratum"].value_counts().to_dict()

    def draw(rng: np.random.Generator) -> tuple[float, float]:
        sample = telephone_sample(frame, calls, least, 0.6, rng)
        answered = pd.Series(rng.random(len(sample)) < 0.74)
        kept = answered & (answered.astype(int).groupby(sample["stratum"]).cumsum() <= sample["calls"])
        rows = sample.assign(sampling_weight=answer_weights(sample["stratum"], kept, sizes))[kept]
        found = weighted_share(rows, "satisfied")
        assert found.low is not None
        assert found.high is not None
        return found.low, found.high

    return draw


def covered(draw: Draw, truth: float, draws: int) -> float:
    rng = np.random.default_rng(7)
    limits = [draw(rng) for _ in range(draws)]
    return float(np.mean([low <= truth <= high for low, high in limits]))


def with_answers(frame: pd.DataFrame) -> pd.DataFrame:
    """A fixed answer for every household: monitored households are less content."""
    rng = np.random.default_rng(11)
    content = rng.random(len(frame)) < np.where(frame["stratum"] == "monitored", 0.85, 0.94)
    return frame.assign(satisfied=pd.array(content, dtype="boolean"))


def test_survey_intervals_cover_on_a_small_city(small_register: Path, parameters: Parameters, dezhou: Place) -> None:
    register = Register.open(small_register)
    parts = [county_frame(register, code, MONTH, parameters, dezhou, None) for code in register.counties[:3]]
    # Fifteen times over, so that a sample is a small part of the whole.
    frame = with_answers(pd.concat(parts * 15, ignore_index=True))
    found = covered(survey_once(frame, 240, 60), float(frame["satisfied"].mean()), 120)
    assert 0.88 <= found <= 1.0  # binomial(120, 0.95): below 0.88 once in a thousand


@pytest.mark.long
def test_survey_intervals_cover_in_93_to_97_of_100_draws(
    demo_register: Path, parameters: Parameters, dezhou: Place
) -> None:
    """A thousand draws of the quarterly survey from the demonstration register, one county and the whole city."""
    register = Register.open(demo_register)
    frames = [county_frame(register, code, MONTH, parameters, dezhou, None) for code in register.counties]
    city = with_answers(pd.concat(frames, ignore_index=True))
    one = city[city["county_code"] == COUNTY].reset_index(drop=True)
    whole = city.assign(stratum=city["county_code"] + city["stratum"])
    found = {
        "county": covered(survey_once(one, 280, 40), float(one["satisfied"].mean()), 1000),
        "city": covered(survey_once(whole, 2800, 30), float(city["satisfied"].mean()), 1000),
    }
    print(found)
    assert all(0.93 <= share <= 0.97 for share in found.values()), found


@pytest.mark.long
def test_verification_intervals_cover_rare_failures(demo_register: Path, parameters: Parameters, dezhou: Place) -> None:
    """A thousand verification samples of one county, 2 % failing and likelier where the sample is aimed."""
    register = Register.open(demo_register)
    frame = county_frame(register, COUNTY, MONTH, parameters, dezhou, None)
    rng = np.random.default_rng(13)
    fails = rng.random(len(frame)) < 0.015 + 0.03 * (frame["size"] > frame["size"].median())
    frame = frame.assign(fails=fails)

    def draw(rng: np.random.Generator) -> tuple[float, float]:
        rows = verification_sample(frame, 130, 70, rng)
        limits = of_share(rows["fails"].to_numpy(dtype=bool), 1 / rows["inclusion_probability"].to_numpy())
        assert limits.low is not None
        assert limits.high is not None
        return limits.low, limits.high

    found = covered(draw, float(fails.mean()), 1000)
    print(found)
    assert 0.92 <= found <= 0.99, found


@pytest.mark.parametrize(
    ("sizes", "n", "least", "calls"),
    [
        ({"a": 900, "b": 90, "c": 10}, 100, 20, {"a": 90, "b": 20, "c": 10}),
        ({"a": 10, "b": 0}, 1, 1, {"a": 1}),  # a stratum without households has no calls
        ({"a": 2, "b": 1}, 2, 1, {"a": 2, "b": 1}),  # 4/3 is rounded up
        ({"a": 3}, 9, 1, {"a": 3}),  # never more than there are
    ],
)
def test_calls_by_stratum(sizes: dict[str, int], n: int, least: int, calls: dict[str, int]) -> None:
    assert allocate(sizes, n, least) == calls


@pytest.mark.parametrize(("n", "least"), [(0, 1), (1, 0)])
def test_a_sample_of_nobody_is_refused(n: int, least: int) -> None:
    with pytest.raises(
        ModelError, match=rf"n, least: a sample needs households; got '{n}, {least}', expected 1 or more"
    ):
        allocate({"a": 1}, n, least)


def test_a_telephone_sample_in_full() -> None:
    """Six and two households, four calls: ceil(3) and ceil(1); half as many in reserve, rounded up: 5 and 2 numbers."""
    frame = pd.DataFrame(
        {"household_id": list("abcdefgh"), "town_code": "t", "stratum": ["x"] * 6 + ["y"] * 2}, index=range(10, 18)
    )
    drawn = telephone_sample(frame, 4, 1, 0.5, np.random.default_rng(1))
    assert list(drawn.columns) == [
        "household_id", "town_code", "stratum", "call", "stratum_size", "calls", "is_reserve", "inclusion_probability", "sampling_weight",
    ]  # fmt: skip
    assert drawn.index.tolist() == list(range(7))
    assert drawn[["stratum", "call", "stratum_size", "calls", "is_reserve"]].to_numpy().tolist() == [
        ["x", 1, 6, 3, False], ["x", 2, 6, 3, False], ["x", 3, 6, 3, False], ["x", 4, 6, 3, True], ["x", 5, 6, 3, True],
        ["y", 1, 2, 1, False], ["y", 2, 2, 1, True],
    ]  # fmt: skip
    assert drawn["inclusion_probability"].fillna(-1).tolist() == [0.5, 0.5, 0.5, -1, -1, 0.5, -1]
    assert drawn["sampling_weight"].fillna(-1).tolist() == [2.0, 2.0, 2.0, -1, -1, 2.0, -1]
    others = {
        tuple(telephone_sample(frame, 4, 1, 0.5, np.random.default_rng(seed))["household_id"]) for seed in range(20)
    }
    assert len(others) > 10, "another seed draws others"
    assert len(telephone_sample(frame, 4, 1, 0.0, np.random.default_rng(1))) == 4


def test_weights_of_answers_by_stratum() -> None:
    """x: 10 households, two answers; y: 4, one; z: nobody answered."""
    stratum = pd.Series(list("xxxyz"))
    answered = pd.Series([True, True, False, True, False])
    assert answer_weights(stratum, answered, {"x": 10, "y": 4, "z": 9}).fillna(-1).tolist() == [5.0, 5.0, -1, 4.0, -1]


def test_chances_that_reach_one_are_certain_and_a_sample_of_all_takes_all() -> None:
    assert proportional_chances(np.array([1.0, 2.0, 3.0]), 3).tolist() == [1.0, 1.0, 1.0]
    assert proportional_chances(np.array([1.0, 2.0]), 5).tolist() == [1.0, 1.0]
    # 4 of 8 for two: exactly one; the rest share the other.
    assert proportional_chances(np.array([4.0, 2.0, 2.0]), 2).tolist() == [1.0, 0.5, 0.5]
    # 100 is certain at once, 30 only after it: 2 x 30 / 50 > 1; then one of 10 and 10.
    assert proportional_chances(np.array([100.0, 30.0, 10.0, 10.0]), 3).tolist() == [1.0, 1.0, 0.5, 0.5]


def test_a_systematic_draw_of_certain_and_impossible_households() -> None:
    for seed in range(20):
        drawn = systematic_draw(np.array([1.0, 0.0, 0.5, 0.5]), np.random.default_rng(seed))
        assert drawn[0]
        assert not drawn[1]
        assert drawn.sum() == 2
    assert drawn.dtype == bool


def test_a_verification_sample_in_full() -> None:
    """Two of four at random, and one aimed: sizes 1 1 2 4, so chances 1/8, 1/8, 1/4, 1/2 beside a half."""
    frame = pd.DataFrame({"household_id": list("abcd"), "size": [1.0, 1.0, 2.0, 4.0]}, index=[5, 6, 7, 8])
    seen = set()
    for seed in range(60):
        drawn = verification_sample(frame, 2, 1, np.random.default_rng(seed))
        assert list(drawn.columns) == ["household_id", "size", "sample_part", "inclusion_probability"]
        assert drawn.index.tolist() == list(range(len(drawn)))
        parts = drawn["sample_part"].value_counts().to_dict()
        assert parts.get("core", 0) + parts.get("both", 0) == 2
        assert parts.get("targeted", 0) + parts.get("both", 0) == 1
        chances = dict(zip("abcd", [1 - 0.5 * 7 / 8, 1 - 0.5 * 7 / 8, 1 - 0.5 * 3 / 4, 1 - 0.5 / 2], strict=True))
        assert drawn["inclusion_probability"].tolist() == pytest.approx(
            [chances[home] for home in drawn["household_id"]]
        )
        seen |= set(parts)
    assert seen == {"core", "both", "targeted"}


def test_without_an_aimed_part_the_core_is_all_there_is() -> None:
    frame = pd.DataFrame({"household_id": list("abcd"), "size": [1.0, 1.0, 2.0, 4.0]})
    drawn = verification_sample(frame, 3, 0, np.random.default_rng(1))
    assert drawn["sample_part"].tolist() == ["core"] * 3
    assert drawn["inclusion_probability"].tolist() == [0.75] * 3
    everybody = verification_sample(frame, 9, 0, np.random.default_rng(1))
    assert everybody["inclusion_probability"].tolist() == [1.0] * 4
    with pytest.raises(ModelError, match=r"core, size: a rate needs every household to have a chance; got '0, 1\.0'"):
        verification_sample(frame, 0, 2, np.random.default_rng(1))
    with pytest.raises(ModelError, match=r"got '1, 0\.0', expected a core of one or more, positive sizes"):
        verification_sample(frame.assign(size=[1.0, 0.0, 2.0, 4.0]), 1, 0, np.random.default_rng(1))


def test_the_frame_keeps_the_place_and_does_without_scores(county: CountyData) -> None:
    frame = sampling_frame(replace(county, scores=replace(county.scores, risk=None), _kept={}))
    assert list(frame.columns) == ["household_id", "county_code", "town_code", "village_code", "stratum", "size"]
    assert frame.iloc[0].tolist()[:4] == ["H1", "371425", "371425101", "371425101001"]
    assert frame["size"].tolist() == pytest.approx([0.27, 0.27, 0.02, 0.02, 0.27])
