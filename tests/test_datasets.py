"""Data sets to learn on: documented column by column, the same from the same seed, and what they say of themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import relapse_risk as rr
from relapse_risk.errors import ModelError

MAKERS = {"survey": rr.datasets.survey, "panel": rr.datasets.panel, "villages": rr.datasets.villages}


@pytest.mark.parametrize("name", MAKERS)
def test_every_column_is_documented_and_a_seed_gives_the_same_rows(name: str) -> None:
    frame = MAKERS[name]()
    told = rr.datasets.columns(name)
    assert told["column"].tolist() == list(frame.columns)
    assert told["meaning"].str.len().min() > 5
    pd.testing.assert_frame_equal(frame, MAKERS[name]())
    assert not frame.equals(MAKERS[name](seed=2))
    shares = told.loc[told["unit"].isin(["0/1", "share"]), "column"]
    assert frame[shares].min().min() >= 0
    assert frame[shares].max().max() <= 1


def test_the_survey_is_a_sample_of_two_stages() -> None:
    frame = rr.datasets.survey()
    assert (frame.groupby("psu")["stratum"].nunique() == 1).all()
    assert (frame.groupby("stratum")["psu"].nunique() == 8).all()
    assert (frame[["wage", "farm", "transfers"]].sum(axis=1) == frame["income"]).all()
    assert not frame.isna().any(axis=None)
    poor = frame["income"] < rr.datasets.LINE
    for lack in ("no_school", "no_water", "no_toilet", "unsafe_home"):
        assert frame.loc[poor, lack].mean() > frame.loc[~poor, lack].mean(), "the poor lack more"


def test_the_panel_follows_its_law() -> None:
    """Illness costs exp(-0.35) of the income, growth is 4 % a year, in a panel large enough to see it."""
    frame = rr.datasets.panel(households=6000, years=4)
    assert (frame.groupby("household_id").size() == 4).all()
    assert (frame["poor"] == (frame["income"] < rr.datasets.LINE)).all()
    log_income = np.log(frame["income"])
    year = frame["month"].str[:4].astype(int) - 2016
    inside = pd.DataFrame({"y": log_income, "sick": frame["sick"], "year": year})
    centred = inside - inside.groupby(frame["household_id"]).transform("mean")
    effects = np.linalg.lstsq(centred[["sick", "year"]].to_numpy(), centred["y"].to_numpy(), rcond=None)[0]
    assert effects[0] == pytest.approx(-0.35, abs=0.02)
    assert effects[1] == pytest.approx(0.04, abs=0.01)
    assert rr.transitions(frame).rates.set_index("rate").loc["relapse", "cases"] > 0


def test_the_villages_have_an_index_and_the_gaps_told() -> None:
    frame = rr.datasets.villages()
    index = rr.hardship_index(frame, rr.datasets.village_design(), unit="village", groups="county")
    assert index.left_out == ()
    assert index.frame["need"].between(0, 100).all()
    assert index.frame.loc[3, "answered"] == pytest.approx(1 - 0.1), "water is a third of three tenths"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: rr.datasets.survey(psu_per_stratum=1), "too small a sample"),
        (lambda: rr.datasets.panel(years=1), "too small a panel"),
        (lambda: rr.datasets.villages(3), "too few villages"),
        (lambda: rr.datasets.columns("pannel"), "did you mean 'panel'"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused(call, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelError, match=said):
        call()


def test_the_small_city_is_a_household_frame() -> None:
    frame = rr.datasets.city()
    told = rr.datasets.columns("city").set_index("column")
    assert set(frame.columns) <= set(told.index)
    assert told["meaning"].str.len().min() > 0
    assert frame["household_id"].is_unique
    assert len(frame) > 500
    assert (
        rr.hardship_index(frame, rr.read_index(), lines={"monitoring": 5000.0, "dibao": 6000.0})
        .frame["need"]
        .notna()
        .all()
    )
