"""The card of the score: every part in both languages, rendered like any report, and honest where nothing was fitted."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest
from tests.pages.test_county_report import calls
from tests.panel_fixtures import simulated
from tests.report_fixtures import COUNTY, MONTH, ROOT, edition_file, released

from relapse_risk.editions.edition import read_edition
from relapse_risk.editions.edition_plan import plan
from relapse_risk.editions.render import render_edition
from relapse_risk.pages.county_report import open_report
from relapse_risk.pages.model_card_page import PARTS, SECTIONS
from relapse_risk.relapse import at_risk_rows, backtest

NOTEBOOK = str(ROOT / "notebooks/reports/model_card.ipynb")


def test_the_notebook_shows_every_part_and_every_table_of_the_card() -> None:
    code = "\n".join(calls("model_card"))
    assert re.findall(r'report\.model_card\("(\w+)"', code) == list(PARTS)
    assert {"model_terms", "paper_points", "paper_chances", "backtests", "group_checks", "drift"} <= set(
        re.findall(r'report\.table\("(\w+)"', code)
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_part_speaks_and_names_its_numbers(facts_folder: Path, language: str) -> None:
    report = open_report(facts_folder, MONTH, "city", language)
    card = report.facts.manifest["cards"]["model_card"]
    assert card["fitted"], card["why_not"]
    assert report.model_card("validation").html.count("<p>") == 1, (
        "the small city has too few relapses to be validated: it says so"
    )
    # The validations of a larger panel, so that there are numbers to say.
    card["backtests"] = [asdict(test) for test in backtest(at_risk_rows(simulated(), 12))]
    shown = {name: report.model_card(name).html for name in PARTS}
    assert all(len(html) > 90 for html in shown.values())
    assert f"{card['n']:,}" in shown["made"]
    assert len(card["backtests"]) == 2
    for test in card["backtests"]:
        assert f"{test['scores'][0]['auc']:.3f}" in shown["validation"]
    assert str(len(card["drift"])) in shown["drift"]
    terms = report.table("model_terms").html
    assert all(term[language] in terms for term in card["terms"])
    points = report.table("paper_points").html
    assert points.count("<tr>") == 1 + len(card["paper"]["lines"]) + len(card["paper"]["unknown"])


def test_tables_and_figures_are_numbered_by_the_sections_of_the_card(facts_folder: Path) -> None:
    report = open_report(facts_folder, MONTH, "city", "en", sections=SECTIONS)
    headed = {int(found) for name in PARTS for found in re.findall(r"<h2[^>]*>(\d)", report.model_card(name).html)}
    assert headed == {1, 2, 3, 4, 5}
    assert "Table 2-1</span>" in report.table("model_terms").html
    assert "Table 2-2</span>" in report.table("paper_points").html
    assert "Table 5-1</span>" in report.parameters().html
    shown = set(re.findall(r'report\.(?:table|figure)\("(\w+)"', "\n".join(calls("model_card"))))
    assert shown | {"parameters", "documents"} == set(SECTIONS)


def test_the_card_of_the_whole_place_is_rendered_in_both_languages(facts_folder: Path, tmp_path: Path) -> None:
    given = {"notebooks": NOTEBOOK, "counties": ["city"], "formats": ["html"]}
    edition = read_edition(edition_file(tmp_path / "card.yaml", facts_folder, **given))
    result = render_edition(edition, workers=1)
    assert result.exit_code == 0, result.summary()
    zh, en = ((released(edition) / f"city-{language}.html").read_text(encoding="utf-8") for language in ("zh", "en"))
    assert "德州市返贫评分模型卡</title>" in zh
    assert "card of the relapse score</title>" in en
    assert en.count("<h2") == len(PARTS) - 1
    index = (released(edition) / "index.html").read_text(encoding="utf-8")
    assert "city-zh.html" in index


def test_all_counties_are_the_counties_and_not_the_city(facts_folder: Path, tmp_path: Path) -> None:
    edition = read_edition(edition_file(tmp_path / "all.yaml", facts_folder, counties="all"))
    codes = {report.county for report in plan(edition).reports}
    assert COUNTY in codes
    assert "city" not in codes


def test_a_score_that_was_not_fitted_says_why(facts_folder: Path) -> None:
    report = open_report(facts_folder, MONTH, "city", "en")
    report.facts.manifest["cards"]["model_card"] |= {"fitted": False, "why_not": "one wave only"}
    assert "was not fitted: one wave only" in report.model_card("made").html
    assert report.model_card("drift").html.count("<p>") == 0
