"""Whether PDFs can be made here, found without importing what makes them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["NO_PDF", "pdf_advice", "pdf_engine"]

NO_PDF = "none"


def pdf_engine() -> str:
    """Name and version of what lays PDFs out (part of a report's key), or ``none`` where its wheel is not installed.

    Examples
    --------
    >>> pdf_engine().split()[0]
    'typst'
    """
    try:
        return f"typst {version('typst')}"
    except PackageNotFoundError:
        return NO_PDF


def pdf_advice() -> str:
    """What to do where no PDF can be made."""
    return "install the Python package typst, where there is a wheel of it for this machine"
