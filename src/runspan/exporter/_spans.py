"""SDK spans as plain records. Knows no Run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runspan.mapping import EventRecord, LinkRecord, SpanRecord

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["span_record"]


def span_record(span: ReadableSpan) -> SpanRecord:
    """Return a finished SDK span as a record."""
    context = span.get_span_context()
    return SpanRecord(
        trace_id=context.trace_id if context else 0,
        span_id=context.span_id if context else 0,
        parent_span_id=span.parent.span_id if span.parent else None,
        name=span.name,
        kind=span.kind.value + 1,
        start_unix_nano=span.start_time or 0,
        end_unix_nano=span.end_time or 0,
        attributes=dict(span.attributes or {}),
        events=tuple(
            EventRecord(name=event.name, time_unix_nano=event.timestamp or 0, attributes=dict(event.attributes or {}))
            for event in span.events
        ),
        links=tuple(
            LinkRecord(
                trace_id=link.context.trace_id, span_id=link.context.span_id, attributes=dict(link.attributes or {})
            )
            for link in span.links
        ),
        status_code=span.status.status_code.value,
        status_message=span.status.description or "",
        resource=dict(span.resource.attributes),
        scope_name=span.instrumentation_scope.name if span.instrumentation_scope else "",
    )
