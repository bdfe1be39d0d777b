"""The published folder in a real browser: from a file path, with a keyboard and a mouse, light, dark and on paper."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.editions.browsing import axe_script, tab
from tests.editions.chromium import find_chromium
from tests.report_fixtures import COUNTY, OTHER, edition_file, notebook, released

from relapse_risk.editions.edition import Edition, read_edition
from relapse_risk.editions.publish import published
from relapse_risk.editions.render import render_edition
from relapse_risk.editions.render_tasks import Finish
from relapse_risk.editions.site import index_pages

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not find_chromium(), reason="Chromium is not installed")]
needs_axe = pytest.mark.skipif(axe_script() is None, reason="axe-core is not here (.ci/run fetches it): not run")
PARAMETERS = 'county = ""\nmonth = ""\nlanguage = ""\nregister = ""\nfacts = ""'
SHORT = "from relapse_risk.pages.county_report import open_report\nreport = open_report(facts, month, county, language)"


@pytest.fixture(scope="module")
def site(facts_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """Two editions of three counties; in the second one county failed."""
    folder = tmp_path_factory.mktemp("site")
    for code in ("1", f'assert county != "{OTHER}"'):
        source = notebook(folder / "short.ipynb", SHORT, code, "report.section(2)", parameters=PARAMETERS)
        given = {"notebooks": str(source), "counties": [COUNTY, OTHER, "371481"], "formats": ["html"]}
        edition = read_edition(edition_file(folder / "edition.yaml", facts_folder, **given))
        render_edition(edition)
    assert len(published(edition.out)) == 2
    return edition


def test_search_language_earlier_edition_and_report_by_clicks(site: Edition, tmp_path: Path) -> None:
    shown = "[...document.querySelectorAll('.cards li')].filter(e => e.offsetParent).map(e => e.querySelector('h3').textContent)"
    with tab(tmp_path) as page:
        page.open(site.out / "index.html")
        assert len(page.run(shown)) == 3
        for words in ("齐河", "qihe", "Qi He", "371425"):
            page.click("#find")
            page.run("document.getElementById('find').select()")
            page.type(words)
            assert page.run(shown) == ["齐河县"], words
            assert page.run("document.querySelector('output').textContent") == "找到 1 个"
        page.click("header a")
        page.wait("index.en.html")
        assert "Qihe County" in page.run(shown)
        page.click("#editions + ul li:last-child a")
        page.wait(f"{site.month}.1/index.en.html")
        assert page.run("document.querySelectorAll('.failed').length") == 0
        page.click("#editions + ul li:first-child a")
        page.wait("out/index.en.html")
        assert page.run("document.querySelectorAll('a.failed').length") == 2
        page.click(f"a[href$='{COUNTY}-en.html']")
        page.wait(f"{COUNTY}-en.html")
        assert "Qihe County" in page.run("document.title")


def test_dark_is_dark_and_paper_is_white_and_without_a_search_box(site: Edition, tmp_path: Path) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with tab(tmp_path) as page:
        page.open(site.out / "index.html")
        page.media(scheme="light")
        assert page.run(ground) == "rgb(255, 255, 255)"
        page.media(scheme="dark")
        assert page.run(ground) == "rgb(16, 25, 31)"
        page.media("print", "dark")
        assert page.run(ground) == "rgb(255, 255, 255)"
        assert page.run("document.querySelector('.find').offsetParent === null")
        words = PdfReader(io.BytesIO(page.printed())).pages[0].extract_text()
        assert "齐河县" in words


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("file", ["index.html", "index.en.html", "failed"])
def test_axe_finds_nothing_on_the_site(site: Edition, tmp_path: Path, file: str, scheme: str) -> None:
    path = released(site) / f"{OTHER}-zh.failed.html" if file == "failed" else site.out / file
    with tab(tmp_path) as page:
        page.open(path)
        page.media(scheme=scheme)
        assert page.violations() == []


@needs_axe
@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_nothing_in_a_report(rendered: Edition, tmp_path: Path, language: str, width: int) -> None:
    with tab(tmp_path, width) as page:
        page.open(released(rendered) / f"{COUNTY}-{language}.html")
        assert page.violations() == []


@needs_axe
def test_axe_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "wrong.html").write_text("<html><body><img src='data:,'><input></body></html>")
    with tab(tmp_path) as page:
        page.open(tmp_path / "wrong.html")
        assert {line.split(":")[0] for line in page.violations()} >= {"image-alt", "html-has-lang", "label"}


def test_what_changed_is_said_worse_first(rendered: Edition) -> None:
    manifest = json.loads((released(rendered) / "manifest.json").read_text(encoding="utf-8"))
    now = manifest["verdicts"][COUNTY]
    bad = next(name for name, verdict in now.items() if verdict == "not_met")
    good = next(name for name, verdict in now.items() if verdict == "met")
    before = {COUNTY: now | {bad: "met", good: "not_met"}}
    about = {"audience": "public", "settings": {"register": str(rendered.register_folder)}}
    job = Finish(Path(), about, (), rendered.facts, rendered.month, "2020-12.2", (("2020-12", "2020-12.1"),), before)  # fmt: skip
    page = index_pages(job, {COUNTY: now}, "2020-12.2/")["index.en.html"].decode()
    worse, better = page.index("went from “met” to “not met”"), page.index("went from “not met” to “met”")
    assert worse < better
    assert "No verdict changed." in index_pages(replace(job, before={COUNTY: now}), {COUNTY: now}, "")["index.en.html"].decode()  # fmt: skip
    assert 'href="2020-12.1/index.en.html"' in page
