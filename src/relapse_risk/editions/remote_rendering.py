"""Reports on other machines: each worker of a cluster keeps a warm process of its own and forks a child per report.

Workers must see the folders of facts, register and edition at the same paths, and run the same lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import current_process
from threading import Lock
from typing import Any

from relapse_risk.editions.fork_server import Setup, Zygote
from relapse_risk.errors import PartError, RenderError
from relapse_risk.parts import Backend, Processes, Serial, map_parts

__all__ = ["Cluster", "bench"]

_LOCK = Lock()
_BENCH: list[tuple[Setup, Zygote]] = []


@dataclass(frozen=True, slots=True)
class _Errand:
    """One report as a part of the work."""

    name: str
    job: Any


class Cluster:
    """Does what :class:`Zygote` does, with one warm process on each worker of a backend."""

    def __init__(self, setup: Setup, backend: Backend) -> None:
        self._setup = replace(setup, workers=1)
        self._backend = backend

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def run(self, task: str, jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Do ``task(job, tool)`` for every job; yield (position, result) in the order of the jobs.

        Yields
        ------
        (int, object)
            The result, or a :class:`RenderError` for a job whose process died or took too long.
        """
        errands = [_Errand(str(at), job) for at, job in enumerate(jobs)]
        done = 0
        try:
            for result in map_parts(partial(_done_here, self._setup, task), errands, self._backend):
                yield done, result
                done += 1
        except PartError as error:  # a worker of another version, or none left: the reports say so
            told = RenderError(error.what, where=error.where, got=error.got, expected=error.expected, fix=error.fix)
            yield from ((at, told) for at in range(done, len(jobs)))


def bench(setup: Setup, backend: Backend) -> Zygote | Cluster:
    """Where reports are rendered: the warm process of this machine, or those of a cluster."""
    if isinstance(backend, Serial):
        return Zygote(replace(setup, workers=1))
    if isinstance(backend, Processes):
        return Zygote(replace(setup, workers=backend.workers) if backend.workers else setup)
    return Cluster(setup, backend)


def _done_here(setup: Setup, task: str, errand: _Errand) -> Any:
    """One job, in a child of this worker's warm process."""
    with _LOCK, _may_have_children():
        _, result = next(iter(_zygote(setup).run(task, [errand.job])))
        if isinstance(result, RenderError):  # the warm process may have gone with it
            _let_go()
        return result


def _zygote(setup: Setup) -> Zygote:
    """The worker's warm process; another edition gets another."""
    if not _BENCH or _BENCH[0][0] != setup:
        _let_go()
        _BENCH.append((setup, Zygote(setup)))
    return _BENCH[0][1]


def _let_go() -> None:
    while _BENCH:
        _BENCH.pop()[1].__exit__()


@contextmanager
def _may_have_children() -> Iterator[None]:
    """Dask runs its workers as daemons, which may not start processes; the warm process ends with the worker anyway."""
    config: dict[str, Any] = current_process()._config  # type: ignore[attr-defined]
    before = config.get("daemon", False)
    config["daemon"] = False
    try:
        yield
    finally:
        config["daemon"] = before
