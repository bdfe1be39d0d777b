"""Pages as Chromium lays them out, on a telephone and on a screen: nothing overflows, is cut, or stands on other words."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.report_fixtures import COUNTY, released

from relapse_risk.editions.edition import Edition

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
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
