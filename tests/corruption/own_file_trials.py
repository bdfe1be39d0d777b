"""Trials on the program's own files: register, history, journals, scores, facts, editions and parameters are damaged, and read.

A trial passes if the command ends with a documented code, an error is one line and leaves everything as it was, and an
answer given in spite of the damage is the answer without it.  ``python -m tests.corruption.own_file_trials 500 1``.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from tests.corruption.file_damage import BYTES
from tests.corruption.input_trials import LONGEST, Said, command, tree
from tests.corruption.invented_rows import AS_OF, ASKED, MONTH, delivery, rows_of, write, write_mapping

from relapse_risk.editions.publish import Outcome, commit, publish_files, run_files
from relapse_risk.issues.issue_ledger import JOURNAL, IssueStep
from relapse_risk.new_project import make_project

NEXT = "2024-02"
READERS: dict[str, tuple[list[str], ...]] = {
    "register": (["status"], ["deliveries"], ["history", "K1"], ["check"], ["score"], ["rank"], ["facts", "--backend", "serial"]),
    "history": (["status"], ["history", "K1"], ["deliveries"]),
    "journals": (["status"], ["issues"], ["history", "K1"]),
    "scores": (["status"], ["facts", "--scores", "data/scores", "--backend", "serial"]),
    "facts": (["status"], ["render", "params/editions/counties.yaml", "--explain"], ["issues"]),
    "editions": (["status"], ["render", "params/editions/counties.yaml", "--explain"]),
    "parameters": (["params", "check"], ["status"], ["check"], ["deliveries"]),
    "findings": (["import", "../in", "--mapping", "../own_csv.yaml", "--month", NEXT, "--as-of", "2024-02-28"],),
}  # fmt: skip
SHOWN_AS_IT_IS = {"status", "params", "render"}  # they describe files, damage too, and their answer may differ


@dataclass(slots=True)
class OwnTrial:
    """One damaged file, the command that read it, and what was wrong with the answer."""

    number: int
    group: str
    what: str
    asked: str
    outcome: str = ""
    faults: list[str] = field(default_factory=list)


# --- damage -----------------------------------------------------------------------------------------------------------

ODD: tuple[Any, ...] = (
    None,
    [],
    {},
    "",
    "x" * 50_000,
    -1,
    0,
    1e308,
    True,
    [[1]],
    {"a": {"b": 1}},
    "../../secret.txt",
    "2024-13",
    "\u202e",
)


def _nodes(content: Any, path: tuple[Any, ...] = ()) -> Iterable[tuple[Any, ...]]:
    yield path
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _nodes(value, (*path, key))
    elif isinstance(content, list):
        for at, value in enumerate(content):
            yield from _nodes(value, (*path, at))


def _changed(content: Any, rng: random.Random) -> Any:
    """Content of JSON or YAML with one value of another kind, or one key gone, new or renamed."""
    paths = list(_nodes(content))
    path = rng.choice(paths)
    if not path:
        return rng.choice(ODD)
    parent = content
    for step in path[:-1]:
        parent = parent[step]
    way = rng.choice(("value", "value", "value", "gone", "new", "twice"))
    if way == "gone":
        del parent[path[-1]]
    elif way == "new" and isinstance(parent, dict):
        parent["unheard_of"] = rng.choice(ODD)
    elif way == "twice" and isinstance(parent, list):
        parent.append(parent[path[-1]])
    else:
        parent[path[-1]] = rng.choice(ODD)
    return content


def _json_kinds(file: Path, rng: random.Random) -> None:
    if file.suffix == ".jsonl":
        lines = file.read_text(encoding="utf-8").splitlines()
        at = rng.randrange(len(lines))
        lines[at] = json.dumps(_changed(json.loads(lines[at]), rng))
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return
    file.write_text(json.dumps(_changed(json.loads(file.read_text(encoding="utf-8")), rng)), encoding="utf-8")


def _yaml_kinds(file: Path, rng: random.Random) -> None:
    changed = _changed(yaml.safe_load(file.read_text(encoding="utf-8")), rng)
    file.write_text(yaml.safe_dump(changed, allow_unicode=True), encoding="utf-8")


def _yaml_text(file: Path, rng: random.Random) -> None:
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    at = rng.randrange(len(lines))
    way = rng.randrange(8)
    if way == 0:
        lines.insert(at, "\tx: 1")
    elif way == 1:
        lines.insert(at, lines[at])
    elif way == 2:
        lines.append("big: " + "9" * 6_000)
    elif way == 3:
        lines.append("deep: " + "[" * 3_000 + "]" * 3_000)
    elif way == 4:
        lines.append(
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + "\n".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]" for i in range(9))
        )
    elif way == 5:
        lines[at] = lines[at].replace(":", "", 1)
    elif way == 6:
        lines[at] = "!!python/object/apply:os.system ['true']"
    else:
        lines.append("x: 2024-02-30")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _deep_json(file: Path, rng: random.Random) -> None:
    file.write_text("[" * 100_000 + "]" * 100_000, encoding="utf-8")


def _lines_gone(file: Path, rng: random.Random) -> None:
    lines = file.read_bytes().split(b"\n")
    del lines[rng.randrange(len(lines))]
    file.write_bytes(b"\n".join(lines))


def _swapped(file: Path, rng: random.Random) -> None:
    others = sorted(one for one in file.parent.rglob(f"*{file.suffix}") if one != file and one.is_file())
    file.write_bytes(rng.choice(others).read_bytes() if others else b"{}\n")


def _gone(file: Path, rng: random.Random) -> None:
    file.unlink()


def _folder(file: Path, rng: random.Random) -> None:
    file.unlink()
    file.mkdir()


def _bytes(way: Callable[[bytes, random.Random], bytes]) -> Callable[[Path, random.Random], None]:
    return lambda file, rng: file.write_bytes(way(file.read_bytes(), rng)) and None


DAMAGE: dict[str, Callable[[Path, random.Random], None]] = {
    **{name: _bytes(way) for name, way in BYTES.items() if name != "inside the archive"},
    "content of another file": _swapped, "gone": _gone, "a folder in its place": _folder,
}  # fmt: skip
BY_SUFFIX: dict[str, dict[str, Callable[[Path, random.Random], None]]] = {
    ".json": {"other kinds of values": _json_kinds, "too deep": _deep_json},
    ".jsonl": {"other kinds of values": _json_kinds, "a line gone": _lines_gone, "too deep": _deep_json},
    ".yaml": {"other kinds of values": _yaml_kinds, "odd YAML": _yaml_text},
}


# --- the place --------------------------------------------------------------------------------------------------------


class OwnFiles:
    """A place with two months, scores, ranks, facts, issues and a published edition, made once for many trials."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = make_project(folder / "good" / "project", ASKED, AS_OF)
        os.chdir(self.project)
        mapping = write_mapping("csv", folder / "good")
        source = write(delivery(rows_of(0), "csv"), "csv", folder / "good" / "in")
        for month, day in ((MONTH, AS_OF.isoformat()), (NEXT, "2024-02-28")):
            self._must(
                ["import", source, "--mapping", mapping, "--month", month, "--as-of", day, "--place", "north_kivari"]
            )
        for month in (MONTH, NEXT):
            self._must(["score", "--month", month])
            self._must(["rank", "--month", month])
            self._must(["facts", "--month", month, "--scores", "data/scores", "--backend", "serial"])
        step = IssueStep(
            "a1",
            "opened",
            "2024-02-28",
            "check",
            "NK-A1",
            "indicator:house_safe",
            severity="major",
            department="ZJ",
            due_on="2024-03-30",
        )
        JOURNAL.append(
            self.project / "data" / "register", [step, IssueStep("a1", "answered", "2024-03-01", "office", note="seen")]
        )
        self._must(["issues", "--month", NEXT])
        self._publish()
        self.good: dict[str, Said] = {}

    def _must(self, arguments: list[Any]) -> None:
        said = command(arguments)
        assert said.code in (0, 1), (arguments, said)

    def _publish(self) -> None:
        """An edition of one page, published by the program's own functions."""
        out = self.project / "reports" / "counties"
        stage = out / ".next"
        stage.mkdir(parents=True)
        files = publish_files(stage, {"NK-A1-en.html": b"<p>Aster</p>"})
        made = Outcome("NK-A1", "Aster", "en", "NK-A1-en", "published", "k", files, "2024-02-28")
        publish_files(
            stage, run_files({"edition": "counties", "settings": {"day": "2024-02-28"}, "verdicts": {}}, [made])
        )
        commit(stage, out, NEXT)

    def files_of(self, group: str, root: Path) -> list[Path]:
        data = root / "data"
        found = {
            "register": [data / "register/manifest.json", *sorted((data / "register/tables").rglob("*.parquet"))],
            "history": sorted((data / "register").rglob("history/*.json")) or [data / "register/manifest.json"],
            "journals": sorted((data / "register").glob("*.jsonl")),
            "scores": [path for path in sorted((data / "scores").rglob("*")) if path.is_file()],
            "facts": [path for path in sorted((data / "facts").rglob("*")) if path.is_file()],
            "editions": sorted((root / "reports").rglob("*.json")),
            "parameters": [*sorted((root / "params").rglob("*.yaml")), root / "project.yaml"],
            "findings": sorted((data / "findings").rglob("import.json")),
        }
        return found[group]

    def run(self, number: int, seed: int) -> OwnTrial:
        """One trial, the same for the same seed and number."""
        rng = random.Random(f"own {seed}:{number}")
        group = rng.choice(sorted(READERS))
        asked = rng.choice(READERS[group])
        spot = Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copytree(self.folder / "good", spot / "place")
        root = spot / "place" / "project"
        os.chdir(root)
        file = rng.choice(self.files_of(group, root))
        kinds = BY_SUFFIX.get(file.suffix, {})
        way = rng.choice(sorted(kinds)) if kinds and rng.random() < 0.5 else rng.choice(sorted(DAMAGE))
        (kinds.get(way) or DAMAGE[way])(file, rng)
        trial = OwnTrial(number, group, f"{file.relative_to(root)}: {way}", " ".join(asked))
        before = tree(root)
        said = command(asked)
        self._judge(trial, said, root, before)
        os.chdir(self.folder)
        shutil.rmtree(spot)
        return trial

    def _judge(self, trial: OwnTrial, said: Said, root: Path, before: dict[str, str]) -> None:
        if not isinstance(said.code, int) or said.code not in (0, 1, 3, 4):
            trial.outcome = "failed"
            trial.faults.append(f"{said.code} {said.err[-200:]!r}")
            return
        trial.outcome = {0: "answered", 1: "answered, with faults", 3: "refused", 4: "refused"}[said.code]
        lines = [line for line in said.err.splitlines() if line.startswith("relapse-risk: ")]
        rest = said.err.partition("relapse-risk: ")[2].splitlines()
        if said.code in (3, 4):
            if len(lines) != 1 or len(rest) != 1 or len(lines[0]) > LONGEST:
                trial.faults.append(f"not one line: {said.err[-300:]!r}")
            changed = {
                name for name, _ in set(tree(root).items()) ^ set(before.items()) if not name.startswith(".params")
            }
            if changed:
                trial.faults.append(f"refused, but the disk changed: {sorted(changed)[:3]}")
            return
        if "Traceback" in said.err + said.out:
            trial.faults.append("a traceback in what was said")
        if trial.asked.split()[0] in SHOWN_AS_IT_IS or trial.group == "parameters":
            return
        if trial.asked not in self.good:
            self.good[trial.asked] = self._undamaged(trial.asked.split())
        if _plain(said.out, root) != _plain(self.good[trial.asked].out, root):
            trial.faults.append(f"another answer in silence: {_differs(said.out, self.good[trial.asked].out)}")

    def _undamaged(self, asked: list[str]) -> Said:
        spot = Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copytree(self.folder / "good", spot / "place")
        os.chdir(spot / "place" / "project")
        said = command(asked)
        shutil.rmtree(spot)
        return said


def _plain(text: str, root: Path) -> list[str]:
    return [line for line in text.splitlines() if "/" not in line]


def _differs(found: str, good: str) -> str:
    lines = sorted(set(_plain(found, Path())) ^ set(_plain(good, Path())))
    return " | ".join(lines)[:300]


def counts(trials: Iterable[OwnTrial]) -> pd.DataFrame:
    """Trials by kind of file and outcome."""
    frame = pd.Series(Counter((trial.group, trial.outcome) for trial in trials)).unstack(fill_value=0)
    return frame.assign(all=frame.sum(axis=1))


if __name__ == "__main__":
    many, seed = int(sys.argv[1]), int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    own, done = OwnFiles(Path(tempfile.mkdtemp())), []
    print("made", date.today(), flush=True)
    for number in range(first, first + many):
        done.append(own.run(number, seed))
        for fault in done[-1].faults[:1]:
            print(f"{number} {done[-1].what} / {done[-1].asked} [{done[-1].outcome}]: {fault}", flush=True)
    print(counts(done).to_string())
