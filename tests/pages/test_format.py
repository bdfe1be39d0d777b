"""Rounding happens here and nowhere else, and never turns almost all into all or a few into none."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.assessment import FactColumn
from relapse_risk.pages.format import column_decimals, format_apart, format_interval, format_value
from relapse_risk.pages.html_tables import render_table


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.0, "100%"), (0.0, "0%"), (0.9996, "99.96%"), (0.99999, "99.99%"), (0.5, "50.0%"), (0.0042, "0.42%"),
        (0.9995, "99.95%"), (0.99949, "99.9%"), (0.9967, "99.7%"), (0.12345, "12.3%"), (0.0099, "0.99%"), (0.01, "1.0%"),
        (0.009996, "1.0%"), (0.01049, "1.0%"), (0.0001, "0.01%"), (0.99996, "99.99%"), (-1.0, "−100%"),
        (0.00001, "<0.01%"), (-0.149, "−14.9%"), (None, "/"), (float("nan"), "/"),
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


@pytest.mark.parametrize(
    ("kind", "value", "limit", "shown"),
    [
        ("money", 999.8, 1000.0, ("999.8", "1,000.0")), ("money", 1000.2, 1000.0, ("1,000.2", "1,000.0")),
        ("money", 1000.0, 1000.0, ("1,000", "1,000")), ("share", 0.90004, 0.9, ("90.004%", "90.000%")),
        ("share", 0.99996, 1.0, ("99.99%", "100%")), ("share", 0.00001, 0.0, ("<0.01%", "0%")),
        ("days", 10.0, 10.04, ("10.00", "10.04")), ("share", 0.85, 0.9, ("85.0%", "90.0%")),
    ],
)  # fmt: skip
def test_nothing_is_written_like_a_limit_from_which_it_differs(
    kind: str, value: float, limit: float, shown: tuple[str, str]
) -> None:
    assert format_apart(value, limit, FactColumn("x", kind), "en") == shown  # type: ignore[arg-type]


def test_columns_of_days_have_one_number_of_decimals_and_so_have_numbers() -> None:
    frame = pd.DataFrame({"p10": [3.0, 4.0], "median": [7.0, 7.5], "papers": [12, 9], "width": [184.0, 49.0]})
    columns = [
        FactColumn("p10", "days"),
        FactColumn("median", "days"),
        FactColumn("papers", "number"),
        FactColumn("width", "number"),
    ]
    assert column_decimals(frame, columns) == {"p10": 1, "median": 1, "papers": 0, "width": 0}
    wider = column_decimals(frame.assign(width=[184.0, 48.5]), columns)
    assert wider == {"p10": 1, "median": 1, "papers": 1, "width": 1}


def test_a_column_is_distinguished_from_its_limit() -> None:
    """A county that misses 1,000 by 20 fen printed 1,000."""
    columns = (FactColumn("year", "text"), FactColumn("per_person", "money", limit="floor"))
    frame = pd.DataFrame({"year": ["2019", "2020"], "per_person": [651.24, 999.8]})
    assert column_decimals(frame, columns, {"floor": 1000.0})["per_person"] == 1
    assert column_decimals(frame, columns)["per_person"] is None
    page = render_table("t", frame, columns, "en", limits={"floor": 1000.0})
    assert ">651.2<" in page
    assert ">999.8<" in page


def test_an_interval_needs_both_ends() -> None:
    assert format_interval(0.916, 0.96, "share", "zh") == "91.6%–96.0%"
    assert format_interval(None, 0.96, "share", "zh") == ""


def test_a_coefficient_keeps_three_decimals_and_a_number_one() -> None:
    assert format_value(0.2034, FactColumn("gini", "coefficient"), "zh") == "0.203"
    assert format_value(8.611, FactColumn("posts", "number"), "zh") == "8.6"
    assert format_value(132.0, FactColumn("n", "number"), "zh") == "132"
