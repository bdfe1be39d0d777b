"""Readers: the same rows from every kind of source, and nothing a spreadsheet hides taken for granted."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from relapse_risk.errors import SourceError
from relapse_risk.register.csv_files import decoded
from relapse_risk.register.databases import describe_url, read_database
from relapse_risk.register.mapping import SourceMapping
from relapse_risk.register.readers import read_source

ROWS = [["H1", "371425101001", "2"], ["H2", "371425101001", "1"]]
HEADERS = ["户编号", "村代码", "家庭人口数"]


def mapping(kind: str, **changes: Any) -> SourceMapping:
    top = {key: changes.pop(key) for key in ("separator", "encoding") if key in changes}
    return SourceMapping.model_validate(
        {
            "name": "m",
            "label": {"zh": "户", "en": "homes"},
            "kind": kind,
            **top,
            "tables": [{"table": "household", "source": "*" if kind != "excel" else "户", **changes}],
        }
    )


def workbook(path: Path, rows: list[list[Any]], **page: Any) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = page.get("title", "户")
    for row in rows:
        sheet.append(row)
    for cells in page.get("merge", ()):
        sheet.merge_cells(cells)
    book.save(path)
    return path


def table(path: Path, mapped: SourceMapping) -> list[list[Any]]:
    (raw,) = read_source(path, mapped).tables
    return raw.frame.to_numpy().tolist()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_csv_in_the_encodings_and_separators_offices_use(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "户.csv"
    path.write_bytes("\r\n".join(separator.join(row) for row in [HEADERS, *ROWS]).encode(encoding))
    assert table(path, mapping("csv")) == ROWS


def test_a_character_only_gb18030_has(tmp_path: Path) -> None:
    # U+3400 stands in GB18030 as four bytes and in no older Chinese encoding.
    assert decoded("㐀".encode("gb18030"), "a.csv") == "㐀"
    assert "㐀".encode("gb18030") == b"\x81\x39\xee\x39"


def test_utf_8_with_one_damaged_byte_is_not_read_as_gb18030(tmp_path: Path) -> None:
    whole = "name,village\nx,示例村\ny,另一个村子\n".encode()
    damaged = whole.replace("例".encode(), "例".encode()[:2] + b"\x20")
    with pytest.raises(SourceError, match="line 2"):
        decoded(damaged, "a.csv")


def test_csv_rows_are_numbered_by_the_line_they_begin_on(tmp_path: Path) -> None:
    path = tmp_path / "户.csv"
    path.write_text('户编号,村代码,家庭人口数\n\nH1,"37\n1",2\nH2,1,1\n', encoding="utf-8")
    (raw,) = read_source(path, mapping("csv")).tables
    assert raw.rows.tolist() == [3, 5]


def test_a_workbook_row_is_numbered_as_the_spreadsheet_numbers_it(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["表"], HEADERS, ROWS[0], [None, None, None], ROWS[1]])
    (raw,) = read_source(path, mapping("excel", header_row=2)).tables
    assert raw.rows.tolist() == [3, 5]
    assert raw.frame.to_numpy().tolist() == ROWS


@pytest.mark.parametrize("header", ["户 编号", "户\n编号", "户编号 ", "household_id", "HOUSEHOLD ID", "Ｈousehold id"])
def test_a_header_is_the_same_whatever_its_blanks_breaks_and_case(tmp_path: Path, header: str) -> None:
    path = workbook(tmp_path / "a.xlsx", [[header, *HEADERS[1:]], *ROWS])
    assert table(path, mapping("excel")) == ROWS


def test_merged_data_cells_are_filled_only_where_the_mapping_says_so(tmp_path: Path) -> None:
    rows = [HEADERS, ["H1", "371425101001", "2"], ["H2", None, "1"]]
    path = workbook(tmp_path / "a.xlsx", rows, merge=["B2:B3"])
    assert table(path, mapping("excel", fill_merged=True)) == ROWS
    with pytest.raises(SourceError, match="B2:B3"):
        read_source(path, mapping("excel"))


def test_a_merged_title_above_the_headers_is_no_fault(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["户信息表"], HEADERS, *ROWS], merge=["A1:C1"])
    assert table(path, mapping("excel", header_row=2)) == ROWS


def test_columns_without_header_and_sheets_not_mapped_are_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "户"
    for row in [HEADERS, [*ROWS[0], "x"]]:
        sheet.append(row)
    book.create_sheet("草稿").sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    notes = " ".join(read_source(tmp_path / "a.xlsx", mapping("excel")).notes)
    assert "column D has no header" in notes
    assert "sheet 草稿 was not read (hidden)" in notes


def test_saved_results_of_formulas_are_read_and_said(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("户")
        sheet.write_row(0, 0, HEADERS)
        sheet.write_row(1, 0, ["H1", "371425101001"])
        sheet.write_formula(1, 2, "=1+1", None, 2)
    source = read_source(tmp_path / "a.xlsx", mapping("excel"))
    assert source.tables[0].frame["家庭人口数"].tolist() == [2.0]
    assert [note for note in source.notes if "家庭人口数 holds 1 formulas" in note]


def test_true_dates_of_both_epochs_are_the_same_day(tmp_path: Path) -> None:
    for epoch in (openpyxl.utils.datetime.WINDOWS_EPOCH, openpyxl.utils.datetime.CALENDAR_MAC_1904):
        book = openpyxl.Workbook()
        book.epoch = epoch
        book.active.title = "户"
        book.active.append([*HEADERS, "识别监测时间"])
        book.active.append([*ROWS[0], date(2020, 3, 1)])
        book.save(tmp_path / "a.xlsx")
        (raw,) = read_source(tmp_path / "a.xlsx", mapping("excel")).tables
        assert raw.frame["识别监测时间"].tolist() == [date(2020, 3, 1)]


def test_locks_of_open_workbooks_are_passed_over(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", [HEADERS, *ROWS])
    (tmp_path / "~$a.xlsx").write_bytes(b"lock")
    assert len(read_source(tmp_path, mapping("excel")).tables) == 1


def test_parquet_keeps_integers_with_gaps_whole(tmp_path: Path) -> None:
    data = pa.table({"household_id": ["H1", "H2"], "village_code": ["1", "1"], "household_size": [2, None]})
    pq.write_table(data, tmp_path / "a.parquet")
    (raw,) = read_source(tmp_path / "a.parquet", mapping("parquet")).tables
    assert raw.frame["household_size"].dtype == pd.Int64Dtype()


def test_a_password_is_never_shown() -> None:
    assert describe_url("mysql+pymysql://u:pa%40ss@h/d") == "mysql+pymysql://u:***@h/d"
    assert "hemlig" not in describe_url("::: u:hemlig@h")
    with pytest.raises(SourceError) as caught:
        read_database("sqlite://u:hemlig@/nowhere/none.db", mapping("sql", source="SELECT 1"))
    assert "hemlig" not in str(caught.value)


def test_the_digest_tells_files_apart_and_not_their_names(tmp_path: Path) -> None:
    for name, size in (("a.csv", "2"), ("b.csv", "2"), ("c.csv", "3")):
        (tmp_path / name).write_text(f"户编号,村代码,家庭人口数\nH1,1,{size}\n", encoding="utf-8")
    a, b, c = (read_source(tmp_path / name, mapping("csv")).digest for name in ("a.csv", "b.csv", "c.csv"))
    assert a == b != c
