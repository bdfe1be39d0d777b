"""Trials of reading alone: a corrupted delivery is read, mapped and typed as an import does it, and every cell is judged.

A change of meaning can only happen here, and a trial takes milliseconds: ``python -m tests.corruption.reading_trials 2000 1``.
"""

from __future__ import annotations

import random
import re
import shutil
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tests.corruption.file_damage import damage_bytes
from tests.corruption.input_trials import LONGEST, Trial, corrupted, counts, drawn, excel_mapping, same
from tests.corruption.invented_rows import KINDS, MONTH, columns_of, delivery, rows_of, source_of, write, write_mapping

from relapse_risk.errors import RelapseRiskError
from relapse_risk.register.candidates import Candidate, candidates
from relapse_risk.register.intake import typed_frame
from relapse_risk.register.mapping import read_mapping
from relapse_risk.register.readers import read_source
from relapse_risk.schema import code_list, table

_MONTH = re.compile(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])")


def _first(name: str) -> str:
    return table(name).key[0]


KEYS = {name: {str(row[_first(name)]) for row in rows} for name, rows in rows_of(0).items()} | {
    "county": {"NK-A1", "NK-A2"}
}


WORDS = frozenset(code_list("risk_type").words)


class Reading:
    """Mappings and good files of every kind, made once for many trials."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mappings = {kind: read_mapping(write_mapping(kind, folder)) for kind in KINDS if kind != "xlsx"}
        self.mappings["xlsx"] = read_mapping(excel_mapping(folder))
        good = [write(delivery(rows_of(0), kind), kind, folder / "good" / kind) for kind in KINDS]
        self.good = [file for path in good for file in (path.iterdir() if path.is_dir() else [path])]

    def run(self, number: int, seed: int, only: str = "") -> Trial:
        """One trial, the same for the same seed and number."""
        rng = random.Random(f"{seed}:{number}")
        trial, chosen = drawn(number, rng, only)
        given = delivery(rows_of(0), trial.kind)
        if chosen != "bytes":
            corrupted(chosen, trial, given, rng)
        spot = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            source = write(given, trial.kind, spot / "in")
        except Exception as error:  # this value cannot be written into this kind of file
            trial.outcome = f"not written: {type(error).__name__}"
        else:
            if chosen == "bytes":
                trial.what, trial.loose = f"bytes: {damage_bytes(source, self.good, rng)}", True
                source = source if source.exists() else next(source.parent.iterdir())
            self._read(trial, source, given.sheets)
        shutil.rmtree(spot)
        return trial

    def _read(self, trial: Trial, source: Path, names: Sequence[str] | Mapping[str, Any]) -> None:
        mapping = self.mappings[trial.kind]
        try:
            raw = read_source(source_of(source, trial.kind), mapping)
            found = candidates(raw.tables, mapping, month=MONTH)
            trial.outcome = "taken"
            for name in names:
                trial.faults += _judged(trial, name, found.get(name), raw.notes)
        except RelapseRiskError as error:
            trial.outcome, words = "refused", str(error)
            if "\n" in words or len(words) > LONGEST:
                trial.faults.append(f"not one line of at most {LONGEST} letters: {len(words)} letters: {words[:100]!r}")
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            last = [f for f in traceback.extract_tb(error.__traceback__) if "/relapse_risk/" in f.filename]
            where = f"{Path(last[-1].filename).name}:{last[-1].lineno}" if last else "?"
            trial.outcome = "failed"
            trial.faults.append(f"traceback {type(error).__name__} at {where}: {str(error)[:150]}")


def _judged(trial: Trial, name: str, found: Candidate | None, notes: tuple[str, ...]) -> list[str]:
    if found is None:
        return [] if trial.loose else [f"{name}: not there"]
    typed, bad = typed_frame(found.frame, name)
    if trial.loose:
        return []
    reported = {(int(row), one.column) for one in bad for row in one.rows} | {(c.row, c.column) for c in found.refused}
    if trial.headers:
        return _by_key(name, typed, reported, set(found.frame.columns), notes)
    truth = rows_of(0)[name]
    if len(typed) != len(truth):
        return [f"{name}: {len(typed)} rows of {len(truth)}"]
    faults = []
    for at, row in enumerate(truth):
        for column in columns_of(name):
            may = trial.may_be.get((name, str(row[_first(name)]), column), (row[column],))
            value = typed[column].iloc[at]
            if any(same(value, one) for one in may) or (same(value, None) and (at, column) in reported):
                continue
            if table(name).column(column).unit == "YYYY-MM" and not _MONTH.fullmatch(str(value)):
                continue  # reported when the months are checked
            if table(name).column(column).unit == "list" and not WORDS.issuperset(str(value).split(";")):
                continue  # reported by the rule risk_type_unknown
            faults.append(f"{name} row {at} {column}: may be {may!r}"[:170] + f", read as {value!r}"[:150])
    return faults


def _by_key(
    name: str, typed: pd.DataFrame, reported: set[tuple[int, str]], read: set[str], notes: tuple[str, ...]
) -> list[str]:  # fmt: skip
    """The rows, in any order, with columns that may have been left out: no cell holds another row's or column's value."""
    key, truth = _first(name), {str(row[_first(name)]): row for row in rows_of(0)[name]}
    refers = {c.name: str(c.refers_to) for c in table(name).columns if c.refers_to and c.name in columns_of(name)}
    refers.pop("head_person_id", None)  # a head may be unknown
    faults = []
    for at, row in enumerate(typed.to_dict("records")):
        if same(row[key], None):
            continue
        meant = truth.get(str(row[key]))
        if meant is None:
            if all(str(row[c]) in KEYS[of] and (at, c) not in reported for c, of in refers.items()):
                faults.append(f"{name}: a row nobody wrote: {str(row[key])[:60]!r}")
            continue
        for column in columns_of(name):
            if same(row[column], meant[column]) or (at, column) in reported:
                continue
            not_read = column not in read or any("not read" in note for note in notes)
            if same(row[column], None) and (not_read or len(typed) >= len(truth)):
                continue  # left out or cut off; a key that is there twice is found when the rows are checked
            faults.append(f"{name} {row[key]} {column}: {row[column]!r}"[:120] + f", written {meant[column]!r}"[:120])
    lost = set(truth) - {str(one) for one in typed[key].dropna()}
    if lost and not any(column == key for _, column in reported):
        faults.append(f"{name}: lost {sorted(lost)[:3]}")
    return faults


if __name__ == "__main__":
    many, seed, *rest = sys.argv[1:]
    only, first = (rest[0] if rest else ""), int(rest[1]) if len(rest) > 1 else 0
    reading, done = Reading(Path(tempfile.mkdtemp())), []
    for number in range(first, first + int(many)):
        done.append(reading.run(number, int(seed), only))
        for fault in done[-1].faults[:1]:
            print(f"{number} {done[-1].kind} {done[-1].what} [{done[-1].outcome}]: {fault}", flush=True)
    print(counts(done).to_string())
