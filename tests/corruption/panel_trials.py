"""Trials on ``read_panel``, the door of research panels: the same files, encodings and cells as import, one line for what is wrong.

``python -m tests.corruption.panel_trials 300 1``.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
from tests.corruption.cell_spellings import MONTHS, NUMBERS
from tests.corruption.file_damage import BYTES
from tests.corruption.input_trials import LONGEST, Trial, counts, same

from relapse_risk.errors import RelapseRiskError
from relapse_risk.relapse.panels import PanelDesign, read_panel

DESIGN = PanelDesign.model_validate(
    {
        "name": "own", "label": {"zh": "x", "en": "x"}, "columns": {"household_id": "hh", "income": "income", "line": "line"},
        "month": {"month": "month"}, "missing": ["-", "/", "不详"],
    }
)  # fmt: skip
KINDS = (".csv", ".parquet", ".dta", ".sav")


def _rows() -> list[dict[str, Any]]:
    return [
        {"hh": f"K{k}", "month": f"{year}-10", "income": 1000.5 * k + year, "line": 2500.0}
        for k in (1, 2, 12) for year in (2021, 2022)
    ]  # fmt: skip


def run_panel_trial(folder: Path, number: int, seed: int) -> Trial:
    """One trial, the same for the same seed and number."""
    rng = random.Random(f"panel {seed}:{number}")
    trial, rows = Trial(number, rng.choice(KINDS)), _rows()
    spot = Path(tempfile.mkdtemp(dir=folder))
    path, at = spot / f"panel{trial.kind}", rng.randrange(len(rows))
    may: tuple[Any, ...] | None = None
    column, choices = rng.choice((("income", NUMBERS), ("month", MONTHS)))
    if rng.random() < 0.7:
        name = rng.choice(sorted(choices))
        cell, may = choices[name](rows[at][column])
        rows[at][column] = cell
        trial.what = f"{column}: {name}"
    try:
        _write(pd.DataFrame(rows), path)
    except Exception as error:  # this value cannot be written into this kind of file
        trial.outcome = f"not written: {type(error).__name__}"
        shutil.rmtree(spot)
        return trial
    if may is None:
        way = rng.choice(sorted(BYTES))
        path.write_bytes(BYTES[way](path.read_bytes(), rng))
        trial.what = f"bytes: {way}"
    _read(trial, path, at, column, may)
    shutil.rmtree(spot)
    return trial


def _write(frame: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
        return
    mixed = frame.apply(lambda cells: cells.astype(str) if len({type(cell) for cell in cells}) > 1 else cells)
    if path.suffix == ".parquet":
        mixed.to_parquet(path, index=False)
        pq.read_schema(path)
    else:
        (pyreadstat.write_dta if path.suffix == ".dta" else pyreadstat.write_sav)(mixed, path)


def _read(trial: Trial, path: Path, at: int, column: str, may: tuple[Any, ...] | None) -> None:
    try:
        frame = read_panel(path, DESIGN).frame
        trial.outcome = "taken"
        if may is not None:
            found = frame["income_pc_year" if column == "income" else "month"].iloc[at]
            if not any(same(found, one) for one in may):
                trial.faults.append(f"may be {may!r}"[:150] + f", read as {found!r}")
    except RelapseRiskError as error:
        trial.outcome = "refused"
        if len(str(error).splitlines()) != 1 or len(str(error)) > LONGEST:
            trial.faults.append(f"not one line: {str(error)[:200]!r}")
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        last = [f for f in traceback.extract_tb(error.__traceback__) if "/relapse_risk/" in f.filename]
        where = f"{Path(last[-1].filename).name}:{last[-1].lineno}" if last else "?"
        trial.outcome = "failed"
        trial.faults.append(f"traceback {type(error).__name__} at {where}: {str(error)[:150]}")


if __name__ == "__main__":
    many, seed = int(sys.argv[1]), int(sys.argv[2])
    done = [run_panel_trial(Path(tempfile.mkdtemp()), number, seed) for number in range(many)]
    for trial in done:
        for fault in trial.faults[:1]:
            print(f"{trial.number} {trial.kind} {trial.what} [{trial.outcome}]: {fault}")
    print(counts(done).to_string())
