"""All spans of one run in progress: which is whose child, which takes a problem, when each one ends.

Knows no context: what is current is `_context`'s subject. Knows no record: parts come in, spans go out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry.trace import INVALID_SPAN, Link, get_current_span, set_span_in_context

from runspan import semconv
from runspan.mapping import (
    batch_amendments,
    checksum_of,
    decision_attributes,
    decision_details,
    decision_span_name,
    find_amendments,
    identity,
    outcome_attributes,
    outcome_word,
    problem_attributes,
    run_attributes,
    run_details,
    run_end_attributes,
    run_span_name,
)
from runspan.runtime._live import LiveSpan
from runspan.values import dumps

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from runspan.record import DecisionParts, FinishedRun, OutcomeParts, ProblemParts, RunParts, Stamp
    from runspan.settings import Settings

__all__ = ["RunSpans"]

_OUTCOME_ROOM: Final = 1


class RunSpans:
    """The run span, the decision spans that are still open, and what overflows."""

    def __init__(self, tracer: Tracer, settings: Settings) -> None:
        """Make no span yet.

        Args:
            tracer: Where spans come from; a no-op one is fine.
            settings: `parent`, `span_names` and bounds.
        """
        self._tracer = tracer
        self._settings = settings
        self._run_id = ""
        self.root: LiveSpan | None = None
        self._overflow: list[LiveSpan] = []

    def start_run(self, parts: RunParts, *, agent_name: str | None, session_id: str | None) -> str | None:
        """Start the run span.

        Returns:
            The trace id, 32 hex digits, if the span records.
        """
        self._run_id = parts.id
        context = None
        links: list[Link] = []
        if self._settings.parent == "root":
            outside = get_current_span().get_span_context()
            links = [Link(outside)] if outside.is_valid else []
            context = set_span_in_context(INVALID_SPAN)
        span = self._tracer.start_span(
            run_span_name(parts),
            context=context,
            attributes=run_attributes(parts, agent_name=agent_name, session_id=session_id),
            links=links,
            start_time=parts.started.unix_nano,
        )
        if not span.get_span_context().is_valid:
            return None
        self.root = LiveSpan(span, parts.id, self._settings)
        if not self.root.is_recording:
            return None
        self.root.set(run_details(parts))
        return f"{span.get_span_context().trace_id:032x}"

    def start_decision(self, parts: DecisionParts, parent: LiveSpan | None) -> LiveSpan | None:
        """Start a decision span under its parent, the run span where there is none; None without an SDK."""
        parent = parent or self.root
        if parent is None:
            return None
        span = self._tracer.start_span(
            decision_span_name(parts, self._settings.span_names),
            context=set_span_in_context(parent.span),
            attributes=decision_attributes(parts, self._run_id),
            start_time=parts.made.unix_nano,
        )
        return LiveSpan(span, self._run_id, self._settings, reserved_events=_OUTCOME_ROOM)

    def describe_decision(self, live: LiveSpan, parts: DecisionParts) -> None:
        """Put the rest of a decision on its span."""
        if live.is_recording:
            live.set(decision_details(parts))

    def add_outcome(self, live: LiveSpan, parts: OutcomeParts, *, cancelled: bool, error_type: str | None) -> None:
        """Put an outcome on its decision's span."""
        if not live.is_recording:
            return
        attributes = outcome_attributes(parts)
        live.add_event(semconv.EVENT_OUTCOME, parts.recorded.unix_nano, attributes, reserved=True)
        live.set({semconv.DECISION_OUTCOME: outcome_word(success=parts.success, cancelled=cancelled)})
        if not parts.success and not cancelled:
            live.fail(parts.error or parts.summary, error_type or semconv.ERROR_TYPE_OTHER)

    def add_problem(self, named: LiveSpan | None, parts: ProblemParts) -> None:
        """Put a problem on the span that takes it: its decision's, else the run's, else one more child's."""
        if self.root is None or not self.root.is_recording:
            return
        live = self._taker(named, parts.reported)
        live.add_event(semconv.EVENT_PROBLEM, parts.reported.unix_nano, problem_attributes(parts))
        if parts.severity == "critical":
            live.fail(parts.description)

    def _taker(self, named: LiveSpan | None, reported: Stamp) -> LiveSpan:
        for live in (named, self.root, *self._overflow[-1:]):
            if live is not None and live.is_recording and not live.is_full:
                return live
        return self._child(semconv.SPAN_PROBLEMS, reported)

    def _child(self, name: str, started: Stamp) -> LiveSpan:
        root = self.root
        span = self._tracer.start_span(
            name,
            context=set_span_in_context(root.span if root is not None else INVALID_SPAN),
            attributes=identity(self._run_id),
            start_time=started.unix_nano,
        )
        live = LiveSpan(span, self._run_id, self._settings)
        self._overflow.append(live)
        return live

    def finish(self, parts: RunParts, finished: FinishedRun, ended: Stamp, *, error_type: str | None) -> None:
        """Describe the run on its span, whole; `end` ends it."""
        root = self.root
        if root is None or not root.is_recording:
            return
        run = finished.recorded
        root.set(
            run_end_attributes(
                status=run["status"],
                narrative=run["narrative"],
                output_data=dumps(run["output_data"]),
                extra=parts.extra,
                completed=ended,
                checksum=checksum_of(finished.data),
                decision_count=len(run["decisions"]),
                failed_decision_count=run["metrics"]["failed_decisions"],
                total_tokens=run["metrics"]["total_tokens"],
                severities=[problem["severity"] for problem in run["problems"]],
            )
        )
        if run["status"] == "failed":
            root.fail(run["narrative"], error_type or semconv.ERROR_TYPE_OTHER)
        if finished.recorded is not finished.native:
            self._amend(root, finished, ended)

    def _amend(self, root: LiveSpan, finished: FinishedRun, ended: Stamp) -> None:
        """Put right what had left as spans before the agent changed it on the model."""
        amendments = find_amendments(finished.recorded, finished.native)
        for number, batch in enumerate(batch_amendments(amendments, self._settings.max_value_bytes)):
            live = root if number == 0 else self._child(semconv.SPAN_AMENDMENTS, ended)
            live.set({semconv.AMENDMENTS: batch})

    def end_decision(self, live: LiveSpan, ended: Stamp, *, is_missing: bool = False) -> None:
        """Hand a decision span to the processors."""
        if is_missing and live.is_recording:
            live.set({semconv.DECISION_OUTCOME: "missing"})
        live.end(ended.unix_nano)

    def end(self, ended: Stamp) -> None:
        """Hand what overflowed, and last the run span, to the processors."""
        for live in self._overflow:
            live.end(ended.unix_nano)
        if self.root is not None:
            self.root.end(ended.unix_nano)
