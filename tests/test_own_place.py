"""A place of one's own, from an empty folder: a project, its layer of parameters, its codes, its reports."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.own_place import COUNTIES, counties_file, county_workbook
from typer.testing import CliRunner

from relapse_risk.assessment import read_facts
from relapse_risk.cli import app
from relapse_risk.cli.month_command import parameter_digest
from relapse_risk.derive import household_frame
from relapse_risk.errors import GateError, ParameterError, RegisterError, RelapseRiskError, SourceError
from relapse_risk.layers import PROJECT_VARIABLE, merged_params, project_folder, where_given
from relapse_risk.new_project import NewProject, make_project, read_counties
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register
from relapse_risk.register.importing import import_source
from relapse_risk.scores import need_and_risk, read_scores, score_month

MONTH, AS_OF = "2024-01", date(2024, 1, 31)
ASKED = NewProject("North Kivari", {code: (name, name) for code, name in COUNTIES.items()}, "crowns", 3000.0, 4500.0)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path / "kivari", ASKED, date(2024, 2, 1))
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def test_a_layer_holds_only_what_differs_and_is_read_key_by_key(project: Path) -> None:
    (project / "params/thresholds.yaml").write_text(
        "near_line_ratio: {values: {2024-01-01: {value: 2, source: ours, confidence: assumed}}}\n", encoding="utf-8"
    )
    found = read_parameters()
    assert found.on("near_line_ratio", date(2024, 6, 1)).value == 2
    assert found.on("near_line_ratio", date(2023, 6, 1)).value == 1.5  # the package's, which the project did not touch
    assert found.on("poverty_north_kivari", AS_OF).value == 3000
    assert found.on("national_line_b", date(2019, 6, 30)).value == 3747.0
    # An edit is seen at once, and what a layer does not give is not in it.
    (project / "params/thresholds.yaml").unlink()
    assert read_parameters().on("near_line_ratio", date(2024, 6, 1)).value == 1.5
    assert len(list((project / ".params").iterdir())) <= 3


def test_where_a_value_is_from(project: Path) -> None:
    (project / "params/thresholds.yaml").write_text("near_line_ratio: {unit: ours}\n", encoding="utf-8")
    mine, theirs = where_given("near_line_ratio.unit", project)
    assert (mine.layer, mine.value, mine.file.name) == ("project", "ours", "thresholds.yaml")
    assert (theirs.layer, theirs.value) == ("package", "ratio to poverty line")
    assert "project" in run("params", "where", "poverty_north_kivari")
    run("params", "where", "nobody_gives_this", code=1)


def test_a_project_is_found_from_below_and_by_option(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "inbox")
    assert project_folder() == project
    monkeypatch.chdir(project.parent)
    assert project_folder() is None
    monkeypatch.setenv(PROJECT_VARIABLE, str(project))
    assert read_place("north_kivari").label.en == "North Kivari"
    monkeypatch.setenv(PROJECT_VARIABLE, str(project.parent))
    with pytest.raises(ParameterError, match=r"--project: not a project.*relapse-risk init"):
        project_folder()


def test_a_faulty_layer_is_named_with_its_own_file(project: Path) -> None:
    (project / "params/lines.yaml").write_text("a: [1\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"kivari/params/lines\.yaml: not valid YAML"):
        merged_params(project)


def test_counties_come_from_a_spreadsheet(tmp_path: Path) -> None:
    pd.DataFrame({"code": ["007", "NA"], "Name": ["Aster", "Briar"]}).to_excel(tmp_path / "c.xlsx", index=False)
    assert read_counties(tmp_path / "c.xlsx") == {"007": ("Aster", "Aster"), "NA": ("Briar", "Briar")}
    (tmp_path / "c.csv").write_text("code,name\nA,x\nA,y\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"c\.csv, row 3: a code twice; got 'A'"):
        read_counties(tmp_path / "c.csv")
    (tmp_path / "d.csv").write_text("id,title\nA,x\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"columns not found.*expected code and name"):
        read_counties(tmp_path / "d.csv")


def test_a_project_is_not_begun_twice(project: Path) -> None:
    with pytest.raises(ParameterError, match="there is a project already"):
        make_project(project, ASKED, date(2024, 2, 1))
    assert yaml.safe_load((project / "project.yaml").read_text(encoding="utf-8")) == {"place": "north_kivari"}


def test_without_a_register_nothing_is_taken_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("rank", "check", "facts", "remind"):
        result = CliRunner().invoke(app, [name])
        assert isinstance(result.exception, RelapseRiskError), name
        assert "which register?" in str(result.exception)
    for place in ("a", "b"):
        (tmp_path / place / "register").mkdir(parents=True)
        (tmp_path / place / "register" / "manifest.json").write_text("{}", encoding="utf-8")
    said = str(CliRunner().invoke(app, ["rank"]).exception)
    assert "a/register | b/register" in said


def test_a_new_register_needs_a_place(tmp_path: Path) -> None:
    file = county_workbook(tmp_path / "w.xlsx", "NK-A1", MONTH, households=2)
    with pytest.raises(SourceError, match=r"which place is the new register of\?.*pass --place NAME"):
        import_source(file, "template", tmp_path / "register", MONTH, as_of=AS_OF)


def test_codes_of_letters_place_households_by_the_village_table(project: Path) -> None:
    for county, households in (("NK-A1", 3), ("NK-A2", 1)):  # one household alone is an ordinary county
        file = county_workbook(project / f"inbox/{county}.xlsx", county, MONTH, households)
        report = import_source(file, "template", "data/register", MONTH, as_of=AS_OF, place="north_kivari")
        assert (report.rejected, report.cells) == (0, 0)
    register = Register.open("data/register")
    assert register.counties == ("NK-A1", "NK-A2")
    assert register.read("county")["county_name_en"].tolist() == [
        "Aster",
        "Briar",
    ]  # from the place: no sheet names them
    assert len(register.read("person", MONTH, "NK-A2")) == len(register.read("person", MONTH)) - len(
        register.read("person", MONTH, "NK-A1")
    )
    frame = household_frame(register, MONTH, parameters=read_parameters(), place=read_place("north_kivari"))
    assert frame["county_code"].value_counts().to_dict() == {"NK-A1": 3, "NK-A2": 1}
    assert set(frame["town_code"]) == {"NK-A1-t1", "NK-A2-t1"}
    assert frame["poverty_line"].eq(3000).all()
    # A county of somebody else's is refused, and nothing is written.
    strange = county_workbook(project / "inbox/x.xlsx", "XX-9", MONTH, households=2)
    with pytest.raises(SourceError, match=r"a county that is not of north_kivari.*got 'XX-9', expected one of NK-A1"):
        import_source(strange, "template", "data/register", MONTH, as_of=AS_OF)
    assert Register.open("data/register").counties == ("NK-A1", "NK-A2")


def test_codes_of_nine_digits_are_not_cut_outside_china(tmp_path: Path) -> None:
    counties, files = ("200100001", "200100002"), []
    file = tmp_path / "counties.csv"
    file.write_text("code,name\n200100001,Ash\n200100002,Birch\n", encoding="utf-8")
    asked = NewProject("Vell", read_counties(file), "crowns", 3000.0)
    folder = make_project(tmp_path / "vell", asked, date(2024, 2, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for county, households in zip(counties, (3, 2), strict=True):
            files.append(county_workbook(folder / f"inbox/{county}.xlsx", county, MONTH, households))
            import_source(files[-1], "template", "data/register", MONTH, as_of=AS_OF, place="vell")
        register = Register.open("data/register")
        assert register.counties == counties
        frame = household_frame(register, MONTH, parameters=read_parameters(), place=read_place("vell"))
        assert frame["county_code"].value_counts().to_dict() == {"200100001": 3, "200100002": 2}
        assert sorted(register.read("county")["county_code"]) == list(counties)


def test_a_household_alone_in_a_county_is_given_away_by_no_sum(project: Path) -> None:
    for county, households in (("NK-A1", 9), ("NK-A2", 1), ("NK-B1", 14)):
        file = county_workbook(project / f"inbox/{county}.xlsx", county, MONTH, households)
        import_source(file, "template", "data/register", MONTH, as_of=AS_OF, place="north_kivari")
    register = Register.open("data/register")
    run("facts", "--backend", "serial")
    facts = read_facts(project / "data/facts", MONTH)
    place, parameters = read_place("north_kivari"), read_parameters()
    frame = household_frame(register, MONTH, "NK-A2", parameters=parameters, place=place)
    theirs = float(frame["income_pc_year"].iloc[0])
    every = household_frame(register, MONTH, parameters=parameters, place=place)
    mean = float((every["income_pc_year"] * every["size"]).sum() / every["size"].sum())
    every_part = (*register.counties, "city")
    tables = {
        name: pd.concat([facts.table(name, county).assign(county_code=county) for county in every_part])
        for name in ("indicator", "income_by_town", "availability")
    }
    shown = tables["indicator"].set_index(["indicator", "county_code"])["value"]
    assert shown["mean_income", "city"] == pytest.approx(mean)
    assert shown["mean_income", "NK-B1"] > 0
    assert shown["mean_income"][["NK-A1", "NK-A2"]].isna().all(), (
        "the city's less the others' would be the one household's"
    )
    towns = tables["income_by_town"]
    assert towns[towns["county_code"] == "city"]["mean_income"].notna().sum() == 1
    assert not np.isclose(pd.to_numeric(towns["mean_income"]).dropna(), theirs).any()
    gone = tables["availability"].set_index(["county_code", "table"])["gone"]
    assert "mean_income" in gone["NK-A1", "income_by_town"].split(",")


def test_without_a_past_households_are_ranked_and_the_risk_says_why_it_is_empty(project: Path) -> None:
    file = county_workbook(project / "inbox/a.xlsx", "NK-A1", MONTH, households=12)
    import_source(file, "template", "data/register", MONTH, as_of=AS_OF, place="north_kivari")
    said = run("score")
    assert "not fitted: no month has both households and income" in said
    run("rank")
    scores = read_scores(Path("data/scores"), MONTH)
    assert scores.risk["probability"].isna().all()
    assert set(scores.risk["status"]) <= {"at_risk", "poor", "unknown"}
    assert scores.model_card["why_not"] == "no month has both households and income"
    assert sorted(scores.hardship["rank_need_county"]) == list(range(1, 13))
    both = need_and_risk(Path("data/scores"), MONTH)
    assert both["need"].notna().all()
    assert both["risk"].isna().all()


def test_a_damaged_register_is_not_one_without_a_past(project: Path) -> None:
    file = county_workbook(project / "inbox/a.xlsx", "NK-A1", MONTH, households=6)
    import_source(file, "template", "data/register", MONTH, as_of=AS_OF, place="north_kivari")
    register = Register.open("data/register")
    for entry in register.manifest.files:
        if entry.table == "income":
            (register.path / entry.path).write_bytes(b"not Parquet")
    with pytest.raises(RegisterError):
        score_month(
            Register.open("data/register"), MONTH, parameters=read_parameters(), place=read_place("north_kivari")
        )


def test_the_crontab_bears_a_folder_with_blanks_and_percent(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "kivari 100% of it", ASKED, date(2024, 2, 1))
    comment, line = (folder / "crontab").read_text(encoding="utf-8").splitlines()
    assert comment.startswith("# north_kivari")
    assert line.startswith("0 2 * * * cd '")
    assert "100\\% of it' && relapse-risk month --language en" in line


def test_a_month_is_one_command_that_goes_on_where_it_stopped(project: Path) -> None:
    edition = project / "params/editions/counties.yaml"
    edition.write_text(edition.read_text(encoding="utf-8").replace("- pdf\n", ""), encoding="utf-8")
    inbox = project / "inbox" / MONTH
    inbox.mkdir()
    file = county_workbook(inbox / "a1.xlsx", "NK-A1", MONTH, households=8)
    (inbox / "~$a1.xlsx").write_bytes(b"held open by a spreadsheet")

    said = run("month", "--dry-run")
    assert f"import inbox/{MONTH}/a1.xlsx: would run (not done yet)" in said
    assert not Path("data/register").exists()
    first = CliRunner().invoke(app, ["month", "--as-of", "2024-02-05"], catch_exceptions=False)
    assert first.exit_code in (0, 1), first.output
    states = dict(re.findall(r"^([a-z]+)[^:\n]*: (done|unchanged|left out)", first.stdout, flags=re.MULTILINE))
    assert states == {
        **dict.fromkeys(("import", "check", "score", "rank", "propose", "facts", "issues", "render"), "done"),
        "remind": "left out", "refer": "left out", "jobs": "left out",
    }  # fmt: skip
    assert "this place has no catalogue of aid; write params/assistance/north_kivari.yaml" in first.stdout
    for command in (
        ["order", "CL02", "--quota", "3"],
        ["jobs"],
        ["remind"],
        ["refer"],
        ["entitlements"],
        ["push", "social", "--to", "A"],
    ):
        refused = CliRunner().invoke(app, command)
        assert isinstance(refused.exception, ParameterError), (command, refused.output)
        assert "params/assistance/north_kivari.yaml: this place has no catalogue of aid. Fix: write it after" in str(
            refused.exception
        )
    assert re.search(
        r"^NK-A1 village: \d households to review, 0 overdue.*first due 2024-02-07", first.stdout, re.MULTILINE
    )
    (page,) = Path("reports/counties").glob(f"{MONTH}.*/NK-A1-en.html")
    written_at = page.stat().st_mtime_ns
    digest = Register.open("data/register").manifest.digest

    again = CliRunner().invoke(app, ["month", MONTH, "--json"], catch_exceptions=False)
    assert again.exit_code == first.exit_code
    found = json.loads(again.stdout)
    assert {one["state"] for one in found["steps"]} == {"unchanged", "left_out", "done"}
    assert [one["name"] for one in found["steps"] if one["state"] == "done"] == ["render"]
    assert page.stat().st_mtime_ns == written_at
    assert Register.open("data/register").manifest.digest == digest

    # Next month four times as many households: it stops at the gate, nothing after it is done, and the way on is said.
    (project / "inbox/2024-02").mkdir()
    file = county_workbook(project / "inbox/2024-02/a1.xlsx", "NK-A1", "2024-02", households=32)
    stopped = CliRunner().invoke(app, ["month"])  # the newest of the inbox
    assert isinstance(stopped.exception, GateError)
    assert "--mapping template --month 2024-02 …; then give relapse-risk month 2024-02 again" in str(stopped.exception)
    assert Register.open("data/register").manifest.digest == digest
    run("import", file, "--month", "2024-02", "--accept", "Ada: all of the county now")
    assert Register.open("data/register").months == (MONTH, "2024-02")
    run("import", file, "--month", "2024-02")  # as the month does when it goes on: no gate, nothing new
    said = run("month", "--dry-run")
    assert "import inbox/2024-02/a1.xlsx: would run (not done yet)" in said
    assert "render: would run (after import inbox/2024-02/a1.xlsx, facts)" in said


def test_a_new_parameter_is_seen_wherever_the_project_lies(tmp_path: Path) -> None:
    file = tmp_path / "editions" / "params" / "lines.yaml"
    (file.parent / "editions").mkdir(parents=True)
    file.write_text("a: 1", encoding="utf-8")
    before = parameter_digest(file.parent)
    (file.parent / "editions" / "x.yaml").write_text("a: 1", encoding="utf-8")
    assert parameter_digest(file.parent) == before, "an edition is no parameter"
    file.write_text("a: 2", encoding="utf-8")
    assert parameter_digest(file.parent) != before


def test_a_month_needs_a_project_and_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "no project here" in str(CliRunner().invoke(app, ["month"]).exception)
    folder = make_project(tmp_path / "kivari", ASKED, date(2024, 2, 1))
    monkeypatch.chdir(folder)
    assert "no month in the inbox" in str(CliRunner().invoke(app, ["month"]).exception)
    assert "files in inbox/2024-01" in str(CliRunner().invoke(app, ["month", MONTH]).exception)


STRANGE = re.compile(
    r"Dezhou|德州|Shandong|\bCNY\b|\byuan\b|China|Chinese|LAW-\d|371\d{3}|[Ss]ynthetic|[Dd]emonstration"
)


def page_text(path: Path) -> str:
    text = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", text)


@pytest.mark.long
def test_from_an_empty_folder_to_eight_reports_and_a_second_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight workbooks of an invented prefecture; nothing said or printed is of another place."""
    monkeypatch.chdir(tmp_path)
    counties_file(tmp_path / "counties.csv")
    said = [
        run(
            "init",
            "kivari",
            "--name",
            "North Kivari",
            "--counties",
            "counties.csv",
            "--currency",
            "crowns",
            "--line",
            3000,
        )
    ]
    monkeypatch.chdir(tmp_path / "kivari")
    for month in (MONTH, "2024-02"):
        Path("inbox", month).mkdir()
        for code in COUNTIES:
            county_workbook(Path("inbox", month, f"{code}.xlsx"), code, month)
        result = CliRunner().invoke(app, ["month", "--language", "en"], catch_exceptions=False)
        assert result.exit_code in (0, 1), result.output  # 1: a check found something in the invented data
        said.append(result.output)
        folder = max(Path("reports/counties").glob(f"{month}.*"))
        pages = sorted(folder.glob("*-en.html"))
        assert [page.name for page in pages] == [f"{code}-en.html" for code in COUNTIES]
        assert all(folder.joinpath(f"{code}-en.pdf").is_file() for code in COUNTIES)
        for page in (*pages, Path("reports/counties/index.en.html")):
            assert STRANGE.findall(page_text(page)) == [], page
    assert STRANGE.findall("\n".join(said)) == []
    assert Register.open("data/register").months == (MONTH, "2024-02")
