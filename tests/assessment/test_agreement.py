"""Kappa against published worked examples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.assessment.agreement import cohen_kappa, fleiss_kappa, intraclass, outlying_observers


def test_cohen_on_a_two_by_two_table() -> None:
    # 20 both yes, 15 both no, 5 and 10 split of 50: agreement 0.7, by chance 0.5, kappa 0.4.
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    one, other = (pd.Series([pair[side] for pair in pairs]) for side in (0, 1))
    assert cohen_kappa(one, other) == pytest.approx(0.4)


def test_fleiss_as_worked_by_hand() -> None:
    # Fourteen raters, ten subjects, five categories: the table worked through in the literature gives 0.210.
    table = [[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
             [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]]  # fmt: skip
    rows = [[str(j) for j, count in enumerate(row) for _ in range(count)] for row in table]
    assert fleiss_kappa(pd.DataFrame(rows)) == pytest.approx(0.210, abs=5e-4)


def test_perfect_agreement_is_one_and_one_word_only_is_undefined() -> None:
    words = pd.Series(["A", "B", "A"])
    assert cohen_kappa(words, words) == 1
    assert np.isnan(cohen_kappa(pd.Series(["A", "A"]), pd.Series(["A", "A"])))
    assert np.isnan(cohen_kappa(pd.Series(dtype=str), pd.Series(dtype=str)))


def test_kappa_of_words_only_one_side_uses() -> None:
    """aabb against aacc: agreement 2/4, by chance 1/2 x 1/2: (0.5 - 0.25) / 0.75 = 1/3."""
    assert cohen_kappa(pd.Series(list("aabb")), pd.Series(list("aacc"))) == pytest.approx(1 / 3)
    assert cohen_kappa(pd.Series(list("ab")), pd.Series(list("ba"))) == pytest.approx(-1.0)


def test_fleiss_needs_two_raters_and_two_words() -> None:
    assert np.isnan(fleiss_kappa(pd.DataFrame({"x": list("ab")})))
    assert np.isnan(fleiss_kappa(pd.DataFrame({"x": [], "y": []})))
    assert np.isnan(fleiss_kappa(pd.DataFrame({"x": list("aa"), "y": list("aa")})))
    # Two raters, two subjects: ab and aa.  Each 0 and 1, mean 0.5; chance (3/4)^2 + (1/4)^2 = 0.625.
    assert fleiss_kappa(pd.DataFrame({"x": ["a", "a"], "y": ["b", "a"]})) == pytest.approx((0.5 - 0.625) / 0.375)


def test_intraclass_with_observers_of_unequal_size() -> None:
    """1 3 | 5 7 9: B = 2 x 9 + 3 x 4 = 30, W = (2 + 8) / 3 = 10/3, m = (5 - 13/5) / 1 = 2.4.

    (30 - 10/3) / (30 + 1.4 x 10/3) = 0.7692; 2.5 answers each.
    """
    found = intraclass(np.array([1.0, 3, 5, 7, 9]), np.array(list("aabbb")))
    assert found == pytest.approx((0.76923, 2.5), abs=1e-5)
    # Three observers, no difference of means: 0 2 | 0 2 | 0 2: B = 0, W = 2, m = 2: -2 / 2 = -1.
    assert intraclass(np.array([0.0, 2, 0, 2, 0, 2]), np.array(list("aabbcc"))) == pytest.approx((-1.0, 2.0))


def test_intraclass_without_spread_or_with_one_observer_is_unknown() -> None:
    for x, who, size in (([1.0, 2, 3], "aaa", 3.0), ([1.0, 2], "ab", 1.0), ([4.0, 4, 4, 4], "aabb", 2.0)):
        icc, mean = intraclass(np.array(x), np.array(list(who)))
        assert np.isnan(icc)
        assert mean == size
    assert intraclass(np.array([]), np.array([]))[1] == 0.0


def test_an_observer_beyond_noise_is_named() -> None:
    """20 and 30 yes of 50: sd of a hundred with 50 yes 0.5025, z = 0.2 / (0.5025 x 0.2) = 1.990.

    Two compared: 2.241 at 5%, 1.960 at 10%.
    """
    x = pd.Series([1.0] * 20 + [0.0] * 30 + [1.0] * 30 + [0.0] * 20)
    who = pd.Series(["a"] * 50 + ["b"] * 50)
    assert outlying_observers(x, who, 10) == []
    assert outlying_observers(x, who, 10, level=0.10) == ["a", "b"]
    assert outlying_observers(x, who, 50, level=0.10) == ["a", "b"]
    assert outlying_observers(x, who, 51, level=0.10) == []


def test_whoever_answered_too_little_is_neither_named_nor_counted_among_the_compared() -> None:
    """a has 26 yes of 40, b 40 of 100, c one of 1: 67 of 141, sd 0.5012, a against the rest 41 / 101.

    z = (0.65 - 0.4059) / (0.5012 x sqrt(1/40 + 1/101)) = 2.607: beyond the 2.241 of two compared, and of 2.394 of three.
    b: (0.4 - 27/41) / (0.5012 x sqrt(1/100 + 1/41)) = -2.785.
    """
    x = pd.Series([1.0] * 26 + [0.0] * 14 + [1.0] * 40 + [0.0] * 60 + [1.0])
    who = pd.Series(["a"] * 40 + ["b"] * 100 + ["c"])
    assert outlying_observers(x, who, 40) == ["a", "b"]
    assert outlying_observers(x, who, 41) == ["b"]
    assert outlying_observers(x, pd.Series(["a"] * 141), 10) == [], "nobody to be compared with"
    assert outlying_observers(pd.Series([1.0] * 10), pd.Series(list("ab") * 5), 1) == [], "all say the same"
    assert outlying_observers(pd.Series([0.0, 1.0]), pd.Series(list("ab")), 5) == []
