"""What a column of people counts: written once, read strictly."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.errors import MeasureError
from relapse_risk.measures import Cell, FactColumn, FactTable, read_count


def test_a_count_is_filled_in_from_its_row() -> None:
    count = read_count("segment.{segment}.yes by sex=male before").filled({"segment": "children"})
    assert count.cell("371402", (("town", "x"),)) == Cell(
        "segment.children", "yes", "371402", (("sex", "male"), ("town", "x")), True
    )


def test_a_star_is_no_class() -> None:
    count = read_count("ranked.yes by segment=*")
    assert count.cell("a") == Cell("ranked", "yes", "a")
    assert count.fields == {"segment"}, "so that the row's segment does not classify it"


@pytest.mark.parametrize("text", ["house_safe", "house_safe.maybe", "house safe.yes", "house_safe.yes by town", ""])
def test_a_count_written_otherwise_is_an_error(text: str) -> None:
    with pytest.raises(MeasureError, match=r"measure\.side, with side one of yes \| no \| known"):
        read_count(text)


def _table(column: FactColumn) -> FactTable:
    return FactTable("by_cause", 2, (FactColumn("cause", "text"), column), (), lambda data: pd.DataFrame())


def test_a_column_of_people_names_a_measure() -> None:
    with pytest.raises(MeasureError, match=r"by_cause\.main: .*names no measure.*counts='measure\.side'"):
        _table(FactColumn("main", "households"))
    assert _table(FactColumn("villages", "count")).keys == ["cause"], "what is public needs none"


def test_a_count_is_filled_in_from_columns_of_its_table_only() -> None:
    with pytest.raises(MeasureError, match=r"by_cause\.main: unknown column of words; got 'reason'"):
        _table(FactColumn("main", "households", counts="main_cause.{reason}.yes"))


def test_a_count_may_differ_by_the_word_of_the_row() -> None:
    column = FactColumn("households", "households", counts={"end": "monitored.yes", "*": "monitored_{step}.yes"})
    assert column.count_of("end") == read_count("monitored.yes")
    assert column.count_of("entered") == read_count("monitored_{step}.yes")
