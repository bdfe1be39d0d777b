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
    is_labour,
    share_of_previous,
    shock_columns,
    visit_columns,
)
from relapse_risk.derive.household_frame import household_frames
from relapse_risk.errors import RegisterError
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


def test_what_holds_for_somebody_listed_holds_whoever_is_left_out() -> None:
    child = {"birth_date": "2010-05-01", "dropped_out": True, "medical_insurance": True}
    found = lived(persons(child, WORKER), pd.Series({"h": 3})).loc["h"]
    assert found["somebody_out_of_compulsory_school"]
    assert not found["education_ok"]  # one is out of school: the third member cannot mend that
    assert pd.isna(found["somebody_medically_uninsured"])
    assert pd.isna(found["n_children"])


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
            assert column.label.zh, column
            assert column.label.en, column
            assert (column.type == "code") <= (column.codes in code_lists()), column
            assert (
                column.type in ("str", "code", "bool", "date")
                or column.unit
                or column.name in ("register_year", "exit_year")
            ), column


@pytest.mark.parametrize(
    ("born", "age"),
    [("2000-06-15", 20), ("2000-06-16", 19), ("2000-06-14", 20), ("2000-07-01", 19), ("2000-05-31", 20), (None, None)],
)
def test_age_on_a_day_within_the_year(born: str | None, age: int | None) -> None:
    found = age_on(pd.Series(pd.to_datetime([born])), date(2020, 6, 15)).iloc[0]
    assert pd.isna(found) if age is None else found == age


@pytest.mark.parametrize(
    ("age", "capacity", "stage", "able"),
    [
        (16, "ordinary", "none", True), (15, "ordinary", "none", False), (59, "skilled", "none", True), (60, "skilled", "none", False),
        (30, "weak", "none", True), (30, "lost", "none", False), (30, "none", "none", False), (30, "ordinary", "senior", False),
        (30, None, "none", None), (29, "ordinary", None, None), (30, "ordinary", None, True), (45, "weak", None, True),
        (30, "lost", None, False), (45, None, None, None), (None, "ordinary", "none", None), (70, None, "none", False),
    ],
)  # fmt: skip
def test_who_is_able_to_work(age: int | None, capacity: str | None, stage: str | None, able: bool | None) -> None:
    one = persons({"labour_capacity": capacity, "student_stage": stage})
    found = is_labour(one.assign(age=pd.array([age], dtype="Int64")), SETTING).iloc[0]
    assert pd.isna(found) if able is None else found == able


def test_a_blank_stage_of_school_hides_nobody_who_is_past_school() -> None:
    """Capacity known of all, school asked of nobody: h0 has a worker of 45, h1 none, of h2 a man of 20 may be in school."""
    people = pd.concat([
        persons({"person_id": "a", "household_id": "h0", "birth_date": "1975-01-01", "labour_capacity": "ordinary", "student_stage": None}),
        persons({"person_id": "b", "household_id": "h0", "birth_date": "2000-01-01", "labour_capacity": "ordinary", "student_stage": None}),
        persons({"person_id": "c", "household_id": "h1", "birth_date": "1975-01-01", "labour_capacity": "lost", "student_stage": None}),
        persons({"person_id": "d", "household_id": "h2", "birth_date": "2000-01-01", "labour_capacity": "ordinary", "student_stage": None}),
    ])  # fmt: skip
    known = composition(people, SETTING)
    labour = known["somebody_is_labour"]
    assert [None if pd.isna(value) else bool(value) for value in labour] == [True, False, None]


def test_every_count_of_two_families_worked_by_hand() -> None:
    """h0: a head of 40, away nine months; a spouse of 38 disabled, who farms; a pupil of 9; a baby; a grandmother of 70.

    h1: a lone head of 17, out of school since 15, severely disabled without care; nothing else was asked.
    """
    base = {"household_id": "h0", "medical_insurance": True, "health_status": "healthy", "disability_level": "none", "marital_status": "never_married",
            "student_stage": "none", "employment_status": "none", "labour_capacity": "none", "dropped_out": False, "self_care": "full"}  # fmt: skip
    rows = [
        base | {"birth_date": "1980-05-01", "relation_to_head": "head", "sex": "male", "education_level": "senior", "labour_capacity": "skilled",
                "employment_status": "away", "work_months": 9, "marital_status": "married"},
        base | {"birth_date": "1982-05-01", "relation_to_head": "spouse", "sex": "female", "labour_capacity": "weak", "employment_status": "farming", "work_months": 3,
                "marital_status": "married", "disability_level": "level_3", "health_status": "chronic"},
        base | {"birth_date": "2011-05-01", "student_stage": "primary", "medical_insurance": False},
        base | {"birth_date": "2020-05-01"},
        base | {"birth_date": "1950-05-01", "health_status": "serious", "disability_level": "level_2", "needs_barrier_free": True, "self_care": "none", "has_carer": True},
        {"household_id": "h1", "birth_date": "2003-05-01", "relation_to_head": "head", "sex": "female", "disability_level": "level_1", "dropped_out": True,
         "self_care": "none", "has_carer": False, "marital_status": "never_married", "employment_status": "none", "labour_capacity": "ordinary", "student_stage": "none"},
    ]  # fmt: skip
    found = lived(persons(*rows))
    unasked = ["house_safe", "water_safe", "food_clothes_ok", "guarantees_ok", "under_monitoring", "asset_check_pass"]
    first = found.loc["h0"]
    assert first.drop([name for name in first.index if name.startswith("somebody_")]).drop(unasked).to_dict() == {
        "n_elderly_60": 1, "n_children": 2, "n_adult": 3, "n_married_adult": 2, "labour_count": 2, "employed_count": 2, "n_serious": 1, "n_chronic": 1, "n_disabled": 2, "n_disabled_severe": 1,
        "n_pupils": 1, "n_dropped_out": 0, "n_uninsured": 1, "n_needs_barrier_free": 1, "n_without_care": 0, "n_members": 5, "work_months": 12.0,
        "all_no_labour": False, "zero_employment": False, "education_ok": True, "medical_ok": False, "weekly_class": True, "single_parent": False,
        "head_age": 40, "head_sex": "male", "head_education": "senior", "head_employment": "away",
    }  # fmt: skip
    assert (first["somebody_out_of_compulsory_school"], first["somebody_medically_uninsured"]) == (False, True)
    alone = found.loc["h1"]
    known = {"n_elderly_60": 0, "n_children": 0, "n_adult": 0, "n_married_adult": 0, "labour_count": 1, "employed_count": 0, "n_disabled": 1, "n_disabled_severe": 1, "n_pupils": 0, "n_dropped_out": 0,
             "n_without_care": 1, "n_members": 1, "all_no_labour": False, "zero_employment": True, "education_ok": True, "single_parent": False, "weekly_class": True,
             "head_age": 17, "head_sex": "female", "head_employment": "none"}  # fmt: skip
    assert {name: alone[name] for name in known} == known
    counted = [name for name in alone.index if not name.startswith("somebody_") and name not in known]
    assert alone[counted].isna().all(), "n_serious, n_chronic, insurance and months were not asked"


@pytest.mark.parametrize(
    ("born", "counted"), [("2014-12-31", 1), ("2015-01-01", 0), ("2005-01-01", 1), ("2004-12-31", 0)]
)
def test_out_of_school_counts_from_six_to_fifteen(born: str, counted: int) -> None:
    assert lived(persons({"birth_date": born, "dropped_out": True})).loc["h", "n_dropped_out"] == counted


@pytest.mark.parametrize(
    ("born", "married", "single"),
    [("2002-12-31", False, True), ("2003-01-01", False, False), ("2002-12-31", True, False)],
)
def test_a_single_parent_is_the_one_adult_from_eighteen_on(born: str, married: bool, single: bool) -> None:
    adult = {"birth_date": born, "marital_status": "married" if married else "divorced"}
    child = {"birth_date": "2012-01-01", "marital_status": "never_married"}
    assert lived(persons(adult, child)).loc["h", "single_parent"] == single
    assert not lived(persons(adult)).loc["h", "single_parent"], "nobody to be the parent of"


def test_whoever_died_by_the_day_is_no_member_and_a_full_roster_is_counted() -> None:
    rows = persons(WORKER | {"deceased_on": "2020-12-31"}, WORKER | {"deceased_on": "2021-01-01"}, WORKER)
    assert lived(rows, pd.Series({"h": 2})).loc["h", "n_members"] == 2
    assert pd.isna(lived(rows, pd.Series({"h": 3})).loc["h", "n_members"]), "one of three is not listed"
    assert lived(rows, pd.Series({"h": None, "k": 1}, dtype="Int64")).loc["h", "n_members"] == 2, (
        "no size to compare with"
    )


def test_months_of_work_are_those_of_the_able_and_none_where_nobody_is() -> None:
    able, unable = WORKER, WORKER | {"labour_capacity": "none", "work_months": 7}
    assert lived(persons(able, unable)).loc["h", "work_months"] == 9
    assert lived(persons(unable)).loc["h", "work_months"] == 0
    assert pd.isna(lived(persons(WORKER | {"work_months": None})).loc["h", "work_months"])


def test_somebody_whose_work_is_unknown_leaves_it_open_whether_anybody_works() -> None:
    idle, unknown = WORKER | {"employment_status": "none"}, WORKER | {"employment_status": None}
    assert pd.isna(lived(persons(idle, unknown)).loc["h", "zero_employment"])
    assert not lived(persons(WORKER, unknown)).loc["h", "zero_employment"]


def test_every_column_of_income_for_half_a_year() -> None:
    """Six months, so all twice: wages 2 x 1,000, business 2 x (500 - 700) = -400, property 200, transfers 600: net 2,400.

    Rigid: 2 x (100 + 200 + 300 + 400 - 50) = 1,900; the loss in business is no source: shares of 2,800.
    """
    row = {"months": 6, "wage_income": 1000.0, "business_gross": 500.0, "business_cost": 700.0, "property_income": 100.0, "transfer_income": 300.0,
           "asset_dividend": 10.0, "dibao_received": 20.0, "tekun_received": 30.0, "pension_received": 40.0, "medical_self_paid": 100.0, "education_spend": 200.0,
           "disability_care_spend": 300.0, "disaster_loss": 400.0, "claims_income": 50.0, "total_income": 9999.0}  # fmt: skip
    found = income_columns(incomes(row)).iloc[0]
    assert found.to_dict() == pytest.approx({
        "wage_income": 2000.0, "property_income": 200.0, "asset_dividend": 20.0, "transfer_income": 600.0, "dibao_received": 40.0, "tekun_received": 60.0,
        "pension_received": 80.0, "claims_income": 100.0, "medical_self_paid": 200.0, "education_spend": 400.0, "disability_care_spend": 600.0,
        "disaster_loss": 800.0, "household_id": "h0", "income_period": "2020-12", "business_net": -400.0, "net_income": 2400.0, "secure_income": 200.0,
        "rigid_spend": 1900.0, "rigid_burden": 1900 / 2400, "wage_share": 2000 / 2800, "property_share": 200 / 2800, "transfer_share": 600 / 2800,
        "business_share": 0.0,
    })  # fmt: skip


def test_income_nobody_dated_is_of_a_year_and_spending_stops_at_nothing() -> None:
    """Claims above the bills leave no spending; spending of a household without income is held against one yuan."""
    found = income_columns(
        incomes(
            {"months": None, "wage_income": 0.0, "medical_self_paid": 30.0},
            {"wage_income": 100.0, "medical_self_paid": 30.0, "claims_income": 50.0},
        )
    )
    assert found[["net_income", "rigid_spend", "rigid_burden"]].to_numpy().tolist() == [
        [0.0, 30.0, 30.0],
        [100.0, 0.0, 0.0],
    ]
    assert found[["wage_share", "property_share", "transfer_share", "business_share"]].isna().all(axis=1).tolist() == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("part", "net", "business"),
    [({"business_gross": 80.0}, 80.0, 80.0), ({"business_cost": 30.0, "total_income": 500.0}, 500.0, -30.0), ({"property_income": 70.0}, 70.0, None),
     ({"transfer_income": 60.0}, 60.0, None), ({"wage_income": 50.0}, 50.0, None)],
)  # fmt: skip
def test_one_part_makes_the_others_nothing(part: dict[str, float], net: float, business: float | None) -> None:
    """A cost alone is no source of income: the total stands for it."""
    found = income_columns(incomes(part)).iloc[0]
    assert found["net_income"] == net
    assert pd.isna(found["business_net"]) if business is None else found["business_net"] == business


FINE = {
    "dwelling_grade": "A", "water_quality_ok": True, "water_litres_per_person_day": 35.0, "water_fetch_minutes": 20.0, "water_outage_days": 36,
    "staple_food_enough": True, "protein_food_regular": True, "seasonal_clothes": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({}, None), ({"water_quality_ok": False}, "water_safe"), ({"water_litres_per_person_day": 34.9}, "water_safe"),
        ({"water_fetch_minutes": 20.1}, "water_safe"), ({"water_outage_days": 37}, "water_safe"), ({"dwelling_grade": "C"}, "house_safe"),
        ({"staple_food_enough": False}, "food_clothes_ok"), ({"protein_food_regular": False}, "food_clothes_ok"), ({"seasonal_clothes": False}, "food_clothes_ok"),
    ],
)  # fmt: skip
def test_one_part_that_fails_fails_its_guarantee_and_the_whole(change: dict[str, object], failed: str | None) -> None:
    house = households(FINE | change).set_index("household_id", drop=False)
    found = answers(house.assign(somebody_out_of_compulsory_school=False, somebody_medically_uninsured=False), SETTING)
    names = ["house_safe", "water_safe", "education_ok", "medical_ok", "food_clothes_ok"]
    assert found.loc["h0", [*names, "guarantees_ok"]].tolist() == [*(name != failed for name in names), failed is None]


@pytest.mark.parametrize(
    ("school", "insured", "whole"),
    [(False, True, False), (True, False, False), (None, True, None), (True, None, None), (None, False, False)],
)
def test_members_out_of_school_or_uninsured_fail_the_whole(
    school: bool | None, insured: bool | None, whole: bool | None
) -> None:
    house = households(FINE)
    members = pd.DataFrame(
        {"somebody_out_of_compulsory_school": [school], "somebody_medically_uninsured": [insured]}, dtype="boolean"
    )
    found = answers(house.join(~members), SETTING)["guarantees_ok"].iloc[0]
    assert pd.isna(found) if whole is None else found == whole


@pytest.mark.parametrize(
    ("change", "passes"),
    [
        ({}, True), ({"second_dwelling": True}, False), ({"business_registration": True}, False), ({"vehicle_count": 1}, False),
        ({"financial_assets": 31800.5}, False), ({"second_dwelling": None}, None), ({"second_dwelling": None, "vehicle_count": 2}, False),
        ({"household_size": 2}, False), ({"vehicle_count": None}, None),
    ],
)  # fmt: skip
def test_each_part_of_the_property_test(change: dict[str, object], passes: bool | None) -> None:
    """Up to 10,600 for each of three persons."""
    home = {
        "household_size": 3,
        "second_dwelling": False,
        "business_registration": False,
        "vehicle_count": 0,
        "financial_assets": 31800.0,
    }
    rows = households(home | change)
    found = answers(rows.assign(size=rows["household_size"]), SETTING)["asset_check_pass"].iloc[0]
    assert pd.isna(found) if passes is None else found == passes


def test_a_loss_counts_from_the_day_after_a_year_ago_to_the_day() -> None:
    """Only the verified ones of 1 January to 31 December; what nobody put a price on is an event without a loss."""
    shocks = check_table(pd.DataFrame({
        "event_id": list("abcdef"), "household_id": ["h", "h", "h", "k", "k", "h"], "gross_loss": [10.0, 200.0, 3000.0, None, 50.0, 7.0],
        "event_date": ["2020-01-01", "2020-12-31", "2021-01-01", "2020-06-01", "2020-06-01", "2020-06-01"],
        "compensated": [None, 50.0, 0.0, None, 20.0, 0.0], "verified": [True, True, True, True, True, None],
    }), "shock_event")  # fmt: skip
    assert shock_columns(shocks, DAY).to_dict("index") == {
        "h": {"uncompensated_loss_12m": 160.0, "shocks_12m": 2}, "k": {"uncompensated_loss_12m": 30.0, "shocks_12m": 2},
    }  # fmt: skip


def test_aid_within_and_before_the_twelve_months() -> None:
    """31 December 2019 is a year ago: it counts among the deliveries before."""
    aid = check_table(pd.DataFrame({
        "record_id": list("abcdef"), "household_id": ["h", "h", "h", "k", "h", "h"], "decision": ["approved"] * 5 + ["open"],
        "delivered_on": ["2019-12-31", "2020-01-01", "2020-12-31", "2019-01-01", None, "2020-02-01"], "cash_amount": [1.0, 20.0, None, 300.0, 5000.0, 9.0],
        "goods_value": [None, 4.0, 600.0, 70.0, None, None],
    }), "assistance_record")  # fmt: skip
    assert aid_columns(aid, DAY).to_dict("index") == {
        "h": {"aid_received_12m": 624.0, "aid_times_before": 1}, "k": {"aid_received_12m": 0.0, "aid_times_before": 1},
    }  # fmt: skip


def test_the_last_visit_of_each_household() -> None:
    visits = pd.DataFrame(
        {
            "household_id": list("hhkn"),
            "visited_on": pd.to_datetime(["2020-12-30", "2020-06-01", "2020-12-31", "2021-01-01"]),
        }
    )
    assert visit_columns(visits, DAY)["days_since_visit"].to_dict() == {"h": 1, "k": 0}


def test_income_against_a_year_before_that_was_nothing_or_a_loss_is_open() -> None:
    found = share_of_previous(pd.Series([50.0, 50.0, 50.0, None]), pd.Series([100.0, 0.0, -10.0, 100.0]))
    assert found.iloc[0] == 0.5
    assert found.iloc[1:].isna().all()


@pytest.fixture(scope="module")
def three_homes(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """h0 with everything, h1 with next to nothing, of one county; k of another.  Income of h0 in three periods."""
    full = FINE | {
        "household_id": "h0", "village_code": "371425101001", "household_size": 2, "adult_equivalents": 1.5, "sampling_weight": 2.5, "household_class": "edge",
        "relief_status": "tekun", "responsible_cadre_id": "C1", "second_dwelling": False, "business_registration": False, "vehicle_count": 0,
        "financial_assets": 20000.0,
    }  # fmt: skip
    bare = {"household_id": "h1", "village_code": "371425102002", "household_size": 0, "relief_status": "none"}
    folder = tmp_path_factory.mktemp("homes") / "register"
    with RegisterWriter(folder, place="dezhou") as writer:
        for month in ("2019-12", "2020-12"):
            writer.put(
                "household",
                pd.DataFrame([full, bare, bare | {"household_id": "k", "village_code": "371481001001"}]),
                month=month,
            )
            writer.put("person", pd.DataFrame([
                {"person_id": f"p{i}", "household_id": "h0", "medical_insurance": True, "disability_level": "none", "self_care": "full"} | WORKER for i in range(2)
            ]), month=month)  # fmt: skip
        earned = [("2019-12", 6000.0, 0.0), ("2020-12", 9000.0, 3000.0), ("2021-06", 99000.0, 0.0)]
        rows = [
            {"household_id": "h0", "period_end": period, "months": 12, "wage_income": wage, "medical_self_paid": bill}
            for period, wage, bill in earned
        ]
        rows += [{"household_id": "k", "period_end": "2019-12", "months": 12, "wage_income": 500.0}]
        writer.put("income", pd.DataFrame(rows))
        writer.put(
            "shock_event",
            pd.DataFrame(
                {
                    "event_id": ["e"],
                    "household_id": ["h0"],
                    "event_date": pd.Timestamp("2020-06-01"),
                    "verified": True,
                    "gross_loss": 700.0,
                }
            ),
        )
        writer.put(
            "assistance_record",
            pd.DataFrame(
                {
                    "record_id": ["r"],
                    "household_id": ["h0"],
                    "decision": "approved",
                    "delivered_on": pd.Timestamp("2020-06-01"),
                    "cash_amount": 80.0,
                }
            ),
        )
        writer.put(
            "visit_record",
            pd.DataFrame({"visit_id": ["v"], "household_id": ["h0"], "visited_on": pd.Timestamp("2020-12-01")}),
        )
        writer.commit(created="2021-01-05T00:00:00")
    return Register.open(folder)


KEYED = {"parameters": read_parameters(), "place": read_place("dezhou")}


def test_the_row_of_a_household_in_full(three_homes: Register) -> None:
    """9,000 for two: 4,500 a head, 3,000 after bills of 3,000; half as much again as the year before."""
    frame = household_frame(three_homes, "2020-12", "371425", **KEYED)
    assert frame.index.tolist() == [0, 1]
    row = frame.iloc[0]
    wanted = {
        "household_id": "h0", "county_code": "371425", "town_code": "371425101", "village_code": "371425101001", "month": "2020-12", "size": 2, "weight": 2.5,
        "income_period": "2020-12", "household_class": "edge", "relief_status": "tekun", "responsible_cadre_id": "C1", "vehicle_count": 0, "n_members": 2,
        "net_income": 9000.0, "prev_net_income": 6000.0, "income_change": 1.5, "scale": 2.0, "income_pc_year": 4500.0, "income_after_rigid": 3000.0,
        "house_safe": True, "water_safe": True, "guarantees_ok": True, "uncompensated_loss_12m": 700.0, "shocks_12m": 1, "aid_received_12m": 80.0,
        "aid_times_before": 0, "days_since_visit": 30, "weekly_class": True, "asset_check_pass": True, "dibao_line": 5300.0, "monitor_line": 5000.0,
        "poverty_line": 4000.0,
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted
    bare = frame.iloc[1]
    zero = ["uncompensated_loss_12m", "shocks_12m", "aid_received_12m", "aid_times_before"]
    assert bare[zero].tolist() == [0, 0, 0, 0], "collected, and nothing of h1: nothing happened to it"
    assert (bare["weight"], bare["size"], bare["month"], bare["monitor_line"]) == (1.0, 0, "2020-12", 5000.0)
    assert (
        bare[
            [
                "net_income",
                "scale",
                "income_pc_year",
                "n_members",
                "days_since_visit",
                "asset_check_pass",
                "weekly_class",
            ]
        ]
        .isna()
        .all()
    )


def test_a_month_knows_nothing_of_later_income_and_stale_income_stands_until_then(three_homes: Register) -> None:
    before = household_frame(three_homes, "2019-12", "371425", **KEYED).iloc[0]
    assert (before["income_period"], before["net_income"]) == ("2019-12", 6000.0)
    assert before[["prev_net_income", "income_change"]].isna().all()
    other = household_frame(three_homes, "2020-12", "371481", **KEYED)
    assert other[["household_id", "income_period", "net_income"]].to_numpy().tolist() == [["k", "2019-12", 500.0]]
    both = list(household_frames(three_homes, ("2019-12", "2020-12"), **KEYED))
    assert [frame["month"].unique().tolist() for frame in both] == [["2019-12"], ["2020-12"]]
    assert [len(frame) for frame in both] == [3, 3]


def test_a_place_that_counts_by_adult_equivalents(three_homes: Register) -> None:
    place = KEYED["place"].model_copy(update={"income_scale": "adult_equivalent"})
    row = household_frame(three_homes, "2020-12", "371425", parameters=KEYED["parameters"], place=place).iloc[0]
    assert (row["scale"], row["income_pc_year"]) == (1.5, 6000.0)


def test_the_panel_holds_only_income_of_the_month_itself(three_homes: Register) -> None:
    """h0 twice, k of 2019 once; 2021-06 has no snapshot; a place without income at all is named."""
    panel = household_panel(three_homes, **KEYED)
    assert panel[["household_id", "month", "net_income"]].to_numpy().tolist() == [
        ["h0", "2019-12", 6000.0], ["h0", "2020-12", 9000.0], ["k", "2019-12", 500.0],
    ]  # fmt: skip
    assert panel.index.tolist() == [0, 1, 2]
    assert panel["prev_net_income"].tolist()[1] == 6000.0
    assert household_panel(three_homes, "371481", **KEYED)["household_id"].tolist() == ["k"]


def test_a_register_without_income_has_no_panel(tmp_path: Path) -> None:
    with RegisterWriter(tmp_path / "register", place="dezhou") as writer:
        writer.put(
            "household",
            pd.DataFrame([{"household_id": "h", "village_code": "371425101001", "household_size": 1}]),
            month="2020-12",
        )
        writer.commit(created="2021-01-05T00:00:00")
    with pytest.raises(RegisterError, match="no month has both households and income"):
        household_panel(Register.open(tmp_path / "register"), **KEYED)
    row = household_frame(Register.open(tmp_path / "register"), "2020-12", **KEYED).iloc[0]
    assert row[["uncompensated_loss_12m", "shocks_12m", "aid_received_12m", "aid_times_before"]].isna().all(), (
        "nobody asked"
    )


def test_who_lives_at_the_end_of_the_month_and_may_work() -> None:
    rows = persons(
        WORKER,
        WORKER | {"deceased_on": "2020-11-30"},
        WORKER | {"deceased_on": "2020-12-01"},
        WORKER | {"birth_date": "2004-12-01"},
    )
    found = person_ages(rows, setting_on(read_parameters(), read_place("dezhou"), date(2020, 11, 30)))
    assert found["person_id"].tolist() == ["p0", "p2", "p3"]
    assert found[["age", "is_labour"]].to_numpy().tolist() == [[40, True], [40, True], [15, False]]


def test_a_blank_part_of_income_is_unknown_and_not_nothing() -> None:
    parts = {"wage_income": 0.0, "business_gross": 3000.0, "business_cost": 1200.0, "property_income": 300.0}
    found = income_columns(incomes({**parts, "transfer_income": 9000.0}, parts, {"total_income": 500.0}))
    # 0 + 3000 - 1200 + 300 + 9000 = 11100; the blank transfer; a household that gave its total only.
    assert found["net_income"].tolist()[0] == 11100
    assert pd.isna(found["net_income"].iloc[1])
    assert pd.isna(found[["wage_share", "transfer_share"]].iloc[1]).all()
    assert found["net_income"].iloc[2] == 500


def test_a_part_nobody_is_asked_is_no_part_of_income() -> None:
    rows = incomes({"wage_income": 100.0}, {"wage_income": 200.0})
    assert income_columns(rows)["net_income"].tolist() == [100, 200]
    assert income_columns(rows, ["wage_income", "transfer_income"])["net_income"].isna().all(), "asked elsewhere"
