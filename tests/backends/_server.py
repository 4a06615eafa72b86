"""A real server as a child process: ports, start, readiness, log, stop. Knows neither Collector nor Jaeger."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["CONFIGS", "Server", "free_port", "get"]

CONFIGS: Final = Path(__file__).parents[2] / "collector-config"
"""The folder of the configurations we ship; the tests run these and no others."""

HOST: Final = "127.0.0.1"

_START_S: Final = 60.0  # seconds a server may take to get ready; alone it takes one
_STOP_S: Final = 20.0
_TRIES: Final = 3  # a free port can be taken by somebody else before the server binds it


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def get(address: str, path: str) -> tuple[int, bytes]:
    """Status and body of a GET; status 0 where nobody answers. Below every HTTP client that somebody instruments."""
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


class Server:
    """One server process. `prepare` of a subclass chooses its ports, anew at each try."""

    def __init__(self, name: str, folder: Path) -> None:
        """Keep everything of this server in `folder`, its log included."""
        folder.mkdir(parents=True, exist_ok=True)
        self.name: Final = name
        self.folder: Final = folder
        self.log_file: Final = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> tuple[Sequence[str], Mapping[str, str], str]:
        """Command, additional environment, and the address at which `is_ready` asks."""
        raise NotImplementedError

    def is_ready(self, address: str) -> bool:
        """Whether the server can be used: it answers 200 on /status."""
        return get(address, "/status")[0] == 200

    def start(self) -> None:
        """Start and wait until ready.

        Raises:
            AssertionError: It did not get ready; with its log.
        """
        for tries_left in reversed(range(_TRIES)):
            if self._started():
                return
            if tries_left == 0 or "address already in use" not in self.log().lower():
                message = f"{self.name} did not start:\n{self.log()}"
                raise AssertionError(message)

    def _started(self) -> bool:
        command, environment, health = self.prepare()
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **environment},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in a terminal is for us; we stop the server in order
            )
        eventually(lambda: self._has_ended() or self.is_ready(health), _START_S)
        return not self._has_ended()

    def stop(self) -> None:
        """Stop, first politely. Stopping twice is harmless."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def kill(self) -> None:
        """Stop as the power going out would."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stop it where it is: it keeps its connections and answers nobody."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """What the server has said."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None
