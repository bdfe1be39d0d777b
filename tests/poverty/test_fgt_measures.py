"""Poverty measures: line semantics, hand arithmetic and the axioms that hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relapse_risk.errors import ModelError
from relapse_risk.poverty import fgt, fgt_by_group, headcount, income_gap_ratio, is_poor, sen, sst, watts

incomes = arrays(np.float64, st.integers(2, 30), elements=st.floats(1, 10_000))
MEASURES = [lambda x, z: fgt(x, z, 0), lambda x, z: fgt(x, z, 1), lambda x, z: fgt(x, z, 2), watts, sen, sst]


def test_who_is_poor_at_exactly_the_line() -> None:
    """convey counts income <= line, the World Bank's wbpip income < line."""
    assert headcount([3999, 4000, 4001], 4000, closed="left") == pytest.approx(1 / 3)
    assert headcount([3999, 4000, 4001], 4000, closed="right") == pytest.approx(2 / 3)
    with pytest.raises(ModelError, match="unknown rule at the line; got 'both'"):
        is_poor([1.0], 2.0, closed="both")  # type: ignore[arg-type]


@settings(max_examples=50, deadline=None)
@given(incomes, st.floats(10, 5000), st.floats(0.1, 50))
def test_scale(x: np.ndarray, z: float, factor: float) -> None:
    if np.isclose(x, z, rtol=1e-9).any():
        return
    for measure in MEASURES:
        assert measure(x * factor, z * factor) == pytest.approx(measure(x, z), rel=1e-8, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(incomes, st.floats(10, 5000), st.randoms())
def test_permutation_and_replication(x: np.ndarray, z: float, random: object) -> None:
    order = np.random.default_rng(1).permutation(x.size)
    for measure in MEASURES:
        assert measure(x[order], z) == pytest.approx(measure(x, z), rel=1e-9, abs=1e-12)
        assert measure(np.repeat(x, 3), z) == pytest.approx(measure(x, z), rel=1e-9, abs=1e-12)
    assert fgt(x, z, 1, np.full(x.size, 3.0)) == pytest.approx(fgt(x, z, 1))


@settings(max_examples=50, deadline=None)
@given(incomes, st.floats(10, 5000), st.integers(0, 29), st.floats(0.01, 1))
def test_a_richer_poor_person_means_less_poverty(x: np.ndarray, z: float, at: int, rise: float) -> None:
    richer = x.copy()
    richer[at % x.size] *= 1 + rise
    for measure in MEASURES[:4] + MEASURES[5:]:
        assert measure(richer, z) <= measure(x, z) + 1e-12


@settings(max_examples=50, deadline=None)
@given(incomes, st.floats(10, 5000))
def test_transfer_from_poor_to_poorer_lowers_severity(x: np.ndarray, z: float) -> None:
    """Pigou-Dalton holds for orders above one, Watts and SST; the gap is unchanged."""
    poor = np.flatnonzero(x < z)
    if poor.size < 2:
        return
    low, high = poor[np.argmin(x[poor])], poor[np.argmax(x[poor])]
    step = (x[high] - x[low]) / 4
    moved = x.copy()
    moved[low] += step
    moved[high] -= step
    assert fgt(moved, z, 1) == pytest.approx(fgt(x, z, 1), rel=1e-9)
    for measure in (lambda v, line: fgt(v, line, 2), watts, sst):
        assert measure(moved, z) <= measure(x, z) + 1e-12


@settings(max_examples=50, deadline=None)
@given(incomes, st.floats(10, 5000), st.sampled_from([0.0, 1.0, 2.0]))
def test_group_contributions_sum_to_the_whole(x: np.ndarray, z: float, alpha: float) -> None:
    groups = np.arange(x.size) % 3
    weights = 1.0 + np.arange(x.size) % 4
    frame = fgt_by_group(x, z, groups, alpha, weights)
    assert frame["contribution"].sum() == pytest.approx(fgt(x, z, alpha, weights))
    assert (frame["population_share"] @ frame["value"]) == pytest.approx(fgt(x, z, alpha, weights))


def test_nobody_poor() -> None:
    assert fgt([10, 20], 5, 1) == watts([10, 20], 5) == sen([10, 20], 5) == sst([10, 20], 5) == 0
    with pytest.raises(ModelError, match="nobody is poor"):
        income_gap_ratio([10, 20], 5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fgt([1, np.nan], 5), "1 missing or infinite values, first in row 1"),
        (lambda: fgt([], 5), "not a vector with entries"),
        (lambda: fgt([1, 2], 0), "line: not a positive number"),
        (lambda: fgt([1, 2], 5, -1), "not an FGT order; got -1"),
        (lambda: fgt([1, 2], 5, 0, [1, -1]), "negative, missing or infinite weight in row 1"),
        (lambda: fgt([1, 2], 5, 0, [1, np.inf]), "negative, missing or infinite weight in row 1"),
        (lambda: fgt([1, 2], 5, 0, [0, 0]), "weights sum to zero"),
        (lambda: fgt([1, 2], 5, 0, [1]), r"wrong length; got \(1,\), expected \(2,\)"),
        (lambda: watts([0, 2], 5), "watts is not defined for zero or negative income"),
        (lambda: sen([-1, 2], 5), "sen is not defined for negative income"),
        (lambda: fgt_by_group([1, 2], 5, ["a", None]), "missing group"),
    ],
)
def test_bad_input_is_named(call: object, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        call()  # type: ignore[operator]
