"""What nobody could do without, in this language and on this SDK: the floor that the cost of a decision stands on.

The same span with the same attributes, the same JSON, the same search for secrets and the same two appends as runspan,
one after the other in one function. Nothing is checked, bounded, copied with care, kept for the file, or put right
where it goes wrong; so it records nothing that one could rely on.
"""

from __future__ import annotations

import os
import time
from binascii import crc32
from typing import TYPE_CHECKING, Any, Final

import orjson
from opentelemetry import trace
from opentelemetry.context import Context, attach, get_current

from benchmarks.bare import Contender
from benchmarks.workload import GOAL
from runspan import semconv
from runspan.redaction import Redactor

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.workload import Step

__all__ = ["Floor"]

_SPAN_KEY: Final = next(iter(trace.set_span_in_context(trace.INVALID_SPAN, Context())))
_NOW: Final = "2026-01-01T00:00:00.000000Z"


class Floor(Contender):
    """The pieces without what holds them together."""

    def __init__(self, name: str, journal: Path, tracer_provider: trace.TracerProvider) -> None:
        """Open a journal.

        Args:
            name: What is different about it.
            journal: Its file.
            tracer_provider: Where spans go.
        """
        self.name = name
        self._tracer = tracer_provider.get_tracer("floor")
        self._suspects = Redactor().suspects
        self._journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._earlier: trace.Span | None = None

    def begin(self) -> None:
        """Start the root span."""
        self._root = self._tracer.start_span(f"run {GOAL}")
        self._context = trace.set_span_in_context(self._root)
        self._made = 0

    def step(self, step: Step) -> None:
        """Record a decision and its outcome."""
        decision_id = f"dec_{self._made}"
        self._made += 1
        span = self._decide(step, decision_id)
        before = get_current()
        attach(Context({**before, _SPAN_KEY: span}))
        self._end(step, decision_id, span)
        attach(before)

    def _decide(self, step: Step, decision_id: str) -> trace.Span:
        now = time.monotonic_ns()
        options, context = orjson.dumps(step.options), orjson.dumps(step.context)
        fields: dict[str, Any] = {
            "id": decision_id,
            "timestamp": _NOW,
            "node_id": step.node_id,
            "intent": step.intent,
            "decision_type": "custom",
            "options": orjson.Fragment(options),
            "chosen_option_id": step.chosen,
            "reasoning": step.reasoning,
            "active_constraints": [],
            "input_context": orjson.Fragment(context),
            "outcome": None,
            "evaluation": None,
        }
        line = orjson.dumps(fields)
        self._suspects(line)
        attributes: dict[str, Any] = {
            semconv.RUN_ID: "run_20260101_000000_00000000",
            semconv.FORMAT: semconv.FORMAT_VERSION,
            semconv.DECISION_ID: decision_id,
            semconv.NODE_ID: step.node_id,
            semconv.DECISION_TYPE: "custom",
            semconv.DECISION_INTENT: step.intent,
            semconv.DECISION_CHOSEN: step.chosen,
            semconv.DECISION_CHOSEN_DESCRIPTION: step.options[0]["description"],
            semconv.DECISION_REASONING: step.reasoning,
            semconv.DECISION_OPTIONS: options.decode(),
            semconv.DECISION_CONTEXT: context.decode(),
        }
        span = self._tracer.start_span(f"decide {step.node_id}", self._context, attributes=attributes, start_time=now)
        self._append(line)
        if self._earlier is not None:
            self._earlier.end(now)
        return span

    def _end(self, step: Step, decision_id: str, span: trace.Span) -> None:
        now, result = time.monotonic_ns(), orjson.dumps(step.result)
        fields: dict[str, Any] = {
            "success": True,
            "result": orjson.Fragment(result),
            "error": None,
            "state_changes": {},
            "tokens_used": step.tokens_used,
            "latency_ms": step.latency_ms,
            "summary": step.summary,
            "timestamp": _NOW,
            "of": decision_id,
        }
        line = orjson.dumps(fields)
        self._suspects(line)
        attributes: dict[str, Any] = {
            semconv.OUTCOME_SUCCESS: True,
            semconv.OUTCOME_RESULT: result.decode(),
            semconv.OUTCOME_TOKENS_USED: step.tokens_used,
            semconv.OUTCOME_LATENCY_MS: step.latency_ms,
            semconv.OUTCOME_SUMMARY: step.summary,
        }
        self._append(line)
        span.add_event(semconv.EVENT_OUTCOME, attributes, now)
        span.set_attribute(semconv.DECISION_OUTCOME, "success")
        self._earlier = span

    def _append(self, line: bytes) -> None:
        os.write(self._journal, b"%08x %08x %s\n" % (len(line), crc32(line), line))

    def end(self) -> None:
        """End what is open."""
        if self._earlier is not None:
            self._earlier.end()
        self._earlier = None
        self._root.end()
