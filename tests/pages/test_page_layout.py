"""Pages as Chromium lays them out, on a telephone and on a screen: nothing overflows, is cut, or stands on other words."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections import Counter
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest
from tests.report_fixtures import COUNTY, released

from relapse_risk.editions.chromium import Browser
from relapse_risk.editions.edition import Edition
from relapse_risk.pages.html_tables import Cell, Head, render_rows

MARGIN = 18 / 25.4 * 72  # points
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
POPPLER = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="Poppler is not installed")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]

# On a telephone tables may scroll inside their own region; everything else has to fit.  A word may touch another by a pixel or two:
# boxes are larger than ink.
LOOK = """<script>window.addEventListener('load', () => document.fonts.ready.then(() => {
const wide = document.documentElement.clientWidth, found = [], shown = e => e.getBoundingClientRect().width > 0;
if (document.documentElement.scrollWidth > wide + 1) found.push('page is ' + document.documentElement.scrollWidth);
for (const e of document.querySelectorAll('main *')) {
  if (!shown(e) || e.closest('.table, .contents, .skip') || (e.closest('svg') && e.tagName !== 'svg')) continue;
  const box = e.getBoundingClientRect();
  if (box.right > wide + 1 || box.left < -1) found.push('outside: ' + e.tagName + ' ' + e.textContent.slice(0, 30));
}
for (const e of document.querySelectorAll('.table'))
  if (wide > 1000 && e.scrollWidth > e.clientWidth + 1) found.push('table: ' + e.textContent.trim().slice(0, 40));
for (const e of document.querySelectorAll('td, th, li, p, figcaption, h1, h2, h3'))
  if (e.clientWidth && e.scrollWidth > e.clientWidth + 2) found.push('cut: ' + e.tagName + ' ' + e.textContent.slice(0, 40));
for (const svg of document.querySelectorAll('figure svg')) {
  if (!shown(svg)) continue;
  const frame = svg.getBoundingClientRect(), name = svg.closest('figure').querySelector('.number')?.textContent;
  const words = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim()).map(t => [t.textContent, t.getBoundingClientRect()]);
  words.forEach(([text, a], i) => {
    if (a.right > frame.right + 1.5 || a.left < frame.left - 1.5 || a.bottom > frame.bottom + 2 || a.top < frame.top - 2)
      found.push('outside ' + name + ': ' + text);
    for (const [other, b] of words.slice(i + 1))
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4)
        found.push('overlap ' + name + ': ' + text + ' / ' + other);
  });
}
const said = document.createElement('pre'); said.id = 'found'; said.textContent = JSON.stringify(found);
document.body.appendChild(said);
}));</script>"""


def looked_at(page: Path, width: int, folder: Path) -> list[str]:
    """What is wrong with ``page`` at ``width`` CSS pixels."""
    copy = folder / "page.html"
    copy.write_text(page.read_text(encoding="utf-8").replace("</body>", LOOK + "</body>"), encoding="utf-8")
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},900", "--virtual-time-budget=4000", "--dump-dom", copy.as_uri(),
    ]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    assert found, "the page did not load"
    return list(json.loads(html.unescape(found[1])))


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("page", [f"{COUNTY}-zh.html", f"{COUNTY}-en.html", "index.html", "index.en.html"])
def test_nothing_overflows_is_cut_or_stands_on_other_words(
    rendered: Edition, page: str, width: int, tmp_path: Path
) -> None:
    assert (
        looked_at((rendered.out / page if page.startswith("index") else released(rendered) / page), width, tmp_path)
        == []
    )


def printed_words(pdf: Path) -> list[tuple[int, str, float, float, float]]:
    """Page, word, and its distance from the left edge, the right edge and the top, in points."""
    said = subprocess.run(["pdftotext", "-bbox", str(pdf), "-"], capture_output=True, text=True, timeout=60, check=True)
    box = r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="[\d.-]+">(.*?)</word>'
    return [
        (number, word, float(left), float(wide) - float(right), float(top))
        for number, (wide, page) in enumerate(
            re.findall(r'<page width="([\d.]+)".*?>(.*?)</page>', said.stdout, re.DOTALL), 1
        )
        for left, top, right, word in re.findall(box, page)
    ]


def printed(body: str, engine: str, folder: Path) -> Path:
    """``body`` under the style sheet of the reports, as PDF."""
    style = files("relapse_risk").joinpath("editions", "templates", "county", "page.css").read_text(encoding="utf-8")
    page = f"<!DOCTYPE html><html><style>{style}</style><body><main>{body}</main></body></html>"
    pdf = folder / f"{engine}.pdf"
    if engine == "weasyprint":
        pytest.importorskip("relapse_risk.editions.weasyprint_engine", exc_type=ImportError)
        pdf.write_bytes(import_module("relapse_risk.editions.weasyprint_engine").print_page(page))
        return pdf
    browser = Browser(folder / "browser")
    try:
        pdf.write_bytes(browser.print_page(page))
    finally:
        browser.close()
    return pdf


def in_the_margin(pdf: Path) -> list[tuple[int, str, float, float, float]]:
    return [word for word in printed_words(pdf) if min(word[2:4]) < MARGIN - 1]


@POPPLER
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_word_stands_in_the_margin_of_a_printed_page(rendered: Edition, language: str) -> None:
    pdf = released(rendered) / f"{COUNTY}-{language}.pdf"
    assert len(printed_words(pdf)) > 500
    assert in_the_margin(pdf) == []


@POPPLER
def test_tables_are_printed_side_by_side_only_where_both_fit(tmp_path: Path) -> None:
    def side(*columns: int) -> str:
        tables = (
            render_rows(f"Table{n}", [Head("Quarantined")] * n, [[Cell("immeasurable")] * n] * 3) for n in columns
        )
        return '<div class="side">' + "".join(f"<div>{table}</div>" for table in tables) + "</div>"

    pdf = printed(side(2, 3) + side(5, 8), "chromium", tmp_path)
    assert in_the_margin(pdf) == []
    top = {word: y for _, word, _, _, y in printed_words(pdf) if word.startswith("Table")}
    assert top["Table2"] == top["Table3"]
    assert top["Table5"] < top["Table8"]


def rows_of(count: int, name: str, caption: str = "") -> str:
    return render_rows(caption or name, [Head("Row"), Head("Number", True)], [[Cell(f"{name}"), Cell(f"{n}")] for n in range(count)])  # fmt: skip


@POPPLER
@pytest.mark.parametrize("engine", ["chromium", "weasyprint"])
def test_a_pair_at_the_top_of_a_page_begins_level(engine: str, tmp_path: Path) -> None:
    pair = "".join(f"<div>{rows_of(8, f'r{n}', f'Pair{n}')}</div>" for n in (1, 2))
    pdf = printed(f'<div style="height: 240mm"></div><div class="side">{pair}</div>', engine, tmp_path)
    (page, top), (other, level) = [(n, y) for n, word, _, _, y in printed_words(pdf) if word.startswith("Pair")]
    assert (page, other) == (2, 2)
    assert top == pytest.approx(level, abs=0.1)


@POPPLER
@pytest.mark.parametrize("engine", ["chromium", "weasyprint"])
def test_a_caption_is_not_squeezed_to_the_width_of_a_small_table(engine: str, tmp_path: Path) -> None:
    caption = "Begins as a caption that is a good deal wider than the table and Ends"
    pdf = printed(rows_of(3, "small", caption), engine, tmp_path)
    top = {word: y for _, word, _, _, y in printed_words(pdf)}
    assert top["Begins"] == top["Ends"]
    assert in_the_margin(pdf) == []


@POPPLER
@pytest.mark.parametrize("engine", ["chromium", "weasyprint"])
def test_a_long_table_leaves_six_rows_or_more_on_its_last_page(engine: str, tmp_path: Path) -> None:
    counts = range(40, 60, 2)
    body = "".join(f'<div style="break-before: page">{rows_of(count, f"rows{count}", "t")}</div>' for count in counts)
    words = printed_words(printed(body, engine, tmp_path))
    split = 0
    for count in counts:
        on_page = Counter(page for page, word, *_ in words if word == f"rows{count}")
        split += len(on_page) > 1
        assert sum(on_page.values()) == count
        assert min(on_page.values()) >= 6, (count, on_page)
    assert split, "the longest do not fit on one page"


def test_the_look_finds_what_is_wrong(tmp_path: Path) -> None:
    page = tmp_path / "wrong.html"
    page.write_text(
        "<!DOCTYPE html><html><body><main><p style='width:900px'>wide</p><figure><b class='number'>F</b>"
        "<svg width='100' height='40'><text x='5' y='20'>one</text><text x='8' y='20'>two</text><text x='90' y='20'>outside</text>"
        "</svg></figure></main></body></html>",
        encoding="utf-8",
    )
    found = " ".join(looked_at(page, 390, tmp_path))
    assert "page is" in found
    assert "overlap F: one / two" in found
    assert "outside F: outside" in found
