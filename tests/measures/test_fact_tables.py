"""A fact table is of columns there are: what it needs is checked as it is declared."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.assessment import INDICATORS, TABLES
from relapse_risk.errors import SchemaError
from relapse_risk.measures import FactColumn, FactTable
from relapse_risk.parameters import read_parameters


def declared(*needs: str, codes: str = "sex") -> FactTable:
    return FactTable("homes", 5, (FactColumn("sex", "code", codes=codes),), needs, lambda data: pd.DataFrame())


@pytest.mark.parametrize(
    ("need", "words"),
    [
        ("household.dweling_grade", "fact table homes: needs: unknown column of household; got 'dweling_grade'.*'dwelling_grade'"),
        ("houshold", "unknown table; got 'houshold'.*did you mean 'household'"),
        ("household.household_class=ordinery", "unknown word of household_class; got 'ordinery'.*did you mean 'ordinary'"),
        ("scores.rsik", "unknown score; got 'scores.rsik'.*did you mean 'scores.risk'"),
    ],
)  # fmt: skip
def test_a_misspelt_need_is_named_with_the_nearest(need: str, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        declared(need)


def test_a_misspelt_code_list_is_named_with_the_nearest() -> None:
    with pytest.raises(SchemaError, match=r"fact column sex: codes: unknown code list; got 'sxe'.*did you mean 'sex'"):
        declared("person", codes="sxe")


def test_what_is_there_is_taken() -> None:
    needs = (
        "household",
        "household.dwelling_grade",
        "household.household_class=ordinary",
        "scores.risk",
        "place_fact:x",
    )
    assert declared(*needs).needs == needs


def test_tables_name_parameters_that_there_are() -> None:
    limits = read_parameters().by_name
    columns = [column for table in TABLES for column in table.columns]
    assert {one.limit for one in (*columns, *INDICATORS)} - {""} <= set(limits)
