"""What each rule finds in rows counted by hand, and that none says anything of what is withheld or missing."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.errors import SchemaError
from relapse_risk.exhibits import (
    Bars,
    Cell,
    Exhibit,
    Find,
    Finding,
    Number,
    Rows,
    check_exhibit,
    counts_in,
    first_to_last,
    in_row,
    largest,
    nearest,
    of_names,
    ratio_of,
    share_in,
    single,
    smallest,
    widest_gap,
)  # fmt: skip
from relapse_risk.measures import FactColumn, FactTable

TABLE = FactTable(
    "t", 2, (FactColumn("town", "town"), FactColumn("n", "households", counts="poor.yes"), FactColumn("share", "share"), FactColumn("m", "count")),
    (), lambda data: data,
)  # fmt: skip
TOWNS = ["a", "b", "c"]


def found(rule: Find, limits: dict[str, float] | None = None, **columns: list[object]) -> Finding | None:
    return rule(Rows(TABLE, pd.DataFrame({"town": TOWNS, **columns}), limits or {}))


def test_the_largest_is_named_with_its_part_of_the_whole() -> None:
    said = found(largest("n", "town"), n=[10, 30, 20])
    assert said == Finding(1, {"total": Number(60.0, "households"), "part": Number(0.5)})


def test_no_part_is_given_where_a_row_of_the_base_is_withheld() -> None:
    """30 of 40 shown is three quarters of nothing known: the base lacks the withheld row."""
    said = found(largest("n", "town"), n=[10, 30, None])
    assert said is not None
    assert (said.row, said.words["part"], said.words["total"]) == (1, None, None)


def test_a_share_is_of_those_shown_and_a_count_is_withheld_for_being_small() -> None:
    shares, counts = (
        found(smallest("share", "town"), share=[0.5, None, 0.9]),
        found(largest("n", "town"), n=[7, None, 9]),
    )
    assert shares is not None
    assert counts is not None
    assert (shares.row, shares.of_shown) == (0, True)
    assert (counts.row, counts.of_shown) == (2, False)


@pytest.mark.parametrize(
    ("values", "key", "count", "known"),
    [([1.0, 1.0, 1.0], "all_same", "3", "3"), ([1.0, 1.0, None], "shown_same", "1", "2")],
)
def test_all_the_same_is_said_otherwise(values: list[object], key: str, count: str, known: str) -> None:
    said = found(smallest("share", "town", all_same=True), share=values)
    assert said is not None
    assert (said.key, said.words["count"], said.words["known"]) == (key, count, known)


def test_the_one_that_is_not_zero_is_named_only_where_none_is_withheld() -> None:
    assert found(single("m"), m=[0, 5, 0]) == Finding(1)
    assert found(single("m"), m=[0, 5, 1]) is None
    assert found(single("m"), m=[0, 5, None]) is None


def test_counts_over_bins_are_at_least_where_one_is_withheld() -> None:
    rule = counts_in("town", "n", low=["a"], high=["b", "c"])
    assert found(rule, n=[6, 7, 8]) == Finding(words={"low": Number(6.0, "count"), "high": Number(15.0, "count")})
    said = found(rule, n=[6, 7, None])
    assert said is not None
    assert said.words["high"] == Number(7.0, "count", at_least=True)
    assert found(rule, n=[None, 7, 8]) is None, "nothing is known of a"


def test_a_share_over_bins_needs_every_row() -> None:
    assert found(share_in("town", ["c"], "n", "m"), n=[1, 2, 3], m=[1, 2, 3]) == Finding(words={"share": Number(0.5)})
    assert found(share_in("town", ["c"], "n", "m"), n=[1, 2, 3], m=[1, None, 3]) is None
    assert found(share_in("town", ["c"], "n"), n=[0, 0, 0]) is None


def test_the_widest_gap_may_have_to_be_one() -> None:
    assert found(widest_gap("share", "n"), share=[3, 5, None], n=[1, 1, 0]) == Finding(1)
    assert found(widest_gap("share", "n", positive=True), share=[1, 1, 1], n=[1, 2, 1]) is None


def test_rows_by_place_and_by_name() -> None:
    assert found(in_row(-1)) == Finding(-1)
    ends = {"first": Cell("n", 0), "last": Cell("n", -1)}
    assert found(first_to_last("n"), n=[1, 2, 3]) == Finding(words=ends, key="rose")
    assert found(first_to_last("n"), n=[3, 4, 2]) == Finding(words=ends, key="fell")
    assert found(first_to_last("n"), n=[3, 4, 3]) == Finding(words=ends)
    assert found(of_names("town", "n", "c", "a"), n=[1, 2, 3]) == Finding(words={"c": Cell("n", 2), "a": Cell("n", 0)})
    assert found(of_names("town", "n", "d"), n=[1, 2, 3]) is None
    assert found(nearest("share", 0.5), share=[0.1, 0.45, 0.6]) == Finding(1)


def test_a_ratio_of_two_rows_needs_both() -> None:
    assert found(ratio_of("town", "n", "a", "c"), n=[1, 2, 4]) == Finding(words={"share": Number(0.25)})
    assert found(ratio_of("town", "n", "a", "c"), n=[None, 2, 4]) is None
    assert found(ratio_of("town", "n", "a", "c"), n=[1, 2, 0]) is None


def test_an_exhibit_names_columns_of_its_table() -> None:
    with pytest.raises(SchemaError, match=r"exhibit t: unknown column .*got 'shore'.*did you mean 'share'"):
        check_exhibit(Exhibit("t", Bars("town", "shore")), TABLE)
