"""The monitored types, one household a rule; dates of the rules; and what stands in the way of elimination."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.derive import household_frame
from relapse_risk.errors import ParameterError
from relapse_risk.months import add_months, month_end
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.predicates import Setting, setting_on
from relapse_risk.register import Register
from relapse_risk.relapse.monitoring_rules import CONDITIONS, eliminations, entry_types

SOUND = {
    "income_pc_year": 9000.0, "exit_year": 2018, "rigid_burden": 0.2, "uncompensated_loss_12m": 0.0, "income_change": 1.0,
    "house_safe": True, "water_safe": True, "education_ok": True, "medical_ok": True, "food_clothes_ok": True,
}  # fmt: skip


def setting(day: date) -> Setting:
    """Monitoring lines are 5,000 in 2020, 6,000 in 2021 and 6,900 in 2022 (params/lines.yaml)."""
    return setting_on(read_parameters(), read_place("dezhou"), day)


def households(*changes: dict[str, object]) -> pd.DataFrame:
    frame = pd.DataFrame([SOUND | change for change in changes])
    return frame.astype({"exit_year": "Int64"})


@pytest.mark.parametrize(
    ("change", "in_2020", "in_2022"),
    [
        ({}, None, None),
        ({"income_pc_year": 4999.0}, "lifted_unstable", "lifted_unstable"),
        ({"income_pc_year": 4999.0, "exit_year": None}, "edge", "edge"),
        (
            {"income_pc_year": 5000.0},
            None,
            "lifted_unstable",
        ),  # at the line of 2020 is not below it, but below that of 2022
        ({"income_pc_year": 6900.0}, None, None),
        ({"house_safe": False}, "lifted_unstable", "lifted_unstable"),
        ({"water_safe": False, "exit_year": None}, "edge", "edge"),
        ({"education_ok": None}, None, None),
        ({"rigid_burden": 1.2}, "lifted_unstable", "sudden_hardship"),
        ({"rigid_burden": 1.2, "exit_year": None}, "edge", "sudden_hardship"),
        ({"uncompensated_loss_12m": 10000.0}, "lifted_unstable", "sudden_hardship"),
        ({"income_change": 0.5}, "lifted_unstable", "sudden_hardship"),
        ({"income_pc_year": 4000.0, "rigid_burden": 1.2}, "lifted_unstable", "lifted_unstable"),  # below comes first
        ({"income_pc_year": None, "rigid_burden": None}, None, None),  # what nobody knows takes nobody in
        ({"income_pc_year": None, "uncompensated_loss_12m": 20000.0}, "lifted_unstable", "sudden_hardship"),
        ({"income_pc_year": 4000.0, "exit_year": 2023}, "edge", "edge"),  # lifted only later
    ],
)
def test_a_household_by_the_rules_of_the_day(
    change: dict[str, object], in_2020: str | None, in_2022: str | None
) -> None:
    for day, expected in ((date(2020, 12, 31), in_2020), (date(2022, 12, 31), in_2022)):
        found = entry_types(households(change), setting(day))["type"].iloc[0]
        assert (None if pd.isna(found) else found) == expected


def test_before_the_rules_there_are_none() -> None:
    with pytest.raises(ParameterError, match="monitored_types has no value on 2019-12-31"):
        entry_types(households({}), setting(date(2019, 12, 31)))


def watched(**change: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A household that may be eliminated in December 2021, but for ``change``, and its months before."""
    now = {
        **SOUND, "household_id": "a", "month": "2021-12", "monitor_identified_on": pd.Timestamp("2021-03-01"),
        "all_no_labour": False, "aid_received_12m": 500.0,
    } | change  # fmt: skip
    months = [add_months("2021-12", -back) for back in range(8, 0, -1)]
    history = pd.DataFrame({"household_id": "a", "month": months, "income_pc_year": 9000.0})
    return pd.DataFrame([now]), history


@pytest.mark.parametrize(
    ("change", "in_the_way"),
    [
        ({}, None),
        ({"income_pc_year": 5000.0}, "income_held"),
        ({"monitor_identified_on": pd.Timestamp("2021-08-01")}, "income_held"),  # watched for under half a year
        ({"rigid_burden": 1.1}, "rigid_resolved"),
        ({"water_safe": None}, "guarantees_hold"),
        ({"uncompensated_loss_12m": 12000.0}, "cause_gone"),
        ({"income_change": None}, "cause_gone"),
        ({"all_no_labour": True}, "somebody_can_work"),
        ({"aid_received_12m": 0.0}, "help_recorded"),
    ],
)
def test_what_stands_in_the_way_of_elimination(change: dict[str, object], in_the_way: str | None) -> None:
    found = eliminations(*watched(**change), setting(date(2021, 12, 31))).iloc[0]
    assert found["eliminable"] == (in_the_way is None)
    assert (None if pd.isna(found["in_the_way"]) else found["in_the_way"]) == in_the_way


def test_one_month_below_the_line_within_the_half_year_is_not_holding() -> None:
    now, history = watched()
    dip = history.assign(income_pc_year=history["income_pc_year"].where(history["month"] != "2021-09", 5000.0))
    assert eliminations(now, dip, setting(date(2021, 12, 31)))["in_the_way"].tolist() == ["income_held"]
    older = history.assign(income_pc_year=history["income_pc_year"].where(history["month"] != "2021-05", 5000.0))
    assert eliminations(now, older, setting(date(2021, 12, 31)))["eliminable"].all(), (
        "a dip before the half year counts no more"
    )
    short = history[history["month"] > "2021-06"]
    assert eliminations(now, short, setting(date(2021, 12, 31)))["in_the_way"].tolist() == ["income_held"], (
        "not seen that long"
    )


def test_the_small_city_is_monitored_as_the_rules_say(small_register: Path) -> None:
    """Everybody below the line in December 2020 is under monitoring by the register, as the type the rules give,
    except the few seeded as missed; nobody without labour is eliminated by the rules."""
    register, parameters, place = Register.open(small_register), read_parameters(), read_place("dezhou")
    frames = {m: household_frame(register, m, parameters=parameters, place=place) for m in ("2020-06", "2020-12")}
    now = frames["2020-12"]
    found = entry_types(now, setting(month_end("2020-12")))
    below = found["income_below_monitoring"].fillna(False).to_numpy(dtype=bool)
    known = now[below & now["monitor_type"].ne("none").fillna(False).to_numpy(dtype=bool)]
    assert len(known) > 0.9 * below.sum()
    same = known["monitor_type"] == found.loc[known.index, "type"]
    assert same.mean() > 0.95
    listed = now[now["monitor_identified_on"].notna().to_numpy(dtype=bool)]
    checked = eliminations(listed, frames["2020-06"], setting(month_end("2020-12")))
    assert set(checked["in_the_way"].dropna()) <= set(CONDITIONS)
    unable = listed["all_no_labour"].eq(True).fillna(False).to_numpy(dtype=bool)
    assert not checked.loc[unable, "eliminable"].any()
