"""Texts of cells and headers: what is invisible removed, what only looks different folded, so that texts are compared as read."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, time
from decimal import Decimal
from typing import Any

__all__ = ["folded", "header_text", "plain_text"]

_QUOTED = re.compile(r'="((?:[^"]|"")*)"')  # how digits are kept as text in a spreadsheet
_MOVED = ("<super>", "<sub>", "<circle>")  # raised, lowered and circled forms in the Unicode tables
_WIDTHS = ("<wide>", "<narrow>")


def _visible(text: str) -> str:
    """Text without invisible characters; every other blank or line break becomes a plain blank.

    Format characters (Unicode Cf: zero-width marks, soft hyphens, directions) are not visible, so two keys that differ
    only by one of them look the same.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = (" " if one.isspace() or unicodedata.category(one) == "Cc" else one for one in text)
    return "".join(one for one in shown if unicodedata.category(one) != "Cf")


def folded(text: str) -> str:
    """Text with full-width and other forms of one letter as that letter; raised, lowered and circled signs stay.

    Unicode's own folding (NFKC) makes 2 of ², so that 1200² with the sign of a footnote would be 12002, and K1² the key of
    K12.

    Examples
    --------
    >>> folded("Ｈ００２"), folded("1200²"), folded("K1①"), folded("½")
    ('H002', '1200²', 'K1①', '½')
    """
    if text.isascii():
        return text
    plain = (one if _is_sign(one) else unicodedata.normalize("NFKC", one) for one in text)
    return unicodedata.normalize("NFC", "".join(plain))


def _is_sign(one: str) -> bool:
    """Whether a character says more than the letters and digits it would be folded to (², ½, ⑴, ㏠)."""
    form = unicodedata.decomposition(one)
    has_digit = any(letter.isdigit() for letter in unicodedata.normalize("NFKC", one))
    return form.startswith(_MOVED) or (has_digit and form.startswith("<") and not form.startswith(_WIDTHS))


def header_text(value: object) -> str:
    """A header as it is compared: full-width forms folded, blanks, breaks and invisible characters removed, lower case.

    其它 and 其他 count as one word, since forms and systems use both.

    Examples
    --------
    >>> header_text(" 户\\n编号（新） "), header_text("House ID"), header_text("户编\\u200b号")
    ('户编号(新)', 'houseid', '户编号')
    """
    text = folded(_visible(str(value)))
    return "".join(text.split()).lower().replace("其它", "其他")


def plain_text(value: Any) -> str:
    """A cell as text: whole numbers without ``.0``, dates as ``YYYY-MM-DD``, no blanks around it, no invisible characters.

    ``="H001"``, which keeps digits as text in a spreadsheet, is the text between its quotation marks.

    Examples
    --------
    >>> from datetime import date
    >>> plain_text(371425101001.0), plain_text(2.5), plain_text(date(2020, 1, 2)), plain_text(True)
    ('371425101001', '2.5', '2020-01-02', 'true')
    >>> plain_text(Decimal("1001.00"))
    '1001'
    >>> plain_text('="H001"'), plain_text("因病\\u200b"), plain_text("东\\u2028村")
    ('H001', '因病', '东 村')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if (isinstance(value, float) and value.is_integer()) or (
        isinstance(value, Decimal) and value == value.to_integral_value()
    ):
        return f"{value:.0f}"
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date().isoformat()
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    text = _visible(text).strip()
    quoted = _QUOTED.fullmatch(text)
    return quoted[1].replace('""', '"').strip() if quoted else text
