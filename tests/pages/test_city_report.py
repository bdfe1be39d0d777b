"""The city's report on the small city: every part in both languages, its numbers counted again, and as an edition."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import nbformat
import pandas as pd
import pytest
from tests.report_fixtures import MONTH, ROOT, edition_file, released

from relapse_risk.assessment import CITY, read_facts
from relapse_risk.editions.edition import read_edition
from relapse_risk.editions.edition_keys import Keys
from relapse_risk.editions.edition_plan import plan
from relapse_risk.editions.render import render_edition
from relapse_risk.pages.city_figures import outliers
from relapse_risk.pages.city_report import CityReport, open_city
from relapse_risk.pages.county_outlines import OUTLINES_FILE
from relapse_risk.pages.place_map import indicator_map

NOTEBOOK = ROOT / "notebooks/reports/city_overview.ipynb"


@pytest.fixture(scope="module", params=["zh", "en"])
def city(request: pytest.FixtureRequest, facts_folder: Path) -> CityReport:
    return open_city(facts_folder, facts_folder, MONTH, request.param)


def cells() -> list[str]:
    return [cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"][2:]


def test_every_cell_shows_html_without_holes(city: CityReport) -> None:
    for source in cells():
        html = eval(source, {"city": city}).html
        for word in (">nan<", ">None<", "NaN", "{", "}"):
            assert word not in html, (source, word)


def test_the_lead_counts_verdicts_again(city: CityReport, facts_folder: Path) -> None:
    rows = read_facts(facts_folder, MONTH).all_counties("indicator")
    assessed = rows[rows["verdict"].isin(["met", "watch", "not_met"]) & (rows["county_code"] != CITY)]
    missed = assessed[assessed["verdict"] == "not_met"].groupby("county_code").size()
    lead = city.summary().html.split("</p>")[0]
    for number in (len(assessed), len(assessed) - missed.sum(), missed.min(), missed.max()):
        assert f"{number}" in lead


def test_the_map_says_every_county_and_its_count(city: CityReport, facts_folder: Path) -> None:
    rows = read_facts(facts_folder, MONTH).all_counties("indicator")
    html = city.missed_map().html
    for code, name in city.names.items():
        count = ((rows["county_code"] == code) & (rows["verdict"] == "not_met")).sum()
        assert f"{name}: {count}" in html, "described for screen readers"


def test_a_map_with_a_county_that_is_not_shown_speaks_of_those_shown(facts_folder: Path) -> None:
    city = open_city(facts_folder, facts_folder, MONTH, "en")
    rows = city.report.rows("indicator")
    shares = rows[(rows["unit"] == "share") & rows["value"].notna()].groupby("indicator")["county_code"].nunique()
    name = str(shares.idxmax())
    assert "of those shown" not in indicator_map(city.chart, rows, name, "x")
    one = (rows["indicator"] == name) & (rows["county_code"] == next(iter(city.names)))
    hidden = rows.assign(value=rows["value"].mask(one), withheld=rows["withheld"] | one)
    assert "(of those shown)" in indicator_map(city.chart, hidden, name, "x")


def test_counties_stand_in_the_order_of_codes_never_of_merit(city: CityReport) -> None:
    html = city.headlines().html
    places = [html.index(f">{name}<") for name in city.names.values()]
    assert places == sorted(places)


def test_an_earlier_month_is_what_it_is_compared_with(facts_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "facts"
    copytree(facts_folder / MONTH, folder / MONTH)
    copytree(facts_folder / MONTH, folder / "2020-11")
    manifest = json.loads((folder / "2020-11" / "facts.json").read_text(encoding="utf-8"))
    (folder / "2020-11" / "facts.json").write_text(json.dumps(manifest | {"month": "2020-11"}), encoding="utf-8")
    city = open_city(tmp_path, folder, MONTH, "en")
    assert "Compared with the report of November 2020." in city.changes().html
    assert "No verdict changed." in city.changes().html


def test_an_edition_of_the_city_is_rendered_and_its_index_has_a_map(facts_folder: Path, tmp_path: Path) -> None:
    file = edition_file(
        tmp_path / "e.yaml", facts_folder, notebooks=str(NOTEBOOK), counties=["city"], formats=["html"], every="month"
    )
    edition = read_edition(file)
    result = render_edition(edition)
    assert result.exit_code == 0, result.summary()
    page = (released(edition) / "city-zh.html").read_text(encoding="utf-8")
    assert "需市级统筹的事项" in page
    index = (edition.out / "index.html").read_text(encoding="utf-8")
    assert 'class="map"' in index
    assert index.count('id="f-map-w-t"') == 1
    assert "德州市" in index


def test_outlines_and_earlier_facts_are_part_of_the_citys_key_only(facts_folder: Path, tmp_path: Path) -> None:
    given = {"notebooks": str(NOTEBOOK), "counties": ["city", "all"], "register": str(tmp_path), "languages": ["en"]}
    edition = read_edition(edition_file(tmp_path / "e.yaml", facts_folder, **given))
    planned = plan(edition)
    assert [report.county for report in planned.reports][:2] == ["city", "371402"]
    before = [Keys(planned).of(report).digest for report in planned.reports]
    (tmp_path / OUTLINES_FILE).write_text("{}", encoding="utf-8")
    after = [Keys(planned).of(report).digest for report in planned.reports]
    assert before[0] != after[0]
    assert before[1:] == after[1:]


@pytest.mark.parametrize(("sampled", "tested"), [("survey", {"mean_income": ["9"]}), ("model", {}), ("", {})])
def test_a_sampled_mean_is_tested_for_chance_and_no_other(sampled: str, tested: dict[str, list[str]]) -> None:
    value = [10.0] * 9 + [14.0, 10.0]  # standard errors of 1: the tenth county lies four of them off
    rows = pd.DataFrame({"county_code": [*map(str, range(10)), CITY], "value": value}).assign(
        indicator="mean_income",
        sampled=sampled,
        n=50,
        low=lambda f: f["value"] - 1.96,
        high=lambda f: f["value"] + 1.96,
    )
    assert outliers(rows) == tested
