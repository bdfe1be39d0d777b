"""Files for spreadsheet programs: CSV in Chinese and workbooks, without text that would be read as a formula."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from relapse_risk.files import refusals, write_bytes

__all__ = ["CRLF", "neutralised", "workbook", "write_csv"]

CRLF = "\r\n"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def neutralised(value: Any) -> Any:
    """``value`` made safe for a spreadsheet: text that looks like a formula gets a leading apostrophe.

    Examples
    --------
    >>> neutralised("=1+1"), neutralised("-5"), neutralised("@SUM(A1)"), neutralised("齐河县")
    ("'=1+1", '-5', "'@SUM(A1)", '齐河县')
    """
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not PLAIN_NUMBER.fullmatch(value):
        return "'" + value
    return value


def write_csv(frame: pd.DataFrame, path: Path, *, line_end: str = "\n", restricted: bool = False) -> Path:
    """Write a CSV that Excel opens in Chinese, with formulas neutralised, completely or not at all.

    Raises
    ------
    WriteError
        If the system refuses.

    Examples
    --------
    >>> import tempfile
    >>> write_csv(pd.DataFrame({"name": ["=1+1"]}), Path(tempfile.mkdtemp()) / "list.csv").read_text("utf-8-sig")
    "name\\n'=1+1\\n"
    """
    texts = {c: frame[c].map(neutralised, na_action="ignore") for c in frame if pd.api.types.is_string_dtype(frame[c])}
    text = frame.assign(**texts).to_csv(index=False, lineterminator=line_end, date_format="%Y-%m-%d")
    # utf-8-sig: without the byte-order mark Excel reads Chinese in the local code page.
    return write_bytes(path, text.encode("utf-8-sig"), restricted=restricted)


@contextmanager
def workbook(day: date, **options: bool) -> Iterator[tuple[xlsxwriter.Workbook, BytesIO]]:
    """A workbook to fill, and its bytes when the block has ended; its creation time is ``day``.

    So the same content gives the same bytes.

    Parameters
    ----------
    day : date
    **options
        Of ``xlsxwriter.Workbook``, such as ``in_memory`` or ``constant_memory``.

    Raises
    ------
    WriteError
        If the folder for temporary files, which holds sheets until they are packed, cannot be written.
    """
    held = BytesIO()
    given = {"strings_to_formulas": False, "strings_to_urls": False} | options
    with refusals(gettempdir()):
        try:
            with xlsxwriter.Workbook(held, given) as book:
                book.set_properties({"created": datetime(day.year, day.month, day.day)})
                yield book, held
        except FileCreateError as error:
            raise OSError(*error.args[0].args) from error
