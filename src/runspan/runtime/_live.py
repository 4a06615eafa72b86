"""Spans of a run in progress: parts projected on spans of the OpenTelemetry API. Knows no context and no record.

A span is described while it records and not otherwise. Within one span's event budget our events never evict each
other; its strings are kept within bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opentelemetry.trace import StatusCode

from runspan import semconv
from runspan.mapping import MAX_SPAN_BYTES, fit, identity, outcome_attributes

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from runspan.record import ExceptionParts, OutcomeParts
    from runspan.settings import Settings

__all__ = ["LiveSpan"]

_MAX_DESCRIPTION: Final = 1_024


class LiveSpan:
    """One span of ours from its start to its end."""

    __slots__ = (
        "_events_left",
        "_failed",
        "_max_value_bytes",
        "_room",
        "_run_id",
        "context",
        "is_recording",
        "is_sampled",
        "parent_id",
        "span",
        "span_id",
    )

    def __init__(
        self,
        span: Span,
        run_id: str,
        settings: Settings,
        *,
        parent_id: int = 0,
        reserved_events: int = 0,
        used: int = 0,
    ) -> None:
        """Take a started span.

        Args:
            span: The span.
            run_id: The run it belongs to.
            settings: Bounds.
            parent_id: Its parent span, 0 for none.
            reserved_events: Events to keep room for: a decision's outcome.
            used: Bytes that its strings take already.
        """
        self.span = span
        self.context = context = span.get_span_context()
        self.span_id = context.span_id
        self.parent_id = parent_id
        self._run_id = run_id
        self.is_recording = span.is_recording()
        """Whether it is worth making attributes for it."""
        self.is_sampled = self.is_recording and context.trace_flags.sampled
        """Whether it is to be exported."""
        self._max_value_bytes = settings.max_value_bytes
        self._events_left = settings.event_limit - reserved_events
        self._room = MAX_SPAN_BYTES - used
        self._failed = False

    @property
    def is_full(self) -> bool:
        """Whether one more event of ours would evict another."""
        return self._events_left <= 0 or self._room <= 0

    def set(self, attributes: dict[str, Any]) -> None:
        """Set attributes, cut to fit."""
        self.span.set_attributes(self._fitted(attributes))

    def set_one(self, name: str, value: str | int) -> None:
        """Set an attribute that is short."""
        self.span.set_attribute(name, value)

    def add_event(self, name: str, unix_nano: int, attributes: dict[str, Any]) -> None:
        """Add an event, cut to fit.

        Args:
            name: Its name.
            unix_nano: Its time.
            attributes: Its attributes.
        """
        self._events_left -= 1
        self.span.add_event(name, self._fitted(attributes), unix_nano)

    def add_outcome(self, parts: OutcomeParts) -> None:
        """Add the event of an outcome, for which room was kept."""
        attributes, size = outcome_attributes(parts), len(parts.line)
        if 0 < size <= self._max_value_bytes and size <= self._room:
            self._room -= size  # its line holds all its texts: nothing can be too large, so nothing is measured
        else:
            attributes = self._fitted(attributes)
        self.span.add_event(semconv.EVENT_OUTCOME, attributes, parts.recorded.unix_nano)

    def _fitted(self, attributes: dict[str, Any]) -> dict[str, Any]:
        fitted, used = fit(attributes, max_value_bytes=self._max_value_bytes, room=self._room)
        self._room -= used
        return fitted

    def fail(self, description: str | None, error_type: str = semconv.ERROR_TYPE_OTHER) -> None:
        """Set the status to ERROR; the first failure describes it."""
        if self._failed or not self.is_recording:
            return
        self._failed = True
        self.span.set_status(StatusCode.ERROR, (description or "")[:_MAX_DESCRIPTION] or None)
        self.span.set_attribute(semconv.ERROR_TYPE, error_type)

    def add_exception(self, parts: ExceptionParts, unix_nano: int) -> None:
        """Record an exception that escaped from the agent's code, if there is room."""
        if self.is_full or not self.is_recording:
            return
        attributes = {
            semconv.EXCEPTION_TYPE: parts.type,
            semconv.EXCEPTION_MESSAGE: parts.message,
            semconv.EXCEPTION_STACKTRACE: parts.stacktrace,
        }
        self.add_event(semconv.EVENT_EXCEPTION, unix_nano, attributes)

    def end(self, unix_nano: int) -> None:
        """End it; what every span carries is set again where a limit has evicted it: the oldest go first."""
        # Spans that do not tell whether they dropped any get them again in any case.
        if self.is_recording and getattr(self.span, "dropped_attributes", True):
            self.span.set_attributes(identity(self._run_id))
        self.span.end(unix_nano)
