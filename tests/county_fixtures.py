"""A county small enough to reckon by hand: five households, eight persons, two key villages; and a second county.

H1  two persons, lifted in 2018, income 5,000 a head            nothing wrong
H2  alone, 75, severely disabled, dwelling C, not insured        3,600 a head, half of last year
H3  a couple able to work and out of work, child out of school   4,200 a head, monitored since 10 March, helped
H4  alone, 60, never registered, no winter clothes               4,800 a head, monitored since 20 November, not helped
H5  alone, 30, works in another city, water cut off 40 days      20,000 a head, risk eliminated at 4,500 a head
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from relapse_risk.assessment import CountyData
from relapse_risk.assessment.facts import county_data
from relapse_risk.parameters import Parameters, Place, read_parameters, read_place
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.scores import Scores

COUNTY, OTHER, MONTH = "371425", "371481", "2020-12"
FLAGS = "1" * 15


def days(*values: str | None) -> pd.Series:
    return pd.Series(pd.to_datetime(list(values)))


def household() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "household_id": ["H1", "H2", "H3", "H4", "H5", "K1"],
            "village_code": [*["371425101001"] * 3, *["371425101002"] * 2, "371481001001"],
            "household_size": [2, 1, 3, 1, 1, 4],
            "household_class": [
                "lifted_policy", "tekun_scattered", "lifted_unstable", "edge", "lifted_unstable", "lifted_policy",
            ],
            "register_year": [2014, 2014, 2014, None, 2015, 2014],
            "exit_year": [2018, 2019, 2017, None, 2018, 2018],
            "monitor_type": ["none", "none", "lifted_unstable", "edge", "lifted_unstable", "none"],
            "monitor_identified_on": days(None, None, "2020-03-10", "2020-11-20", "2019-05-01", None),
            "monitor_risk_types": [None, None, "illness;unstable_work", "illness", "illness", None],
            "risk_eliminated": [None, None, False, False, True, None],
            "risk_eliminated_on": days(None, None, None, None, "2020-06-30", None),
            "cause_main": ["illness", "disability", "illness", "illness", "no_skill", "illness"],
            "cause_other_1": ["disability", None, None, None, None, None],
            "relief_status": ["none", "tekun", "dibao", "monitored", "none", "none"],
            "policy_enjoying": [True, True, True, False, True, True],
            "dwelling_grade": ["A", "C", "B", "A", "A", "A"],
            "water_quality_ok": [True] * 6,
            "water_litres_per_person_day": [50.0] * 6,
            "water_fetch_minutes": [0.0] * 6,
            "water_outage_days": [0, 0, 0, 0, 40, 0],
            "staple_food_enough": [True] * 6,
            "protein_food_regular": [True] * 6,
            "seasonal_clothes": [True, True, True, False, True, True],
            "has_tv": [True, False, None, None, None, None],
            "has_fan": [True, True, None, None, None, None],
            "has_heating": [True, True, None, None, None, None],
            "courtyard_clean": [True, True, None, None, None, None],
            "indoor_clean": [True, True, None, None, None, None],
            "personal_clean": [True, True, None, None, None, None],
            **{name: [True, True, None, None, None, None] for name in ("hard_path_to_door", "greened", "beautified")},
            "has_weatherproof_openings": [True, False, None, None, None, None],
            "vehicle_count": [1, 0, 0, 0, 0, 0],
            "responsible_cadre_id": ["C1", "C1", "C2", "C2", None, "C9"],
        }
    )  # fmt: skip


def person() -> pd.DataFrame:
    none = ["none"] * 12
    return pd.DataFrame(
        {
            "person_id": ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "Q1", "Q2", "Q3", "Q4"],
            "household_id": ["H1", "H1", "H2", "H3", "H3", "H3", "H4", "H5", "K1", "K1", "K1", "K1"],
            "sex": ["male", "female", "male", "male", "female", "female", "male", "male", *["male"] * 4],
            "birth_date": days(
                "1950-06-01", "1980-01-01", "1945-01-01", "1975-01-01", "1978-01-01", "2010-09-01", "1960-12-31",
                "1990-01-01", *["1985-01-01"] * 4,
            ),
            "relation_to_head": ["head", "spouse", "head", "head", "spouse", "daughter", "head", "head", "head",
                                 "other", "other", "other"],
            "student_stage": [*["none"] * 5, "primary", *["none"] * 6],
            "dropped_out": [*[False] * 5, True, *[False] * 6],
            "health_status": ["chronic", "healthy", "disabled", *["healthy"] * 9],
            "disability_type": ["none", "none", "limb", *["none"] * 9],
            "disability_level": ["none", "none", "level_1", *["none"] * 9],
            "labour_capacity": ["none", "ordinary", "lost", "ordinary", "weak", "none", "ordinary", "ordinary",
                                *["ordinary"] * 4],
            "self_care": ["full", "full", "none", *["full"] * 9],
            "has_carer": [None, None, False, *[None] * 9],
            "employment_status": ["unable", "local", "unable", "none", "none", "in_school", "farming", "away",
                                  *["local"] * 4],
            "work_place": ["none", "county", "none", "none", "none", "none", "none", "province", *["county"] * 4],
            "post_type": none,
            "medical_insurance": [True, True, False, *[True] * 9],
        }
    )  # fmt: skip


def income() -> pd.DataFrame:
    now = {"H1": (6000, 3000, 1000, 1000, 1000), "H2": (0, 0, 0, 0, 3600), "H3": (0, 0, 0, 0, 12600),
           "H4": (0, 0, 0, 0, 4800), "H5": (20000, 0, 0, 0, 0), "K1": (40000, 0, 0, 0, 0)}  # fmt: skip
    before = {"H1": 8000, "H2": 7200, "H3": 12000, "H4": 4800, "H5": 10000, "K1": 40000}
    names = ["wage_income", "business_gross", "business_cost", "property_income", "transfer_income"]
    rows: list[dict[str, Any]] = [
        {"household_id": home, "period_end": "2020-12", "months": 12, **dict(zip(names, map(float, parts), strict=True)),
         "medical_self_paid": 500.0}
        for home, parts in now.items()
    ]  # fmt: skip
    rows += [
        {
            "household_id": home,
            "period_end": "2019-12",
            "months": 12,
            **dict(zip(names, (float(net), 0.0, 0.0, 0.0, 0.0), strict=True)),
        }
        for home, net in before.items()
    ]
    return pd.DataFrame(rows)


def library() -> dict[str, pd.DataFrame]:
    """J1 went through all four steps, J2 was returned once and skipped the experts, J3 waits since 1 November."""
    return {
        "expert": pd.DataFrame(
            {"expert_id": ["X1", "X2"], "county_code": [COUNTY] * 2, "expert_field": ["agriculture", "finance"]}
        ),
        "project_review": pd.DataFrame(
            {
                "review_id": [f"W{k}" for k in range(8)], "project_id": ["J1"] * 4 + ["J2"] * 3 + ["J3"],
                "review_step": ["town", "expert", "county", "city", "town", "town", "county", "town"],
                "submitted_on": days("2018-12-20", "2019-01-02", "2019-01-20", "2019-02-05", "2019-11-20", "2019-12-20",
                                     "2020-01-10", "2020-11-01"),
                "reviewed_on": days("2019-01-01", "2019-01-15", "2019-02-01", "2019-03-01", "2019-12-01", "2020-01-01",
                                    "2020-02-01", None),
                "reviewer_id": ["T1", "X1", "K1", "M1", "T1", "T1", "K1", None],
                "review_outcome": ["passed"] * 4 + ["returned", "passed", "passed", None],
                "score_mode": [None, 80.0, *[None] * 6], "score_yield": [None, 90.0, *[None] * 6],
                "score_link": [None, 70.0, *[None] * 6],
            }
        ),
        "fund_flow": pd.DataFrame(
            {"flow_id": ["F1", "F2", "F3", "F4"], "project_id": ["J1", "J1", "J1", "J2"],
             "flow_kind": ["allocated", "disbursed", "used", "allocated"],
             "flow_on": days("2019-03-10", "2019-04-01", "2019-06-01", "2020-03-01"),
             "amount": [200000.0, 200000.0, 100000.0, 100000.0]}
        ),
        "project_paper": pd.DataFrame(
            {"project_id": ["J1", "J1", "J2"], "paper_step": ["allocation", "distribution", "allocation"],
             "papers_required": [4, 4, 4], "papers_filed": [4, 3, 2]}
        ),
        "product": pd.DataFrame(
            {"product_id": ["D1", "D2"], "county_code": [COUNTY] * 2, "product_class": ["pears", "eggs"]}
        ),
        "product_sale": pd.DataFrame(
            {"sale_id": ["L1", "L2", "L3", "L4"], "product_id": ["D1", "D1", "D2", "D1"],
             "sold_on": days("2020-07-01", "2020-08-01", "2020-09-01", "2019-09-01"),
             "sale_amount": [100.0, 200.0, 50.0, 999.0], "household_id": ["H1", None, None, "H1"],
             "household_amount": [60.0, None, None, 500.0]}
        ),
        "land_parcel": pd.DataFrame(
            {"parcel_id": ["B1", "B2", "B1"], "year": [2020, 2020, 2019],
             "village_code": ["371425101001", "371425101002", "371425101001"], "land_type": ["pond"] * 3,
             "area_mu": [10.0, 20.0, 10.0], "parcel_income": [12000.0, 11000.0, 5000.0],
             "to_collective": [9000.0, 10000.0, 5000.0], "to_households": [3000.0, 1000.0, 0.0],
             "households_paid": [3, 2, 0]}
        ),
    }  # fmt: skip


def field() -> dict[str, pd.DataFrame]:
    """Five first interviews and a repeated one (H5, water found cut off), two enumerators, four activities."""
    return {
        "enumerator": pd.DataFrame(
            {"enumerator_id": ["N1", "N2"], "county_code": [COUNTY] * 2, "enumerator_tier": ["survey_staff", "third_party"],
             "trained_on": days("2020-03-01", None)}
        ),
        "interview": pd.DataFrame(
            {
                "interview_id": [f"I{k}" for k in range(6)], "household_id": ["H1", "H2", "H3", "H4", "H5", "H5"],
                "enumerator_id": ["N1", "N1", "N1", "N2", "N2", "N1"], "interviewed_on": days(*["2020-11-10"] * 5, "2020-11-17"),
                "is_repeat": [False] * 5 + [True], "sample_part": ["core", "targeted", "both", "core", "core", "core"],
                "inclusion_probability": [0.5, 0.8, 1.0, 0.5, 0.5, 0.5],
                **{name: [True] * 6 for name in ("food_clothes_ok", "education_ok", "medical_ok")},
                "house_safe": [True, False, True, True, True, True], "water_safe": [True] * 5 + [False],
                "income_short": [False] * 6, "at_risk": [False, True, True, True, False, False],
                "need_unmet": [False, False, True, False, False, False],
            }
        ),
        "activity": pd.DataFrame(
            {
                "activity_id": ["A1", "A2", "A3", "A4"], "county_code": [COUNTY] * 4,
                "activity_kind": ["meeting", "meeting", "meeting", "leader_survey"],
                "held_on": days("2020-03-05", "2020-03-06", "2020-12-31", "2020-06-01"), "people": [10, 10, 10, 5],
                "findings": [3, 0, 0, 1], "findings_closed": [2, 0, 0, 1],
            }
        ),
    }  # fmt: skip


def tables() -> dict[str, pd.DataFrame]:
    return {
        "county": pd.DataFrame(
            {"county_code": [COUNTY, OTHER], "county_name_zh": ["齐河县", "乐陵市"],
             "county_name_en": ["Qihe County", "Leling City"], "rural_population": [1000, 2000]}
        ),
        "village": pd.DataFrame(
            {
                "village_code": ["371425101001", "371425101002", "371481001001"],
                "town_code": ["371425101", "371425101", "371481001"], "county_code": [COUNTY, COUNTY, OTHER],
                "town_name_zh": ["甲镇", "甲镇", "乙镇"], "town_name_en": ["Jia", "Jia", "Yi"],
                "is_key_village": [True, True, False], "exit_flags": [FLAGS, FLAGS[:-1] + "0", None],
                "collective_income": [10000.0, 30000.0, None],
            }
        ),
        "income": income(),
        "shock_event": pd.DataFrame(
            {"event_id": ["E1", "E2"], "household_id": ["H3", "H4"], "event_date": days("2020-03-01", "2020-11-01"),
             "verified": [True, True], "reported_by": ["household", "cadre"]}
        ),
        "assistance_record": pd.DataFrame(
            {
                "record_id": ["R1", "R2", "R3", "R4"], "household_id": ["H3", "H1", "H2", "H2"],
                "item_code": ["MZ01", "MZ01", "MZ01", "FL01"],
                "applied_on": days("2020-03-12", "2018-12-01", "2020-05-01", None),
                "decided_on": days("2020-03-18", "2018-12-20", "2020-05-11", None),
                "delivered_on": days("2020-03-20", "2019-01-10", None, "2020-07-01"),
                "decision": ["approved", "approved", "refused", "approved"], "material_count": [3, 4, 5, None],
                "cash_amount": [1000.0, 900.0, None, 500.0],
            }
        ),
        "alert": pd.DataFrame(
            {
                "alert_id": ["A1", "A2", "A3"], "alert_rule": ["E01", "E04", "E01"], "household_id": ["H3", "H1", "H2"],
                "level": ["warning"] * 3, "raised_on": days("2020-02-01", "2020-06-01", "2020-12-25"),
                "due_on": days("2020-02-11", "2020-06-11", "2021-01-10"),
                "closed_on": days("2020-02-10", "2020-06-20", None), "outcome": ["monitored", "no_risk", None],
            }
        ),
        "referral": pd.DataFrame(
            {
                "referral_id": ["F1", "F2"], "alert_id": ["A1", "A2"], "to_department": ["MZ", "MZ"],
                "pushed_on": days("2020-02-01", "2020-06-01"), "due_on": days("2020-02-11", "2020-06-11"),
                "replied_on": days("2020-02-05", None), "result": ["done", "open"],
            }
        ),
        "visit_record": pd.DataFrame(
            {
                "visit_id": ["V1", "V2", "V3", "V5"], "household_id": ["H1", "H2", "H3", "H5"],
                "visited_on": days("2020-12-10", "2020-12-20", "2020-12-31", "2020-11-15"),
                "visitor_tier": ["town"] * 4, "visitor_id": ["C1", "C1", "C2", "C1"], "in_help_week": [False, False, True, False],
                "ask_medical": ["no_problem", "problem", "solved", "not_asked"],
            }
        ),
        "survey_response": pd.DataFrame(
            {
                "response_id": ["S1", "S2", "S3", "S4"], "quarter": ["2020Q4"] * 4, "household_id": ["H1", "H5", "H3", "H2"],
                "stratum": ["lifted_with_labour", "lifted_with_labour", "monitored", "monitored"],
                "sampling_weight": [10.0, 10.0, 5.0, 5.0], "contacted": [True] * 4,
                "answered": [True, True, True, False], "dissatisfied_with": [None, "income", None, None],
                "satisfied": [True, False, True, None], "recognises_policy": [True, True, True, None],
                "recognises_cadre": [False, True, True, None],
            }
        ),
        "project": pd.DataFrame(
            {
                "project_id": ["J1", "J2", "J3"], "county_code": [COUNTY] * 3, "project_type": ["solar"] * 3,
                "stage": ["operating", "building", "proposed"], "town_review_on": days("2019-01-01", "2020-01-01", None),
                "county_approve_on": days("2019-02-01", "2020-02-01", None), "city_file_on": days("2019-03-01", None, None),
                "fund_year": [2019, 2020, 2020], "fund_amount": [200000.0, 100000.0, 60000.0],
                "expected_yield_rate": [0.10, 0.08, None], "beneficiaries": [40, 0, 20],
                "paper_complete": [True, False, None], "audit_findings": [0, 2, None],
                "term_years": [2, 1, None], "residual_rate": [1.0, 0.5, None], "households_linked": [20, 0, None],
            }
        ),
        **library(),
        **field(),
        "project_issue": pd.DataFrame(
            {
                "issue_id": ["I1", "I2", "I3"], "project_id": ["J1", "J2", "J2"], "issue_type": ["papers"] * 3,
                "severity": ["minor", "major", "minor"], "found_on": days("2020-09-10", "2020-10-01", "2020-12-01"),
                "due_on": days("2020-10-01", "2020-11-01", "2021-02-01"), "closed_on": days("2020-09-20", None, None),
            }
        ),
        "asset": pd.DataFrame(
            {
                "asset_id": ["S1", "S2"], "project_id": ["J1", "J2"], "asset_type": ["operating"] * 2,
                "original_value": [100000.0, 50000.0], "registered": [True, False], "operating_state": ["normal", "idle"],
                "on_three_assets_platform": [True, None], "annual_yield": [8000.0, 0.0],
                "operator_name": ["A", "B"],
            }
        ),
        "dividend": pd.DataFrame(
            {"asset_id": ["S1", "S2", "S1", "S1"], "year": [2020, 2020, 2020, 2019], "person_id": ["P1", "P1", "P3", "P3"],
             "amount": [300.0, 200.0, 500.0, 999.0], "paid_on": days("2020-11-30", None, "2020-11-30", "2019-12-01")}
        ),
        "special_post": pd.DataFrame(
            {
                "post_id": ["O1", "O2", "O3"], "village_code": ["371425101001"] * 3, "post_kind": ["help_old"] * 3,
                "holder_id": ["P2", "P4", "P1"], "start_on": days("2020-01-01", "2020-01-01", "2020-02-01"),
                "end_on": days(None, "2020-06-30", None), "served_person_ids": ["P1;P3", "P7", "P3"],
                "monthly_pay": [300.0, 300.0, 300.0],
            }
        ),
        "dwelling_check": pd.DataFrame(
            {
                "household_id": ["H1"] * 4 + ["H2"] * 4,
                "layer": ["county_self", "county_cross", "third_party", "city_review"] * 2,
                "grade_found": ["A", "A", "A", "A", "C", "B", "C", "C"], "passed": [True] * 4 + [False, True, False, False],
            }
        ),
        "assignment": pd.DataFrame(
            {"assignment_id": ["G1"], "cadre_id": ["C5"], "cadre_tier": ["village"], "target_kind": ["village"],
             "target_id": ["371425101001"]}
        ),
        "pupil_sponsor": pd.DataFrame(
            {"person_id": ["P6"], "sponsor_role": ["money"], "sponsor_id": ["X1"], "fund_amount": [800.0]}
        ),
        "elimination": pd.DataFrame(
            {
                "household_id": ["H5"], "eliminated_on": days("2020-06-30"), "net_income_per_head": [4500.0],
                "education_ok": [True], "medical_ok": [True], "house_safe": [True], "water_safe": [True],
            }
        ),
    }  # fmt: skip


def scores() -> Scores:
    """Relapse probabilities of H1, H3 and H5, and needs of all five, as round numbers."""
    risk = pd.DataFrame(
        {
            "household_id": ["H1", "H2", "H3", "H5"], "county_code": COUNTY, "town_code": "371425101",
            "probability": [0.1, None, 0.3, 0.02], "low": [0.05, None, 0.2, 0.01], "high": [0.2, None, 0.4, 0.03],
            "band": ["high", None, "high", "low"],
        }
    ).astype({"probability": float, "low": float, "high": float})  # fmt: skip
    hardship = pd.DataFrame(
        {
            "household_id": ["H1", "H2", "H3", "H4", "H5"], "county_code": COUNTY, "town_code": "371425101",
            "need": [10.0, 50.0, 30.0, 20.0, 40.0], "priority": [10.0, 45.0, 24.0, 20.0, 40.0],
            "sub_income": [0.0, 90.0, 50.0, 40.0, 0.0], "rank_county_low": [5, 1, 2, 3, 2],
            "rank_county_high": [5, 1, 4, 4, 3], "rank_need_county": [5, 1, 3, 4, 2],
        }
    )  # fmt: skip
    card = {"fitted": True, "why_not": "", "terms": [], "backtests": [], "base": -3.0, "base_se": 0.1}
    index = {"weights": [["income", "收入", "Income", 25.0]], "left_out": []}
    reasons = pd.DataFrame({"household_id": ["H1"], "reason": ["income_change"], "family": ["income"], "points": [4.0]})
    return Scores(risk, reasons, hardship, None, card, index)


@pytest.fixture(scope="session")
def parameters() -> Parameters:
    return read_parameters()


@pytest.fixture(scope="session")
def dezhou() -> Place:
    return read_place("dezhou")


@pytest.fixture(scope="session")
def hand_register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """The hand-made county with snapshots of 2019-12 and 2020-12 (the same households)."""
    folder = tmp_path_factory.mktemp("hand") / "register"
    with RegisterWriter(folder, place="dezhou") as writer:
        for month in ("2019-12", MONTH):
            writer.put("household", household(), month=month)
            writer.put("person", person(), month=month)
        for name, frame in tables().items():
            writer.put(name, frame)
        writer.commit(created="2020-12-31T00:00:00")
    return Register.open(folder)


@pytest.fixture
def county(hand_register: Register, parameters: Parameters, dezhou: Place) -> CountyData:
    """The hand-made county with its scores."""
    data = county_data(hand_register, COUNTY, MONTH, "2019-12", parameters, dezhou, None)
    return replace(data, scores=scores(), _kept={})


@pytest.fixture
def one_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parameters_folder: Callable[[Path], None]) -> None:
    """A catalogue of one item: 100 CNY a month for who is below the dibao line (5,300)."""
    parameters_folder(tmp_path)
    (tmp_path / "assistance" / "dezhou.yaml").write_text(
        "MZ01:\n  label: {zh: 低保, en: Dibao}\n  department: MZ\n  direction: livelihood\n  level: household\n"
        "  kind: cash\n  cadence: monthly\n  source: test\n  confidence: assumed\n"
        "  versions:\n    - {start: 2016-01-01, requires: [income_below_dibao], amount: {fixed: 100}}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("RELAPSE_RISK_PARAMS", str(tmp_path))


@pytest.fixture
def parameters_folder() -> Callable[[Path], None]:
    """Copies the parameter folder, to be changed by a test."""
    from shutil import copytree

    from relapse_risk.parameters import params_dir

    return lambda target: copytree(params_dir(), target, dirs_exist_ok=True) and None
