"""An OTLP/HTTP receiver in a thread of the test, for what needs no real Collector. Knows nothing of runspan."""

from __future__ import annotations

import base64
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

__all__ = ["Receiver"]


class Receiver:
    """Takes OTLP as protobuf over HTTP and keeps it."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self.requests: list[ExportTraceServiceRequest] = []
        self.paths: set[str] = set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.paths.add(self.path)
                receiver.requests.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def endpoint(self) -> str:
        """For `OTEL_EXPORTER_OTLP_ENDPOINT`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def spans(self, trace_id: str | None = None) -> list[Span]:
        """All spans, or those of one trace (32 hex digits), in the order of their start."""
        found = [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
            if trace_id in {None, span.trace_id.hex()}
        ]
        return sorted(found, key=lambda span: span.start_time_unix_nano)

    @staticmethod
    def document(request: ExportTraceServiceRequest) -> dict[str, Any]:
        """A request as OTLP JSON."""
        told: dict[str, Any] = json_format.MessageToDict(request)
        for span in (
            span for resource in told["resourceSpans"] for scope in resource["scopeSpans"] for span in scope["spans"]
        ):
            for name in {"traceId", "spanId", "parentSpanId"} & set(span):
                span[name] = base64.b64decode(span[name]).hex()
            for link in span.get("links", []):
                link.update({name: base64.b64decode(link[name]).hex() for name in ("traceId", "spanId")})
        return told

    def services(self) -> set[str]:
        """The `service.name` of everything that came."""
        attributes = [
            pair for request in self.requests for one in request.resource_spans for pair in one.resource.attributes
        ]
        return {pair.value.string_value for pair in attributes if pair.key == "service.name"}

    def tree(self, trace_id: str) -> str:
        """The names of a trace's spans as a text tree, children in the order of their start."""
        spans = self.spans(trace_id)
        known = {span.span_id for span in spans}
        lines: list[str] = []

        def draw(parent: bytes, indent: str) -> None:
            children = [span for span in spans if span.parent_span_id == parent]
            for span in children:
                is_last = span is children[-1]
                lines.append(f"{indent}{'└' if is_last else '├'}── {span.name}")
                draw(span.span_id, indent + ("    " if is_last else "│   "))

        for root in (span for span in spans if span.parent_span_id not in known):
            lines.append(root.name)
            draw(root.span_id, "")
        return "\n".join(lines)

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
