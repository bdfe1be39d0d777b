"""A month that is killed again and again ends as one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from tests.own_place import county_workbook

from relapse_risk.events import read_events
from relapse_risk.files import file_sha256
from relapse_risk.new_project import NewProject, make_project
from relapse_risk.register import Register

MONTH, KILLS, SEED = "2024-01", 12, 14
COUNTIES = {"NK-A1": ("Aster", "Aster"), "NK-A2": ("Briar", "Briar")}
COMMAND = [sys.executable, "-m", "relapse_risk.cli", "month", MONTH, "--as-of", "2024-02-05", "--language", "en"]
CATALOGUE = """
WT01:
  label: {zh: 安全饮水, en: Safe water}
  department: CL
  direction: livelihood
  level: household
  kind: service
  cadence: once
  source: ours
  confidence: assumed
  versions:
    - {start: 2016-01-01, requires: [{not: water_safe}], amount: {fixed: 0}, statutory_days: 30}
"""


def new_project(folder: Path) -> Path:
    made = make_project(folder, NewProject("North Kivari", COUNTIES, "crowns", 3000.0), date(2024, 2, 1))
    edition = made / "params/editions/counties.yaml"
    edition.write_text(edition.read_text(encoding="utf-8").replace("- pdf\n", ""), encoding="utf-8")
    (made / "params/assistance").mkdir()
    (made / "params/assistance/north_kivari.yaml").write_text(CATALOGUE, encoding="utf-8")
    (made / "inbox" / MONTH).mkdir()
    return made


def month(project: Path, after: float | None = None) -> int:
    """Exit code of the command, killed with all its helpers after so many seconds."""
    with subprocess.Popen(COMMAND, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True) as run:  # fmt: skip
        try:
            said, _ = run.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            return -9
    assert run.returncode in (0, 1), said.decode()
    return run.returncode


def result(project: Path) -> dict[str, str]:
    """Digests of what the month made: the register, and every file whose bytes say no time."""
    names = ("findings/**/*.csv", "scores/**/*.parquet", "facts/**/*.parquet", "assistance/**/*.csv", "issues/**/*.csv")
    files = [path for name in names for path in sorted((project / "data").glob(name))]
    found = {str(path.relative_to(project)): file_sha256(path) for path in files}
    pages = sorted((project / "reports/counties").glob(f"{MONTH}.*/*.html"))
    found |= {path.name: file_sha256(path) for path in pages if path.name.startswith("NK-")}
    register = Register.open(project / "data/register")
    found["register"] = register.manifest.digest
    found["deliveries"] = str(len(register.read("delivery", MONTH)))
    assert int(found["deliveries"]) > 0
    found["issues"] = str(len((register.path / "issues.jsonl").read_text(encoding="utf-8").splitlines()))
    found["events"] = str(sorted((event.kind, event.name, event.step) for event in read_events(register.path)))
    return found


@pytest.mark.long
def test_kills_change_nothing(tmp_path: Path) -> None:
    calm, hunted = new_project(tmp_path / "a" / "kivari"), new_project(tmp_path / "b" / "kivari")
    for county in COUNTIES:
        file = county_workbook(calm / "inbox" / MONTH / f"{county}.xlsx", county, MONTH, households=8)
        (hunted / "inbox" / MONTH / file.name).write_bytes(file.read_bytes())
    code = month(calm)
    draw, killed = random.Random(SEED), 0
    for _ in range(KILLS):
        killed += month(hunted, after=draw.uniform(2.0, 14.0)) == -9
    assert killed >= KILLS / 2
    assert month(hunted) == code
    assert result(hunted) == result(calm)
