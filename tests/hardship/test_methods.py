"""Normalisers, aggregates and weights: hand values, invariants and named bad input."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relapse_risk.errors import ModelError
from relapse_risk.hardship import benefit_of_the_doubt, topsis
from relapse_risk.hardship.aggregate import AGGREGATES, mazziotta_pareto, power_mean
from relapse_risk.hardship.ahp import ahp, group_ahp
from relapse_risk.hardship.normalise import NORMALISERS, distance_to_line, goalposts, minmax, percentile_rank, zscore
from relapse_risk.hardship.weights import WEIGHTINGS, balanced, critic, entropy, fitted, merec

scores = arrays(np.float64, (8, 4), elements=st.floats(1, 100))


@settings(max_examples=60, deadline=None)
@given(scores, st.integers(0, 7), st.integers(0, 3), st.floats(0, 50))
def test_aggregates_are_monotone_and_bounded(x: np.ndarray, i: int, j: int, rise: float) -> None:
    w = np.array([4, 3, 2, 1])
    for name in ("arithmetic", "geometric", "harmonic", "quadratic", "counting"):
        higher = x.copy()
        higher[i, j] += rise
        before, after = AGGREGATES[name](x, w), AGGREGATES[name](higher, w)
        assert (after >= before - 1e-9).all(), name
        if name != "counting":
            assert (before >= x.min(axis=1) - 1e-9).all(), name
            assert (before <= x.max(axis=1) + 1e-9).all(), name


@settings(max_examples=60, deadline=None)
@given(scores)
def test_power_means_are_ordered(x: np.ndarray) -> None:
    means = [power_mean(x, np.ones(4), p) for p in (-1, 0, 1, 2)]
    for smaller, larger in pairwise(means):
        assert (smaller <= larger + 1e-9).all()
    np.testing.assert_allclose(power_mean(x, np.ones(4), 1), x.mean(axis=1))


def test_missing_children_share_their_weight() -> None:
    for name in AGGREGATES:
        partial = AGGREGATES[name]([[40.0, np.nan, 60.0]], [1, 5, 1])
        assert partial == pytest.approx(AGGREGATES[name]([[40.0, 60.0]], [1, 1])), name
        assert np.isnan(AGGREGATES[name]([[np.nan, np.nan]], [1, 1])).all(), name


def test_mazziotta_pareto_by_hand() -> None:
    """Scores 90 and 110: mean 100, sd 10, cv 0.1, penalty 1."""
    assert mazziotta_pareto([[90, 110]], [1, 1], penalty=1)[0] == pytest.approx(101)


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, 9, elements=st.integers(1, 1000), unique=True), st.floats(0.1, 10))
def test_normalisers_ignore_units(x: np.ndarray, factor: float) -> None:
    """Whole numbers: two that differ by the last bit would tie after multiplication."""
    for name in ("minmax", "zscore", "percentile_rank", "borda", "vector_length", "share_of_sum"):
        np.testing.assert_allclose(NORMALISERS[name](x * factor), NORMALISERS[name](x), rtol=1e-6, atol=1e-6)
        assert np.isnan(NORMALISERS[name](np.append(x, np.nan))[-1])


def test_unanswered_rows_do_not_move_the_others() -> None:
    assert minmax([1, np.nan, 3]).tolist()[::2] == [0, 100]
    assert percentile_rank([1, np.nan, 3]).tolist()[::2] == [0, 100]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_weights_sum_to_one_and_follow_their_columns(seed: int) -> None:
    x = np.random.default_rng(seed).uniform(1, 100, (10, 3))
    for name in ("equal", "entropy", "critic", "merec", "standard_deviation", "gini"):
        weights = WEIGHTINGS[name](x)
        assert weights.sum() == pytest.approx(1)
        np.testing.assert_allclose(WEIGHTINGS[name](x[:, ::-1]), weights[::-1], atol=1e-9, err_msg=name)
        np.testing.assert_allclose(WEIGHTINGS[name](x[::-1]), weights, atol=1e-9, err_msg=name)


def test_constant_columns_of_household_data() -> None:
    """0/1 data with a constant column: TOPSIS and entropy work (scikit-criteria's do not); CRITIC names the column."""
    x = np.array([[1.0, 0, 1], [0, 1, 1], [1, 1, 1]])
    assert topsis(x, [1, 1, 1]).tolist() == pytest.approx([0.5, 0.5, 1])
    assert entropy(x)[2] == 0
    with pytest.raises(ModelError, match="critic: column 2: constant column"):
        critic(x)


def test_ahp_of_consistent_judgements_is_exact() -> None:
    w = np.array([0.5, 0.3, 0.2])
    weighted = ahp(w[:, None] / w[None, :])
    np.testing.assert_allclose(weighted.weights, w)
    assert weighted.consistency_ratio == pytest.approx(0, abs=1e-9)
    assert weighted.is_consistent
    group = group_ahp([w[:, None] / w[None, :]] * 3)
    np.testing.assert_allclose(group.weights, w)


def test_fitted_weights_find_the_truth() -> None:
    """5,000 outcomes with true weights 3 : 1 : 0; sampling error below 0.05."""
    g = np.random.default_rng(1)
    x = g.uniform(0, 100, (5000, 3))
    y = g.random(5000) < 1 / (1 + np.exp(4 - 0.06 * x[:, 0] - 0.02 * x[:, 1]))
    assert fitted(x, y).tolist() == pytest.approx([0.75, 0.25, 0], abs=0.05)


def test_balanced_weights_reach_their_targets() -> None:
    x = np.random.default_rng(2).multivariate_normal(np.zeros(3), [[1, 0.6, 0], [0.6, 1, 0], [0, 0, 1]], 500)
    z = (x - x.mean(0)) / x.std(0)
    r = np.array([np.corrcoef(z[:, j], z @ balanced(x))[0, 1] for j in range(3)])
    assert np.ptp(r) < 0.01


def test_benefit_of_the_doubt_limits_shares() -> None:
    x = [[1, 0.2], [0.2, 1], [0.5, 0.5]]
    assert (benefit_of_the_doubt(x, 0.3, 0.7) <= benefit_of_the_doubt(x) + 1e-9).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: goalposts([1], 2, 2), "posts must be finite and differ"),
        (lambda: minmax([5, 5]), "the column is constant"),
        (lambda: zscore([np.nan]), "no answered value"),
        (lambda: distance_to_line([1, 2], 5), "line outside the range of the column; got 5"),
        (lambda: AGGREGATES["geometric"]([[0.0, 1.0]], [1, 1]), "needs scores > 0"),
        (lambda: AGGREGATES["arithmetic"]([[1.0]], [-1]), "weights must be finite"),
        (lambda: AGGREGATES["arithmetic"]([[np.inf]], [1]), "infinite score"),
        (lambda: entropy([[1, -1], [1, 1]]), "entropy: row 0, column 1: negative"),
        (lambda: critic([[1, 2], [4, 5], [7, 8]]), "critic: no weights follow from these data"),
        (lambda: entropy([[0, 1], [0, 1]]), "entropy: column 0: all-zero column"),
        (lambda: merec([[0, 1]]), "merec needs entries > 0"),
        (lambda: ahp([[1, 2], [1, 1]]), r"ahp: \(0, 1\): not reciprocal"),
        (lambda: topsis([[1, 2]], [1, np.inf]), "topsis: weights: no weights follow"),
        (lambda: topsis([[1, np.nan]], [1, 1]), "topsis: row 0, column 1: missing or infinite"),
        (lambda: topsis([[1, 0], [2, 0]], [1, 1]), "topsis: column 1: all-zero column"),
        (lambda: mazziotta_pareto([[1, -1]], [1, 1]), "mazziotta_pareto: negative score; got -1"),
        (lambda: topsis([[1, 2]], [1, 1], [1, 0]), "directions are 1 or -1"),
        (lambda: fitted([[1.0], [2.0]], [1, 1]), "the outcome must be 0 and 1, both met"),
        (lambda: benefit_of_the_doubt([[1, 1]], 0.6, 0.7), "share limits cannot be met"),
    ],
)
def test_bad_input_is_named(call: object, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        call()  # type: ignore[operator]
