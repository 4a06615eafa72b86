"""Deterministic ids and time, and runs captured in memory, for tests of agents and of runspan itself.

Knows the SDK; opens no network connection.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator

from runspan.exporter import span_record
from runspan.mapping import decode_run, run_id_of
from runspan.runtime import Runtime

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from typing import Any

    from opentelemetry.sdk.trace import ReadableSpan

    from runspan.mapping import DecodedRun, SpanRecord

__all__ = ["CapturedRuns", "SequentialIds", "SpanList", "StepClock"]

_NOON: Final = 1_795_435_200_000_000_000
"""2026-11-23T12:00:00Z in nanoseconds."""


class SequentialIds(IdGenerator):
    """Trace ids, span ids and the digits of run ids counted from 1."""

    def __init__(self) -> None:
        """Start at 1."""
        self._lock = threading.Lock()  # guards _counts
        self._counts = {"trace": 0, "span": 0, "run": 0}

    def _next(self, kind: str) -> int:
        with self._lock:
            self._counts[kind] += 1
            return self._counts[kind]

    def generate_trace_id(self) -> int:
        """Return the next trace id."""
        return self._next("trace")

    def generate_span_id(self) -> int:
        """Return the next span id."""
        return self._next("span")

    def run_digits(self) -> str:
        """Return the eight hex digits of the next run id."""
        return f"{self._next('run'):08x}"


class StepClock:
    """A clock that starts at a fixed instant and goes one step further each time it is read."""

    def __init__(self, start_unix_nano: int = _NOON, step_ns: int = 1_000_000) -> None:
        """Set the clock.

        Args:
            start_unix_nano: The wall clock's first reading.
            step_ns: How far each monotonic reading goes, 1 ms if it is not given.
        """
        self._lock = threading.Lock()  # guards _elapsed_ns
        self._start_ns = start_unix_nano
        self._elapsed_ns = 0
        self._step_ns = step_ns

    def advance(self, ns: int) -> None:
        """Let time pass.

        Args:
            ns: Nanoseconds.
        """
        with self._lock:
            self._elapsed_ns += ns

    def wall_ns(self) -> int:
        """Return nanoseconds since the epoch; reading it takes no time."""
        return self._start_ns + self._elapsed_ns

    def monotonic_ns(self) -> int:
        """Return nanoseconds since the start, one step further than before."""
        with self._lock:
            self._elapsed_ns += self._step_ns
            return self._elapsed_ns


class SpanList(SpanExporter):
    """Keeps finished spans in memory, in the order in which they ended."""

    def __init__(self) -> None:
        """Start empty."""
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Keep them."""
        self.spans.extend(spans)
        return SpanExportResult.SUCCESS


class CapturedRuns:
    """A Runtime whose spans stay in memory and whose ids and times are the same in every test run."""

    def __init__(self, storage_path: str | os.PathLike[str] | None = None, **runtime_arguments: Any) -> None:
        """Make the Runtime and a provider of its own; nothing global is touched.

        Args:
            storage_path: Where run files go, None for none.
            runtime_arguments: Further arguments of Runtime.
        """
        ids = SequentialIds()
        self.exporter = SpanList()
        self.provider = TracerProvider(id_generator=ids, shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("application")
        defaults: dict[str, Any] = {
            "tracer_provider": self.provider,
            "clock": StepClock(),
            "run_digits": ids.run_digits,
        }
        self.runtime = Runtime(storage_path, **(defaults | runtime_arguments))

    @property
    def spans(self) -> list[SpanRecord]:
        """All finished spans, in the order in which they ended."""
        return [span_record(span) for span in self.exporter.spans]

    def spans_of(self, run_id: str) -> list[SpanRecord]:
        """Return the finished spans of one run, in the order in which they ended."""
        return [span for span in self.spans if run_id_of(span.attributes) == run_id]

    def span(self, name: str) -> SpanRecord:
        """Return the only finished span of that name.

        Raises:
            LookupError: There is none, or more than one.
        """
        found = [span for span in self.spans if span.name == name]
        if len(found) != 1:
            msg = f"{len(found)} spans are named {name!r}; there are {sorted({span.name for span in self.spans})}"
            raise LookupError(msg)
        return found[0]

    def decoded(self, run_id: str) -> DecodedRun:
        """Return one run rebuilt from its spans."""
        return decode_run(self.spans_of(run_id))
