"""A household's plan adds up, by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.assistance import read_catalogue
from relapse_risk.assistance.plan import household_plan, read_measures
from relapse_risk.errors import ModelError, ParameterError
from relapse_risk.parameters import params_dir

DAY = date(2020, 12, 31)
CATALOGUE, MEASURES = read_catalogue("dezhou"), read_measures()
HOME = pd.Series({
    "household_id": "H1", "county_code": "371425", "size": 2, "income_pc_year": 3600.0, "poverty_line": 4000.0,
    "cause_main": "illness", "cause_other_1": "disability", "cause_other_2": None, "responsible_cadre_id": "C7", "weekly_class": True,
})  # fmt: skip
CLAIMS = pd.DataFrame({
    "household_id": "H1", "item_code": ["MZ07", "MZ01", "WJ02", "CL02", "MZ04"], "person_id": ["P1", None, "P1", None, None],
    "state": ["yes", "yes", "yes", "yes", "cannot_tell"], "amount_year": [1200.0, 2400.0, 0.0, 3500.0, 5000.0],
    "receipt": [None, "receiving", None, None, None],
})  # fmt: skip
JOBS = pd.DataFrame({"household_id": ["H1", "H1"], "person_id": ["P1", "P2"], "opening_id": ["V1-1", None], "kind": ["vacancy", None],
                     "monthly_pay": [1500.0, None], "outcome": ["placed", "taken"], "zh": "", "en": ""})  # fmt: skip


def test_expected_income_is_the_sum_of_its_lines() -> None:
    """3,600 now; MZ07 is the one cash claim missing: 1,200 / 2; one job: 1,500 × 12 / 2; in all 13,200 a head."""
    found = household_plan(HOME, CLAIMS, JOBS, CATALOGUE, MEASURES, DAY)
    assert found.income.set_index("line")["per_head"].to_dict() == {
        "now": 3600.0,
        "claims": 600.0,
        "work": 9000.0,
        "expected": 13200.0,
    }
    assert found.income["per_head"].iloc[:3].sum() == found.income["per_head"].iloc[3]


def test_what_is_missing_comes_first_with_a_day() -> None:
    claims = household_plan(HOME, CLAIMS, JOBS, CATALOGUE, MEASURES, DAY).claims
    assert claims["state"].tolist() == ["missing", "missing", "missing", "cannot_tell", "receiving"]
    assert claims["due_on"].notna().tolist() == [True, True, True, False, False]


def test_measures_follow_the_causes() -> None:
    found = household_plan(HOME, CLAIMS, JOBS, CATALOGUE, MEASURES, DAY)
    assert found.measures["cause"].tolist() == ["illness", "illness", "disability", "disability"]
    assert found.measures["due_on"].iloc[0] == pd.Timestamp(2021, 1, 30)  # 30 days after 31 December
    assert (found.officer, found.visit_due_on) == ("C7", date(2021, 1, 7))


def test_rows_of_another_household_are_refused() -> None:
    with pytest.raises(ModelError, match="plan of H1: jobs: rows of another household; got 'H2'"):
        household_plan(HOME, CLAIMS, JOBS.assign(household_id="H2"), CATALOGUE, MEASURES, DAY)


def test_a_cause_without_a_measure_is_named(tmp_path: Path) -> None:
    text = (params_dir() / "measures.yaml").read_text(encoding="utf-8")
    for file in ("lines.yaml", "thresholds.yaml"):
        (tmp_path / file).write_bytes((params_dir() / file).read_bytes())
    (tmp_path / "measures.yaml").write_text(text.replace("illness:", "ilness:"), encoding="utf-8")
    with pytest.raises(ParameterError, match=r"measures.yaml: unknown cause; got 'ilness', .*did you mean 'illness'"):
        read_measures(tmp_path)
    (tmp_path / "measures.yaml").write_text(text.replace("department: YB", "department: XX"), encoding="utf-8")
    with pytest.raises(ParameterError, match=r"measures\.yaml: illness: unknown department; got 'XX'"):
        read_measures(tmp_path)


def plan(home: pd.Series = HOME, claims: pd.DataFrame = CLAIMS, jobs: pd.DataFrame = JOBS):  # type: ignore[no-untyped-def]
    return household_plan(home, claims, jobs, CATALOGUE, MEASURES, DAY)


def test_a_plan_says_whose_it_is_and_when_to_call() -> None:
    found = plan()
    assert (found.household_id, found.county_code, found.officer, found.line) == ("H1", "371425", "C7", 4000.0)
    for weekly, due in ((False, date(2021, 1, 31)), (None, date(2021, 1, 31)), (1, date(2021, 1, 7))):
        assert plan(pd.concat([HOME.drop("weekly_class"), pd.Series({"weekly_class": weekly})])).visit_due_on == due
    assert plan(HOME.drop("weekly_class")).visit_due_on == date(2021, 1, 31)
    assert plan(HOME.drop("responsible_cadre_id")).officer == ""
    assert plan(pd.concat([HOME.drop("responsible_cadre_id"), pd.Series({"responsible_cadre_id": None})])).officer == ""


def test_a_measure_names_its_department_and_day_once_for_each_cause() -> None:
    """The file asks 30 days of the aids and 90 of the conversions; a cause named twice is met once, an unknown one not."""
    found = plan(
        pd.concat(
            [
                HOME.drop(["cause_other_1", "cause_other_2"]),
                pd.Series({"cause_other_1": "illness", "cause_other_2": "flood"}),
            ]
        )
    ).measures
    assert list(found.columns) == ["cause", "zh", "en", "department", "due_on", "confidence"]
    assert found.to_numpy().tolist() == [
        ["illness", "医保、大病保险和医疗救助“一站式”结算", "Insurance, serious-illness cover and medical aid settled at once", "YB",
         pd.Timestamp("2021-01-30"), "documented"],
        ["illness", "家庭医生签约随访", "Family doctor follow-up", "WJ", pd.Timestamp("2021-01-30"), "documented"],
    ]  # fmt: skip
    none = plan(HOME.drop(["cause_main", "cause_other_1", "cause_other_2"])).measures
    assert list(none.columns) == list(found.columns)
    assert len(none) == 0
    disabled = plan().measures.iloc[-1]
    assert disabled[["cause", "department", "due_on"]].tolist() == [
        "disability",
        "CL",
        pd.Timestamp("2021-03-31"),
    ]  # 90 days


def test_a_claim_in_the_plan_says_what_for_by_whom_and_by_when() -> None:
    """MZ07 has no statutory days: 30; MZ01 would have 30, MZ04 three."""
    claims = pd.DataFrame({
        "household_id": "H1", "item_code": ["MZ04", "MZ07", "MZ01", "MZ08", "WJ02"], "person_id": [None, "P1", None, "P1", "P1"], "state": "yes",
        "amount_year": [5000.0, 1200.0, 2400.0, 1200.0, 0.0], "receipt": [None, None, "refused", "pending", "receiving"],
    })  # fmt: skip
    found = plan(claims=claims).claims
    assert list(found.columns) == [
        "item_code", "zh", "en", "department", "person_id", "state", "amount_year", "reason_zh", "reason_en", "due_on", "confidence",
    ]  # fmt: skip
    assert found[["item_code", "state"]].to_numpy().tolist() == [
        ["MZ04", "missing"], ["MZ07", "missing"], ["MZ08", "pending"], ["MZ01", "refused"], ["WJ02", "receiving"],
    ]  # fmt: skip
    assert found["due_on"].tolist()[:2] == [pd.Timestamp("2021-01-03"), pd.Timestamp("2021-01-30")]
    assert found["due_on"].isna().tolist() == [False, False, True, True, True]
    first = found.iloc[1]
    assert first[["zh", "en", "department", "person_id", "amount_year", "confidence"]].tolist() == [
        "困难残疾人生活补贴", "Living subsidy for disabled persons in hardship", "MZ", "P1", 1200.0, "from_memory",
    ]  # fmt: skip
    dibao = found.set_index("item_code").loc["MZ01"]
    assert dibao["reason_zh"] == "人均纯收入低于低保标准（不计低保、特困供养金）；财产核对通过"
    assert dibao["reason_en"].endswith("the property test is passed")


def test_what_is_not_yet_sure_adds_nothing_to_the_expected_income() -> None:
    """Only cash that is missing counts: not what may be, what is in kind, what is received, or of unknown worth."""
    claims = pd.DataFrame({
        "household_id": "H1", "item_code": ["MZ07", "MZ08", "CL02", "MZ01", "MZ04"], "person_id": None,
        "state": ["yes", "yes", "yes", "yes", "cannot_tell"], "amount_year": [1200.0, None, 3500.0, 2400.0, 5000.0],
        "receipt": [None, None, None, "pending", None],
    })  # fmt: skip
    jobs = JOBS.assign(outcome=["no_fit", "taken"])
    assert plan(claims=claims, jobs=jobs).income.to_dict("split") == {
        "index": [0, 1, 2, 3], "columns": ["line", "per_head"],
        "data": [["now", 3600.0], ["claims", 600.0], ["work", 0.0], ["expected", 4200.0]],
    }  # fmt: skip
    unknown = plan(pd.concat([HOME.drop("income_pc_year"), pd.Series({"income_pc_year": None})]), claims, jobs).income[
        "per_head"
    ]
    assert unknown.isna().tolist() == [True, False, False, True]


def test_nothing_to_match_is_no_fault_and_the_jobs_are_kept_as_they_are() -> None:
    assert plan(jobs=JOBS.iloc[:0]).income["per_head"].tolist() == [3600.0, 600.0, 0.0, 4200.0]
    jobs = plan(jobs=JOBS.set_axis([5, 6])).jobs
    assert jobs.index.tolist() == [0, 1]
    assert jobs["opening_id"].tolist()[0] == "V1-1"
    with pytest.raises(ModelError, match="plan of H1: claims: rows of another household; got 'H3'"):
        plan(claims=CLAIMS.assign(household_id=["H1", "H1", "H1", "H1", "H3"]))
