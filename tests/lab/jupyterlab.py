"""JupyterLab in a real browser: a server of its own, notebooks opened where they lie, Run All, themes, what stands there.

The browser is the machine's Chromium; the application is reached as its own command palette reaches it
(``--expose-app-in-browser``), so that nothing depends on where a button is.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from tests.editions.browsing import Tab
from tests.editions.chromium import Browser

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"
TRACKER = "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
EVERY_CELL = {"windowingMode": "none"}  # cells out of sight stand on the page too, so that all can be looked at
TALLEST = 16_000  # pixels: what Chromium photographs at once


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def server(root: Path, work: Path) -> Iterator[str]:
    """Address of a JupyterLab whose files are those of ``root``."""
    port = _free_port()
    settings = work / "settings"
    (settings / TRACKER).parent.mkdir(parents=True)
    (settings / TRACKER).write_text(json.dumps(EVERY_CELL))
    environment = os.environ | {
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(work / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(work / "config"),
        "JUPYTER_DATA_DIR": str(work / "data"),
        "JUPYTER_RUNTIME_DIR": str(work / "runtime"),
        "IPYTHONDIR": str(work / "ipython"),
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.password=", "--allow-root",
        f"--ServerApp.root_dir={root}", "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with (work / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, cwd=root, stdout=log, stderr=log)
    try:
        until = monotonic() + 60
        while monotonic() < until:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (work / "server.log").read_text()
            sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


class Lab:
    """One tab that holds JupyterLab."""

    def __init__(self, tab: Tab, address: str) -> None:
        self.tab, self.address = tab, address

    def _until(self, script: str, seconds: float, what: str) -> Any:
        until = monotonic() + seconds
        while monotonic() < until:
            if found := self.tab.run(script):
                return found
            sleep(0.3)
        raise AssertionError(f"{what}: not within {seconds} s")

    def open(self, path: str) -> None:
        """A notebook by its path under the server's root, with its kernel started."""
        self.tab.tell("Page.navigate", url=f"{self.address}/lab/tree/{path}?reset")
        self._until("!!window.jupyterapp?.shell?.currentWidget?.content?.widgets", 120, f"{path} opens")
        self._until(
            "jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'", 60, f"kernel of {path}"
        )

    def run_all(self, seconds: float = 300) -> None:
        """Run > Run All Cells, until the last has run."""
        self.tab.run(
            "window.ended = 0, jupyterapp.commands.execute('notebook:run-all-cells').then(() => window.ended = 1), 1"
        )
        self._until("window.ended", seconds, "Run All")

    def theme(self, name: str) -> None:
        self.tab.run(
            f"jupyterapp.commands.execute('apputils:change-theme', {{theme: {json.dumps(name)}}}).then(() => 1)"
        )
        light = json.dumps("true" if name == LIGHT else "false")
        self._until(f"document.body.dataset.jpThemeLight === {light}", 20, name)

    def outputs(self) -> list[dict[str, Any]]:
        """Every output of every cell, as it would be saved."""
        found: list[dict[str, Any]] = self.tab.run(
            "jupyterapp.shell.currentWidget.content.model.toJSON().cells.flatMap(c => c.outputs || [])"
        )
        return found

    def close(self) -> None:
        """Shut the kernel down without saving."""
        self.tab.run("jupyterapp.shell.currentWidget.sessionContext.shutdown().then(() => 1)")

    def picture(self, path: Path) -> None:
        """A picture of the whole notebook."""
        high = self.tab.run(
            "[...document.querySelectorAll('.jp-Notebook .jp-Cell')].reduce((s, c) => s + c.offsetHeight, 200)"
        )
        self._size(min(int(high), TALLEST))
        self.tab.run("document.querySelectorAll('.jp-WindowedPanel-outer').forEach(e => { e.scrollTop = 0; }), 1")
        sleep(1.0)
        path.write_bytes(base64.b64decode(self.tab.tell("Page.captureScreenshot")["data"]))
        self._size(900)

    def _size(self, height: int) -> None:
        self.tab.tell(
            "Emulation.setDeviceMetricsOverride", width=1200, height=height, deviceScaleFactor=1, mobile=False
        )


@contextmanager
def lab(root: Path, work: Path) -> Iterator[Lab]:
    """JupyterLab on the notebooks of ``root``, in a browser of its own."""
    with server(root, work) as address:
        browser = Browser(work / "browser", fast=True)
        try:
            yield Lab(Tab(browser), address)
        finally:
            browser.close()
