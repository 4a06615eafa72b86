"""Logfire: a span with its arguments as attributes, the result set later; scrubbing on, as it is by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

import logfire
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from benchmarks.alternatives._timing import measure
from benchmarks.bare import Contender, Nowhere

if TYPE_CHECKING:
    from benchmarks.workload import Step


class Logfire(Contender):
    """A span for each decision."""

    name = "Logfire"

    def __init__(self) -> None:
        """Set it up."""
        processor = BatchSpanProcessor(Nowhere(), max_queue_size=50_000)
        logfire.configure(send_to_logfire=False, console=False, metrics=False, additional_span_processors=[processor])

    def step(self, step: Step) -> None:
        """Record one."""
        with logfire.span(
            "decide {node}",
            node=step.node_id,
            intent=step.intent,
            chosen=step.chosen,
            reasoning=step.reasoning,
            options=step.options,
            context=step.context,
        ) as span:
            span.set_attribute("result", step.result)
            span.set_attribute("summary", step.summary)


if __name__ == "__main__":
    measure(Logfire())
