"""Heads, units, dates and decimals of every table of a report, in both languages."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from tests.report_fixtures import COUNTY, MONTH

import relapse_risk.text
from relapse_risk.assessment import TABLES, FactColumn
from relapse_risk.pages.county_report import Report, open_report
from relapse_risk.pages.html_tables import column_label, render_table
from relapse_risk.parameters import read_parameters
from relapse_risk.text import LANGUAGES, Language, messages, text

MESSAGES = Path(relapse_risk.text.__file__).parent / "messages"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH_UNIT = re.compile(r"\b(households?|persons?|days?|ratio|share|CNY|years?|months?|villages?|papers?)\b", re.I)
ISO = re.compile(r"\b(19|20)\d\d-\d\d\b|\b20\d\d[HQ]\d\b")


@pytest.fixture(scope="module", params=LANGUAGES)
def report(request: pytest.FixtureRequest, facts_folder: Path) -> Report:
    return open_report(facts_folder, MONTH, COUNTY, request.param, "restricted")


@pytest.fixture(scope="module")
def pages(report: Report) -> dict[str, str]:
    """Every table of facts, and the tables put together from several."""
    made = {spec.name: report.table(spec.name).html for spec in TABLES}
    return made | {
        "formulas": report.formulas().html, "parameters": report.parameters().html, "issues": report.issues().html,
        "summary": report.summary().html, "headlines": report.headlines().html, "brief": report.brief("risk_by_town").html,
    }  # fmt: skip


def words(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html))


def test_each_message_stands_once() -> None:
    lines = [line for file in MESSAGES.glob("*.yaml") for line in file.read_text(encoding="utf-8").splitlines()]
    assert sum(": {" in line and not line.startswith("#") for line in lines) == len(messages())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_head_of_a_table_repeats(language: Language) -> None:
    for spec in TABLES:
        shown = [column for column in spec.columns if not column.hidden]
        heads = Counter(column_label(column, language, "CNY", spec.name) for column in shown)
        assert max(heads.values()) == 1, (spec.name, heads.most_common(2))


def test_no_two_indicators_have_one_name() -> None:
    for language in LANGUAGES:
        names = Counter(said[language] for key, said in messages().items() if key.startswith("indicator."))
        assert max(names.values()) == 1, names.most_common(1)


def test_every_unit_of_a_parameter_has_words() -> None:
    units = {parameter.unit for parameter in read_parameters().by_name.values()} - {"share"}
    assert {unit: text(f"unit.{unit}", "zh") for unit in units if not CHINESE.search(text(f"unit.{unit}", "zh"))} == {}


def test_the_two_languages_do_not_mix(report: Report, pages: dict[str, str]) -> None:
    foreign = CHINESE if report.language == "en" else ENGLISH_UNIT
    assert {name: found[0] for name, html in pages.items() if (found := foreign.search(words(html)))} == {}


def test_months_and_days_are_written_in_words(pages: dict[str, str]) -> None:
    assert {name: found[0] for name, html in pages.items() if (found := ISO.search(words(html)))} == {}


def test_the_numbers_of_a_column_have_one_number_of_decimals(pages: dict[str, str]) -> None:
    """Shares apart: they are whole only where exactly all or none, and finer below one per cent."""
    mixed = {}
    for spec in TABLES:
        rows = [re.findall(r'<td class="[nt][^"]*">([^<]*)', row) for row in pages[spec.name].split("<tr>")]
        for column in zip(*(row for row in rows if row), strict=True):
            numbers = [cell for cell in column if re.fullmatch(r"−?[\d,]+(\.\d+)?", cell)]
            if len({len(cell.partition(".")[2]) for cell in numbers}) > 1:
                mixed[spec.name] = numbers[:5]
    assert mixed == {}


def test_large_sums_of_a_column_are_in_one_magnitude() -> None:
    frame = pd.DataFrame({"year": ["2019", "2020"], "fund": [4_642.0, 124_500_000.0]})
    columns = (FactColumn("year", "text"), FactColumn("fund", "money_wan"))
    for language, head, cells in (("zh", "（万元）", ("0.5", "12,450.0")), ("en", "(thousand CNY)", ("5", "124,500"))):
        page = render_table("t", frame, columns, language, currency="元" if language == "zh" else "CNY")  # type: ignore[arg-type]
        assert head in page
        assert tuple(re.findall(r'<td class="n">([^<]*)', page)) == cells
