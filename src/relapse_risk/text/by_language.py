"""Lists, dates, numbers and percent as each language writes them (Unicode CLDR, read by Babel)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

from babel import Locale
from babel.dates import format_date, format_skeleton

__all__ = ["day_in_words", "decimal", "enumerated", "month_in_words", "percent"]

# Where a language of ours is written in more than one way, the way we write it: days before months, no comma before "and".
REGIONS = {"zh": "zh_Hans_CN", "en": "en_GB"}
MINUS = "−"  # CLDR gives most languages a hyphen, which is half as wide as a plus


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(REGIONS.get(language, language))


@dataclass(frozen=True, slots=True)
class _Signs:
    """What a language writes within a number, and before and after a percentage."""

    table: dict[int, str]
    before: str
    after: str


@cache
def _signs(language: str) -> _Signs:
    signs = _locale(language).number_symbols["latn"]
    before, after = _locale(language).percent_formats[None].pattern.replace("#,##0", "\0").split("\0")
    return _Signs({ord(","): signs["group"], ord("."): signs["decimal"], ord("-"): MINUS}, before, after)


def decimal(value: float, decimals: int, language: str) -> str:
    """A number with so many decimals.

    Examples
    --------
    >>> decimal(-1234.5, 1, "en"), decimal(-0.04, 1, "zh"), decimal(1234.5, 2, "de")
    ('−1,234.5', '0.0', '1.234,50')
    """
    rounded = round(value, decimals) + 0.0  # no minus zero
    return f"{rounded:,.{decimals}f}".translate(_signs(language).table)


def percent(value: float, decimals: int, language: str) -> str:
    """A number of hundredths with so many decimals, and the sign of a percentage.

    Examples
    --------
    >>> percent(2.13, 1, "en"), percent(2.13, 1, "fr")
    ('2.1%', '2,1\\xa0%')
    """
    signs = _signs(language)
    return f"{signs.before}{decimal(value, decimals, language)}{signs.after}"


def day_in_words(day: date, language: str) -> str:
    """A day with the name of its month.

    Examples
    --------
    >>> day_in_words(date(2020, 12, 31), "zh"), day_in_words(date(2020, 12, 31), "en")
    ('2020年12月31日', '31 December 2020')
    """
    return format_date(day, "long", locale=_locale(language))


def month_in_words(month: str, language: str) -> str:
    """A month, given as ``YYYY-MM``, with its name.

    Examples
    --------
    >>> month_in_words("2020-12", "zh"), month_in_words("2020-12", "en"), month_in_words("2020-12", "fr")
    ('2020年12月', 'December 2020', 'décembre 2020')
    """
    return format_skeleton("yMMMM", date.fromisoformat(f"{month}-01"), locale=_locale(language))


def enumerated(words: Iterable[str], language: str) -> str:
    """Words one after the other, as in a cell of a table.

    Examples
    --------
    >>> enumerated("ABC", "zh"), enumerated("ABC", "en"), enumerated([], "en")
    ('A、B、C', 'A, B, C', '')
    """
    between: str = _locale(language).list_patterns["standard"]["middle"].format("", "")
    return between.join(words)
