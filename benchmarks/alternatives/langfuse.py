"""Langfuse: an observation with input, output and metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langfuse import Langfuse

from benchmarks.alternatives._timing import measure
from benchmarks.bare import Contender, Nowhere

if TYPE_CHECKING:
    from benchmarks.workload import Step


class WithLangfuse(Contender):
    """An observation for each decision."""

    name = "Langfuse"

    def __init__(self) -> None:
        """Set it up; nobody listens at that address."""
        self._client = Langfuse(
            public_key="pk", secret_key="none", base_url="http://127.0.0.1:9", span_exporter=Nowhere()
        )

    def step(self, step: Step) -> None:
        """Record one."""
        given = {"intent": step.intent, "options": step.options, "context": step.context}
        with self._client.start_as_current_observation(name=f"decide {step.node_id}", input=given) as span:
            span.update(
                output={"chosen": step.chosen, "result": step.result, "summary": step.summary},
                metadata={"reasoning": step.reasoning},
            )


if __name__ == "__main__":
    measure(WithLangfuse())
