"""Multi-criteria rankings, ordered averages, AMPI, SMAA, frontiers: by hand, invariants, refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.hardship import (
    adjusted_mazziotta_pareto,
    adjusted_posts,
    aras,
    benefit_of_the_doubt,
    codas,
    copras,
    directional_benefit_of_the_doubt,
    edas,
    mean_min,
    moora,
    order_m_benefit_of_the_doubt,
    ordered_weighted_average,
    orness,
    promethee,
    smaa,
    vikor,
    weighted_product,
    weighted_sum,
)
from relapse_risk.hardship.aggregate import mazziotta_pareto

GOOD, MIDDLE, BAD = [9.0, 8.0, 1.0], [5.0, 5.0, 5.0], [1.0, 2.0, 9.0]
X, W, SIGNS = np.array([MIDDLE, GOOD, BAD]), [0.5, 0.3, 0.2], [1, 1, -1]
SCORES: list[Callable[..., np.ndarray]] = [
    copras, weighted_sum, weighted_product, aras, edas, codas, lambda *a: -vikor(*a).compromise,
    lambda *a: moora(*a).ratio, lambda *a: promethee(*a).net,
]  # fmt: skip


@pytest.mark.parametrize("score", SCORES)
def test_who_is_better_in_everything_comes_first(score: Callable[..., np.ndarray]) -> None:
    assert np.argsort(-score(X, W, SIGNS)).tolist() == [1, 0, 2]
    turned = score(X[::-1], W, SIGNS)
    assert turned[::-1] == pytest.approx(score(X, W, SIGNS))  # the order of the rows says nothing


def test_units_of_a_column_say_nothing() -> None:
    for score in SCORES:
        assert score(X * [1000, 1, 0.01], W, SIGNS) == pytest.approx(score(X, W, SIGNS))


def test_flows_of_promethee_balance() -> None:
    flows = promethee(X, W, SIGNS, "linear", 1.0, 5.0)
    assert flows.net.sum() == pytest.approx(0)
    assert promethee([[1.0], [1.5]], [1], function="u_shape", indifference=1.0).net.tolist() == [0, 0]


def test_ordered_averages_know_their_ends() -> None:
    assert ordered_weighted_average(X, [1, 0, 0]).tolist() == [5, 9, 9]
    assert ordered_weighted_average(X, [0, 0, 1]).tolist() == [5, 1, 1]
    assert orness([3, 2, 1]) == pytest.approx((3 * 1 + 2 * 0.5) / 6)
    assert mean_min(X, 1).tolist() == [5, 1, 1]
    assert mean_min(X, 0.5, 1e9) == pytest.approx(X.mean(axis=1), abs=1e-4)


def test_ampi_keeps_its_scale_over_years() -> None:
    posts = adjusted_posts(X, X.mean(axis=0))
    assert adjusted_mazziotta_pareto([X.mean(axis=0)], posts, SIGNS)[0] == pytest.approx(100)
    assert adjusted_mazziotta_pareto([GOOD], posts, SIGNS)[0] > adjusted_mazziotta_pareto([MIDDLE], posts, SIGNS)[0]
    even = mazziotta_pareto([[90, 110]], [1, 1], -1, sample_deviation=True)
    assert even.tolist() == [98]  # variance 200 instead of 100


def test_smaa_shares_are_shares() -> None:
    found = smaa(X * [1, 1, -1], np.random.default_rng(1), 500)
    assert found.ranks.sum(axis=0) == pytest.approx(np.ones(3))
    assert found.ranks[1, 0] == 1
    assert np.isnan(found.central_weights[2]).all()
    assert (found.wins + found.wins.T)[0, 1] == pytest.approx(1)


def test_frontiers() -> None:
    scores = np.array([[1.0, 0.2], [0.2, 1.0], [0.5, 0.5]])
    assert directional_benefit_of_the_doubt(scores, [1, 1])[:2].tolist() == pytest.approx([1, 1])
    assert directional_benefit_of_the_doubt(scores, [1, 1])[2] == pytest.approx(1 / 1.1)  # (0.6, 0.6) is on the line
    assert (order_m_benefit_of_the_doubt(scores, 1) >= benefit_of_the_doubt(scores)).all()
    assert order_m_benefit_of_the_doubt(scores, 10_000)[0] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: vikor(X, [1, 2], SIGNS), "one weight per column"),
        (lambda: vikor([[1.0, np.nan]], [1, 1]), "missing or infinite"),
        (lambda: vikor(X, W, SIGNS, 2), "not a weight"),
        (lambda: weighted_product([[0.0, 1], [1, 2]], [1, 1]), "zero"),
        (lambda: copras([[1.0, 0], [1, 2]], [1, 1], [1, -1]), "without any cost"),
        (lambda: promethee(X, W, SIGNS, "linear"), "needs a threshold"),
        (lambda: promethee(X, W, SIGNS, "level", 5, 1), "end before preference"),
        (lambda: promethee([[1.0]], [1]), "nothing to compare"),
        (lambda: ordered_weighted_average(X, [1, 1]), "one weight per place"),
        (lambda: mean_min(X, 2), "not parameters"),
        (lambda: adjusted_posts([[1.0], [1.0]], [1.0]), "constant column"),
        (lambda: smaa(X, np.random.default_rng(1), 0), "needs a draw"),
        (lambda: directional_benefit_of_the_doubt(X, [0, 0, 0]), "not a direction"),
        (lambda: order_m_benefit_of_the_doubt(X, 0), "at least 1"),
    ],
)
def test_refusals_say_what_was_wrong(call: Callable[[], object], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        call()
