"""Trials: a delivery of known rows is corrupted, imported by the command, and what the register holds afterwards is judged.

A trial passes if the import is refused in one line with exit code 3 and nothing on the disk has changed, or if it is taken
in (0, or 1 with findings) and every cell is what was written, or was refused with a finding.  Run alone it prints the counts:
``python -m tests.corruption.input_trials 2000 1``.
"""

from __future__ import annotations

import csv
import io
import math
import os
import random
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from tests.corruption.cell_spellings import spellings
from tests.corruption.file_damage import DIALECTS, STRUCTURES, TYPES, damage_bytes
from tests.corruption.invented_rows import (
    AS_OF,
    ASKED,
    KINDS,
    MONTH,
    Delivery,
    columns_of,
    delivery,
    rows_of,
    source_of,
    write,
    write_mapping,
)

from relapse_risk.cli import main
from relapse_risk.files import file_sha256
from relapse_risk.new_project import make_project
from relapse_risk.register import Register
from relapse_risk.register.rules import read_rules
from relapse_risk.schema import table

LONGEST = 2_000  # letters of an error that is still read as one line
KEPT = ("risk_type_unknown", "month_shape")  # rules that finish the reading of a cell
CLASSES = (("cells", 45), ("structure", 15), ("types", 10), ("dialect", 10), ("bytes", 20))


@dataclass(slots=True)
class Said:
    """What a command answered."""

    code: int | str
    out: str
    err: str


@dataclass(slots=True)
class Trial:
    """One corrupted delivery: what was done to it, and what each changed cell may be read as."""

    number: int
    kind: str
    what: str = ""
    may_be: dict[tuple[str, str, str], tuple[Any, ...]] = field(default_factory=dict)
    loose: bool = False  # the bytes themselves were changed: no cell can be judged
    headers: bool = False  # the headers or the rows were changed: a column may be left unread, with a note
    faults: list[str] = field(default_factory=list)
    outcome: str = ""


def command(arguments: Sequence[object]) -> Said:
    """Run the command in this process, as from the shell."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["relapse-risk", *map(str, arguments)]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        code: int | str = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        last = traceback.extract_tb(error.__traceback__)
        where = next(
            (f"{Path(f.filename).name}:{f.lineno}" for f in reversed(last) if "relapse_risk" in f.filename), "?"
        )
        code = f"traceback {type(error).__name__} at {where}: {str(error)[:150]}"
    else:
        code = 0
    finally:
        sys.argv = before
    return Said(code, out.getvalue(), err.getvalue())


def tree(folder: Path) -> dict[str, str]:
    """Every file below ``folder`` with its checksum; locks aside."""
    return {
        str(path.relative_to(folder)): file_sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


class Bench:
    """The project, its mappings, a register of older values and good files of every kind, made once for many trials."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = make_project(folder / "project", ASKED, AS_OF)
        os.chdir(self.project)
        self.mappings = {kind: write_mapping(kind, folder) for kind in KINDS if kind != "xlsx"}
        self.mappings["xlsx"] = excel_mapping(folder)
        off = _off()
        for path in self.mappings.values():
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            path.with_suffix(".few.yaml").write_text(
                yaml.safe_dump(content | {"rules_off": off}, allow_unicode=True), "utf-8"
            )
        self.good = {kind: write(delivery(rows_of(0), kind), kind, folder / "good" / kind) for kind in KINDS}
        source = write(delivery(rows_of(1), "csv"), "csv", folder / "before")
        said = self._import(source, "csv", self.mappings["csv"], folder / "held" / "register")
        assert said.code == 0, said

    def _import(self, source: Path, kind: str, mapping: Path | str, register: Path) -> Said:
        return command(
            ["import", source_of(source, kind), "--mapping", mapping, "--register", register, "--month", MONTH, "--as-of",
             AS_OF.isoformat(), "--place", "north_kivari"]
        )  # fmt: skip

    def run(self, number: int, seed: int, only: str = "") -> Trial:
        """One trial, the same for the same seed and number."""
        rng = random.Random(f"{seed}:{number}")
        trial, chosen = drawn(number, rng, only)
        given = delivery(rows_of(0), trial.kind)
        if chosen != "bytes":
            corrupted(chosen, trial, given, rng)
        spot = Path(tempfile.mkdtemp(dir=self.folder))
        held = rng.random() < 0.5
        if held:
            shutil.copytree(self.folder / "held", spot / "out")
        tables = [name for name in given.sheets if (name,) in trial.may_be or any(k[0] == name for k in trial.may_be)]
        if held and tables and rng.random() < 0.7:  # one department's table over what the register holds
            given.sheets = {name: sheet for name, sheet in given.sheets.items() if name in tables}
        try:
            source = write(given, trial.kind, spot / "in")
        except Exception as error:  # this value cannot be written into this kind of file
            trial.outcome = f"not written: {type(error).__name__}"
            shutil.rmtree(spot)
            return trial
        if chosen == "bytes":
            others = [file for path in self.good.values() for file in (path.iterdir() if path.is_dir() else [path])]
            trial.what, trial.loose = f"bytes: {damage_bytes(source, others, rng)}", True
            source = source if source.exists() else next(source.parent.iterdir())
        before = tree(spot / "out") if held else {}
        mapping: Path | str = self.mappings[trial.kind]
        if len(given.sheets) < 4:
            mapping = _of_tables(Path(mapping), given.sheets, spot, few=rng.random() < 0.85)
        elif rng.random() < 0.85:
            mapping = Path(mapping).with_suffix(".few.yaml")
        elif trial.kind == "xlsx":
            mapping = "template"
        said = self._import(source, trial.kind, mapping, spot / "out" / "register")
        try:
            _judge(trial, given, said, spot / "out", held, before)
        except Exception as error:
            trial.faults.append(f"not judged: {type(error).__name__}: {error}"[:300])
        shutil.rmtree(spot)
        return trial


def _off() -> dict[str, str]:
    return {rule.id: "not about reading" for rule in read_rules().rules if rule.id not in KEPT}


def excel_mapping(folder: Path) -> Path:
    path = folder / "own_xlsx.yaml"
    content = {
        "name": "own_xlsx", "label": {"zh": "x", "en": "x"}, "kind": "excel", "missing": ["-", "/", "不详"],
        "tables": [{"table": name, "source": table(name).label.en} for name in rows_of(0)],
    }  # fmt: skip
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def _of_tables(path: Path, names: Iterable[str], spot: Path, few: bool) -> Path:
    content = yaml.safe_load((path.with_suffix(".few.yaml") if few else path).read_text(encoding="utf-8"))
    content["tables"] = [entry for entry in content["tables"] if entry["table"] in names]
    (spot / "own.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return spot / "own.yaml"


# --- what is done -----------------------------------------------------------------------------------------------------


def drawn(number: int, rng: random.Random, only: str = "") -> tuple[Trial, str]:
    """The kind of file and of corruption of a trial."""
    kind = rng.choice(KINDS)
    chosen = only or rng.choices([name for name, _ in CLASSES], [weight for _, weight in CLASSES])[0]
    return Trial(number, {"types": "parquet", "dialect": "csv"}.get(chosen, kind)), chosen


def corrupted(chosen: str, trial: Trial, given: Delivery, rng: random.Random) -> None:
    name = rng.choice(("village", "household", "household", "person", "income"))
    sheet, truth = given.sheets[name], rows_of(0)[name]
    if chosen == "cells":
        column = rng.choice(columns_of(name))
        rows = (
            range(len(truth)) if rng.random() < 0.4 and column not in table(name).key else [rng.randrange(len(truth))]
        )
        state = rng.getstate()
        for at in rows:
            rng.setstate(state)  # the same spelling in every row
            found = spellings(name, column, truth[at][column], sheet.rows[at][sheet.at(column)], rng)
            cell = found.cell
            if trial.kind == "csv":
                cell = _as_text(cell)
            sheet.rows[at][sheet.at(column)] = cell
            may = found.may_be
            if (
                trial.kind != "xlsx"
                and not isinstance(cell, (str, float))
                and found.name.startswith(("text", "key", "reference"))
            ):
                may = (*may, str(cell))  # a column of text: a day or a number in it is its text
            if trial.kind == "csv" and found.name.startswith(("text", "key", "reference")):
                may = (*may, str(cell))
            trial.may_be[name, _key(name, truth[at]), column] = may
            trial.what = f"cell, {found.name}"
    elif chosen == "structure":
        what = rng.choice(sorted(STRUCTURES))
        if trial.kind in ("dta", "sav") and what == "a header twice":  # cannot be in such a file
            what = "a column gone"
        before = list(sheet.headers)
        STRUCTURES[what](sheet, rng)
        trial.what, trial.headers = f"structure: {what}", True
        trial.loose = what == "a row shifted" and trial.kind != "csv"  # cells that fit their new column say nothing
        trial.may_be |= {(name, "", "/".join(sorted(set(before) ^ set(sheet.headers)))): ()}
    elif chosen == "dialect":
        what = rng.choice(sorted(DIALECTS))
        DIALECTS[what](given, rng)
        trial.what = f"dialect: {what}"
        for village in rows_of(0)["village"]:
            text = str(village["village_name_zh"])
            kept = text.encode(given.encoding, "xmlcharrefreplace").decode(given.encoding)
            trial.may_be["village", str(village["village_code"]), "village_name_zh"] = (kept,)
    else:
        column, what = rng.choice(columns_of(name)), rng.choice(sorted(TYPES))
        given.types[name, column] = TYPES[what]
        trial.what = f"type: {what} for {table(name).column(column).type}"
        for row in truth:
            may: tuple[Any, ...] = (row[column], None)
            if isinstance(row[column], float):  # a narrower type loses digits as the file is written
                may = (*may, float(np.float16(row[column])), float(int(row[column])))
            trial.may_be[name, _key(name, row), column] = may


def _as_text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    return "" if cell is None else str(cell)


def _key(name: str, row: Any) -> str:
    return str(row[table(name).key[0]])


# --- what came of it --------------------------------------------------------------------------------------------------


def _judge(trial: Trial, given: Delivery, said: Said, out: Path, held: bool, before: dict[str, str]) -> None:
    lines = [line for line in said.err.splitlines() if not line.startswith("import: ")]
    if said.code == 3:
        trial.outcome = "refused"
        if len(lines) != 1 or not lines[0].startswith("relapse-risk: "):
            trial.faults.append(f"not one line: {len(lines)} lines, {said.err[-300:]!r}")
        if len(lines[-1]) > LONGEST:
            trial.faults.append(f"an error of {len(lines[-1]):,} letters: {lines[-1][:120]}")
        after = tree(out) if out.exists() else {}
        if after != before:
            trial.faults.append(
                f"refused, but the disk changed: {sorted(set(after.items()) ^ set(before.items()))[:3]}"
            )
        return
    if said.code not in (0, 1):
        trial.outcome = "failed"
        trial.faults.append(f"{said.code} {said.err[-200:]!r}")
        return
    trial.outcome = "taken" if said.code == 0 else "taken in part"
    if lines:
        trial.faults.append(f"taken, but said on standard error: {lines[0][:200]}")
    register = Register.open(out / "register")
    register.verify()
    if [path for path in out.rglob("*.part")]:
        trial.faults.append("drafts stayed")
    if not trial.loose:
        trial.faults += _meaning(trial, given, register, _findings(out), said.out, held)


def _findings(out: Path) -> list[dict[str, str]]:
    found = []
    for path in (out / "findings").rglob("findings.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            csv.field_size_limit(1 << 24)
            found += [row | {"folder": path.parent.name} for row in csv.DictReader(file)]
    return found


def _meaning(
    trial: Trial, given: Delivery, register: Register, findings: Sequence[dict[str, str]], out: str, held: bool
) -> list[str]:  # fmt: skip
    faults = []
    errors = [one for one in findings if one["severity"] in ("error", "cell")]
    for name in given.sheets:
        key = table(name).key[0]
        held_rows = {_key(name, row): row for row in rows_of(1)[name]} if held else {}
        truth = {_key(name, row): row for row in rows_of(0)[name]}
        frame = register.read(name, MONTH) if table(name).is_snapshot else register.read(name)
        renamed = {
            str(other): own for (table_name, own, column), may in trial.may_be.items()
            if table_name == name and column == key for other in may
        }  # fmt: skip
        seen = set()
        for row in frame.to_dict("records"):
            own = str(row[key])
            if own not in truth and own not in renamed:
                faults.append(f"{name}: a row nobody wrote: {own[:40]!r}")
                continue
            meant = own if own in truth else renamed[own]
            seen.add(meant)
            of_row = [
                one for one in errors if one["table"] == name and one["row_key"].partition("|")[0] in (own, meant, "")
            ]
            about, gone = {one["column"] for one in of_row}, any(one["severity"] == "error" for one in of_row)
            for column in columns_of(name):
                if column == key:
                    continue
                may = trial.may_be.get((name, meant, column), (truth[meant][column],))
                found = row[column]
                if any(same(found, one) for one in may):
                    continue
                earlier = held_rows.get(own, {}).get(column)
                excused = column in about or gone or (trial.headers and _left_unread(name, column, given, out))
                if (same(found, earlier) or same(found, None)) and excused:
                    continue
                faults.append(f"{name} {own} {column}: meant {may!r}"[:160] + f", in the register {found!r}"[:160])
        for lost in set(truth) - seen:
            if not any(
                one["table"] == name and (one["row_key"].startswith(lost) or not one["row_key"]) for one in errors
            ):
                faults.append(f"{name}: row {lost} lost without a word")
    return faults


def _left_unread(name: str, column: str, given: Delivery, out: str) -> bool:
    """Whether the column is in the file under no header it is known by, and the report names what was not read."""
    known = {column, table(name).column(column).label.en}
    there = set(given.sheets[name].headers)
    return not known & there and (len(there) < len(columns_of(name)) or "was not read" in out)


def same(found: Any, meant: Any) -> bool:
    if (
        meant is None
        or found is None
        or (isinstance(found, float) and math.isnan(found))
        or found is pd.NA
        or found is pd.NaT
    ):
        missing = found is None or found is pd.NA or found is pd.NaT or (isinstance(found, float) and math.isnan(found))
        return missing and meant is None
    if isinstance(meant, bool) or isinstance(found, bool):
        return bool(found) == bool(meant) and isinstance(meant, (bool, int))
    if isinstance(meant, (int, float)) and isinstance(found, (int, float)):
        return math.isclose(found, meant, rel_tol=1e-6)
    if isinstance(meant, date):
        return pd.Timestamp(found) == pd.Timestamp(meant)
    return str(found) == str(meant)


def counts(trials: Iterable[Trial]) -> pd.DataFrame:
    """Trials by kind of corruption and outcome."""
    lines = Counter((trial.what.partition(":")[0].partition(",")[0] or "?", trial.outcome) for trial in trials)
    frame = pd.Series(lines).unstack(fill_value=0)
    return frame.assign(all=frame.sum(axis=1))


if __name__ == "__main__":
    many, seed = int(sys.argv[1]), int(sys.argv[2])
    only = sys.argv[3] if len(sys.argv) > 3 else ""
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    bench, done = Bench(Path(tempfile.mkdtemp())), []
    for number in range(first, first + many):
        done.append(bench.run(number, seed, only))
        if done[-1].faults:
            more = f" (+{len(done[-1].faults) - 1})" if len(done[-1].faults) > 1 else ""
            print(
                f"{number} {done[-1].kind} {done[-1].what} [{done[-1].outcome}]: {done[-1].faults[0]}{more}", flush=True
            )
    print(counts(done).to_string())
