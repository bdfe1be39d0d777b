"""Inequality: published small cases, identities between measures, and the axioms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relapse_risk.errors import ModelError
from relapse_risk.poverty import (
    atkinson,
    concentration_curve,
    entropy_by_group,
    generalised_entropy,
    gini,
    lorenz_curve,
    quantile_share_ratio,
    weighted_quantile,
    zenga,
)

incomes = arrays(np.float64, st.integers(2, 40), elements=st.floats(1, 10_000))
MEASURES = [
    gini,
    *(lambda x, a=a: generalised_entropy(x, a) for a in (-1, 0, 1, 2)),
    atkinson,
    lambda x: atkinson(x, 0.5),
]


@settings(max_examples=50, deadline=None)
@given(incomes, st.floats(0.1, 100))
def test_scale_permutation_replication(x: np.ndarray, factor: float) -> None:
    for measure in MEASURES:
        base = measure(x)
        assert measure(x * factor) == pytest.approx(base, rel=1e-6, abs=1e-12)
        assert measure(x[::-1]) == pytest.approx(base, rel=1e-9, abs=1e-12)
        assert measure(np.repeat(x, 2)) == pytest.approx(base, rel=1e-6, abs=1e-12)
        assert base >= -1e-12


@settings(max_examples=50, deadline=None)
@given(incomes)
def test_transfer_from_rich_to_poor_lowers_inequality(x: np.ndarray) -> None:
    low, high = int(np.argmin(x)), int(np.argmax(x))
    moved = x.copy()
    step = (x[high] - x[low]) / 3
    moved[low] += step
    moved[high] -= step
    for measure in MEASURES:
        assert measure(moved) <= measure(x) + 1e-12


@settings(max_examples=50, deadline=None)
@given(incomes)
def test_gini_is_half_the_mean_difference_over_the_mean(x: np.ndarray) -> None:
    """The O(n²) definition."""
    brute = np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean())
    assert gini(x) == pytest.approx(brute, rel=1e-9, abs=1e-12)
    curve = lorenz_curve(x)
    assert gini(x) == pytest.approx(1 - 2 * np.trapezoid(curve["share"], curve["population"]), abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(incomes, st.sampled_from([0.0, 1.0, 2.0]))
def test_entropy_decomposes_exactly(x: np.ndarray, order: float) -> None:
    groups = np.arange(x.size) % 2
    weights = 1.0 + np.arange(x.size) % 3
    frame = entropy_by_group(x, groups, order, weights)
    assert frame["contribution"].sum() == pytest.approx(generalised_entropy(x, order, weights), abs=1e-10)


def test_atkinson_is_the_equally_distributed_equivalent() -> None:
    """Incomes 1 and 4: geometric mean 2 against arithmetic 2.5 (hand)."""
    assert atkinson([1, 4], 1) == pytest.approx(1 - 2 / 2.5)
    assert atkinson([1, 4], 0.5) == pytest.approx(1 - 2.25 / 2.5)
    assert atkinson([1, 4], 2) == pytest.approx(1 - 1.6 / 2.5)


def test_weights_are_counts() -> None:
    assert gini([1, 2, 5], [2, 1, 1]) == pytest.approx(gini([1, 1, 2, 5]))
    assert weighted_quantile([1, 2, 5], 0.5, [2, 1, 1]) == 1
    assert weighted_quantile([1, 2, 5], 0.5, [2, 1, 1], rule="laeken") == 1.5


def test_zenga_by_hand() -> None:
    """1 - [(4-2)(10-9)/(4·2·9) + (4-3)(10-7)/(4·3·7)], incomes 1 to 4."""
    assert zenga([1, 2, 3, 4]) == pytest.approx(1 - 2 / 72 - 3 / 84)


def test_ranking_by_another_variable() -> None:
    assert concentration_curve([1, 1, 2], [3, 2, 1])["share"].tolist() == [0, 0.5, 0.75, 1]
    assert quantile_share_ratio([1, 2, 3, 4, 5]) == 5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gini([-1, 2]), "gini is not defined for negative income"),
        (lambda: gini([0, 0]), "total income is zero"),
        (lambda: gini([1, 2], kind="r"), "unknown kind"),
        (lambda: generalised_entropy([0, 1], 0), "not defined for zero or negative income"),
        (lambda: atkinson([0, 1], 1), "atkinson with aversion 1 is not defined for zero"),
        (lambda: atkinson([1, 1], 0), "not an aversion"),
        (lambda: weighted_quantile([1, 2], 1.5), "not a quantile order"),
        (lambda: zenga([0, 0]), "every income is zero"),
    ],
)
def test_bad_input_is_named(call: object, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        call()  # type: ignore[operator]


@pytest.mark.parametrize("measure", [lambda x: generalised_entropy(x, 2), lambda x: atkinson(x, 0.5)])
def test_without_any_income_is_an_error_and_not_nan(measure: Callable[[list[float]], float]) -> None:
    with pytest.raises(ModelError, match="every income is zero"):
        measure([0, 0, 0])
