"""Printing by WeasyPrint, where no Chromium is; imported only there."""

from __future__ import annotations

import warnings

import weasyprint
import weasyprint.urls

from relapse_risk.errors import RenderError

__all__ = ["print_page"]


def print_page(page: str) -> bytes:
    """``page`` as PDF/UA: tagged, with bookmarks and page numbers.

    Only what the page carries itself is read: a font that is not found would turn words to boxes, silently.

    Raises
    ------
    RenderError
        For a reference outside the page.
    """
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols=["data"], fail_on_errors=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content: bytes = weasyprint.HTML(string=page, url_fetcher=fetcher).write_pdf(pdf_variant="pdf/ua-1")
    except weasyprint.urls.FatalURLFetchingError as error:  # no Exception: it would end the report's process
        raise RenderError(f"the page refers outside itself: {error}", where="weasyprint") from error
    return content
