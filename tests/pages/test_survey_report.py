"""Reports of a sample survey in another country: its own words, only what was asked, and no limits."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from tests.pages.test_county_report import calls
from tests.report_fixtures import COUNTY as CHINESE
from tests.report_fixtures import MONTH as CHINESE_MONTH

from relapse_risk.assessment import compute_facts
from relapse_risk.assessment.facts import NO_SCORES, in_words_of
from relapse_risk.editions.render_tasks import Finish
from relapse_risk.editions.site import index_pages
from relapse_risk.pages.city_report import CityReport, open_city
from relapse_risk.pages.county_report import Report, open_report
from relapse_risk.pages.section_heading import only_part
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register
from relapse_risk.register.importing import import_source
from relapse_risk.schema import tables
from relapse_risk.scores import compute_ranks
from relapse_risk.text import LANGUAGES, messages

CITY_CODE, MONTH, PLACE = "032010", "2015-06", "argentina_eph"
NAMES = ("Gran Mendoza", "Ciudad de Bs. As.", "Salta")
FOREIGN = {
    "en": re.compile(
        r"count(y|ies)\b|township|village|register\b|Qilu|Dezhou|CNY|DZ[_-]|DEF-|dibao|\bper head\b", re.I
    ),
    "zh": re.compile(r"县|全市|乡镇|村|登记册|齐鲁|德州|DZ[_-]|DEF-|元|低保|人均"),
}


def panel() -> pd.DataFrame:
    """180 invented households of three cities, asked in two years: incomes from none to ten thousand a month."""
    number = np.arange(180)
    wave = {
        "hhid": [f"{(10, 32, 23)[i % 3]}-{i}-1" for i in number], "quarter": 2, "aglomerado": [NAMES[i % 3] for i in number],
        "hh_size": 1 + number % 5, "adult_equiv": 0.8 * (1 + number % 5), "weight": 200 + number,
        "income_total": 10_000.0 * number / 179, "head_sex": 1 + number % 2, "head_marital": 2, "head_educ": 1 + number % 6,
        "II7": 1, "d_sani": 0,
    }  # fmt: skip
    return pd.concat([pd.DataFrame(wave | {"year": year}) for year in (2014, 2015)], ignore_index=True)


@pytest.fixture(scope="session")
def survey(session_folder: Path) -> Path:
    """Folder of the register, ranks and facts of the invented survey."""
    folder = session_folder / "survey"
    with FileLock(str(folder) + ".lock"):
        if not (folder / "ready").exists():
            folder.mkdir(exist_ok=True)
            panel().to_parquet(folder / "panel.parquet")
            import_source(folder / "panel.parquet", PLACE, folder / "register", as_of=date(2015, 6, 30))
            register, given = Register.open(folder / "register"), (read_parameters(), read_place(PLACE))
            compute_ranks(register, MONTH, parameters=given[0], place=given[1], out=folder / "scores")
            compute_facts(register, MONTH, *given, folder / "scores", folder / "facts")
            (folder / "ready").touch()
    return folder


@pytest.fixture(params=LANGUAGES)
def report(request: pytest.FixtureRequest, survey: Path) -> Report:
    return open_report(survey / "facts", MONTH, CITY_CODE, request.param)


@pytest.fixture(params=LANGUAGES)
def city(request: pytest.FixtureRequest, survey: Path) -> CityReport:
    return open_city(survey / "register", survey / "facts", MONTH, request.param)


def blocks(notebook: str, names: dict[str, Any]) -> dict[str, str]:
    """HTML of every cell of a notebook by its call."""
    cells = [call for call in calls(notebook) if call.startswith(tuple(f"{name}." for name in names))]
    return {call: eval(call, {}, names).html for call in cells}


def words(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html))


def test_the_report_speaks_of_a_survey_in_the_words_of_its_place(report: Report) -> None:
    found = blocks("county_assessment", {"report": report})
    foreign = {
        call: hit[0]
        for call, html in found.items()
        if call not in ("report.not_collected()", "report.data_statement()")
        and (hit := FOREIGN[report.language].search(words(html)))
    }
    assert foreign == {}
    assert report.say("report.source", table="x", month="y") in (
        "资料来源：调查数据（x），y。",
        "Source: survey (x), y.",
    )


def test_the_city_overview_too(city: CityReport) -> None:
    found = blocks("city_overview", {"city": city})
    assert {call: hit[0] for call, html in found.items() if (hit := FOREIGN[city.report.language].search(words(html)))} == {}  # fmt: skip
    assert found["city.section(5)"] == found["city.tasks()"] == found["city.issues()"] == ""
    assert found["city.contents()"].count("<li>") == 5


def test_the_overview_rests_every_line_on_its_households(city: CityReport) -> None:
    rows = re.findall(r"<tr>.*?</tr>", blocks("city_overview", {"city": city})["city.headlines()"])
    first = [words(cell).split() for cell in re.findall(r"<t[hd].*?</t[hd]>", rows[1])]
    assert "".join(first[0]) == {"zh": "全部城市", "en": "Allcities"}[city.report.language]
    assert first[1] == ["180"]  # the panel's, all of them asked in June 2015
    assert [words(re.findall(r"<td.*?</td>", row)[0]).strip() for row in rows[2:]] == ["60", "60", "60"]


def test_the_index_shows_what_there_is(survey: Path) -> None:
    about = {"audience": "public", "settings": {"register": str(survey / "register")}}
    job = Finish(Path(), about, (), survey / "facts", MONTH, "2015-06.1", (), {})
    page = index_pages(job, {}, "")["index.en.html"].decode()
    table = re.findall(r"<table>.*?</table>", page, re.S)[0]
    rows = [re.findall(r"<t[hd].*?</t[hd]>", row) for row in re.findall(r"<tr.*?</tr>", table)]
    assert words(rows[1][0]).strip() == "All cities"
    columns = list(zip(*[[words(cell).strip() for cell in row[1:]] for row in rows[1:]], strict=True))
    assert columns
    assert [column for column in columns if set(column) == {"–"}] == []  # those without any value are left out
    assert "<small>pesos</small>" in page
    assert "This is the first edition" in page
    assert [word for word in ("pinyin", "✓ met", "○ not collected") if word in page] == []


def test_what_the_incomes_are_is_said_once(report: Report) -> None:
    found = "".join(blocks("county_assessment", {"report": report}).values())
    note = read_place(PLACE).income_note
    assert note is not None
    assert words(found).count(note.in_language(report.language)) == 1


def test_sections_without_data_are_left_out_and_listed_in_the_annex(report: Report) -> None:
    found = blocks("county_assessment", {"report": report})
    shown = [int(n) for n in re.findall(r'<h2 id="s(\d+)"', "".join(found.values()))]
    assert shown == [1, 0, 2, 4, 13, 16, 18]
    assert [int(n) for n in re.findall(r'href="#s(\d+)"', found["report.contents()"])] == shown
    rows = report.indicator_rows()
    listed = words(re.sub("</?span[^>]*>", "", found["report.not_collected()"]))  # words with a hyphen are kept whole
    names = [report.say(f"indicator.{name}") for name in rows.loc[rows["verdict"] == "not_collected", "indicator"]]
    assert len(names) > 70
    assert [name for name in names if name not in listed] == []
    others = words("".join(html for call, html in found.items() if call != "report.not_collected()"))
    assert [name for name in names if name in others and len(name) > 12] == []


def test_without_limits_no_column_holds_verdicts(report: Report, facts_folder: Path) -> None:
    chinese = open_report(facts_folder, CHINESE_MONTH, CHINESE, report.language)
    for key in ("column.limit", "column.verdict"):
        head = f">{report.say(key)}<"
        for block in (chinese.indicators(4), chinese.formulas()):
            assert head in block.html
        for block in (report.indicators(4), report.formulas(), report.summary()):
            assert head not in block.html
    assert "chip" not in report.summary().html


def test_an_index_of_one_part_is_a_sentence(report: Report) -> None:
    assert only_part(report) in ("收入", "Income")
    assert only_part(report) in report.section(13).html
    for name in ("hardship_profile", "index_weights", "hardship_histogram"):
        assert report.figure(name).html == ""
    assert report.table("rank_stability").html == ""


def test_a_table_whose_subject_is_withheld_is_a_sentence(report: Report) -> None:
    frame = report.rows("top_tenth_segments", CITY_CODE)
    for shown in (None, 0.5):
        report._read["top_tenth_segments", CITY_CODE] = frame.assign(top_share=shown)
        assert ("<table" in report.table("top_tenth_segments").html) == (shown is not None)


def test_only_parameters_and_documents_that_were_used_are_listed(report: Report) -> None:
    used = {one["name"] for one in report.facts.manifest["parameters"]}
    assert used == {"eph_line_60", "income_fall_ratio", "near_line_ratio", "small_cell"}


def test_terms_of_the_score_are_called_as_the_place_calls_them() -> None:
    term = {"name": "county_poor_share", "zh": "同县其他户贫困比例", "en": "Share of poor among others in the county"}
    card = {"fitted": True, "terms": [term, {"name": "x", "zh": "甲", "en": "A"}], "left_out": [], "paper": None}
    scores = replace(NO_SCORES, model_card=card)
    named = in_words_of(read_place(PLACE), scores).model_card
    assert named is not None
    assert [one["en"] for one in named["terms"]] == ["Share of poor among others in the city", "A"]
    assert in_words_of(read_place("dezhou"), scores) is scores


def test_a_message_said_otherwise_has_one_it_stands_for() -> None:
    traits = {trait for name in ("dezhou", PLACE) for trait in read_place(name).traits}
    own = [key for key in messages() if key.rpartition(".")[2] in traits and not key.startswith("annex.survey")]
    assert own
    assert [key for key in own if key.rpartition(".")[0] not in messages()] == []


def test_no_label_of_a_column_is_the_name_of_its_field() -> None:
    field = re.compile(r"\b(id|tv|ok|zh|mu|km)\b|_")
    assert [(name, c.en) for name, spec in tables().items() for c in spec.columns if field.search(c.label.en)] == []
