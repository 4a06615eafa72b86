"""Plain span records as the SDK's spans, for its exporters. Knows no run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

    from runspan.mapping import EventRecord, LinkRecord, SpanRecord

__all__ = ["sdk_span"]

_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)


def sdk_span(record: SpanRecord, resource: Resource) -> ReadableSpan:
    """Return a finished span of the SDK.

    Args:
        record: The span.
        resource: Whose span it is; the record's own is passed over.
    """
    parent = record.parent_span_id
    return ReadableSpan(
        name=record.name,
        context=_context(record.trace_id, record.span_id),
        parent=_context(record.trace_id, parent) if parent is not None else None,
        resource=resource,
        attributes=record.attributes,
        events=[_event(event) for event in record.events],
        links=[_link(link) for link in record.links],
        kind=SpanKind(record.kind - 1),
        status=Status(StatusCode(record.status_code), record.status_message or None),
        start_time=record.start_unix_nano,
        end_time=record.end_unix_nano,
        instrumentation_scope=InstrumentationScope(record.scope_name),
    )


def _context(trace_id: int, span_id: int) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=False, trace_flags=_SAMPLED)


def _event(event: EventRecord) -> Event:
    return Event(event.name, event.attributes, event.time_unix_nano)


def _link(link: LinkRecord) -> Link:
    return Link(_context(link.trace_id, link.span_id), link.attributes)
