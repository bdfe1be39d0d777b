"""Cells: one value as somebody wrote it, read as text, number, date, yes/no or code word, or refused with a reason."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from relapse_risk.register.cell_texts import folded, header_text, plain_text
from relapse_risk.register.named_checks import id_check_character
from relapse_risk.schema import CodeList, names_a_file

__all__ = [
    "Read",
    "Refused",
    "code_reader",
    "date_reader",
    "has_decimal_commas",
    "key_reader",
    "month_reader",
    "number_reader",
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
# Without a mark between them a month has two digits: 20201 may be a cut 202010.
_MONTH = re.compile(r"((?:19|20)[0-9]{2})(?:(0[1-9]|1[0-2])|[-/.年](0?[1-9]|1[0-2]))月?")
_DAY = re.compile(r"((?:19|20)[0-9]{2})-(0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
_ZERO_LOST = re.compile(r"(?:19|20)[0-9]{2}\.1")  # 2020.10 in a number cell is 2020.1
_SPACED_DIGITS = re.compile(r"[0-9]+( +[0-9Xx]+)+")
# Thousands begin with no zero: 0,500 is a half.
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?")
_ONE_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_COMMA_NUMBER = re.compile(r"[+-]?([0-9]+|[1-9][0-9]{0,2}(\.[0-9]{3})+)(,[0-9]+)?")  # a point only where thousands end
_ROUNDED = re.compile(r"[0-9](\.[0-9]+)?[Ee]\+?(1[5-9]|2[0-9])")
_TIME = r"[T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
_POINT_NUMBER = re.compile(r"[+-]?[0-9]*\.[0-9]+")
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

    def read_key(value: Any) -> Any:
        found = read(value)
        if not isinstance(found, str):
            return found
        key = _folded_key(found)
        if "\ufffd" in key:  # two keys that lost a character each may be the same now
            return Refused("not_text")
        return key if names_a_file(key) else Refused("key_unsafe")

    return read_key


def _folded_key(text: str) -> str:
    key = folded(text).strip()
    bare = key.removeprefix("'")
    key = bare if bare[:1].isdigit() else key
    spaced = _SPACED_DIGITS.fullmatch(key)
    if not spaced:
        return key
    joined = key.replace(" ", "")
    return joined.upper() if _IDENTITY.fullmatch(joined.upper()) else joined


def _whole_text(value: Any) -> Any:
    """Text that a spreadsheet has not damaged."""
    if isinstance(value, (date, time, timedelta)):
        return Refused("date_where_text")
    if isinstance(value, bytes) and not _is_utf8(value):
        return Refused("not_text")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) >= SAFE_NUMBER:
        return Refused("digits_lost")
    text = plain_text(value)
    if _ROUNDED.fullmatch(text):
        return Refused("digits_lost")
    return Refused("formula_as_text") if text.startswith("=") else text


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_identity_number(text: str) -> bool:
    plain = unicodedata.normalize("NFKC", text).upper()
    return bool(_IDENTITY.fullmatch(plain)) and id_check_character(plain[:17]) == plain[17]


def has_decimal_commas(values: Iterable[Any]) -> bool:
    """Whether a cell among ``values`` can only be read with a decimal comma, so that 61,500 beside it may be 61.5.

    Examples
    --------
    >>> has_decimal_commas(["3,5", "61,500"]), has_decimal_commas(["1,200", "61,500"]), has_decimal_commas(["0,500"])
    (True, False, True)
    """
    texts = {value.strip() for value in values if isinstance(value, str) and "," in value}
    return any(_ONE_COMMA.fullmatch(text) and not _THOUSANDS.fullmatch(text) for text in map(folded, texts))


def number_reader(factor: float = 1.0, decimal: str = ".", *, comma_doubtful: bool = False) -> Read:
    """Read a number and multiply it by ``factor``; anything that is not a number is kept for the type check to report.

    With ``comma_doubtful`` (a file with semicolons, or decimal commas elsewhere in the column) 61,500 is refused.

    Examples
    --------
    >>> read = number_reader(10_000)
    >>> read("1.5"), read("１，２３４.5"), read("不详")
    (15000.0, 12345000.0, '不详')
    >>> number_reader(decimal=",")("3,5"), number_reader(decimal=",")("1.234,5"), number_reader(decimal=",")("3.5")
    (3.5, 1234.5, Refused(rule='other_decimal_mark'))
    """

    def read(value: Any) -> Any:
        if isinstance(value, bool):
            return plain_text(value)
        if isinstance(value, (int, float, Decimal)):
            return _scaled(float(value), factor) if factor != 1 or isinstance(value, Decimal) else value
        text = folded(plain_text(value))
        if text.startswith("="):
            return Refused("formula_as_text")
        if decimal == ",":
            if not _COMMA_NUMBER.fullmatch(text):
                return Refused("other_decimal_mark") if _POINT_NUMBER.fullmatch(text) else value
            text = text.replace(".", "").replace(",", ".")
        elif comma_doubtful and _ONE_COMMA.fullmatch(text):
            return Refused("comma_doubtful")
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
            return Refused("moment_of_utc") if _is_moment(value) else value.date()
        if isinstance(value, date):
            return value
        text = folded(plain_text(value))
        for form in formats:
            found = _serial(text) if form == "serial" else _stated(text, form)
            if found is not None:
                return found
        return _usual_date(text, value)

    return read


def _is_moment(value: datetime) -> bool:
    """Whether this is a moment by universal time: which day it was depends on the place (16:00 is tomorrow in Beijing)."""
    return value.utcoffset() == timedelta(0) and value.time() != time(0)


def month_reader(value: Any) -> Any:
    """Read a month in any usual form as ``YYYY-MM``; anything else is kept for the month check to report.

    Examples
    --------
    >>> month_reader("202012"), month_reader("2020年3月"), month_reader("2020/12"), month_reader(date(2020, 5, 1))
    ('2020-12', '2020-03', '2020-12', '2020-05')
    >>> month_reader("2020"), month_reader(datetime(2020, 12, 1, 0, 0))
    ('2020', '2020-12')
    >>> month_reader(2020.1)  # January, or October with its zero gone
    Refused(rule='month_doubtful')
    """
    text = folded(plain_text(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m}"
    if _ZERO_LOST.fullmatch(text):
        return Refused("month_doubtful")
    match = _MONTH.fullmatch(text) or _DAY.fullmatch(text)
    return f"{match[1]}-{int(next(filter(None, match.groups()[1:]))):02d}" if match else text


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
    text = folded(plain_text(value)).lower()
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
        return refused[0] if refused else ";".join(dict.fromkeys(map(str, words)))

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
