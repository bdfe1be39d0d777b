"""Where parts are worked on: a loop, processes of this machine, or a cluster.  Results come in part order.

A kernel is a function of a part that can be sent to another process; it gives a small result, or writes the part's
own file by rename (:mod:`relapse_risk.parts.stored`).  Nothing below knows which backend runs it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

import pyarrow as pa
from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError
from threadpoolctl import threadpool_limits

from relapse_risk.errors import ParameterError, PartError
from relapse_risk.parts.backend_protocol import Backend, Named, P
from relapse_risk.parts.versions import check_versions, package_versions
from relapse_risk.progress import Progress, no_progress

__all__ = ["SERIAL", "Backend", "Processes", "Serial", "map_parts", "opened"]

R = TypeVar("R")
WORDS = "serial | processes[:workers] | dask[:address]"
DEATHS = 3  # of workers, one after the other without any part done in between


@dataclass(frozen=True, slots=True)
class _Task:
    """A kernel with what every worker keeps to: the versions of the asking process, and one thread."""

    kernel: Callable[[Any], Any]
    versions: tuple[tuple[str, str], ...]

    def __call__(self, part: Named) -> Any:
        check_versions(self.versions)
        # One thread per worker: two would fight for cores, and add up floats in another order.
        with threadpool_limits(limits=1):
            result = self.kernel(part)
        # A pool that keeps its blocks looks like a leak to joblib, which would start the worker anew.
        pa.default_memory_pool().release_unused()
        return result


@dataclass(frozen=True, slots=True)
class Serial:
    """A plain loop in this process."""

    def map(self, task: Callable[[P], Any], parts: Sequence[P]) -> Iterator[Any]:
        yield from map(task, parts)

    def close(self) -> None:
        return


SERIAL: Serial = Serial()


@dataclass(frozen=True, slots=True)
class Processes:
    """Processes of this machine (joblib's loky); a worker that dies is replaced and its part done again."""

    workers: int

    def map(self, task: Callable[[P], Any], parts: Sequence[P]) -> Iterator[Any]:
        done, deaths = 0, 0
        while done < len(parts):
            pool = Parallel(
                n_jobs=self.workers, return_as="generator", batch_size=1, pre_dispatch="3*n_jobs", max_nbytes=None
            )
            results = iter(pool(delayed(task)(part) for part in parts[done:]))
            while done < len(parts):
                try:
                    result = next(results)
                except TerminatedWorkerError as error:
                    deaths += 1
                    if deaths >= DEATHS:
                        raise _dying(parts[done], deaths) from error
                    break
                done, deaths = done + 1, 0
                yield result

    def close(self) -> None:
        return


def _dying(part: Named, deaths: int) -> PartError:
    return PartError(
        f"workers died {deaths} times", where=f"part {part.name} or one of the next", got="a killed process",
        fix="give the workers more memory or make the parts smaller, then run again: parts already done are kept",
    )  # fmt: skip


def backend_named(word: str) -> Backend:
    """The backend that ``serial``, ``processes[:workers]`` or ``dask[:address]`` names."""
    kind, _, rest = word.partition(":")
    if word == "serial":
        return SERIAL
    if kind == "processes" and (not rest or (rest.isdigit() and int(rest) > 0)):
        return Processes(int(rest) if rest else os.cpu_count() or 1)
    if kind == "dask":
        try:
            cluster = import_module("relapse_risk.parts.cluster")
        except ImportError as error:
            raise ParameterError(
                "Dask is not installed", where="backend", got=word, fix='install it: pip install "relapse-risk[scale]"'
            ) from error
        backend: Backend = cluster.Dask.connect(rest)
        return backend
    raise ParameterError("unknown backend", where="backend", got=word, expected=WORDS)


@contextmanager
def opened(backend: str | Backend) -> Iterator[Backend]:
    """The backend a word names, closed at the end; one that is already open is passed on and left open.

    Raises
    ------
    ParameterError
        For an unknown word, or Dask where it is not installed.
    PartError
        If a cluster cannot be reached, or its workers have other versions of the packages.

    Examples
    --------
    >>> with opened("serial") as backend:
    ...     backend
    Serial()
    """
    if not isinstance(backend, str):
        yield backend
        return
    mine = backend_named(backend)
    try:
        yield mine
    finally:
        mine.close()


def map_parts(
    kernel: Callable[[P], R], parts: Sequence[P], backend: str | Backend = SERIAL, progress: Progress | None = None
) -> Iterator[R]:
    """``kernel`` of every part, in part order whatever the backend, so that reductions give the same bytes.

    Parameters
    ----------
    kernel : callable
        Takes a part; can be sent to another process, and is better small: large arrays go through a file.
    parts : sequence of Part
        Or of anything else with a ``name``, such as the reports of an edition.
    backend : str or Backend
        ``serial``, ``processes[:workers]``, ``dask[:address]``, or one already open.
    progress : callable, optional
        Called with (parts done, parts in all, name of the part).

    Yields
    ------
    object
        What the kernel gave.

    Raises
    ------
    PartError
        If a part cannot be read or written (it is named; finished parts are kept), or a worker has other versions.

    Examples
    --------
    >>> from pathlib import Path; from relapse_risk.parts import county_parts
    >>> parts = county_parts(Path("register"), ["371402", "371425"])
    >>> list(map_parts(lambda part: part.name, parts))
    ['371402', '371425']
    """
    report = progress or no_progress
    with opened(backend) as chosen:
        report(0, len(parts), parts[0].name if parts else "")
        for done, result in enumerate(chosen.map(_Task(kernel, package_versions()), parts), start=1):
            report(done, len(parts), parts[min(done, len(parts) - 1)].name)
            yield result
