"""The brief: every number of it stands in the annex of the published page, and what is withheld or unknown is not told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from tests.report_fixtures import COUNTY, MONTH, edition_file, released

from relapse_risk.assessment import ACTIONS, CITY, INDICATORS, TABLES
from relapse_risk.editions.edition import Edition, read_edition
from relapse_risk.editions.export import without_annex
from relapse_risk.editions.render import render_edition
from relapse_risk.errors import SchemaError
from relapse_risk.exhibits import Action, check_action
from relapse_risk.pages.brief import CHANGES, FIGURES
from relapse_risk.pages.brief_actions import actions_due
from relapse_risk.pages.county_report import Report, open_report
from relapse_risk.pages.indicator_verdicts import DECIDING
from relapse_risk.text import LANGUAGES, Language, text


@pytest.fixture(params=LANGUAGES)
def report(request: pytest.FixtureRequest, facts_folder: Path) -> Report:
    """A report of its own for each test, which may put other rows into it."""
    return open_report(facts_folder, MONTH, COUNTY, request.param)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def body(page: str, caption: str) -> list[list[str]]:
    """The cells of the table under ``caption``, row by row, without their small second lines."""
    found = re.search(rf"<caption><span>(?:<span[^>]*>[^<]*</span> )?{re.escape(caption)}</span></caption>.*?<tbody>(.*?)</tbody>", page, re.DOTALL)  # fmt: skip
    assert found, f"no table called {caption}"
    rows = re.sub(r"<small>.*?</small>", "", found[1]).split("<tr>")[1:]
    return [[words(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


def number(cell: str) -> float | None:
    return float(cell.replace(",", "")) if re.fullmatch(r"[\d,]+", cell) else None


def with_rows(report: Report, **changes: dict[str, object]) -> Report:
    """The report with other values of the indicators named."""
    rows = report.indicator_rows()
    for name, values in changes.items():
        for column, value in values.items():
            rows[column] = rows[column].astype(object).mask(rows["indicator"] == name, value)
    report._read["indicator", report.county] = rows
    return report


# -- the published page -----------------------------------------------------------------------------------------------------


def agree(brief: str, annex: str, language: Language) -> tuple[int, int]:
    """Compare every number of a brief with the table of all indicators; how many figures and actions were numbers."""
    said = {row[0]: row[1:] for row in body(annex, text("table.formulas", language))}
    shown = re.findall(r'data-of="(\w+)" data-shows="(\w+)">([^<]+)</b>', brief)
    assert [(one.indicator, one.shows) for one in FIGURES] == [(name, side) for name, side, _ in shown]
    figures = actions = 0
    for name, side, told in shown:
        if told == "–":
            assert text(f"indicator.{name}", language) not in said
            continue
        cases, known = (number(cell) for cell in said[text(f"indicator.{name}", language)][:2])
        if number(told) is None:
            assert cases is None, (name, told)
            continue
        assert known is not None
        assert number(told) == (known if side == "known" else cases if side == "cases" else known - (cases or 0)), name
        figures += 1
    values = {row[0]: row[1] for row in body(brief, text("brief.deciding", language))}
    assert [*values] == [text(f"indicator.{name}", language) for name in DECIDING]
    assert all(value == "–" or value == said[name][2] for name, value in values.items())
    listed = {text(f"action.{one.indicator}", language): one.indicator for one in ACTIONS}
    directions = {item.name: item.direction for item in INDICATORS}
    for action, people, *_ in body(brief, text("brief.actions", language)):
        cases, known = (number(cell) for cell in said[text(f"indicator.{listed[action]}", language)][:2])
        if people == text("brief.some", language):
            assert cases is None, action
            continue
        assert cases is not None
        assert known is not None
        assert number(people) == (known - cases if directions[listed[action]] == "higher_better" else cases), action
        actions += 1
    return figures, actions


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_of_the_published_brief_equals_the_annex(rendered: Edition, language: Language) -> None:
    page = (released(rendered) / f"{COUNTY}-{language}.html").read_text(encoding="utf-8")
    agree(page.split("<!--annex-->")[0], page.split("<!--annex-->")[-1], language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_little_is_withheld_the_numbers_are_there_and_equal(facts_folder: Path, language: Language) -> None:
    """All counties together: the small county of the edition withholds most of its numbers."""
    report = open_report(facts_folder, MONTH, CITY, language)
    figures, actions = agree(report.brief("risk_by_town").html, report.formulas().html, language)
    assert figures >= 3
    assert actions >= 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_table_or_figure_is_printed_twice(rendered: Edition, language: Language) -> None:
    page = (released(rendered) / f"{COUNTY}-{language}.html").read_text(encoding="utf-8")
    numbers = Counter(words(one) for one in re.findall(r'<span class="number">([^<]+)</span>', page))
    assert numbers.most_common(1)[0][1] == 1
    drawn = Counter(re.findall(r'<svg [^>]*class="wide[^>]*aria-labelledby="([^" ]+)', page))
    assert not drawn or drawn.most_common(1)[0][1] == 1


def test_a_pdf_holds_brief_and_core_and_the_html_the_annex(rendered: Edition) -> None:
    page = (released(rendered) / f"{COUNTY}-en.html").read_text(encoding="utf-8")
    printed = without_annex(page)
    for place in ("annex", "s18"):
        assert f'id="{place}"' in page
        assert f'id="{place}"' not in printed
    for place in ("brief", "core-indicators", "core-issues"):
        assert f'id="{place}"' in printed
    assert "<footer>" in printed
    targets, there = set(re.findall(r'href="#([^"]+)"', printed)), set(re.findall(r'id="([^"]+)"', printed))
    assert targets - there == set(), "a link into the annex that is not there"


def test_an_edition_may_ask_for_the_annex_in_its_pdf(facts_folder: Path, tmp_path: Path) -> None:
    sizes = []
    for annex in (False, True):
        folder = tmp_path / str(annex)
        folder.mkdir()
        edition = read_edition(edition_file(folder / "e.yaml", facts_folder, annex=annex, languages=["en"]))
        result = render_edition(edition)
        assert result.exit_code == 0, result.summary()
        pages = [*result.folder.glob("*.pdf")]
        if not pages:
            pytest.skip("no PDF engine here")
        sizes.append(pages[0].stat().st_size)
    assert sizes[1] > 2 * sizes[0]


# -- what it tells -----------------------------------------------------------------------------------------------------------


def test_it_says_how_many_people_are_poor_and_what_a_year_before(report: Report) -> None:
    with_rows(report, below_line={"numerator": 139.0, "denominator": 5612.0, "value": 0.024768, "previous": 0.0216, "previous_period": "2019-12", "withheld": False, "line_now": None},
              poor_households={"numerator": 59.0})  # fmt: skip
    said = words(report.brief().html)
    lead = {"zh": "139人（59户）人均纯收入低于贫困线，占在册人口的2.5%。", "en": "139 people in 59 households live below the poverty line (2.5% of the register)."}  # fmt: skip
    assert lead[report.language] in said
    assert {"zh": "2019年12月为2.2%", "en": "December 2019: 2.2%"}[report.language] in said


def test_where_the_line_changed_a_year_before_is_by_the_line_of_now(report: Report) -> None:
    """2.2% were below the line of the year before and 2.9% below that of now: 2.5% is fewer, not more."""
    rows = {
        "numerator": 139.0,
        "denominator": 5612.0,
        "value": 0.0248,
        "previous": 0.0216,
        "previous_period": "2019-12",
    }
    with_rows(report, below_line=rows | {"previous_held": 0.029, "line_before": 3747.0, "line_now": 4000.0})
    said = words(report.brief().html)
    better = said[said.index(report.say("brief.changed.better", items="").rstrip("。. ")) :]
    assert "2.9%" in better
    assert "2.2%" not in said
    assert {"zh": "2019年12月为2.9%（按本期标准）", "en": "December 2019: 2.9%, by this period’s line"}[
        report.language
    ] in said


def test_that_nothing_is_worse_is_said_only_where_nothing_is(report: Report) -> None:
    """Of what moved both ways the worse is named; a reader cannot tell from a list of what is better."""
    for now, calm in ((0.02, True), (0.03, False)):
        with_rows(report, below_line={"value": now, "previous": 0.025, "previous_held": 0.025, "line_now": None, "low": None},
                  **{name: {"previous": None, "previous_held": None} for name in CHANGES if name != "below_line"})  # fmt: skip
        said = words(report.brief().html)
        assert (report.say("brief.changed.none_worse") in said) == calm


def test_demonstration_data_are_named_before_any_number(report: Report) -> None:
    html = report.brief().html
    assert html.index(report.data_note) < html.index('class="lead"')


def test_a_withheld_failure_is_told_without_its_number(report: Report) -> None:
    gone = {"numerator": None, "value": None, "withheld": True}
    with_rows(report, dropped_out=gone | {"verdict": "not_met"}, high_risk_unmonitored=gone | {"verdict": "no_limit"})
    html = report.brief().html
    assert f'data-of="dropped_out" data-shows="cases">{report.say("brief.some")}</b>' in html
    actions = [one.action.indicator for one in actions_due(report)]
    assert "dropped_out" in actions
    assert "high_risk_unmonitored" not in actions, "without a target it may be none at all"


def test_what_was_not_collected_is_said_to_be_unknown(report: Report) -> None:
    with_rows(report, dropped_out={"numerator": None, "denominator": None, "value": None, "verdict": "not_collected"})
    html = report.brief().html
    assert 'data-of="dropped_out" data-shows="cases">–</b>' in html
    assert report.say("brief.not_collected") in html


def test_nobody_in_trouble_is_nothing_to_do(report: Report) -> None:
    calm = {name: {"numerator": 0.0, "value": 0.0, "verdict": "met"} for name in {one.indicator for one in ACTIONS}}
    with_rows(report, **calm)
    assert report.say("brief.no_actions") in report.brief().html


def test_the_graver_comes_first_and_then_the_more_people(report: Report) -> None:
    everywhere = {"numerator": 40.0, "denominator": 90.0, "value": 0.4, "verdict": "not_met", "withheld": False}
    with_rows(report, **{one.indicator: everywhere | {"numerator": 40.0 + at} for at, one in enumerate(ACTIONS)})
    due = actions_due(report)
    assert len(due) == 5
    order = [(one.action.gravity, one.people is None, -(one.people or 0)) for one in due]
    assert order == sorted(order)
    assert max(Counter(one.action.gravity for one in due).values()) <= 3


def test_an_action_has_the_date_of_its_issue_or_the_days_of_its_gravity(report: Report) -> None:
    issues = report.rows("issue_list", COUNTY).set_index("indicator")["due_on"]
    later = {1: 15, 2: 30, 3: 60}  # severe, major, minor: issue_ledger.DAYS
    for one in actions_due(report):
        plain = (date(2020, 12, 31) + timedelta(days=later[one.action.gravity])).isoformat()
        assert one.due_on == issues.get(one.action.led_by, plain)


def test_most_of_them_is_the_largest_of_its_table(report: Report) -> None:
    town = "甲镇|Town A", "乙镇|Town B", "丙镇|Town C"
    frame = pd.DataFrame({"town": town, "scored": 99, "expected": 1.0, "probability": 0.01, "high": [7.0, None, 12.0]})
    report._read["risk_by_town", COUNTY] = frame
    with_rows(report, high_risk_unmonitored={"numerator": 9.0, "denominator": 19.0, "verdict": "no_limit"})
    most = next(one.most for one in actions_due(report) if one.action.indicator == "high_risk_unmonitored")
    assert most is not None
    assert most.name == {"zh": "丙镇", "en": "Town C"}[report.language]
    assert (most.number[-2:], most.tied, most.of_shown) == ("12", 0, True)


def test_the_city_names_counties_and_the_first_date_among_them(facts_folder: Path) -> None:
    report = open_report(facts_folder, MONTH, CITY, "en")
    due = {one.action.indicator: one for one in actions_due(report)}
    issues = report.rows("issue_list")
    names = {en for _, _, en in report.facts.manifest["counties"]}
    assert due
    for one in due.values():
        dates = issues.loc[issues["indicator"] == one.action.led_by, "due_on"]
        assert dates.empty or one.due_on == dates.min()
    assert {one.most.name for one in due.values() if one.most and one.action.where == ("risk_by_town", "high")} <= names


def test_a_picture_is_drawn_once(facts_folder: Path) -> None:
    report = open_report(facts_folder, MONTH, COUNTY, "en")
    assert "<svg" in report.brief("income_distribution").html
    assert report.figure("income_distribution").html == ""
    assert "<svg" in report.brief("income_distribution").html, "the cell may be run again"


# -- declarations ------------------------------------------------------------------------------------------------------------


def test_every_action_has_words_and_a_unit() -> None:
    for one in ACTIONS:
        for language in LANGUAGES:
            assert text(f"action.{one.indicator}", language)
            assert text(f"action.unit.{one.unit}", language)


def broken() -> Iterator[tuple[Action, str]]:
    good = Action("below_line", "persons", 1, where=("income_by_town", "below_line"))
    yield replace(good, indicator="below_lines"), "action below_lines: unknown indicator; got 'below_lines'"
    yield replace(good, issue="take_ups"), "unknown indicator; got 'take_ups'"
    yield replace(good, where=("income_by_twon", "below_line")), "unknown fact table; got 'income_by_twon'"
    yield replace(good, where=("income_by_town", "below")), "unknown column of income_by_town; got 'below'"


@pytest.mark.parametrize(("action", "message"), [*broken()])
def test_a_misspelt_name_is_refused(action: Action, message: str) -> None:
    with pytest.raises(SchemaError, match=re.escape(message)):
        check_action(action, {item.name: item for item in INDICATORS}, TABLES)


LEADS = {
    "alone": {"zh": "14人人均纯收入低于贫困线，占在册人口的48.3%。", "en": "14 people live below the poverty line (48.3% of the register)."},
    "both": {"zh": "没有发现低于贫困线或缺少保障的住户。", "en": "nobody was found below the poverty line or without a guarantee."},
    "poor": {"zh": "是否有住户缺少保障尚不清楚", "en": "whether a household lacks a guarantee is not known"},
    "guarantee": {"zh": "是否有人低于贫困线尚不清楚", "en": "whether anybody is below the poverty line is not known"},
    "unknown": {"zh": "现有数据说明不了，或者不予公布", "en": "was not collected or may not be published"},
}  # fmt: skip
NOBODY = {
    "numerator": 0.0,
    "denominator": 29.0,
    "value": 0.0,
    "withheld": False,
    "verdict": "no_limit",
    "unit": "share",
}
ALL_SAFE = NOBODY | {"numerator": 12.0, "denominator": 12.0, "value": 1.0}
WITHHELD_NOW = {"numerator": None, "denominator": None, "value": None, "withheld": True, "verdict": "cannot_tell"}
NOT_HELD = {"numerator": None, "denominator": None, "value": None, "withheld": False, "verdict": "not_collected"}


@pytest.mark.parametrize(
    ("poor", "guarantee", "wanted"),
    [
        (NOBODY | {"numerator": 14.0, "value": 14 / 29}, NOT_HELD, "alone"),  # the households they live in are withheld
        (NOBODY, ALL_SAFE, "both"), (NOBODY, NOT_HELD, "poor"), (NOBODY, WITHHELD_NOW, "poor"),
        (NOT_HELD, ALL_SAFE, "guarantee"), (WITHHELD_NOW, NOT_HELD, "unknown"), (NOT_HELD, NOT_HELD, "unknown"),
    ],
)  # fmt: skip
def test_nobody_is_said_only_where_nobody_is_known(report: Report, poor: dict[str, object], guarantee: dict[str, object], wanted: str) -> None:  # fmt: skip
    rest = dict.fromkeys(("high_risk_unmonitored", "dropped_out", "unclaimed_households"), NOT_HELD)
    with_rows(report, below_line=poor, poor_households=WITHHELD_NOW, guarantees_ok=guarantee, **rest)
    lead = re.search(r'<p class="lead">(.*?)</p>', report.brief("risk_by_town").html, re.DOTALL)
    assert lead is not None
    assert LEADS[wanted][report.language] in words(lead[1])
    others = [said[report.language] for name, said in LEADS.items() if name != wanted]
    assert not any(said in words(lead[1]) for said in others)
