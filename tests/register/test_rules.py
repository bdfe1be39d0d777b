"""Rule files: every rule against hand-made rows, and rule files broken in every way they can be."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from relapse_risk.errors import ParameterError
from relapse_risk.parameters import params_dir, read_parameters
from relapse_risk.register.quality import check_frames
from relapse_risk.register.rules import INTAKE, RuleBook, read_rules

CASES = Path(__file__).parents[1] / "rules"
MONTH = "2020-12"
FILLED = {
    "household": {"snapshot_month": MONTH, "village_code": "371425101001"},
    "person": {"snapshot_month": MONTH},
    "income": {"period_end": MONTH, "months": 12, "wage_income": None, "transfer_income": None},
    "assistance_record": {"decision": None, "delivered_on": None, "period_start": None, "person_id": None},
    "village": {"county_code": "371425"},
}


def read_cases() -> list[dict[str, Any]]:
    return [
        {"file": path.stem, **case}
        for path in sorted(CASES.glob("*.yaml"))
        for case in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    ]


ALL_CASES = read_cases()


def frame_of(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([{**FILLED.get(name, {}), **row} for row in rows], dtype="object")


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return read_rules()


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: case["title"])
def test_rule_finds_the_rows_named_and_no_other(case: dict[str, Any], book: RuleBook) -> None:
    frames = {name: frame_of(name, rows) for name, rows in case["tables"].items()}
    month = case.get("month", MONTH)
    found = check_frames(frames, month, read_parameters(), case.get("place", "dezhou"), rules=book).frame
    hits = found[found["rule"] == case["rule"]]
    by_column = any(":" in key for key in case["found"])
    keys = hits["row_key"].str.split("|").str[0]
    got = sorted(keys + ":" + hits["column"]) if by_column else sorted(set(keys))
    assert got == sorted(case["found"])
    assert hits["zh"].str.len().min() > 0
    assert hits["en"].str.len().min() > 0
    table = hits["table"].iloc[0]
    assert len(frames[table]) > len(set(hits["row"])), "a case needs a row that is right"


def test_every_case_says_where_it_comes_from() -> None:
    assert [case["title"] for case in ALL_CASES if not case.get("source")] == []


def test_every_rule_has_a_case(book: RuleBook) -> None:
    assert {rule.id for rule in book.rules} == {case["rule"] for case in ALL_CASES}


def test_all_35_audit_rules_are_there(book: RuleBook) -> None:
    audit = [
        "1_01_002", "1_01_003", "dis_cert", "1_01_dup", "1_02_001", "1_02_002", "1_02_edu", "1_02_med", "1_02_006",
        "1_03_004", "1_03_007", "1_11_002", "1_11_004", "1_11_009", "1_12_001", "4_11_010", "5_01_203", "5_11_013",
        "5_12_003", "5_12_004", "5_12_005", "5_12_013", "5_15_007", "5_15_009", "5_15_011", "5_16_005", "s17", "s18",
        "s19", "s22", "s23", "s24", "s26", "s27", "s10",
    ]  # fmt: skip
    assert len(audit) == 35
    assert set(audit) <= {rule.id for rule in book.rules}


def test_every_intake_fault_has_words_in_both_languages(book: RuleBook) -> None:
    assert set(book.intake) == set(INTAKE)
    assert all(all(rule.message.by_language.values()) for rule in book.intake.values())


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A copy of the parameter folder whose rules a test may break."""
    folder = tmp_path / "params"
    for name in ("rules", "predicates"):
        shutil.copytree(params_dir() / name, folder / name)
    for name in ("lines.yaml", "thresholds.yaml"):
        shutil.copy(params_dir() / name, folder / name)
    return folder


GOOD = {
    "table": "household", "column": "dwelling_grade", "severity": "warning", "kind": "logic",
    "when": [{"column": "dwelling_grade", "in": ["C"]}], "zh": "等级 {value}", "en": "grade {value}", "source": "ours",
}  # fmt: skip
BROKEN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an unknown table": ({"table": "houshold"}, ["unknown table", "houshold", "did you mean 'household'"]),
    "an unknown reported column": ({"column": "dweling_grade"}, ["unknown column", "did you mean 'dwelling_grade'"]),
    "an unknown clause column": (
        {"when": [{"column": "dwelling_grad", "in": ["C"]}]}, ["column of view household", "'dwelling_grade'"]),
    "an unknown operation": ({"when": [{"column": "dwelling_grade", "within": ["C"]}]}, ["within", "unknown key"]),
    "two operations": (
        {"when": [{"column": "dwelling_grade", "is": "C", "missing": True}]}, ["exactly one operation", "'is'"]),
    "no operation": ({"when": [{"column": "dwelling_grade"}]}, ["exactly one operation", "none"]),
    "an unknown code word": (
        {"when": [{"column": "dwelling_grade", "in": ["E"]}]}, ["word of code list dwelling_grade", "A | B | C | D"]),
    "a number operation on a code": (
        {"when": [{"column": "dwelling_grade", "below": 3}]}, ["dwelling_grade is of type code", "below", "is_not"]),
    "an unknown parameter": (
        {"when": [{"column": "arable_mu", "below": {"parameter": "urgent_los"}}]},
        ["unknown parameter", "did you mean 'urgent_loss'"]),
    "an unknown line": (
        {"when": [{"column": "arable_mu", "below": {"line": "povrty"}}]}, ["line", "povrty"]),
    "a limit of two origins": (
        {"when": [{"column": "arable_mu", "below": {"parameter": "urgent_loss", "column": "household_size"}}]},
        ["exactly one of number, column, parameter, line, day"]),
    "an unknown limit column": (
        {"when": [{"column": "arable_mu", "below": {"column": "household_siz"}}]}, ["did you mean 'household_size'"]),
    "an unknown item group": (
        {"table": "assistance_record", "column": "item_code",
         "when": [{"column": "item_code", "in": {"group": "jobs"}}]}, ["unknown item group", "employment"]),
    "an unknown check": ({"check": "check_charcter_wrong"}, ["unknown check", "'check_character_wrong'"]),
    "an unknown message field": ({"zh": "{valu}"}, ["zh", "unknown message field", "did you mean 'value'"]),
    "an unknown severity": ({"severity": "fatal"}, ["severity", "fatal"]),
    "an unknown kind": ({"kind": "strange"}, ["kind", "strange"]),
    "no source": ({"source": None}, ["source"]),
    "neither column nor each": ({"column": None}, ["either column or each"]),
    "neither clause nor check": ({"when": []}, ["clauses (when) or a check"]),
    "an empty any": ({"when": [{"any": []}]}, ["'any' stands alone"]),
    "every table without a selector": ({"table": "every"}, ["selects columns by type, unit or name"]),
    "a key nobody knows": ({"wen": []}, ["wen", "unknown key"]),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_named_with_the_nearest_right_word(
    change: dict[str, Any], words: list[str], broken: Path
) -> None:
    rule = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    text = yaml.safe_dump({"rules": {"my_rule": rule}}, allow_unicode=True)
    (broken / "rules" / "cross.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError) as caught:
        read_rules(broken)
    for word in ["cross.yaml", "my_rule", *words]:
        assert word in str(caught.value)


def test_the_unbroken_rule_is_read(broken: Path) -> None:
    (broken / "rules" / "cross.yaml").write_text(yaml.safe_dump({"rules": {"my_rule": GOOD}}), encoding="utf-8")
    assert read_rules(broken).of("my_rule")[0].columns == ("dwelling_grade",)


def test_a_rule_given_in_two_files_is_refused(broken: Path) -> None:
    (broken / "rules" / "cross.yaml").write_text(yaml.safe_dump({"rules": {"s17": GOOD}}), encoding="utf-8")
    with pytest.raises(ParameterError, match=r"cross\.yaml.*given twice.*s17"):
        read_rules(broken)


def test_a_rule_given_twice_in_one_file_is_refused(broken: Path) -> None:
    one = yaml.safe_dump({"my_rule": GOOD}).replace("\n", "\n  ")
    (broken / "rules" / "cross.yaml").write_text(f"rules:\n  {one}\n  {one}", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"my_rule.*written twice"):
        read_rules(broken)


def test_a_missing_rule_file_is_named(broken: Path) -> None:
    (broken / "rules" / "ranges.yaml").unlink()
    with pytest.raises(ParameterError, match=r"ranges\.yaml.*file not found"):
        read_rules(broken)


def test_an_intake_fault_without_words_is_named(broken: Path) -> None:
    path = broken / "rules" / "intake.yaml"
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if "not_a_date" not in line]
    path.write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(ParameterError, match=r"no message.*not_a_date"):
        read_rules(broken)


def test_an_unknown_intake_fault_is_named(broken: Path) -> None:
    path = broken / "rules" / "intake.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("  not_a_date:", "  not_a_dat:"), encoding="utf-8")
    with pytest.raises(ParameterError, match=r"not_a_dat.*did you mean 'not_a_date'"):
        read_rules(broken)
