"""Contenders with runspan: what each part of it adds, and the pydantic models alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.bare import Contender
from benchmarks.workload import GOAL
from runspan import Decision, Option, Outcome, Runtime

if TYPE_CHECKING:
    from pathlib import Path

    from opentelemetry import trace

    from benchmarks.workload import Step

__all__ = ["ModelsAlone", "WithRunspan"]


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
