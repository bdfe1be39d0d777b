"""The page for offices: every command is given, every sheet filled in as shown, and what is printed is compared."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import openpyxl
import pytest
from tests.filled_sheets import fill
from tests.reviewed_place import LOW, MONTHS, project, workbook
from typer.testing import CliRunner

from relapse_risk.cli import app
from relapse_risk.identification import open_log
from relapse_risk.months import month_end
from relapse_risk.parameters import read_parameters
from relapse_risk.register.importing import import_source

PAGE = Path(__file__).resolve().parents[2] / "docs" / "office.md"
PIECE = re.compile(
    r"```sh\n(?P<commands>.*?)```(?:\n```text\n(?P<printed>.*?)```)?"
    r"|In `(?P<english>[^`]+\.xlsx)` the \w+ writes:\n\n(?P<rows>(?:\|[^\n]*\n)+)"
    r"|在 `(?P<chinese>[^`]+\.xlsx)` 填写：\n\n(?P<lines>(?:\|[^\n]*\n)+)",
    re.DOTALL,
)


def stories() -> list[tuple[str, str]]:
    text = PAGE.read_text(encoding="utf-8")
    english, chinese = text.index("## The story"), text.index("## 一户的故事")
    return [("en", text[english:chinese]), ("zh", text[chinese : text.index("## What stands behind it")])]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = project(tmp_path / "kivari")
    monkeypatch.chdir(folder)
    for month in MONTHS:
        import_source(workbook(Path(f"inbox/{month}.xlsx"), month), "template", "data/register", month, as_of=month_end(month), place="north_kivari")  # fmt: skip
    return folder


@pytest.mark.parametrize(("language", "story"), stories())
def test_every_command_of_the_story_does_what_it_says(place: Path, language: str, story: str) -> None:
    count = 0
    for piece in PIECE.finditer(story):
        if file := piece["english"] or piece["chinese"]:
            fill(Path(file), piece["rows"] or piece["lines"])
            continue
        printed = ""
        for line in piece["commands"].splitlines():
            result = CliRunner().invoke(app, shlex.split(line)[1:])
            assert result.exception is None or isinstance(result.exception, SystemExit), (line, result.exception)
            printed += result.output.replace(f"{place}/", "")
            count += 1
        for line in (piece["printed"] or "").splitlines():
            assert line in printed, f"{line}\nis not in\n{printed}"
    assert count == {"en": 29, "zh": 23}[language]
    now = open_log("data/register", read_parameters(), "north_kivari").now
    assert now[LOW].state == "eliminated"


def test_what_the_page_says_the_village_sees_is_what_it_sees(place: Path) -> None:
    for language, story in stories():
        CliRunner().invoke(app, ["identify", "propose", "--month", "2024-01", "--today", "2024-02-05"])
        CliRunner().invoke(app, ["identify", "sheets", "--language", language, "--today", "2024-02-06"])
        sheet = openpyxl.load_workbook("data/identification/sheets/2024-02-06/village-NK-A1-v1.xlsx").worksheets[0]
        seen = {str(cell.value): at for at, cell in enumerate(sheet[1], start=1)}
        shown = re.search(r"\n\| (?:Number|编号) \|.*\n\|-.*\n((?:\|.*\n)+)", story)
        heads = re.search(r"\n(\| (?:Number|编号) \|.*)\n", story)
        assert shown
        assert heads
        names = [head.strip() for head in heads[1].strip("|").split("|")]
        for number, line in enumerate(shown[1].splitlines(), start=2):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert [sheet.cell(number, seen[name]).value for name in names] == cells
