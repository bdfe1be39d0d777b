"""Intervals against published values, R and simulation."""

from __future__ import annotations

import numpy as np
import pytest

from relapse_risk.assessment.intervals import (
    Interval,
    all_or_none,
    beta_binomial,
    combined,
    fay_herriot,
    of_mean,
    of_share,
    wilson,
)


def test_wilson_as_published() -> None:
    # Newcombe 1998 (Statistics in Medicine 17, table I): 81/263, 15/148 and 0/20 by the score method.
    for count, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        found = wilson(count, n)
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("count", "n"), [(0, 1), (1, 1), (3, 7), (81, 263), (2.5, 11.3), (990, 1000)])
def test_wilson_by_its_formula(count: float, n: float) -> None:
    """Wilson 1927: the two p with (count/n - p)^2 = z^2 p (1 - p) / n, roots of a quadratic; z of 95 % to 16 digits."""
    z2 = 1.959963984540054**2
    roots = np.roots([1 + z2 / n, -2 * count / n - z2 / n, (count / n) ** 2])
    found = wilson(count, n)
    assert (found.low, found.high) == pytest.approx(tuple(sorted(np.real(roots))), abs=1e-12)


def test_a_count_beyond_its_number_by_rounding_is_all_of_it() -> None:
    assert wilson(20.000000001, 20).high == 1.0


def test_no_answers_give_no_interval() -> None:
    assert wilson(0, 0).low is None
    assert of_share(np.array([], dtype=bool), np.array([])).low is None
    assert of_share(np.array([True]), np.array([1.0])).low == pytest.approx(0.025)  # Clopper and Pearson's of 1 of 1


def test_equal_weights_give_the_textbook_error() -> None:
    # A mean of n values: s / root n, with s of n - 1.
    x = np.array([1.0, 2.0, 4.0, 7.0])
    assert of_mean(x, np.ones(4)).se == pytest.approx(x.std(ddof=1) / 2)


def test_scale_of_the_weights_does_not_matter() -> None:
    answer, weight = np.array([True, False, True, True]), np.array([1.0, 2.0, 3.0, 4.0])
    one, other = of_share(answer, weight), of_share(answer, 10 * weight)
    assert (one.low, one.high) == pytest.approx((other.low, other.high))


@pytest.mark.parametrize("scale", [0.1, 0.01])
def test_weights_that_add_up_to_one_or_less_weigh_as_any(scale: float) -> None:
    answer, weight = np.array([True, False, True, True]), np.array([1.0, 2.0, 3.0, 4.0])
    assert limits(of_share(answer, scale * weight)) == pytest.approx(limits(of_share(answer, weight)))
    mean = of_mean(np.array([1.0, 2.0, 4.0, 7.0]), scale * weight)
    assert limits(mean) == pytest.approx(limits(of_mean(np.array([1.0, 2.0, 4.0, 7.0]), weight)))


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


def limits(found: Interval) -> tuple[float | None, float | None, float | None]:
    return found.low, found.high, found.se


def test_a_count_rebuilt_from_a_share_may_lie_outside_by_rounding() -> None:
    """None and all of ten: 0 to 3.8415 / 13.8415 = 0.2775, and its mirror."""
    assert limits(wilson(-1e-9, 10)) == pytest.approx((0.0, 0.2775, 0.0), abs=5e-5)
    assert limits(wilson(10 + 1e-9, 10)) == pytest.approx((0.7225, 1.0, 0.0), abs=5e-5)
    assert limits(wilson(0, 0)) == limits(wilson(1, -1)) == (None, None, None)
    assert wilson(2, 10).se == pytest.approx((0.2 * 0.8 / 10) ** 0.5)


def test_the_weighted_mean_of_two_by_hand() -> None:
    """0 and 10 of weights 1 and 3: mean 7.5, residuals -1.875 and 1.875, se = sqrt(2 x 7.03125) = 3.75."""
    found = of_mean(np.array([0.0, 10.0]), np.array([1.0, 3.0]))
    t = 12.706205  # Student's t with one degree of freedom, 95 %
    assert limits(found) == pytest.approx((7.5 - t * 3.75, 7.5 + t * 3.75, 3.75), abs=1e-5)
    assert limits(of_mean(np.array([1.0]), np.array([1.0]))) == (None, None, None)
    assert limits(of_mean(np.array([1.0, 2.0]), np.array([0.0, 0.0]))) == (None, None, None)


def test_the_weighted_share_of_two_by_hand() -> None:
    """Yes of weight 3, no of 1: 0.75, se = sqrt(2 (0.1875^2 + 0.1875^2)) = 0.375.

    Worth 0.75 x 0.25 / 0.375^2 = 1.3333 answers (Kish: 16 / 10 = 1.6 at most): Wilson's of 1 of 1.3333.
    """
    found = of_share(np.array([True, False]), np.array([3.0, 1.0]))
    assert limits(found) == pytest.approx((wilson(1, 4 / 3).low, wilson(1, 4 / 3).high, 0.375))
    assert limits(of_share(np.array([True, False]), np.array([0.0, 0.0]))) == (None, None, None)
    everybody = of_share(np.array([True, True]), np.array([3.0, 1.0]))
    assert limits(everybody) == pytest.approx((0.025 ** (1 / 1.6), 1.0, 0.0), abs=1e-9)  # worth 16 / 10 answers


def test_all_or_none_of_a_weighted_sample() -> None:
    """Weights 1, 1, 2 are worth 16 / 6 = 2.667 households: 0.025 ** (1 / 2.667) = 0.2507."""
    weight = np.array([1.0, 1.0, 2.0])
    assert limits(all_or_none(1.0, weight)) == pytest.approx((0.2507, 1.0, 0.0), abs=5e-5)
    assert limits(all_or_none(0.0, weight)) == pytest.approx((0.0, 0.7493, 0.0), abs=5e-5)


def test_a_sample_is_never_worth_more_than_its_weights_allow() -> None:
    """Five yes of weight 1, five no of weight 4: p = 0.2, se^2 = 10/9 x 5 x 5 x 10 x 16 / 25^4 = 0.01138, worth 14.06;
    but the weights allow 25^2 / 85 = 7.353."""
    found = of_share(np.array([True] * 5 + [False] * 5), np.array([1.0] * 5 + [4.0] * 5))
    worth = 625 / 85
    assert limits(found) == pytest.approx(
        (wilson(0.2 * worth, worth).low, wilson(0.2 * worth, worth).high, 0.10667), abs=5e-6
    )
    assert limits(of_share(np.array([True, False]), np.array([0.0, 0.0]))) == (None, None, None)


def test_a_degree_of_freedom_for_every_stratum() -> None:
    """Ten equal answers of four strata: the worth shrinks by (t(9) / t(6))^2 = (2.262157 / 2.446912)^2."""
    answer, weight = np.array([True] * 8 + [False] * 2), np.ones(10)
    worth = 9 * (2.262157 / 2.446912) ** 2  # 0.16 / se^2 with se^2 = 10/9 x (8 x 0.2^2 + 2 x 0.8^2) / 100 is 9
    found = of_share(answer, weight, strata=4)
    assert (found.low, found.high) == pytest.approx(
        (wilson(0.8 * worth, worth).low, wilson(0.8 * worth, worth).high), abs=1e-6
    )


@pytest.mark.parametrize(
    ("weights", "rates"), [((18.0, 23.3, 1.53, 1.0), (0.96, 0.976, 0.946, 1.0)), ((1.0, 2.0, 3.0), (0.9,) * 3)]
)
@pytest.mark.parametrize("n", [20, 45])
def test_weighted_shares_of_small_towns_cover(weights: tuple[float, ...], rates: tuple[float, ...], n: int) -> None:
    """A town of few answers in strata of unequal weight, nearly all satisfied: the logit interval covered 75 %."""
    rng = np.random.default_rng(5)
    size = np.array([198, 207, 189, 78][: len(weights)], dtype=float)
    w, p = np.array(weights), np.array(rates)
    truth = float((size * w * p).sum() / (size * w).sum())
    held = 0
    for _ in range(600):
        stratum = rng.choice(len(w), size=n, p=size / size.sum())
        found = of_share(rng.random(n) < p[stratum], w[stratum], strata=len(set(stratum.tolist())))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert 0.93 <= held / 600 <= 0.99


def test_unequal_counties_combine_by_hand() -> None:
    """(0.4 x 1 + 0.8 x 3) / 4 = 0.7; error sqrt(0.1^2 + 0.3^2) / 4 = 0.0791; at 1 the edge rests on all the answers."""
    value, found = combined([0.4, 0.8], [0.1, 0.1], [1, 3], 50)
    assert (value, found.se) == pytest.approx((0.7, 0.079057), abs=1e-6)
    worth = 0.21 / 0.00625  # 33.6 of the 50 answers
    assert found.low == pytest.approx(wilson(0.7 * worth, worth).low, abs=1e-6)
    assert combined([1.0, 1.0], [0.0, 0.0], [1, 3], 10)[1].low == pytest.approx(0.7225, abs=5e-5)


@pytest.mark.parametrize(
    ("counts", "n", "shrunk"),
    [
        # Between 10 (0.2^2 + 0.2^2) = 0.8, noise 0.25, rho = (3.2 - 1) / (10 - 1) = 0.2444, strength 3.0909.
        ([3, 7], [10, 10], [(3 + 3.0909 / 2) / 13.0909, (7 + 3.0909 / 2) / 13.0909]),
        # Rate 0.4: between 0.9 + 0.3 = 1.2, noise 0.24, spread 40 - 1,000 / 40 = 15, rho = (5 - 1) / (15 - 1) = 2/7, 2.5.
        ([1, 15], [10, 30], [2 / 12.5, 16 / 32.5]),
        ([1, 9], [10, 10], [0.1, 0.9]),  # rho would be 1.31: all of it is real
        ([4, 6], [10, 10], [0.5, 0.5]),  # between 0.2 / 0.25 = 0.8, less than chance
        ([0, 0], [10, 20], [0.0, 0.0]),
        ([5], [10], [0.5]),
        # The least of which a spread can be told: between 1 of noise 0.25, rho = (4 - 1) / (2 - 1), all of it is real.
        ([0, 2], [2, 2], [0.0, 1.0]),
        ([0, 1], [1, 1], [0.5, 0.5]),  # one asked in each: a spread of 1 is all that chance can give
    ],
)
def test_shares_pulled_to_the_common_rate_by_hand(counts: list[int], n: list[int], shrunk: list[float]) -> None:
    assert beta_binomial(counts, n).tolist() == pytest.approx(shrunk, abs=1e-4)


def test_areas_of_unequal_noise_by_hand() -> None:
    """0 and 4 with variances 1 and 3: 16 / (2A + 4) = 1, so A = 6; mean (4/9) / (1/7 + 1/9) = 1.75.

    6/7 x 0 + 1/7 x 1.75 = 0.25; 6/9 x 4 + 3/9 x 1.75 = 3.25.
    """
    shrunk, between = fay_herriot([0.0, 4.0], [1.0, 3.0])
    assert between == pytest.approx(6.0)
    assert shrunk.tolist() == pytest.approx([0.25, 3.25])
    near, between = fay_herriot([0.1, 0.5], [0.001, 0.001])  # 0.4^2 / 2 = A + 0.001, far more than their noise
    assert between == pytest.approx(0.079)
    assert near.tolist() == pytest.approx([0.3 - 0.2 * 0.079 / 0.08, 0.3 + 0.2 * 0.079 / 0.08])
    assert fay_herriot([0.3], [0.01])[0].tolist() == pytest.approx([0.3]), "one area is its own mean"
    assert fay_herriot([0.0, 1.0], [1.0, 1.0])[1] == 0.0
