"""The real Jaeger and its query API. Knows nothing of the Collector."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tests.backends._programs import JAEGER, find
from tests.backends._server import CONFIGS, HOST, Server, free_port, get
from tests.backends.otlp import OTLP, spans_in
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Jaeger", "JaegerClient"]


class JaegerClient:
    """Reads a Jaeger over `/api/v3`."""

    def __init__(self, url: str) -> None:
        """Talk to the Jaeger whose pages are, or would be, at `url`."""
        self._address: Final = urlsplit(url).netloc

    def trace(self, trace_id: str) -> OTLP | None:
        """One trace by its 32 hex digits as OTLP JSON, `{"resourceSpans": […]}`; None if Jaeger has none."""
        status, body = get(self._address, f"/api/v3/traces/{trace_id}")
        if status == 404:
            return None
        assert status == 200, body
        result: OTLP = json.loads(body)["result"]
        return result

    def wait_for(self, trace_id: str, *, spans: int = 1, deadline_s: float = 20.0) -> OTLP:
        """One trace as soon as it has this many spans; spans arrive in batches, so a trace grows."""

        def whole() -> OTLP | None:
            trace = self.trace(trace_id)
            found = len(spans_in(trace)) if trace else 0
            assert found >= spans, f"{found} of {spans} spans of trace {trace_id} in Jaeger"
            return trace

        return eventually(whole, deadline_s)

    def services(self) -> list[str]:
        """Names of all services that sent spans."""
        status, body = get(self._address, "/api/v3/services")
        assert status == 200, body
        services: list[str] = json.loads(body)["services"]
        return services

    def page(self) -> str:
        """The start page."""
        return get(self._address, "/")[1].decode()


class Jaeger(Server):
    """A Jaeger from `collector-config`: traces in memory, with `jaeger-badger.yaml` on disk."""

    url: str
    """Address of its API and pages, for `RUNSPAN_JAEGER_URL`."""
    http_endpoint: str
    """Where it takes OTLP over HTTP."""
    grpc_endpoint: str
    """Where it takes OTLP over gRPC, as host:port."""

    def __init__(
        self, folder: Path, *, port: int | None = None, grpc_port: int | None = None, config: str = "jaeger.yaml"
    ) -> None:
        """Find the program; start nothing yet.

        Args:
            folder: Where its log goes.
            port: Port of its API and pages; without, a free one.
            grpc_port: Port where it takes OTLP over gRPC; without, a free one.
            config: Which configuration of `collector-config`.
        """
        super().__init__("jaeger", folder)
        self._program: Final = find(JAEGER)
        self._port: Final = port
        self._grpc_port: Final = grpc_port
        self._config: Final = config

    @property
    def client(self) -> JaegerClient:
        """A reader of this Jaeger."""
        return JaegerClient(self.url)

    def prepare(self) -> tuple[Sequence[str], Mapping[str, str], str]:
        """Fill the configuration's variables."""
        query, health, http = (f"{HOST}:{free_port()}" for _ in range(3))
        grpc = f"{HOST}:{self._grpc_port or free_port()}"
        ui = f"{HOST}:{self._port or free_port()}"
        self.url, self.http_endpoint, self.grpc_endpoint = f"http://{ui}", f"http://{http}", grpc
        environment = {
            "JAEGER_ADDRESS": ui,
            "JAEGER_GRPC_ADDRESS": query,
            "JAEGER_HEALTH_ADDRESS": health,
            "JAEGER_OTLP_GRPC_ADDRESS": grpc,
            "JAEGER_OTLP_HTTP_ADDRESS": http,
            "JAEGER_KEYS_DIR": str(self.folder / "badger" / "keys"),
            "JAEGER_VALUES_DIR": str(self.folder / "badger" / "values"),
            "JAEGER_UI_CONFIG": str(CONFIGS / "jaeger-ui.json"),
        }
        return [str(self._program), "--config", str(CONFIGS / self._config)], environment, health
