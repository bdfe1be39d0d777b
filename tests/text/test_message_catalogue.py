"""Every word in both languages, and nothing said that the catalogue does not hold."""

from __future__ import annotations

import ast
from pathlib import Path
from string import Formatter

import pytest

import relapse_risk
from relapse_risk.assessment import EXHIBITS
from relapse_risk.editions.fonts import missing_characters
from relapse_risk.errors import RenderError
from relapse_risk.text import bilingual, messages, text

SOURCE = Path(relapse_risk.__file__).parent


def fields(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


PLACE = {"division", "divisions", "settlements", "whole"}  # words of the place, which one language may do without


def test_both_languages_fill_in_the_same_fields() -> None:
    different = {key: words for key, words in messages().items() if fields(words["zh"]) != fields(words["en"])}
    allowed = {key for key in different if fields(different[key]["zh"]) ^ fields(different[key]["en"]) <= PLACE}
    assert set(different) == allowed


def test_every_message_named_in_the_code_exists() -> None:
    said = set()
    for file in [*SOURCE.glob("pages/*.py"), *SOURCE.glob("editions/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
                "say",
                "text",
            ):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    said.add(first.value)
    assert len(said) > 50
    assert {key for key in said if "." in key} - set(messages()) == set()


def test_every_drawing_says_what_it_draws() -> None:
    drawn = {name for name, one in EXHIBITS.items() if one.chart}
    assert {f"exhibit.{name}.caption" for name in drawn} - set(messages()) == set()
    found = {name for name, one in EXHIBITS.items() if one.finding}
    assert {f"exhibit.{name}.finding" for name in found} - set(messages()) == set()
    assert found <= drawn


def test_the_font_has_every_character_of_the_catalogue() -> None:
    assert missing_characters("".join(words["zh"] + words["en"] for words in messages().values())) == ""


def test_an_unknown_message_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(RenderError, match=r"unknown message; got 'report\.tilte'.*did you mean 'report\.title'"):
        text("report.tilte", "zh")


def test_a_field_that_is_not_given_is_an_error() -> None:
    with pytest.raises(RenderError, match=r"message field 'day' not given"):
        text("report.period", "zh")


def test_bilingual_text_without_a_bar_is_the_same_in_both() -> None:
    assert (bilingual("齐河", "en"), bilingual("齐河|Qihe", "zh"), bilingual("齐河|Qihe", "en")) == (
        "齐河",
        "齐河",
        "Qihe",
    )
