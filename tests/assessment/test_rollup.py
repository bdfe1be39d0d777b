"""From counties to the city."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.assessment import FactColumn, FactTable
from relapse_risk.assessment.rollup import city_rows, with_order, with_ratios

C = FactColumn


def spec(city: str = "sum", order: str = "") -> FactTable:
    columns = (C("kind", "text"), C("n", "households"), C("hit", "households"), C("share", "share", of=("hit", "n")),
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
