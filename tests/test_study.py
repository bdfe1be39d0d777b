"""A month of a place in one line: parts agree with each other and with the register, names stand for codes."""

from __future__ import annotations

from pathlib import Path

import pytest

import relapse_risk as rr
from relapse_risk.errors import ParameterError, RegisterError
from relapse_risk.layers import found_above
from relapse_risk.pages.notebook_style import page_css, styled


@pytest.fixture(scope="module")
def study(small_register: Path) -> rr.study.Study:
    return rr.open_study(small_register.parent)


def test_the_latest_month_is_opened_and_every_household_is_in_the_frame(study: rr.study.Study) -> None:
    assert study.month == "2020-12"
    homes = study.register.read("household", "2020-12")
    assert sorted(study.frame["household_id"]) == sorted(homes["household_id"])
    assert set(homes["household_id"]) & set(study.aid["household_id"])
    assert study.names.set_index("county_code").loc["371425", "county_name_zh"] == "齐河县"  # GB/T 2260


def test_what_was_not_computed_is_none_and_says_so(study: rr.study.Study) -> None:
    assert study.scores.risk is None
    assert "risk not computed" in repr(study.scores)
    assert "scores" not in study.summary()


def test_codes_become_words_in_either_language(study: rr.study.Study) -> None:
    some = study.register.read("household", "2020-12").head(50)[["household_id", "household_class"]]
    zh, en = study.named(some, "zh"), study.named(some, "en")
    assert list(zh.index) == list(some.index)
    assert not set(zh.iloc[:, 1].dropna()) & set(some["household_class"].dropna())
    assert not set(zh.iloc[:, 1].dropna()) & set(en.iloc[:, 1].dropna())
    assert list(some.columns) == ["household_id", "household_class"], "the frame given has changed"


def test_a_result_shows_itself_in_short(study: rr.study.Study) -> None:
    assert len(study._repr_html_()) < 3000
    assert len(repr(study)) < 200


def test_a_folder_without_a_register_and_a_month_it_lacks_are_named(small_register: Path, tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="no register in this folder"):
        rr.open_study(tmp_path)
    with pytest.raises(RegisterError, match="unknown month"):
        rr.open_study(small_register.parent, "2031-01")


def test_a_relative_path_is_found_from_a_folder_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data" / "place").mkdir(parents=True)
    below = tmp_path / "notebooks" / "reports"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert found_above("data/place") == tmp_path.resolve() / "data/place"
    with pytest.raises(ParameterError, match="not in this folder nor in one above it") as refused:
        found_above("data/elsewhere")
    assert str(below.resolve()) in str(refused.value)


def test_a_block_carries_its_style_and_reaches_nothing_else() -> None:
    shown = styled('<p class="note">text</p>')
    style = shown.split("<style>")[1].split("</style>")[0]
    assert style.startswith(".relapse-risk-block.relapse-risk-block.relapse-risk-block {")
    assert style.count("{") == style.count("}"), "a rule is left open"
    assert ".note, .stamp { color: var(--soft)" in style
    for whole_page in (":root", "body {", "position: fixed", "@page", "@media print"):
        assert whole_page in page_css()
        assert whole_page not in style
    assert styled("") == ""
