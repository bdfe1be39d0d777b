"""From counties to the city."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from relapse_risk.assessment import FactColumn, FactTable
from relapse_risk.assessment.rollup import city_rows, with_order, with_ratios

C = FactColumn


def spec(city: str = "sum", order: str = "") -> FactTable:
    columns = (C("kind", "text"), C("n", "households", counts="hit.known"), C("hit", "households", counts="hit.yes"), C("share", "share", of=("hit", "n")),
               C("median", "days"))  # fmt: skip
    return FactTable("t", 2, columns, (), lambda data: pd.DataFrame(), city=city, order=order)  # type: ignore[arg-type]


ONE = pd.DataFrame({"kind": ["a", "b"], "n": [10, 4], "hit": [1, 4], "median": [3.0, 5.0]})
TWO = pd.DataFrame({"kind": ["b", "c"], "n": [6, 0], "hit": [1, 0], "median": [7.0, None]})


def test_counts_add_up_ratios_are_formed_again_medians_are_not_guessed() -> None:
    city = city_rows(spec(), {"x": ONE, "y": TWO}, {}).set_index("kind")
    assert city.loc["b", ["n", "hit", "share"]].tolist() == [10, 5, 0.5]
    assert pd.isna(city.loc["c", "share"])
    assert city["median"].isna().all()


def test_tables_by_town_become_one_row_per_county() -> None:
    city = city_rows(spec("counties"), {"x": ONE, "y": TWO}, {"x": "甲|X", "y": "乙|Y"})
    assert city["kind"].tolist() == ["甲|X", "乙|Y"]
    assert city["n"].tolist() == [14, 6]


def test_the_city_of_a_table_without_one_is_empty() -> None:
    assert len(city_rows(spec("none"), {"x": ONE}, {})) == 0
    assert len(city_rows(spec(), {}, {})) == 0


def test_order_descends_with_a_minus_and_ties_stay() -> None:
    frame = with_ratios(ONE, spec())
    assert with_order(frame, spec(order="-n"))["kind"].tolist() == ["a", "b"]
    assert with_order(frame, spec(order="n"))["kind"].tolist() == ["b", "a"]
    assert frame["share"].tolist() == pytest.approx([0.1, 1.0])


def test_a_ratio_has_no_value_over_nothing_and_one_over_less_than_one() -> None:
    frame = pd.DataFrame({"kind": ["a", "b"], "n": [0.5, 0.0], "hit": [0.25, 0.0], "median": [1.0, 1.0]})
    assert with_ratios(frame, spec())["share"].fillna(-1).tolist() == [0.5, -1]


def test_what_no_county_knows_is_not_zero_in_the_city() -> None:
    unknown = pd.DataFrame({"kind": ["a"], "n": [None], "hit": [1], "median": [None]})
    city = city_rows(spec(), {"x": unknown, "y": unknown}, {}).iloc[0]
    assert pd.isna(city["n"])
    assert city["hit"] == 2


def test_a_row_without_a_key_is_kept_and_nulls_are_ordered_last() -> None:
    one = pd.DataFrame({"kind": [None, "b"], "n": [3, 1], "hit": [0, 1], "median": [None, None]})
    city = city_rows(spec(order="-share"), {"x": one, "y": one}, {})
    assert city["n"].tolist() == [2, 6]
    assert pd.isna(city["kind"].iloc[1])
    frame = pd.DataFrame({"kind": ["a", "b", "c"], "n": [None, 2.0, 1.0]})
    assert with_order(frame, spec(order="n"))["kind"].tolist() == ["c", "b", "a"]
    assert with_order(frame, spec(order="-n"))["kind"].tolist() == ["b", "c", "a"]


def test_the_rest_class_of_a_code_list_comes_last() -> None:
    table = FactTable(
        "t", 2, (C("cause", "code", "poverty_cause"), C("n", "count")), (), lambda data: pd.DataFrame(), order="-n"
    )
    frame = pd.DataFrame({"cause": ["other", "illness", "disability"], "n": [9, 1, 5]})
    assert with_order(frame, table)["cause"].tolist() == ["disability", "illness", "other"]


def test_words_of_a_row_go_with_it_and_a_table_that_is_the_same_for_all_is_taken_once() -> None:
    columns = (C("kind", "text"), C("said", "text", descriptive=True), C("n", "count"))
    table = FactTable("t", 2, columns, (), lambda data: pd.DataFrame())
    frame = pd.DataFrame({"kind": ["a"], "said": ["word"], "n": [1]})
    both = {"x": frame, "y": frame}
    shown = ["kind", "said", "n"]
    assert city_rows(table, both, {}).iloc[0][shown].tolist() == ["a", "word", 2]
    assert city_rows(replace(table, city="same"), both, {}).iloc[0][shown].tolist() == ["a", "word", 1]
    by_county = city_rows(replace(table, city="counties"), both, {"x": "甲|X"})
    assert by_county["kind"].tolist() == ["甲|X", "y"], "the code where nobody named it"
    assert by_county["said"].isna().all()


def test_counties_may_carry_words_that_tell_no_rows_apart_and_more_than_one_key() -> None:
    """Keys are kind and period; the note is taken as the first county says it; a count nobody has stays unknown."""
    columns = (C("kind", "code", "poverty_cause"), C("period", "period"), C("note", "text", descriptive=True), C("n", "households", counts="main_cause.yes"), C("cash", "money", adds=True),
               C("mean", "money", of=("cash", "n")), C("note_days", "days"))  # fmt: skip
    table = FactTable("t", 2, columns, (), lambda data: pd.DataFrame(), order="kind")
    one = pd.DataFrame(
        {
            "kind": ["other", "b"],
            "period": "2020",
            "note": ["first", "x"],
            "n": [1, 2],
            "cash": [5.0, None],
            "note_days": 1.0,
        }
    )
    two = pd.DataFrame({"kind": ["other", "other", "c"], "period": ["2019", "2020", "2020"], "note": ["y", "second", "z"], "n": [4, 3, 0], "cash": [9.0, 7.0, 6.0], "note_days": 2.0})  # fmt: skip
    city = city_rows(table, {"x": one, "y": two}, {})
    assert city[["kind", "period", "note", "n"]].to_numpy().tolist() == [
        ["b", "2020", "x", 2.0], ["c", "2020", "z", 0.0], ["other", "2020", "first", 4.0], ["other", "2019", "y", 4.0],
    ]  # fmt: skip
    assert city["cash"].fillna(-1).tolist() == [-1, 6.0, 12.0, 9.0]
    assert city["mean"].fillna(-1).tolist() == [-1, -1, 3.0, 2.25]
    assert city["note_days"].isna().all()


def test_by_county_further_words_are_left_out_and_an_unnamed_county_is_its_code() -> None:
    columns = (
        C("town", "town"),
        C("kind", "text"),
        C("note", "text", descriptive=True),
        C("n", "households", counts="households.yes"),
        C("days", "days"),
    )
    table = FactTable("t", 2, columns, (), lambda data: pd.DataFrame(), city="counties")
    frame = pd.DataFrame({"town": ["a", "b"], "kind": ["x", "y"], "note": "w", "n": [1, 2], "days": 3.0})
    city = city_rows(table, {"371425": frame, "371481": frame.assign(n=[5, None])}, {"371425": "甲|X"})
    assert city["town"].tolist() == ["甲|X", "371481"]
    assert city["n"].tolist() == [3.0, 5.0]
    assert city[["kind", "note", "days"]].isna().all(axis=None)
    assert frame["town"].tolist() == ["a", "b"], "what was given is not changed"


def test_a_ratio_needs_a_positive_denominator() -> None:
    frame = pd.DataFrame({"kind": list("abcd"), "n": [4, 0, -2, None], "hit": [1, 1, 1, 1]})
    assert with_ratios(frame, spec())["share"].fillna(-1).tolist() == [0.25, -1, -1, -1]


def test_the_base_of_a_share_is_that_of_all_counties_also_of_those_without_the_row() -> None:
    columns = (C("cause", "text"), C("main", "households", counts="main_cause.yes"),
               C("known", "count", hidden=True, whole=True), C("share", "share", of=("main", "known")))  # fmt: skip
    table = FactTable("t", 2, columns, (), lambda data: pd.DataFrame())
    one = pd.DataFrame({"cause": ["illness", "fire"], "main": [6, 2], "known": [8, 8]})
    two = pd.DataFrame({"cause": ["illness"], "main": [12], "known": [12]})
    city = city_rows(table, {"x": one, "y": two, "z": one.iloc[:0]}, {}).set_index("cause")
    assert city["share"].tolist() == [18 / 20, 2 / 20]  # fire: 2 of 20 households, not of the 8 of its county
