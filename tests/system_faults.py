"""Faults of the system, real ones: a small disk, a limit on the size of files, another account."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="uses Linux's limits and mounts")
ROOT = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount a small disk or become another account"
)


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes, as with ``ulimit -f``."""
    if resource is None:
        pytest.skip("no limit on the size of files here")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[None]:
    """A disk in memory at ``folder``, such as ``size=1m`` or ``ro``."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """What others may not do with files made inside the block."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def other_account(number: int = 65534) -> Iterator[None]:
    """Acting as an account that owns nothing here."""
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)
