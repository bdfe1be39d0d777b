"""Alkire-Foster: identities, axioms and named bad input."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relapse_risk.errors import ModelError
from relapse_risk.poverty import alkire_foster, alkire_foster_change, deprivation_scores, identify_poor, survey_design
from relapse_risk.poverty.alkire_foster import check_cutoff

matrices = arrays(np.float64, (12, 4), elements=st.sampled_from([0.0, 1.0]))
WEIGHTS = [1 / 3, 1 / 3, 1 / 6, 1 / 6]


def census(n: int):  # type: ignore[no-untyped-def]
    return survey_design(np.ones(n))


@settings(max_examples=60, deadline=None)
@given(matrices, st.sampled_from(["1/6", "1/3", "1/2", 1.0]))
def test_identities(g0: np.ndarray, k: object) -> None:
    share = check_cutoff(k)  # type: ignore[arg-type]
    groups = np.arange(12) % 3
    result = alkire_foster(g0, WEIGHTS, [k], census(12), list("abcd"), groups)  # type: ignore[list-item]
    h, m0 = result.value("H", share), result.value("M0", share)
    if h > 0:
        assert m0 == pytest.approx(h * result.value("A", share))
        assert sum(result.value("pctb", share, indicator=i) for i in "abcd") == pytest.approx(1)
    assert sum(result.value("actb", share, indicator=i) for i in "abcd") == pytest.approx(m0)
    assert np.mean([result.value("M0", share, g) for g in range(3)]) == pytest.approx(m0)
    for i in "abcd":
        assert result.value("hdk", share, indicator=i) <= result.value("hd", indicator=i) + 1e-12


@settings(max_examples=40, deadline=None)
@given(matrices, st.integers(0, 11), st.integers(0, 3))
def test_a_new_deprivation_never_lowers_m0(g0: np.ndarray, person: int, indicator: int) -> None:
    worse = g0.copy()
    worse[person, indicator] = 1
    before, after = (alkire_foster(m, WEIGHTS, ["1/3"], census(12)).value("M0", 1 / 3) for m in (g0, worse))
    assert after >= before - 1e-12


@settings(max_examples=40, deadline=None)
@given(matrices)
def test_replication_weights_and_permutation(g0: np.ndarray) -> None:
    base = alkire_foster(g0, WEIGHTS, ["1/3"], census(12)).frame["value"]
    twice = alkire_foster(np.repeat(g0, 2, axis=0), WEIGHTS, ["1/3"], census(24)).frame["value"]
    weighted = alkire_foster(g0[::-1], WEIGHTS, ["1/3"], survey_design(np.full(12, 7.0))).frame["value"]
    np.testing.assert_allclose(base, twice)
    np.testing.assert_allclose(base, weighted)


def test_a_third_however_it_is_written() -> None:
    """1/3, three ninths and 0.1 + 0.2 + 1/30 all reach k = 1/3; 0.33 is below it and 0.34 above."""
    scores = [1 / 3, 3 * (1 / 9), 0.1 + 0.2 + 1 / 30]
    for k in ("1/3", Fraction(1, 3), 1 / 3, 0.33):
        assert identify_poor(scores, k).all()
    assert not identify_poor(scores, 0.34).any()
    assert deprivation_scores([[1, 0, 0]], [1, 1, 1])[0] == pytest.approx(1 / 3)


def test_a_group_with_nobody_poor_has_no_intensity() -> None:
    result = alkire_foster([[1, 1], [0, 0], [0, 0]], [1, 1], [0.5], census(3), groups=["a", "b", "b"])
    assert result.value("H", 0.5, "b") == 0
    assert np.isnan(result.value("A", 0.5, "b"))


@pytest.mark.parametrize("k", [0, -0.1, 1.1, 33, "a third"])
def test_a_cutoff_outside_the_range_is_named(k: object) -> None:
    with pytest.raises(ModelError, match=r"cut-off k: (cut-off outside the range|not a number)"):
        check_cutoff(k)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[1, 2]], [1, 1]), "row 0, indicator 1: a deprivation is neither 0 nor 1; got 2"),
        (([[1, np.nan]], [1, 1]), "row 0, indicator 1: a deprivation is neither"),
        (([[1, 0]], [1, -1]), "indicator weights must be finite"),
        (([[1, 0]], [0, 0]), "indicator weights must be finite"),
        (([[1, 0]], [1]), "shapes do not fit"),
        ((np.empty((0, 2)), [1, 1]), "shapes do not fit"),
    ],
)
def test_bad_input_is_named(arguments: tuple, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        alkire_foster(*arguments, [0.5], survey_design([1.0], single_psu="certainty"))


def test_changes_need_two_rounds_in_order() -> None:
    g0 = [[1, 0], [1, 1], [1, 0], [1, 1]]
    for rounds, years in (([1, 1, 1, 1], (2010, 2020)), ([1, 1, 2, 2], (2020, 2010))):
        with pytest.raises(ModelError, match="needs two rounds at ascending times"):
            alkire_foster_change(g0, [1, 1], [0.5], census(4), rounds, years, ["a", "b"])


def test_no_change_is_no_change() -> None:
    g0 = np.array([[1, 0], [1, 1], [0, 0], [0, 1]] * 2)
    result = alkire_foster_change(g0, [1, 1], [0.5], census(8), [0] * 4 + [1] * 4, (2016, 2020), ["a", "b"])
    np.testing.assert_allclose(result["value"], 0, atol=1e-12)
    assert (result["low"] <= 0).all()
