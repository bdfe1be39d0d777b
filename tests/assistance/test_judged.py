"""A register judged month after month is what each month is by itself, and the past is not judged by what came later."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.assistance import judge, judge_months, read_catalogue
from relapse_risk.errors import RegisterError
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register

CATALOGUE, PARAMETERS, PLACE = read_catalogue("dezhou"), read_parameters(), read_place("dezhou")


def test_months_in_a_row_are_what_each_is_alone(small_register: Path) -> None:
    register = Register.open(small_register)
    months = register.months[-2:]
    row = list(judge_months(register, months, CATALOGUE, PARAMETERS, PLACE))
    for month, found in zip(months, row, strict=True):
        alone = judge(register, month, CATALOGUE, PARAMETERS, PLACE)
        pd.testing.assert_frame_equal(found.claims.frame, alone.claims.frame)
        pd.testing.assert_frame_equal(found.homes, alone.homes)
    assert row[0].day < row[1].day


def test_a_county_is_its_part_of_the_city(small_register: Path) -> None:
    register = Register.open(small_register)
    month, county = register.months[-1], register.counties[0]
    city = judge(register, month, CATALOGUE, PARAMETERS, PLACE).claims.frame
    mine = judge(register, month, CATALOGUE, PARAMETERS, PLACE, county).claims.frame
    pd.testing.assert_frame_equal(mine, city[city["county_code"] == county].reset_index(drop=True))


def test_an_old_month_is_judged_though_the_ledger_knows_later_ones(small_register: Path) -> None:
    register = Register.open(small_register)
    found = judge(register, register.months[-3], CATALOGUE, PARAMETERS, PLACE)
    assert (found.records["delivered_on"] > pd.Timestamp(found.day)).any()


def test_an_unknown_county_is_named(small_register: Path) -> None:
    register = Register.open(small_register)
    with pytest.raises(RegisterError, match=r"unknown county.*999999"):
        judge(register, register.months[-1], CATALOGUE, PARAMETERS, PLACE, "999999")
