"""Same packages everywhere: a worker with another version could give other numbers, so it is refused."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

from relapse_risk import __version__
from relapse_risk.errors import PartError

__all__ = ["PACKAGES", "check_versions", "package_versions"]

# What numbers and file bytes depend on.
PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "duckdb")


@lru_cache(maxsize=1)
def package_versions() -> tuple[tuple[str, str], ...]:
    """Python, this package and the libraries its numbers depend on, each with its version in this process."""
    found = [("python", ".".join(platform.python_version_tuple()[:2])), ("relapse-risk", __version__)]
    for name in PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "none"))
    return tuple(found)


def check_versions(wanted: tuple[tuple[str, str], ...], here: Mapping[str, str] | None = None) -> None:
    """Refuse to work in a process whose packages are not those of the one that asks.

    Parameters
    ----------
    wanted : tuple of (str, str)
        :func:`package_versions` of the asking process.
    here : mapping of str to str, optional
        This process's when left out.

    Raises
    ------
    PartError
        Naming the package and both versions.

    Examples
    --------
    >>> check_versions((("numpy", "2.4.6"),), {"numpy": "2.3.0"})
    Traceback (most recent call last):
        ...
    relapse_risk.errors.PartError: worker: numpy differs; got '2.3.0', expected 2.4.6. Fix: install the same lock on every worker.
    """
    mine = dict(package_versions()) if here is None else here
    for name, version_ in wanted:
        if mine.get(name) != version_:
            raise PartError(
                f"{name} differs", where="worker", got=mine.get(name), expected=version_,
                fix="install the same lock on every worker",
            )  # fmt: skip
