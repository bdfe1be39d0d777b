"""Findings: counts, rejected rows, masking, and the files an office opens."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from tests.system_faults import file_limit

from relapse_risk.errors import WriteError
from relapse_risk.register import findings_files
from relapse_risk.register.findings import (
    FINDING_COLUMNS,
    SKIPPED_COLUMNS,
    Findings,
    mask_identity,
    mask_long_number,
    merge_findings,
    row_keys,
)
from relapse_risk.register.findings_files import write_findings
from relapse_risk.register.spreadsheets import neutralised


def one(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "table": "household", "row": 0, "row_key": "H1|2020-12", "county_code": "371425", "column": "dwelling_grade",
        "value": "C", "rule": "1_02_001", "kind": "missed", "severity": "warning", "zh": "住房等级为“C”",
        "en": "grade C",
    }  # fmt: skip
    return {**row, **changes}


def findings_of(*rows: dict[str, object]) -> Findings:
    frame = pd.DataFrame(list(rows), columns=pd.Index(FINDING_COLUMNS))
    frame = frame.astype({name: "Int64" if name == "row" else "str" for name in FINDING_COLUMNS})
    skipped = pd.DataFrame([["s10", "household", "371425", "not collected"]], columns=pd.Index(SKIPPED_COLUMNS))
    return Findings(frame, skipped)


SEVERAL = findings_of(
    one(),
    one(row=1, row_key="H2|2020-12"),
    one(row=1, row_key="H2|2020-12", rule="key_twice", kind="key", severity="error"),
    one(row=3, row_key="", rule="key_empty", kind="key", severity="error", county_code="371426"),
)


def test_counts_add_up_to_the_findings() -> None:
    counts = SEVERAL.counts()
    assert counts["findings"].sum() == 4
    by = counts.set_index(["county_code", "rule", "severity"])["findings"]
    assert by["371425", "1_02_001", "warning"] == 2
    assert by["371426", "key_empty", "error"] == 1


def test_only_errors_reject_and_rows_without_a_key_are_rejected_by_position() -> None:
    assert SEVERAL.rejected_keys("household") == {"H2|2020-12", ""}
    assert SEVERAL.rejected_rows("household").tolist() == [1, 3]
    assert SEVERAL.rejected_rows("person").tolist() == []


def test_summary_counts_errors_and_warnings() -> None:
    assert SEVERAL.summary() == "2 errors, 2 warnings, found by 3 rules; 1 rules not applied for lack of data"
    assert "key_twice" in SEVERAL._repr_html_()


def test_merging_keeps_every_finding_and_lists_a_skipped_rule_once() -> None:
    merged = merge_findings([SEVERAL, SEVERAL])
    assert len(merged.frame) == 8
    assert len(merged.skipped) == 1


@pytest.mark.parametrize(
    ("table", "column", "value", "shown"),
    [
        ("identity", "id_number", "11010519491231002X", "…002X"),
        ("identity", "disability_certificate", "11010519491231002X43", "…2X43"),
        ("identity", "phone", "13800001234", "…1234"),
        ("identity", "phone", "1234567", "…"),
        ("identity", "person_name", "张三丰", "…"),
        ("identity", "person_id", "P1", "P1"),
        ("household", "household_id", "11010519491231002X", "…002X"),
        ("household", "household_id", "110105491231002", "…1002"),
        ("household", "village_code", "371425101001", "371425101001"),
        ("visit_record", "issue_text", "身份证11010519491231002X丢失", "身份证…002X丢失"),
        ("household", "household_size", None, None),
    ],
)
def test_identity_is_masked_wherever_it_stands(table: str, column: str, value: str | None, shown: str | None) -> None:
    assert mask_identity(table, column, value) == shown


def test_a_row_key_does_not_carry_an_identity_number() -> None:
    people = pd.DataFrame({"person_id": ["11010519491231002X"], "snapshot_month": ["2020-12"]})
    assert row_keys(people, "person", pd.Series([0]).to_numpy()) == ["…002X|2020-12"]
    assert mask_long_number("2020-12-31 371425101001") == "2020-12-31 371425101001"


@pytest.mark.parametrize("text", ["=1+1", "+SUM(A1)", "-cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_takes_for_a_formula_is_neutralised(text: str) -> None:
    assert neutralised(text) == "'" + text


@pytest.mark.parametrize("text", ["-5", "+3.2", "C", "2020-12-01", ""])
def test_plain_text_and_numbers_are_left_alone(text: str) -> None:
    assert neutralised(text) == text


def test_the_csv_opens_in_chinese_and_holds_every_finding(tmp_path: Path) -> None:
    files = write_findings(findings_of(one(value="=HYPERLINK(1)"), one(row_key="H2|2020-12")), tmp_path / "check")
    assert files.findings.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(files.findings.read_text(encoding="utf-8-sig").splitlines()))
    assert [row["row_key"] for row in rows] == ["H1|2020-12", "H2|2020-12"]
    assert rows[0]["value"] == "'=HYPERLINK(1)"
    assert rows[0]["zh"] == "住房等级为“C”"
    assert "s10" in files.skipped.read_text(encoding="utf-8-sig")
    assert files.counts.read_text(encoding="utf-8-sig").splitlines()[1] == "371425,1_02_001,missed,warning,2"


def test_the_workbook_has_counts_findings_and_rules_not_applied(tmp_path: Path) -> None:
    files = write_findings(findings_of(one(value="=1+1"), one(value=None, row_key="H2|2020-12")), tmp_path)
    book = openpyxl.load_workbook(files.workbook)
    assert book.sheetnames == ["计数 counts", "问题 findings", "未执行 not applied"]
    sheet = book["问题 findings"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:K3"
    assert [cell.data_type for cell in sheet[2]] == ["s", "n"] + ["s"] * 9
    assert sheet["F2"].value == "'=1+1"
    assert sheet["F3"].value is None
    assert book["计数 counts"]["E2"].value == 2


def test_findings_beyond_what_a_sheet_holds_are_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings_files, "SHEET_ROWS", 1)
    files = write_findings(findings_of(one(), one(row_key="H2|2020-12")), tmp_path)
    book = openpyxl.load_workbook(files.workbook)
    assert book["问题 findings"].max_row == 2
    assert "另有 1 条" in book["计数 counts"]["G1"].value
    assert len(files.findings.read_text(encoding="utf-8-sig").splitlines()) == 3


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    files = write_findings(findings_of(one()), tmp_path)
    before = files.findings.read_bytes()
    with file_limit(10), pytest.raises(WriteError, match=r"findings\.csv: cannot be written: File too large"):
        write_findings(findings_of(one(), one(row_key="H2|2020-12")), tmp_path)
    assert files.findings.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 4


def test_no_findings_still_give_whole_files(tmp_path: Path) -> None:
    files = write_findings(merge_findings([]), tmp_path)
    assert files.findings.read_text(encoding="utf-8-sig").strip() == ",".join(FINDING_COLUMNS)
    assert openpyxl.load_workbook(files.workbook)["问题 findings"].max_row == 1
