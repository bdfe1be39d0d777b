"""Reports side by side, each in a fresh process forked from one that is already warm.

The driver starts one *zygote*: a single-threaded process that imports what reports need, once.  It forks a child per
report, so that nothing leaks from one county to the next and a child that dies, hangs or eats memory takes only its own
report with it.  Where processes cannot be forked safely (Windows, macOS) each child is started anew: slower, the same.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any

from relapse_risk.errors import RelapseRiskError, RenderError

__all__ = ["Task", "run_all"]

Task = Callable[[Any], Any]
FORKS = sys.platform == "linux"
TIMEOUT_SECONDS = 900.0
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_all(
    task: Task, jobs: Sequence[Any], workers: int, warm: Callable[[], None], timeout: float = TIMEOUT_SECONDS
) -> Iterator[tuple[int, Any]]:
    """Run ``task(job)`` for every job, at most ``workers`` at once; yield (position, result) as they come.

    Parameters
    ----------
    task, warm : callable
        Importable by name.  ``warm`` runs once, before the first fork.
    timeout : float
        Seconds after which a job is stopped.

    Yields
    ------
    (int, object)
        The result, or a :class:`RenderError` for a job whose process died or took too long.
    """
    if not jobs:
        return
    context = get_context("spawn")
    mine, theirs = context.Pipe()
    zygote = context.Process(target=_serve, args=(theirs, task, tuple(jobs), workers, warm, timeout))
    with _one_thread():
        zygote.start()
    theirs.close()
    left = set(range(len(jobs)))
    try:
        while left:
            try:
                at, result = mine.recv()
            except EOFError:
                for at in sorted(left):
                    yield at, RenderError("the rendering process was killed", fix="run render again")
                return
            left.discard(at)
            yield at, result
    finally:
        mine.close()  # the zygote sees this, stops its children and ends
        zygote.join()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Children inherit one thread per library: two reports at once use two cores, and a fork finds no thread to lose."""
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


def _serve(
    driver: Connection, task: Task, jobs: tuple[Any, ...], workers: int, warm: Callable[[], None], timeout: float
) -> None:
    """The zygote: start children while there are jobs, pass on results, end when the driver is gone."""
    if FORKS:
        with suppress(RelapseRiskError):  # each report meets the same error and says so
            warm()
        gc.freeze()
    context: Any = get_context("fork" if FORKS else "spawn")
    waiting = list(enumerate(jobs))
    running: dict[Connection, tuple[int, Any, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                at, job = waiting.pop(0)
                mine, theirs = context.Pipe(duplex=False)
                child = context.Process(target=_child, args=(theirs, task, job))
                child.start()
                theirs.close()
                running[mine] = (at, child, monotonic() + timeout)
            soonest = min(deadline for _, _, deadline in running.values())
            ready = wait([driver, *running], max(soonest - monotonic(), 0))
            if driver in ready:
                return
            for connection in [c for c in running if c in ready or running[c][2] <= monotonic()]:
                at, child, _ = running.pop(connection)
                driver.send((at, _result(connection, child, connection in ready, timeout)))
    except (BrokenPipeError, ConnectionError):
        return
    finally:
        for _, child, _ in running.values():
            child.kill()
        gc.unfreeze()


def _result(connection: Connection, child: Any, answered: bool, timeout: float) -> Any:
    """What a child sent, or the error that stands for its silence."""
    try:
        if answered:
            return connection.recv()
        child.kill()
        return RenderError("the report took too long and was stopped", expected=f"at most {timeout:g} s")
    except EOFError:
        child.join()
        return RenderError(
            "the process of this report died", got=f"exit code {child.exitcode}",
            fix="look for memory running out or a crashing library, then run render again",
        )  # fmt: skip
    finally:
        child.join()
        connection.close()


def _child(results: Connection, task: Task, job: Any) -> None:
    results.send(task(job))
    results.close()
