"""A Dask cluster as backend: any address, or workers of this machine.  Loaded only where it is asked for.

Workers must see the same paths (a shared file system) and run the same lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from distributed import Client, LocalCluster
from distributed.scheduler import KilledWorker

from relapse_risk.errors import PartError
from relapse_risk.parts.backend_protocol import P
from relapse_risk.parts.versions import check_versions, package_versions

__all__ = ["Dask"]

CONNECT_SECONDS = "10s"


@dataclass(frozen=True, slots=True)
class Dask:
    """Parts on the workers of a Dask cluster; the scheduler gives the part of a dead worker to another."""

    client: Client
    own: LocalCluster | None = None

    @classmethod
    def connect(cls, address: str) -> Dask:
        """The cluster at ``address``; one worker per core of this machine where it is empty.

        Raises
        ------
        PartError
            If there is no scheduler, or a worker has other versions of the packages.
        """
        own = None
        if not address:
            own = LocalCluster(n_workers=os.cpu_count() or 1, threads_per_worker=1, dashboard_address=None)
        try:
            client = Client(own or address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise PartError(
                "no Dask scheduler answers", where="backend", got=address, expected="such as tcp://host:8786",
                fix="start one with `dask scheduler` and workers with `dask worker`",
            ) from error  # fmt: skip
        backend = cls(client, own)
        try:
            backend._check_workers()
        except PartError:
            backend.close()
            raise
        return backend

    def _check_workers(self) -> None:
        """Before any part is sent; workers that join later are checked by the task itself."""
        for address, versions in self.client.run(_versions).items():
            try:
                check_versions(package_versions(), dict(versions))
            except PartError as error:
                raise PartError(
                    error.what, where=f"worker {address}", got=error.got, expected=error.expected, fix=error.fix
                ) from error

    def map(self, task: Callable[[P], Any], parts: Sequence[P]) -> Iterator[Any]:
        # A finished future is released at once, so that the cluster never holds the results of the whole nation.
        futures = self.client.map(task, parts, pure=False)[::-1]
        left = iter(parts)
        try:
            while futures:
                part, future = next(left), futures.pop()
                try:
                    yield future.result()
                except KilledWorker as error:
                    raise PartError(
                        "every worker that tried it died", where=f"part {part.name}", got=str(error).splitlines()[0],
                        fix="give the workers more memory or make the parts smaller, then run again",
                    ) from error  # fmt: skip
        finally:
            self.client.cancel(futures)

    def close(self) -> None:
        self.client.close()
        if self.own is not None:
            self.own.close()


def _versions() -> tuple[tuple[str, str], ...]:
    return package_versions()
