"""Kappa against published worked examples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.assessment.agreement import cohen_kappa, fleiss_kappa


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
