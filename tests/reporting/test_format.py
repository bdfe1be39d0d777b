"""Rounding happens here and nowhere else, and never turns almost all into all or a few into none."""

from __future__ import annotations

import pytest

from relapse_risk.assessment import FactColumn
from relapse_risk.reporting.format import format_interval, format_value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.0, "100%"), (0.0, "0%"), (0.9996, "99.96%"), (0.99999, "99.99%"), (0.5, "50.0%"), (0.0042, "0.42%"),
        (0.00001, "<0.01%"), (-0.149, "−14.9%"), (None, "–"), (float("nan"), "–"),
    ],
)  # fmt: skip
def test_a_share_is_whole_only_when_it_is(value: float | None, shown: str) -> None:
    assert format_value(value, FactColumn("x", "share"), "zh") == shown


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (0, "0", "0"),
        (12_345, "1.2万", "12.3 thousand"),
        (31_737_300, "3,173.7万", "31.74 million"),
        (265_000_000, "26,500.0万", "265.00 million"),
    ],
)
def test_large_sums_follow_the_locale(value: float, zh: str, en: str) -> None:
    column = FactColumn("x", "money_wan")
    assert (format_value(value, column, "zh"), format_value(value, column, "en")) == (zh, en)


def test_money_and_counts_group_thousands() -> None:
    assert format_value(8784.47, FactColumn("x", "money"), "en") == "8,784"
    assert format_value(55500, FactColumn("x", "persons"), "zh") == "55,500"


def test_days_carry_a_decimal_only_when_they_have_one() -> None:
    column = FactColumn("x", "days")
    assert (format_value(11.0, column, "zh"), format_value(40.5, column, "zh")) == ("11", "40.5")


def test_an_interval_needs_both_ends() -> None:
    assert format_interval(0.916, 0.96, "share", "zh") == "91.6%–96.0%"
    assert format_interval(None, 0.96, "share", "zh") == ""


def test_a_coefficient_keeps_three_decimals_and_a_number_one() -> None:
    assert format_value(0.2034, FactColumn("gini", "coefficient"), "zh") == "0.203"
    assert format_value(8.611, FactColumn("posts", "number"), "zh") == "8.6"
    assert format_value(132.0, FactColumn("n", "number"), "zh") == "132"
