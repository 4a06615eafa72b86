"""The real Collector. Knows of Jaeger only the address it sends to."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Final

from tests.backends._programs import COLLECTOR, find
from tests.backends._server import CONFIGS, HOST, Server, free_port
from tests.backends.otlp import OTLP, only_trace, spans_in
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Collector"]


class Collector(Server):
    """A Collector from `collector-config`: sends to a Jaeger and, but for `collector-queue.yaml`, writes a file."""

    http_endpoint: str
    """Where it takes OTLP over HTTP, for `OTEL_EXPORTER_OTLP_ENDPOINT`; exporters made in code want `traces_url`."""
    grpc_endpoint: str
    """Where it takes OTLP over gRPC, as host:port."""

    def __init__(
        self,
        folder: Path,
        *,
        jaeger_grpc: str,
        http_port: int | None = None,
        grpc_port: int | None = None,
        traces_file: Path | None = None,
        config: str = "collector.yaml",
    ) -> None:
        """Find the program; start nothing yet.

        Args:
            folder: Where its log goes.
            jaeger_grpc: Where a Jaeger takes OTLP over gRPC, as host:port.
            http_port: Port for OTLP over HTTP; without, a free one.
            grpc_port: Port for OTLP over gRPC; without, a free one.
            traces_file: The OTLP JSON file, appended to; without, one in `folder`.
            config: Which configuration of `collector-config`.
        """
        super().__init__("collector", folder)
        self.traces_file: Final = traces_file or folder / "traces.jsonl"
        self._program: Final = find(COLLECTOR)
        self._jaeger_grpc: Final = jaeger_grpc
        self._config: Final = config
        self._http_port: Final = http_port
        self._grpc_port: Final = grpc_port

    @property
    def traces_url(self) -> str:
        """Where it takes traces as OTLP over HTTP, whole path."""
        return f"{self.http_endpoint}/v1/traces"

    def batches(self) -> list[OTLP]:
        """Every whole line of the OTLP JSON file, parsed, in its order."""
        if not self.traces_file.exists():
            return []
        *lines, _still_written = self.traces_file.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines]

    def trace(self, trace_id: str) -> OTLP:
        """One trace by its 32 hex digits, from the OTLP JSON file: a document without spans if there is none yet."""
        return only_trace(self.batches(), trace_id)

    def wait_for(self, trace_id: str, *, spans: int = 1, deadline_s: float = 20.0) -> OTLP:
        """One trace from the OTLP JSON file as soon as it has this many spans."""

        def whole() -> OTLP:
            trace = self.trace(trace_id)
            found = len(spans_in(trace))
            assert found >= spans, f"{found} of {spans} spans of trace {trace_id} in {self.traces_file}"
            return trace

        return eventually(whole, deadline_s)

    def validate(self, config: Path) -> str:
        """What `validate` has to say about a configuration: nothing if it is good."""
        command = [str(self._program), "validate", "--config", str(config)]
        done = subprocess.run(command, cwd=config.parent, capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else done.stderr

    def prepare(self) -> tuple[Sequence[str], Mapping[str, str], str]:
        """Fill the configuration's variables."""
        http = f"{HOST}:{self._http_port or free_port()}"
        grpc = f"{HOST}:{self._grpc_port or free_port()}"
        health = f"{HOST}:{free_port()}"
        self.http_endpoint, self.grpc_endpoint = f"http://{http}", grpc
        environment = {
            "COLLECTOR_HEALTH_ADDRESS": health,
            "COLLECTOR_QUEUE_DIR": str(self.folder / "queue"),
            "JAEGER_OTLP_GRPC_ADDRESS": self._jaeger_grpc,
            "OTLP_GRPC_ADDRESS": grpc,
            "OTLP_HTTP_ADDRESS": http,
            "TRACES_FILE": str(self.traces_file),
        }
        return [str(self._program), "--config", str(CONFIGS / self._config)], environment, health
