"""A household's plan and a worklist's cover: rendered from a real register, in both languages, with nobody's name."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from relapse_risk.editions.edition import packaged_notebook
from relapse_risk.editions.execute import run_notebook
from relapse_risk.editions.export import Sheet, to_html
from relapse_risk.errors import EditionError, RegisterError
from relapse_risk.pages.plan_page import open_plan
from relapse_risk.pages.worklist_page import open_worklist
from relapse_risk.register import Register

MONTH, COUNTY = "2020-12", "371425"


def shown(notebook: str, **parameters: object) -> str:
    executed = run_notebook(packaged_notebook(notebook), parameters, Path.cwd())
    return to_html(executed, Sheet("t", str(parameters["language"]), "s", "n", "stamp", MONTH))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_plan_adds_up_on_the_page(small_register: Path, language: str) -> None:
    register = Register.open(small_register)
    household = register.read("household", MONTH, COUNTY)["household_id"].iloc[0]
    page = shown(
        "household_plan.ipynb", household=household, month=MONTH, language=language, register=str(small_register), audience="restricted", scores="",
    )  # fmt: skip
    assert household in page
    income = open_plan(str(small_register), MONTH, household, language).plan.income["per_head"]
    assert income.iloc[:3].sum() == pytest.approx(income.iloc[3])
    names = register.read_identity()["person_name"].dropna()
    assert not [name for name in names.head(400) if name in page], "no name reaches a page"


def test_an_income_just_below_the_line_is_not_written_like_the_line(small_register: Path) -> None:
    household = Register.open(small_register).read("household", MONTH, COUNTY)["household_id"].iloc[0]
    page = open_plan(str(small_register), MONTH, household, "en")
    income = page.plan.income.assign(per_head=[3000.0, 500.0, 499.7, 3999.7])
    page = replace(page, plan=replace(page.plan, income=income, line=4000.0))
    assert "0.3" in page.cover().html
    assert ">3,999.7<" in page.income().html
    assert ">4,000.0<" in page.income().html


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_cover_of_a_worklist(small_register: Path, language: str) -> None:
    page = shown(
        "department_worklist.ipynb",
        county=COUNTY,
        department="MZ",
        month=MONTH,
        language=language,
        register=str(small_register),
        scores="",
    )
    found = open_worklist(str(small_register), MONTH, COUNTY, "MZ", language)
    missing = int((found.mine["kind"] == "missing").sum())
    assert missing > 0
    assert re.search(rf"{missing:,}(条| claims)", page)
    assert page.count("<table") == 4, "by item, most pressing, other lists, days"


def test_unknown_household_county_department_and_language_are_named(small_register: Path) -> None:
    folder = str(small_register)
    with pytest.raises(EditionError, match="household: unknown household; got 'H0'"):
        open_plan(folder, MONTH, "H0", "zh")
    with pytest.raises(EditionError, match="department: unknown department; got 'XX'"):
        open_worklist(folder, MONTH, COUNTY, "XX", "zh")
    with pytest.raises(RegisterError, match="county: unknown county; got '999999'"):
        open_worklist(folder, MONTH, "999999", "MZ", "zh")
    with pytest.raises(EditionError, match="language: unknown language; got 'fr'"):
        open_worklist(folder, MONTH, COUNTY, "MZ", "fr")
