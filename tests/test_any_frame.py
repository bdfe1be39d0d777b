"""Indexes, ranks, shortlists, sensitivity and cards on frames of one's own: no place, no date, any library of frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import relapse_risk as rr
from relapse_risk.errors import ModelError, ParameterError

# By hand: rooms score 100 at none and 0 at four, income 100 at nothing and 0 at 100; need is their mean (weights 1, 1).
VILLAGES = pd.DataFrame(
    {
        "village": ["a", "b", "c", "d"],
        "income": [20.0, 60.0, 100.0, 0.0],
        "rooms": [1.0, 4.0, 2.0, None],
        "county": ["x", "x", "y", None],
        "zone": [1, 1, 2, 2],
    }
)
NEED = [77.5, 20.0, 25.0, 100.0]
FLAT = rr.index_design(
    {"indicators": [{"code": "income", "worst": 0, "best": 100}, {"code": "rooms", "worst": 0, "best": 4}]}
)
NESTED = rr.index_design(
    {
        "subindexes": [{"code": "living", "weight": 1}],
        "indicators": [{"code": "income", "worst": 0, "best": 100}, {"code": "rooms", "worst": 0, "best": 4, "parent": "living"}],
    }
)  # fmt: skip


def indexed(frame: Any = VILLAGES, design: Any = FLAT, **how: Any) -> Any:
    return rr.hardship_index(frame, design, unit="village", **how)


@pytest.mark.parametrize("design", [FLAT, NESTED], ids=["flat", "nested"])
def test_an_index_of_villages_needs_no_place_and_no_date(design: Any) -> None:
    index = indexed(design=design, groups=["county", "zone"])
    assert index.frame["need"].tolist() == NEED
    assert index.frame["answered"].tolist() == [1, 1, 1, 0.5]
    ranks = rr.rank_households(index, np.random.default_rng(1), draws=20)
    assert ranks.frame["rank_need"].tolist() == [2, 4, 3, 1]
    assert ranks.frame["rank_need_zone"].tolist() == [1, 2, 2, 1]
    assert ranks.frame["rank_need_county"].tolist() == [1, 2, 1, pd.NA]
    assert ranks.frame["rank_county_low"].isna().tolist() == [False, False, False, True]
    assert not [name for name in ranks.frame if "city" in name or "priority_" in name]
    listed = rr.shortlist(index, np.random.default_rng(1), quota=2, draws=50).frame
    assert listed["listed"].tolist() == [True, False, False, True]
    found = rr.sobol_of_design(index, rr.Uncertainty(), np.random.default_rng(1), samples=8, resamples=5).frame
    assert set(found["factor"]) >= {"weight_income", "weight_living" if design is NESTED else "weight_rooms"}
    card = rr.household_card(index, "a", quota=1)
    assert card.contributions["points"].tolist() == [40.0, 37.5]
    assert not card.listed
    assert rr.compare_indexes(index, index).frame["village"].tolist() == ["a", "b", "c", "d"]
    # Without income, rooms: 75, 0, 50, unanswered; ranks 1, 3, 2 beside 2, 4, 3: one place each.
    assert rr.remove_each(index).set_index("code").loc["income", "mean_shift"] == 1.0


def test_a_flat_design_bears_every_uncertainty() -> None:
    """Once a crash: shortlist and Sobol of a design without sub-indexes, with every choice moving."""
    moving = rr.Uncertainty(0.3, 0.1, ("goalposts", "minmax"), ("arithmetic", "geometric"), ("share", "worst", "donor"))
    index = indexed()
    listed = rr.shortlist(index, np.random.default_rng(1), quota=1, uncertainty=moving, draws=64).frame
    assert listed["probability"].sum() == pytest.approx(1)
    found = rr.sobol_of_design(index, moving, np.random.default_rng(1), samples=8, resamples=5).frame
    assert len(found) == 2 + 2 + 3


@pytest.mark.parametrize(
    "counties",
    [
        [371425, 371425, 371402, 371402], [371425.0, 371425.0, np.nan, 371402.0], [None, "371425", "371425", "371402"],
        [371425, "371402", None, 371425], [None, None, None, None], [1, 2, 3, 4], [371425, 370102, 371425, 370102],
        ["x", "y", None, "x"],
    ],
)  # fmt: skip
def test_a_county_as_a_number_or_unknown_crashes_no_ranking(counties: list[Any]) -> None:
    frame = VILLAGES.assign(county_code=pd.Series(counties, dtype="object"))
    ranks = rr.rank_households(indexed(frame, groups="county_code"), np.random.default_rng(1), draws=10).frame
    known = [c is not None and c == c for c in counties]
    assert ranks["rank_need_county"].notna().tolist() == known
    assert ranks["rank_need_county"].min() == 1 if any(known) else ranks["rank_need_county"].isna().all()


def test_two_cities_given_as_numbers_are_ranked_each() -> None:
    frame = VILLAGES.assign(county_code=[371425, 371425, 370102, np.nan])
    ranks = rr.rank_households(indexed(frame, groups="county_code")).frame
    assert ranks["rank_need_city"].tolist() == [1, 2, 1, pd.NA]
    assert ranks["rank_need_nation"].tolist() == [2, 4, 3, 1]


def test_row_labels_stay_with_their_rows() -> None:
    """A cost taken from the same shuffled frame belongs to its row: 77.5 and 100 fit a budget only at their own cost."""
    shuffled = VILLAGES.assign(cost=[9.0, 1.0, 9.0, 1.0]).sample(frac=1, random_state=3)
    assert shuffled.index.tolist() != [0, 1, 2, 3]
    index = indexed(shuffled)
    assert index.frame["need"].sort_index().tolist() == NEED
    listed = rr.shortlist(index, np.random.default_rng(1), budget=9.5, cost=shuffled["cost"], draws=10).frame
    assert listed.loc[listed["listed"], "village"].tolist() == ["d"], "d costs 1, a 9: both are 10"


def test_units_may_be_numbers_or_row_labels() -> None:
    numbered = VILLAGES.assign(village=[7, 8, 9, 10])
    assert rr.household_card(indexed(numbered), 7, quota=2).need == 77.5
    assert rr.compare_indexes(indexed(numbered), indexed(numbered)).correlation == 1
    by_label = rr.hardship_index(VILLAGES.set_index("village"), FLAT)
    assert by_label.frame["unit"].tolist() == ["a", "b", "c", "d"]
    assert "4 units" in by_label.summary()


def test_one_row_is_ranked_first_and_no_row_is_refused() -> None:
    alone = rr.rank_households(indexed(VILLAGES.head(1), groups="zone"), np.random.default_rng(1), draws=5).frame
    assert alone[["rank_need", "rank_need_zone", "rank_low", "rank_high"]].to_numpy().tolist() == [[1, 1, 1, 1]]
    with pytest.raises(ModelError, match="no households"):
        indexed(VILLAGES.head(0))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"unit": "vilage"}, "did you mean 'village'"), ({"groups": "contry"}, "did you mean 'county'"),
        ({"unit": "zone"}, "zone is missing or repeated"), ({"lines": {"poverty": 1.0}}, "unknown role of a line"),
        ({"day": 3}, "parameters, place and day go together"),
    ],
)  # fmt: skip
def test_a_wrong_name_is_told_with_the_nearest(how: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        rr.hardship_index(VILLAGES, FLAT, **{"unit": "village", **how})


def test_a_line_is_an_amount_by_its_role() -> None:
    design = rr.index_design({"indicators": [{"code": "income", "worst": 0, "best": 2, "over": ["poverty"]}]})
    assert indexed(design=design, lines={"poverty": 50.0}).frame["need"].tolist() == [80, 40, 0, 100]
    with pytest.raises(ModelError, match=r"needs a line.*pass lines=\{'poverty': amount\}"):
        indexed(design=design)


def test_the_interval_follows_the_design_s_own_mean() -> None:
    """81 and 1 have a geometric mean of 81 ** w, at most 81 ** 0.63 = 16 for weights within a quarter of themselves: always
    below the 30 of the other; an arithmetic mean, 31 and more, would put it first in every draw."""
    frame = pd.DataFrame({"a": [81.0, 30.0], "b": [1.0, 30.0]}, index=["uneven", "even"])
    design = rr.index_design(
        {"aggregate": "geometric", "indicators": [{"code": c, "worst": 100, "best": 0} for c in ("a", "b")]}
    )
    ranks = rr.rank_households(rr.hardship_index(frame, design), np.random.default_rng(1), draws=50).frame
    assert ranks.loc["uneven", ["rank_need", "rank_low", "rank_high"]].tolist() == [2, 2, 2]


def as_polars(frame: pd.DataFrame) -> Any:
    return pytest.importorskip("polars").from_pandas(frame)


@pytest.mark.parametrize("convert", [pa.Table.from_pandas, as_polars], ids=["arrow", "polars"])
def test_frames_of_arrow_and_polars_give_the_same(convert: Any) -> None:
    other = convert(VILLAGES)
    index = indexed(other, groups=["county"])
    assert index.frame["need"].tolist() == NEED
    assert rr.rank_households(index).frame["rank_need_county"].tolist() == [1, 2, 1, pd.NA]
    assert rr.fgt(other["income"], 50, 1) == rr.fgt(VILLAGES["income"], 50, 1) == pytest.approx((0.6 + 1) / 4)
    by_zone = rr.fgt_by_group(other["income"], 50, other["zone"])
    assert by_zone["group"].tolist() == [1, 2]
    design = rr.survey_design(other["income"], psu=other["village"])
    pd.testing.assert_frame_equal(
        rr.estimate(rr.Gini(), other["income"], design).frame,
        rr.estimate(rr.Gini(), VILLAGES["income"], rr.survey_design(VILLAGES["income"], psu=VILLAGES["village"])).frame,
    )
    lacks = convert(pd.DataFrame({"water": [1, 0, 1, 1], "school": [1, 0, 0, 1]}))
    af = rr.alkire_foster(lacks, [1, 1], ["1/2"], rr.survey_design(np.ones(4)))
    assert af.indicators == ("water", "school")
    assert af.value("M0", 0.5) == (1 + 0 + 0.5 + 1) / 4
    with pytest.raises(ModelError, match="1 missing"):
        rr.fgt(other["rooms"], 2)


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(ModelError, match="not a data frame; got 'list'"):
        rr.hardship_index([1, 2], FLAT)  # type: ignore[arg-type]
    twice = pd.concat([VILLAGES, VILLAGES["income"]], axis=1)
    with pytest.raises(ModelError, match="a column named twice; got 'income'"):
        indexed(twice)


def test_a_design_is_read_from_a_file_of_one_s_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("indicators:\n  - {code: income, worst: 0, best: 100}\n  - {code: rooms, worst: 0, best: 4}\n")
    design = rr.read_index(path)
    assert (design.id, design.reads) == ("mine", "own")
    assert indexed(design=design).frame["need"].tolist() == NEED
    path.write_text("indicators:\n  - {code: income, worst: 0, bst: 100}\n")
    with pytest.raises(ParameterError, match=r"mine.yaml.*bst.*did you mean 'best'"):
        rr.read_index(str(path))
    with pytest.raises(ParameterError, match="file not found"):
        rr.read_index(tmp_path / "absent.yaml")
    with pytest.raises(ParameterError, match="not a design"):
        rr.index_design([{"code": "income"}])  # type: ignore[arg-type]


@pytest.mark.parametrize("convert", [lambda f: f, pa.Table.from_pandas, as_polars], ids=["pandas", "arrow", "polars"])
def test_a_panel_may_have_its_own_names(convert: Any) -> None:
    """One of the two poor leaves, one of the two others falls; villages are clusters."""
    own = pd.DataFrame(
        {"hh": np.repeat([1, 2, 3, 4], 2), "year": [2016, 2020] * 4, "below": [True, False, True, True, False, False, False, True],
         "village": np.repeat(["v", "v", "w", "w"], 2), "region": np.repeat(["n", "s", "n", "s"], 2)}
    )  # fmt: skip
    named = {"unit": "hh", "period": "year", "poor": "below"}
    found = rr.transitions(convert(own), "region", "village", **named).rates.set_index(["group", "rate"])["value"]
    assert found["all", "exit"] == found["all", "fall"] == 0.5
    assert found["n", "exit"] == 1
    assert rr.spells(convert(own), **named)["length"].tolist() == [1, 1, 2, 2, 1, 1]
    with pytest.raises(ModelError, match="did you mean 'year'"):
        rr.transitions(own, **{**named, "period": "yaer"})
    with pytest.raises(ModelError, match="did you mean 'village'"):
        rr.transitions(own, cluster="vilage", **named)
