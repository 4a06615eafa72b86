"""What others are compared with: spans made by hand with the OpenTelemetry SDK. Knows nothing of runspan."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from benchmarks.workload import GOAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.workload import Step

__all__ = ["BareSdk", "Contender", "Nowhere", "provider"]


class Nowhere(SpanExporter):
    """Takes spans and drops them: what an exporter does with them is another subject."""

    def export(self, spans: Sequence[Any]) -> SpanExportResult:  # noqa: ARG002 - the SDK's interface
        """Drop them."""
        return SpanExportResult.SUCCESS


def provider(exporter: SpanExporter | None = None) -> TracerProvider:
    """Return a provider whose batch processor has room for the longest run."""
    made = TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(exporter or Nowhere(), max_queue_size=50_000))
    return made


class Contender(ABC):
    """Records runs; only its steps are timed."""

    name: str

    def begin(self) -> None:
        """Start a run."""

    @abstractmethod
    def step(self, step: Step) -> None:
        """Record a decision and its outcome."""

    def end(self) -> None:
        """End the run."""


class BareSdk(Contender):
    """Spans by hand: a span of eight attributes for each decision, an event for its outcome, JSON by the library."""

    name = "bare SDK"

    def __init__(self, tracer_provider: TracerProvider) -> None:
        """Take the tracer once, as an application does."""
        self._tracer = tracer_provider.get_tracer("agent")

    def begin(self) -> None:
        """Start a root span."""
        self._root = self._tracer.start_span(f"run {GOAL}", attributes={"goal": GOAL})
        self._context = trace.set_span_in_context(self._root)

    def step(self, step: Step) -> None:
        """Start a span, add the outcome, end it."""
        attributes: dict[str, Any] = {
            "intent": step.intent,
            "node": step.node_id,
            "type": "custom",
            "chosen": step.chosen,
            "reasoning": step.reasoning,
            "options": json.dumps(step.options),
            "context": json.dumps(step.context),
            "id": 1,
        }
        span = self._tracer.start_span(f"decide {step.node_id}", context=self._context, attributes=attributes)
        outcome: dict[str, Any] = {
            "success": True,
            "result": json.dumps(step.result),
            "summary": step.summary,
            "tokens": step.tokens_used,
            "latency": step.latency_ms,
        }
        span.add_event("outcome", outcome)
        span.end()

    def end(self) -> None:
        """End the root span."""
        self._root.end()
