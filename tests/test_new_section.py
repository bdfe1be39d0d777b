"""A section with a table and a figure, in every language, is three files: declaration, words, notebook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from tests.report_fixtures import notebook

import relapse_risk
from relapse_risk.register import Register

SOURCE, ROOT = Path(relapse_risk.__file__).parent, Path(__file__).resolve().parents[1]
DECLARATION = '''"""Section 19: letters that tell households what they are entitled to."""

import pandas as pd

from relapse_risk.assessment.county_data import CountyData, in_code_order
from relapse_risk.exhibits import Bars, Exhibit, Section, largest
from relapse_risk.measures import FactColumn, FactTable
from relapse_risk.schema import code_list

SECTION = Section(19)


def letters(data: CountyData) -> pd.DataFrame:
    """One letter to each household, by class."""
    counts = data.now.groupby("household_class").size().to_frame("letters")
    return in_code_order(counts, code_list("household_class").words, "household_class")


TABLES = (
    FactTable(
        "letters", 19, (FactColumn("household_class", "code", "household_class"), FactColumn("letters", "count")),
        ("household.household_class",), letters,
    ),
)
EXHIBITS = (Exhibit("letters", Bars("household_class", "letters"), largest("letters", "household_class"), half=True),)
'''
WORDS = """
section.19: {zh: 19 信函, en: 19 Letters}
exhibit:
  letters:
    title: {zh: 应发信函, en: Letters to send}
    caption: {zh: 信函数, en: Letters by class}
    finding: {zh: '{household_class}最多，{letters}封，共{total}封', en: '{household_class}: {letters} of {total} letters'}
    column.letters: {zh: 信函, en: Letters}
"""
CELLS = (
    "from relapse_risk.pages.county_report import open_report\nreport = open_report(facts, month, county, language)",
    "report.contents()", "report.section(19)", 'report.exhibit("letters")',
)  # fmt: skip
RUN = """
import sys
from pathlib import Path
from relapse_risk.assessment import compute_facts
from relapse_risk.editions.execute import run_notebook
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register
register, out, notebook = sys.argv[1:]
compute_facts(Register.open(Path(register)), "2020-12", read_parameters(), read_place("dezhou"), None, Path(out))
for language in ("zh", "en"):
    given = {"county": "371425", "month": "2020-12", "language": language, "register": register, "facts": out}
    made = run_notebook(Path(notebook), given, Path.cwd())
    shown = [o["data"]["text/html"] for cell in made.cells for o in cell.get("outputs", ()) if "text/html" in o["data"]]
    Path(out, f"{language}.html").write_text("".join(shown), encoding="utf-8")
"""


@pytest.fixture(scope="module")
def made(hand_register: Register, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of the hand-made county from a copy of the source with a section more: one cell each, in both languages."""
    folder = tmp_path_factory.mktemp("new_section")
    source = folder / "src" / "relapse_risk"
    copytree(SOURCE, source, ignore=ignore_patterns("__pycache__"))
    (source / "assessment" / "sections" / "letters.py").write_text(DECLARATION, encoding="utf-8")
    (source / "text" / "messages" / "section_19.yaml").write_text(WORDS, encoding="utf-8")
    document = notebook(folder / "letters.ipynb", *CELLS)
    call = [sys.executable, "-c", RUN, str(hand_register.path), str(folder / "facts"), str(document)]
    found = subprocess.run(
        call, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(source.parent)}, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    return folder / "facts"


@pytest.mark.parametrize(
    ("language", "said", "title"),
    [("zh", "脱贫不稳定户最多，2封，共5封", "19 信函"), ("en", "Lifted, unstable: 2 of 5 letters", "19 Letters")],
)
def test_a_section_of_three_files_reaches_the_page(made: Path, language: str, said: str, title: str) -> None:
    """Five households get a letter each, two of them unstable (the first lines of the hand-made county)."""
    page = (made / f"{language}.html").read_text(encoding="utf-8")
    assert f'<a href="#s19">{title}</a>' in page
    assert f'<h2 id="s19">{title}</h2>' in page
    assert said in page
    assert page.count("<svg") >= 1
    assert "19-1" in page
