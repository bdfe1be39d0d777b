"""Which PDF engine is available, found without importing either."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from relapse_risk.editions.chromium import chromium_version
from relapse_risk.errors import EditionError

__all__ = ["NO_PDF", "PdfEngine", "pdf_advice", "pdf_engine"]

Wanted = Literal["auto", "chromium", "weasyprint"]
PANGO = ("libpango-1.0.so.0", "libpango-1.0-0.dll", "libpango-1.0.dylib", "libpango-1.0.0.dylib", "libpango-1.0-0", "pango-1.0-0")  # fmt: skip


@dataclass(frozen=True, slots=True)
class PdfEngine:
    """Name (``chromium``, ``weasyprint`` or ``none``) and version of what prints."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


NO_PDF = PdfEngine("none", "")


@cache
def _pango_loads() -> bool:
    for name in PANGO:
        with suppress(OSError):
            ctypes.CDLL(name)
            return True
    return False


def _weasyprint() -> PdfEngine | None:
    try:
        return PdfEngine("weasyprint", version("weasyprint")) if _pango_loads() else None
    except PackageNotFoundError:
        return None


def pdf_engine(wanted: Wanted = "auto") -> PdfEngine:
    """What will print: Chromium where it is installed (four times as fast), else WeasyPrint, else nothing.

    Raises
    ------
    EditionError
        If the one that was asked for by name is not here.
    """
    chromium = PdfEngine("chromium", chromium_version()) if chromium_version() else None
    found = {"chromium": chromium, "weasyprint": _weasyprint()}
    if wanted == "auto":
        return next((engine for engine in found.values() if engine), NO_PDF)
    if (engine := found[wanted]) is None:
        raise EditionError(f"{wanted} is not installed", where="pdf", fix=pdf_advice())
    return engine


def pdf_advice() -> str:
    """The one command that installs what PDFs need."""
    return "install Pango: apt-get install libpango-1.0-0 libpangoft2-1.0-0, or brew install pango; or install Chromium"
