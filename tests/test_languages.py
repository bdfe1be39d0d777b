"""One text in every language, and its way through a cell of facts."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from relapse_risk.languages import BAR, Label, cells
from relapse_risk.measures import FactColumn
from relapse_risk.pages.format import format_value
from relapse_risk.text import bilingual

NAMES = st.text(st.characters(exclude_characters=BAR, exclude_categories=["Cs"]), min_size=1)


@given(NAMES, NAMES)
def test_a_cell_gives_back_what_was_put_in(zh: str, en: str) -> None:
    label = Label(zh=zh, en=en)
    assert Label.from_cell(label.cell) == label
    assert cells(pd.Series([zh], dtype="str"), pd.Series([en], dtype="str")).tolist() == [label.cell]


def test_cells_of_names_without_bars_are_those_of_facts_written_before() -> None:
    assert Label(zh="南坊镇", en="Nanfang Town").cell == "南坊镇|Nanfang Town"


def test_two_villages_whose_names_have_bars_are_two_villages() -> None:
    """A village named a|b村 was shown as a in Chinese and as b村|… in English."""
    names = cells(pd.Series(["a|b村", "a|c村"]), pd.Series(["a|b Village", "a|c Village"]))
    town = FactColumn("town", "town")
    assert [format_value(name, town, "zh") for name in names] == ["a|b村", "a|c村"]
    assert [format_value(name, town, "en") for name in names] == ["a|b Village", "a|c Village"]


def test_a_text_without_a_bar_is_the_same_everywhere() -> None:
    assert [bilingual("<1,000", "zh"), bilingual("<1,000", "en")] == ["<1,000", "<1,000"]


def test_what_a_language_lacks_is_said_in_english() -> None:
    label = Label(zh="县", en="county")
    assert [label.in_language("zh"), label.in_language("ug"), label["en"]] == ["县", "county", "county"]
    assert label.in_language("cell") == "county", "no attribute is taken for a language"


def test_a_misspelt_language_is_refused_and_a_label_stays_as_it_is() -> None:
    with pytest.raises(ValidationError, match="eng"):
        Label(zh="县", eng="county")  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="frozen"):
        Label(zh="县", en="county").zh = "市"  # type: ignore[misc]
