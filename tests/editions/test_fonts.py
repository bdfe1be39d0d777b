"""Nothing turns into a box: every character is in the page's own font, or the report stops and names it."""

from __future__ import annotations

import base64
import io
import re

import pytest
from fontTools.ttLib import TTFont

from relapse_risk.editions.fonts import font_css, font_file
from relapse_risk.errors import RenderError


def faces(css: str) -> list[tuple[str, int, TTFont]]:
    rule = re.compile(r'font-family:"([^"]+)";font-weight:(\d+).*?base64,([^"]+)"', re.DOTALL)
    return [(name, int(weight), TTFont(io.BytesIO(base64.b64decode(data)))) for name, weight, data in rule.findall(css)]


def test_both_weights_hold_exactly_what_is_used() -> None:
    found = faces(font_css("齐河县 2020"))
    assert [(name, weight) for name, weight, _ in found] == [("Report Sans", 400), ("Report Sans", 700)]
    for _, _, font in found:
        assert set(font.getBestCmap()) == {ord(c) for c in "齐河县 20"}
        assert "glyf" in font, "TrueType outlines: others end up as Type 3 in PDFs"


def test_a_rare_character_falls_back_to_the_regular_weight() -> None:
    found = faces(font_css("镕齐"))  # 镕 is in GBK and not in GB2312
    assert [(name, weight) for name, weight, _ in found][2:] == [("Report Sans Regular", 400)]
    assert set(found[2][2].getBestCmap()) == {ord("镕")}


def test_a_character_outside_the_font_is_named_with_its_place() -> None:
    with pytest.raises(RenderError, match=r"lacks 1 character\(s\): '𰻝' \(U\+30EDD\) in '村名𰻝𰻝面'"):
        font_css("村名𰻝𰻝面")


def test_the_whole_font_is_unpacked_for_others() -> None:
    assert TTFont(font_file("Bold"))["OS/2"].usWeightClass == 700
