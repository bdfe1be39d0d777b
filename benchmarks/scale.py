"""The nation on this machine: every product over 30 million households, beside the decode floor of the same run.

Usage: scale.py FOLDER [BACKEND] [SMALL-FOLDER]

FOLDER is a nation (``relapse-risk demo --households 30000000 --out FOLDER``); SMALL-FOLDER a smaller one, such as of a
million, whose cost per household is printed beside it.  Made here, and removed afterwards, when left out: a nation of
200,000 households.  The floor is what reading costs and nothing else: all columns of the same tables, decoded by
pyarrow in the same workers.  Seconds of the processor are those of this process and its workers.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq

from relapse_risk.assistance import read_catalogue
from relapse_risk.hardship import read_index
from relapse_risk.nation import (
    Nation,
    build_nation,
    fit_nation,
    nation_claims,
    nation_counting,
    nation_gaps,
    nation_index,
    nation_scores,
    open_nation,
)
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.parts import Backend, Part, map_parts, opened, read_part
from relapse_risk.poverty import read_deprivation

BOUNDS = {"index and ranks": 60.0, "M0 by county": 30.0, "gaps": 90.0, "score and reasons": 120.0}
FITTED = 8  # parts whose history the score is fitted on here
FIRST = 4  # parts on which every stage is done once before it is measured
PRODUCTS = ("index", "rank", "rank_counts", "risk", "claims", "gaps")


@dataclass(slots=True)
class Measured:
    wall: float
    cpu: float
    peak: float


def usage() -> tuple[float, float]:
    """Processor seconds and resident bytes of this process and its children."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)  # workers that were replaced
    cpu, resident = ended.ru_utime + ended.ru_stime, 0.0
    me = psutil.Process()
    for process in (me, *me.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            cpu += times.user + times.system
            memory = process.memory_full_info()
            resident += getattr(memory, "pss", memory.rss)
    return cpu, resident


def measured(work: Callable[[], Any]) -> tuple[Any, Measured]:
    """Result, seconds, processor seconds, and the most memory all processes held together."""
    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            peak[0] = max(peak[0], usage()[1])

    watcher = threading.Thread(target=watch, daemon=True)
    (before, _), start = usage(), time.perf_counter()
    watcher.start()
    result = work()
    wall, (after, now) = time.perf_counter() - start, usage()
    done.set()
    watcher.join()
    return result, Measured(wall, after - before, max(peak[0], now))


def decode(tables: tuple[str, ...], part: Part) -> int:
    return sum(len(read_part(part, table)) for table in tables)


def stages(nation: Nation, backend: Backend, told: bool = True) -> dict[str, Measured]:
    parameters, place = read_parameters(), read_place(nation.place)
    catalogue = read_catalogue(place.name)
    found: dict[str, Measured] = {}

    def run(name: str, work: Callable[[], Any], households: int = nation.households) -> Any:
        result, found[name] = measured(work)
        one = found[name]
        rate = one.cpu / households * 1e6
        if told:
            print(f"{name:<22}{one.wall:>8.1f} s{one.cpu:>9.1f} cpu s{rate:>8.2f} µs/household{one.peak / 2**30:>7.2f} GiB",
                  flush=True)  # fmt: skip
        return result

    def floor(name: str, *tables: str) -> None:
        run(name, lambda: list(map_parts(partial(decode, tables), nation.parts, backend)))

    floor("floor: household", "household")
    run("index and ranks", lambda: nation_index(nation, read_index(place.index), parameters, place, backend))
    run("M0 by county", lambda: nation_counting(nation, read_deprivation("national"), parameters, place, backend))
    some = replace(nation, parts=nation.parts[:FITTED])
    fitted = run(f"fit, {FITTED} parts", lambda: fit_nation(some, backend=backend), some.households).model
    run("score and reasons", lambda: nation_scores(nation, fitted, backend))
    claims = run("claims", lambda: nation_claims(nation, catalogue, parameters, place, backend))
    floor("floor: aid, claims", "aid", "claims")
    run("gaps", lambda: nation_gaps(nation, claims, catalogue, backend))
    return found


def report(folder: Path, word: str) -> dict[str, float]:
    nation = open_nation(folder)
    records = sum(pq.read_metadata(part.of("aid")).num_rows for part in nation.parts)
    print(f"{nation.households:,} households, {len(nation.counties)} counties, {len(nation.parts)} parts, "
          f"{records:,} aid records; {word}")  # fmt: skip
    with opened(word) as backend:
        # What workers do for the first time (imports, first use of a library) is not a cost of a household.
        for whole, told in ((replace(nation, parts=nation.parts[:FIRST]), False), (nation, True)):
            for product in PRODUCTS:
                shutil.rmtree(folder / product, ignore_errors=True)
            start = time.perf_counter()
            found = stages(whole, backend, told)
            if not told:
                print(f"first use, {len(whole.parts)} parts: {time.perf_counter() - start:.1f} s", flush=True)
    for name, bound in BOUNDS.items():
        floor = found["floor: aid, claims" if name == "gaps" else "floor: household"]
        bound *= nation.households / 30e6
        print(f"{name:<22}{found[name].wall:>8.1f} s of {bound:.1f}; {found[name].wall / floor.wall:.1f} times the floor, "
              f"{found[name].cpu / floor.cpu:.1f} by processor")  # fmt: skip
    return {name: told.cpu / nation.households for name, told in found.items()}


def main(folder: str | None = None, word: str = "processes:2", small: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as work:
        if folder is None:
            folder = str(build_nation(Path(work) / "nation", 200_000, backend=word, city=2000).folder)
        less = report(Path(small), word) if small else {}
        cost = report(Path(folder), word)
    for name, one in less.items():
        if name.startswith("fit"):
            continue  # on the same eight parts in both: no cost of a household
        print(f"{name:<22}{cost[name] / one:>8.2f} times the processor time a household of the smaller nation")


if __name__ == "__main__":
    main(*sys.argv[1:])
