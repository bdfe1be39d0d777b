"""A seeded sample of mutants, run by mutmut against the tests that reach them; see docs/testing.md.

usage: python tools/mutants.py [--count 300] [--seed 12] [--workers 2] [--only assistance] [--keep]
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from mutmut.__main__ import create_mutants
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, walk_mutatable_files
from statsmodels.stats.proportion import proportion_confint

REPORT = Path("build/mutants.md")
# What decides no number: guards that can only raise, and the name under which a county's data keep a computed frame.
GUARDS = re.compile(r"\b(strict|validate)=(True|False|None|\"[\w:]+\")|(?<=\.once\()(None|\"\w+\")")


def changed_lines(diff: str) -> tuple[str, str]:
    """What a diff takes out and what it puts in."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++", "@@"))]
    return tuple("\n".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")


def in_scope(diff: str) -> bool:
    """Whether a mutant changes anything but a guard or the name of a kept frame."""
    before, after = (re.sub(r"[\s,]", "", GUARDS.sub("", text)) for text in changed_lines(diff))
    return before != after


def draw(count: int, seed: int, only: str) -> dict[str, tuple[Path, str]]:
    """Names of a simple random sample of the mutants in scope, each with its file and diff."""
    known = {
        path: SourceFileMutationData(path=path) for path in sorted(walk_mutatable_files()) if re.search(only, str(path))
    }
    for data in known.values():
        data.load()
    everything = [(name, path) for path, data in known.items() for name in data.exit_code_by_key]
    Random(seed).shuffle(everything)  # noqa: S311 (a sample of mutants, no secret)
    drawn: dict[str, tuple[Path, str]] = {}
    for name, path in everything:
        diff = get_diff_for_mutant(name, path=path)
        if in_scope(diff):
            drawn[name] = path, diff
        if len(drawn) == count:
            break
    return drawn


def outcomes(drawn: dict[str, tuple[Path, str]]) -> dict[str, str]:
    """What became of each mutant that was drawn."""
    found = {}
    for name, (path, _) in drawn.items():
        data = SourceFileMutationData(path=path)
        data.load()
        found[name] = status_by_exit_code[data.exit_code_by_key[name]]
    return found


def line_of(path: Path, name: str, diff: str) -> int:
    """Line of the source on which the mutant differs, as well as the diff of its function tells it."""
    function = name.rpartition(".")[2].partition("__mutmut")[0].replace("ǁ", "_").rpartition("_")[2]
    first = changed_lines(diff)[0].splitlines()[0].strip()
    text = path.read_text(encoding="utf-8").splitlines()
    start = next((i for i, line in enumerate(text) if re.search(rf"def \w*{function}\(", line)), 0)
    return next((i + 1 for i, line in enumerate(text) if i >= start and line.strip() == first), start + 1)


def report(drawn: dict[str, tuple[Path, str]], found: dict[str, str], seed: int, minutes: float) -> str:
    """Counts, the share killed with its 95% interval, and every survivor with file, line and diff."""
    counts = Counter(found.values())
    killed = counts["killed"] + counts["timeout"]
    low, high = proportion_confint(killed, len(found), method="wilson")
    lines = [
        f"# Mutants (seed {seed})",
        "",
        f"{len(found)} mutants: " + ", ".join(f"{number} {status}" for status, number in counts.most_common()) + ".",
        f"Killed or timed out: {killed / len(found):.1%} (95% interval {low:.1%} to {high:.1%}); {minutes:.0f} minutes.",
    ]
    for name, (path, diff) in sorted(drawn.items(), key=lambda entry: (entry[1][0], entry[0])):
        if found[name] not in ("killed", "timeout"):
            changes = "\n".join(
                line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("---", "+++")
            )
            lines += [
                "",
                f"## {path}:{line_of(path, name, diff)} ({found[name]})",
                f"`{name}`",
                "```diff",
                changes,
                "```",
            ]
    return "\n".join(lines) + "\n"


def with_plugin(name: str) -> dict[str, str]:
    """The environment in which every pytest loads the plugin ``name`` of this folder."""
    folders = [str(Path(__file__).resolve().parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(folders), "PYTEST_PLUGINS": name}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="regular expression that the path of a file must match")
    parser.add_argument("--keep", action="store_true", help="keep what an earlier run generated")
    given = parser.parse_args()
    begun = time.monotonic()
    if not given.keep:
        shutil.rmtree("mutants", ignore_errors=True)
    copy_src_dir()
    copy_also_copy_files()
    create_mutants(given.workers)
    drawn = draw(given.count, given.seed, given.only)
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(given.workers), *drawn]
    subprocess.run(command, check=True, env=with_plugin("tests_that_reach"))
    text = report(drawn, outcomes(drawn), given.seed, (time.monotonic() - begun) / 60)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
