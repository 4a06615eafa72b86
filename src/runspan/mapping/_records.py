"""Spans as plain data, whatever they came from: an SDK span, OTLP JSON, OTLP protobuf. Knows no Run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Attributes", "EventRecord", "LinkRecord", "SpanRecord"]

Attributes = Mapping[str, Any]
"""Attribute values by name: str, bool, int, float, or what another library put there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One span event."""

    name: str
    """Name of the event."""
    time_unix_nano: int
    """Nanoseconds since the epoch."""
    attributes: Attributes = field(default_factory=dict)
    """Attributes by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRecord:
    """One span link."""

    trace_id: int
    """128 bits."""
    span_id: int
    """64 bits."""
    attributes: Attributes = field(default_factory=dict)
    """Attributes by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRecord:
    """One finished span."""

    trace_id: int
    """128 bits."""
    span_id: int
    """64 bits."""
    parent_span_id: int | None = None
    """64 bits; None for a root."""
    name: str
    """Name of the span."""
    kind: int = 1
    """SpanKind as OTLP numbers it; 1 is INTERNAL."""
    start_unix_nano: int
    """Nanoseconds since the epoch."""
    end_unix_nano: int
    """Nanoseconds since the epoch."""
    attributes: Attributes = field(default_factory=dict)
    """Attributes by name."""
    events: Sequence[EventRecord] = ()
    """Events in the order they were added."""
    links: Sequence[LinkRecord] = ()
    """Links in the order they were added."""
    status_code: int = 0
    """StatusCode as OTLP numbers it: 0 unset, 1 ok, 2 error."""
    status_message: str = ""
    """Description of an error."""
    resource: Attributes = field(default_factory=dict)
    """Attributes of the resource."""
    scope_name: str = ""
    """Name of the instrumentation scope."""
