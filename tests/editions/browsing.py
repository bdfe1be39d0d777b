"""A real browser for tests: pages opened from their file, looked at, clicked and printed."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from tests.editions.chromium import Browser

from relapse_risk.errors import RenderError

SECONDS = 60.0


def axe_script() -> Path | None:
    """axe-core: the file that AXE_CORE names, or ``build/axe.min.js`` (``.ci/run`` fetches it)."""
    named = os.environ.get("AXE_CORE")
    path = Path(named) if named else Path(__file__).resolve().parents[2] / "build" / "axe.min.js"
    return path if path.is_file() else None


class Tab:
    """One tab of a browser."""

    def __init__(self, browser: Browser, width: int = 1200) -> None:
        self._browser = browser
        self._target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        self.tell("Page.enable")
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)

    def _ask(self, method: str, session: str = "", **parameters: object) -> dict[str, Any]:
        return self._browser._ask(method, monotonic() + SECONDS, session, **parameters)

    def tell(self, method: str, **parameters: object) -> dict[str, Any]:
        return self._ask(method, self._session, **parameters)

    def run(self, script: str) -> Any:
        """Value of a JavaScript expression; promises are waited for."""
        found = self.tell("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def open(self, path: Path) -> None:
        self.tell("Page.navigate", url=path.as_uri())
        self.wait(path.name)

    def wait(self, name: str) -> None:
        """Until the page of that file stands."""
        until = monotonic() + SECONDS
        while monotonic() < until:
            try:
                if self.run("document.readyState === 'complete' ? location.pathname : ''").endswith(name):
                    self.run("document.fonts.ready.then(() => 1)")
                    return
            except RenderError as error:  # asked in the moment in which one page gives way to the next
                if "navigated or closed" not in str(error) and "context" not in str(error):
                    raise
        raise AssertionError(f"{name} did not load")

    def click(self, selector: str) -> None:
        """A real click in the middle of what ``selector`` finds."""
        box = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center', behavior: 'instant'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.tell("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def type(self, words: str) -> None:
        self.tell("Input.insertText", text=words)

    def media(self, media: str = "", scheme: str = "light") -> None:
        self.tell("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])  # fmt: skip

    def printed(self) -> bytes:
        return base64.b64decode(self.tell("Page.printToPDF", preferCSSPageSize=True)["data"])

    def violations(self) -> list[str]:
        """What axe-core finds wrong, one line each."""
        script = axe_script()
        assert script is not None
        self.run(script.read_text(encoding="utf-8") + ";1")
        found = self.run("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
        return [f"{one['id']}: {node['target']} {node['failureSummary'][:200]}" for one in found for node in one["nodes"]]  # fmt: skip


@contextmanager
def tab(folder: Path, width: int = 1200) -> Iterator[Tab]:
    """A tab of a browser of its own."""
    browser = Browser(folder / "browser")
    try:
        yield Tab(browser, width)
    finally:
        browser.close()
