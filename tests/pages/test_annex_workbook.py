"""The annex as a workbook: the numbers of the facts, the marks of the page, nothing that a page may not show."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.workbook.workbook import Workbook
from tests.report_fixtures import COUNTY, MONTH, edition_file

from relapse_risk.assessment import TABLES
from relapse_risk.editions.edition import read_edition
from relapse_risk.editions.render import render_edition
from relapse_risk.pages.annex_workbook import annex_workbook, dictionary, workbook_of
from relapse_risk.pages.county_report import Report, open_report
from relapse_risk.text import LANGUAGES, text

PUBLIC = [spec for spec in TABLES if not spec.restricted]


@pytest.fixture(params=LANGUAGES)
def report(request: pytest.FixtureRequest, facts_folder: Path) -> Report:
    return open_report(facts_folder, MONTH, COUNTY, request.param)


def read(content: bytes) -> Workbook:
    return openpyxl.load_workbook(BytesIO(content))


def rows(book: Workbook, sheet: str) -> list[tuple[object, ...]]:
    return [tuple(cell for cell in row) for row in book[sheet].iter_rows(values_only=True)]


def test_every_table_with_rows_has_a_sheet_and_the_same_facts_give_the_same_bytes(report: Report) -> None:
    content = annex_workbook(report)
    assert content == workbook_of(str(report.facts.folder.parent), MONTH, COUNTY, report.language)
    names = read(content).sheetnames
    collected = [spec.name[:31] for spec in PUBLIC if report.status(spec.name)[0] == "collected"]
    first, second, *between, last = names
    assert between == collected
    assert [first, second, last] == [
        report.say(f"workbook.{name}") for name in ("contents", "indicators", "dictionary")
    ]


def test_lists_of_households_are_in_a_restricted_one_only(facts_folder: Path) -> None:
    one, other = (
        read(workbook_of(str(facts_folder), MONTH, COUNTY, "en", audience)) for audience in ("public", "restricted")
    )
    assert "missed_list" not in one.sheetnames
    assert "missed_list" in other.sheetnames


def test_numbers_are_those_of_the_facts_and_sums_of_money_in_full(report: Report) -> None:
    frame = pd.DataFrame(
        {"department": ["MZ", "YB"], "entitled": [511.0, None], "receiving": [398.0, None], "missing": [113.0, None],
         "share": [398 / 511, None], "forgone": [338869.4, 704172.0]}
    )  # fmt: skip
    report._read["take_up_by_department", COUNTY] = frame
    book = read(annex_workbook(report))
    heads, one, other = rows(book, "take_up_by_department")
    assert one[1:] == (511, 398, 113, 0.7789, 338869.4)
    assert other[1:] == ("※", "※", "※", "※", 704172)
    currency = {"zh": "（元）", "en": "(CNY)"}[report.language]
    assert str(heads[-1]).endswith(currency), "not in thousands or 万元, as on the page"


def test_what_is_withheld_is_a_mark_wherever_it_stands(report: Report) -> None:
    """No cell of a workbook holds a number where the facts hold none."""
    book = read(annex_workbook(report))
    seen = 0
    for spec in PUBLIC:
        if report.status(spec.name)[0] != "collected":
            continue
        frame = report.rows(spec.name, COUNTY)
        written = rows(book, spec.name[:31])[1:]
        assert len(written) == len(frame), spec.name
        numbers = sum(isinstance(cell, (int, float)) for row in written for cell in row)
        shown = [c.name for c in spec.columns if not c.hidden and c.name in frame]
        assert numbers <= int(frame[shown].notna().sum().sum()), spec.name
        seen += sum(cell == "※" for row in written for cell in row)
    assert seen > 20, "the small county withholds much"


def test_a_withheld_indicator_is_a_mark_and_one_without_target_has_none(report: Report) -> None:
    found = report.indicator_rows()
    name = "dropped_out"
    for column in ("numerator", "value"):
        found[column] = found[column].mask(found["indicator"] == name)
    found.loc[found["indicator"] == name, ["verdict", "withheld"]] = ["not_met", True]
    report._read["indicator", COUNTY] = found
    said = {row[1]: row for row in rows(read(annex_workbook(report)), report.say("workbook.indicators"))}
    assert said[report.say(f"indicator.{name}")][2] == "※"
    assert said[report.say(f"indicator.{name}")][4] == "※"
    assert said[report.say("indicator.mean_income")][9] == "/"


def test_the_dictionary_says_what_each_column_counts(report: Report) -> None:
    spec = next(one for one in TABLES if one.name == "causes")
    found = {row[1]: row for row in dictionary(report, [spec])}
    assert found["main"][2:] == [text("column.main", report.language), report.say("workbook.kind.households"), "main_cause.yes"]  # fmt: skip


def test_an_edition_of_reports_may_have_workbooks(facts_folder: Path, tmp_path: Path) -> None:
    edition = read_edition(edition_file(tmp_path / "e.yaml", facts_folder, formats=["html", "xlsx"], languages=["en"]))
    result = render_edition(edition)
    assert result.exit_code == 0, result.summary()
    assert read((result.folder / f"{COUNTY}-en.xlsx").read_bytes()).sheetnames[1] == "Indicators"
