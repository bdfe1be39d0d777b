"""A register assessed month after month is what each month is by itself, and the past is not assessed by what came later."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.assistance import assess, assess_months, read_catalogue
from relapse_risk.errors import RegisterError
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register, RegisterWriter

CATALOGUE, PARAMETERS, PLACE = read_catalogue("dezhou"), read_parameters(), read_place("dezhou")


def test_months_in_a_row_are_what_each_is_alone(small_register: Path) -> None:
    register = Register.open(small_register)
    months = register.months[-2:]
    row = list(assess_months(register, months, CATALOGUE, PARAMETERS, PLACE))
    for month, found in zip(months, row, strict=True):
        alone = assess(register, month, CATALOGUE, PARAMETERS, PLACE)
        pd.testing.assert_frame_equal(found.claims.frame, alone.claims.frame)
        pd.testing.assert_frame_equal(found.homes, alone.homes)
    assert row[0].day < row[1].day


def test_a_county_is_its_part_of_the_city(small_register: Path) -> None:
    register = Register.open(small_register)
    month, county = register.months[-1], register.counties[0]
    city = assess(register, month, CATALOGUE, PARAMETERS, PLACE).claims.frame
    mine = assess(register, month, CATALOGUE, PARAMETERS, PLACE, county).claims.frame
    pd.testing.assert_frame_equal(mine, city[city["county_code"] == county].reset_index(drop=True))


def test_an_old_month_is_assessed_though_the_ledger_knows_later_ones(small_register: Path) -> None:
    register = Register.open(small_register)
    found = assess(register, register.months[-3], CATALOGUE, PARAMETERS, PLACE)
    assert (found.records["delivered_on"] > pd.Timestamp(found.day)).any()


def test_an_unknown_county_is_named(small_register: Path) -> None:
    register = Register.open(small_register)
    with pytest.raises(RegisterError, match=r"unknown county.*999999"):
        assess(register, register.months[-1], CATALOGUE, PARAMETERS, PLACE, "999999")


def test_a_hand_made_county_is_judged_on_the_last_day_of_its_month(hand_register: Register) -> None:
    """H3 lives on 4,200 a head, below the dibao line of 5,300, and nobody knows what it owns; K1 is of another county."""
    found = assess(hand_register, "2020-12", CATALOGUE, PARAMETERS, PLACE, "371425")
    assert found.day == date(2020, 12, 31)
    assert found.homes["household_id"].tolist() == ["H1", "H2", "H3", "H4", "H5"]
    assert found.homes[["medical_self_paid", "disaster_loss"]].to_numpy().tolist() == [[500.0, 0.0]] * 5
    assert found.persons["person_id"].tolist() == [f"P{i}" for i in range(1, 9)]
    assert found.persons.set_index("person_id")["age"].to_dict() == {
        "P1": 70, "P2": 40, "P3": 75, "P4": 45, "P5": 42, "P6": 10, "P7": 60, "P8": 30,
    }  # fmt: skip
    assert sorted(found.records["record_id"]) == ["R1", "R2", "R3", "R4"]
    claims = found.claims.frame.set_index(["household_id", "item_code"])["state"]
    assert claims["H3", "MZ01"] == "cannot_tell"
    assert ("H5", "MZ01") not in claims.index
    whole = assess(hand_register, "2020-12", CATALOGUE, PARAMETERS, PLACE)
    assert "K1" in set(whole.homes["household_id"])
    assert set(whole.persons["person_id"]) >= {"P1", "Q4"}


def test_each_month_is_judged_by_its_own_limits(hand_register: Register) -> None:
    months = list(assess_months(hand_register, ("2019-12", "2020-12"), CATALOGUE, PARAMETERS, PLACE, "371425"))
    assert [one.day for one in months] == [date(2019, 12, 31), date(2020, 12, 31)]
    ages = [one.persons.set_index("person_id").loc["P4", "age"] for one in months]
    assert ages == [44, 45]
    assert months[0].homes.set_index("household_id").loc["H2", "income_pc_year"] == 7200
    assert months[1].homes.set_index("household_id").loc["H2", "income_pc_year"] == 3600
    assert all(len(one.records) == 4 for one in months), "the ledger of all time"


def test_a_wrong_record_or_place_stops_the_judging(hand_register: Register, tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match=r"county: unknown county; got '999999', expected .*371425 \| 371481"):
        assess(hand_register, "2020-12", CATALOGUE, PARAMETERS, PLACE, "999999")
    home = pd.DataFrame({"household_id": ["H1"], "village_code": ["371425101001"], "household_size": [1]})
    record = {"record_id": "R1", "household_id": "H1", "item_code": "MZ01", "decision": "approved"}
    for wrong, words in (
        ({"item_code": "XX99"}, "unknown item"),
        ({"delivered_on": pd.Timestamp("2021-01-01")}, "a day in the future"),
    ):
        folder = tmp_path / words.replace(" ", "_")
        with RegisterWriter(folder, place="dezhou") as writer:
            writer.put("household", home, month="2020-12")
            writer.put("assistance_record", pd.DataFrame([record | wrong]))
            writer.commit(created="2021-01-05T00:00:00")
        with pytest.raises(RegisterError, match=words):
            assess(Register.open(folder), "2020-12", CATALOGUE, PARAMETERS, PLACE)
