"""Worklists and plans by the edition machinery: one report per department or household, the workbook beside its cover."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from tests.report_fixtures import COUNTY, MONTH, ROOT, edition_file, released

from relapse_risk.assistance import read_catalogue
from relapse_risk.editions.due import due_editions
from relapse_risk.editions.edition import Edition, read_edition
from relapse_risk.editions.edition_keys import Keys
from relapse_risk.editions.edition_plan import plan
from relapse_risk.editions.render import render_edition
from relapse_risk.errors import EditionError, RelapseRiskError
from relapse_risk.pages.plan_page import open_plan
from relapse_risk.register import Register

WORKLIST, PLAN = (str(ROOT / f"notebooks/reports/{name}.ipynb") for name in ("department_worklist", "household_plan"))


def worklists(folder: Path, register: Path, facts: Path, **changes: object) -> Edition:
    given: dict[str, object] = {
        "register": str(register), "scores": str(facts.parent / "scores"), "notebooks": WORKLIST, "departments": ["RS"],
        "languages": ["zh"], "formats": ["html", "xlsx"],
    }  # fmt: skip
    return read_edition(edition_file(folder / "edition.yaml", facts, **(given | changes)))


def household_of(register: Path) -> str:
    return str(Register.open(register).read("household", MONTH, COUNTY)["household_id"].iloc[0])


def test_a_worklist_is_published_with_its_workbook_and_not_twice(
    tmp_path: Path, small_register: Path, facts_folder: Path
) -> None:
    edition = worklists(tmp_path, small_register, facts_folder)
    first = render_edition(edition)
    assert first.exit_code == 0, first.summary()
    folder = released(edition)
    stem = f"{COUNTY}-RS-zh"
    assert {path.name for path in folder.glob(f"{stem}.*")} == {f"{stem}.html", f"{stem}.xlsx", f"{stem}.json"}
    assert "半年前零就业家庭求职者的现况" in (folder / f"{stem}.html").read_text("utf-8")
    copy = json.loads((folder / f"{stem}.json").read_text("utf-8"))
    book = openpyxl.load_workbook(folder / f"{stem}.xlsx")
    assert book["办理"].max_row - 1 == len(copy["reminders"])
    assert book["零就业家庭"].max_row - 1 == len(copy["lists"]["zero_employment"]) > 0
    assert set(copy["lists"]) == {"zero_employment", "matches", "followed", "post_audit"}
    again = render_edition(edition)
    assert {outcome.status for outcome in again.outcomes} == {"unchanged"}


def test_a_plan_is_readable_by_its_owner_only(tmp_path: Path, small_register: Path, facts_folder: Path) -> None:
    household = household_of(small_register)
    edition = worklists(
        tmp_path, small_register, facts_folder, notebooks=PLAN, departments=None, households=[household],
        audience="restricted", formats=["html"],
    )  # fmt: skip
    result = render_edition(edition)
    assert result.exit_code == 0, result.summary()
    page = released(edition) / f"{COUNTY}-{household}-zh.html"
    assert page.stat().st_mode & 0o777 == 0o600
    assert released(edition).stat().st_mode & 0o777 == 0o700


def test_all_departments_are_those_of_the_catalogue_and_monitored_households_those_of_the_county(
    tmp_path: Path, small_register: Path, facts_folder: Path
) -> None:
    everybody = plan(worklists(tmp_path, small_register, facts_folder, departments="all")).reports
    departments = {item.department for item in read_catalogue("dezhou").items}
    assert len(everybody) == len({report.stem for report in everybody}) == len(departments)
    given = {"notebooks": PLAN, "departments": None, "audience": "restricted", "formats": ["html"], "counties": "all"}
    monitored = plan(worklists(tmp_path, small_register, facts_folder, households="monitored", **given)).reports
    frame = Register.open(small_register).read("household", MONTH)
    watched = frame["monitor_type"].ne("none") & frame["monitor_type"].notna() & ~frame["risk_eliminated"].eq(True)
    assert {r.subject.code for r in monitored if r.subject} == set(frame.loc[watched.fillna(False), "household_id"])
    assert all(r.subject and r.subject.code[1:7] == r.county for r in monitored)


def test_what_a_worklist_depends_on_is_the_register_the_rules_and_the_scores(
    tmp_path: Path, small_register: Path, facts_folder: Path
) -> None:
    edition = worklists(tmp_path, small_register, facts_folder, formats=["html"])
    planned = plan(edition)
    parts = Keys(planned).of(planned.reports[0]).parts
    assert {"register", "rules", "scores", "subject"} <= set(parts)
    assert "facts" not in parts
    bare = plan(edition.model_copy(update={"scores": None}))
    assert Keys(bare).of(bare.reports[0]).parts["scores"] == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"households": ["H1"]}, "of departments or of households"),
        ({"departments": None, "households": "monitored"}, "plans of households are restricted"),
        (
            {"departments": None, "households": "monitored", "audience": "restricted"},
            "a household's plan has no workbook",
        ),
        ({"departments": "some"}, "departments"),
    ],
)
def test_an_edition_of_two_kinds_is_refused(
    tmp_path: Path, small_register: Path, facts_folder: Path, change: dict[str, object], words: str
) -> None:
    with pytest.raises(RelapseRiskError, match=words):
        worklists(tmp_path, small_register, facts_folder, **change)


def test_an_unknown_department_or_household_names_the_nearest_and_the_city_has_neither(
    tmp_path: Path, small_register: Path, facts_folder: Path
) -> None:
    with pytest.raises(EditionError, match=r"departments: unknown department; got 'RSS'.*did you mean 'RS'"):
        plan(worklists(tmp_path, small_register, facts_folder, departments=["RSS"]))
    with pytest.raises(EditionError, match="worklists and plans are of counties"):
        plan(worklists(tmp_path, small_register, facts_folder, counties=["city"]))
    household = household_of(small_register)
    given = {"departments": None, "audience": "restricted", "formats": ["html"], "households": [household + "9"]}
    with pytest.raises(EditionError, match=f"unknown household.*did you mean '{household}'"):
        plan(worklists(tmp_path, small_register, facts_folder, **given))


def test_plans_are_off_by_default(tmp_path: Path, small_register: Path) -> None:
    said = due_editions([ROOT / "params/editions/household_plans.yaml"], date(2021, 1, 1))
    assert [(one.is_due, one.why) for one in said] == [(False, "on request only")]
    with pytest.raises(EditionError, match=r"a plan is about one household; got 'public', expected restricted"):
        open_plan(str(small_register), MONTH, household_of(small_register), "zh", "public")
