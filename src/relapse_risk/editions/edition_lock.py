"""One run at a time in a published folder."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from relapse_risk.errors import RenderError, WriteError
from relapse_risk.files import make_folder, refusals, write_json
from relapse_risk.json_reading import parsed

__all__ = ["alone", "unwritable"]


@contextmanager
def alone(out: Path, wait: float, *, restricted: bool = False) -> Iterator[None]:
    """Hold the folder's lock; the system frees a dead holder's, and a second run learns who holds it."""
    holder = out / ".holder.json"
    try:
        make_folder(out, restricted=restricted)
        lock = FileLock(str(out / ".lock"))
        with refusals(out):
            lock.acquire(timeout=wait)
    except Timeout as error:
        raise RenderError(
            "another run is rendering into this folder", where=str(out), got=_holder(holder),
            fix="wait for it (--wait SECONDS), or choose another out",
        ) from error  # fmt: skip
    except WriteError as error:
        raise unwritable(out, error) from error
    try:
        with suppress(WriteError):
            write_json(holder, {"pid": os.getpid(), "host": socket.gethostname()}, restricted=restricted)
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def unwritable(out: Path, error: OSError | WriteError) -> RenderError:
    """The error of a folder that cannot be written."""
    words = error.what if isinstance(error, WriteError) else f"cannot be written: {error.strerror or error}"
    return RenderError(
        f"nothing could be published: the folder {words}", where=str(out),
        fix="make room, or make the folder writable, and run render again: what is finished is kept",
    )  # fmt: skip


def _holder(path: Path) -> str:
    with suppress(OSError, ValueError, KeyError):
        held = parsed(path.read_text(encoding="utf-8"))
        return f"process {held['pid']} on {held['host']}"
    return "a process that did not say who it is"
