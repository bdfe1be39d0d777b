"""Published reports: one self-contained page, one tagged PDF, failures on their own page, nothing done twice."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pypdf import PdfReader
from tests.report_fixtures import COUNTY, OTHER, ROOT, edition_file, notebook, released

from relapse_risk.editions import pdf_engine, render
from relapse_risk.editions.due import published_editions
from relapse_risk.editions.edition import Edition, read_edition
from relapse_risk.editions.render import explain_edition, render_edition

PARAMETERS = 'county = ""\nmonth = ""\nlanguage = ""\nregister = ""\nfacts = ""'
SHORT = "from relapse_risk.pages.county_report import open_report\nreport = open_report(facts, month, county, language)"
NAMES = {"zh": "齐河县", "en": "Qihe County"}


@pytest.fixture(scope="module", params=["zh", "en"])
def page(request: pytest.FixtureRequest, rendered: Edition) -> tuple[str, str]:
    return request.param, (released(rendered) / f"{COUNTY}-{request.param}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=["zh", "en"])
def pdf(request: pytest.FixtureRequest, rendered: Edition) -> tuple[str, PdfReader]:
    return request.param, PdfReader(released(rendered) / f"{COUNTY}-{request.param}.pdf")


def test_the_page_needs_nothing_from_outside(page: tuple[str, str]) -> None:
    _, html = page
    assert not re.search(r"(?:src|href)=[\"'](?!#|data:)", html)
    assert "http" not in re.sub(r'xmlns="http://www\.w3\.org/2000/svg"', "", html)
    assert "<script" not in html
    assert len(html.encode()) < 1_500_000


def test_the_page_says_its_language_title_and_county(page: tuple[str, str]) -> None:
    language, html = page
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in html
    assert NAMES[language] in re.findall(r"<title>([^<]+)</title>", html)[0]
    assert len(re.findall(r"<h1\b", html)) == 1


def test_headings_descend_one_at_a_time(page: tuple[str, str]) -> None:
    levels = [int(level) for level in re.findall(r"<h([1-6])", page[1])]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_and_scoped_heads(page: tuple[str, str]) -> None:
    tables = re.findall(r"<table>.*?</table>", page[1], re.DOTALL)
    assert len(tables) > 30
    for table in tables:
        assert "<caption>" in table
        assert "<th>" not in table


def test_every_drawing_has_an_alternative_and_every_id_is_unique(page: tuple[str, str]) -> None:
    drawings = re.findall(r"<svg.*?</svg>", page[1], re.DOTALL)
    assert len(drawings) > 30
    assert all("<title" in drawing and 'role="img"' in drawing for drawing in drawings)
    ids = re.findall(r'\bid="([^"]+)"', page[1])
    assert len(ids) == len(set(ids))


def test_links_lead_somewhere_and_the_first_one_skips(page: tuple[str, str]) -> None:
    _, html = page
    targets = set(re.findall(r'href="#([^"]+)"', html))
    assert targets <= set(re.findall(r'\bid="([^"]+)"', html))
    assert re.search(r"<body>\s*<a class=\"skip\"", html)


def test_the_pdf_has_title_language_tags_bookmarks_and_page_numbers(pdf: tuple[str, PdfReader]) -> None:
    language, reader = pdf
    catalogue = reader.trailer["/Root"]
    assert NAMES[language] in str(reader.metadata.title)
    assert str(catalogue["/Lang"]) == ("zh-CN" if language == "zh" else "en")
    assert catalogue["/MarkInfo"]["/Marked"]
    brief, *parts = [item for item in reader.outline[1] if not isinstance(item, list)]
    assert len(parts) == 7, "the parts of the core; the annex is in the HTML"
    assert reader.get_destination_page_number(brief) == 0
    last = reader.pages[-1].extract_text()
    assert f"{len(reader.pages)} / {len(reader.pages)}" in last
    contents = reader.pages[1].extract_text()
    printed = [re.search(rf"{re.escape(item.title)}[ .]*\s(\d+)", contents) for item in parts]
    stand = [reader.get_destination_page_number(item) + 1 for item in parts]
    assert [int(found[1]) for found in printed if found] == stand, "page numbers in the contents"


def test_the_pdf_text_is_selectable_and_every_font_is_ours(pdf: tuple[str, PdfReader]) -> None:
    language, reader = pdf
    assert NAMES[language] in reader.pages[0].extract_text()
    fonts = {
        str(font.get_object()["/BaseFont"])
        for one in reader.pages
        for font in one["/Resources"].get("/Font", {}).values()
    }
    assert fonts
    assert all("NotoSansSC" in name for name in fonts), fonts
    kinds = {
        str(font.get_object()["/Subtype"])
        for one in reader.pages
        for font in one["/Resources"].get("/Font", {}).values()
    }
    assert "/Type3" not in kinds


def test_the_index_lists_reports_in_both_languages(rendered: Edition) -> None:
    for folder, base in ((released(rendered), ""), (rendered.out, f"{released(rendered).name}/")):
        chinese = (folder / "index.html").read_text(encoding="utf-8")
        english = (folder / "index.en.html").read_text(encoding="utf-8")
        for html in (chinese, english):
            for kind in ("zh.html", "zh.pdf", "en.html", "en.pdf"):
                assert f'href="{base}{COUNTY}-{kind}"' in html
                assert (folder / f"{base}{COUNTY}-{kind}").is_file()
        assert 'href="index.en.html"' in chinese
        assert "Qihe County" in english


def test_a_second_run_renders_nothing(rendered: Edition) -> None:
    before = {path: path.stat().st_mtime_ns for path in rendered.out.rglob("*.html")}
    result = render_edition(rendered)
    assert {outcome.status for outcome in result.outcomes} == {"unchanged"}
    assert not result.new
    assert {path: path.stat().st_mtime_ns for path in rendered.out.rglob("*.html")} == before
    assert any("2 reports" in line for line in published_editions(rendered.out.parent))
    assert {(reason.runs, reason.why) for reason in explain_edition(rendered)} == {(False, "unchanged")}


def test_the_lists_of_a_county_make_a_page(tmp_path: Path, facts_folder: Path) -> None:
    given = {"notebooks": str(ROOT / "notebooks/reports/county_worklists.ipynb"), "audience": "restricted"}
    edition = read_edition(
        edition_file(tmp_path / "edition.yaml", facts_folder, formats=["html"], languages=["en"], **given)
    )
    result = render_edition(edition)
    assert result.exit_code == 0, result.summary()
    page = (released(edition) / f"{COUNTY}-en.html").read_text(encoding="utf-8")
    skip = re.search(r'class="skip" href="#(\w+)"', page)
    assert skip
    assert f'<h2 id="{skip[1]}">' in page, "the skip link leads somewhere"
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL))


def short_edition(folder: Path, facts: Path, *code: str, **changes: object) -> Edition:
    """An edition of two counties whose notebook shows one section only."""
    source = notebook(folder / "short.ipynb", SHORT, *code, "report.section(2)", parameters=PARAMETERS)
    given = {"notebooks": str(source), "counties": [COUNTY, OTHER], "languages": ["zh"], "formats": ["html"]}
    return read_edition(edition_file(folder / "edition.yaml", facts, **(given | changes)))


def test_a_county_that_fails_keeps_its_last_report_and_gets_a_page(tmp_path: Path, facts_folder: Path) -> None:
    good = render_edition(short_edition(tmp_path, facts_folder))
    assert good.exit_code == 0
    last = (good.folder / f"{OTHER}-zh.html").read_bytes()
    result = render_edition(short_edition(tmp_path, facts_folder, f'assert county != "{OTHER}", "<b>no data</b>"'))
    out = result.folder
    assert result.exit_code == render.SOME_FAILED
    assert out != good.folder
    assert (out / f"{OTHER}-zh.html").read_bytes() == last
    failure = (out / f"{OTHER}-zh.failed.html").read_text(encoding="utf-8")
    assert "AssertionError: &lt;b&gt;no data&lt;/b&gt;" in failure
    for folder in (out, tmp_path / "out"):
        failures = json.loads((folder / "failures.json").read_text())
        assert [(row["county"], row["data_date"]) for row in failures] == [(OTHER, "2020-12-31")]
    suite = ElementTree.parse(out / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert "no data" in suite.find("testcase/failure").get("message")
    index = (out / "index.html").read_text(encoding="utf-8")
    assert f'href="{OTHER}-zh.failed.html"' in index
    assert f'href="{OTHER}-zh.html"' in index
    assert "上一次的成品仍可查看，数据截至2020年12月31日" in index
    assert 'href="../index.html"' in index
    assert f'href="{good.folder.name}/index.html"' in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "failed: 371402-zh" in result.summary()
    same = render_edition(short_edition(tmp_path, facts_folder, f'assert county != "{OTHER}", "<b>no data</b>"'))
    assert (same.folder, same.exit_code) == (out, render.SOME_FAILED), "the same failure is no news"
    for number in range(2):  # a third release of the month: the first goes, and no page leads to it any more
        render_edition(short_edition(tmp_path, facts_folder, f"{number}"))
    top = tmp_path / "out"
    links = re.findall(r'href="([^"#][^"]*)"', (top / "index.html").read_text(encoding="utf-8"))
    assert not good.folder.exists()
    assert all((top / link).is_file() for link in links), links
    mended = render_edition(short_edition(tmp_path, facts_folder))
    assert mended.exit_code == 0
    assert not list(mended.folder.glob("*.failed.html"))


def test_nothing_published_has_its_own_exit_code(tmp_path: Path, facts_folder: Path) -> None:
    result = render_edition(short_edition(tmp_path, facts_folder, "1 / 0"))
    assert result.exit_code == render.NONE_PUBLISHED
    assert not list((tmp_path / "out").rglob("*-zh.html"))


def test_a_process_that_dies_fails_alone(tmp_path: Path, facts_folder: Path) -> None:
    result = render_edition(short_edition(tmp_path, facts_folder, f'import os\nif county == "{OTHER}": os._exit(3)'))
    assert [outcome.status for outcome in result.outcomes] == ["published", "failed"]
    assert "died; got 'exit code 3'" in result.outcomes[1].error


def test_a_character_without_a_glyph_costs_no_report_and_is_named(tmp_path: Path, facts_folder: Path) -> None:
    code = "from IPython.display import HTML\nHTML('<p>🙂</p>')"
    result = render_edition(short_edition(tmp_path, facts_folder, code, counties=[COUNTY]))
    assert (result.exit_code, result.outcomes[0].undrawn) == (0, ["U+1F642"])
    assert (result.folder / f"{COUNTY}-zh.html").is_file()
    assert f"{COUNTY}-zh: the font lacks U+1F642" in result.summary()


def test_a_page_that_reaches_outside_is_refused(tmp_path: Path, facts_folder: Path) -> None:
    code = "from IPython.display import HTML\nHTML('<img src=\"https://example.org/x.png\">')"
    result = render_edition(short_edition(tmp_path, facts_folder, code, counties=[COUNTY]))
    assert "the page refers outside itself" in result.outcomes[0].error


def test_without_a_printer_the_page_still_comes_and_the_command_is_named(
    tmp_path: Path, facts_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(pdf_engine, "version", absent)
    edition = short_edition(tmp_path, facts_folder, counties=[COUNTY], formats=["html", "pdf"])
    result = render_edition(edition)
    assert result.exit_code == 0
    assert set(result.outcomes[0].files) == {f"{COUNTY}-zh.html"}
    assert "HTML only. For PDF install the Python package typst" in result.summary()
    assert json.loads((result.folder / "manifest.json").read_text())["pdf"] == "none"
