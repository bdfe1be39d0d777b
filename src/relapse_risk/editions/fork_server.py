"""A fork server: reports in parallel, each in a fresh process forked from one that has preloaded its imports.

The driver starts one *fork server*: a single-threaded process that imports what reports need, once.  It forks a child per
report, so that nothing leaks from one county to the next and a child that dies, hangs or eats memory takes only its own
report with it.  Where processes cannot be forked safely (Windows, macOS) each child is started anew: slower, the same.

Work is named as ``module:function``, so that the driver itself imports nothing heavy and a run with nothing to do is
over at once.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from time import monotonic
from typing import Any

from relapse_risk.errors import RelapseRiskError, RenderError

__all__ = ["ForkServer", "Setup", "named", "reports_at_once"]

FORKS = sys.platform == "linux"
TIMEOUT_SECONDS = 900.0
REPORT_MB = 900.0  # a report's own process, as measured, with a little to spare
MOST_MB = 1e9
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Setup:
    """How children are prepared.

    Attributes
    ----------
    preload : str
        ``module:function`` that takes ``argument`` and runs once before the first fork; empty for nothing.
    argument : object
    workers : int
        Children at once.
    timeout : float
        Seconds after which a child is stopped.
    """

    preload: str = ""
    argument: Any = None
    workers: int = 2
    timeout: float = TIMEOUT_SECONDS


def named(where: str) -> Callable[..., Any]:
    """The function that ``module:function`` names."""
    module, _, name = where.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


def reports_at_once() -> int:
    """Reports that the cores this process may use and the free memory allow at once; at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, int(_free_mb() // REPORT_MB)))


def _free_mb() -> float:
    """Free memory in MB: the smaller of the machine's and the container's; unlimited where neither is known."""
    known = [MOST_MB]
    with suppress(OSError, ValueError, KeyError):
        said = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
        known.append(int(said["MemAvailable"].split()[0]) / 1024)
    with suppress(OSError, ValueError):  # "max" where the container has no limit
        known.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")) / 2**20)
    return min(known)


class ForkServer:
    """The fork server as the driver sees it; a context manager.  The process starts with the first job."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._link: Connection | None = None
        self._process: Any = None

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *_: object) -> None:
        if self._link is not None:
            self._link.close()  # the fork server sees this, stops its children and ends
            self._process.join()

    def _started(self) -> Connection:
        if self._link is None:
            context = get_context("spawn")
            self._link, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs, self._setup))
            with _one_thread():
                self._process.start()
            theirs.close()
        return self._link

    def run(self, task: str, jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Do ``task(job)`` for every job in a child each; yield (position, result) as they come.

        Yields
        ------
        (int, object)
            The result, or a :class:`RenderError` for a job whose process died or took too long.
        """
        if not jobs:
            return
        link, left = self._started(), set(range(len(jobs)))
        try:
            link.send((task, tuple(jobs)))
            while left:
                at, result = link.recv()
                left.discard(at)
                yield at, result
        except (EOFError, ConnectionError, BrokenPipeError):
            for at in sorted(left):
                yield at, RenderError("the rendering process was killed", fix="run render again")


@contextmanager
def _one_thread() -> Iterator[None]:
    """Children inherit one thread per library: two reports at once use two cores, and no thread is lost in a fork."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _serve(driver: Connection, setup: Setup) -> None:
    """The fork server: do one batch after the other, end when the driver is gone."""
    try:
        if FORKS and setup.preload:
            with suppress(RelapseRiskError):  # each report meets the same error and says so
                named(setup.preload)(setup.argument)
            gc.collect()
            gc.freeze()
        while True:
            task, jobs = driver.recv()
            _batch(driver, task, jobs, setup)
    except (EOFError, ConnectionError, BrokenPipeError):
        return
    finally:
        gc.unfreeze()


@dataclass(slots=True)
class _Running:
    at: int
    process: Any
    deadline: float


def _batch(driver: Connection, task: str, jobs: tuple[Any, ...], setup: Setup) -> None:
    context: Any = get_context("fork" if FORKS else "spawn")
    waiting = list(enumerate(jobs))
    running: dict[Connection, _Running] = {}
    try:
        while waiting or running:
            while waiting and len(running) < setup.workers:
                at, job = waiting.pop(0)
                mine, theirs = context.Pipe(duplex=False)
                inherited = (driver, mine, *running) if FORKS else ()
                process = context.Process(target=_child, args=(theirs, task, job, inherited))
                process.start()
                theirs.close()
                running[mine] = _Running(at, process, monotonic() + setup.timeout)
            soonest = min(child.deadline for child in running.values())
            ready = wait([driver, *running], max(soonest - monotonic(), 0))
            if driver in ready:
                raise EOFError
            for link in [c for c in running if c in ready or running[c].deadline <= monotonic()]:
                child = running.pop(link)
                result = _result(link, child.process, link in ready, setup.timeout)
                driver.send((child.at, result))
    finally:
        for child in running.values():
            child.process.kill()
            child.process.join()


def _result(link: Connection, process: Any, answered: bool, timeout: float) -> Any:
    """What a child sent, or an error where it sent nothing."""
    try:
        if answered:
            return link.recv()
        process.kill()
        return RenderError("the report took too long and was stopped", expected=f"at most {timeout:g} s")
    except EOFError:
        process.join()
        return RenderError(
            "the process of this report died", got=f"exit code {process.exitcode}",
            fix="look for memory running out or a crashing library, then run render again",
        )  # fmt: skip
    finally:
        process.join()
        link.close()


def _child(results: Connection, task: str, job: Any, inherited: Sequence[Connection]) -> None:
    # An inherited end of the pipe would keep it open after the fork server is killed: child and driver would both hang.
    for link in inherited:
        link.close()
    gc.disable()  # a child lives for one report; collecting its garbage cost a quarter of the time
    results.send(named(task)(job))
    results.close()
