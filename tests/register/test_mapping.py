"""Mappings: what a column of a source becomes, cell by cell."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relapse_risk.errors import SourceError
from relapse_risk.register.candidates import candidates
from relapse_risk.register.cell_readers import Refused, code_reader, date_reader, number_reader, read_text, read_yes_no
from relapse_risk.register.conversions import CONVERSIONS
from relapse_risk.register.mapping import SourceMapping, column_headers, sheet_name
from relapse_risk.register.raw_tables import RawTable, match_headers
from relapse_risk.schema import code_lists, table, tables


def offered(
    columns: dict[str, list[Any]], entry: dict[str, Any], **top: Any
) -> tuple[pd.DataFrame, list[tuple[Any, ...]]]:
    """The candidate frame of one table and its refused cells, from columns as a source holds them."""
    mapping = SourceMapping.model_validate(
        {"name": "m", "label": {"zh": "表", "en": "t"}, "kind": "csv", **top, "tables": [{"source": "*", **entry}]}
    )
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})
    match = match_headers(list(columns), mapping.entries[0], "test")
    raw = RawTable(mapping.entries[0], "test", frame, np.arange(1, len(frame) + 1), match)
    found = candidates([raw], mapping, month="2020-12")[entry["table"]]
    return found.frame, [(c.row, c.column, c.rule) for c in found.refused]


@pytest.mark.parametrize(
    "text",
    ["2020-03-01", "2020/3/1", "2020.03.01", "2020年3月1日", "20200301", "2020-03-01 08:30", "２０２０-０３-０１",
     date(2020, 3, 1), datetime(2020, 3, 1, 8, 30)],
)  # fmt: skip
def test_every_usual_way_to_write_a_day(text: object) -> None:
    assert date_reader()(text) == date(2020, 3, 1)


@pytest.mark.parametrize("text", ["20/3/1", "1.3.2020", "三月一日", "2020-13-01"])
def test_a_day_that_could_be_read_two_ways_is_left_for_the_type_check(text: str) -> None:
    found = date_reader()(text)
    assert isinstance(found, str)


def test_excel_day_numbers_count_from_1900() -> None:
    # Excel shows 43891 as 2020-03-01 and 1 January 1970 as 25569.
    assert date_reader(("serial",))(43891) == date(2020, 3, 1)
    assert date_reader(("serial",))("25569") == date(1970, 1, 1)


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_a_date_survives_its_usual_forms(day: date) -> None:
    read = date_reader()
    assert read(day.isoformat()) == read(f"{day:%Y%m%d}") == read(f"{day.year}年{day.month}月{day.day}日") == day


@pytest.mark.parametrize(
    ("given_", "number"),
    [("1,234.5", 1234.5), ("１２３", 123.0), (" 5 ", 5.0), (Decimal("2.50"), 2.5), ("-3", -3.0), ("1e3", 1000.0)],
)
def test_every_usual_way_to_write_a_number(given_: object, number: float) -> None:
    assert number_reader()(given_) == number


@pytest.mark.parametrize("text", ["1,23", "12,34.5", "1 200", "3元", "1_000", "", "两"])
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    assert number_reader()(text) == text


@given(st.decimals(min_value=0, max_value=10**6, places=4))
def test_ten_thousand_yuan_are_multiplied_as_by_hand(amount: Decimal) -> None:
    assert number_reader(10_000)(str(amount)) == float(amount * 10_000)


@pytest.mark.parametrize(
    ("text", "truth"), [("是", True), ("有", True), ("√", True), ("否", False), ("无", False), ("N", False)]
)
def test_yes_and_no_in_the_words_of_forms(text: str, truth: bool) -> None:
    assert read_yes_no(text) is truth


def test_every_code_is_read_from_its_word_and_both_labels() -> None:
    for codes in code_lists().values():
        read = code_reader(codes)
        for code in codes.codes:
            assert (
                read(code.word)
                == read(code.label.zh)
                == read(code.label.en)
                == read(f"{code.number}-{code.label.zh}")
                == code.word
            )


def test_a_code_number_is_read_only_where_somebody_vouches_for_it() -> None:
    for codes in code_lists().values():
        for code in codes.codes:
            assert code_reader(codes, numbers=True)(code.number) == code.word
            if str(code.number).isdigit():
                assert code_reader(codes)(code.number) == Refused("code_number")


@given(st.integers(10**15, 10**21))
def test_no_long_number_comes_out_of_a_number_cell(number: int) -> None:
    assert read_text(float(number)) == Refused("digits_lost")
    assert read_text(f"{float(number):.5E}") == Refused("digits_lost")


def test_the_first_header_that_is_there_counts() -> None:
    entry = {"table": "village", "columns": {"village_code": "村", "village_name_zh": ["新村名", "村名"]}}
    frame, _ = offered({"村": ["1"], "村名": ["甲"]}, entry)
    assert frame["village_name_zh"].tolist() == ["甲"]


def test_values_constants_suffixes_and_factors() -> None:
    entry = {
        "table": "income",
        "columns": {
            "household_id": {"header": "户", "suffix": "-a"},
            "period_end": {"header": ["年", "季"], "convert": "quarter_end_month"},
            "months": {"constant": 3},
            "wage_income": {"header": "工资(万元)", "unit_factor": 10000},
        },
    }
    frame, refused = offered(
        {"户": ["1", "2"], "年": [2015, 2015], "季": [2, 7], "工资（万元）": ["0.57", None]}, entry
    )
    assert frame.iloc[0].tolist() == ["1-a", "2015-06", 3, 5700.0]
    assert refused == [(1, "period_end", "not_convertible")]


def test_yaml_truths_and_numbers_name_cells() -> None:
    columns = {"household_id": "户", "has_tv": {"header": "电视", "values": {1: True, 2: False, "true": True, 9: None}}}
    frame, refused = offered(
        {"户": list("abcde"), "电视": [1, 2.0, True, "9", 3]}, {"table": "household", "columns": columns}
    )
    assert [value if value is not pd.NA else None for value in frame["has_tv"]] == [True, False, True, None, None]
    assert refused == [(4, "has_tv", "value_not_listed")]


def test_one_and_true_in_one_column_are_not_confused() -> None:
    frame, _ = offered({"户编号": [1, True, 1.0]}, {"table": "household"})
    assert frame["household_id"].tolist() == ["1", "true", "1"]


def test_repeated_rows_are_one_where_the_mapping_says_so() -> None:
    entry = {"table": "village", "distinct": True, "columns": {"village_code": "村代码"}}
    frame, _ = offered({"村代码": ["1", "2", "1"]}, entry)
    assert frame["village_code"].tolist() == ["1", "2"]


def test_several_risks_in_one_cell() -> None:
    frame, _ = offered({"户编号": ["H1"], "返(致)贫风险": ["因病、因残"]}, {"table": "household"})
    assert frame["monitor_risk_types"].tolist() == ["illness;disability"]


def test_a_column_empty_in_every_row_was_not_collected() -> None:
    frame, _ = offered({"户编号": ["H1"], "有电视": [None]}, {"table": "household"})
    assert "has_tv" not in frame


def test_the_month_given_fills_rows_that_do_not_say_theirs() -> None:
    frame, _ = offered({"户编号": ["H1", "H2"], "数据月份": ["2020-12", None]}, {"table": "household"})
    assert frame["snapshot_month"].tolist() == ["2020-12", "2020-12"]


def test_rows_that_say_another_month_than_the_one_given_stop_the_import() -> None:
    with pytest.raises(SourceError, match=r"1 of 2 rows say another month.*got '2020-11', expected 2020-12"):
        offered({"户编号": ["H1", "H2"], "数据月份": ["2020-11", None]}, {"table": "household"})


def test_labels_are_headers_of_one_column_only() -> None:
    for spec in tables().values():
        headers = [header for column in spec.columns for header in set(column_headers(column))]
        assert len(headers) == len(set(headers)), spec.name


def test_sheet_names_are_ones_a_workbook_may_have() -> None:
    for language in ("zh", "en"):
        names = [sheet_name(spec, language) for spec in tables().values()]
        assert len({name.lower() for name in names}) == len(names)
        assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_every_conversion_says_what_it_does_and_refuses_nonsense() -> None:
    for conversion in CONVERSIONS.values():
        assert conversion.what
        assert conversion.convert(*["毫无意义"] * conversion.takes) == Refused("not_convertible")


def test_a_column_is_known_by_its_name_with_blanks() -> None:
    """Workbooks handed out before a label was changed have such headers."""
    assert "household id" in column_headers(table("household").column("household_id"))
