"""One broken file of each kind: the check says file, key and the nearest name; what ends and what nobody uses."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from relapse_risk.cli import app
from relapse_risk.errors import ParameterError
from relapse_risk.parameters import params_dir
from relapse_risk.params_check import check_params

DAY = date(2020, 12, 31)

# File, what stands there, the misspelling, and words of the fault.
BROKEN = {
    "a place's line": (
        "places/dezhou.yaml", "poverty: national_line_b", "poverty: national_lien_b",
        ["places/dezhou.yaml: lines.poverty", "unknown parameter", "'national_line_b'"]),
    "a place's index": (
        "places/dezhou.yaml", "index: dz_hardship", "index: dz_hradship", ["dezhou.yaml: index", "'dz_hardship'"]),
    "a term of a place": (
        "places/argentina_eph.yaml", "gap_months:", "gap_month:", ["argentina_eph.yaml: terms", "'gap_months'"]),
    "a column of an index": (
        "indexes/dz_hardship.yaml", "{rigid_burden: 1}", "{rigid_burdn: 1}",
        ["dz_hardship.yaml: rigid_burden.columns", "unknown column", "'rigid_burdn'", "'rigid_burden'"]),
    "a family of a panel's feature": (
        "panels/argentina_eph.yaml", "family: schooling", "family: schoolign",
        ["panels/argentina_eph.yaml: features, under6_share", "unknown family", "'schooling'"]),
    "a change of policy": (
        "what_if.yaml", "change: reimbursement", "change: reimbursment",
        ["what_if.yaml: outpatient_reimbursement: change", "'reimbursement'"]),
    "a value of a change": (
        "what_if.yaml", "wage_year: 6000", "wage_yaer: 6000", ["post_for_each: values", "'wage_year'"]),
    "a table that is expected": ("expected.yaml", "alert:", "alrt:", ["expected.yaml", "unknown table", "'alert'"]),
    "a column somebody answers for": (
        "departments.yaml", "dwelling_grade", "dweling_grade", ["departments.yaml", "unknown column", "'dwelling_grade'"]),
    "a cause": ("measures.yaml", "illness:", "ilness:", ["measures.yaml", "unknown cause", "'illness'"]),
    "a department": ("measures.yaml", "department: WJ", "department: WJJ", ["measures.yaml: illness", "'WJ'"]),
    "an item's exclusion": (
        "assistance/dezhou.yaml", "excludes: [MZ03]", "excludes: [MZ33]", ["assistance/dezhou.yaml: MZ01", "'MZ03'"]),
    "an item's code": (
        "assistance/dezhou.yaml", "WJ02:", "JW02:", ["demo/items.yaml", "unknown item; got 'WJ02'", "'JW02'"]),
    "a group of items": ("rules/quality.yaml", "dibao: [MZ01]", "dibao: [MZ10]", ["item_groups.dibao", "unknown item"]),
    "a column of a rule": (
        "rules/cross.yaml", "{column: members, above: 0}", "{column: memebrs, above: 0}",
        ["rules/cross.yaml: size_differs", "'members'"]),
    "a column of a source": (
        "sources/national_export.yaml", "household_id:", "houshold_id:", ["national_export.yaml", "'household_id'"]),
    "the place of a source": ("sources/sql_example.yaml", "place: dezhou", "place: dezhuo", ["sql_example.yaml: place", "'dezhou'"]),
    "a rule off": (
        "sources/argentina_eph.yaml", "rules_off:\n", "rules_off:\n  size_difers: ours\n", ["rules_off", "'size_differs'"]),
    "the place of an edition": ("editions/city.yaml", "place: dezhou", "place: dezhuo", ["city.yaml: place", "'dezhou'"]),
    "the notebook of an edition": (
        "editions/city.yaml", "city_overview.ipynb", "city_overveiw.ipynb", ["city.yaml: notebooks", "'city_overview.ipynb'"]),
    "the indicator of an edition": (
        "editions/weekly.yaml", "missed_monitoring", "mised_monitoring", ["weekly.yaml: counties.indicator", "'missed_monitoring'"]),
    "a county's type": ("demo/counties.yaml", "type: district", "type: distric", ["demo/counties.yaml: 371402", "'district'"]),
    "a number of the demo": (
        "demo/process.yaml", "job_find_rate:", "job_fnid_rate:", ["demo/process.yaml: job_fnid_rate", "'job_find_rate'"]),
    "a role of the demo": ("demo/population.yaml", "  HSCC:", "  HSCX:", ["population.yaml: registered.HSCX", "unknown role"]),
    "a limit the program asks for": (
        "thresholds.yaml", "urgent_loss:", "urgnet_loss:", ["urgnet_loss", "'urgent_loss'"]),
    "a tile of the map": ("places/dezhou.yaml", '"371422":', '"3714222":', ["places/dezhou.yaml: tiles", "'371422'"]),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_named_with_key_and_nearest(what: str, tmp_path: Path) -> None:
    file, right, wrong, words = BROKEN[what]
    folder = tmp_path / "params"
    shutil.copytree(params_dir(), folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert right in text, "the case is of a file as it was once"
    (folder / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    told = [str(fault) for fault in check_params(None, DAY, folder).faults]
    assert [text for text in told if all(word in text for word in words)], told


def test_the_package_s_own_files_are_right_and_say_what_ends() -> None:
    report = check_params("dezhou", DAY)
    assert report.faults == ()
    ends = {one.where: one.last_day.isoformat() for one in report.endings}
    assert ends["lines.yaml: national_line_b"] == "2020-12-31"  # the standard of 2020 was of the last year
    assert "lines.yaml: eph_line_60" not in ends, "a line of another place"


def test_what_ends_soon_what_ends_later_and_what_nobody_uses(tmp_path: Path) -> None:
    """13 months from 2020-12-31 reach to the last day of January 2022."""
    folder = tmp_path / "params"
    shutil.copytree(params_dir(), folder)
    entry = "{label: {zh: 甲, en: X}, unit: CNY, values: {2000-01-01: {value: 1}, %s: {value: null}}}\n"
    with (folder / "thresholds.yaml").open("a", encoding="utf-8") as file:
        file.write("ends_soon: " + entry % "2022-02-01" + "ends_later: " + entry % "2022-02-02")
    report = check_params("dezhou", DAY, folder)
    ends = {one.where: one.last_day for one in report.endings}
    assert ends["thresholds.yaml: ends_soon"] == date(2022, 1, 31)
    assert "thresholds.yaml: ends_later" not in ends
    assert {"ends_soon", "ends_later"} <= {one.name for one in report.unused}
    assert "urgent_loss" not in {one.name for one in report.unused}


def test_the_command_says_it_and_its_exit_code_too(tmp_path: Path) -> None:
    folder = tmp_path / "params"
    shutil.copytree(params_dir(), folder)
    given = ["params", "check", "dezhou", "--params", str(folder), "--day", "2020-12-31", "--json"]
    right = CliRunner().invoke(app, given)
    assert (right.exit_code, json.loads(right.stdout)["faults"]) == (0, [])
    (folder / "what_if.yaml").write_text("x: [1", encoding="utf-8")
    wrong = CliRunner().invoke(app, given)
    assert wrong.exit_code == 1
    assert "not valid YAML" in json.loads(wrong.stdout)["faults"][0]["what"]
    with pytest.raises(ParameterError, match=r"unknown place; got 'dezhuo'.*did you mean 'dezhou'"):
        check_params("dezhuo", DAY)
