"""The command line as a scheduler meets it: real commands, exit codes, JSON, one-line errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from relapse_risk.cli import app, main

COMMANDS = ("demo", "template", "import", "check", "score", "rank", "facts", "render", "issues", "status", "nation")
runner = CliRunner()


def test_every_command_teaches() -> None:
    for command in COMMANDS:
        result = runner.invoke(app, [command, "--help"])
        assert result.exit_code == 0
        assert len(result.output.split()) > 20, command


def test_help_answers_without_the_heavy_libraries() -> None:
    """Importing the command line must not import pandas: --help answers at once."""
    code = "import sys, relapse_risk.cli; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_version_is_the_packages() -> None:
    assert runner.invoke(app, ["--version"]).output.strip() == "relapse-risk 0.1.0"


def test_wrong_usage_is_exit_code_2() -> None:
    assert runner.invoke(app, ["demo", "--seed", "many"]).exit_code == 2
    assert runner.invoke(app, ["nothing"]).exit_code == 2


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "relapse_risk.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_bad_input_is_one_line_and_exit_code_3(tmp_path: Path) -> None:
    result = run("check", "--register", tmp_path)
    assert result.returncode == 3
    assert result.stderr.startswith("relapse-risk: ")
    assert "not a register" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_unknown_month_names_those_there_are(small_register: Path) -> None:
    result = run("score", "--register", small_register, "--month", "2020-13")
    assert result.returncode == 3
    assert "--month: not a month" in result.stderr
    result = run("score", "--register", small_register, "--month", "2021-01")
    assert "2020-12" in result.stderr


def test_a_month_of_work_from_register_to_facts(small_register: Path, tmp_path: Path) -> None:
    """score → rank → facts → status, each saying where its result is."""
    place = tmp_path / "dezhou"
    place.mkdir()
    (place / "register").symlink_to(small_register, target_is_directory=True)
    shared = ["--register", str(place / "register"), "--json"]
    scored = runner.invoke(app, ["score", *shared, "--out", str(place / "scores")])
    assert scored.exit_code == 0, scored.output
    ranked = runner.invoke(app, ["rank", *shared, "--out", str(place / "scores")])
    assert json.loads(ranked.stdout)["month"] == "2020-12"
    facts = runner.invoke(app, ["facts", *shared, "--scores", str(place / "scores"), "--out", str(place / "facts")])
    assert facts.exit_code == 0, facts.output
    status = runner.invoke(app, ["status", str(place), "--reports", str(tmp_path), "--json"])
    found = json.loads(status.stdout)
    assert found["scores"] == found["facts"] == ["2020-12"]
    assert found["editions"] == []


def test_check_compares_with_the_key(small_register: Path, tmp_path: Path) -> None:
    key = small_register.parent / "demo_key" / "seeded_errors.csv"
    arguments = ["check", "--register", str(small_register), "--out", str(tmp_path), "--seeded-errors", str(key)]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "0 missed" in result.stdout
    assert list(tmp_path.glob("*.csv"))


def test_an_error_of_ours_leaves_main_with_code_3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["relapse-risk", "render", str(tmp_path / "none.yaml")])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 3
