"""Named conversions: the cases that a header, a factor or a list of values cannot express.

A conversion takes one or more columns as found and gives one column of the register; a value it cannot read
is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from relapse_risk.register.cell_readers import Refused, month_reader
from relapse_risk.register.cell_texts import plain_text

__all__ = ["CONVERSIONS", "Conversion"]

_SHAPE = re.compile(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])")
_YEAR = re.compile(r"((?:19|20)[0-9]{2})年?度?")
_IDENTITY = re.compile(r"[0-9]{17}[0-9Xx]")
_NOT = Refused("not_convertible")


@dataclass(frozen=True, slots=True)
class Conversion:
    """A named conversion: how many columns it takes, what it does, and its function of that many cells."""

    name: str
    takes: int
    what: str
    convert: Callable[..., Any]

    @property
    def of_identity(self) -> bool:
        """Whether its input is an identity number, which no message may show."""
        return self.name.endswith("_of_identity")


_CONVERSIONS: dict[str, Conversion] = {}
CONVERSIONS: Mapping[str, Conversion] = MappingProxyType(_CONVERSIONS)


def _conversion(takes: int, what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        _CONVERSIONS[function.__name__] = Conversion(function.__name__, takes, what, function)
        return function

    return keep


@_conversion(1, "a year (2020, 2020年) to its last month (2020-12)")
def year_end_month(year: Any) -> Any:
    """The last month of a year.

    Examples
    --------
    >>> year_end_month(2020.0), year_end_month("2019年度"), year_end_month("去年")
    ('2020-12', '2019-12', Refused(rule='not_convertible'))
    """
    match = _YEAR.fullmatch(plain_text(year))
    return f"{match[1]}-12" if match else _NOT


@_conversion(1, "a month or day in any usual form (202012, 2020年12月, a date) to 2020-12")
def month(value: Any) -> Any:
    """A month as ``YYYY-MM``.

    Examples
    --------
    >>> month("202012"), month("2020年3月"), month(date(2020, 5, 31)), month("2020")
    ('2020-12', '2020-03', '2020-05', Refused(rule='not_convertible'))
    """
    found = month_reader(value)
    return found if isinstance(found, Refused) or _SHAPE.fullmatch(found) else _NOT


@_conversion(2, "a year and a quarter (2015, 2) to the quarter's last month (2015-06)")
def quarter_end_month(year: Any, quarter: Any) -> Any:
    """The last month of a quarter.

    Examples
    --------
    >>> quarter_end_month(2015, 2), quarter_end_month(2015, 5)
    ('2015-06', Refused(rule='not_convertible'))
    """
    match, number = _YEAR.fullmatch(plain_text(year)), plain_text(quarter)
    return f"{match[1]}-{int(number) * 3:02d}" if match and number in ("1", "2", "3", "4") else _NOT


@_conversion(1, "the first six digits of a village, town or county code")
def county_of_code(code: Any) -> Any:
    """The county of an area code.

    Examples
    --------
    >>> county_of_code("371425101001")
    '371425'
    """
    text = plain_text(code)
    return text[:6] if text.isdigit() and len(text) in (6, 9, 12) else _NOT


@_conversion(1, "the first nine digits of a village or town code")
def town_of_code(code: Any) -> Any:
    """The town of an area code.

    Examples
    --------
    >>> town_of_code("371425101001")
    '371425101'
    """
    text = plain_text(code)
    return text[:9] if text.isdigit() and len(text) in (9, 12) else _NOT


@_conversion(1, "the birth date in an 18-digit identity number (or a certificate that begins with one)")
def birth_date_of_identity(number: Any) -> Any:
    """Digits 7 to 14 of an identity number.

    Examples
    --------
    >>> birth_date_of_identity("11010519491231002X"), birth_date_of_identity("1101051949")
    (datetime.date(1949, 12, 31), Refused(rule='not_convertible'))
    """
    text = plain_text(number)
    if not _IDENTITY.match(text):
        return _NOT
    try:
        return date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return _NOT


@_conversion(1, "male or female from the 17th digit of an 18-digit identity number")
def sex_of_identity(number: Any) -> Any:
    """Odd is male, even is female (GB 11643).

    Examples
    --------
    >>> sex_of_identity("11010519491231002X")
    'female'
    """
    text = plain_text(number)
    if not _IDENTITY.match(text):
        return _NOT
    return "male" if int(text[16]) % 2 else "female"
