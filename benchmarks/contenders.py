"""What is compared: contenders that record the same steps, each in its own way."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from benchmarks.workload import GOAL
from runspan import Decision, Option, Outcome, Runtime

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.workload import Step

__all__ = ["BareSdk", "Contender", "ModelsAlone", "WithRunspan", "provider"]


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
        attributes = {
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
        outcome = {
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


class ModelsAlone(Contender):
    """The native format's pydantic models, built at each call and kept until the run ends."""

    name = "models alone"

    def begin(self) -> None:
        """Start with none."""
        self._decisions: list[Decision] = []

    def step(self, step: Step) -> None:
        """Build them."""
        decision = Decision(
            id=f"dec_{len(self._decisions)}",
            node_id=step.node_id,
            intent=step.intent,
            options=[Option(**option) for option in step.options],
            chosen_option_id=step.chosen,
            reasoning=step.reasoning,
            input_context=step.context,
        )
        decision.outcome = Outcome(
            success=True,
            result=step.result,
            summary=step.summary,
            tokens_used=step.tokens_used,
            latency_ms=step.latency_ms,
        )
        self._decisions.append(decision)


class WithRunspan(Contender):
    """A Runtime."""

    def __init__(self, name: str, storage: Path | None, tracer_provider: trace.TracerProvider, **settings: Any) -> None:
        """Make the Runtime.

        Args:
            name: What is different about it.
            storage: None for no files and no journal.
            tracer_provider: Where its spans go.
            settings: Further arguments of the Runtime.
        """
        self.name = name
        self._runtime = Runtime(storage, tracer_provider=tracer_provider, **settings)

    def begin(self) -> None:
        """Start a run."""
        self._runtime.start_run(GOAL)

    def step(self, step: Step) -> None:
        """Record a decision and its outcome."""
        decision = self._runtime.decide(
            step.intent, step.options, step.chosen, step.reasoning, step.node_id, context=step.context
        )
        self._runtime.record_outcome(
            decision,
            True,
            step.result,
            summary=step.summary,
            tokens_used=step.tokens_used,
            latency_ms=step.latency_ms,
        )

    def end(self) -> None:
        """End it."""
        self._runtime.end_run(True)
