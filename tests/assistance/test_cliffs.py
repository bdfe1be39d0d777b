"""Cliffs by hand for households of Dezhou in December 2020 (dibao 5,300), and published schedules: case D01."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relapse_risk.assistance.catalogue import read_catalogue
from relapse_risk.assistance.cliffs import Cliffs, cliffs, marginal_rate, with_more_income
from relapse_risk.errors import ModelError
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.predicates import setting_on

CATALOGUE = read_catalogue("dezhou")
SETTING = setting_on(read_parameters(), read_place("dezhou"), date(2020, 12, 31))
CLEAN = {
    "county_code": "371425", "town_code": "371425101", "size": 1, "second_dwelling": False, "vehicle_count": 0,
    "business_registration": False, "financial_assets": 0.0, "uncompensated_loss_12m": 0.0,
}  # fmt: skip
PERSON = {"age": 40, "is_labour": True, "work_capacity": "full", "veteran_care": False, "has_supporter": True}


def found_for(*households: dict[str, object], **person: object) -> Cliffs:
    homes = pd.DataFrame([CLEAN | {"household_id": f"h{i}"} | one for i, one in enumerate(households)])
    people = pd.DataFrame(
        [PERSON | person | {"person_id": f"p{i}", "household_id": f"h{i}"} for i in range(len(homes))]
    )
    return cliffs(homes, people, CATALOGUE, SETTING)


def test_a_top_up_is_a_slope_not_a_cliff() -> None:
    """Two persons, 5,000 each: (5,300 - 5,000) x 2 = 600 a year, taken back yuan for yuan; over 3,000 yuan, a fifth."""
    found = found_for({"size": 2, "income_pc_year": 5000.0, "rigid_burden": 0.0})
    row = found.households.iloc[0]
    assert row["known"]
    assert found.items.loc[found.items["item_code"] == "MZ01", "loss"].tolist() == [1]  # the last yuan of it
    assert pd.isna(row["cliff_at"])
    assert row["marginal_rate"] == pytest.approx(600 / 3000)
    top_up = found.items.set_index("item_code").loc["MZ01"]
    assert (top_up["lost_at"], top_up["worth"]) == (599, pytest.approx(1.0))


def test_a_fixed_sum_under_a_limit_is_a_cliff() -> None:
    """Income 6,000, spending 3,600: above a half while income is under 7,200; CS01 is 3,000 a year.

    The 1,200th yuan costs 3,000: 2,999 net.  At 7,950 (dibao edge) the eligibility MZ03 ends, too, worth nothing itself.
    """
    found = found_for({"income_pc_year": 6000.0, "rigid_burden": 0.6})
    row = found.households.iloc[0]
    assert (row["cliff_at"], row["income_at"], row["loss"], row["items"]) == (1199, 7199, 2999, "CS01")
    assert row["marginal_rate"] == pytest.approx(1.0)
    assert found.items[["item_code", "lost_at", "worth"]].to_numpy().tolist() == [
        ["CS01", 1199, 3000.0],
        ["MZ03", 1949, 0.0],
    ]


def test_emergency_aid_ends_where_income_covers_the_bills() -> None:
    """Income 5,500, spending 6,600: MZ04 (5,000) while spending is above income: the 1,100th yuan costs 4,999 net.

    CS01 lasts to 13,200, beyond reach; dibao (5,300) was never there: 5,000 of 3,000 yuan are lost, a rate of 5/3.
    """
    row = found_for({"income_pc_year": 5500.0, "rigid_burden": 1.2}).households.iloc[0]
    assert (row["cliff_at"], row["loss"], row["items"]) == (1099, 4999, "MZ04")
    assert row["marginal_rate"] == pytest.approx(5 / 3)


def test_an_item_of_a_person_is_lost_with_the_income_of_the_household() -> None:
    """A veteran with care (TY01, 3,000), income 7,000, spending .3: both conditions are either-or, the edge ends at 7,950."""
    found = found_for({"income_pc_year": 7000.0, "rigid_burden": 0.3}, veteran_care=True)
    row = found.households.iloc[0]
    assert (row["cliff_at"], row["loss"], row["items"]) == (949, 2999, "MZ03 TY01")


def test_what_is_not_known_is_null() -> None:
    found = found_for(
        {"income_pc_year": 6000.0, "rigid_burden": 0.6, "vehicle_count": None}, {"income_pc_year": None, "rigid_burden": 0.6},
        {"income_pc_year": 6000.0, "rigid_burden": 0.6},
    )  # fmt: skip
    assert found.households["known"].tolist() == [False, False, True]
    assert found.households.loc[:1, ["cliff_at", "loss", "items", "marginal_rate"]].isna().all(axis=None)
    assert found.worst()["household_id"].tolist() == ["h2"]


def test_the_yuan_found_is_the_last_that_keeps_the_item() -> None:
    """Whatever the income: assessed again, CS01 is held at ``lost_at`` and gone one yuan later."""
    rng = np.random.default_rng(1)
    income = rng.uniform(3000, 9000, 40).round(2)
    spending = rng.uniform(2000, 5000, 40)
    homes = [{"income_pc_year": a, "rigid_burden": b / a} for a, b in zip(income, spending, strict=True)]
    lost = found_for(*homes).items.query("item_code == 'CS01'")
    assert len(lost) > 10
    at = lost["household_id"].str[1:].astype(int).to_numpy()
    more = lost["lost_at"].to_numpy()
    assert (spending[at] / (income[at] + more) > 0.5).all()
    assert (spending[at] / (income[at] + more + 1) <= 0.5 + 1e-12).all()


def test_more_income_moves_every_column_of_income() -> None:
    homes = pd.DataFrame({
        "income_pc_year": [1000.0], "size": [4], "scale": [2.0], "net_income": [2000.0], "income_after_rigid": [500.0],
        "rigid_burden": [0.5], "income_change": [0.8],
    })  # fmt: skip
    moved = with_more_income(homes, np.array([2000.0])).iloc[0]
    assert moved[["income_pc_year", "net_income", "income_after_rigid", "rigid_burden", "income_change"]].tolist() == [
        2000, 4000, 1500, 0.25, 1.6,
    ]  # fmt: skip


def test_by_item() -> None:
    found = found_for({"income_pc_year": 6000.0, "rigid_burden": 0.6}, {"income_pc_year": 6500.0, "rigid_burden": 0.6})
    row = found.by_item().set_index("item_code").loc["CS01"]
    assert (row["households"], row["mean_worth"], row["largest_loss"]) == (2, 3000, 3000)


def test_a_reach_that_is_none_is_refused() -> None:
    with pytest.raises(ModelError, match="reach and step"):
        cliffs(pd.DataFrame(), pd.DataFrame(), CATALOGUE, SETTING, reach=100, step=30)


@pytest.mark.shared
def test_published_schedules(shared_dir: Path) -> None:
    """EUROMOD's example and schedules by hand in exact fractions."""
    file = shared_dir / "reference/impact/expected/D01_emtr_cliffs.json"
    want = json.loads(file.read_text(encoding="utf-8"))["expected"]

    def topup(e: Fraction) -> Fraction:
        return e + max(Fraction(0), 1800 - e)

    def disregard(e: Fraction) -> Fraction:
        return e + max(Fraction(0), 1800 - e * 4 / 5)

    def notch(e: Fraction) -> Fraction:
        return topup(e) + (300 if e < 1800 else 0)

    def over(net, start: int, more: Fraction | int) -> str:
        return str(marginal_rate(net(Fraction(start)), net(Fraction(start) + more), Fraction(more)))

    assert [over(topup, 1000, 100), over(topup, 1750, 100), over(topup, 1750, 1), over(topup, 1900, 100)] == [
        want["topup"][key] for key in ("e1000_d100", "e1750_d100", "e1750_d1", "e1900_d100")
    ]
    assert [over(topup, 0, pay) for pay in (1800, 900, 3600)] == [
        want["topup"][f"ptr_{pay}"] for pay in (1800, 900, 3600)
    ]
    assert over(disregard, 1000, 100) == want["disregard20"]["e1000_d100"]
    assert over(disregard, 2300, 1) == want["disregard20"]["e2300_d1"]
    assert over(disregard, 0, 2250) == want["disregard20"]["ptr_2250"]
    steps = {"e1750_d100": (1750, 100), "e1795_d10": (1795, 10), "e1750_3pct": (1750, Fraction(105, 2)), "e1700_d100": (1700, 100), "e1000_d100": (1000, 100)}  # fmt: skip
    assert {key: over(notch, *step) for key, step in steps.items()} == {key: want["cliff"][key] for key in steps}
    assert [over(notch, 0, pay) for pay in (1800, 2100)] == [want["cliff"][f"ptr_{pay}"] for pay in (1800, 2100)]
    assert [str(notch(Fraction(e))) for e in (1800, 2100)] == [
        str(e) for e in want["cliff"]["dead_zone"]
    ]  # 2,100 is net 2,100
    assert (
        notch(Fraction(2099))
        < want["cliff"]["net_just_below"]
        == notch(Fraction(17999999, 10000))
        == notch(Fraction(2100))
    )
    taxed = marginal_rate(Fraction(0), (1 - Fraction(28, 100)) * (1 - Fraction(55, 100)), Fraction(1))
    assert str(taxed) == want["tax28_taper55"]
