"""The page on assistance: every command is given, the sheet is filled in as shown, and what is printed is compared."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.filled_sheets import fill
from typer.testing import CliRunner

from relapse_risk.assistance import open_aid_log
from relapse_risk.cli import app
from relapse_risk.parameters import read_parameters

PAGE = Path(__file__).resolve().parents[2] / "docs" / "assistance.md"
PIECE = re.compile(
    r"```sh\n(?P<commands>.*?)```\n```text\n(?P<printed>.*?)```|In `(?P<file>[^`]+\.xlsx)` it writes:\n\n(?P<rows>(?:\|[^\n]*\n)+)", re.DOTALL
)  # fmt: skip


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
