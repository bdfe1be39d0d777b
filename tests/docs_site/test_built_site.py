"""The site as built by ``make docs``, its links, and its pages in a real browser."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from tests.editions.browsing import tab
from tests.editions.chromium import find_chromium
from tools.docs_site.links import broken_links, fetched_elsewhere

SITE = Path(__file__).resolve().parents[2] / "build" / "docs" / "html"
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not (SITE / "index.html").is_file(), reason="no site in build/docs/html: run `make docs` first"),
]
# A newcomer's question, the texts of the links clicked from the start page, and what answers it there.
QUESTIONS = [
    ("How do I install it?", ["Start"], "make setup"),
    ("Which formula and source has the Gini index here?", ["Reference", "Poverty and inequality"], "gini"),
    ("我的县怎么用中文开始？", ["五分钟上手"], "采集表"),
    ("What does 错退 mean?", ["Glossary"], "counted as lifted though income or a guarantee fails"),
    ("How do I render reports every month by cron?", ["Scheduling"], "crontab"),
    ("Does it agree with R?", ["Agreement with peers"], "convey"),
    ("What does a calibration plot look like?", ["Gallery"], "Calibration"),
]


def test_every_link_leads_somewhere_and_nothing_is_fetched() -> None:
    assert broken_links(SITE) == []
    assert fetched_elsewhere(SITE) == []


def test_the_archive_holds_every_page() -> None:
    with zipfile.ZipFile(SITE.parent / "relapse-risk-docs.zip") as packed:
        names = {name.split("/", 1)[1] for name in packed.namelist()}
    assert names == {path.relative_to(SITE).as_posix() for path in SITE.rglob("*") if path.is_file()}


@pytest.mark.browser
@pytest.mark.skipif(not find_chromium(), reason="no Chromium")
def test_every_page_opens_in_a_browser_without_error_or_request(tmp_path: Path) -> None:
    """Each has a heading, each picture is drawn, no page is wider than the screen, and nothing is asked of a network."""
    pages = sorted(p for p in SITE.rglob("*.html") if "_static" not in p.parts and "_modules" not in p.parts)
    wrong = []
    with tab(tmp_path) as one:
        for path in pages:
            one.open(path)
            found = one.run(
                "({heading: !!document.querySelector('h1'),"
                " blank: [...document.images].filter(i => i.complete && !i.naturalWidth).length,"
                " wide: document.documentElement.scrollWidth - innerWidth,"
                " asked: performance.getEntriesByType('resource').map(e => e.name).filter(n => /^https?:/.test(n)),"
                " errors: document.querySelectorAll('.system-message, .problematic').length})"
            )
            if not found["heading"] and path.name != "genindex.html":
                wrong.append(f"{path.name}: no heading")
            if found["blank"] or found["errors"] or found["asked"] or found["wide"] > 1:
                wrong.append(f"{path.relative_to(SITE)}: {found}")
    assert len(pages) > 300
    assert wrong == []


@pytest.mark.browser
@pytest.mark.skipif(not find_chromium(), reason="no Chromium")
@pytest.mark.parametrize(("question", "clicks", "answer"), QUESTIONS, ids=[q[0] for q in QUESTIONS])
def test_a_newcomer_finds_an_answer_in_two_clicks(
    question: str, clicks: list[str], answer: str, tmp_path: Path
) -> None:
    assert len(clicks) <= 2, question
    with tab(tmp_path) as one:
        one.open(SITE / "index.html")
        for words in clicks:
            goal = one.run(
                "(() => { const all = [...document.querySelectorAll('.bd-main a, .bd-header a')].filter(a => a.checkVisibility());"
                f" const a = all.find(a => a.textContent.trim() === {json.dumps(words)});"
                " if (!a) return ''; a.id = 'goal'; return a.href; })()"
            )
            assert goal, f"no link {words!r} on the page"
            one.click("#goal")
            one.wait(goal.split("#")[0].rsplit("/", 1)[1])
        assert answer in one.run("document.querySelector('.bd-main').textContent")


@pytest.mark.browser
@pytest.mark.skipif(not find_chromium(), reason="no Chromium")
@pytest.mark.parametrize(("words", "page"), [("返贫", "glossary"), ("Alkire", "alkire_foster"), ("错退", "glossary")])
def test_the_search_finds_words_of_both_languages(words: str, page: str, tmp_path: Path) -> None:
    with tab(tmp_path) as one:
        one.tell("Page.navigate", url=(SITE / "search.html").as_uri() + f"?q={words}")
        one.wait("search.html")
        found = one.run(
            "new Promise(done => setTimeout(() => done([...document.querySelectorAll('#search-results a')].map(a => a.href)), 2500))"
        )
        assert any(page in href for href in found), found
