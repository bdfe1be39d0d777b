"""Whatever kills a run, the published folder holds whole reports only, and the next run completes it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest
from pypdf import PdfReader

from relapse_risk.assessment import compute_facts
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register
from relapse_risk.scores import compute_ranks, compute_scores

ROOT = Path(__file__).resolve().parents[2]
MONTH = "2020-12"
pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 needs POSIX signals")


@pytest.fixture(scope="module")
def edition(small_register: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An edition file for one county in one language."""
    folder = tmp_path_factory.mktemp("edition")
    register, parameters, place = Register.open(small_register), read_parameters(), read_place("dezhou")
    given = {"parameters": parameters, "place": place, "out": folder / "scores"}
    compute_scores(register, MONTH, **given)
    compute_ranks(register, MONTH, **given)
    compute_facts(register, MONTH, parameters, place, folder / "scores", folder / "facts")
    file = folder / "edition.yaml"
    file.write_text(
        f"name: small\nplace: dezhou\nmonth: '{MONTH}'\nregister: {small_register}\nfacts: {folder / 'facts'}\n"
        f"notebook: {ROOT / 'notebooks/reports/county_assessment.ipynb'}\n"
        f"counties: ['371425']\nlanguages: [zh]\nout: {folder / 'out'}\n",
        encoding="utf-8",
    )
    return file


def start(edition: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "relapse_risk.cli", "render", str(edition), "--workers", "1"]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def whole(out: Path) -> dict[str, str]:
    """Digest of every published file; fails if one is not whole."""
    found = {}
    for path in sorted(out.glob("[!.]*")):
        content = path.read_bytes()
        if path.suffix == ".html":
            assert content.rstrip().endswith(b"</html>"), path
        elif path.suffix == ".pdf":
            assert len(PdfReader(path).pages) > 5, path
        elif path.suffix == ".json":
            json.loads(content)
        found[path.name] = sha256(content).hexdigest()
    return found


def killed_at_random(edition: Path, kills: int, seed: int) -> None:
    begun = time.monotonic()
    assert start(edition).wait() == 0
    whole_run = time.monotonic() - begun
    out = edition.parent / "out"
    last = whole(out)
    generator = random.Random(seed)
    for _ in range(kills):
        # A report is only rendered anew when its manifest does not vouch for it.
        (out / "manifest.json").unlink(missing_ok=True)
        process = start(edition)
        time.sleep(generator.uniform(0.2, 1.0) * whole_run)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        now = whole(out)
        assert {n for n in last if n != "manifest.json"} <= set(now), "a published file is gone"
        last = now
    assert start(edition).wait() == 0
    finished = whole(out)
    assert {"371425-zh.html", "371425-zh.pdf", "index.html", "index.en.html", "manifest.json"} <= set(finished)
    assert not list(out.glob(".*.part")), "a half-written file was left"


def test_two_deaths_leave_the_edition_whole(edition: Path) -> None:
    killed_at_random(edition, kills=2, seed=2)


@pytest.mark.long
def test_twenty_deaths_leave_the_edition_whole(edition: Path) -> None:
    killed_at_random(edition, kills=20, seed=20)
