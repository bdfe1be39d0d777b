"""The bulletin and the dispatch list on the small city: from facts to ledger, to a list, to replies, to pages."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from shutil import copytree

import nbformat
import pandas as pd
import pytest
from tests.report_fixtures import COUNTY, MONTH, ROOT, edition_file, released
from typer.testing import CliRunner

from relapse_risk.assessment import CITY, read_facts
from relapse_risk.assessment.issue_checks import failures_of_facts, passes_of_facts
from relapse_risk.cli import app
from relapse_risk.demo import read_calibration
from relapse_risk.demo.issue_replies import invented_replies
from relapse_risk.editions.edition import on_day, read_edition
from relapse_risk.editions.edition_keys import LEDGER_FILES, Keys
from relapse_risk.editions.edition_plan import plan
from relapse_risk.editions.issue_dispatch import dispatch_list, take_issue_replies
from relapse_risk.editions.render import render_edition
from relapse_risk.errors import EditionError, SourceError
from relapse_risk.issues.issue_ledger import (
    FILE,
    IssueStep,
    append_issue_steps,
    issue_id,
    issue_states,
    read_issue_steps,
)
from relapse_risk.pages.bulletin import Bulletin, _first_checks, open_bulletin, period_before
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.register.spreadsheets import write_csv

NOTEBOOK = ROOT / "notebooks/reports/bulletin.ipynb"
runner = CliRunner()
DAY, LATER = date(2020, 12, 31), date(2021, 1, 20)


def states(register: Path, day: date = DAY) -> pd.DataFrame:
    return issue_states(read_issue_steps(register), day)


def opened(register: Path, facts: Path, county: str, language: str, every: str = "month") -> Bulletin:
    return open_bulletin(register, facts, MONTH, county, language, day=DAY.isoformat(), every=every)


def test_every_indicator_not_met_is_an_issue_and_every_one_met_a_pass(
    ledger_register: Path, facts_folder: Path
) -> None:
    rows = read_facts(facts_folder, MONTH).all_counties("indicator")
    counties = rows[rows["county_code"] != CITY]
    wanted = {
        verdict: {(c, f"indicator:{i}") for c, i, v in counties[["county_code", "indicator", "verdict"]].values if v == verdict}
        for verdict in ("met", "watch", "not_met")
    }  # fmt: skip
    facts = read_facts(facts_folder, MONTH)
    failed = {(one.county_code, one.check) for one in failures_of_facts(facts)}
    assert {key for key in failed if key[0] != CITY} == wanted["not_met"]
    assert passes_of_facts(facts) == wanted["met"] | wanted["watch"]
    assert set(states(ledger_register)["issue_id"]) == {issue_id(*key) for key in failed}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("county", [COUNTY, CITY])
@pytest.mark.parametrize("every", ["week", "month"])
def test_every_cell_shows_html_without_holes(
    ledger_register: Path, facts_folder: Path, county: str, language: str, every: str
) -> None:
    page = opened(ledger_register, facts_folder, county, language, every)
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "code" and cell.source.startswith("bulletin."):
            html = eval(cell.source, {"bulletin": page}).html
            for word in (">nan<", ">None<", "NaN", "NaT", "{", "}"):
                assert word not in html, (cell.source, word)


def test_the_lead_is_counted_again(ledger_register: Path, facts_folder: Path) -> None:
    page = opened(ledger_register, facts_folder, COUNTY, "en")
    mine = page.states[page.states["open"].astype(bool)]
    assert f": {len(mine)} issues open, {int(mine['overdue'].sum())} overdue" in page.summary().html
    moves = page.moves
    assert moves["before"] + moves["opened"] + moves["failed_again"] - moves["closed"] == moves["now"] == len(mine)


def test_the_city_holds_every_county_and_its_own_tasks(ledger_register: Path, facts_folder: Path) -> None:
    whole = opened(ledger_register, facts_folder, CITY, "en")
    codes = [code for code, _, _ in whole.report.facts.manifest["counties"]]
    parts = [len(opened(ledger_register, facts_folder, code, "en").states) for code in codes]
    assert len(whole.states) == sum(parts) + int((whole.states["county_code"] == CITY).sum())
    assert "City-level issues" in whole.counties().html


def test_the_city_begins_with_what_is_severe_in_most_counties() -> None:
    """A small matter late everywhere waits for a severe one late in fewer counties."""
    late = pd.DataFrame(
        [("reviews", county, "minor") for county in "abc"] + [("alerts", "a", "severe"), ("alerts", "b", "severe")]
        + [("meetings", county, "major") for county in "ab"] + [("missed", county, "severe") for county in "bc"],
        columns=["check", "county_code", "severity"],
    ).assign(label="", department="FP")  # fmt: skip
    found = _first_checks(late)
    assert [check for check, _, _ in found.index] == ["alerts", "missed", "reviews", "meetings"]
    assert found.tolist() == [2, 2, 3, 2]


@pytest.mark.parametrize(
    ("until", "every", "before"),
    [
        (date(2020, 12, 31), "week", date(2020, 12, 24)),
        (date(2020, 12, 31), "month", date(2020, 11, 30)),
        (date(2020, 12, 31), "quarter", date(2020, 9, 30)),
        (date(2020, 3, 31), "month", date(2020, 2, 29)),
        (date(2020, 3, 30), "month", date(2020, 2, 29)),
        (date(2020, 12, 15), "month", date(2020, 11, 15)),
    ],
)
def test_the_period_looked_back_on(until: date, every: str, before: date) -> None:
    assert period_before(until, every) == before


def test_an_unknown_period_is_refused(ledger_register: Path, facts_folder: Path) -> None:
    with pytest.raises(EditionError, match="unknown period"):
        opened(ledger_register, facts_folder, COUNTY, "en", "year")


# -- lists and replies ---------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(ledger_register: Path, tmp_path: Path) -> tuple[Path, Path, pd.DataFrame]:
    """A copy of the ledger, the list of one county as it went out, and its issues."""
    copy = tmp_path / "register"
    copy.mkdir()
    (copy / FILE).write_bytes((ledger_register / FILE).read_bytes())
    mine = states(ledger_register)
    mine = mine[mine["county_code"] == COUNTY]
    return copy, write_csv(dispatch_list(mine, {COUNTY: "齐河县"}, "zh"), tmp_path / "list.csv"), mine


def filled(path: Path, **replies: dict[str, str]) -> Path:
    """The list with replies by row (``row0`` is the first issue)."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    for row, values in replies.items():
        for head, value in values.items():
            frame.loc[int(row.removeprefix("row")), head] = value
    frame.to_csv(path, index=False, encoding="utf-8-sig")
    return path


CLOSED = {"结果（答复/销号）": "销号", "日期": "2021-01-10", "填报人": "王某", "佐证": "验收单 12 号"}


def test_a_list_tells_a_value_from_the_limit_it_misses(ledger_register: Path) -> None:
    mine = states(ledger_register)
    shares = mine[mine["unit"] == "share"].head(1).assign(open=True, value=0.89998, limit=0.9)
    listed = dispatch_list(shares, {COUNTY: "Qihe", str(shares["county_code"].iloc[0]): "Qihe"}, "en")
    assert {"89.998%", "90.000%"} <= set(listed.iloc[0])


def test_a_returned_list_moves_the_ledger_once(sent: tuple[Path, Path, pd.DataFrame]) -> None:
    register, path, _ = sent
    answered = {"结果（答复/销号）": "答复", "日期": "2021/01/11", "填报人": "李某", "说明": "已部署"}
    filled(path, row0=CLOSED, row1=answered)
    taken = take_issue_replies(path, register, LATER)
    assert [step.step for step in taken.steps] == ["closed", "answered"]
    assert taken.faults.empty
    assert take_issue_replies(path, register, LATER).steps == (), "the same file twice"
    now = states(register, LATER).set_index("issue_id")
    first = taken.steps[0].issue_id
    assert now.loc[first, ["state", "evidence", "open", "days"]].tolist() == ["closed", "验收单 12 号", False, 10]


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"佐证": ""}, "evidence", "closing needs evidence"),
        ({"结果（答复/销号）": "完成"}, "step", "answered or closed"),
        ({"日期": "10.1.2021"}, "on", "a day is written 2020-12-31"),
        ({"日期": "2021-02-01"}, "on", "later than 2021-01-20"),
        ({"日期": "2020-12-01"}, "step", "earlier than the step before it"),
        ({"填报人": ""}, "by", "say who replies"),
        ({"编号": "I0"}, "issue_id", "no such issue in the ledger"),
        ({"结果（答复/销号）": "答复", "佐证": ""}, "note", "an answer says what was done"),
    ],
)
def test_a_wrong_reply_is_named_and_the_others_are_taken(
    sent: tuple[Path, Path, pd.DataFrame], change: dict[str, str], column: str, words: str
) -> None:
    register, path, _ = sent
    taken = take_issue_replies(filled(path, row0=CLOSED | change, row1=CLOSED), register, LATER)
    assert len(taken.steps) == 1
    fault = taken.faults.iloc[0]
    assert (fault["row"], fault["column"]) == (2, column)
    assert words in fault["en"]


def test_a_list_without_its_columns_is_refused(sent: tuple[Path, Path, pd.DataFrame]) -> None:
    register, path, _ = sent
    path.write_text("编号,结果\nI1,销号\n", encoding="utf-8")
    with pytest.raises(SourceError, match="a column is gone"):
        take_issue_replies(path, register, LATER)


def test_text_that_a_spreadsheet_would_run_is_made_harmless(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["=1+1"]}, dtype="str")
    assert "'=1+1" in write_csv(frame, tmp_path / "list.csv").read_text(encoding="utf-8-sig")


def test_invented_replies_are_the_same_every_time_and_may_follow(sent: tuple[Path, Path, pd.DataFrame]) -> None:
    register, _, _ = sent
    made = [invented_replies(states(register), DAY, read_calibration()) for _ in range(2)]
    pd.testing.assert_frame_equal(*made)
    assert (made[0].loc[made[0]["step"] == "closed", "evidence"] != "").all()
    assert len(append_issue_steps(register, [IssueStep(**row) for row in made[0].to_dict("records")])) == len(made[0])


# -- editions -------------------------------------------------------------------------------------------------------------


def edition(folder: Path, facts: Path, register: Path, **changes: object) -> Path:
    given = {"notebooks": str(NOTEBOOK), "register": str(register), "every": "week", "day": "data_date",
             "counties": ["city", COUNTY], "formats": ["html"], "languages": ["en"]}  # fmt: skip
    return edition_file(folder / "e.yaml", facts, **(given | changes))


def test_a_weekly_edition_is_rendered_and_again_only_when_the_ledger_moves(
    ledger_register: Path, facts_folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "register"
    copytree(ledger_register, copy)
    asked = read_edition(edition(tmp_path, facts_folder, copy))
    assert render_edition(asked).exit_code == 0
    page = (released(asked) / f"{COUNTY}-en.html").read_text(encoding="utf-8")
    assert "Weekly dispatch of issues" in page
    assert "After 24 December 2020, up to 31 December 2020" in page
    assert {one.status for one in render_edition(asked).outcomes} == {"unchanged"}
    key = Keys(plan(asked)).of(plan(asked).reports[0]).digest
    closing = json.loads((copy / FILE).read_text(encoding="utf-8").splitlines()[0])
    step = {"issue_id": closing["issue_id"], "step": "closed", "on": "2020-12-31", "by": "x", "evidence": "paper"}
    with (copy / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(step) + "\n")
    assert Keys(plan(asked)).of(plan(asked).reports[0]).digest != key
    assert FILE in LEDGER_FILES, "the key follows the ledger's file"


def test_today_becomes_the_day_of_the_run(ledger_register: Path, facts_folder: Path, tmp_path: Path) -> None:
    asked = on_day(read_edition(edition(tmp_path, facts_folder, ledger_register, day="today")), date(2021, 1, 8))
    assert plan(asked).day == "2021-01-08"
    assert on_day(asked, date(2030, 1, 1)) == asked, "made again later it is of the same day"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"day": "2020-12-01"}, "before the data date of the facts"),
        ({"day": "2021-02-30"}, "not a day"),
        ({"day": "yesterday"}, "day"),
        ({"every": None}, "day needs every"),
    ],
)
def test_a_wrong_day_is_an_error_of_the_edition(
    ledger_register: Path, facts_folder: Path, tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(EditionError, match=words):
        plan(read_edition(edition(tmp_path, facts_folder, ledger_register, **changes)))


# -- the command ------------------------------------------------------------------------------------------------------------


def test_the_command_records_sends_and_takes_back(small_register: Path, facts_folder: Path, tmp_path: Path) -> None:
    register = tmp_path / "place" / "register"
    copytree(small_register, register)
    counts = pd.DataFrame({"county_code": [COUNTY], "rule": ["size_differs"], "kind": ["logic"], "severity": ["warning"], "findings": [4]})  # fmt: skip
    (tmp_path / "findings").mkdir()
    counts.to_csv(tmp_path / "findings" / "findings_counts.csv", index=False)
    shared = ["--register", str(register), "--facts", str(facts_folder), "--json"]
    sent = runner.invoke(
        app, ["issues", *shared, "--findings", str(tmp_path / "findings"), "--out", str(tmp_path / "lists")]
    )
    assert sent.exit_code == 0, sent.output
    result = json.loads(sent.stdout)
    assert result["steps"]["opened"] == len(failures_of_facts(read_facts(facts_folder, MONTH))) + 1
    listed = pd.read_csv(tmp_path / "lists" / DAY.isoformat() / f"{COUNTY}.csv", dtype=str, encoding="utf-8-sig")
    assert listed["问题"].str.startswith("数据：").sum() == 1
    again = runner.invoke(app, ["issues", *shared, "--findings", str(tmp_path / "findings"), "--out", str(tmp_path / "x")])  # fmt: skip
    assert json.loads(again.stdout)["steps"] == {}
    path = filled(tmp_path / "lists" / DAY.isoformat() / f"{COUNTY}.csv", row0=CLOSED, row1=CLOSED | {"佐证": ""})
    back = runner.invoke(app, ["issues", str(path), "--register", str(register), "--today", "2021-01-20", "--json"])
    assert back.exit_code == 1, "one reply could not be taken"
    assert json.loads(back.stdout) == {"taken": 1, "faults": 1}


def test_old_facts_open_no_issue(small_register: Path, facts_folder: Path, tmp_path: Path) -> None:
    """A register changed after its facts: what failed then may not fail now."""
    register = tmp_path / "place" / "register"
    copytree(small_register, register)
    opened = Register.open(register)
    with RegisterWriter(register, place=opened.place) as writer:
        writer.put("household", opened.read("household", MONTH).assign(arable_mu=0.5), month=MONTH)
        writer.commit("2021-02-01T00:00:00")
    found = runner.invoke(app, ["issues", "--register", str(register), "--facts", str(facts_folder)])
    assert "has changed since these facts were computed" in str(found.exception)
    assert not (register / FILE).exists()


def test_nothing_is_invented_in_a_ledger_that_is_not_the_demonstrations(
    ledger_register: Path, facts_folder: Path, tmp_path: Path
) -> None:
    before = (ledger_register / FILE).read_bytes()
    given = [
        "issues",
        "--register",
        str(ledger_register),
        "--facts",
        str(facts_folder),
        "--out",
        str(tmp_path),
        "--invent",
    ]
    found = runner.invoke(app, given)
    assert "not the demonstration register" in str(found.exception)
    assert (ledger_register / FILE).read_bytes() == before
