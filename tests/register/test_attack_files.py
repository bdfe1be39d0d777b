"""Files that attack: keys that climb out of folders, cells that reach to the end of the sheet.  Cases and siblings."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.styles import PatternFill

from relapse_risk.errors import SchemaError, SourceError
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.register.cell_readers import Refused, key_reader, read_text
from relapse_risk.register.importing import import_source
from relapse_risk.register.mapping import read_mapping
from relapse_risk.register.workbooks import read_workbook
from relapse_risk.schema import check_table

AS_OF = date(2020, 12, 31)
CLIMBING = ["../../", "../../x", "/etc/passwd", "..", ".hidden", "a\\b", "a/b", "H\n1/2", "x" * 65, "县" * 65]


@pytest.mark.shared
@pytest.mark.parametrize("case", ["slash", "slash2"])
def test_a_county_that_climbs_out_of_its_folder_does_not_enter(shared_dir: Path, tmp_path: Path, case: str) -> None:
    folder = shared_dir / "cases/attack" / case
    import_source(folder, folder / "m.yaml", tmp_path / "register", month="2020-12", as_of=AS_OF)
    register = Register.open(tmp_path / "register")
    held = (
        [*register.read_all("county")["county_code"], *register.read_all("village")["village_code"]]
        if register.has("county")
        else []
    )
    assert not [code for code in held if "/" in code]
    findings = (tmp_path / f"findings/import-{case}/findings.csv").read_text(encoding="utf-8-sig")
    assert "key_unsafe,key,error" in findings


@pytest.mark.parametrize("key", CLIMBING)
def test_a_key_that_cannot_name_a_file_is_refused_at_both_doors(key: str, tmp_path: Path) -> None:
    assert key_reader(read_text)(key) == Refused("key_unsafe")
    with pytest.raises(SchemaError, match=r"a key that cannot name a file; got .* Fix: write the key without"):
        check_table(pd.DataFrame({"county_code": [key], "county_name_zh": "县", "county_name_en": "x"}), "county")
    with RegisterWriter(tmp_path / "r", place="dezhou") as writer, pytest.raises(SchemaError, match="household_id"):
        writer.put(
            "household", pd.DataFrame({"household_id": [key], "village_code": ["371425101001"]}), month="2020-12"
        )


@pytest.mark.parametrize("key", ["371425", "H-001", "甲村-3", "A.B", "NA", "0", "a|b", "x" * 64])
def test_usual_keys_enter(key: str) -> None:
    assert key_reader(read_text)(key) == key
    assert check_table(pd.DataFrame({"county_code": [key]}), "county")["county_code"].tolist() == [key]


@pytest.mark.shared
def test_a_blank_cell_in_the_last_column_and_row_is_refused_by_its_address(shared_dir: Path) -> None:
    with pytest.raises(
        SourceError, match=r"far_cell\.xlsx, sheet1\.xml: cells far away from the others; got 'XFD1048576'"
    ):
        read_workbook(shared_dir / "cases/attack/far_cell.xlsx", read_mapping("template"))


@pytest.mark.parametrize("far", ["XFD1048576", "A1048576 XFD2", "XFD900000"])
def test_cells_that_only_have_a_format_reach_too(tmp_path: Path, far: str) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "x"
    for cell in far.split():
        book.active[cell].fill = PatternFill("solid", fgColor="FF0000")
    book.save(tmp_path / "far.xlsx")
    with pytest.raises(SourceError, match="cells far away from the others"):
        read_workbook(tmp_path / "far.xlsx", read_mapping("template"))


def test_a_long_sheet_and_a_wide_one_are_read(tmp_path: Path) -> None:
    for name, far in (("long", "A60000"), ("wide", "XFD1")):
        book = openpyxl.Workbook()
        book.active["A1"], book.active[far] = "x", "y"
        book.save(tmp_path / f"{name}.xlsx")
        tables, notes = read_workbook(tmp_path / f"{name}.xlsx", read_mapping("template"))
        assert tables == []
        assert any("sheet Sheet was not read" in note for note in notes)


def test_full_width_dots_and_slashes_climb_no_better() -> None:
    assert key_reader(read_text)("．．／x") == Refused("key_unsafe")
