"""Build the demonstration register on disk, with its fault key and its truth beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from relapse_risk.demo.calibration import Calibration, read_calibration
from relapse_risk.demo.city import MONTHS, WAVES, City, draw_city, snapshots, static_tables
from relapse_risk.progress import Progress, no_progress
from relapse_risk.register import RegisterWriter

__all__ = ["DemoKey", "build_demo"]

CREATED = "2020-12-31T00:00:00"


@dataclass(frozen=True, slots=True)
class DemoKey:
    """Where the demonstration's answers lie, apart from the register.

    Attributes
    ----------
    register : Path
    planted_faults, true_risk : Path
    households, persons : int
        Rows enjoying policies in December 2020, before faults.
    """

    register: Path
    planted_faults: Path
    true_risk: Path
    households: int
    persons: int


def build_demo(
    path: Path,
    seed: int = 2020,
    households: int | None = None,
    progress: Progress | None = None,
    calibration: Calibration | None = None,
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
    known = calibration or read_calibration()
    scale = 1.0 if households is None else households / known.number("end_households")
    tell = progress or no_progress
    months = (*WAVES, *MONTHS)
    steps = len(months) + 8
    tell(0, steps, "simulate six years")
    city = draw_city(known, seed, scale)
    tell(2, steps, "tables without months")
    with RegisterWriter(path, place="dezhou") as writer:
        for name, frame in static_tables(city).items():
            writer.put(name, frame)
        for done, month in enumerate(months):
            tell(4 + done, steps, f"month {month}")
            household, person = snapshots(city, month)
            writer.put("household", household, month=month)
            writer.put("person", person, month=month)
        tell(4 + len(months), steps, "write the register")
        writer.commit(created=CREATED)
    key = _key(path, city)
    tell(steps, steps, "done")
    return key


def _key(path: Path, city: City) -> DemoKey:
    folder = Path(path).parent / "demo_key"
    last = city.years[-1]
    return DemoKey(
        register=Path(path),
        planted_faults=folder / "planted_faults.csv",
        true_risk=folder / "true_risk.parquet",
        households=int(last.inside.sum()),
        persons=int(last.size[last.inside].sum()),
    )
