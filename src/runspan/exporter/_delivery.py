"""Whether every sampled span of a provider has reached its receiver, and how many did not. Knows no run."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from runspan.health import PROCESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["DeliveringProcessor"]

_logger = logging.getLogger("runspan.exporter")

UNDELIVERED = "spans not delivered"
"""Cause under which spans are counted that the receiver did not take."""


class DeliveringProcessor(BatchSpanProcessor):
    """A BatchSpanProcessor that knows whether all it was given was delivered.

    A batch processor drops the oldest spans when its queue is full, and tells nobody but the log.
    """

    def __init__(self, exporter: SpanExporter, *, max_batch: int) -> None:
        """Send by an exporter.

        Args:
            exporter: Where spans go.
            max_batch: Most spans in one request.
        """
        self._delivered = _Delivered(exporter)
        self._taken = 0
        super().__init__(self._delivered, max_export_batch_size=max_batch)

    @property
    def has_delivered_all(self) -> bool:
        """Whether the receiver has every sampled span that ended so far."""
        return self._delivered.count >= self._taken

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span that has ended."""
        context = span.context
        if context is not None and context.trace_flags.sampled:
            self._taken += 1
        super().on_end(span)


class _Delivered(SpanExporter):
    """Counts what an exporter delivers."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._lock = threading.Lock()  # guards count
        self.count = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            with self._lock:
                self.count += len(spans)
        else:
            PROCESS.count(UNDELIVERED, len(spans))
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)
