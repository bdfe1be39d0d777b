"""The office: gives each letter to the program as a clerk would, by its commands, and writes down what it said."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import yaml
from tests.trial_office.letters import RENAMED, SENDERS, Letter, Post, mapping
from tests.trial_office.truth import COUNTIES, ITEMS, month_after
from typer.testing import CliRunner

from relapse_risk.cli import app

GATE = 3


@dataclass
class Diary:
    """What happened: seconds of each import, stops met and expected, conflicts listed."""

    seconds: list[tuple[str, str, float]] = field(default_factory=list)  # month, what, seconds
    stopped: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    conflicts: list[dict[str, str]] = field(default_factory=list)


class Office:
    """One project of the invented prefecture."""

    def __init__(self, folder: Path, counties: int) -> None:
        self.folder, self.diary = folder, Diary()
        self.waiting: list[Letter] = []
        self.renamed: set[str] = set()
        sheet = folder.parent / "counties.csv"
        sheet.write_text(
            "code,name\n" + "".join(f"{c},{COUNTIES[c]}\n" for c in list(COUNTIES)[:counties]), encoding="utf-8"
        )
        self.run(
            "init",
            folder,
            "--name",
            "Tavel",
            "--counties",
            sheet,
            "--currency",
            "marks",
            "--line",
            3000,
            "--monitoring-line",
            4500,
        )
        sources = folder / "params" / "sources"
        sources.mkdir(parents=True)
        for sender in SENDERS:
            self._map(sender.name, mapping(sender))
        (folder / "params/assistance").mkdir()
        (folder / "params/assistance/tavel.yaml").write_text(yaml.safe_dump(_catalogue()), encoding="utf-8")

    def _map(self, name: str, content: dict[str, object]) -> None:
        (self.folder / "params/sources" / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")

    def run(self, *arguments: object) -> tuple[int, str]:
        """Exit code and output of a command given in the project."""
        with chdir(self.folder if self.folder.is_dir() else self.folder.parent):
            result = CliRunner().invoke(app, [*map(str, arguments)])
        return (result.exit_code if result.exception is None or isinstance(result.exception, SystemExit) else 9), (
            result.output + ("" if result.exception is None or isinstance(result.exception, SystemExit) else f"\n{type(result.exception).__name__}: {result.exception}")
        )  # fmt: skip

    def take(self, letter: Letter) -> None:
        """Import one letter; what a clerk answers to a stop is answered here."""
        began = time.perf_counter()
        code, said = self._import(letter)
        if letter.what == "renamed" and letter.sender.name not in self.renamed:
            self.renamed.add(letter.sender.name)
            self.diary.stopped.append(f"renamed {letter.sender.name}: {said.strip().splitlines()[-1][:200]}")
            if code == 0:
                self.diary.strange.append(f"{letter.file}: renamed header taken: {said}")
            old, new = RENAMED[letter.sender.name]
            column = next(c for s in letter.sender.sheets for c, head in s.heads.items() if head == old)
            self._map(letter.sender.name, mapping(letter.sender, {column: [new]}))
            code, said = self._import(letter)
        if "stopped at a gate" in said:
            self.diary.stopped.append(f"{letter.month} {letter.sender.name}: {said.strip().splitlines()[-1][:300]}")
            code, said = self._import(letter, "--accept", "the clerk: asked the sender, it is so")
        self.diary.seconds.append((letter.month, letter.sender.name, time.perf_counter() - began))
        if (
            code == 1 and letter.what != "nonsense"
        ):  # rows of households the poverty office has not yet named: once more when it has
            self.waiting.append(letter)
            return
        if letter.sender.complete:
            again = [one for one in self.waiting if one.month == letter.month]
            self.waiting = [one for one in self.waiting if one.month != letter.month]
            for one in again:
                self.take(one)
        if code not in ((0, 1) if letter.what in ("nonsense", "stale") else (0,)):
            self.diary.strange.append(
                f"{letter.day} {letter.month} {letter.sender.name} {letter.what}: exit {code}: {said.strip()[-600:]}"
            )

    def _import(self, letter: Letter, *more: object) -> tuple[int, str]:
        before = self._listed()
        found = self.run(
            "import",
            letter.file,
            "--mapping",
            letter.sender.name,
            "--month",
            letter.month,
            "--as-of",
            letter.day,
            *more,
        )
        for file in self._listed() - before:
            with Path(file[0]).open(encoding="utf-8-sig", newline="") as lines:
                self.diary.conflicts += [row | {"day": str(letter.day)} for row in csv.DictReader(lines)]
        return found

    def _listed(self) -> set[tuple[str, int]]:
        return {
            (str(file), file.stat().st_mtime_ns)
            for file in (self.folder / "data/findings").glob("import-*/conflicts.csv")
        }

    def table(self, name: str, month: str | None = None) -> list[dict[str, str]]:
        """A table of the register as a command exports it."""
        out = self.folder.parent / "export.csv"
        out.unlink(missing_ok=True)
        code, said = self.run("export", out, "--table", name, *(("--month", month) if month else ()))
        if code:
            raise AssertionError(said)
        with out.open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))

    def as_json(self, *arguments: object) -> dict[str, object]:
        """What a command says as JSON."""
        code, said = self.run(*arguments, "--json")
        if code not in (0, 1):
            raise AssertionError(said)
        return json.loads(said[said.index("{") :])


def _catalogue() -> dict[str, object]:
    rules = [
        ["on_relief"],
        [{"not": "house_safe"}],
        [{"not": "medically_insured"}],
        ["chronic_or_serious_illness"],
        ["disabled"],
    ]
    return {
        item: {
            "label": {"zh": item, "en": item}, "department": who, "direction": "livelihood", "kind": "cash", "cadence": "monthly",
            "level": "household" if n % 5 < 2 else "person", "source": "invented", "confidence": "assumed",
            "versions": [{"start": date(2016, 1, 1), "requires": rules[n % 5], "amount": {"fixed": 100}, "statutory_days": 30}],
        }
        for n, (item, who) in enumerate(ITEMS.items())
    }  # fmt: skip


def play(office: Office, post: Post, each_month: Callable[[str], None] | None = None) -> None:
    """Take every letter on its day; ``each_month`` is called when the letters of a month's end have come."""
    months = sorted({letter.month for letter in post.letters})
    closing = {month: date(int((m := month_after(month))[:4]), int(m[5:]), 12) for month in months}
    open_months = list(months)
    for letter in post.letters:
        while open_months and each_month and letter.day > closing[open_months[0]]:
            each_month(open_months.pop(0))
        office.take(letter)
    for month in open_months if each_month else ():
        each_month(month)
