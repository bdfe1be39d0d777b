"""From a page to its blocks: everything that is printed arrives, and what is not known is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from relapse_risk.editions.print_blocks import HALF, ROOM, print_blocks
from relapse_risk.errors import RenderError
from relapse_risk.pages.html_tables import Cell, Head, render_rows


def said(node: Any) -> Iterator[str]:
    """Every word of the blocks, in order."""
    if isinstance(node, dict):
        for name in ("number", "n", "t", "runs", "below", "heads", "rows", "items", "note", "blocks", "parts"):
            if name in node:
                yield from said(node[name])
    elif isinstance(node, list):
        for one in node:
            yield from said(one)
    elif isinstance(node, str):
        yield node


def one(body: str) -> dict[str, Any]:
    blocks = print_blocks(f"<main>{body}</main>").blocks
    assert len(blocks) == 1
    return blocks[0]


def test_words_keep_their_look_and_blanks_are_as_a_browser_shows_them() -> None:
    runs = one("<p>  One\n <b>two </b> <i>three</i>\n<br> four<small>five</small></p>")["runs"]
    assert [(run.get("t", "/"), "b" in run, "i" in run, "s" in run) for run in runs] == [
        ("One ", False, False, False), ("two ", True, False, False), ("three", False, True, False), (" ", False, False, False),
        ("/", False, False, False), ("four", False, False, False), ("five", False, False, True),
    ]  # fmt: skip


def test_words_outside_any_paragraph_are_printed_too() -> None:
    blocks = print_blocks("<main>before<div>in <b>it</b></div><!-- not this -->after</main>").blocks
    assert "".join(said(blocks)) == "beforein itafter"


@pytest.mark.parametrize(
    "body", ["<video></video>", "<p>a<button>b</button></p>", "<figure><video></video></figure>", '<img src="x.svg">'],
)  # fmt: skip
def test_what_has_no_form_on_paper_is_an_error_not_a_gap(body: str) -> None:
    with pytest.raises(RenderError, match="no form in the PDF"):
        print_blocks(f"<main><h2>Part</h2>{body}</main>")


def test_a_table_keeps_number_caption_heads_cells_and_notes() -> None:
    html = render_rows("Causes", [Head("Cause"), Head("Households", True, "95%")], [[Cell("Illness"), Cell("12", "strong", "8–16")]], ["Note."], "Table 1")  # fmt: skip
    table = one(html)
    assert table["number"] == "Table 1"
    assert list(said(table)) == ["Table 1", "Causes", "Cause", "Households", "95%", "Illness", "12", "8–16", "Note."]
    assert table["rows"][0][1]["n"] == table["rows"][0][1]["b"] == 1
    assert sum(table["widths"]) <= ROOM


def test_a_cell_over_two_columns_is_refused() -> None:
    with pytest.raises(RenderError, match="over several columns"):
        print_blocks("<main><table><tbody><tr><th>a</th><td colspan='2'>b</td></tr></tbody></table></main>")


def test_the_drawing_for_telephones_is_left_out_and_the_other_is_as_it_was() -> None:
    svg = '<svg class="{}" viewBox="0 0 9 9" width="9" height="9"><title>T &amp; t</title><desc>d</desc><text>1</text></svg>'
    figure = one(f"<figure class='chart'><figcaption><span class='number'>F1</span> Says<small>below</small></figcaption>{svg.format('wide')}{svg.format('narrow')}</figure>")  # fmt: skip
    assert figure["svg"] == svg.format("wide")
    assert (figure["alt"], figure["number"], figure["w"]) == ("T & t d", "F1", ROOM)
    assert one(f"<figure>{svg.format('half')}</figure>")["w"] == HALF


def test_two_stand_beside_each_other_only_where_both_fit() -> None:
    def pair(*columns: int) -> list[dict[str, Any]]:
        tables = (render_rows("T", [Head("Quarantined")] * n, [[Cell("immeasurable")] * n] * 3) for n in columns)
        return print_blocks("<div class='side'>" + "".join(f"<div>{t}</div>" for t in tables) + "</div>").blocks

    assert [block["what"] for block in pair(2, 3)] == ["side"]
    assert [block["what"] for block in pair(5, 8)] == ["table", "table"]


def test_a_link_to_what_is_not_printed_becomes_words() -> None:
    blocks = print_blocks('<main><h2 id="a">A</h2><p><a href="#a">here</a> <a href="#gone">gone</a></p></main>').blocks
    assert [run.get("to") for run in blocks[1]["runs"] if run["t"].strip()] == ["a", None]


@pytest.mark.parametrize(
    ("tags", "levels"), [([1, 2, 3, 2], [1, 2, 3, 2]), ([2, 3, 2], [1, 2, 1]), ([1, 3, 3], [1, 2, 2]), ([2, 1], [1, 1])]
)
def test_levels_begin_with_one_and_skip_none(tags: list[int], levels: list[int]) -> None:
    blocks = print_blocks("".join(f"<h{tag}>x</h{tag}>" for tag in tags)).blocks
    assert [block["level"] for block in blocks] == levels


def test_every_word_of_the_brief_and_the_contents_arrives() -> None:
    body = (
        '<div class="onepage"><header class="masthead"><p class="place">City</p><h1 data-foot="Foot">Name <span>Title</span></h1></header>'
        '<ul class="figures"><li><b class="figure gap">–</b> people<small>Withheld.</small></li></ul></div>'
        '<nav class="contents"><p class="heading">Contents</p><ol><li><a href="#s1">One</a><span class="mark met">✓</span></li></ol></nav>'
        '<h2 id="s1">One</h2><ol class="aspects"><li class="met"><a href="#s1">Aspect</a><span class="chip met"><span aria-hidden="true">✓</span> met</span></li></ol>'
        '<dl class="statement"><dt>Term</dt><dd>Meaning</dd></dl><p class="brand-new">Kind that nobody knows</p>'
    )
    page = print_blocks(f"<main>{body}</main>")
    words = " ".join(said(page.blocks))
    assert page.foot == "Foot"
    for word in re.sub("<[^>]+>", " ", body).replace("✓", "").split():
        assert word in words
    cover, _ = page.blocks[0]["blocks"]
    assert [block["runs"] for block in cover["blocks"]][1] == [{"t": "Name"}]
    assert page.blocks[1]["blocks"][1]["items"] == [{"t": "One", "to": "s1", "mark": "✓", "c": "met"}]
