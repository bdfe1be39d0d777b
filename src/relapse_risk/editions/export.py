"""From an executed notebook to one self-contained page, and from the page to a PDF."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from string import printable

import nbformat
from nbconvert import HTMLExporter

from relapse_risk.editions.fonts import font_css
from relapse_risk.editions.fork_server import named
from relapse_risk.editions.print_blocks import print_blocks
from relapse_risk.errors import RenderError
from relapse_risk.pages.block import ANNEX, ANNEX_END
from relapse_risk.text import full_width

__all__ = ["TURNED", "Sheet", "to_html", "to_pdf", "visible", "warm_up", "without_annex"]

FONTS_MARK = "/*FONTS*/"
OUTSIDE = re.compile(r"""(?:src|href)\s*=\s*["'](?!#|data:)([^"']+)["']|url\((?!data:|#)([^)]+)\)""")
# The font draws these as wide Chinese marks.
STRAIGHT = str.maketrans({"’": "'", "‘": "'", "“": "&quot;", "”": "&quot;"})
TURNED = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])  # marks that turn what follows them round
IN_ANNEX = re.compile(f"{ANNEX}.*?(?:{ANNEX_END}|(?=<footer))", re.DOTALL)
ID, LINK = re.compile(r'\bid="([^"]+)"'), re.compile(r'<a href="#([^"]+)">(.*?)</a>', re.DOTALL)
HEADING = re.compile(r'<h2 id="([^"]+)"')
ALWAYS = printable.strip() + " –−·"  # page numbers, leaders, bullets and the stamp are not in the page's text
TAGS = re.compile(r"<style>.*?</style>|<[^>]+>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a page says about itself: title, language, words of its skip link, name at its foot, stamp, data date.

    ``annex``: whether the PDF holds the annex too; the HTML always does.  ``paper``: ``a4`` or ``us-letter``.
    """

    title: str
    language: str
    skip: str
    name: str
    stamp: str
    data_date: str
    annex: bool = False
    paper: str = "a4"


class _Page(HTMLExporter):
    """nbconvert's HTML exporter without its last step, which parses the whole page again to add what ours has."""

    def from_notebook_node(
        self, nb: nbformat.NotebookNode, resources: dict[str, object] | None = None, **kw: object
    ) -> tuple[str, dict[str, object]]:
        written: tuple[str, dict[str, object]] = super(HTMLExporter, self).from_notebook_node(nb, resources, **kw)
        return written


@cache
def _exporter() -> _Page:
    package = files("relapse_risk")
    # Each preprocessor would check the whole notebook against its schema again, and ours needs none.
    return _Page(
        template_name="county",
        extra_template_basedirs=[str(package.joinpath("editions", "templates"))],
        extra_template_paths=[str(package.joinpath("pages"))],  # page.css: the style of blocks, in a notebook too
        default_preprocessors=[],
    )


def to_html(notebook: nbformat.NotebookNode, sheet: Sheet) -> str:
    """The page of an executed notebook: no code, no scripts, no reference outside itself, its own font inside.

    Raises
    ------
    RenderError
        For a notebook that shows nothing, or a reference outside the page.
    """
    copy = nbformat.from_dict(notebook)
    copy.metadata["report"] = {"title": sheet.title, "language": sheet.language, "skip": sheet.skip}
    page, _ = _exporter().from_notebook_node(copy)
    if sheet.language == "en":
        page = page.translate(STRAIGHT)
    else:
        page = full_width(page)
    if "<h2" not in page:
        raise RenderError("the notebook shows nothing", where=sheet.title, fix="run it by hand and look at its cells")
    if heading := HEADING.search(page):  # the skip link leads to the first section there is
        page = page.replace('href="#s1"', f'href="#{heading[1]}"', 1)
    else:
        page = page.replace("<h2", '<h2 id="s1"', 1)
    if outside := OUTSIDE.search(page):
        raise RenderError("the page refers outside itself", where=sheet.title, got=outside.group(0)[:80])
    page = page.replace("</main>", f'<footer><p class="stamp">{escape(sheet.stamp)}</p></footer>\n</main>', 1)
    page = page.translate(TURNED)
    return page.replace(FONTS_MARK, font_css(visible(page) + ALWAYS), 1)


def visible(page: str) -> str:
    """The characters a reader can meet: text, titles, and descriptions."""
    return unescape(TAGS.sub(" ", page))


def to_pdf(page: str, sheet: Sheet, work: Path) -> bytes:
    """The page as a PDF: tagged, with bookmarks, contents with page numbers, title and language; same page, same bytes.

    Call it only where nothing is forked afterwards (:mod:`relapse_risk.editions.typst_engine`).

    Parameters
    ----------
    work : Path
        A folder for the font files; the caller removes it.

    Raises
    ------
    RenderError
        For an element that has no form on paper, or what the compiler refuses.
    """
    printed = print_blocks(page if sheet.annex else without_annex(page), sheet.name)
    lay_out = named("relapse_risk.editions.typst_engine:laid_out")  # by name: HTML is made where Typst is not
    content: bytes = lay_out(printed, sheet.title, sheet.language, sheet.data_date, work, paper=sheet.paper)
    return content


def without_annex(page: str) -> str:
    """A page as it is printed without its annex: what is marked as annex goes, and links that led there become words.

    Examples
    --------
    >>> without_annex('<a href="#s1">One</a> <a href="#s2">Two</a><h2 id="s1">1</h2><!--annex--><h2 id="s2">2</h2><footer>')
    '<a href="#s1">One</a> Two<h2 id="s1">1</h2><footer>'
    """
    if ANNEX not in page:
        return page
    page = IN_ANNEX.sub("", page)
    there = set(ID.findall(page))
    return LINK.sub(lambda link: link[0] if link[1] in there else link[2], page)


def warm_up() -> None:
    """Do once what every report would do again: compile templates, unpack fonts, import Typst (never run it here)."""
    _exporter()
    font_css(ALWAYS + "报告")
    with suppress(ImportError):
        import_module("relapse_risk.editions.typst_engine")
