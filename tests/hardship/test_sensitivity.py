"""Sobol indices against closed forms; removal and comparison."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import qmc

from relapse_risk.errors import ModelError
from relapse_risk.hardship import (
    IndexDesign,
    Uncertainty,
    compare_indexes,
    hardship_index,
    remove_each,
    score_units,
    sobol_of_design,
)
from relapse_risk.hardship.household_index import index_lines
from relapse_risk.hardship.redundancy import redundancy
from relapse_risk.hardship.sensitivity import sobol_indices
from relapse_risk.parameters import Parameters, Place

DAY = date(2020, 12, 31)


def saltelli(function: object, k: int, n: int = 4096) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    points = qmc.Sobol(2 * k, scramble=True, rng=1).random(n)
    a, b = points[:, :k], points[:, k:]
    mixed = []
    for j in range(k):
        m = a.copy()
        m[:, j] = b[:, j]
        mixed.append(function(m))  # type: ignore[operator]
    return function(a), function(b), np.column_stack(mixed)  # type: ignore[operator]


def test_ishigami_function() -> None:
    """Ishigami and Homma (1990), a = 7, b = 0.1: S = (0.3139, 0.4424, 0), ST = (0.5576, 0.4424, 0.2437)."""

    def ishigami(u: np.ndarray) -> np.ndarray:
        x = np.pi * (2 * u - 1)
        return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])

    result = sobol_indices(*saltelli(ishigami, 3), ["x1", "x2", "x3"], np.random.default_rng(1)).frame
    # 4,096 quasi-random points: errors below 0.02.
    assert result["first"].tolist() == pytest.approx([0.3139, 0.4424, 0], abs=0.02)
    assert result["total"].tolist() == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)
    assert ((result["total_low"] <= result["total"]) & (result["total"] <= result["total_high"])).all()


def test_a_factor_that_cannot_matter_has_exactly_no_total_effect() -> None:
    result = sobol_indices(*saltelli(lambda u: u[:, 0], 2, 256), ["used", "unused"], np.random.default_rng(1)).frame
    assert result["total"].iloc[1] == 0


def test_design_choices(city: pd.DataFrame, design: IndexDesign, parameters: Parameters, place: Place) -> None:
    zero = design.with_weights({"shock": 0})
    index = hardship_index(city, zero, parameters, place, DAY)
    result = sobol_of_design(
        index, Uncertainty(0.3, missing=("share", "best")), np.random.default_rng(1), 32, resamples=50
    )
    frame = result.frame.set_index("factor")
    assert frame.loc["weight_shock", ["first", "total"]].tolist() == [0, 0], "a weight of zero cannot matter"
    assert frame.loc["weight_income", "total"] > frame.loc["weight_education", "total"]
    assert (frame["total"] >= 0).all()
    turnover = sobol_of_design(index, Uncertainty(0.3), np.random.default_rng(1), 16, quota=60, resamples=20)
    assert 0 < turnover.mean < 1


def test_bad_samples_are_named(city: pd.DataFrame, design: IndexDesign, parameters: Parameters, place: Place) -> None:
    index = hardship_index(city, design, parameters, place, DAY)
    with pytest.raises(ModelError, match="not a power of two"):
        sobol_of_design(index, Uncertainty(0.3), np.random.default_rng(1), 100)
    with pytest.raises(ModelError, match="nothing varies"):
        sobol_of_design(index, Uncertainty(0), np.random.default_rng(1), 64)


def test_removing_the_heaviest_moves_most(
    city: pd.DataFrame, design: IndexDesign, parameters: Parameters, place: Place
) -> None:
    moved = remove_each(hardship_index(city, design, parameters, place, DAY)).set_index("code")["mean_shift"]
    assert set(moved.index) == set(design.dimensions)
    assert moved["income"] > moved["education"]
    nothing = remove_each(hardship_index(city, design.with_weights({"shock": 0}), parameters, place, DAY), ["shock"])
    assert nothing["mean_shift"].tolist() == [0], "weight zero: removing it changes nothing"


def test_comparison_says_who_moves_and_why(
    city: pd.DataFrame, design: IndexDesign, parameters: Parameters, place: Place
) -> None:
    first = hardship_index(city, design, parameters, place, DAY)
    second = hardship_index(city, design.with_weights({"income": 50}), parameters, place, DAY)
    result = compare_indexes(first, second)
    assert result.frame["moved"].sum() == pytest.approx(0, abs=len(city) * 0.05)
    assert result.frame["dimension"].eq("income").mean() > 0.5
    same = compare_indexes(first, first)
    assert same.correlation == pytest.approx(1)
    assert (same.frame["moved"] == 0).all()
    with pytest.raises(ModelError, match="not the same households"):
        compare_indexes(first, hardship_index(city.head(10), design, parameters, place, DAY))


def test_redundancy_of_duplicate_indicators(
    city: pd.DataFrame, design: IndexDesign, parameters: Parameters, place: Place
) -> None:
    """Income over two lines is one thing said twice: flagged, alpha of one."""
    lines = {code: line.value for code, line in index_lines(design, parameters, place, DAY).items() if code != "aid"}
    result = redundancy(score_units(city, design, lines).scores, design, 0.9)
    assert ("income", "income_monitoring", "income_dibao") in set(
        result.flags[["parent", "first", "second"]].itertuples(index=False, name=None)
    )
    alpha = result.reliability.set_index("parent").loc["income", "alpha"]
    assert alpha > 0.99
