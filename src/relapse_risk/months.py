"""Months as ``YYYY-MM`` text: the one way the register names a point in time."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from relapse_risk.errors import RelapseRiskError

_MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")


def is_month(text: str) -> bool:
    """Whether ``text`` is ``YYYY-MM``.

    Examples
    --------
    >>> is_month("2020-12"), is_month("2020-13"), is_month("replies")
    (True, False, False)
    """
    return _MONTH.fullmatch(text) is not None


def check_month(month: str, where: str = "month") -> str:
    """Return ``month`` if it is ``YYYY-MM``; raise otherwise.

    Examples
    --------
    >>> check_month("2020-12")
    '2020-12'
    """
    if not isinstance(month, str) or not is_month(month):
        raise RelapseRiskError("not a month", where=where, got=month, expected="YYYY-MM, such as 2020-12")
    return month


def month_end(month: str) -> date:
    """The last day of ``month``.

    Examples
    --------
    >>> month_end("2020-02")
    datetime.date(2020, 2, 29)
    """
    year, number = map(int, check_month(month).split("-"))
    return date(year, number, monthrange(year, number)[1])


def add_months(month: str, count: int) -> str:
    """The month ``count`` months after ``month`` (before it when negative).

    Examples
    --------
    >>> add_months("2020-01", -1), add_months("2020-12", 12)
    ('2019-12', '2021-12')
    """
    year, number = map(int, check_month(month).split("-"))
    year, before = divmod(12 * year + number - 1 + count, 12)
    return f"{year:04}-{before + 1:02}"
