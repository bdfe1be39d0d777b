"""The files for schedulers: commands that exist, editions that can be read, and one moment in all of them."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer
import yaml

from relapse_risk.cli import app
from relapse_risk.editions.edition import read_edition
from relapse_risk.editions.execute import declared_parameters

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "scheduling"
CHINA = ZoneInfo("Asia/Shanghai")
FILES = ("crontab", "relapse-risk-render@.service", "github-actions.yml", "README.md")
CALL = re.compile(r"relapse-risk ((?:render|status|facts|reproduce) [^\n`&|>]*)")


def crontab() -> list[tuple[str, str]]:
    """Fields and command of every line of the crontab."""
    lines = (FOLDER / "crontab").read_text(encoding="utf-8").splitlines()
    return [(" ".join(line.split()[:5]), line.split(None, 5)[5]) for line in lines if line[:1].isdigit()]


def workflow() -> dict[str, object]:
    """The workflow, read without YAML 1.1's booleans: ``on`` stays a word."""
    found: dict[str, object] = yaml.load(
        (FOLDER / "github-actions.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader
    )
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_command_and_edition_of_a_file_exists(name: str) -> None:
    calls = CALL.findall((FOLDER / name).read_text(encoding="utf-8").replace("%i", "monthly").replace("FILE", "params/editions/weekly.yaml"))  # fmt: skip
    assert calls or name == "README.md"
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for call in calls:
        verb, *given = shlex.split(call)
        commands[verb].make_context(verb, [str(ROOT / word) if word.startswith("params/") else word for word in given])


def test_the_editions_that_stand_ready_can_be_read() -> None:
    kinds = {name: read_edition(ROOT / "params" / "editions" / f"{name}.yaml").every for name in ("monthly", "weekly", "quarterly")}  # fmt: skip
    assert kinds == {"monthly": "month", "weekly": "week", "quarterly": "quarter"}


def test_crontab_workflow_and_notebook_job_start_at_the_same_moment() -> None:
    text = (FOLDER / "crontab").read_text(encoding="utf-8")
    job = json.loads((FOLDER / "jupyter-scheduler.json").read_text(encoding="utf-8"))
    assert (crontab()[0][0], "CRON_TZ=Asia/Shanghai" in text) == ("0 6 3 * *", True)
    assert (job["schedule"], job["timezone"]) == ("0 6 3 * *", "Asia/Shanghai")
    minute, hour, day, *_ = workflow()["on"]["schedule"][0]["cron"].split()  # type: ignore[index]
    there = datetime(2021, 3, int(day), int(hour), int(minute), tzinfo=UTC).astimezone(CHINA)
    assert (there.day, there.hour, there.minute) == (3, 6, 0)


def test_the_notebook_job_gives_python_values_that_the_notebook_takes() -> None:
    job = json.loads((FOLDER / "jupyter-scheduler.json").read_text(encoding="utf-8"))
    given = {name: ast.literal_eval(value) for name, value in job["parameters"].items()}  # they become "name = value"
    assert set(given) == declared_parameters(FOLDER / job["input_uri"])
    assert (ROOT / given["edition"]).is_file()


def test_the_catch_up_line_finds_what_status_writes() -> None:
    (pattern,) = {re.search(r"grep -q '([^']+)'", command).group(1) for _, command in crontab() if "grep" in command}  # type: ignore[union-attr]
    assert pattern in json.dumps(
        {"due": [{"name": "monthly", "is_due": True, "why": ""}]}, ensure_ascii=False, indent=2
    )
    assert pattern not in json.dumps({"due": [{"name": "monthly", "is_due": False, "why": ""}]}, ensure_ascii=False, indent=2)  # fmt: skip


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")
def test_systemd_reads_the_timer_and_knows_its_moment(tmp_path: Path) -> None:
    timer = (FOLDER / "relapse-risk-render@.timer").read_text(encoding="utf-8")
    assert "Persistent=true" in timer
    when = re.search(r"OnCalendar=(.+)", timer).group(1)  # type: ignore[union-attr]
    said = subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, text=True, env={"TZ": "UTC", "PATH": "/usr/bin:/bin", "LC_ALL": "C"}, check=True).stdout  # fmt: skip
    found = re.search(r"(?:Next elapse|\(in UTC\)): \w+ ([\d-]+ [\d:]+) UTC", said)
    assert found, said
    there = datetime.fromisoformat(found[1]).replace(tzinfo=UTC).astimezone(CHINA)
    assert (there.day, there.hour, there.minute) == (3, 6, 0)
    assert there - datetime.now(tz=UTC) < timedelta(days=32)
