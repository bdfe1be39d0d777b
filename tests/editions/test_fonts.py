"""Every character is in the page's own font, or named by its code point; no report is lost over one."""

from __future__ import annotations

import base64
import io
import re

from fontTools.ttLib import TTFont

from relapse_risk.editions.fonts import code_points, font_css, font_file, missing_characters


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


def test_a_character_outside_the_font_is_named_by_its_code_point() -> None:
    words = "村名𰻝𰻝面قرية"
    assert {ord(c) for c in words} > set(faces(font_css(words))[0][2].getBestCmap()) >= {ord(c) for c in "村名面"}
    assert code_points(missing_characters(words))[-1] == "U+30EDD"
    assert "U+0642" in code_points(missing_characters(words))


def test_the_whole_font_is_unpacked_for_others() -> None:
    assert TTFont(font_file("Bold"))["OS/2"].usWeightClass == 700
