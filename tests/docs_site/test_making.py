"""Charts of the documents drawn by hand-checked layers, documents linked, broken links found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools.docs_site.diagrams import draw, layers, read_flowchart
from tools.docs_site.gather import page
from tools.docs_site.links import broken_links, fetched_elsewhere
from tools.docs_site.reference import names_of, reference_pages

import relapse_risk as rr

ROOT = Path(__file__).resolve().parents[2]


def test_a_box_stands_below_all_that_point_to_it() -> None:
    chart = read_flowchart('flowchart TB\n a["A"] --> b["B<br>more"] --> d["D"]\n a -.-> d\n c[("C")] --> d')
    assert chart.boxes == {"a": ["A"], "b": ["B", "more"], "d": ["D"], "c": ["C"]}
    assert chart.arrows == [("a", "b", False), ("b", "d", False), ("a", "d", True), ("c", "d", False)]
    assert layers(chart) == {"a": 0, "b": 1, "d": 2, "c": 1}


@pytest.mark.parametrize(
    ("source", "said"),
    [("flowchart TB\n a{{round}} --> b", "line 2: 'a{{round}}' is no box"), ("a --> b\n b --> a", "in a circle")],
)
def test_what_cannot_be_drawn_is_said(source: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        draw(source, "")


def test_boxes_of_the_drawn_architecture_do_not_overlap() -> None:
    found = re.search(r"```mermaid\n(.*?)```", (ROOT / "docs/architecture.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found
    picture = draw(found.group(1), "the house")
    chart = read_flowchart(found.group(1))
    boxes = [
        tuple(map(float, box))
        for box in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', picture)
    ]
    assert len(boxes) == len(chart.boxes) == len(re.findall(r'class="first"', picture))
    for i, (x, y, wide, high) in enumerate(boxes):
        for other, top, width, height in boxes[:i]:
            assert x + wide <= other or other + width <= x or y + high <= top or top + height <= y


def test_a_document_is_linked_where_it_is_named_but_not_in_code() -> None:
    text = "see `docs/import.md`, `docs/none.md`, [all](docs/scale.md), [new](../CHANGELOG.md)\n\n```sh\ncat `docs/import.md`\n```\n"
    assert page(text, "", lambda path: path == "import.md") == (
        "see [`docs/import.md`](import.md), `docs/none.md`, [all](scale.md), [new](CHANGELOG.md)\n\n"
        "```sh\ncat `docs/import.md`\n```\n"
    )


def test_a_broken_link_a_missing_place_and_a_foreign_script_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<h1 id="here">A</h1><a href="b.html#there">1</a><a href="b.html#gone">2</a><a href="c.html">3</a><a href="#here">4</a>'
        '<a href="https://example.org/x">5</a><script src="https://example.org/x.js"></script><img src="p.png">'
    )
    (tmp_path / "b.html").write_text('<p id="there">B</p><a href="a.html">back</a>')
    assert sorted(broken_links(tmp_path)) == [
        "a.html: b.html#gone: no such place on the page",
        "a.html: c.html: no such file",
        "a.html: p.png: no such file",
    ]
    assert fetched_elsewhere(tmp_path) == ["a.html: script https://example.org/x.js"]


def test_every_public_name_has_one_page() -> None:
    pages = reference_pages()
    listed = re.findall(r"^   ~(\S+)$", "\n".join(pages.values()), re.MULTILINE)
    assert len(listed) == len(set(listed))
    functions = {f"relapse_risk.{name}" for name in rr.__all__ if callable(getattr(rr, name))}
    assert functions <= set(listed), functions - set(listed)
    assert "relapse_risk.poverty.small_area.fay_herriot" not in names_of("poverty.small_area"), "has a shorter name"


def test_every_document_stands_on_the_site_once() -> None:
    """In one table of contents each: of the site's own pages."""
    own = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs/site").glob("*.md"))
    entries = [
        line.split("<")[-1].rstrip(">")
        for block in re.findall(r"```\{toctree\}\n(.*?)```", own, re.DOTALL)
        for line in block.splitlines()
        if line and not line.startswith(":")
    ]
    documents = {path.stem for path in (ROOT / "docs").glob("*.md")}
    tours = {f"tours/{path.stem}" for path in (ROOT / "notebooks/explore").glob("*.ipynb")}
    assert documents | tours <= set(entries), (documents | tours) - set(entries)
    assert len(entries) == len(set(entries))
