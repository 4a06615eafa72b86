"""Traceloop: a task whose arguments and result it records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import task

from benchmarks.alternatives._timing import measure
from benchmarks.bare import Contender, Nowhere

if TYPE_CHECKING:
    from benchmarks.workload import Step


@task(name="decide")  # type: ignore[misc,untyped-decorator,unused-ignore]
def decide(intent: str, options: list[Any], context: dict[str, Any], outcome: dict[str, Any]) -> dict[str, Any]:
    """What an agent would do here, done."""
    del intent, options, context  # recorded by the decorator
    return outcome


class WithTraceloop(Contender):
    """A task for each decision."""

    name = "Traceloop"

    def __init__(self) -> None:
        """Set it up."""
        Traceloop.init(app_name="bench", exporter=Nowhere(), disable_batch=False, telemetry_enabled=False)

    def step(self, step: Step) -> None:
        """Record one."""
        outcome = {"chosen": step.chosen, "reasoning": step.reasoning, "result": step.result, "summary": step.summary}
        decide(step.intent, step.options, step.context, outcome)


if __name__ == "__main__":
    measure(WithTraceloop())
