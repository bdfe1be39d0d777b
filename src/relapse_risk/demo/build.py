"""Build the demonstration register on disk, with its answer key and true risks beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from relapse_risk.demo.fieldwork import interview_table
from relapse_risk.demo.published_targets import read_calibration
from relapse_risk.demo.synthetic_city import MONTHS, WAVES, City, draw_city, snapshots, static_tables, stream
from relapse_risk.demo.true_risk import true_risk_table
from relapse_risk.demo.typed_columns import NO_DAY
from relapse_risk.files import write_json
from relapse_risk.progress import Progress, no_progress
from relapse_risk.register import RegisterWriter
from relapse_risk.register.manifest import DEMO
from relapse_risk.seeded_errors.answer_key import seed_errors, write_answers

__all__ = ["DemoKey", "build_demo"]

CREATED = "2020-12-31T00:00:00"


@dataclass(frozen=True, slots=True)
class DemoKey:
    """Where the demonstration's answers lie, apart from the register.

    Attributes
    ----------
    register : Path
    seeded_errors, true_risk : Path
    households, persons : int
        Rows enjoying policies in December 2020, before seeded errors.
    """

    register: Path
    seeded_errors: Path
    true_risk: Path
    households: int
    persons: int


def build_demo(
    path: Path,
    seed: int = 2020,
    households: int | None = None,
    progress: Progress | None = None,
) -> DemoKey:
    """Simulate Dezhou and write its register to ``path``, and the keys to ``path/../demo_key``.

    Parameters
    ----------
    path : Path
        Folder of the register to write.
    seed : int
        The same seed gives the same bytes; another gives other households.
    households : int, optional
        Households enjoying policies in December 2020; default 27,750. Smaller cities keep all tables filled.
    progress : callable, optional
        Called with (steps done, steps in all, what).

    Returns
    -------
    DemoKey

    Raises
    ------
    ParameterError
        If a parameter file is wrong.
    RegisterError
        If another process is writing the register.
    """
    known = read_calibration()
    scale = 1.0 if households is None else households / known.number("end_households")
    report = progress or no_progress
    months = (*WAVES, *MONTHS)
    steps = len(months) + 8
    report(0, steps, "simulate six years")
    city = draw_city(known, seed, scale)
    report(2, steps, "tables without months")
    tables = static_tables(city)
    tables["household"], tables["person"] = snapshots(city, MONTHS[-1])
    tables["interview"] = interview_table(
        tables["household"], tables["person"], tables["enumerator"], scale, stream(seed, "interviews")
    )
    seeded, key = seed_errors(tables, known.number("fault_rate"), known.line("poverty", 2020), stream(seed, "faults"))
    with RegisterWriter(path, place="dezhou") as writer:
        for name, frame in seeded.items():
            writer.put(name, frame, month=MONTHS[-1] if name in ("household", "person") else None)
        for done, month in enumerate(months[:-1]):
            report(4 + done, steps, f"month {month}")
            household, person = snapshots(city, month)
            writer.put("household", household, month=month)
            writer.put("person", person, month=month)
        report(4 + len(months), steps, "write the register")
        write_json(path / DEMO, {"seed": seed})  # before the content: it is never taken for collected data
        writer.commit(created=CREATED)
    report(6 + len(months), steps, "true risk")
    answers = _answers(path, city)
    write_answers(answers.seeded_errors.parent, key, _truth(city))
    report(steps, steps, "done")
    return answers


def _truth(city: City) -> pd.DataFrame:
    """The true risk at 2019-12 and 2020-12; the line of 2021 is that of 2020 held, for none was set any more."""
    lines = tuple(city.calibration.line("poverty", year) for year in (2019, 2020, 2021))
    return true_risk_table(
        city.world, city.years, city.edge_on != NO_DAY, lines, city.calibration,
        city.hh_ids, stream(city.seed, "truth"),
    )  # fmt: skip


def _answers(path: Path, city: City) -> DemoKey:
    folder = Path(path).parent / "demo_key"
    last = city.years[-1]
    return DemoKey(
        register=Path(path),
        seeded_errors=folder / "seeded_errors.csv",
        true_risk=folder / "true_risk.parquet",
        households=int(last.inside.sum()),
        persons=int(last.size[last.inside].sum()),
    )
