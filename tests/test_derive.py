"""Derived columns against hand arithmetic; null in, null out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.derive import age_on, composition, household_frame, household_panel, income_columns, person_ages
from relapse_risk.derive.household_columns import (
    aid_columns,
    answers,
    shock_columns,
    visit_columns,
)
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.predicates import setting_on
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.schema import TYPES, check_table, code_lists, derived_frames, table

DAY = date(2020, 12, 31)
# Limits on this day (params/thresholds.yaml): water 35 litres, 20 minutes, 36 days; assets 10,600 a person.
SETTING = setting_on(read_parameters(), read_place("dezhou"), DAY)


def persons(*rows: dict) -> pd.DataFrame:
    """Person rows; what a row leaves out is null."""
    full = [
        {"person_id": f"p{i}", "snapshot_month": "2020-12", "household_id": "h", **row} for i, row in enumerate(rows)
    ]
    return check_table(pd.DataFrame(full), "person")


def incomes(*rows: dict) -> pd.DataFrame:
    full = [{"household_id": f"h{i}", "period_end": "2020-12", "months": 12, **row} for i, row in enumerate(rows)]
    return check_table(pd.DataFrame(full), "income")


def households(*rows: dict) -> pd.DataFrame:
    full = [{"household_id": f"h{i}", "snapshot_month": "2020-12", **row} for i, row in enumerate(rows)]
    return check_table(pd.DataFrame(full), "household")


def lived(rows: pd.DataFrame, size: pd.Series | None = None) -> pd.DataFrame:
    """Composition of the households of person rows, with the predicates it answers."""
    found = composition(rows, SETTING, size)
    return found.join(answers(found, SETTING))


WORKER = {"birth_date": "1980-05-01", "labour_capacity": "ordinary", "student_stage": "none",
          "employment_status": "away", "work_months": 9}  # fmt: skip


@pytest.mark.parametrize(
    ("born", "age"), [("1960-12-31", 60), ("1961-01-01", 59), ("2020-12-31", 0), ("2000-02-29", 20)]
)
def test_age_counts_whole_years(born: str, age: int) -> None:
    assert age_on(pd.Series(pd.to_datetime([born])), DAY).iloc[0] == age


def test_a_person_turns_sixty_on_the_birthday_and_is_no_longer_labour() -> None:
    before, after = WORKER | {"birth_date": "1961-01-01"}, WORKER | {"birth_date": "1960-12-31"}
    found = lived(persons(before, after)).loc["h"]
    assert (found["labour_count"], found["n_elderly_60"]) == (1, 1)


def test_counts_of_a_family_worked_by_hand() -> None:
    family = persons(
        WORKER | {"relation_to_head": "head", "sex": "male", "marital_status": "married", "education_level": "junior"},
        WORKER | {"employment_status": "none", "work_months": None, "marital_status": "married",
                  "health_status": "serious"},
        {"birth_date": "2010-09-01", "student_stage": "primary", "dropped_out": False},
        {"birth_date": "1950-01-01", "student_stage": "none", "labour_capacity": "none", "health_status": "chronic",
         "disability_level": "level_1"},
        {"birth_date": "1940-01-01", "deceased_on": "2020-06-30"},
    )  # fmt: skip
    found = lived(family).loc["h"]
    expected = {
        "n_members": 4, "n_elderly_60": 1, "n_children": 1, "labour_count": 2, "employed_count": 1, "n_serious": 1,
        "n_chronic": 1, "n_disabled_severe": 1, "n_pupils": 1, "work_months": 9, "head_age": 40,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert (found["head_sex"], found["head_education"], found["head_employment"]) == ("male", "junior", "away")
    assert not found["all_no_labour"]
    assert not found["zero_employment"]
    assert not found["single_parent"]


def test_nobody_in_work_is_zero_employment_only_where_somebody_could_work() -> None:
    idle = WORKER | {"employment_status": "none"}
    old = {"birth_date": "1940-01-01", "labour_capacity": "none", "student_stage": "none", "employment_status": "none"}
    assert lived(persons(idle)).loc["h", "zero_employment"]
    alone = lived(persons(old)).loc["h"]
    assert alone["all_no_labour"]
    assert not alone["zero_employment"]


def test_a_parent_alone_with_a_child_is_a_single_parent_a_couple_member_is_not() -> None:
    child = {"birth_date": "2012-01-01"}
    for status, single in (("divorced", True), ("widowed", True), ("married", False)):
        adult = WORKER | {"marital_status": status}
        assert lived(persons(adult, child)).loc["h", "single_parent"] == single


def test_an_unanswered_question_is_null_not_no() -> None:
    unknown = lived(persons({"birth_date": "1980-01-01"})).loc["h"]
    for name in ("labour_count", "n_serious", "n_chronic", "n_disabled_severe", "all_no_labour", "zero_employment"):
        assert pd.isna(unknown[name]), name


def test_a_roster_that_lists_only_the_head_counts_nobody() -> None:
    """A panel with one row per household: three more members exist, nobody knows their age."""
    found = lived(persons(WORKER | {"relation_to_head": "head"}), pd.Series({"h": 4})).loc["h"]
    assert found["head_age"] == 40
    assert pd.isna(found[["n_members", "n_elderly_60", "labour_count", "single_parent"]]).all()


def test_one_uninsured_member_fails_medicine_and_one_unknown_leaves_it_open() -> None:
    kind = {"h0": [True, True], "h1": [True, False], "h2": [True, None], "h3": [False, None]}
    rows = [
        {"household_id": h, "medical_insurance": v, "birth_date": "1980-01-01"} for h, vs in kind.items() for v in vs
    ]
    members = composition(persons(*rows), SETTING)
    house = households(*({"village_code": "371425001001"} for _ in kind)).set_index("household_id", drop=False)
    found = answers(house.join(members), SETTING)["medical_ok"]
    assert found.tolist()[:2] == [True, False]
    assert pd.isna(found.iloc[2])
    assert not found.iloc[3]


@pytest.mark.parametrize(
    ("grade", "litres", "minutes", "outage", "house_ok", "water_ok"),
    [("A", 35, 20, 36, True, True), ("B", 34.9, 20, 36, True, False), ("C", 35, 20.5, 0, False, False),
     ("D", 60, 5, 37, False, False)],
)  # fmt: skip
def test_house_and_water_limits_are_inclusive(
    grade: str, litres: float, minutes: float, outage: int, house_ok: bool, water_ok: bool
) -> None:
    house = households({
        "dwelling_grade": grade, "water_quality_ok": True, "water_litres_per_person_day": litres,
        "water_fetch_minutes": minutes, "water_outage_days": outage,
    })  # fmt: skip
    found = answers(house, SETTING).iloc[0]
    assert (found["house_safe"], found["water_safe"]) == (house_ok, water_ok)


def test_water_nobody_measured_is_null_unless_another_part_fails() -> None:
    house = households({"water_quality_ok": True}, {"water_quality_ok": False})
    found = answers(house, SETTING)["water_safe"]
    assert pd.isna(found.iloc[0])
    assert not found.iloc[1]


def test_net_income_and_rigid_spending_by_hand() -> None:
    row = {"wage_income": 12000, "business_gross": 5000, "business_cost": 2000, "property_income": 600,
           "transfer_income": 4400, "pension_received": 1704, "medical_self_paid": 3000, "education_spend": 1000,
           "claims_income": 500}  # fmt: skip
    found = income_columns(incomes(row)).iloc[0]
    assert found["net_income"] == 20000  # 12000 + 5000 - 2000 + 600 + 4400
    assert found["rigid_spend"] == 3500  # 3000 + 1000 - 500
    assert found["rigid_burden"] == pytest.approx(0.175)
    assert found["transfer_share"] == pytest.approx(0.22)
    assert found["secure_income"] == 1704
    assert found[["wage_share", "business_share", "property_share", "transfer_share"]].sum() == pytest.approx(1)


def test_a_months_income_is_annualised() -> None:
    assert income_columns(incomes({"months": 1, "wage_income": 500})).iloc[0]["net_income"] == 6000


def test_a_total_without_parts_is_the_net_income_and_has_no_shares() -> None:
    found = income_columns(incomes({"months": 1, "total_income": 100})).iloc[0]
    assert found["net_income"] == 1200
    assert pd.isna(found[["wage_share", "transfer_share", "rigid_spend", "rigid_burden", "secure_income"]]).all()


def test_no_income_at_all_is_null() -> None:
    assert pd.isna(income_columns(incomes({"months": 12})).iloc[0]["net_income"])


def test_losses_count_when_verified_and_within_twelve_months() -> None:
    shocks = check_table(pd.DataFrame({
        "event_id": list("abcd"), "household_id": "h", "gross_loss": [9000.0, 5000.0, 800.0, 700.0],
        "event_date": ["2020-03-01", "2020-05-01", "2019-12-31", "2020-06-01"],
        "compensated": [4000.0, 6000.0, 0.0, 0.0], "verified": [True, True, True, False],
    }), "shock_event")  # fmt: skip
    # 9000 - 4000; the second was more than compensated; the third is a year old; the fourth nobody verified.
    assert shock_columns(shocks, DAY).loc["h", "uncompensated_loss_12m"] == 5000
    assert shock_columns(shocks, DAY).loc["h", "shocks_12m"] == 2


def test_aid_after_the_day_does_not_exist_yet() -> None:
    aid = check_table(pd.DataFrame({
        "record_id": list("abcd"), "household_id": "h", "decision": ["approved", "approved", "approved", "refused"],
        "delivered_on": ["2020-06-01", "2021-01-01", "2018-01-01", "2020-06-01"],
        "cash_amount": [100.0, 1000.0, 50.0, 70.0], "goods_value": [20.0, None, None, None],
    }), "assistance_record")  # fmt: skip
    found = aid_columns(aid, DAY).loc["h"]
    assert (found["aid_received_12m"], found["aid_times_before"]) == (120, 1)


def test_days_since_the_last_visit_up_to_the_day() -> None:
    visits = pd.DataFrame({"household_id": "h", "visited_on": pd.to_datetime(["2020-12-01", "2021-01-02"])})
    assert visit_columns(visits, DAY).loc["h", "days_since_visit"] == 30


def test_assets_pass_up_to_the_cap_a_person_and_stay_open_where_unknown() -> None:
    base = {"household_size": 2, "second_dwelling": False, "business_registration": False, "vehicle_count": 0}
    rows = households(base | {"financial_assets": 21200}, base | {"financial_assets": 21201}, base,
                      base | {"vehicle_count": 1})  # fmt: skip
    found = answers(rows.assign(size=rows["household_size"]), SETTING)["asset_check_pass"]
    assert found.tolist()[:2] == [True, False]
    assert pd.isna(found.iloc[2])
    assert not found.iloc[3]


@pytest.fixture
def two_waves(tmp_path: Path) -> Register:
    """One household seen twice, income 2019 and 2020, head only."""
    base = {"household_id": "h", "village_code": "371425001001", "household_size": 2}
    with RegisterWriter(tmp_path / "register", place="dezhou") as writer:
        for month in ("2019-12", "2020-12"):
            writer.put("household", pd.DataFrame([base | {"snapshot_month": month}]), month=month)
        income = {"household_id": "h", "months": 12}
        rows = [income | {"period_end": "2019-12", "wage_income": 8000.0}]
        rows += [income | {"period_end": "2020-12", "wage_income": 6000.0}]
        writer.put("income", pd.DataFrame(rows))
        writer.commit(created="2021-01-05T00:00:00")
    return Register.open(tmp_path / "register")


def test_panel_and_frame_agree_on_the_last_wave(two_waves: Register) -> None:
    keyed = {"parameters": read_parameters(), "place": read_place("dezhou")}
    panel = household_panel(two_waves, **keyed)
    assert panel["month"].tolist() == ["2019-12", "2020-12"]
    assert panel["income_pc_year"].tolist() == [4000, 3000]
    assert panel["poverty_line"].tolist() == [3747, 4000]
    now = household_frame(two_waves, "2020-12", **keyed).iloc[0]
    assert now["income_change"] == pytest.approx(0.75)
    assert now["county_code"] == "371425"
    pd.testing.assert_series_equal(now, panel.iloc[-1], check_names=False)


def test_what_nobody_collected_is_null_in_the_frame(two_waves: Register) -> None:
    found = household_frame(two_waves, "2020-12", parameters=read_parameters(), place=read_place("dezhou")).iloc[0]
    for name in ("n_children", "house_safe", "water_safe", "education_ok", "medical_ok", "rigid_spend",
                 "aid_received_12m", "uncompensated_loss_12m", "days_since_visit", "asset_check_pass"):  # fmt: skip
        assert pd.isna(found[name]), name


def test_no_member_is_counted_twice_in_the_demo(small_register: Path) -> None:
    register = Register.open(small_register)
    found = household_frame(register, "2020-12", parameters=read_parameters(), place=read_place("dezhou"))
    assert found["household_id"].is_unique
    assert (found["employed_count"] <= found["labour_count"]).all()
    assert (found["labour_count"] + found["n_elderly_60"] <= found["n_members"]).all()
    shares = found[["wage_share", "business_share", "property_share", "transfer_share"]].sum(axis=1)
    assert shares[found["net_income"] > 0].to_numpy() == pytest.approx(1)


def test_the_household_frame_has_exactly_the_columns_the_dictionary_declares(two_waves: Register) -> None:
    """What an index, a deprivation design or a predicate may name is what the frame gives: dictionary/derived.yaml;
    beside them the columns of the household table that predicates read, and what is asked of members."""
    given = household_frame(two_waves, "2020-12", parameters=read_parameters(), place=read_place("dezhou"))
    declared = set(derived_frames()["household_frame"].names)
    assert given.columns.is_unique
    assert declared <= set(given.columns)
    beside = set(given.columns) - declared
    assert {name for name in beside if not name.startswith("somebody_")} <= set(table("household").names)
    living = person_ages(two_waves.read("person", "2020-12"), SETTING)
    assert sorted(living.columns) == sorted(derived_frames()["person_frame"].names)


def test_every_derived_column_is_declared_whole() -> None:
    for frame in derived_frames().values():
        assert len(set(frame.names)) == len(frame.names), frame.name
        for column in frame.columns:
            assert column.type in TYPES, column
            assert column.zh, column
            assert column.en, column
            assert (column.type == "code") <= (column.codes in code_lists()), column
            assert (
                column.type in ("str", "code", "bool", "date")
                or column.unit
                or column.name in ("register_year", "exit_year")
            ), column
