"""How a value is written: the only place where numbers are rounded.

Null is written as a mark, never as zero: ``※`` withheld, ``–`` not collected, ``/`` not applicable or not computable.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

import pandas as pd

from relapse_risk.assessment import FactColumn
from relapse_risk.measures import PEOPLE
from relapse_risk.parameters import Place
from relapse_risk.schema import code_list, table
from relapse_risk.text import Language, bilingual, has_text, said, text
from relapse_risk.text.by_language import day_in_words, decimal, month_in_words, percent

__all__ = [
    "COUNTS_OF_PEOPLE",
    "DASH",
    "NOT_COMPUTED",
    "WITHHELD",
    "at_dash",
    "capitalised",
    "column_decimals",
    "common_decimals",
    "format_apart",
    "format_date",
    "format_interval",
    "format_period",
    "format_value",
    "in_column",
    "is_null",
]

DASH, WITHHELD, NOT_COMPUTED = "–", "※", "/"  # not collected; withheld; not applicable, or nothing to compute it from
FINEST = 9  # decimals; a smaller difference is a rounding error
COUNTS_OF_PEOPLE = PEOPLE
NO_LIMITS: Mapping[str, float] = MappingProxyType({})
ONE_DECIMAL = frozenset({"index", "points"})
TEXTUAL = {"text", "bin", "code", "label", "town", "confidence", "verdict", "date", "period"}
WHOLE_OR_ONE = frozenset({"number", "days"})  # no decimals where all are whole numbers, else one
PERIOD = re.compile(r"(\d{4})-?(H|Q)?(\d{1,2})")  # 2019-12, 2019H1, 2020Q3


def is_null(value: object) -> bool:
    """Whether a value is None, NaN, NaT or pandas' NA."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def capitalised(words: str) -> str:
    """Words at the head of a column: the first letter large; Chinese stays as it is.

    Examples
    --------
    >>> capitalised("county"), capitalised("县（市、区）")
    ('County', '县（市、区）')
    """
    return words[:1].upper() + words[1:]


def at_dash(name: str) -> str:
    """A name of two cities that breaks behind its dash, never within the second.

    Examples
    --------
    >>> at_dash("Comodoro Rivadavia – Rada Tilly").split(" ")
    ['Comodoro', 'Rivadavia\\xa0–', 'Rada\\xa0Tilly']
    """
    first, dash, second = name.partition(" – ")
    return f"{first}\u00a0– {second.replace(' ', chr(0xA0))}" if dash else name


def format_date(value: object, language: Language) -> str:
    """2020年12月31日 or 31 December 2020.

    Examples
    --------
    >>> format_date("2020-12-31", "zh"), format_date("2020-12-31", "en")
    ('2020年12月31日', '31 December 2020')
    """
    return day_in_words(date.fromisoformat(str(value)[:10]), language)


def format_period(period: str, language: Language) -> str:
    """A month, quarter or half-year in words; anything else (a year) as it is.

    Examples
    --------
    >>> [format_period(period, "zh") for period in ("2019-12", "2019H1", "2020Q3", "2018")]
    ['2019年12月', '2019年上半年', '2020年三季度', '2018']
    >>> [format_period(period, "en") for period in ("2019-12", "2019H2", "2020Q3", "2018")]
    ['December 2019', 'second half of 2019', 'Q3 2020', '2018']
    """
    found = PERIOD.fullmatch(period)
    if not found or ("-" not in period and not found[2]):
        return period
    if found[2] is None:
        return month_in_words(period, language)
    kind = "half" if found[2] == "H" else "quarter"
    return text(f"period.{kind}{int(found[3])}", language, year=found[1])


def _share(value: float, language: Language, least: int = 0) -> str:
    """Percent with ``least`` decimals or more; whole only when exact, so that 99.96 % never reads as all and 0.004 % never as none."""
    share = 100 * value
    if share in (0, 100, -100):
        return percent(share, 0, language)
    if 99.95 <= share < 100:
        decimals = max(2, least)
        return percent(math.floor(share * 10**decimals) / 10**decimals, decimals, language)
    decimals = max(2 if round(abs(share), 2) < 1 else 1, least)
    return percent(share, decimals, language) if round(abs(share), decimals) else f"<{percent(0.01, 2, language)}"


def _scaled_money(value: float, language: Language) -> str:
    """Large sums in a sentence: 万 in Chinese, thousands and millions in English."""
    if not value:
        return "0"
    if language == "zh":
        return f"{decimal(value / 1e4, 1, language)}万"
    if abs(value) >= 1e6:
        return f"{decimal(value / 1e6, 2, language)} million"
    return f"{decimal(value / 1e3, 1, language)} thousand"


def in_column(
    value: object, column: FactColumn, language: Language, decimals: int | None = None, place: Place | None = None
) -> str:
    """``value`` as it stands under its column's head, which says the unit of large sums: 万元, or thousand CNY.

    Examples
    --------
    >>> in_column(45349.0, FactColumn("fund", "money_wan"), "zh"), in_column(45349.0, FactColumn("f", "money_wan"), "en")
    ('4.5', '45')
    """
    if column.kind == "money_wan" and not is_null(value):
        scale, places = (1e4, 1) if language == "zh" else (1e3, 0)
        return decimal(float(value) / scale, places, language)  # type: ignore[arg-type]
    return format_value(value, column, language, decimals, place)


def common_decimals(values: Iterable[object], column: FactColumn, limit: object = None) -> int | None:
    """Decimals that numbers of one kind are all written with, none of them like a ``limit`` it differs from.

    None where each is written as its kind says.

    Examples
    --------
    >>> common_decimals([10.5, 11.0, None], FactColumn("median_days", "days"))
    1
    >>> common_decimals([651.2, 999.8], FactColumn("per_person", "money"), 1000.0)
    1
    """
    if column.kind in TEXTUAL:
        return None
    known = [float(value) for value in values if not is_null(value)]  # type: ignore[arg-type]
    least = int(any(value % 1 for value in known)) if column.kind in WHOLE_OR_ONE else None
    if is_null(limit):
        return least

    def distinct(decimals: int | None) -> bool:
        border = format_value(limit, column, "en", decimals)
        return all(value == limit or format_value(value, column, "en", decimals) != border for value in known)

    return next((decimals for decimals in (least, *range((least or 0) + 1, FINEST + 1)) if distinct(decimals)), least)


def column_decimals(
    frame: pd.DataFrame, columns: Sequence[FactColumn], limits: Mapping[str, float] = NO_LIMITS
) -> dict[str, int | None]:
    """Decimals of each column of a table: the same for all days, and all numbers; enough to distinguish it from its limit.

    Examples
    --------
    >>> frame = pd.DataFrame({"median_days": [19.0, 14.0], "p90_days": [25.0, 22.3]})
    >>> column_decimals(frame, (FactColumn("median_days", "days"), FactColumn("p90_days", "days")))
    {'median_days': 1, 'p90_days': 1}
    """
    mine = [column for column in columns if column.name in frame]
    found = {column.name: common_decimals(frame[column.name], column, limits.get(column.limit)) for column in mine}
    for kind in WHOLE_OR_ONE:
        alike = [column.name for column in mine if column.kind == kind]
        found |= dict.fromkeys(alike, max((found[name] or 0 for name in alike), default=0))
    return found


def format_value(
    value: object, column: FactColumn, language: Language, decimals: int | None = None, place: Place | None = None
) -> str:
    """``value`` as text for ``column``; ``decimals`` where it stands among others (:func:`common_decimals`).

    A label is said as ``place`` says it.

    Examples
    --------
    >>> format_value(0.0213, FactColumn("share", "share"), "zh"), format_value(None, FactColumn("n", "count"), "zh")
    ('2.1%', '/')
    >>> format_value(265e6, FactColumn("fund", "money_wan"), "zh"), format_value(265e6, FactColumn("f", "money_wan"), "en")
    ('26,500.0万', '265.00 million')
    >>> format_value("illness", FactColumn("cause", "code", "poverty_cause"), "zh")
    '因病'
    """
    if is_null(value):
        return DASH if column.kind in TEXTUAL else NOT_COMPUTED
    if column.kind in TEXTUAL:
        return _words(str(value), column, language, place)
    number = float(value)  # type: ignore[arg-type]
    if column.kind == "share":
        return _share(number, language, decimals or 0)
    if column.kind == "money_wan":
        return _scaled_money(number, language)
    if column.kind in WHOLE_OR_ONE:
        decimals = common_decimals([number], column) if decimals is None else decimals
    if decimals is None:
        decimals = 3 if column.kind == "coefficient" else int(column.kind in ONE_DECIMAL)
    return decimal(number, decimals, language)


def format_apart(value: object, limit: object, column: FactColumn, language: Language) -> tuple[str, str]:
    """Two numbers with as many decimals as it takes to distinguish them; either may be null.

    Examples
    --------
    >>> format_apart(999.96, 1000.0, FactColumn("v", "money"), "en"), format_apart(0.8998, 0.9, FactColumn("v", "share"), "en")
    (('999.96', '1,000.00'), ('89.98%', '90.00%'))
    >>> format_apart(0.85, 0.9, FactColumn("v", "share"), "en")
    ('85.0%', '90.0%')
    """
    decimals = common_decimals([value, limit], column, limit)
    return format_value(value, column, language, decimals), format_value(limit, column, language, decimals)


def _words(value: str, column: FactColumn, language: Language, place: Place | None) -> str:
    if column.kind == "code":
        key = f"code.{column.codes}.{value}"  # where a report and a form use different words
        return text(key, language) if has_text(key) else code_list(column.codes).label(value, language)
    if column.kind == "label" and column.codes == "table":
        return table(value).label[language]
    if column.kind == "label":
        group = "indicator" if column.codes == "indicator" else f"value.{column.codes}"
        key = f"{group}.{value}"
        return said(key, language, place) if has_text(key) else bilingual(value.replace("_", " "), language)
    if column.kind in ("confidence", "verdict"):
        return text(f"value.{column.kind}.{value}", language)
    if column.kind == "date":
        return format_date(value, language)
    if column.kind == "period":
        return format_period(value, language)
    return bilingual(value, language)


def format_interval(low: object, high: object, unit: str, language: Language, decimals: int | None = None) -> str:
    """``low–high`` as the unit is written, or nothing where there is no interval."""
    if is_null(low) or is_null(high):
        return ""
    column = FactColumn("limit", unit)  # type: ignore[arg-type]
    return f"{format_value(low, column, language, decimals)}{DASH}{format_value(high, column, language, decimals)}"
