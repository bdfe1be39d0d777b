"""Kill -9 at random moments of a commit: the register is the old one or the new one, whole."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from relapse_risk.register import Register, RegisterWriter
from relapse_risk.register.states import states

# Commits version after version of a register of 2,000 households; every value written is the version's number.
CHILD = """
import sys
import numpy as np, pandas as pd
from relapse_risk.register import Register, RegisterWriter

folder, n = sys.argv[1], 2000
ids = pd.Series([f"H{i:05d}" for i in range(n)])
home = pd.DataFrame({"household_id": ids, "village_code": [f"3714{2 + i % 4:02d}101001" for i in range(n)]})
person = pd.DataFrame({"person_id": ids.str.replace("H", "P"), "household_id": ids})
income = pd.concat([pd.DataFrame({"household_id": ids, "period_end": f"2020-{m:02d}"}) for m in range(1, 13)])
income = income.reset_index(drop=True)
print("ready", flush=True)
version = int(sys.stdin.readline())
while True:
    version += 1
    print("begin", version, flush=True)
    with RegisterWriter(folder, place="dezhou", wait_seconds=0) as writer:
        writer.put("income", income.assign(months=version, wage_income=float(version)))
        for month in ("2020-11", "2020-12"):
            writer.put("household", home.assign(household_size=version), month=month)
            writer.put("person", person.assign(work_months=version), month=month)
        writer.commit(created="2020-12-31T00:00:00")
    print("done", version, flush=True)
"""
NUMBERS = {"household": "household_size", "person": "work_months", "income": "months"}


@dataclass(frozen=True, slots=True)
class Tally:
    """What the kills met: kills while a commit was under way, kills that left files behind, last version."""

    inside: int
    left_behind: int
    version: int


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def began(child: subprocess.Popen[str], version: int) -> str:
    """Let the child commit on from ``version``: the first line it says."""
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    child.stdin.write(f"{version}\n")
    child.stdin.flush()
    return child.stdout.readline()


def one_commit(folder: Path) -> float:
    """Commit version 1 in a child, and end it: how many seconds that took on this machine."""
    child = start(folder)
    assert child.stdout is not None
    began(child, 0)
    before = time.monotonic()
    assert child.stdout.readline() == "done 1\n"
    seconds = time.monotonic() - before
    ended(child)
    return seconds


def ended(child: subprocess.Popen[str]) -> list[str]:
    """Kill the child: what it said until then."""
    child.kill()
    with child:
        assert child.stdout is not None
        return child.stdout.readlines()


def killed(child: subprocess.Popen[str], version: int, seconds: float) -> tuple[int, int]:
    """Let the child commit on from ``version``, kill it after a while: the last version begun, and the last done."""
    first = began(child, version)
    time.sleep(seconds)
    told = [line.split() for line in (first, *ended(child)) if line.endswith("\n")]
    last = {word: max((int(n) for w, n in told if w == word), default=version) for word in ("begin", "done")}
    return last["begin"], last["done"]


def version_of(folder: Path) -> int:
    """The one version that all tables and months of the register bear."""
    register = Register.open(folder)
    register.verify()
    told = {int(n) for name, column in NUMBERS.items() for n in register.read_all(name, [column])[column].unique()}
    (version,) = told
    assert register.months == ("2020-11", "2020-12")
    return version


def unlisted(folder: Path) -> list[str]:
    listed = {entry.path for state in states(folder) for entry in state.files}
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [name for name in found if name.startswith("tables") and name not in listed]


def trial(folder: Path, kills: int, seed: int) -> Tally:
    rng = np.random.default_rng(seed)
    # Moments spread over one commit and a half, and stretched while the machine is busier than it was.
    longest = 1.5 * one_commit(folder)
    version, inside, left_behind = version_of(folder), 0, 0
    child = start(folder)
    for kill in range(kills):
        # The next child loads its libraries while this one works.
        following = start(folder) if kill + 1 < kills else None
        begun, done = killed(child, version, float(rng.uniform(0.0, longest)))
        longest *= 1.2 if done == version else 0.9
        child = following or child
        version = version_of(folder)
        # Neither lost after it was reported done, nor there before it was begun.
        assert done <= version <= begun
        left_behind += bool(unlisted(folder))
        inside += begun > done
    return Tally(inside, left_behind, version)


def check_trial(folder: Path, kills: int, seed: int) -> None:
    tally = trial(folder, kills, seed)
    # A trial whose kills all fell between commits would prove nothing.
    assert tally.inside >= 1
    if kills >= 100:
        assert tally.inside > kills // 2
        assert tally.left_behind > kills // 4
        assert tally.version > 2
    for _ in range(2):
        with RegisterWriter(folder, place="dezhou", wait_seconds=0) as writer:
            manifest = writer.commit(created="2021-01-01T00:00:00")
    assert unlisted(folder) == []
    assert version_of(folder) == tally.version
    assert manifest.created == "2020-12-31T00:00:00"


def test_six_kills_leave_a_whole_register(tmp_path: Path) -> None:
    check_trial(tmp_path / "register", kills=6, seed=20)


@pytest.mark.long
def test_a_hundred_kills_leave_a_whole_register(tmp_path: Path) -> None:
    check_trial(tmp_path / "register", kills=100, seed=100)
