"""Spans of dead processes, made again from their journals and sent with the ids, resource and scope they had.

A backend merges spans that are equal in everything, so that what had left before the process died does no harm. The
spans are made by the very code that made them then. Knows no storage's run files.
"""

from __future__ import annotations

import hashlib
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import context as context_api
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import (
    INVALID_SPAN,
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

from runspan.interchange._suppressed import suppressed
from runspan.journal import DecisionStep, OutcomeStep, ProblemStep, SpanFacts
from runspan.record import decision_json, outcome_json
from runspan.recovery import finish_journaled
from runspan.runtime import RunSpans
from runspan.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from runspan.journal import EndStep, JournaledRun
    from runspan.runtime import LiveSpan

__all__ = ["journaled_spans", "send"]

_BATCH: Final = 64


def send(spans: Sequence[ReadableSpan], exporter: SpanExporter) -> bool:
    """Send spans, at most 64 at a time.

    Returns:
        Whether the exporter took all of them.
    """
    with suppressed():
        batches = [spans[first : first + _BATCH] for first in range(0, len(spans), _BATCH)]
        return all(exporter.export(batch) is SpanExportResult.SUCCESS for batch in batches)


def journaled_spans(run: JournaledRun) -> list[ReadableSpan]:
    """Make the sampled spans of an ended run again, as they were or would have been.

    Args:
        run: Its journal's contents, with its end.

    Returns:
        Its spans; none if they were not sampled.

    Raises:
        ValueError: The journal has no end, or its spans no ids.
    """
    if run.end is None or run.span is None:
        msg = f"{run.path} is no journal of an ended run with spans"
        raise ValueError(msg)
    return _Again(run).make(run.end)


class _Known(IdGenerator, Sampler):
    """Gives each span the ids and the sampling that it had; one that had none yet gets an id derived from the run's."""

    def __init__(self, run: JournaledRun) -> None:
        self._trace_id = int(run.head["trace_id"], 16)
        self._run_id = run.start.id
        self._derived = 0
        self._next: deque[SpanFacts | None] = deque()

    def expect(self, *facts: SpanFacts | None) -> None:
        """Say which spans start next."""
        self._next = deque(facts)

    def generate_trace_id(self) -> int:
        """Return the run's trace id."""
        return self._trace_id

    def generate_span_id(self) -> int:
        """Return the id of the span that is expected."""
        facts = self._next.popleft() if self._next else None
        if facts is not None:
            return facts.span_id
        self._derived += 1
        digest = hashlib.sha256(f"{self._run_id} {self._derived}".encode()).digest()
        return int.from_bytes(digest[:8], "big")

    def should_sample(
        self,
        parent_context: Context | None,  # noqa: ARG002 - the interface's signature, all of them
        trace_id: int,  # noqa: ARG002
        name: str,  # noqa: ARG002
        kind: object = None,  # noqa: ARG002
        attributes: Any = None,
        links: object = None,  # noqa: ARG002
        trace_state: TraceState | None = None,  # noqa: ARG002
    ) -> SamplingResult:
        """Sample what was sampled."""
        facts = self._next[0] if self._next else None
        if facts is None:
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)
        decision = Decision.RECORD_AND_SAMPLE if facts.is_sampled else Decision.DROP
        state = facts.trace_state
        return SamplingResult(decision, attributes, TraceState.from_header([state]) if state else None)

    def get_description(self) -> str:
        """Say what it is."""
        return "as it was"


class _Kept(SpanExporter):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans.extend(spans)
        return SpanExportResult.SUCCESS


class _Again:
    """One run's spans on their way: the steps of the journal taken again on the same spans."""

    def __init__(self, run: JournaledRun) -> None:
        self._run = run
        self._known = _Known(run)
        self._kept = _Kept()
        told = run.head["settings"]
        settings = Settings(
            parent=told["parent"],
            span_names=told["span_names"],
            max_value_bytes=told["max_value_bytes"],
            event_limit=told["event_limit"],
        )
        self._spans = RunSpans(self._tracer(), settings)
        self._live: dict[int, LiveSpan] = {}
        self._decisions: dict[str, tuple[LiveSpan, DecisionStep]] = {}
        self._ended: dict[str, OutcomeStep] = {}

    def _tracer(self) -> Any:
        resource, scope = self._run.head["resource"] or {}, self._run.head["scope"] or {}
        provider = TracerProvider(
            resource=Resource(resource.get("attributes", {}), resource.get("schema_url")),
            sampler=self._known,
            id_generator=self._known,
            shutdown_on_exit=False,
        )
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        return provider.get_tracer(scope.get("name", ""), scope.get("version"), schema_url=scope.get("schema_url"))

    def make(self, end: EndStep) -> list[ReadableSpan]:
        run = self._run
        token = context_api.attach(set_span_in_context(_outside(run.head["outside"]), context_api.Context()))
        try:
            self._known.expect(run.span)
            self._spans.start_run(run.start, agent_name=run.head["agent_name"], session_id=run.head["session_id"])
        finally:
            context_api.detach(token)
        self._keep(self._spans.root)
        for step in run.steps:
            self._take(step)
        self._finish(end)
        return self._kept.spans

    def _keep(self, live: LiveSpan | None) -> None:
        if live is not None:
            self._live[live.span.get_span_context().span_id] = live

    def _take(self, step: DecisionStep | OutcomeStep | ProblemStep) -> None:
        match step:
            case DecisionStep():
                self._decide(step)
            case OutcomeStep():
                self._end_decision(step)
            case ProblemStep():
                self._known.expect(step.begun)
                taker = self._live.get(step.taker_id)
                self._keep(self._spans.add_problem(taker, step.parts))

    def _decide(self, step: DecisionStep) -> None:
        self._known.expect(step.span)
        parent = self._live.get(step.span.parent_id) if step.span is not None else None
        step.parts.line = decision_json(step.parts)  # as it was: what it takes of a span's room goes by it
        live = self._spans.start_decision(step.parts, parent)
        if live is not None:
            self._decisions[step.parts.id] = live, step
            self._keep(live)

    def _end_decision(self, step: OutcomeStep) -> None:
        live, _ = self._decisions.get(step.decision_id, (None, None))
        if live is not None and step.decision_id not in self._ended:
            self._ended[step.decision_id] = step
            step.parts.line = outcome_json(step.parts)
            self._spans.add_outcome(
                live, step.parts, cancelled=step.cancelled, error_type=step.error_type, exception=step.exception
            )

    def _finish(self, end: EndStep) -> None:
        finished = finish_journaled(self._run, end)
        self._known.expect(*self._run.begun)
        self._spans.finish(self._run.start, finished, end)
        for decision_id, (live, _) in self._decisions.items():
            outcome = self._ended.get(decision_id)
            self._spans.end_decision(live, outcome.parts.recorded if outcome else end.at, is_missing=outcome is None)
        self._spans.end(end.at)


def _outside(told: dict[str, Any] | None) -> Span:
    if told is None:
        return INVALID_SPAN
    return NonRecordingSpan(
        SpanContext(
            int(told["trace"], 16),
            int(told["span"], 16),
            is_remote=told["remote"],
            trace_flags=TraceFlags(told["flags"]),
            trace_state=TraceState.from_header([told["state"]]),
        )
    )
