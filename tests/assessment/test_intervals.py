"""Intervals against published values, R and simulation."""

from __future__ import annotations

import numpy as np
import pytest

from relapse_risk.assessment.intervals import beta_binomial, combined, logit, of_mean, of_share, wilson


def test_wilson_as_published() -> None:
    # Newcombe 1998 (Statistics in Medicine 17, table I): 81/263, 15/148 and 0/20 by the score method.
    for count, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        found = wilson(count, n)
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_no_answers_give_no_interval() -> None:
    assert wilson(0, 0).low is None
    assert of_share(np.array([True]), np.array([1.0])).low is None


def test_equal_weights_give_the_textbook_error() -> None:
    # A mean of n values: s / root n, with s of n - 1.
    x = np.array([1.0, 2.0, 4.0, 7.0])
    assert of_mean(x, np.ones(4)).se == pytest.approx(x.std(ddof=1) / 2)


def test_scale_of_the_weights_does_not_matter() -> None:
    answer, weight = np.array([True, False, True, True]), np.array([1.0, 2.0, 3.0, 4.0])
    one, other = of_share(answer, weight), of_share(answer, 10 * weight)
    assert (one.low, one.high) == pytest.approx((other.low, other.high))


def test_an_edge_share_falls_back_to_wilson() -> None:
    assert logit(1.0, 0.0, 20).low == wilson(20, 20).low


def test_counties_combine_by_what_they_stand_for() -> None:
    value, found = combined([0.9, 0.5], [0.02, 0.04], [3, 1], 400)
    assert value == pytest.approx(0.8)
    assert found.se == pytest.approx(np.sqrt((0.75 * 0.02) ** 2 + (0.25 * 0.04) ** 2))


def test_shrinkage_keeps_large_counties_and_pulls_small_ones() -> None:
    # Counties that clearly differ: the large one keeps its own rate, the small one moves towards the common rate.
    counts, n = [400.0, 10.0, 3.0], [1000.0, 1000.0, 10.0]
    shrunk = beta_binomial(counts, n)
    rate = sum(counts) / sum(n)
    assert abs(shrunk[0] - 0.4) < 0.01
    assert abs(shrunk[2] - rate) < abs(0.3 - rate)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_weighted_share_covers_the_truth(share: float) -> None:
    rng = np.random.default_rng(7)
    weight = rng.choice([1.0, 3.0], size=300)
    hits = 0
    for _ in range(1000):
        found = of_share(rng.random(300) < share, weight)
        hits += found.low is not None and found.high is not None and found.low <= share <= found.high
    assert 0.93 <= hits / 1000 <= 0.97
