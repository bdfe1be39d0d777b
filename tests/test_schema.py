"""The dictionary is whole, and check_table refuses what does not fit."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.errors import SchemaError
from relapse_risk.schema import (
    TYPES,
    check_table,
    code_list,
    code_lists,
    empty_table,
    table,
    tables,
    to_arrow,
    to_pandas,
)


def test_every_column_is_declared_whole() -> None:
    for spec in tables().values():
        assert set(spec.key) <= set(spec.names), spec.name
        assert spec.county_from is None or spec.county_from in spec.names, spec.name
        assert len(set(spec.names)) == len(spec.names), spec.name
        for column in spec.columns:
            assert column.type in TYPES, column
            assert column.label.zh, column
            assert column.label.en, column
            assert (column.type == "code") <= (column.codes in code_lists()), column
            assert not column.refers_to or column.refers_to in tables(), column


def test_every_code_word_and_number_is_unique_and_labelled() -> None:
    for codes in code_lists().values():
        assert len(set(codes.words)) == len(codes.codes), codes.name
        assert len({str(code.number) for code in codes.codes}) == len(codes.codes), codes.name
        assert all(code.label.zh and code.label.en for code in codes.codes), codes.name
        assert codes.confidence in {"high", "medium", "low"}, codes.name


def test_published_code_numbers() -> None:
    """Twelve causes in the order of the 2014 registration form; certificate digit 19 runs to 7."""
    assert [code.label.zh for code in code_list("poverty_cause").codes][:4] == ["因病", "因残", "因学", "因灾"]
    assert len(code_list("poverty_cause").codes) == 12
    assert max(int(code.number) for code in code_list("disability_type").codes) == 7


@pytest.mark.parametrize("name", list(tables()))
def test_an_empty_table_survives_the_trip_to_arrow_and_back(name: str) -> None:
    empty = empty_table(name)
    back = to_pandas(to_arrow(empty, name), name)
    pd.testing.assert_frame_equal(back, empty)


def test_missing_values_are_null_on_disk() -> None:
    frame = check_table(pd.DataFrame({"household_id": ["h1"], "period_end": ["2020-12"]}), "income")
    arrow = to_arrow(frame, "income")
    assert arrow["wage_income"].null_count == 1
    assert arrow["months"].null_count == 1


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"village_code": ["1"], "vilage_name": ["x"]}, "unknown column; got 'vilage_name'"),
        ({"village_code": ["1", "1"]}, "same key twice"),
        ({"village_code": [None]}, "empty key"),
        ({"village_code": ["1"], "households_total": ["many"]}, "column households_total: not a int"),
        ({"village_code": ["1"], "collective_income": [float("inf")]}, "infinite value"),
        ({"village_code": ["1"], "idle_land_type": ["swamp"]}, "unknown code word in row 0; got 'swamp'"),
    ],
)
def test_a_frame_that_does_not_fit_is_named(frame: dict[str, list[object]], words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        check_table(pd.DataFrame(frame), "village")


def test_the_input_frame_is_not_changed() -> None:
    frame = pd.DataFrame({"village_code": ["1"], "households_total": ["3"]})
    checked = check_table(frame, "village")
    assert frame["households_total"].tolist() == ["3"]
    assert checked["households_total"].tolist() == [3]


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(SchemaError, match="did you mean 'household'"):
        table("houshold")
    with pytest.raises(SchemaError, match="did you mean 'dwelling_grade'"):
        table("household").column("dweling_grade")
    with pytest.raises(SchemaError, match="poverty_cause"):
        code_list("poverty_causes")
