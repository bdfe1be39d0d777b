"""A Chromium that keeps running, driven over a pipe: one browser prints many pages, and no port is opened.

The pipe outlives a fork, so that a browser started by the fork server prints for whichever report has its turn.  A browser
ends by itself when every holder of its pipe is gone.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

from relapse_risk.errors import RenderError

__all__ = ["Browser", "chromium_version", "find_chromium", "start_browser"]

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
SWITCHES = (
    "--headless", "--disable-gpu", "--in-process-gpu", "--remote-debugging-pipe", "--disable-extensions",
    "--no-first-run", "--no-startup-window", "--disable-background-networking", "--disable-dev-shm-usage",
    "--disable-breakpad", "--js-flags=--jitless",
    # The suggestions under the address line are pages too: half a second of start-up for something never shown.
    "--disable-features=IsolateOrigins,site-per-process,PaintHolding,BackForwardCache,"
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
)  # fmt: skip
PRINT_SECONDS = 180.0
BLOCK = 1 << 20
LONGEST_FOLDER = 60
LOAD_FONTS = "Promise.all([...document.fonts].map(font => font.load())).then(found => found.length)"
TAB = "about:blank#reports"


@cache
def find_chromium() -> str:
    """Path of an installed Chromium or Chrome; empty where there is none or a pipe to it cannot be inherited."""
    if sys.platform != "linux":
        return ""
    return next((path for name in NAMES if (path := shutil.which(name))), "")


@cache
def chromium_version() -> str:
    """Version of the installed browser, such as ``156.0.8078.79``; empty without one that answers."""
    if not (path := find_chromium()):
        return ""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    return next((word for word in said.split() if word[:1].isdigit()), "")


def start_browser(given: Any, slot: int) -> Browser:
    """The browser of one slot; ``given.work`` is the folder of the run."""
    return Browser(given.work / f"browser-{slot}")


class Browser:
    """A running browser that prints pages to PDF.

    Parameters
    ----------
    work : Path
        Folder for its profile; removed by the caller.
    """

    def __init__(self, work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        self._left, self._number = b"", 0
        self.pid = _started(work, commands, answers)
        os.close(commands)
        os.close(answers)

    def print_page(self, page: str) -> bytes:
        """``page`` as a tagged PDF with an outline.

        Raises
        ------
        RenderError
            If the browser is gone, refuses, or takes too long.
        """
        deadline = monotonic() + PRINT_SECONDS
        # One tab for page after page: a new one would start a process of its own each time, a quarter of the cost.
        session = self._ask("Target.attachToTarget", deadline, targetId=self._tab(deadline), flatten=True)["sessionId"]
        self._ask("Page.enable", deadline, session)
        frame = self._ask("Page.getFrameTree", deadline, session)["frameTree"]["frame"]["id"]
        self._ask("Page.setDocumentContent", deadline, session, frameId=frame, html=page)
        # A page that is hidden on the screen asks for no font of its own accord.
        self._ask("Runtime.evaluate", deadline, session, expression=LOAD_FONTS, awaitPromise=True)
        options = {"printBackground": True, "preferCSSPageSize": True, "generateTaggedPDF": True, "generateDocumentOutline": True}  # fmt: skip
        printed = self._ask("Page.printToPDF", deadline, session, **options)["data"]
        self._ask("Target.detachFromTarget", deadline, sessionId=session)
        return base64.b64decode(printed)

    def _tab(self, deadline: float) -> str:
        """The tab for reports: looked up each time, because the last page was printed by another process."""
        targets = self._ask("Target.getTargets", deadline)["targetInfos"]
        ours = [target["targetId"] for target in targets if target["url"] == TAB]
        return str(ours[0] if ours else self._ask("Target.createTarget", deadline, url=TAB)["targetId"])

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
                raise RenderError("Chromium took too long to print", expected=f"at most {PRINT_SECONDS:g} s")
            if not (block := os.read(self._read, BLOCK)):
                raise RenderError("Chromium stopped while printing", fix="look for memory running out")
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


def _started(work: Path, commands: int, answers: int) -> int:
    """Start the browser with the two ends of its pipe as files 3 and 4, where it looks for them."""
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()  # Chromium refuses a sandbox to root
    command = [find_chromium(), *SWITCHES, *sandbox, f"--user-data-dir={work / 'profile'}"]
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
