"""Widths of printed columns: no word is cut, nothing leaves the page, and room goes where it saves lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relapse_risk.charts.canvas import text_width
from relapse_risk.editions.table_widths import Column, TableStyle, column_widths, fitting_style

ROOM = 493.2
words = st.text(st.sampled_from("ab1 户县，（）-/"), max_size=40)


def cell(said: str, **look: Any) -> dict[str, Any]:
    return {"runs": [{"t": said}], **look}


def columns_of(table: list[list[str]]) -> list[Column]:
    return [Column((cell(head),), tuple(map(cell, rest))) for head, *rest in zip(*table, strict=True)]


@given(st.integers(1, 9).flatmap(lambda n: st.lists(st.lists(words, min_size=n, max_size=n), min_size=2, max_size=5)))
@settings(max_examples=60, deadline=None)
def test_columns_fill_no_more_than_the_page_and_each_holds_its_longest_word(table: list[list[str]]) -> None:
    columns = columns_of(table)
    style = fitting_style(columns, TableStyle(), ROOM)
    wide = column_widths(columns, style, ROOM)
    assert sum(wide) <= ROOM + 0.01 * len(wide)
    if sum(column.least(style) for column in columns) <= ROOM:
        assert all(width >= column.least(style) - 0.01 for width, column in zip(wide, columns, strict=True))


def test_a_word_is_measured_as_the_font_draws_it() -> None:
    style = TableStyle(size=10, head=10, small=8, pad=3)
    column = Column((cell(""),), (cell("ab cd"), cell("户户", whole=1)))
    assert column.least(style) == pytest.approx(20 + 6 + 0.6), "two Han squares that may not part"
    assert column.most(style) == pytest.approx(max(text_width("ab cd", 10), 20) + 6 + 0.6)


def test_a_long_column_takes_the_room_that_short_ones_leave() -> None:
    table = [["Short", "Long"], ["a", "many words that go on and on " * 8], ["b", "few"]]
    short, long = column_widths(columns_of(table), TableStyle(), ROOM)
    assert long > 4 * short
    assert short + long == pytest.approx(ROOM, abs=0.1)


def test_a_table_too_wide_is_set_smaller() -> None:
    columns = columns_of([["immeasurableness"] * 9] * 3)
    style = fitting_style(columns, TableStyle(), ROOM)
    assert style.size < TableStyle().size
    assert sum(column_widths(columns, style, ROOM)) <= ROOM + 0.1
