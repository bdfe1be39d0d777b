"""Whatever is killed at whatever moment, published editions are whole, and the next run completes what is missing."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from tests.report_fixtures import COUNTY, MONTH, OTHER, edition_file, notebook

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the processes of a run in /proc")
PARAMETERS = 'county = ""\nmonth = ""\nlanguage = ""\nregister = ""\nfacts = ""'
OPEN = "from relapse_risk.pages.county_report import open_report\nreport = open_report(facts, month, county, language)"


def edition_of(folder: Path, facts: Path) -> Path:
    """Two counties, page and PDF, of a short notebook; facts of its own, so that they can change."""
    shutil.copytree(facts, folder / "facts")
    cells = ("report.brief()", "report.contents()", "report.section(2)", 'report.figure("age_sex")')
    source = notebook(folder / "short.ipynb", OPEN, *cells, parameters=PARAMETERS)
    return edition_file(
        folder / "edition.yaml", folder / "facts", counties=[COUNTY, OTHER], languages=["zh"], notebooks=str(source)
    )


def new_facts(folder: Path, number: int) -> None:
    """Facts that differ from those before, for every county."""
    file = folder / "facts" / MONTH / "facts.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["hashes"] = {code: f"{number}" for code in content["hashes"]}
    file.write_text(json.dumps(content), encoding="utf-8")


def start(file: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "relapse_risk.cli", "render", str(file), "--workers", "2", "--wait", "60"]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def processes(session: int) -> list[int]:
    """Everything that still runs in the session of a run: driver, fork server, reports, browsers."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = entry.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.parent.name))
    return sorted(found)


def left_running(session: int, seconds: float = 30) -> list[int]:
    """What still runs after a grace: helpers of a driver end when they see its pipe closed, not in the same instant."""
    until = time.monotonic() + seconds
    while processes(session) and time.monotonic() < until:
        time.sleep(0.1)
    return processes(session)


def assert_whole(out: Path) -> int:
    """Every published file is what its manifest says, and the pages at the top lead to files; how many editions."""
    folders = sorted(out.glob("????-??.*"))
    for folder in folders:
        for report in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["reports"]:
            for name, digest in report["files"].items():
                assert sha256((folder / name).read_bytes()).hexdigest() == digest, folder / name
    for page in out.glob("index*.html"):
        links = re.findall(r'href="([^"#][^"]*)"', page.read_text(encoding="utf-8"))
        assert len(links) > 5
        assert all((out / link).is_file() for link in links), links
    return len(folders)


def killed_at_random(folder: Path, facts: Path, kills: int, seed: int) -> dict[str, int]:
    file, out, generator = edition_of(folder, facts), folder / "out", random.Random(seed)
    begun = time.monotonic()
    assert start(file).wait() == 0
    whole_run, hit = time.monotonic() - begun, {"driver": 0, "all": 0, "inside": 0}
    for number in range(kills):
        new_facts(folder, number)
        run = start(file)
        time.sleep(generator.uniform(0.3, 1.05) * whole_run)
        kind = generator.choice(sorted(hit))
        alive = processes(run.pid)
        inside = [pid for pid in alive if pid != run.pid]
        victims = {"driver": [run.pid], "all": alive, "inside": generator.sample(inside, 1) if inside else [run.pid]}[kind]  # fmt: skip
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        hit[kind] += 1
        run.wait()
        assert left_running(run.pid) == [], f"kill {number} of {kind}: left running"
        assert assert_whole(out) >= 1
    final = start(file)
    assert final.wait() == 0
    assert left_running(final.pid) == []
    assert_whole(out)
    left = [path for path in out.rglob(".*") if path.name != ".lock"]
    assert not left, left
    return hit


def test_a_death_leaves_every_edition_whole(tmp_path: Path, facts_folder: Path) -> None:
    killed_at_random(tmp_path, facts_folder, kills=1, seed=3)


@pytest.mark.long
def test_two_hundred_deaths_leave_every_edition_whole(tmp_path: Path, facts_folder: Path) -> None:
    hit = killed_at_random(tmp_path, facts_folder, kills=200, seed=200)
    assert min(hit.values()) > 40, hit
