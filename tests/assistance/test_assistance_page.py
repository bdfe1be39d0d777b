"""The page on assistance: every command is given, the sheet is filled in as shown, and what is printed is compared."""

from __future__ import annotations

import re
import shlex
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from relapse_risk.assistance import open_aid_log
from relapse_risk.cli import app
from relapse_risk.parameters import read_parameters

PAGE = Path(__file__).resolve().parents[2] / "docs" / "assistance.md"
PIECE = re.compile(
    r"```sh\n(?P<commands>.*?)```\n```text\n(?P<printed>.*?)```|In `(?P<file>[^`]+\.xlsx)` it writes:\n\n(?P<rows>(?:\|[^\n]*\n)+)", re.DOTALL
)  # fmt: skip


def fill(file: Path, table: str) -> None:
    heads, _, *rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.splitlines()]
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[0]
    columns = {str(cell.value): at for at, cell in enumerate(sheet[1], start=1)}
    lines = {str(sheet.cell(row, columns[heads[0]]).value): row for row in range(2, sheet.max_row + 1)}
    for name, *cells in rows:
        for head, cell in zip(heads[1:], cells, strict=True):
            value = date.fromisoformat(cell) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell) else cell
            if value:
                sheet.cell(lines[name], columns[head], value)
    book.save(file)


@pytest.mark.long
def test_every_command_of_the_month_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    story = text[text.index("## One month, by commands") : text.index("## Push lists")]
    made = CliRunner().invoke(app, ["demo", "--households", "200", "--out", "city/register", "--backend", "serial"])
    assert made.exit_code == 0, made.output
    count = 0
    for piece in PIECE.finditer(story):
        if piece["file"]:
            fill(Path(piece["file"]), piece["rows"])
            continue
        printed = ""
        for line in piece["commands"].splitlines():
            result = CliRunner().invoke(app, shlex.split(line)[1:])
            assert result.exception is None or isinstance(result.exception, SystemExit), (line, result.exception)
            printed += result.output.replace(f"{tmp_path}/", "")
            count += 1
        for line in piece["printed"].splitlines():
            assert line in printed, f"{line}\nis not in\n{printed}"
    assert count == 10
    now = open_aid_log("city/register", read_parameters(), "dezhou").now_of("reminder")
    assert (now["Raa3233af5ffe"].state, now["Raa3233af5ffe"].facts["department"]) == ("handed_over", "RS")
