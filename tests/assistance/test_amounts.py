"""Amount rules by hand; a missing answer makes the amount unknown, never zero."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from relapse_risk.assistance.amounts import compulsory_school_allowance, dibao_top_up, tekun_base
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.predicates import setting_on

# On this day: dibao 5,300 a year, destitute support 1.3 times that (params/lines.yaml, params/thresholds.yaml).
SETTING = setting_on(read_parameters(), read_place("dezhou"), date(2020, 12, 31))


def test_the_top_up_closes_the_gap_to_the_line_and_never_takes_anything_back() -> None:
    """(5,300 - 4,100) x 2 / 12 = 200; nothing at or above the line; what the income is nobody knows."""
    homes = pd.DataFrame({"income_pc_year": [4100.0, 5300.0, 9000.0, None], "size": [2, 1, 3, 1]})
    assert dibao_top_up(homes, SETTING).tolist()[:3] == [200.0, 0.0, 0.0]
    assert pd.isna(dibao_top_up(homes, SETTING).iloc[3])


def test_a_destitute_person_gets_the_line_times_the_ratio_by_month() -> None:
    """5,300 x 1.3 / 12 = 574.17, the same for everybody, on the rows that were given."""
    found = tekun_base(pd.DataFrame({"age": [70, 80]}, index=[4, 9]), SETTING)
    assert found.round(2).to_dict() == {4: 574.17, 9: 574.17}


@pytest.mark.parametrize(
    ("stage", "boarder", "half_a_term"),
    [
        ("primary", True, 500.0),  # 1,000 a year
        ("junior", True, 625.0),  # 1,250
        ("primary", False, 250.0),  # 500
        ("junior", False, 312.5),  # 625
        ("junior", None, 312.5),  # nobody said that the pupil boards
        ("senior", False, None),
        (None, True, None),
    ],
)
def test_the_school_allowance_by_stage_and_boarding(
    stage: str | None, boarder: bool | None, half_a_term: float
) -> None:
    found = compulsory_school_allowance(pd.DataFrame({"student_stage": [stage], "boarder": [boarder]}), SETTING).iloc[0]
    assert pd.isna(found) if half_a_term is None else found == half_a_term


def test_columns_nobody_collected_leave_the_allowance_unknown_or_at_the_day_rate() -> None:
    pupils = pd.DataFrame({"student_stage": ["primary"]}, index=[7])
    assert compulsory_school_allowance(pupils, SETTING).to_dict() == {7: 250.0}
    assert compulsory_school_allowance(pd.DataFrame({"boarder": [True]}), SETTING).isna().tolist() == [True]
