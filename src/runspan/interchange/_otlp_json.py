"""OTLP JSON documents as plain span records. Knows neither files nor servers.

What the Collector's file exporter writes in one line, and what Jaeger answers under `/api/v3`. The encoding: hex ids,
camelCase names, 64-bit integers as strings, empty fields left out, unknown fields ignored.
See https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from runspan.errors import InterchangeError
from runspan.mapping import EventRecord, LinkRecord, SpanRecord

__all__ = ["read_otlp_json"]

_Object = Mapping[str, Any]


def read_otlp_json(document: _Object) -> Iterator[SpanRecord]:
    """Give the spans of one OTLP JSON document.

    Args:
        document: Parsed JSON with `resourceSpans`; Jaeger's answer also with that inside `result`.

    Raises:
        InterchangeError: It is no such document.
    """
    try:
        document = document.get("result", document)
        for resource_spans in document.get("resourceSpans") or ():
            resource = _attributes(resource_spans.get("resource", {}))
            for scope_spans in resource_spans.get("scopeSpans") or ():
                scope_name = scope_spans.get("scope", {}).get("name", "")
                for span in scope_spans.get("spans") or ():
                    yield _span(span, resource, scope_name)
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        msg = f"this is no OTLP JSON: {type(exc).__name__}: {exc}"
        raise InterchangeError(msg) from exc


def _span(span: _Object, resource: _Object, scope_name: str) -> SpanRecord:
    status = span.get("status", {})
    return SpanRecord(
        trace_id=int(span["traceId"], 16),
        span_id=int(span["spanId"], 16),
        parent_span_id=int(span["parentSpanId"], 16) if span.get("parentSpanId") else None,
        name=span.get("name", ""),
        kind=_enum(span.get("kind", 0)),
        start_unix_nano=int(span.get("startTimeUnixNano", 0)),
        end_unix_nano=int(span.get("endTimeUnixNano", 0)),
        attributes=_attributes(span),
        events=tuple(_event(event) for event in span.get("events") or ()),
        links=tuple(_link(link) for link in span.get("links") or ()),
        status_code=_enum(status.get("code", 0)),
        status_message=status.get("message", ""),
        resource=resource,
        scope_name=scope_name,
    )


def _event(event: _Object) -> EventRecord:
    return EventRecord(
        name=event.get("name", ""),
        time_unix_nano=int(event.get("timeUnixNano", 0)),
        attributes=_attributes(event),
    )


def _link(link: _Object) -> LinkRecord:
    return LinkRecord(trace_id=int(link["traceId"], 16), span_id=int(link["spanId"], 16), attributes=_attributes(link))


_ENUM_NAMES = {
    "SPAN_KIND_INTERNAL": 1,
    "SPAN_KIND_SERVER": 2,
    "SPAN_KIND_CLIENT": 3,
    "SPAN_KIND_PRODUCER": 4,
    "SPAN_KIND_CONSUMER": 5,
    "STATUS_CODE_OK": 1,
    "STATUS_CODE_ERROR": 2,
}


def _enum(value: int | str) -> int:
    # The specification wants numbers; protobuf's own JSON writes names.
    return value if isinstance(value, int) else _ENUM_NAMES.get(value, 0)


def _attributes(holder: _Object) -> dict[str, Any]:
    return {item["key"]: _value(item.get("value", {})) for item in holder.get("attributes") or ()}


def _value(value: _Object) -> Any:
    """Return an AnyValue as Python has it; None for an empty one."""
    for kind, content in value.items():
        if kind == "intValue":
            return int(content)
        if kind == "doubleValue":
            return float(content)
        if kind == "arrayValue":
            return [_value(item) for item in content.get("values") or ()]
        if kind == "kvlistValue":
            return {item["key"]: _value(item.get("value", {})) for item in content.get("values") or ()}
        if kind in {"stringValue", "boolValue", "bytesValue"}:
            return cast("str | bool", content)
    return None
