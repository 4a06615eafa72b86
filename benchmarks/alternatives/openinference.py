"""OpenInference: its tracer, with input and output of a chain's span."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openinference.instrumentation import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from benchmarks.alternatives._timing import measure
from benchmarks.bare import Contender, Nowhere

if TYPE_CHECKING:
    from benchmarks.workload import Step


class OpenInference(Contender):
    """A span of kind chain for each decision."""

    name = "OpenInference"

    def __init__(self) -> None:
        """Set it up."""
        provider: Any = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(Nowhere(), max_queue_size=50_000))
        self._tracer = provider.get_tracer("agent")

    def step(self, step: Step) -> None:
        """Record one."""
        given = {"intent": step.intent, "options": step.options, "context": step.context}
        made = {"chosen": step.chosen, "reasoning": step.reasoning, "result": step.result, "summary": step.summary}
        with self._tracer.start_as_current_span(f"decide {step.node_id}", openinference_span_kind="chain") as span:
            span.set_input(given)
            span.set_output(made)


if __name__ == "__main__":
    measure(OpenInference())
