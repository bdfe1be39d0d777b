"""Reports from facts to published HTML and PDF: the loop everyone writes against `relapse-risk render`, in one run.

The naive loop starts three programs per report: `papermill`, `jupyter nbconvert`, and a printer.  Processor time counts
every descendant, browsers included: this process adopts orphans and waits for them.  Linux only.

    python benchmarks/render.py --place data/dezhou --naive 22
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relapse_risk.editions.edition import read_edition
from relapse_risk.editions.edition_plan import plan
from relapse_risk.editions.execute import run_notebook
from relapse_risk.editions.export import Sheet, to_html, warm_up

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "reports" / "county_assessment.ipynb"
BIN = Path(sys.executable).parent
PR_SET_CHILD_SUBREAPER = 36
SAID = ("kernel and CLI", "imports and cells", "HTML", "PDF")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock and on the processors."""

    wall: float
    cpu: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall + other.wall, self.cpu + other.cpu)


def spent(command: Sequence[str], cwd: Path) -> Cost:
    """Cost of a program and everything it started."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - begun
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def naive_report(county: str, place: Path, month: str, language: str, folder: Path, printer: str) -> list[Cost]:
    """papermill, nbconvert, printer: the cost of each."""
    parameters = {"county": county, "month": month, "language": language, "register": place / "register", "facts": place / "facts"}  # fmt: skip
    given = [word for name, value in parameters.items() for word in ("-r", name, str(value))]
    page = folder / f"{county}.html"
    browser = shutil.which("chromium") or "chromium"
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    printers = {
        "chromium": [browser, "--headless", "--disable-gpu", *sandbox, f"--print-to-pdf={page.with_suffix('.pdf')}", page.as_uri()],
    }  # fmt: skip
    return [
        spent([str(BIN / "papermill"), str(NOTEBOOK), f"{county}.ipynb", *given, "--no-progress-bar"], folder),
        spent([str(BIN / "jupyter"), "nbconvert", "--to", "html", "--no-input", f"{county}.ipynb"], folder),
        spent(printers[printer], folder),
    ]


def empty_kernel(folder: Path) -> Cost:
    """papermill on a notebook that does nothing: command, kernel, saving."""
    content = {"cells": [], "metadata": {"kernelspec": {"display_name": "", "language": "python", "name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}  # fmt: skip
    (folder / "empty.ipynb").write_text(json.dumps(content))
    return spent([str(BIN / "papermill"), "empty.ipynb", "empty.out.ipynb", "--no-progress-bar"], folder)


def edition_file(
    place: Path, month: str, counties: Sequence[str], languages: Sequence[str], folder: Path, annex: bool
) -> Path:
    file = folder / "edition.yaml"
    file.write_text(
        f"name: bench\nplace: dezhou\nmonth: '{month}'\nregister: {place / 'register'}\nfacts: {place / 'facts'}\n"
        f"notebooks: {NOTEBOOK}\ncounties: {json.dumps(list(counties))}\nlanguages: [{', '.join(languages)}]\nannex: {str(annex).lower()}\n"
        f"out: {folder / 'out'}\n"
    )
    return file


def floor(place: Path, month: str, county: str, language: str) -> tuple[Cost, Cost]:
    """Cells alone, and the page alone, in one warm process (second time each)."""
    parameters = {"county": county, "month": month, "language": language, "register": str(place / "register"), "facts": str(place / "facts")}  # fmt: skip
    warm_up()
    sheet = Sheet("t", language, "s", "n", "stamp", f"{month}-01")
    for _ in range(2):
        begun, cpu = time.perf_counter(), time.process_time()
        executed = run_notebook(NOTEBOOK, parameters, Path.cwd())
        shown, shown_cpu = time.perf_counter(), time.process_time()
        to_html(executed, sheet)
        cells = Cost(shown - begun, shown_cpu - cpu)
        page = Cost(time.perf_counter() - shown, time.process_time() - shown_cpu)
    return cells, page


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--place", type=Path, default=Path("data/dezhou"))
    asked.add_argument("--month", default="2020-12")
    asked.add_argument("--languages", nargs="+", default=["zh", "en"])
    asked.add_argument("--naive", type=int, default=4, help="reports of the naive loop; 0 for all")
    asked.add_argument("--printer", choices=("chromium",), default="chromium", help="of the naive loop")
    asked.add_argument("--annex", action="store_true", help="PDFs of ours hold the annex, too")
    asked.add_argument("--workers", default="2")
    given = asked.parse_args()
    place = given.place.absolute()
    if not (place / "facts" / given.month / "facts.json").is_file():
        sys.exit(f"no facts in {place}: run make demo first")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as name:
        measured(given, place, Path(name))


def measured(given: argparse.Namespace, place: Path, folder: Path) -> None:
    everyone = edition_file(place, given.month, [], given.languages, folder, given.annex)
    everyone.write_text(everyone.read_text().replace("counties: []", "counties: all"))
    reports = [(report.county, report.language) for report in plan(read_edition(everyone)).reports]
    counties = list(dict.fromkeys(county for county, _ in reports))
    chosen = reports[: given.naive or len(reports)]
    print(
        f"{len(reports)} reports of {len(counties)} counties, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; naive on {len(chosen)} of them"
    )
    start = empty_kernel(folder)
    stages = [Cost(0, 0)] * 3
    for county, language in chosen:
        costs = naive_report(county, place, given.month, language, folder, given.printer)
        stages = [total + cost for total, cost in zip(stages, costs, strict=True)]
    naive = sum(stages, Cost(0, 0))
    n = len(chosen)
    split = [start, Cost(stages[0].wall / n - start.wall, stages[0].cpu / n - start.cpu), Cost(stages[1].wall / n, stages[1].cpu / n), Cost(stages[2].wall / n, stages[2].cpu / n)]  # fmt: skip
    print(f"naive ({given.printer}): {naive.wall / n:.1f} s wall, {naive.cpu / n:.1f} s CPU per report")
    for what, cost in zip(SAID, split, strict=True):
        print(f"    {what:<20} {cost.wall:5.1f} wall {cost.cpu:5.1f} CPU")
    file = edition_file(place, given.month, counties, given.languages, folder, given.annex)
    command = [sys.executable, "-m", "relapse_risk.cli", "render", str(file), "--workers", given.workers]
    ours, again = spent(command, folder), spent(command, folder)
    m = len(reports)
    print(f"ours: {ours.wall / m:.2f} s wall, {ours.cpu / m:.2f} s CPU per report, start-up included")
    print(f"    ratio {naive.wall / n / (ours.wall / m):.1f} x wall, {naive.cpu / n / (ours.cpu / m):.1f} x CPU")
    print(f"    nothing changed: {again.wall:.2f} s wall, {again.cpu:.2f} s CPU for {m} reports")
    rows = json.loads((folder / "out" / f"{given.month}.1" / "manifest.json").read_text())["reports"]
    print(f"    in the report's process {sum(r['cpu_seconds'] for r in rows) / m:.2f} s CPU, peak {max(r['peak_mb'] for r in rows):.0f} MB")  # fmt: skip
    cells, page = floor(place, given.month, counties[0], given.languages[0])
    print(f"floor: cells {cells.cpu:.2f} s CPU, page {page.cpu:.2f} s CPU in one warm process")


if __name__ == "__main__":
    main()
