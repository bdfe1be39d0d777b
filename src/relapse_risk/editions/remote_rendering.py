"""Remote rendering: each worker of a cluster runs a fork server of its own and forks a child per report.

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

from relapse_risk.editions.fork_server import ForkServer, Setup
from relapse_risk.errors import PartError, RenderError
from relapse_risk.parts import Backend, Processes, Serial, map_parts

__all__ = ["Cluster", "render_server"]

_LOCK = Lock()
_SERVERS: list[tuple[Setup, ForkServer]] = []


@dataclass(frozen=True, slots=True)
class _Report:
    """One report as a part (unit of work)."""

    name: str
    job: Any


class Cluster:
    """Does what :class:`ForkServer` does, with one on each worker of a backend."""

    def __init__(self, setup: Setup, backend: Backend) -> None:
        self._setup = replace(setup, workers=1)
        self._backend = backend

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def run(self, task: str, jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Do ``task(job)`` for every job; yield (position, result) in the order of the jobs.

        Yields
        ------
        (int, object)
            The result, or a :class:`RenderError` for a job whose process died or took too long.
        """
        reports = [_Report(str(at), job) for at, job in enumerate(jobs)]
        done = 0
        try:
            for result in map_parts(partial(_done_here, self._setup, task), reports, self._backend):
                yield done, result
                done += 1
        except PartError as error:  # a worker of another version, or none left: the reports say so
            failure = RenderError(error.what, where=error.where, got=error.got, expected=error.expected, fix=error.fix)
            yield from ((at, failure) for at in range(done, len(jobs)))


def render_server(setup: Setup, backend: Backend) -> ForkServer | Cluster:
    """The fork server of this machine, or those of a cluster."""
    if isinstance(backend, Serial):
        return ForkServer(replace(setup, workers=1))
    if isinstance(backend, Processes):
        return ForkServer(replace(setup, workers=backend.workers) if backend.workers else setup)
    return Cluster(setup, backend)


def _done_here(setup: Setup, task: str, report: _Report) -> Any:
    """One job, in a child of this worker's fork server."""
    with _LOCK, _may_have_children():
        _, result = next(iter(_server(setup).run(task, [report.job])))
        if isinstance(result, RenderError):  # the fork server may have died with it
            _stop_servers()
        return result


def _server(setup: Setup) -> ForkServer:
    """The worker's fork server; another edition gets another."""
    if not _SERVERS or _SERVERS[0][0] != setup:
        _stop_servers()
        _SERVERS.append((setup, ForkServer(setup)))
    return _SERVERS[0][1]


def _stop_servers() -> None:
    while _SERVERS:
        _SERVERS.pop()[1].__exit__()


@contextmanager
def _may_have_children() -> Iterator[None]:
    """Dask runs its workers as daemons, which may not start processes; the fork server ends with the worker anyway."""
    config: dict[str, Any] = current_process()._config  # type: ignore[attr-defined]
    before = config.get("daemon", False)
    config["daemon"] = False
    try:
        yield
    finally:
        config["daemon"] = before
