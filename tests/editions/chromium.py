"""A Chromium that keeps running, driven over a pipe, for tests that look at pages: no port is opened.

A browser ends by itself when every holder of its pipe is gone.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

from relapse_risk.errors import RenderError

__all__ = ["Browser", "find_chromium"]

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
INTERPRETED = "--js-flags=--jitless"
SWITCHES = (
    "--headless", "--disable-gpu", "--in-process-gpu", "--remote-debugging-pipe", "--disable-extensions",
    "--no-first-run", "--no-startup-window", "--disable-background-networking", "--disable-dev-shm-usage",
    "--disable-breakpad", INTERPRETED,
    # The suggestions under the address line are pages too: half a second of start-up for something never shown.
    "--disable-features=IsolateOrigins,site-per-process,PaintHolding,BackForwardCache,"
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
)  # fmt: skip
BLOCK = 1 << 20
LONGEST_FOLDER = 60


@cache
def find_chromium() -> str:
    """Path of an installed Chromium or Chrome; empty where there is none or a pipe to it cannot be inherited."""
    if sys.platform != "linux":
        return ""
    return next((path for name in NAMES if (path := shutil.which(name))), "")


class Browser:
    """A running browser.

    Parameters
    ----------
    work : Path
        Folder for its profile; removed by the caller.
    fast : bool
        Whether scripts are compiled: worth its memory where a page is a whole application.
    """

    def __init__(self, work: Path, fast: bool = False) -> None:
        work.mkdir(parents=True, exist_ok=True)
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        self._left, self._number = b"", 0
        self.pid = _started(work, commands, answers, fast)
        os.close(commands)
        os.close(answers)

    def _ask(self, method: str, deadline: float, session: str = "", **parameters: object) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self._send(json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        while True:
            answer = self._next(deadline)
            if answer.get("id") != self._number:
                continue  # an event, or a late answer to an earlier request
            if "error" in answer:
                raise RenderError(f"Chromium refused: {answer['error'].get('message')}", where=method)
            result: dict[str, Any] = answer["result"]
            return result

    def _send(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._write, data) :]
        except OSError as error:
            raise RenderError("Chromium is gone", fix="run render again") from error

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._read], [], [], max(deadline - monotonic(), 0))
            if not ready:
                raise RenderError("Chromium took too long to answer")
            if not (block := os.read(self._read, BLOCK)):
                raise RenderError("Chromium stopped while working", fix="look for memory running out")
            self._left += block
        first, _, self._left = self._left.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        return message

    def is_running(self) -> bool:
        """Whether the process still runs; only for the process that started it."""
        with suppress(ChildProcessError):
            return os.waitpid(self.pid, os.WNOHANG) == (0, 0)
        return False

    def kill(self) -> None:
        """Stop it at once; any process that knows its id may."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Stop it, and forget it."""
        self.kill()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        for end in (self._write, self._read):
            with suppress(OSError):
                os.close(end)


def _started(work: Path, commands: int, answers: int, fast: bool) -> int:
    """Start the browser with the two ends of its pipe as files 3 and 4, where it looks for them."""
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()  # Chromium refuses a sandbox to root
    switches = [switch for switch in SWITCHES if not fast or switch != INTERPRETED]
    command = [find_chromium(), *switches, *sandbox, f"--user-data-dir={work / 'profile'}"]
    high = [_high(commands), _high(answers)]
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, high[0], 3),
        (os.POSIX_SPAWN_DUP2, high[1], 4),
    ]
    # What a killed browser leaves lies where the next run sweeps; a socket's name must stay below 108 bytes.
    environment = os.environ | ({"TMPDIR": str(work)} if len(str(work)) <= LONGEST_FOLDER else {})
    try:
        return os.posix_spawn(command[0], command, environment, file_actions=files)
    except OSError as error:
        raise RenderError(f"Chromium does not start: {error}", where=command[0]) from error
    finally:
        for end in high:
            os.close(end)


def _high(end: int) -> int:
    """A duplicate of a file descriptor other than 3 and 4."""
    copies = [os.dup(end)]
    while copies[-1] < 10:
        copies.append(os.dup(end))
    for copy in copies[:-1]:
        os.close(copy)
    return copies[-1]
