"""Lists, dates and numbers by language: Unicode CLDR 46 as published, and Python's own digits."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relapse_risk.text import LANGUAGES
from relapse_risk.text.by_language import day_in_words, decimal, enumerated, month_in_words, percent

DAY = date(2020, 3, 5)


@pytest.mark.parametrize(
    ("language", "day", "month"),
    [
        ("zh", "2020年3月5日", "2020年3月"), ("en", "5 March 2020", "March 2020"), ("fr", "5 mars 2020", "mars 2020"),
        ("de", "5. März 2020", "März 2020"),
    ],
)  # fmt: skip
def test_days_and_months(language: str, day: str, month: str) -> None:
    """CLDR charts, Gregorian, long (zh_Hans_CN, en_GB, fr, de)."""
    assert (day_in_words(DAY, language), month_in_words("2020-03", language)) == (day, month)


@pytest.mark.parametrize(("language", "said"), [("zh", "甲、乙、丙"), ("en", "甲, 乙, 丙"), ("ja", "甲、乙、丙")])
def test_lists(language: str, said: str) -> None:
    assert enumerated(iter("甲乙丙"), language) == said
    assert enumerated(["甲"], language) == "甲"


@given(st.floats(-1e12, 1e12), st.integers(0, 4), st.sampled_from(LANGUAGES))
def test_digits_are_those_of_python(value: float, decimals: int, language: str) -> None:
    plain = f"{round(value, decimals):,.{decimals}f}"
    zero = not any(digit in plain for digit in "123456789")
    assert decimal(value, decimals, language) == (plain.lstrip("-") if zero else plain.replace("-", "−"))


def test_percent() -> None:
    assert [percent(12.34, 1, language) for language in ("zh", "en", "de", "tr")] == ["12.3%", "12.3%", "12,3\xa0%", "%12,3"]  # fmt: skip
