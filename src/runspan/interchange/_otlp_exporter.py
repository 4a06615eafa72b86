"""The SDK's OTLP exporters, by OpenTelemetry's own variables or by an address. Knows no run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from runspan.errors import ConfigError
from runspan.settings import otlp_protocol

if TYPE_CHECKING:
    import requests
    from opentelemetry.sdk.trace.export import SpanExporter

__all__ = ["otlp_exporter", "traces_address"]

# Below the exporters' own, so that who listens for what an exporter says hears this as well.
_logger = logging.getLogger("opentelemetry.exporter.otlp.rejected")

_TRACES_PATH: Final = "/v1/traces"
_GRPC: Final = "grpc"
_HTTP: Final = "http/protobuf"


def traces_address(endpoint: str | None) -> str | None:
    """Return the address with the path that the exporter over HTTP wants; a base address has none yet.

    Raises:
        ConfigError: It is no address.
    """
    if endpoint is None:
        return None
    _check(endpoint)
    return endpoint if endpoint.rstrip("/").endswith(_TRACES_PATH) else endpoint.rstrip("/") + _TRACES_PATH


def _check(endpoint: str) -> None:
    if not endpoint.startswith(("http://", "https://")):
        msg = f"endpoint={endpoint!r}: must begin with http:// or https://, like http://localhost:4318"
        raise ConfigError(msg)


def otlp_exporter(endpoint: str | None = None, *, protocol: str | None = None) -> SpanExporter:
    """Make an OTLP exporter of the SDK.

    Args:
        endpoint: Address of the receiver; the `OTEL_EXPORTER_OTLP_*` variables if it is not given.
        protocol: `http/protobuf` or `grpc`; else the variable `OTEL_EXPORTER_OTLP_PROTOCOL`, else `http/protobuf`.

    Returns:
        The exporter; over HTTP one that logs what a receiver says it has rejected of what it took.

    Raises:
        ConfigError: One of them cannot be used.
    """
    protocol = protocol or otlp_protocol()
    if protocol == _GRPC:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as Grpc  # noqa: PLC0415 - loads gRPC

        if endpoint is not None:
            _check(endpoint)
        return Grpc(endpoint=endpoint)
    if protocol != _HTTP:
        raise ConfigError(f"protocol={protocol!r}: must be {_HTTP} or {_GRPC}")
    import requests  # noqa: PLC0415 - as above
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as Http  # noqa: PLC0415 - as above

    session = requests.Session()
    session.hooks["response"].append(_look_for_rejected)
    return Http(endpoint=traces_address(endpoint), session=session)


def _look_for_rejected(response: requests.Response, *_: Any, **__: Any) -> None:
    """Turn an answer that says yes, and in its body that some spans were rejected, into a no."""
    if response.status_code != 200 or "protobuf" not in response.headers.get("Content-Type", ""):  # noqa: PLR2004
        return
    try:
        rejected = ExportTraceServiceResponse.FromString(response.content).partial_success
    except Exception:  # noqa: BLE001 - a receiver may answer anything; it has said yes
        return
    if rejected.rejected_spans:
        _logger.error("the receiver rejected %d spans: %s", rejected.rejected_spans, rejected.error_message)
        response.status_code = 400
        response.reason = f"{rejected.rejected_spans} spans rejected: {rejected.error_message}"
