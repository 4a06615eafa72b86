"""OTLP JSON documents as plain span records. Knows neither files nor servers.

What the Collector's file exporter writes in one line, and what Jaeger answers under `/api/v3`. The encoding: hex ids,
camelCase names, 64-bit integers as strings, empty fields left out, unknown fields ignored.
See https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import orjson

from runspan import semconv
from runspan.errors import InterchangeError
from runspan.mapping import EventRecord, LinkRecord, SpanRecord
from runspan.values import loads

__all__ = ["MAX_DOCUMENT_BYTES", "has_traces", "parse_document", "read_otlp_json"]

MAX_DOCUMENT_BYTES: Final = 64 * 1024 * 1024
"""Largest document that is read: a line, a message, an answer."""

_MAX_PARTS: Final = 3_000_000
"""Most values in one document: `[],[],[],…` takes thirty times its size in memory."""

_FREE_BYTES: Final = 4 * 1024 * 1024  # below that, thirty times is nothing to speak of

_Object = Mapping[str, Any]

_WRONG: Final = (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError)
"""What a value of the wrong type or size raises where it is looked into."""

# One text for each name of ours, however many spans wait in memory.
_NAMES: Final = {name: name for name in vars(semconv).values() if isinstance(name, str)}

_UINT64: Final = 2**64


def parse_document(data: bytes) -> Any:
    """Parse a JSON document of strangers.

    Raises:
        ValueError: It is none, or one that would fill the memory.
    """
    if len(data) > _FREE_BYTES and sum(map(data.count, (b",", b"[", b"{"))) > _MAX_PARTS:
        raise ValueError(f"more than {_MAX_PARTS:,} values")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        if rb"\u" not in data:
            raise
        return loads(data)  # lone surrogates


def has_traces(document: object) -> bool:
    """Whether parsed JSON is a document of spans, and not one of logs, of metrics or of something else."""
    if isinstance(document, dict) and isinstance(document.get("result"), dict):
        document = document["result"]
    return isinstance(document, dict) and "resourceSpans" in document


def read_otlp_json(
    document: _Object, *, on_bad: Callable[[InterchangeError], None] | None = None
) -> Iterator[SpanRecord]:
    """Give the spans of one OTLP JSON document.

    Args:
        document: Parsed JSON with `resourceSpans`; Jaeger's answer also with that inside `result`.
        on_bad: Told of each span, or larger part, that cannot be read; the others are given. Without it that raises.

    Raises:
        InterchangeError: It is no such document.
    """
    try:
        document = document.get("result", document)
        for resource_spans in document.get("resourceSpans") or ():
            yield from _resource_spans(resource_spans, on_bad)
    except _WRONG as exc:
        _tell(exc, on_bad)


def _tell(exc: Exception, on_bad: Callable[[InterchangeError], None] | None) -> None:
    error = InterchangeError(f"this is no OTLP JSON: {type(exc).__name__}: {exc}"[:500])
    if on_bad is None:
        raise error from exc
    on_bad(error)


def _resource_spans(resource_spans: _Object, on_bad: Callable[[InterchangeError], None] | None) -> Iterator[SpanRecord]:
    try:
        resource = _attributes(resource_spans.get("resource") or {})
        for scope_spans in resource_spans.get("scopeSpans") or ():
            scope_name = (scope_spans.get("scope") or {}).get("name", "")
            for span in scope_spans.get("spans") or ():
                try:
                    record = _span(span, resource, scope_name)
                except _WRONG as exc:
                    _tell(exc, on_bad)
                else:
                    yield record
    except _WRONG as exc:
        _tell(exc, on_bad)


def _span(span: _Object, resource: _Object, scope_name: str) -> SpanRecord:
    status = span.get("status") or {}
    events, links = span.get("events"), span.get("links")
    return SpanRecord(
        trace_id=_id(span["traceId"], 32),
        span_id=_id(span["spanId"], 16),
        parent_span_id=_id(span["parentSpanId"], 16) if span.get("parentSpanId") else None,
        name=_text(span.get("name", "")),
        kind=_enum(span.get("kind", 0)),
        start_unix_nano=_time(span.get("startTimeUnixNano", 0)),
        end_unix_nano=_time(span.get("endTimeUnixNano", 0)),
        attributes=_attributes(span),
        events=tuple([_event(event) for event in events]) if events else (),
        links=tuple([_link(link) for link in links]) if links else (),
        status_code=_enum(status.get("code", 0)),
        status_message=_text(status.get("message", "")),
        resource=resource,
        scope_name=_text(scope_name),
    )


def _event(event: _Object) -> EventRecord:
    return EventRecord(
        name=_text(event.get("name", "")),
        time_unix_nano=_time(event.get("timeUnixNano", 0)),
        attributes=_attributes(event),
    )


def _link(link: _Object) -> LinkRecord:
    return LinkRecord(trace_id=_id(link["traceId"], 32), span_id=_id(link["spanId"], 16), attributes=_attributes(link))


def _id(digits: str, most: int) -> int:
    if len(digits) > most or not digits.isalnum():
        msg = f"{digits[:40]!r} is no id of {most} hex digits"
        raise ValueError(msg)
    return int(digits, 16)


def _time(value: object) -> int:
    nanoseconds = int(value)  # type: ignore[call-overload]
    if not 0 <= nanoseconds < _UINT64:
        msg = "a time beyond 64 bits"
        raise ValueError(msg)
    return nanoseconds  # type: ignore[no-any-return]


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = f"{type(value).__name__} where a text should be"
        raise TypeError(msg)
    return value


_ENUM_NAMES: Final = {
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
    found: dict[str, Any] = {}
    known_name = _NAMES.get
    for item in holder.get("attributes") or ():
        name = item["key"]
        value = item.get("value") or {}
        text = value.get("stringValue")
        known = known_name(name) or _text(name)
        found[known] = text if type(text) is str else _value(value)
    return found


def _value(value: _Object) -> Any:
    """Return an AnyValue as Python has it; None for an empty one."""
    digits = value.get("intValue")  # the most frequent one beside texts
    if type(digits) is str:
        return _integer(digits)
    for kind, content in value.items():
        reader = _READERS.get(kind)
        if reader is not None:
            return reader(content)
    return None


def _integer(content: object) -> int:
    number = int(content)  # type: ignore[call-overload]
    if not -(2**63) <= number < _UINT64:
        msg = "an integer beyond 64 bits"
        raise ValueError(msg)
    return number  # type: ignore[no-any-return]


def _array(content: _Object) -> list[Any]:
    return [_value(item) for item in content.get("values") or ()]


def _map(content: _Object) -> dict[str, Any]:
    return {_text(item["key"]): _value(item.get("value") or {}) for item in content.get("values") or ()}


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "arrayValue": _array,
    "boolValue": lambda content: content is True,
    "bytesValue": _text,
    "doubleValue": float,
    "intValue": _integer,
    "kvlistValue": _map,
    "stringValue": _text,
}
