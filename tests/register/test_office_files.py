"""Files as offices have them: the cases that once failed, each with siblings nobody handed over."""

from __future__ import annotations

import sys
import unicodedata
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.register.test_readers import HEADERS, ROWS, mapping, table, workbook

from relapse_risk.errors import RegisterError, SourceError
from relapse_risk.register import Register
from relapse_risk.register.cell_readers import (
    Refused,
    key_reader,
    month_reader,
    number_reader,
    read_text,
)
from relapse_risk.register.cell_texts import header_text, plain_text
from relapse_risk.register.csv_files import read_csv_file
from relapse_risk.register.import_report import ImportReport
from relapse_risk.register.importing import import_source
from relapse_risk.register.mapping import TableMapping
from relapse_risk.register.pseudonyms import create_key, default_key_path, pseudonym
from relapse_risk.register.raw_tables import match_headers
from relapse_risk.register.readers import read_source

AS_OF = date(2020, 12, 31)
FIVE = ["H001", "H002", "H003", "H004", "H005"]
TRANSFERS = [9000.0, 8000.0, 3000.0, 5000.0, 7000.0]


def brought(source: Path, name: str | Path, folder: Path, key: Path | None = None) -> tuple[Register, ImportReport]:
    report = import_source(
        source,
        name,
        folder / "register",
        month="2020-12",
        key=key,
        as_of=AS_OF,
        place="dezhou" if name == "template" else None,
    )
    return Register.open(folder / "register"), report


def homes(register: Register) -> list[str]:
    return sorted(register.read("household", "2020-12")["household_id"])


# --- the cases --------------------------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("csv_gb18030_mark/csv_gb_bom", "csv.yaml"),
        ("csv_sep_line/csv_sepline", "csv.yaml"),
        ("csv_soft_breaks/csv_ls", "csv.yaml"),
        ("csv_soft_breaks/csv_nel", "csv.yaml"),
        ("csv_text_formula/csv_excelformula", "csv.yaml"),
        ("csv_title_line/csv_note", "csv_hr.yaml"),
        ("parquet_pandas_index/pq_index", "pq.yaml"),
    ],
)
def test_folders_that_failed_are_read_whole(shared_dir: Path, tmp_path: Path, source: str, file: str) -> None:
    cases = shared_dir / "cases" / "intake"
    register, _ = brought(cases / source, cases / source.partition("/")[0] / file, tmp_path)
    assert homes(register) == FIVE


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    ["xlsx_income_column_unread/headunit.xlsx", "xlsx_income_column_unread/zwhead.xlsx", "xlsx_month_cells/monthdate.xlsx",
     "xlsx_month_cells/monthtext.xlsx", "xls_named_xlsx/xlsname.xlsx", "xls_named_xlsx/xlsxname.xls"],
)  # fmt: skip
def test_workbooks_that_failed_give_the_amounts_of_the_whole_one(shared_dir: Path, tmp_path: Path, name: str) -> None:
    register, _ = brought(shared_dir / "cases" / "intake" / name, "template", tmp_path)
    income = register.read("income").sort_values("household_id")
    assert income["transfer_income"].tolist() == TRANSFERS
    assert set(income["period_end"]) == {"2020-12"}


@pytest.mark.shared
def test_a_near_header_of_an_income_part_is_refused(shared_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"收入, row 1: a header close .* got '转移收入', expected 转移性收入"):
        brought(shared_dir / "cases/intake/xlsx_income_column_unread/headtypo.xlsx", "template", tmp_path)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "secret"), [("passport", "E12345678"), ("phone", "13805340000"), ("swapped", "张丙"),
                                              ("short", "37242519481111")])  # fmt: skip
def test_a_cell_of_an_identity_header_stands_in_no_finding(
    shared_dir: Path, tmp_path: Path, name: str, secret: str
) -> None:
    create_key(tmp_path / "x.key")
    leak = shared_dir / f"cases/intake/findings_show_identity/leak_{name}.xlsx"
    _, report = brought(leak, "national_export", tmp_path, tmp_path / "x.key")
    texts = [file for file in report.files if file.suffix in (".csv", ".json")]
    assert texts
    assert not [file.name for file in texts if secret in file.read_text(encoding="utf-8-sig")]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["pq_list", "pq_struct"])
def test_a_nested_parquet_column_is_named(shared_dir: Path, tmp_path: Path, name: str) -> None:
    cases = shared_dir / "cases/intake/parquet_nested_column"
    with pytest.raises(SourceError, match=r"person\.parquet, column 性别: the column holds lists or records"):
        brought(cases / name, cases / "pq.yaml", tmp_path)


@pytest.mark.shared
def test_variants_of_a_number_are_one_person(shared_dir: Path, tmp_path: Path) -> None:
    create_key(tmp_path / "x.key")
    register, report = brought(
        shared_dir / "cases/intake/xlsx_invisible_in_keys/ne_variants.xlsx", "national_export", tmp_path,
        tmp_path / "x.key",
    )  # fmt: skip
    assert len(register.read("person", "2020-12")) == 7
    assert sum(count.rejected for count in report.tables) == 0


@pytest.mark.shared
def test_marks_of_missing_cost_the_cell_and_not_the_row(shared_dir: Path, tmp_path: Path) -> None:
    cases = shared_dir / "cases/intake/xlsx_marks_for_missing"
    register, _ = brought(cases / "nummissing.xlsx", "template", tmp_path)
    income = register.read("income").set_index("household_id")["transfer_income"]
    assert income.isna().all(), "-, / and the like are unknown, never zero"
    assert sorted(income.index) == ["H001", "H002", "H004", "H005"], "what is no mark (无) is refused by name"
    other, _ = brought(cases / "ok.xlsx", cases / "xl_miss.yaml", tmp_path / "b")
    assert other.read("income").sort_values("household_id")["transfer_income"].tolist() == TRANSFERS


# --- siblings ---------------------------------------------------------------------------------------------------------

INVISIBLE = [
    "\u200b",
    "\u200c",
    "\u200d",
    "\u200e",
    "\u200f",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u202a",
    "\u2066",
    "\u180e",
]
BREAKS = ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\x1e"]


@given(
    st.text(st.sampled_from("户编号村代码H01 "), min_size=1),
    st.lists(st.sampled_from(INVISIBLE), max_size=4),
    st.data(),
)
def test_invisible_characters_make_no_difference_to_headers_and_keys(
    text: str, marks: list[str], data: st.DataObject
) -> None:
    spoilt = text
    for mark in marks:
        at = data.draw(st.integers(0, len(spoilt)))
        spoilt = spoilt[:at] + mark + spoilt[at:]
    assert header_text(spoilt) == header_text(text)
    assert key_reader(read_text)(spoilt) == key_reader(read_text)(text)


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_what_is_read_as_text_shows_everything_it_holds(text: str) -> None:
    read = plain_text(text)
    assert not [one for one in read if unicodedata.category(one) in ("Cf", "Cc")]
    assert plain_text(read) == read or read.startswith('="')


@pytest.mark.parametrize("mark", BREAKS)
def test_only_line_ends_end_a_line_of_csv(mark: str) -> None:
    file = read_csv_file(f"村代码,村名\n1,东{mark}村\n2,西村\n".encode(), "village.csv")
    assert file.records[1:] == [["1", f"东{mark}村"], ["2", "西村"]]
    assert file.lines == [1, 2, 3]
    assert plain_text(file.records[1][1]) == "东 村"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_line_ends_and_encodings_of_csv(end: str, encoding: str) -> None:
    text = end.join(["户编号,村代码", "H1,37", "H2,38"])
    assert read_csv_file(text.encode(encoding), "a.csv").records == [["户编号", "村代码"], ["H1", "37"], ["H2", "38"]]


def test_the_mark_of_gb18030_is_no_part_of_the_first_header() -> None:
    content = "\ufeff户编号,村代码\nH1,37\n".encode("gb18030")
    assert content[:4] == b"\x84\x31\x95\x33"
    assert read_csv_file(content, "a.csv").records[0] == ["户编号", "村代码"]


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "sep=; "])
def test_a_line_that_says_the_separator(first: str) -> None:
    file = read_csv_file(f"{first}\r\na;b,c\r\n1;2,5\r\n".encode(), "a.csv")
    assert (file.records, file.lines) == ([["a", "b,c"], ["1", "2,5"]], [2, 3])


def test_a_tab_is_found_where_cells_hold_commas() -> None:
    assert read_csv_file(b"a\tb\n1,5\t2,5\n3,5\t4\n", "a.csv").records[1] == ["1,5", "2,5"]


@pytest.mark.parametrize(
    ("cell", "text"), [('="H001"', "H001"), ('="000123"', "000123"), ('="say ""a"""', 'say "a"'), ("=1+1", "=1+1")]
)
def test_a_quoted_string_is_a_value_and_a_formula_is_not(cell: str, text: str) -> None:
    assert plain_text(cell) == text
    assert read_text(cell) == (Refused("formula_as_text") if cell == "=1+1" else text)


def test_a_title_above_the_headers_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "户.csv"
    path.write_text("填报单位：示例县\n\n" + "\n".join(",".join(row) for row in [HEADERS, *ROWS]), encoding="utf-8")
    assert table(path, mapping("csv", header_row=3)) == ROWS
    with pytest.raises(SourceError, match=r"the headers are in line 3: set header_row: 3"):
        read_source(path, mapping("csv"))


@pytest.mark.parametrize("header", ["耕地面积(亩)", "耕地面积（亩）", "耕地面积 [亩]"])
def test_the_unit_of_a_column_may_stand_in_its_header(header: str) -> None:
    entry = TableMapping(table="household", source=("户",))
    assert match_headers(["户编号", header], entry, "户").columns["arable_mu"] == (header,)


@pytest.mark.parametrize("header", ["贷款余额(万元)", "贷款余额（千元）", "贷款余额(去年)"])
def test_another_unit_in_a_header_is_refused(header: str) -> None:
    with pytest.raises(SourceError, match=r"another unit.*expected 贷款余额"):
        match_headers(["户编号", header], TableMapping(table="household", source=("户",)), "户")
    scaled = TableMapping.model_validate(
        {"table": "household", "source": "户",
         "columns": {"household_id": "户编号", "loan_balance": {"header": "贷款余额", "unit_factor": 10000}}}
    )  # fmt: skip
    if "万元" in header:
        assert match_headers(["户编号", header], scaled, "户").columns["loan_balance"] == (header,)


@pytest.mark.parametrize("header", ["家庭人囗数", "贷款余颔", "距主干道距离", "Household siz", "household_sise"])
def test_a_misspelt_header_of_an_optional_column_is_refused(header: str) -> None:
    with pytest.raises(SourceError, match="a header close to an expected one"):
        match_headers(["户编号", header], TableMapping(table="household", source=("户",)), "户")
    known = TableMapping(table="household", source=("户",), ignore=(header,))
    assert match_headers(["户编号", header], known, "户").unread == ()


def test_an_unread_column_is_named_with_its_nearest() -> None:
    match = match_headers(["户编号", "贷款", "备注"], TableMapping(table="household", source=("户",)), "户")
    assert match.unread == ("贷款", "备注")
    assert match.unread_words[0] == "column 贷款 was not read; the nearest known header is 贷款余额"


@pytest.mark.parametrize(
    "value",
    ["2020-12", "2020/12", "2020.12", "202012", "2020年12月", "２０２０年１２月", date(2020, 12, 1), pd.Timestamp(2020, 12, 31),
     202012, 202012.0],
)  # fmt: skip
def test_a_month_in_every_usual_form(value: object) -> None:
    assert month_reader(value) == "2020-12"


@pytest.mark.parametrize("value", ["2020", "12/2020", "2020-13", "Dec 2020", 44166.0])
def test_what_is_no_month_stays_as_it_is_for_the_check(value: object) -> None:
    assert month_reader(value) == plain_text(value)


@pytest.mark.parametrize("value", [date(2020, 3, 1), pd.Timestamp(2020, 3, 1)])
def test_a_date_cell_is_no_text(value: object) -> None:
    assert read_text(value) == Refused("date_where_text")


@pytest.mark.parametrize("value", ["nan", "NaN", "inf", "-Infinity", "1_000", "12%", "500元", "1.2.3"])
def test_words_that_programs_take_for_numbers_are_not_numbers(value: str) -> None:
    assert number_reader()(value) == value


def test_what_excel_shows_as_one_key_is_one_key() -> None:
    read = key_reader(read_text)
    assert {read(v) for v in ("H002", "Ｈ００２", "H002\u200b", " H002 ", '="H002"')} == {"H002"}
    assert {read(v) for v in ("371425101001", "3714 2510 1001", "'371425101001", 371425101001.0)} == {"371425101001"}
    assert read("Li Si 2") == "Li Si 2", "blanks between words stay"


def test_variants_of_an_identity_number_have_one_pseudonym() -> None:
    forms = [
        "11010519491231002X",
        "110105 19491231 002x",
        "11010519491231002X\u200b",
        "'11010519491231002X",
        "１１０１０５１９４９１２３１００２Ｘ",
    ]
    assert len({pseudonym(bytes(32), form, "P") for form in forms}) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="accounts as POSIX systems know them")
def test_without_a_home_the_key_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: int) -> None:
        raise KeyError("getpwuid(): uid not found")

    for name in ("RELAPSE_RISK_KEY", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    with pytest.raises(RegisterError, match=r"no home folder.*--key FILE, or set RELAPSE_RISK_KEY"):
        default_key_path()


def test_a_stored_index_is_a_column_like_others(tmp_path: Path) -> None:
    frame = pd.DataFrame(dict(zip(HEADERS, zip(*ROWS, strict=True), strict=True)))
    frame.set_index(HEADERS[:2]).to_parquet(tmp_path / "户.parquet")
    assert sorted(map(tuple, table(tmp_path / "户.parquet", mapping("parquet")))) == sorted(map(tuple, ROWS))


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.string()), pa.struct([("v", pa.string())]), pa.map_(pa.string(), pa.int64())]
)
def test_nested_columns_of_every_kind_are_named(tmp_path: Path, kind: pa.DataType) -> None:
    data = {"户编号": pa.array(["H1"]), "村代码": pa.array(["1"]), "家庭人口数": pa.array([None], type=kind)}
    pq.write_table(pa.table(data), tmp_path / "户.parquet")
    with pytest.raises(SourceError, match=r"column 家庭人口数: the column holds lists or records"):
        read_source(tmp_path / "户.parquet", mapping("parquet"))


@pytest.mark.parametrize("suffix", [".dta", ".sav"])
def test_survey_files_give_labels_and_nulls(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame({"hid": ["H1", "H2"], "vill": ["1", "2"], "size": [2.0, None], "water": [1.0, 2.0]})
    write = pyreadstat.write_dta if suffix == ".dta" else pyreadstat.write_sav
    write(frame, tmp_path / f"户{suffix}", variable_value_labels={"water": {1: "是", 2: "否"}})
    mapped = mapping(
        "survey", columns={"household_id": "hid", "village_code": "vill", "household_size": "size", "water_quality_ok": "water"}
    )  # fmt: skip
    assert table(tmp_path / f"户{suffix}", mapped) == [["H1", "1", 2.0, "是"], ["H2", "2", None, "否"]]


@pytest.mark.parametrize("suffix", [".mdb", ".sas7bdat", ".docx", ".dta", ".abc"])
def test_files_nobody_reads_are_refused_with_the_way_out(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"户{suffix}"
    file.write_bytes(b"x")
    with pytest.raises(SourceError, match=r"Fix: .*(save|mapping of kind: survey)"):
        read_source(file, mapping("excel"))


def test_marks_for_missing_are_said_for_a_file_and_for_a_column(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["户编号", "贷款余额", "家庭人口数"], ["-", "-", 2], ["H2", 99999, "/"]])
    register, report = brought_with(path, tmp_path)
    assert register == {"H2": None}
    assert report == 1, "a mark is no household"


def brought_with(path: Path, folder: Path) -> tuple[dict[str, float | None], int]:
    """Loan by household, and how many rows were rejected, of a workbook with marks for the file and for the loan."""
    book = openpyxl.load_workbook(path)
    for title, rows in (
        ("县", [["行政区划代码", "名称"], ["371425", "示例县"]]),
        ("村", [["村代码", "县代码"], ["371425101001", "371425"]]),
    ):
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    home = book["户"]
    home["D1"] = "村代码"
    home["D2"] = home["D3"] = "371425101001"
    book.save(folder / "b.xlsx")
    (folder / "m.yaml").write_text(
        "name: m\nlabel: {zh: 户, en: homes}\nkind: excel\nplace: dezhou\nmissing: ['-', /]\n"
        "tables:\n  - {table: county, source: 县}\n  - {table: village, source: 村}\n  - table: household\n    source: 户\n"
        "    columns: {household_id: 户编号, village_code: 村代码, household_size: 家庭人口数,\n"
        "      loan_balance: {header: 贷款余额, missing: [99999]}}\n",
        encoding="utf-8",
    )
    register, report = brought(folder / "b.xlsx", folder / "m.yaml", folder)
    rows = register.read("household", "2020-12")
    loans = {
        key: None if pd.isna(value) else float(value)
        for key, value in zip(rows["household_id"], rows["loan_balance"], strict=True)
    }
    return loans, sum(count.rejected for count in report.tables)
