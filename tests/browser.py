"""A real Chromium without a window, driven over its DevTools protocol. Knows nothing of what is looked at."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from websockets.sync.client import connect

from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["Browser", "Page"]

_DEADLINE_S = 60.0


class Browser:
    """One Chromium with a profile of its own; it finds no host but this one."""

    def __init__(self, folder: Path) -> None:
        """Start it.

        Args:
            folder: An empty folder for its profile.
        """
        switches = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run"]
        switches += ["--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            switches.append("--no-sandbox")  # Chromium refuses to run as root otherwise, as CI containers do
        command = ["chromium", *switches, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            told = folder / "DevToolsActivePort"
            eventually(lambda: told.exists() and "\n" in told.read_text(), _DEADLINE_S)
            port, path = told.read_text().split("\n")[:2]
            self._stack = ExitStack()
            opened = connect(f"ws://127.0.0.1:{port}{path}", max_size=None, proxy=None)
            self._socket = self._stack.enter_context(opened)
        except BaseException:
            self._kill()
            raise
        self._number = 0
        self._tab: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()
        self._kill()

    def _kill(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def open(self, path: Path, *, width: int = 1_100, height: int = 900, scheme: str = "light") -> Page:
        """Open a file in a new tab, and wait until it is there; the tab before it is closed."""
        if self._tab is not None:
            self.call("Target.closeTarget", {"targetId": self._tab})
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._tab = target
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Network", "Log", "Runtime", "Accessibility"):
            page.call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        page.call("Emulation.setDeviceMetricsOverride", size)
        page.set_scheme(scheme)
        page.call("Page.navigate", {"url": path.as_uri()})
        self.wait_for("Page.loadEventFired", page)
        return page

    def call(self, method: str, parameters: dict[str, Any] | None = None, page: Page | None = None) -> dict[str, Any]:
        """Call a method and return its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters or {}}
        if page is not None:
            message["sessionId"] = page.session
        self._socket.send(json.dumps(message))
        number = self._number
        while True:
            told = self._receive(page)
            if told.get("id") == number:
                assert "error" not in told, told
                result: dict[str, Any] = told["result"]
                return result

    def wait_for(self, event: str, page: Page) -> None:
        """Wait until a page has told of an event."""
        while all(told["method"] != event for told in page.events):
            self._receive(page)

    def _receive(self, page: Page | None) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self._socket.recv(timeout=_DEADLINE_S))
        if page is not None and "method" in told and told.get("sessionId") == page.session:
            page.events.append(told)
        return told


class Page:
    """One tab."""

    def __init__(self, browser: Browser, session: str) -> None:
        """Take a session of the browser."""
        self.session = session
        self.events: list[dict[str, Any]] = []
        """What it has told of, the oldest first."""
        self._browser = browser

    def call(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call a method of this tab."""
        return self._browser.call(method, parameters, self)

    def value(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; the page's policy does not apply to it."""
        told = self.call("Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True})
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key and let go of it."""
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", {"type": "keyDown", "text": text} | pressed)
        self.call("Input.dispatchKeyEvent", {"type": "keyUp"} | pressed)

    def set_scheme(self, scheme: str) -> None:
        """Prefer `light` or `dark`."""
        self.call("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def settle(self) -> None:
        """Wait until two frames have been drawn: what was asked for while loading has happened by then."""
        self.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def screenshot(self) -> bytes:
        """Return what is to be seen, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", {"format": "png"})["data"])

    @property
    def requests(self) -> list[str]:
        """What the page asked for, itself first."""
        return [
            told["params"]["request"]["url"] for told in self.events if told["method"] == "Network.requestWillBeSent"
        ]

    @property
    def complaints(self) -> list[str]:
        """What the browser has to say of the page: errors, and what its policy stopped."""
        return [told["params"]["entry"]["text"] for told in self.events if told["method"] == "Log.entryAdded"]

    @property
    def has_run_script(self) -> bool:
        """Whether a dialog was opened or anything was written to the console."""
        methods = {told["method"] for told in self.events}
        return bool(methods & {"Page.javascriptDialogOpening", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"})
