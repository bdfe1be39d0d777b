"""Cells: one value as somebody wrote it, read as text, number, date, yes/no or code word, or refused with a reason."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from relapse_risk.register.named_checks import id_check_character
from relapse_risk.schema import CodeList, names_a_file

__all__ = [
    "Read",
    "Refused",
    "code_reader",
    "date_reader",
    "header_text",
    "key_reader",
    "month_reader",
    "number_reader",
    "plain_text",
    "read_code_list",
    "read_identity_text",
    "read_text",
    "read_yes_no",
    "value_reader",
]

Read: TypeAlias = Callable[[Any], Any]

# A double holds 15 decimal digits exactly; longer numbers have lost some.
SAFE_NUMBER = 10**15
EXCEL_DAY_ZERO = date(1899, 12, 30)
EXCEL_DAYS = range(1, 100_000)
YES = frozenset({"是", "有", "对", "已", "yes", "y", "true", "t", "1", "√", "✓"})
NO = frozenset({"否", "无", "没有", "不是", "未", "no", "n", "false", "f", "0", "×"})
_MONTH = re.compile(r"((?:19|20)[0-9]{2})(?:[-/.年])?(0?[1-9]|1[0-2])月?")
_DAY = re.compile(r"((?:19|20)[0-9]{2})-(0[1-9]|1[0-2])-[0-9]{2}")
_QUOTED = re.compile(r'="((?:[^"]|"")*)"')  # how digits are kept as text in a spreadsheet
_SPACED_DIGITS = re.compile(r"[0-9]+( +[0-9Xx]+)+")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_ROUNDED = re.compile(r"[0-9](\.[0-9]+)?[Ee]\+?(1[5-9]|2[0-9])")
_TIME = r"[T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
_DATE = re.compile(rf"([0-9]{{4}})[-/.年]([0-9]{{1,2}})[-/.月]([0-9]{{1,2}})日?({_TIME})?")
_DAY_NUMBER = re.compile(r"([0-9]{1,5})(\.[0-9]+)?")
_COMPACT_DATE = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})")
_PARTIAL_DATE = re.compile(r"[0-9]{4}年?|[0-9]{4}[-/.年][0-9]{1,2}月?|(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])")
# Labels may hold blanks and commas, so the stronger separators split a list first.
_LIST_BREAK, _WEAK_BREAK = re.compile(r"[;|、；\n]+"), re.compile(r"[,，\s]+")
_IDENTITY = re.compile(r"[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9X]")


@dataclass(frozen=True, slots=True)
class Refused:
    """Returned by a reader in place of a value that cannot be read reliably."""

    rule: str


def _visible(text: str) -> str:
    """Text without invisible characters; every other blank or line break becomes a plain blank.

    Format characters (Unicode Cf: zero-width marks, soft hyphens, directions) are not visible, so two keys that differ
    only by one of them look the same.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = (" " if one.isspace() or unicodedata.category(one) == "Cc" else one for one in text)
    return "".join(one for one in shown if unicodedata.category(one) != "Cf")


def header_text(value: object) -> str:
    """A header as it is compared: full-width forms folded, blanks, breaks and invisible characters removed, lower case.

    其它 and 其他 count as one word, since forms and systems use both.

    Examples
    --------
    >>> header_text(" 户\\n编号（新） "), header_text("House ID"), header_text("户编\\u200b号")
    ('户编号(新)', 'houseid', '户编号')
    """
    text = unicodedata.normalize("NFKC", _visible(str(value)))
    return "".join(text.split()).lower().replace("其它", "其他")


def plain_text(value: Any) -> str:
    """A cell as text: whole numbers without ``.0``, dates as ``YYYY-MM-DD``, no blanks around it, no invisible characters.

    ``="H001"``, which keeps digits as text in a spreadsheet, is the text between its quotation marks.

    Examples
    --------
    >>> plain_text(371425101001.0), plain_text(2.5), plain_text(date(2020, 1, 2)), plain_text(True)
    ('371425101001', '2.5', '2020-01-02', 'true')
    >>> plain_text('="H001"'), plain_text("因病\\u200b"), plain_text("东\\u2028村")
    ('H001', '因病', '东 村')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date().isoformat()
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    text = _visible(text).strip()
    quoted = _QUOTED.fullmatch(text)
    return quoted[1].replace('""', '"').strip() if quoted else text


def read_text(value: Any) -> Any:
    """Text; an identity number or an account that went through a number is refused.

    Examples
    --------
    >>> read_text(" 000123 "), read_text(12.0), read_text(3.71425194001011e17)
    ('000123', '12', Refused(rule='digits_lost'))
    >>> read_text("11010519491231002X"), read_text("=1+1")
    (Refused(rule='identity_misplaced'), Refused(rule='formula_as_text'))
    """
    text = _whole_text(value)
    if isinstance(text, str) and _is_identity_number(text):
        return Refused("identity_misplaced")
    return text


def read_identity_text(value: Any) -> Any:
    """:func:`read_text` for columns where an identity number belongs.

    Examples
    --------
    >>> read_identity_text("110105 19491231 002x"), read_identity_text("'11010519491231002X")
    ('11010519491231002X', '11010519491231002X')
    """
    text = _whole_text(value)
    return _folded_key(text) if isinstance(text, str) else text


def key_reader(read: Read) -> Read:
    """``read`` for key columns: texts that look the same are one key.

    Full-width forms are folded, an apostrophe before a number and blanks inside one are removed.  What cannot stand in
    the name of a file is refused: counties and households name files.

    Examples
    --------
    >>> read = key_reader(read_text)
    >>> read("Ｈ００２"), read("H001\\u200b"), read("'000123"), read("3714 2510 1001"), read("Li 3")
    ('H002', 'H001', '000123', '371425101001', 'Li 3')
    >>> read("../../371425")
    Refused(rule='key_unsafe')
    """

    def folded(value: Any) -> Any:
        found = read(value)
        if not isinstance(found, str):
            return found
        key = _folded_key(found)
        return key if names_a_file(key) else Refused("key_unsafe")

    return folded


def _folded_key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).strip()
    bare = folded.removeprefix("'")
    folded = bare if bare[:1].isdigit() else folded
    spaced = _SPACED_DIGITS.fullmatch(folded)
    if not spaced:
        return folded
    joined = folded.replace(" ", "")
    return joined.upper() if _IDENTITY.fullmatch(joined.upper()) else joined


def _whole_text(value: Any) -> Any:
    """Text that a spreadsheet has not damaged."""
    if isinstance(value, date):
        return Refused("date_where_text")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) >= SAFE_NUMBER:
        return Refused("digits_lost")
    text = plain_text(value)
    if _ROUNDED.fullmatch(text):
        return Refused("digits_lost")
    return Refused("formula_as_text") if text.startswith("=") else text


def _is_identity_number(text: str) -> bool:
    plain = unicodedata.normalize("NFKC", text).upper()
    return bool(_IDENTITY.fullmatch(plain)) and id_check_character(plain[:17]) == plain[17]


def number_reader(factor: float = 1.0, decimal: str = ".") -> Read:
    """Read a number and multiply it by ``factor``; anything that is not a number is kept for the type check to report.

    Examples
    --------
    >>> read = number_reader(10_000)
    >>> read("1.5"), read("１，２３４.5"), read("不详")
    (15000.0, 12345000.0, '不详')
    >>> number_reader(decimal=",")("3,5")
    3.5
    """

    def read(value: Any) -> Any:
        if isinstance(value, bool):
            return plain_text(value)
        if isinstance(value, (int, float, Decimal)):
            return _scaled(float(value), factor) if factor != 1 or isinstance(value, Decimal) else value
        text = unicodedata.normalize("NFKC", plain_text(value))
        if text.startswith("="):
            return Refused("formula_as_text")
        if decimal == ",":
            text = text.replace(".", "").replace(",", ".")
        elif _THOUSANDS.fullmatch(text):
            text = text.replace(",", "")
        try:
            number = float(text) if "_" not in text else math.nan
        except ValueError:
            return value
        return _scaled(number, factor) if math.isfinite(number) else value

    return read


def _scaled(number: float, factor: float) -> float:
    """``number * factor`` without binary rounding errors (0.57 × 10000 is 5700)."""
    return number if factor == 1 else float(Decimal(repr(number)) * Decimal(repr(factor)))


def date_reader(formats: tuple[str, ...] = ()) -> Read:
    """Read a date: date cells, ``2020-12-31``, ``2020/12/31``, ``2020年12月31日``, ``20201231``, or ``formats``.

    With ``serial`` among the formats, Excel's day numbers are read too.

    Examples
    --------
    >>> read = date_reader()
    >>> read("2020年1月2日"), read("20200102"), read("2020-01"), read(43832.0), read("Ⅻ月")
    (datetime.date(2020, 1, 2), datetime.date(2020, 1, 2), Refused(rule='date_incomplete'),
     Refused(rule='serial_date'), 'Ⅻ月')
    >>> date_reader(("serial",))(43832.0), date_reader(("%d.%m.%y",))("02.01.20")
    (datetime.date(2020, 1, 2), datetime.date(2020, 1, 2))
    """

    def read(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        text = unicodedata.normalize("NFKC", plain_text(value))
        for form in formats:
            found = _serial(text) if form == "serial" else _stated(text, form)
            if found is not None:
                return found
        return _usual_date(text, value)

    return read


def month_reader(value: Any) -> Any:
    """Read a month in any usual form as ``YYYY-MM``; anything else is kept for the month check to report.

    Examples
    --------
    >>> month_reader("202012"), month_reader("2020年3月"), month_reader("2020/12"), month_reader(date(2020, 5, 1))
    ('2020-12', '2020-03', '2020-12', '2020-05')
    >>> month_reader("2020"), month_reader(datetime(2020, 12, 1, 0, 0))
    ('2020', '2020-12')
    """
    text = unicodedata.normalize("NFKC", plain_text(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m}"
    match = _MONTH.fullmatch(text) or _DAY.fullmatch(text)
    return f"{match[1]}-{int(match[2]):02d}" if match else text


def _stated(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).date()
    except ValueError:
        return None


def _serial(text: str) -> date | None:
    match = _DAY_NUMBER.fullmatch(text)
    return EXCEL_DAY_ZERO + timedelta(days=int(match[1])) if match and int(match[1]) in EXCEL_DAYS else None


def _usual_date(text: str, value: Any) -> Any:
    if text.startswith("="):
        return Refused("formula_as_text")
    match = _DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text)
    if match:
        try:
            return date(*(int(part) for part in match.groups()[:3]))
        except ValueError:
            return text + " (?)"  # no such day: the type check reports it
    if _PARTIAL_DATE.fullmatch(text):
        return Refused("date_incomplete")
    return Refused("serial_date") if _serial(text) is not None else value


def read_yes_no(value: Any) -> Any:
    """Yes or no in the usual words of forms; anything else is kept for the type check to report.

    Examples
    --------
    >>> read_yes_no("是"), read_yes_no("N"), read_yes_no(1.0), read_yes_no("不清楚")
    (True, False, True, '不清楚')
    """
    if isinstance(value, bool):
        return value
    text = unicodedata.normalize("NFKC", plain_text(value)).lower()
    if text in YES:
        return True
    return False if text in NO else value


def code_reader(codes: CodeList, *, numbers: bool = False) -> Read:
    """Read a code as its word: from the word itself, either label, or (if ``numbers``) our number.

    Examples
    --------
    >>> from relapse_risk.schema import code_list
    >>> read = code_reader(code_list("poverty_cause"))
    >>> read("因病"), read("Illness"), read("1-因病"), read(1.0), read("因懒")
    ('illness', 'illness', 'illness', Refused(rule='code_number'), '因懒')
    >>> code_reader(code_list("poverty_cause"), numbers=True)("01")
    'illness'
    """
    words = {header_text(form): code.word for code in codes.codes for form in (code.label.en, code.label.zh, code.word)}
    ours = {str(code.number).lower(): code.word for code in codes.codes}

    def read(value: Any) -> Any:
        text = header_text(plain_text(value))
        if text in words:
            return words[text]
        number, _, label = text.partition("-")
        if label in words and ours.get(number) == words[label]:
            return words[label]
        if text.startswith("="):
            return Refused("formula_as_text")
        plain = text.lstrip("0") or "0" if text.isdigit() else text
        if plain in ours:
            return ours[plain] if numbers or not plain.isdigit() else Refused("code_number")
        return value

    return read


def read_code_list(reader: Read) -> Read:
    """Read several codes in one cell as words joined by semicolons.

    Examples
    --------
    >>> from relapse_risk.schema import code_list
    >>> read_code_list(code_reader(code_list("risk_type")))("因病、因残")
    'illness;disability'
    >>> read_code_list(code_reader(code_list("risk_type")))("Unstable work; Market price")
    'unstable_work;market_price'
    """

    def parts(text: str) -> list[str]:
        whole = [part.strip() for part in _LIST_BREAK.split(text) if part.strip()]
        return [word for part in whole for word in ([part] if reader(part) != part else _WEAK_BREAK.split(part))]

    def read(value: Any) -> Any:
        words = [reader(part) for part in parts(plain_text(value))]
        refused = [word for word in words if isinstance(word, Refused)]
        return refused[0] if refused else ";".join(map(str, words))

    return read


def value_reader(values: Mapping[str, Any], otherwise: Read | None = None) -> Read:
    """Read a value by the mapping's own list; anything not listed is refused, or read ``otherwise``.

    Examples
    --------
    >>> read = value_reader({"1": True, "2": False, "9": None})
    >>> read(1.0), read("2"), read(9), read(3)
    (True, False, None, Refused(rule='value_not_listed'))
    >>> value_reader({"none": 0}, number_reader())("1,200"), value_reader({"none": 0}, number_reader())("None")
    (1200.0, 0)
    """
    listed = {header_text(key): value for key, value in values.items()}

    def read(value: Any) -> Any:
        text = header_text(plain_text(value))
        if text in listed:
            return listed[text]
        return Refused("value_not_listed") if otherwise is None else otherwise(value)

    return read
