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
