"""Bins: cut by their edges, asked for by an edge, never by their place."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.errors import SchemaError
from relapse_risk.measures import Bins

DAYS = Bins((0, 8, 32, 93), ("0–7", "8–31", "32–92"))


def test_a_bin_holds_its_lower_edge_and_not_its_upper() -> None:
    assert DAYS.counts(pd.Series([0, 7, 8, 31, 32, 93])).tolist() == [2, 2, 1], "93 lies outside"
    upper = Bins(DAYS.edges, DAYS.labels, right=True)
    assert upper.counts(pd.Series([0, 7, 8, 31, 32, 93])).tolist() == [2, 2, 1], "0 lies outside"


def test_bins_are_asked_for_by_an_edge() -> None:
    assert DAYS.below(32) == ("0–7", "8–31")
    assert DAYS.at_least(32) == ("32–92",)
    assert DAYS.between(8, 32) == ("8–31",)


def test_a_bin_more_moves_no_answer() -> None:
    finer = Bins((0, 4, 8, 32, 93), ("0–3", "4–7", "8–31", "32–92"))
    values = pd.Series([1, 5, 9, 40, 50])
    for bins in (DAYS, finer):
        late = bins.cut(values).isin(bins.at_least(32))
        assert late.tolist() == [False, False, False, True, True]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: DAYS.below(31), r"no bin begins or ends there; got 31.*nearest is 32"),
        (lambda: Bins((0, 1, 2), ("a",)), "one label between two edges"),
        (lambda: Bins((0, 1, 2), ("a", "a")), "one label between two edges"),
        (lambda: Bins((0, 2, 1), ("a", "b")), "do not ascend"),
    ],
)
def test_bins_that_cannot_be_are_refused(make: object, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        make()  # type: ignore[operator]
