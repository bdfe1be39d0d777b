"""The engine of many reruns gives what one careful rerun gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.hardship import (
    HardshipIndex,
    IndexDesign,
    SubIndex,
    Uncertainty,
    design_from_table,
    draws_at,
    factors_of,
    hardship_index,
    random_draws,
    score_draws,
    sobol_of_design,
)
from relapse_risk.parameters import Parameters, Place, read_parameters, read_place
from relapse_risk.ranking import shortlist

DAY = date(2020, 12, 31)


@pytest.fixture(scope="module")
def index(city: pd.DataFrame, design: IndexDesign, parameters: Parameters, place: Place) -> HardshipIndex:
    gaps = city.assign(
        house_safe=city["house_safe"].mask(city.index % 7 == 0), n_serious=city["n_serious"].astype("Int64")
    )
    gaps.loc[gaps.index % 11 == 0, ["n_serious", "n_chronic"]] = pd.NA
    return hardship_index(gaps, design, parameters, place, DAY)


def all_scores(index: HardshipIndex, uncertainty: Uncertainty, draws: Any) -> np.ndarray:
    return np.concatenate(list(score_draws(index.values, index.design, uncertainty, draws)))


def test_the_centre_of_the_cube_is_the_design(index: HardshipIndex) -> None:
    u = Uncertainty(0.3, 0.2)
    centre = np.full((1, len(factors_of(u, index.design))), 0.5)
    np.testing.assert_allclose(all_scores(index, u, draws_at(centre, u, index.design))[0], index.frame["need"])


def test_a_draw_is_a_rerun_of_the_changed_design(
    index: HardshipIndex, city: pd.DataFrame, parameters: Parameters, place: Place
) -> None:
    """Take one random draw, write its weights and goalposts into the design, and run that design the slow way."""
    u = Uncertainty(0.3, 0.2)
    draws = random_draws(u, index.design, 3, np.random.default_rng(4))
    scores = all_scores(index, u, draws)
    for d in range(3):
        design = index.design
        top = dict(zip(design.dimensions, draws.top[d], strict=True))
        items = tuple(
            replace(i, weight=float(draws.inner[d, j]), worst=float(draws.worst[d, j]), best=float(draws.best[d, j]))
            for j, i in enumerate(design.indicators)
        )
        subs = tuple(replace(s, weight=float(top[s.code])) for s in design.subindexes)
        changed = replace(design, indicators=items, subindexes=subs)
        gaps = city.assign(
            house_safe=city["house_safe"].mask(city.index % 7 == 0), n_serious=city["n_serious"].astype("Int64")
        )
        gaps.loc[gaps.index % 11 == 0, ["n_serious", "n_chronic"]] = pd.NA
        slow = hardship_index(gaps, changed, parameters, place, DAY)
        np.testing.assert_allclose(scores[d], slow.frame["need"])


@pytest.mark.parametrize("policy", ["worst", "best", "donor"])
def test_missing_policies_only_move_households_with_missing_answers(index: HardshipIndex, policy: Any) -> None:
    u = Uncertainty(weights=0, missing=(policy,))
    scores = all_scores(index, u, random_draws(u, index.design, 1, np.random.default_rng(1)))[0]
    complete = index.values.notna().all(axis=1).to_numpy()
    need = index.frame["need"].to_numpy()
    np.testing.assert_allclose(scores[complete], need[complete])
    assert not np.allclose(scores[~complete], need[~complete])
    if policy != "donor":
        sign = 1 if policy == "worst" else -1
        assert (sign * (scores - need) >= -1e-9).all()


def test_aggregates_and_normalisers_vary(index: HardshipIndex) -> None:
    u = Uncertainty(weights=0, normalise=("goalposts", "percentile_rank"), aggregate=("arithmetic", "geometric"))
    assert factors_of(u, index.design) == ("normalise", "aggregate")
    scores = all_scores(index, u, draws_at([[0.1, 0.1], [0.1, 0.9], [0.9, 0.1]], u, index.design))
    np.testing.assert_allclose(scores[0], index.frame["need"])
    # A geometric mean on the 1-100 scale never exceeds the arithmetic one on it.
    assert (scores[1] <= 1 + scores[0] * 0.99 + 1e-9).all()
    assert ((scores >= 0) & (scores <= 100)).all()
    assert np.corrcoef(scores[0], scores[2])[0, 1] > 0.5


def test_draws_are_reproducible(index: HardshipIndex) -> None:
    u = Uncertainty(0.3, missing=("share", "donor"))
    runs = [all_scores(index, u, random_draws(u, index.design, 5, np.random.default_rng(9))) for _ in range(2)]
    np.testing.assert_array_equal(*runs)


def test_points_outside_the_cube_and_deep_designs_are_refused(index: HardshipIndex) -> None:
    u = Uncertainty(0.3)
    k = len(factors_of(u, index.design))
    with pytest.raises(ModelError, match="points outside the cube"):
        draws_at(np.full((1, k), 1.5), u, index.design)
    deep = replace(index.design, subindexes=(*index.design.subindexes, SubIndex("x", "income", 1.0)))
    with pytest.raises(ModelError, match="one level of arithmetic sub-indexes"):
        draws_at(np.full((1, k), 0.5), u, deep)


@pytest.mark.parametrize("parents", [["need", "need"], ["need", "sub"]], ids=["flat", "mixed"])
def test_a_design_without_dimensions_has_shortlists_and_sensitivities(parents: list[str]) -> None:
    """Indicators directly under the top (cases of place/): every draw is the rerun of a changed design."""
    rng = np.random.default_rng(3)
    units = pd.DataFrame({"household_id": [f"h{i}" for i in range(300)], "a": rng.random(300), "b": rng.random(300)})
    rows = [("need", None, 1.0, None), ("a", parents[0], 1.0, 1), ("b", parents[1], 2.0, -1)]
    rows += [("sub", "need", 2.0, None)] if "sub" in parents else []
    meta = pd.DataFrame(rows, columns=["code", "parent", "weight", "direction"])
    index = hardship_index(units, design_from_table(meta), read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    found = shortlist(index, np.random.default_rng(1), quota=30, draws=50)
    assert found.frame["listed"].sum() == 30
    assert found.frame["probability"].sum() == pytest.approx(30)
    sobol = sobol_of_design(index, Uncertainty(), np.random.default_rng(1), samples=16, resamples=20)
    assert sobol.frame["total"].max() > 0.2
    draws = random_draws(Uncertainty(weights=0.0), index.design, 3, np.random.default_rng(1))
    for scores in score_draws(index.values, index.design, Uncertainty(weights=0.0), draws):
        np.testing.assert_allclose(scores, np.tile(index.frame["need"], (3, 1)))
