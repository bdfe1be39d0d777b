"""One broken cell per way to go wrong: the cell is lost, or a broken key its row, and both languages say why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import xlsxwriter

from relapse_risk.errors import SourceError
from relapse_risk.register import Register
from relapse_risk.register.importing import ImportReport, import_source

AS_OF = date(2020, 12, 31)
Rows = list[dict[str, Any]]
HOME = {"户编号": "H1", "村代码": "371425101001", "家庭人口数": 2, "户类型": "脱贫享受政策户"}
HEAD = {"人员编号": "P1", "户编号": "H1", "性别": "男", "出生日期": date(1950, 1, 1), "与户主关系": "户主"}
WIFE = {"人员编号": "P2", "户编号": "H1", "性别": "女", "出生日期": date(1952, 1, 1), "与户主关系": "配偶"}


def good() -> dict[str, Rows]:
    """A village, two households, two members, an income: nothing to find."""
    return {
        "县(市、区)": [{"行政区划代码": "371425", "名称": "齐河县"}],
        "行政村": [{"村代码": "371425101001", "县代码": "371425", "村名": "示例村"}],
        "户": [dict(HOME), {**HOME, "户编号": "H2", "家庭人口数": 1}],
        "人": [dict(HEAD), dict(WIFE), {**HEAD, "人员编号": "P3", "户编号": "H2"}],
        "收入": [{"户编号": "H1", "收入期末月": "2020-12", "覆盖月数": 12, "工资性收入": 10000.0}],
        "身份信息(限制)": [{"人员编号": "P1", "姓名": "张三", "证件号码": "110105195001010012"}],
    }


def write(path: Path, sheets: dict[str, Rows]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        headers = list(dict.fromkeys(header for row in rows for header in row))
        page.append(headers)
        for row in rows:
            page.append([row.get(header) for header in headers])
    book.save(path)
    return path


@dataclass(frozen=True)
class Case:
    """One cell made wrong: where, what stands there, and the rule and words that must be found."""

    sheet: str
    row: int
    header: str
    value: Any
    rule: str
    en: str
    zh: str
    rejected: dict[str, int] = field(default_factory=dict)  # rows by table; none where only the cell is lost


# The persons (two) and the income (one) of household H1 go with it.
H1_OUT = {"household": 1, "person": 2, "income": 1, "identity": 1}
CASES = {
    "text in a number": Case("户", 0, "家庭人口数", "两口", "not_a_number", "is not a number", "不是数字"),
    "half a person": Case("户", 0, "家庭人口数", 2.5, "not_whole", "is not a whole number", "不是整数"),
    "an infinite amount": Case("收入", 0, "工资性收入", "inf", "not_finite", "infinite", "无穷大", {"income": 1}),
    "a date in 2099": Case("人", 1, "出生日期", date(2099, 1, 1), "date_future", "2099-01-01", "2099-01-01"),
    "a day that does not exist": Case("人", 1, "出生日期", "2020-02-30", "not_a_date", "2020-02-30", "不是日期"),
    "a date as a serial number": Case("人", 1, "出生日期", 18994, "serial_date", "serial number", "日期序号"),
    "a date without a day": Case("人", 1, "出生日期", "1952-01", "date_incomplete", "lacks", "缺少月或日"),
    "a date in words": Case("人", 1, "出生日期", "属龙", "not_a_date", "is not a date", "不是日期"),
    "a label nobody knows": Case("户", 0, "户类型", "特别困难户", "code_unknown", "not in the code list", "不在代码表"),
    "a code number nobody declared": Case("户", 0, "户类型", 1, "code_number", "declare the numbers", "编号"),
    "neither yes nor no": Case("户", 0, "有电视", "不清楚", "not_yes_or_no", "neither yes nor no", "不是“是”或“否”"),
    "an empty key": Case("人", 1, "人员编号", None, "key_empty", "has no key", "无法定位", {"person": 1}),
    "a key given twice": Case("人", 1, "人员编号", "P1", "key_twice", "more than once", "多次", {"person": 1}),
    "an orphan person": Case("人", 1, "户编号", "H9", "reference_unknown", "H9 does not exist", "H9 不存在", {"person": 1}),
    "an unknown village": Case(
        "户", 0, "村代码", "371425999001", "reference_unknown", "371425999001 does not exist", "不存在", H1_OUT
    ),
    "an unknown county": Case(
        "行政村", 0, "县代码", "999999", "reference_unknown", "999999 does not exist", "不存在",
        {"village": 1, "household": 2, "person": 3, "income": 1, "identity": 1},
    ),
    "a formula without a saved result": Case("收入", 0, "工资性收入", "=NA()", "formula_without_value", "no saved result", "没有保存", {"income": 1}),
    "an identity number turned into a number": Case(
        "身份信息(限制)", 0, "证件号码", 11010519491231001, "digits_lost", "beyond the 15th are lost", "尾数已经丢失",
        {"identity": 1},
    ),
    "an identity number with a false last digit": Case(
        "身份信息(限制)", 0, "证件号码", "110105194912310021", "1_01_003", "fails its check digit", "…0021", {"identity": 1}
    ),
    "an identity number in place of a person's number": Case(
        "人", 1, "人员编号", "11010519491231002X", "identity_misplaced", "…002X", "只能填在身份信息表", {"person": 1}
    ),
    "a negative amount": Case("收入", 0, "工资性收入", -1.0, "amount_negative", "-1", "-1", {"income": 1}),
}  # fmt: skip


# Where the cell of a header is found in the register.
LOST = {
    "家庭人口数": ("household", "H1", "household_size"), "户类型": ("household", "H1", "household_class"),
    "有电视": ("household", "H1", "has_tv"), "出生日期": ("person", "P2", "birth_date"),
}  # fmt: skip


def run(tmp_path: Path, sheets: dict[str, Rows]) -> tuple[ImportReport, pd.DataFrame]:
    source = write(tmp_path / "采集表.xlsx", sheets)
    report = import_source(source, "template", tmp_path / "register", "2020-12", as_of=AS_OF, place="dezhou")
    findings = pd.read_csv(report.files[0], dtype=str, keep_default_na=False)
    return report, findings


def test_the_good_workbook_of_these_cases_is_accepted_whole(tmp_path: Path) -> None:
    report, findings = run(tmp_path, good())
    assert report.rejected == 0
    assert findings[findings["severity"] == "error"].empty
    assert {c.table: c.accepted for c in report.tables} == {
        "county": 1, "village": 1, "household": 2, "person": 3, "income": 1, "identity": 1,
    }  # fmt: skip


@pytest.mark.parametrize("title", CASES)
def test_a_row_with(title: str, tmp_path: Path) -> None:
    case = CASES[title]
    sheets = good()
    sheets[case.sheet][case.row][case.header] = case.value
    report, findings = run(tmp_path, sheets)
    hits = findings[(findings["rule"] == case.rule) & (findings["severity"] == ("error" if case.rejected else "cell"))]
    assert not hits.empty, findings[["table", "row", "column", "value", "rule", "severity", "en"]].to_string()
    first = hits.iloc[0]
    assert case.en in first["en"], first["en"]
    assert case.zh in first["zh"], first["zh"]
    assert first["row"] == str(case.row + 2)
    assert f"sheet {case.sheet}, row {case.row + 2}" in first["en"]
    assert {c.table: c.rejected for c in report.tables if c.rejected} == case.rejected
    register = Register.open(tmp_path / "register")
    register.verify()
    assert len(register.read("person")) == 3 - case.rejected.get("person", 0)
    assert len(register.read("household")) == 2 - case.rejected.get("household", 0)
    if not case.rejected:
        name, key, column = LOST[case.header]
        assert register.read(name).set_index(name + "_id")[column].isna().to_dict()[key]


def test_every_rejected_row_has_a_line_that_says_so(tmp_path: Path) -> None:
    sheets = good()
    sheets["户"][0]["村代码"] = "371425999001"
    report, findings = run(tmp_path, sheets)
    errors = findings[findings["severity"] == "error"]
    assert errors.groupby("table")["row"].nunique().to_dict() == H1_OUT
    folder = report.files[0].parent
    kept_out = pd.read_csv(folder / "rejected_household.csv", dtype=str)
    assert kept_out[["row", "rules", "household_id", "village_code"]].to_numpy().tolist() == [
        ["2", "reference_unknown", "H1", "371425999001"]
    ]
    assert "张三" not in (folder / "rejected_identity.csv").read_text(encoding="utf-8-sig")


def test_text_that_a_spreadsheet_would_run_is_refused_and_neutralised(tmp_path: Path) -> None:
    sheets = good()
    page = write(tmp_path / "a.xlsx", sheets)
    book = openpyxl.load_workbook(page)
    cell = book["行政村"]["C2"]
    cell.value = "=HYPERLINK(1)"
    cell.data_type = "s"
    book.save(page)
    report = import_source(page, "template", tmp_path / "register", "2020-12", as_of=AS_OF, place="dezhou")
    text = report.files[0].read_text(encoding="utf-8-sig")
    assert "formula_as_text" in text
    assert ",'=HYPERLINK(1)" in text


@pytest.mark.parametrize(("value", "shown"), [("#N/A", "#N/A"), ("#REF!", "#REF!")])
def test_a_cell_that_shows_an_error_is_not_taken_for_an_empty_one(tmp_path: Path, value: str, shown: str) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in good().items():
            page = book.add_worksheet(name)
            headers = list(rows[0])
            page.write_row(0, 0, headers)
            for at, row in enumerate(rows, start=1):
                for column, header in enumerate(headers):
                    if isinstance(row[header], date):
                        moment = datetime.combine(row[header], datetime.min.time())
                        page.write_datetime(at, column, moment, book.add_format({"num_format": "yyyy-mm-dd"}))
                    elif header == "工资性收入":
                        page.write_formula(at, column, "=1/0", None, value)
                    else:
                        page.write(at, column, row[header])
    report = import_source(path, "template", tmp_path / "register", "2020-12", as_of=AS_OF, place="dezhou")
    findings = pd.read_csv(report.files[0], dtype=str, keep_default_na=False)
    assert findings.loc[findings["rule"] == "error_value", "value"].tolist() == [shown]
    assert {c.table: c.rejected for c in report.tables if c.rejected} == {"income": 1}


def test_a_row_of_nothing_but_unsaved_formulas_is_not_taken_for_a_blank_one(tmp_path: Path) -> None:
    sheets = good()
    sheets["收入"].append({header: "=A2" for header in sheets["收入"][0]})
    report, findings = run(tmp_path, sheets)
    assert {c.table: (c.read, c.rejected) for c in report.tables}["income"] == (2, 1)
    assert set(findings.loc[findings["rule"] == "formula_without_value", "row"]) == {"3"}


def test_rows_of_another_month_than_the_one_given_are_refused(tmp_path: Path) -> None:
    sheets = good()
    for row in sheets["户"] + sheets["人"]:
        row["数据月份"] = "2020-11"
    with pytest.raises(SourceError, match=r"sheet 户, row 2, column snapshot_month: 2 of 2 rows say another month"):
        run(tmp_path, sheets)


def test_a_month_that_is_none_rejects_its_row(tmp_path: Path) -> None:
    sheets = good()
    sheets["人"][1]["数据月份"] = "去年"
    report, findings = run(tmp_path, sheets)
    assert set(findings.loc[findings["table"] == "person", "rule"]) >= {"other_month"}
    assert {c.table: c.rejected for c in report.tables if c.rejected} == {"person": 1}


def test_a_value_the_mapping_does_not_list_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hh.csv"
    path.write_text("户编号,村代码,房\nH1,371425101001,好\nH2,371425101001,危\n", encoding="gb18030")
    mapping = tmp_path / "m.yaml"
    mapping.write_text(
        "name: m\nlabel: {zh: 户, en: homes}\nkind: csv\nplace: dezhou\ntables:\n"
        "  - table: household\n    source: hh\n    columns: {household_id: 户编号, village_code: 村代码,"
        " dwelling_grade: {header: 房, values: {好: A}}}\n",
        encoding="utf-8",
    )
    report = import_source(path, mapping, tmp_path / "register", "2020-12", as_of=AS_OF)
    findings = pd.read_csv(report.files[0], dtype=str)
    assert findings.loc[findings["rule"] == "value_not_listed", ["row", "value"]].to_numpy().tolist() == [["3", "危"]]
    home = Register.open(tmp_path / "register").read("household").set_index("household_id")
    assert home["dwelling_grade"].fillna("unknown").to_dict() == {"H1": "A", "H2": "unknown"}
