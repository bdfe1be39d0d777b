"""Lists beside the reminders: whose they are, what they show, and that a clerk can read them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.assistance import department_lists, judge, read_catalogue
from relapse_risk.assistance.department_lists import COLUMNS, LISTS, WorkList, told_list
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register

CATALOGUE, PARAMETERS, PLACE = read_catalogue("dezhou"), read_parameters(), read_place("dezhou")


def test_every_list_belongs_to_a_department_of_the_catalogue_and_its_columns_have_words() -> None:
    assert {spec.department for spec in LISTS.values()} <= {item.department for item in CATALOGUE.items}
    assert {name for spec in LISTS.values() for name in spec.columns} == set(COLUMNS)


def test_a_list_is_told_in_words_of_both_languages() -> None:
    """Worked out by hand: codes, days, yes and no, and the helpers a pupil lacks, as somebody reads them."""
    frame = pd.DataFrame({
        "household_id": ["H1"], "tekun": [True], "due_on": pd.to_datetime(["2021-01-10"]), "kind": ["post"],
        "student_stage": ["primary"], "lacking": ["will, money"], "need": [12.345],
    })  # fmt: skip
    zh = told_list(WorkList("unsponsored", frame), "zh")
    assert zh.iloc[0].tolist() == ["H1", "是", "2021-01-10", "村级公益专岗", "小学", "扶志、扶资", 12.3]
    en = told_list(WorkList("unsponsored", frame), "en")
    assert en.iloc[0].tolist()[1:4] == ["yes", "2021-01-10", "village special post"]
    assert list(en.columns)[:2] == ["Household", "Destitute"]


@pytest.mark.parametrize("department", sorted({spec.department for spec in LISTS.values()}))
def test_the_lists_of_a_county_are_of_its_own_households_only(small_register: Path, department: str) -> None:
    register = Register.open(small_register)
    county = register.counties[0]
    at = judge(register, register.months[-1], CATALOGUE, PARAMETERS, PLACE)
    found = department_lists(register, at, county, PARAMETERS, PLACE, department)
    assert [one.name for one in found] == [name for name, spec in LISTS.items() if spec.department == department]
    alone = judge(register, register.months[-1], CATALOGUE, PARAMETERS, PLACE, county)
    again = department_lists(register, alone, county, PARAMETERS, PLACE, department)
    for one, other in zip(found, again, strict=True):
        assert tuple(one.frame.columns) == LISTS[one.name].columns
        pd.testing.assert_frame_equal(one.frame, other.frame)
        if "household_id" in one.frame:
            assert set(one.frame["household_id"].str[1:7]) <= {county}
