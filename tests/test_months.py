"""Months are YYYY-MM and nothing else."""

from __future__ import annotations

from datetime import date

import pytest

from relapse_risk.errors import RelapseRiskError
from relapse_risk.months import add_months, check_month, month_end


@pytest.mark.parametrize("bad", ["2020-13", "2020-1", "202012", "2020-12-01", "", "1820-01", 202012])
def test_anything_else_is_refused(bad: object) -> None:
    with pytest.raises(RelapseRiskError, match="not a month"):
        check_month(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize(("month", "last"), [("2020-02", 29), ("2019-02", 28), ("1900-02", 28), ("2020-12", 31)])
def test_month_end_knows_leap_years(month: str, last: int) -> None:
    assert month_end(month) == date(int(month[:4]), int(month[5:]), last)


def test_adding_months_crosses_years() -> None:
    assert add_months("2020-11", 3) == "2021-02"
    assert add_months("2020-02", -3) == "2019-11"
    assert add_months("2020-01", -25) == "2017-12"
    assert add_months("2020-12", 0) == "2020-12"
