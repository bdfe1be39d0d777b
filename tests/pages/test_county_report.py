"""What the notebook shows: every fact, in order, in both languages, with a reason where there is none."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from tests.report_fixtures import COUNTY, MONTH, ROOT

from relapse_risk.assessment import ASPECTS, EXHIBITS, TABLES, FactColumn
from relapse_risk.errors import EditionError
from relapse_risk.pages.county_report import SECTIONS, Report, open_report
from relapse_risk.pages.finding_sentences import finding
from relapse_risk.pages.format import format_apart
from relapse_risk.pages.table_figures import Canvas

SHOWN_OTHERWISE = {
    "data_sources",  # by data_statement()
    "aspect_profile",  # by summary()
    "issue_list",  # by issues()
    "paper_points", "paper_chances", "group_checks", "drift",  # by the model card
    "yield_scatter", "income_moves",  # joint counts behind other drawings; too sparse to print
}  # fmt: skip


def calls(notebook: str = "county_assessment") -> list[str]:
    cells = nbformat.read(ROOT / f"notebooks/reports/{notebook}.ipynb", as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


@pytest.fixture(scope="module", params=["zh", "en"])
def report(request: pytest.FixtureRequest, facts_folder: Path) -> Report:
    return open_report(facts_folder, MONTH, COUNTY, request.param)


def test_every_fact_table_has_its_place_in_the_notebook() -> None:
    named = set(re.findall(r'report\.(?:exhibit|table|figure|picture)\("(\w+)"', "\n".join(calls())))
    public = {spec.name for spec in TABLES if not spec.restricted}
    assert public - named == SHOWN_OTHERWISE
    assert named <= public, "a restricted table is shown, or a name is wrong"


def test_lists_of_households_have_their_place_in_the_worklists() -> None:
    named = set(re.findall(r'report\.table\("(\w+)"', "\n".join(calls("county_worklists"))))
    assert {spec.name for spec in TABLES if spec.restricted} <= named


def test_lists_of_households_are_shown_to_a_restricted_edition_only(facts_folder: Path) -> None:
    open_to_all = open_report(facts_folder, MONTH, COUNTY, "zh").table("missed_list").html
    restricted = open_report(facts_folder, MONTH, COUNTY, "zh", "restricted").table("missed_list").html
    assert "受限版本" in open_to_all
    assert "<table" not in open_to_all
    assert "<table" in restricted


def test_sections_come_in_the_order_of_the_contents() -> None:
    numbers = [int(n) for n in re.findall(r"report\.section\((\d+)\)", "\n".join(calls()))]
    assert numbers == list(SECTIONS) == [1, 0, *range(2, 19)]


@pytest.mark.parametrize("name", [spec.name for spec in TABLES if not spec.restricted])
def test_a_table_shows_its_rows_or_says_why_not(report: Report, name: str) -> None:
    html = report.table(name).html
    status, _ = report.status(name)
    rows = report.rows(name, COUNTY)
    if status == "collected" and rows.shape[1] > 1 and rows.iloc[:, 1:].isna().all(axis=None):
        assert report.say("report.all_withheld", threshold=5) in html
        assert "<table" not in html
    elif status == "collected":
        assert html.count("<tr>") == 1 + len(report.rows(name, COUNTY))
        assert "<caption>" in html
    elif html:
        assert 'class="missing"' in html
    else:
        assert report.missing(report.spec(name).section), "neither a table nor a reason"


@pytest.mark.parametrize("name", [one.name for one in EXHIBITS.values() if one.chart])
def test_a_figure_is_titled_by_its_finding(report: Report, name: str) -> None:
    html = report.figure(name).html
    if "<svg" in html:
        title = re.search(r"<title[^>]*>([^<]+)</title>", html)
        assert title is not None
        assert title.group(1) in html.split("<figcaption>")[1].split("</figcaption>")[0]
        assert "<desc" in html


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ([1.0, 1.0, 1.0], "All 3 guarantees stand at 100%"),
        ([1.0, 1.0, None], "All 2 published figures are 100%; 1 withheld"),
        ([1.0, 0.9, None], "Compulsory education is the weakest: 90.0% pass (of those shown)"),
        ([1.0, 0.9, 0.8], "Safe water is the weakest: 80.0% pass"),
    ],
)
def test_a_finding_does_not_claim_what_is_withheld(shares: list[float | None], said: str) -> None:
    spec = next(one for one in TABLES if one.name == "guarantee_pass")
    criteria = ["education_ok", "education_ok", "water_safe"] if shares[1] == 0.9 else ["water_safe"] * 3
    frame = pd.DataFrame({"criterion": criteria, "share": pd.array(shares, dtype="Float64")})
    assert finding(Canvas(spec, frame, frame, {}, "en")) == said


def test_the_rest_class_is_no_finding_and_rows_alike_are_counted() -> None:
    spec = next(one for one in TABLES if one.name == "monitor_causes")
    frame = pd.DataFrame({"risk": ["illness", "disability", "other"], "households": [20, 20, 90]})
    said = finding(Canvas(spec, frame, frame, {}, "en"))
    assert said == "The most common named risk of those monitored: Illness; 1 more tied"


@pytest.mark.parametrize(("answers", "stated"), [(4, False), (5, True)])
def test_a_share_of_very_few_answers_is_no_finding(answers: int, stated: bool) -> None:
    spec = next(one for one in TABLES if one.name == "survey_reasons")
    frame = pd.DataFrame({"dissatisfied_with": ["unfair", "cadre"], "answers": [answers, 3], "share": [0.6, 0.4]})  # fmt: skip
    said = finding(Canvas(spec, frame, frame, {"small_cell": 5.0}, "en"))
    assert said.startswith("The most frequent reason") == stated


def test_a_chart_that_may_not_be_drawn_gives_the_reason(report: Report) -> None:
    flow = report.rows("monitor_flow", COUNTY)
    report._read["monitor_flow", COUNTY] = flow.assign(households=flow["households"].astype("Float64").mask(flow["step"] == "start"))  # fmt: skip
    try:
        html = report.figure("monitor_flow").html
    finally:
        del report._read["monitor_flow", COUNTY]
    assert 'class="missing"' in html
    assert "finding" not in html


def test_a_section_says_how_many_misses_it_does_not_name(report: Report) -> None:
    rows = report.indicator_rows().assign(section=5, verdict="not_met", limit=1.0, value=0.5)
    report._read["indicator", COUNTY] = rows.head(7)
    try:
        said = report.section(5).html
    finally:
        del report._read["indicator", COUNTY]
    assert ("另有3项" if report.language == "zh" else "and 3 more") in said


def test_a_missed_limit_is_never_written_like_the_value() -> None:
    """999.96 misses 1,000 and 89.98 % misses 90 %: rounding would say that they do not."""
    column = FactColumn("value", "share")
    assert format_apart(0.89981, 0.9, column, "zh") == ("89.98%", "90.00%")
    assert format_apart(999.960761, 1000, FactColumn("value", "money"), "en") == ("999.96", "1,000.00")


def test_the_summary_assesses_nine_aspects_and_the_core_ten_indicators(report: Report) -> None:
    assert report.summary().html.count('<a href="#s') == len(ASPECTS) == 9
    assert 5 <= report.headlines().html.count('<th scope="row"') <= 10


def test_no_value_is_printed_as_nan_or_none(report: Report) -> None:
    for html in (
        report.brief().html,
        report.summary().html,
        report.formulas().html,
        report.issues().html,
        report.parameters().html,
    ):
        assert not re.search(r">\s*(nan|None|NaT|&lt;NA&gt;)", html)


def test_the_two_languages_do_not_mix(facts_folder: Path) -> None:
    english = open_report(facts_folder, MONTH, COUNTY, "en")
    text = re.sub(
        r"<[^>]+>",
        " ",
        english.brief().html + english.summary().html + english.formulas().html + english.table("take_up").html,
    )
    assert not re.search(r"[\u4e00-\u9fff]", text)


def test_an_unknown_county_or_language_is_refused(facts_folder: Path) -> None:
    with pytest.raises(EditionError, match="unknown county; got '999999'"):
        open_report(facts_folder, MONTH, "999999", "zh")
    with pytest.raises(EditionError, match="unknown language; got 'fr'"):
        open_report(facts_folder, MONTH, COUNTY, "fr")
    with pytest.raises(EditionError, match="no such fact table; got 'cuases'"):
        open_report(facts_folder, MONTH, COUNTY, "zh").table("cuases")
