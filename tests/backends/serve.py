"""`python -m tests.backends.serve`: Collector and Jaeger on their usual ports, to look at. Knows no test."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.backends._programs import COLLECTOR, JAEGER, UnavailableError
from tests.backends._server import CONFIGS, HOST, get
from tests.backends.build import have
from tests.backends.collector_server import Collector
from tests.backends.jaeger_server import Jaeger
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

_PORTS: Final = {4317: "OTLP over gRPC", 4318: "OTLP over HTTP", 16686: "Jaeger"}
_TRACES: Final = Path("traces/traces.jsonl").absolute()
_JAEGER_START_S: Final = 60.0
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

_READY: Final = f"""
Collector and Jaeger are running; Ctrl-C stops both.

  OTLP goes to     http://{HOST}:4318 (HTTP) or {HOST}:4317 (gRPC)
  Jaeger is at     http://{HOST}:16686
  OTLP JSON is in  {_TRACES}

In another terminal:

  export OTEL_EXPORTER_OTLP_ENDPOINT=http://{HOST}:4318 RUNSPAN_JAEGER_URL=http://{HOST}:16686
  make demo"""
_NO_PAGES: Final = """
This Jaeger was built from its Go module, which lacks the pages: it answers the API (/api/v3), and a browser sees a
placeholder. Where Docker runs, the official images are started instead, pages included."""


class _StartError(Exception):
    """We cannot serve; the message is for the person at the terminal."""


def _require_ports() -> None:
    for port, use in _PORTS.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as exc:
                message = f"port {port} ({use}) cannot be had: {exc.strerror}. Stop who listens there and try again."
                raise _StartError(message) from None


def _docker_runs() -> bool:
    """Whether there is a Docker that we may use, Compose included."""
    return shutil.which("docker") is not None and all(
        subprocess.run(["docker", *words], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0
        for words in (["info"], ["compose", "version"])
    )


@contextmanager
def _images() -> Iterator[str]:
    """The official images, as compose.yaml says."""
    compose = ["docker", "compose", "--file", str(CONFIGS / "compose.yaml")]
    user = f"{os.getuid()}:{os.getgid()}"
    environment = {**os.environ, "TRACES_DIR": str(_TRACES.parent), "COLLECTOR_USER": user}
    try:
        subprocess.run([*compose, "up", "--detach"], env=environment, stdin=subprocess.DEVNULL, check=True)
        eventually(lambda: get(f"{HOST}:16686", "/api/v3/services")[0] == 200, _JAEGER_START_S)
        yield _READY
    except subprocess.CalledProcessError as exc:
        message = f"Docker Compose could not start the images (exit code {exc.returncode}, see above)"
        raise _StartError(message) from None
    finally:
        subprocess.run([*compose, "down"], env=environment, stdin=subprocess.DEVNULL, check=False)


@contextmanager
def _binaries() -> Iterator[str]:
    """The programs built from Go modules, by the same configurations."""
    if not have(COLLECTOR, JAEGER):
        message = "no Docker that runs, and no built programs: see the lines above"
        raise _StartError(message)
    with (
        tempfile.TemporaryDirectory(prefix="runspan-backends-") as folder,
        Jaeger(Path(folder), port=16686) as jaeger,
        Collector(Path(folder), jaeger_grpc=jaeger.grpc_endpoint, http_port=4318, grpc_port=4317, traces_file=_TRACES),
    ):
        yield _READY + "\n" + _NO_PAGES


def _interrupt(*_: object) -> None:
    """The first signal stops us in order; another must not stop the stopping."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Serve until a signal says stop.

    Returns:
        0 when stopped, 2 when it could not start.
    """
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    try:
        _require_ports()
        _TRACES.parent.mkdir(exist_ok=True)
        with _images() if _docker_runs() else _binaries() as ready:
            print(ready, flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        print("stopped", flush=True)
    except (_StartError, UnavailableError, AssertionError) as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
