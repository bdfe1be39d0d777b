"""One broken source per way to go wrong: the import stops, says what, where and what to do, and writes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relapse_risk.errors import RelapseRiskError
from relapse_risk.register.importing import import_source
from relapse_risk.register.mapping import SourceMapping

FILES = Path(__file__).parent / "files"
AS_OF = date(2020, 12, 31)
HEADERS = ["村代码", "县代码", "村名"]
ROW = ["371425101001", "371425", "示例村"]
Make = Callable[[Path], tuple[str | Path, SourceMapping | str]]
CASES: list[Any] = []


def mapping(kind: str, **changes: Any) -> SourceMapping:
    """Villages from a source of ``kind``: by labels, every row needed."""
    table = {"table": "village", "source": "SELECT * FROM village" if kind == "sql" else "*"}
    if kind == "excel":
        table["source"] = "行政村"
    return SourceMapping.model_validate(
        {
            "name": "broken",
            "label": {"zh": "坏", "en": "broken"},
            "kind": kind,
            "place": "dezhou",
            "tables": [{**table, **changes}],
        }
    )


def case(*words: str) -> Callable[[Make], Make]:
    """A broken source and the words its error must hold."""

    def keep(make: Make) -> Make:
        CASES.append(pytest.param(make, words, id=make.__name__))
        return make

    return keep


def workbook(path: Path, rows: list[list[Any]], sheet: str = "行政村", **change: Any) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(row)
    for cells in change.get("merge", ()):
        page.merge_cells(cells)
    if change.get("hidden"):
        page.sheet_state = "hidden"
        book.create_sheet("其他")
    book.save(path)
    return path


def text(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


GOOD_CSV = ",".join(HEADERS) + "\n" + ",".join(ROW) + "\n"


@case("cannot be decoded as utf-8 or gb18030", "line 2", "save it as CSV UTF-8")
def csv_in_no_known_encoding(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.csv", GOOD_CSV.encode("utf-8")[:-2] + b"\xff\xff\n"), mapping("csv")


@case("cannot be decoded as ascii", "line 1")
def csv_not_in_the_encoding_stated(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.csv", GOOD_CSV), mapping("csv").model_copy(update={"encoding": "ascii"})


@case("unknown encoding", "got 'utf-9'")
def csv_encoding_that_does_not_exist(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.csv", GOOD_CSV), mapping("csv").model_copy(update={"encoding": "utf-9"})


@case("not text: the file contains zero bytes")
def csv_with_zero_bytes(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.csv", b"village_code,county_code\n1,\0\0\0\n"), mapping("csv")


@case("number of fields differs from number of headers", "line 3", "got 4, expected 3")
def csv_with_a_line_too_wide(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return FILES / "ragged.csv", mapping("csv")


@case("not readable as CSV", "quotation mark")
def csv_with_an_open_quotation_mark(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return FILES / "open_quote.csv", mapping("csv")


@case("the file is empty")
def csv_without_a_byte(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.csv", ""), mapping("csv")


@case("headers but no rows", "optional: true")
def csv_with_headers_only(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.csv", ",".join(HEADERS) + "\n"), mapping("csv")


@case("header not found", "expected 村代码", "the nearest is '村代號'")
def csv_with_a_misspelt_header(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.csv", "村代號,村名\n1,甲\n"), mapping("csv", columns={"village_code": "村代码"})


@case("the same header twice", "got '村名'")
def csv_with_a_header_twice(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.csv", "村代码,村名,村 名\n1,甲,乙\n"), mapping("csv")


@case("no file for table village", "expected 村*")
def folder_without_the_file(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    text(folder / "户.csv", GOOD_CSV)
    return folder, mapping("csv", source="村*")


@case("no csv file in the folder")
def folder_without_any_file(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return folder, mapping("csv")


@case("file not found", "check the path")
def file_that_is_not_there(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return folder / "none.xlsx", mapping("excel")


@case("not a file of kind excel", "got '.csv'", ".xlsx")
def file_of_another_kind(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.csv", GOOD_CSV), mapping("excel")


@case("not a workbook but a web page", "save it as .xlsx")
def web_page_called_a_workbook(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.xls", "<html><table><tr><td>村代码</td></tr></table></html>"), mapping("excel")


@case("not a workbook but text")
def csv_called_a_workbook(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.xlsx", GOOD_CSV), mapping("excel")


@case("not a workbook but an empty file")
def workbook_without_a_byte(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.xlsx", ""), mapping("excel")


@case("the workbook is damaged", "ask for a new copy")
def workbook_cut_short(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    whole = workbook(folder / "whole.xlsx", [HEADERS, ROW]).read_bytes()
    return text(folder / "a.xlsx", whole[: len(whole) // 2]), mapping("excel")


@case("no sheet for table village", "the nearest is '行政村表'")
def workbook_with_a_sheet_renamed(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return workbook(folder / "a.xlsx", [HEADERS, ROW], sheet="行政村表"), mapping("excel")


@case("the sheet is hidden", "sheet 行政村")
def workbook_with_a_hidden_sheet(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return workbook(folder / "a.xlsx", [HEADERS, ROW], hidden=True), mapping("excel")


@case("merged header cells", "A1:B1", "unmerge")
def workbook_with_merged_headers(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return workbook(folder / "a.xlsx", [HEADERS, ROW], merge=["A1:B1"]), mapping("excel")


@case("merged header cells", "C1:C2")
def workbook_with_headers_over_two_rows(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return workbook(folder / "a.xlsx", [HEADERS, ROW, ROW], merge=["C1:C2"]), mapping("excel")


@case("merged data cells", "B2:B3", "fill_merged")
def workbook_with_merged_rows(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    other = ["371425101002", "371425", "另一村"]
    return workbook(folder / "a.xlsx", [HEADERS, ROW, other], merge=["B2:B3"]), mapping("excel")


@case("the sheet has headers but no rows", "mark the table optional")
def workbook_with_a_sheet_of_no_rows(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return workbook(folder / "a.xlsx", [HEADERS]), mapping("excel")


@case("the sheet is empty", "row 1")
def workbook_with_an_empty_sheet(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return workbook(folder / "a.xlsx", []), mapping("excel")


@case("header not found", "set header_row: 3")
def workbook_with_a_title_above_its_headers(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return workbook(folder / "a.xlsx", [["村情况表"], ["单位：户"], HEADERS, ROW]), mapping("excel")


@case("not a whole Parquet file", "copy or download it again")
def parquet_cut_short(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    pq.write_table(pa.table({"village_code": ["1"] * 1000}), folder / "whole.parquet")
    whole = (folder / "whole.parquet").read_bytes()
    (folder / "whole.parquet").unlink()
    return text(folder / "a.parquet", whole[:-20]), mapping("parquet")


@case("not a whole Parquet file")
def text_called_parquet(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.parquet", GOOD_CSV), mapping("parquet")


@case("headers but no rows")
def parquet_without_rows(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    pq.write_table(pa.table({"village_code": pa.array([], pa.string())}), folder / "a.parquet")
    return folder / "a.parquet", mapping("parquet")


@case("header not found", "village_code or 村代码 or Village code")
def parquet_without_its_key(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    pq.write_table(pa.table({"name": ["甲"]}), folder / "a.parquet")
    return folder / "a.parquet", mapping("parquet")


@case("not a database URL", "not shown")
def database_url_that_cannot_be_read(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return "office:secret@db", mapping("sql")


@case("database file not found", "none.db")
def database_file_that_is_not_there(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return f"sqlite:///{(folder / 'none.db').as_posix()}", mapping("sql")


@case("no driver for this database", "install its driver")
def database_nobody_has_a_driver_for(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return "kingbase://office:secret@db/fupin", mapping("sql")


@case("reads csv files, not a database", "kind: sql", "office:***@db")
def database_given_to_a_file_mapping(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return "postgresql://office:secret@db/fupin", mapping("csv")


def _database(folder: Path, rows: int = 1) -> str:
    with sqlite3.connect(folder / "a.db") as connection:
        connection.execute("CREATE TABLE village (village_code TEXT, county_code TEXT)")
        connection.executemany("INSERT INTO village VALUES (?, ?)", [tuple(ROW[:2])] * rows)
    connection.close()
    return f"sqlite:///{(folder / 'a.db').as_posix()}"


@case("the query fails", "no such table: hamlet", "correct the query")
def query_of_a_table_that_is_not_there(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return _database(folder), mapping("sql", source="SELECT * FROM hamlet")


@case("the query is not read-only", "DELETE FROM village")
def query_that_would_delete(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return _database(folder), mapping("sql", source="DELETE FROM village")


@case("the query gives no rows")
def query_without_an_answer(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return _database(folder, rows=0), mapping("sql")


@case("the month of the snapshot is not given", "--month 2020-12")
def households_of_no_month(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.csv", "户编号,村代码\nH1,371425101001\n"), mapping("csv", table="household")


@case("a month after the data date", "got '2099-01'", "up to 2020-12")
def households_of_a_month_to_come(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    content = "户编号,村代码,数据月份\nH1,371425101001,2099-01\n"
    return text(folder / "a.csv", content), mapping("csv", table="household")


@case("makes pseudonyms", "no key")
def identity_numbers_without_a_key(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    columns = {"person_id": {"header": "证件号码", "pseudonym": "P"}, "id_number": "证件号码"}
    source = text(folder / "a.csv", "证件号码\n11010519491231002X\n")
    return source, mapping("csv", table="identity", columns=columns)


@case("which place is the new register of")
def mapping_without_a_place(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.csv", GOOD_CSV), mapping("csv").model_copy(update={"place": None})


@case("unknown place", "got 'dezho'")
def mapping_of_a_place_that_does_not_exist(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.csv", GOOD_CSV), mapping("csv").model_copy(update={"place": "dezho"})


@case("unknown rule", "got 'size_difers'")
def mapping_that_switches_off_no_rule(folder: Path) -> tuple[str | Path, SourceMapping | str]:
    return text(folder / "a.csv", GOOD_CSV), mapping("csv").model_copy(update={"rules_off": {"size_difers": "why"}})


@pytest.mark.parametrize(("make", "words"), CASES)
def test_a_broken_source_is_named_and_writes_nothing(
    make: Make, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAPSE_RISK_KEY", str(tmp_path / "no" / "key"))
    (tmp_path / "in").mkdir()
    source, mapped = make(tmp_path / "in")
    register = tmp_path / "out" / "register"
    with pytest.raises(RelapseRiskError) as caught:
        import_source(source, mapped, register, as_of=AS_OF)
    for word in words:
        if word != "makes pseudonyms":
            assert word in str(caught.value), str(caught.value)
    assert "secret" not in str(caught.value)
    assert not (register / "manifest.json").exists()


def test_the_good_source_of_these_cases_is_accepted(tmp_path: Path) -> None:
    report = import_source(text(tmp_path / "a.csv", GOOD_CSV), mapping("csv"), tmp_path / "register", as_of=AS_OF)
    assert [(c.read, c.accepted) for c in report.tables] == [(1, 1)]
