"""OTLP protobuf as plain span records, span by span. Knows neither files nor servers.

Messages are taken apart by hand down to single spans: a few bytes of protobuf can say millions of empty messages, and
parsed whole they would fill the memory.
See https://protobuf.dev/programming-guides/encoding/ and opentelemetry/proto/trace/v1/trace.proto.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from runspan.errors import InterchangeError
from runspan.mapping import EventRecord, LinkRecord, SpanRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["read_otlp_protobuf", "read_resource_spans", "varint"]

_RESOURCE_SPANS: Final = 1
_RESOURCE: Final = 1
_SCOPE_SPANS: Final = 2
_SCOPE: Final = 1
_SPANS: Final = 2

_BYTES_WIRE: Final = 2
_FIXED_WIRE: Final = {1: 8, 5: 4}
_MAX_VARINT: Final = 10
_MAX_SPAN_BYTES: Final = 16 * 1024 * 1024
_MAX_HEAD_BYTES: Final = 1024 * 1024
_MAX_FIELDS: Final = 1_000_000
"""Most fields of one message: no span takes less than fifty bytes, and one that says nothing takes two."""


def read_otlp_protobuf(
    data: bytes, *, on_bad: Callable[[InterchangeError], None] | None = None
) -> Iterator[SpanRecord]:
    """Give the spans of one `TracesData`, or of an `ExportTraceServiceRequest`, which is the same on the wire.

    Args:
        data: The message.
        on_bad: Told of each span, or larger part, that cannot be read; the others are given. Without it that raises.

    Raises:
        InterchangeError: It is no such message.
    """
    try:
        for number, part in _fields(memoryview(data)):
            if number == _RESOURCE_SPANS:
                yield from read_resource_spans(part, on_bad=on_bad)
    except (DecodeError, ValueError) as exc:
        _tell(exc, on_bad)


def read_resource_spans(
    data: memoryview | bytes, *, on_bad: Callable[[InterchangeError], None] | None = None
) -> Iterator[SpanRecord]:
    """Give the spans of one `ResourceSpans`; arguments as for `read_otlp_protobuf`."""
    data = memoryview(data)
    try:
        resource: dict[str, Any] = {}
        for number, part in _fields(data):
            if number == _RESOURCE:
                resource = _attributes(Resource.FromString(_bounded(part, _MAX_HEAD_BYTES)).attributes)
        for number, part in _fields(data):
            if number == _SCOPE_SPANS:
                yield from _scope_spans(part, resource, on_bad)
    except (DecodeError, ValueError) as exc:
        _tell(exc, on_bad)


def _scope_spans(
    data: memoryview, resource: dict[str, Any], on_bad: Callable[[InterchangeError], None] | None
) -> Iterator[SpanRecord]:
    scope_name = ""
    for number, part in _fields(data):
        if number == _SCOPE:
            scope_name = InstrumentationScope.FromString(_bounded(part, _MAX_HEAD_BYTES)).name
    for number, part in _fields(data):
        if number == _SPANS:
            try:
                record = _span(Span.FromString(_bounded(part, _MAX_SPAN_BYTES)), resource, scope_name)
            except (DecodeError, RecursionError, ValueError) as exc:
                _tell(exc, on_bad)
            else:
                yield record


def _tell(exc: Exception, on_bad: Callable[[InterchangeError], None] | None) -> None:
    error = InterchangeError(f"this is no OTLP protobuf: {type(exc).__name__}: {exc}"[:500])
    if on_bad is None:
        raise error from exc
    on_bad(error)


def _bounded(part: memoryview, most: int) -> bytes:
    if len(part) > most:
        msg = f"a part of {len(part):,} bytes, more than {most:,}"
        raise ValueError(msg)
    return part.tobytes()


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Give number and content of each field of a message that is bytes; fields of other kinds are passed over."""
    at, end, left = 0, len(data), _MAX_FIELDS
    while at < end:
        left -= 1
        if left < 0:
            raise ValueError(f"a message of more than {_MAX_FIELDS:,} fields")
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == _BYTES_WIRE:
            size, at = varint(data, at)
            if at + size > end:
                raise ValueError("a field that is longer than its message")
            yield number, data[at : at + size]
            at += size
        elif wire == 0:
            _, at = varint(data, at)
        elif wire in _FIXED_WIRE:
            at += _FIXED_WIRE[wire]
        else:
            raise ValueError(f"wire type {wire}")


def varint(data: memoryview | bytes, at: int) -> tuple[int, int]:
    """Read a number of variable length.

    Returns:
        The number and the place after it.

    Raises:
        ValueError: There is none.
    """
    value = 0
    for place in range(_MAX_VARINT):
        if at + place >= len(data):
            raise ValueError("a number that is cut short")
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:  # noqa: PLR2004 - the highest bit says that more follow
            return value, at + place + 1
    raise ValueError("a number of more than 64 bits")


def _span(span: Span, resource: dict[str, Any], scope_name: str) -> SpanRecord:
    return SpanRecord(
        trace_id=_id(span.trace_id, 16),
        span_id=_id(span.span_id, 8),
        parent_span_id=_id(span.parent_span_id, 8) if span.parent_span_id else None,
        name=span.name,
        kind=span.kind,
        start_unix_nano=span.start_time_unix_nano,
        end_unix_nano=span.end_time_unix_nano,
        attributes=_attributes(span.attributes),
        events=tuple(
            EventRecord(name=event.name, time_unix_nano=event.time_unix_nano, attributes=_attributes(event.attributes))
            for event in span.events
        ),
        links=tuple(
            LinkRecord(
                trace_id=_id(link.trace_id, 16), span_id=_id(link.span_id, 8), attributes=_attributes(link.attributes)
            )
            for link in span.links
        ),
        status_code=span.status.code,
        status_message=span.status.message,
        resource=resource,
        scope_name=scope_name,
    )


def _id(data: bytes, most: int) -> int:
    if not 0 < len(data) <= most:
        raise ValueError(f"an id of {len(data)} bytes, not of {most}")
    return int.from_bytes(data, "big")


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    content = getattr(value, kind)
    if kind == "array_value":
        return [_value(item) for item in content.values]
    if kind == "kvlist_value":
        return _attributes(content.values)
    return content.hex() if kind == "bytes_value" else content
