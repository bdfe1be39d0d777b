"""From an executed notebook to one self-contained page, and from the page to a PDF."""

from __future__ import annotations

import re
import warnings
from functools import cache
from html import unescape
from importlib.resources import files
from string import printable

import nbformat
from nbconvert import HTMLExporter

from relapse_risk.errors import RenderError
from relapse_risk.reporting.fonts import FAMILY, font_css

try:  # Pango may be missing: reports are HTML then, and the manifest says so
    import weasyprint
    import weasyprint.urls
except OSError as error:  # pragma: no cover - depends on the machine
    weasyprint = None
    PDF_MISSING = f"PDF needs Pango ({str(error).splitlines()[0]})"
else:
    PDF_MISSING = ""

__all__ = ["PDF_MISSING", "pdf_advice", "to_html", "to_pdf", "warm_up"]

FONTS_MARK = "/*FONTS*/"
OUTSIDE = re.compile(r"""(?:src|href)\s*=\s*["'](?!#|data:)([^"']+)["']|url\((?!data:|#)([^)]+)\)""")
NARROW = re.compile(r'<svg class="narrow".*?</svg>', re.DOTALL)  # never printed; costly to lay out
# The font draws these as wide Chinese marks.
STRAIGHT = str.maketrans({"’": "'", "‘": "'", "“": "&quot;", "”": "&quot;"})
ALWAYS = printable.strip() + " –−"  # page numbers, leaders and bullets come from the style sheet
TAGS = re.compile(r"<style>.*?</style>|<[^>]+>", re.DOTALL)


def pdf_advice() -> str:
    """The one command that makes PDFs possible."""
    return "install Pango: apt-get install libpango-1.0-0 libpangoft2-1.0-0, or brew install pango"


@cache
def _exporter() -> HTMLExporter:
    templates = files("relapse_risk").joinpath("reporting", "templates")
    return HTMLExporter(template_name="county", extra_template_basedirs=[str(templates)])


def to_html(notebook: nbformat.NotebookNode, title: str, language: str, skip: str) -> str:
    """The page of an executed notebook: no code, no scripts, no reference outside itself, its own font inside.

    Raises
    ------
    RenderError
        For a notebook that shows nothing, a reference outside the page, or a character the font does not have.
    """
    copy = nbformat.from_dict(notebook)
    copy.metadata["report"] = {"title": title, "language": language, "skip": skip}
    page, _ = _exporter().from_notebook_node(copy)
    if language == "en":
        page = page.translate(STRAIGHT)
    if "<h2" not in page:
        raise RenderError("the notebook shows nothing", where=title, fix="run it by hand and look at its cells")
    if outside := OUTSIDE.search(page):
        raise RenderError("the page refers outside itself", where=title, got=outside.group(0)[:80])
    return page.replace(FONTS_MARK, font_css(_visible(page) + ALWAYS, title), 1)


def _visible(page: str) -> str:
    """The characters a reader can meet: text, titles, and descriptions."""
    return unescape(TAGS.sub(" ", page))


def to_pdf(page: str, where: str) -> bytes:
    """Print a page: tagged (PDF/UA-1), with bookmarks, contents with page numbers, title and language.

    Raises
    ------
    RenderError
        If Pango is missing or printing fails.
    """
    if weasyprint is None:
        raise RenderError(PDF_MISSING, where=where, fix=pdf_advice())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        printed = weasyprint.HTML(string=NARROW.sub("", page), url_fetcher=_no_network())
        content: bytes = printed.write_pdf(pdf_variant="pdf/ua-1")
    return content


def warm_up() -> None:
    """Do once what every report would do again: compile templates, unpack fonts, wake the PDF engine."""
    _exporter()
    css = font_css(ALWAYS + "报告")
    if weasyprint is not None:
        to_pdf(
            f'<html lang="zh-CN"><title>-</title><style>{css} body {{ font-family: "{FAMILY}" }}</style><p>报告',
            "warm-up",
        )


def _no_network() -> object:
    """Only what the page carries itself; anything else is an error, never a silent gap (fonts turn to boxes)."""
    return weasyprint.urls.URLFetcher(allowed_protocols=["data"], fail_on_errors=True)
