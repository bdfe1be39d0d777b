"""The template: filled in as a clerk would, and a register written into it and read back to the same bytes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from relapse_risk.errors import SchemaError, SourceError
from relapse_risk.register import Register
from relapse_risk.register.import_report import ImportReport
from relapse_risk.register.importing import import_source
from relapse_risk.register.template import export_workbook, write_template
from relapse_risk.schema import code_list, table, tables

AS_OF = date(2020, 12, 31)


def fill(path: Path, sheet: str, *rows: dict[str, object]) -> None:
    """Type rows under the headers of a sheet, as a clerk does."""
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    places = {cell.value: cell.column for cell in page[1]}
    for at, row in enumerate(rows, start=2):
        for header, value in row.items():
            page.cell(at, places[header]).value = value
    book.save(path)


def imported(path: Path, folder: Path) -> ImportReport:
    return import_source(path, "template", folder / "register", "2020-12", as_of=AS_OF, place="dezhou")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_empty_template_has_a_sheet_per_table_and_every_header(tmp_path: Path, language: str) -> None:
    book = openpyxl.load_workbook(write_template(tmp_path / "t.xlsx", language))
    assert len(book.sheetnames) == len(tables()) + 2
    pages = [page for page in book if page.title not in ("说明", "代码", "Notes", "Codes")]
    for page, spec in zip(pages, tables().values(), strict=True):
        assert [cell.value for cell in page[1]] == [column.label[language] for column in spec.columns]
        assert page.freeze_panes is not None
        assert all(cell.comment is not None for cell in page[1])


def test_the_empty_template_imports_as_nothing(tmp_path: Path) -> None:
    report = imported(write_template(tmp_path / "t.xlsx"), tmp_path)
    assert report.tables == ()
    assert Register.open(tmp_path / "register").months == ()


def test_what_a_clerk_types_in_chinese_comes_in(tmp_path: Path) -> None:
    path = write_template(tmp_path / "采集表.xlsx", tables=["village", "household", "person", "income"])
    fill(path, "行政村", {"村代码": "371425101001", "县代码": "371425", "省定扶贫工作重点村": "是"})
    fill(
        path,
        "户",
        {"户编号": "0001", "村代码": "371425101001", "家庭人口数": 1, "户类型": "低保户", "返(致)贫风险": "因病、因残"},
    )
    fill(
        path,
        "人",
        {
            "人员编号": "P1",
            "户编号": "0001",
            "性别": "女",
            "出生日期": date(1950, 5, 1),
            "高血压": "否",
            "与户主关系": "户主",
        },
    )
    fill(path, "收入", {"户编号": "0001", "收入期末月": "2020-12", "覆盖月数": 12, "工资性收入": 1234.5})
    report = imported(path, tmp_path)
    assert report.rejected == 0, report.summary()
    register = Register.open(tmp_path / "register")
    home = register.read("household").iloc[0]
    assert home[["household_id", "household_class", "monitor_risk_types"]].tolist() == [
        "0001",
        "dibao",
        "illness;disability",
    ]
    person = register.read("person").iloc[0]
    assert (person["sex"], person["birth_date"], bool(person["chronic_hypertension"])) == (
        "female", pd.Timestamp(1950, 5, 1), False,
    )  # fmt: skip
    assert register.read("village")["is_key_village"].tolist() == [True]
    assert register.read("income")["wage_income"].tolist() == [1234.5]
    assert not register.collected("household", "has_tv")


def test_what_a_clerk_types_in_english_comes_in(tmp_path: Path) -> None:
    path = write_template(tmp_path / "t.xlsx", "en", tables=["household"])
    fill(
        path,
        "Households",
        {"Household identifier": "H1", "Village code": "371425101001", "Household class": "Dibao", "Television": "yes"},
    )
    assert imported(path, tmp_path).rejected == 0
    assert Register.open(tmp_path / "register").read("household")[["household_class", "has_tv"]].iloc[0].tolist() == [
        "dibao", True,
    ]  # fmt: skip


def test_drop_downs_offer_every_label_of_their_list(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_template(tmp_path / "t.xlsx", tables=["household"]))
    page = book["户"]
    place = {cell.value: cell.column_letter for cell in page[1]}
    found = {}
    for check in page.data_validations.dataValidation:
        if check.type == "list":
            found[str(check.sqref).split("2:")[0].rstrip("2")] = check.formula1
    reference = found[place["户类型"]].lstrip("=").replace("$", "")
    sheet, cells = reference.split("!")
    labels = [cell[0].value for cell in book[sheet.strip("'")][cells]]
    assert labels == [code.label.zh for code in code_list("household_class").codes]
    assert found[place["有电视"]] == '"是,否"'


def test_columns_that_hold_codes_are_text_so_that_zeros_and_last_digits_stay(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_template(tmp_path / "t.xlsx", tables=["identity", "household"]))
    for sheet, header in (("身份信息(限制)", "证件号码"), ("户", "户编号"), ("户", "村代码")):
        page = book[sheet]
        at = next(cell.column for cell in page[1] if cell.value == header)
        # Neighbours of one style are kept under the first of them.
        style = next(d for d in page.column_dimensions.values() if d.min <= at <= d.max)
        assert style.number_format == "@"


def test_a_register_written_and_read_back_is_the_same_to_the_byte(tmp_path: Path, small_register: Path) -> None:
    # The demo has seeded errors and history; one trip through the template leaves what an office could have filled in.
    every = [name for name in tables() if name not in ("visit_record", "dividend")]  # large, and like the others
    first = export_workbook(Register.open(small_register), tmp_path / "1.xlsx", tables=every, identity=True)
    import_source(first, "template", tmp_path / "a" / "register", as_of=AS_OF, place="dezhou")
    a = Register.open(tmp_path / "a" / "register")
    # Who delivered what, from which file, is the one thing that differs by the way.
    held = {(f.table, f.month): f.sha256 for f in a.manifest.files if f.table in tables() and f.table != "delivery"}
    for language, some in (("zh", every), ("en", ["county", "village", "household", "person", "identity"])):
        path = export_workbook(a, tmp_path / f"{language}.xlsx", language=language, tables=some, identity=True)
        report = import_source(path, "template", tmp_path / language / "register", as_of=AS_OF, place="dezhou")
        assert report.rejected == 0, report.summary()
        b = Register.open(tmp_path / language / "register")
        again = {
            (f.table, f.month): f.sha256 for f in b.manifest.files if f.table in tables() and f.table != "delivery"
        }
        assert again == {key: digest for key, digest in held.items() if key[0] in some}


def test_only_faulty_cells_and_unplaced_rows_are_lost_on_the_way(tmp_path: Path, small_register: Path) -> None:
    demo = Register.open(small_register)
    path = export_workbook(demo, tmp_path / "1.xlsx", tables=["county", "village", "household"])
    report = import_source(path, "template", tmp_path / "register", as_of=AS_OF, place="dezhou")
    held = Register.open(tmp_path / "register")
    found = pd.read_csv(report.files[0], dtype=str)
    found = found[found["severity"] == "cell"]
    for count in report.tables:
        before = demo.read(count.table)
        after = held.read(count.table)
        assert count.read == len(before)
        assert len(after) == count.accepted == count.read - count.rejected
        key = list(table(count.table).key)
        both = before.merge(after, on=key, suffixes=("", "_after"))
        names = both[key].astype("str").agg("|".join, axis=1)
        lost = set()
        for column in after.columns.difference([*key, "monitor_risk_types"]):
            same = (both[column] == both[f"{column}_after"]) | (both[column].isna() & both[f"{column}_after"].isna())
            lost |= {(name, column) for name in names[~same.fillna(False).astype(bool)]}
        refused = found[(found["table"] == count.table) & (found["column"] != "monitor_risk_types")]
        assert lost == set(zip(refused["row_key"], refused["column"], strict=True)), "only cells the findings name"


def test_names_go_out_only_when_asked_for(tmp_path: Path, small_register: Path) -> None:
    path = export_workbook(Register.open(small_register), tmp_path / "t.xlsx", tables=["identity"])
    assert openpyxl.load_workbook(path)["身份信息(限制)"].max_row == 1


def test_text_like_a_formula_stays_text(tmp_path: Path) -> None:
    source = tmp_path / "v.csv"
    source.write_text("村代码,县代码,村名\n371425101001,371425,+甲村\n", encoding="utf-8")
    mapping = tmp_path / "v.yaml"
    mapping.write_text(
        "name: v\nlabel: {zh: 村, en: v}\nkind: csv\nplace: dezhou\ntables: [{table: village, source: v}]\n",
        encoding="utf-8",
    )
    import_source(source, mapping, tmp_path / "register", as_of=AS_OF)
    path = export_workbook(Register.open(tmp_path / "register"), tmp_path / "t.xlsx", tables=["village"])
    cell = openpyxl.load_workbook(path)["行政村"]["D2"]
    assert (cell.data_type, cell.value) == ("s", "+甲村")


def test_the_same_template_twice_is_the_same_file(tmp_path: Path) -> None:
    first = write_template(tmp_path / "a.xlsx", tables=["county"]).read_bytes()
    assert write_template(tmp_path / "b.xlsx", tables=["county"]).read_bytes() == first


def test_a_template_for_nothing_known_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="unknown table"):
        write_template(tmp_path / "t.xlsx", tables=["housold"])
    with pytest.raises(SourceError, match=r"expected \.xlsx"):
        write_template(tmp_path / "t.csv")
    assert list(tmp_path.iterdir()) == []
