"""All spans of one run in progress: which is whose child, which takes a problem, when each one ends.

Knows no context: what is current is `_context`'s subject. Knows no record: parts come in, spans go out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opentelemetry.trace import INVALID_SPAN, Link, get_current_span, set_span_in_context

from runspan import semconv
from runspan.health import contained
from runspan.mapping import (
    batch_amendments,
    checksum_of,
    decision_attributes,
    decision_details,
    decision_span_name,
    fit,
    identity,
    outcome_word,
    problem_attributes,
    run_attributes,
    run_details,
    run_end_attributes,
    run_span_name,
)
from runspan.runtime._context import ParentContext
from runspan.runtime._live import LiveSpan
from runspan.values import dumps

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from runspan.health import Health
    from runspan.journal import EndStep
    from runspan.record import DecisionParts, ExceptionParts, FinishedRun, OutcomeParts, ProblemParts, RunParts, Stamp
    from runspan.settings import Settings

__all__ = ["RunSpans"]

_OUTCOME_ROOM: Final = 1


class RunSpans:
    """The run span, the decision spans that are still open, and what overflows."""

    def __init__(self, tracer: Tracer, settings: Settings, health: Health | None = None) -> None:
        """Make no span yet.

        Args:
            tracer: Where spans come from; a no-op one is fine.
            settings: `parent`, `span_names` and bounds.
            health: Where faults are counted, ours and those of samplers and processors; None lets them through.
        """
        self._tracer = tracer
        self._settings = settings
        self._contained = contained("spans", health)
        self._run_id = ""
        self.root: LiveSpan | None = None
        self._parent_context = ParentContext()
        self._overflow: list[LiveSpan] = []
        self._begun: list[LiveSpan] = []

    def start_run(self, parts: RunParts, *, agent_name: str | None, session_id: str | None) -> str | None:
        """Start the run span.

        Returns:
            The trace id, 32 hex digits, if the span records.
        """
        with self._contained:
            return self._start_run(parts, agent_name, session_id)
        return None

    def _start_run(self, parts: RunParts, agent_name: str | None, session_id: str | None) -> str | None:
        self._run_id = parts.id
        context = None
        links: list[Link] = []
        outside = get_current_span().get_span_context()
        parent_id = outside.span_id
        if self._settings.parent == "root":
            parent_id = 0
            links = [Link(outside)] if outside.is_valid else []
            context = set_span_in_context(INVALID_SPAN)
        attributes, used = self._fitted(run_attributes(parts, agent_name=agent_name, session_id=session_id))
        span = self._tracer.start_span(
            run_span_name(parts),
            context=context,
            attributes=attributes,
            links=links,
            start_time=parts.started.unix_nano,
        )
        if not span.get_span_context().is_valid:
            return None
        self.root = LiveSpan(span, parts.id, self._settings, parent_id=parent_id, used=used)
        if not self.root.is_recording:
            return None
        self.root.set(run_details(parts))
        return f"{span.get_span_context().trace_id:032x}"

    # Where every decision passes, `except Exception` does what `with self._contained` does elsewhere: it costs nothing
    # as long as nothing fails.

    def start_decision(self, parts: DecisionParts, parent: LiveSpan | None) -> LiveSpan | None:
        """Start a decision span under its parent, the run span where there is none; None without an SDK."""
        root = self.root
        if root is None:
            return None
        try:
            return self._start_decision(parts, parent or root, root)
        except Exception as exc:  # noqa: BLE001 - as said
            self._contained.note(exc)
            return None

    def _start_decision(self, parts: DecisionParts, parent: LiveSpan, root: LiveSpan) -> LiveSpan:
        described = decision_attributes(parts, self._run_id)
        if root.is_recording:  # then this one will most likely record, too, and one call costs less than two
            described |= decision_details(parts)
        # Its line holds all its texts, and the description of what was chosen twice: where that is small nothing can be
        # too large, and nothing is measured.
        used = 2 * len(parts.line)
        if not 0 < used <= self._settings.max_value_bytes:
            described, used = self._fitted(described)
        span = self._tracer.start_span(
            decision_span_name(parts, self._settings.span_names),
            context=self._parent_context.of(parent.span),
            attributes=described,
            start_time=parts.made.unix_nano,
        )
        live = LiveSpan(
            span,
            self._run_id,
            self._settings,
            parent_id=parent.span_id,
            reserved_events=_OUTCOME_ROOM,
            used=used,
        )
        if live.is_recording and not root.is_recording:
            live.set(decision_details(parts))
        return live

    def _fitted(self, attributes: dict[str, Any]) -> tuple[dict[str, Any], int]:
        return fit(attributes, max_value_bytes=self._settings.max_value_bytes)

    def correct(self, live: LiveSpan, parts: DecisionParts) -> None:
        """Put on a decision's span which one it is, where another came first while it started."""
        if not live.is_recording:
            return
        with self._contained:
            live.set_one(semconv.DECISION_ID, parts.id)
            if parts.id != f"dec_{parts.index}":
                live.set_one(semconv.DECISION_INDEX, parts.index)

    def add_outcome(
        self,
        live: LiveSpan,
        parts: OutcomeParts,
        *,
        cancelled: bool,
        error_type: str | None,
        exception: ExceptionParts | None,
    ) -> None:
        """Put an outcome on its decision's span, and what escaped from the agent's code beside it."""
        if not live.is_recording:
            return
        try:
            live.add_outcome(parts)
            live.set_one(semconv.DECISION_OUTCOME, outcome_word(success=parts.success, cancelled=cancelled))
            if not parts.success and not cancelled:
                live.fail(parts.error or parts.summary, error_type or semconv.ERROR_TYPE_OTHER)
            if exception is not None:
                live.add_exception(exception, parts.recorded.unix_nano)
        except Exception as exc:  # noqa: BLE001 - as said
            self._contained.note(exc)

    def add_problem(self, named: LiveSpan | None, parts: ProblemParts) -> LiveSpan | None:
        """Put a problem on the span that takes it: its decision's, else the run's, else one more child's.

        Returns:
            That span; None where the run's does not record.
        """
        if self.root is None or not self.root.is_recording:
            return None
        with self._contained:
            live = self._taker(named, parts.reported)
            live.add_event(semconv.EVENT_PROBLEM, parts.reported.unix_nano, problem_attributes(parts))
            if parts.severity == "critical":
                live.fail(parts.description)
            return live
        return None

    def take_begun(self) -> list[LiveSpan]:
        """Return the spans that were begun for what overflows, each once."""
        begun, self._begun = self._begun, []
        return begun

    def _taker(self, named: LiveSpan | None, reported: Stamp) -> LiveSpan:
        for live in (named, self.root, *self._overflow[-1:]):
            if live is not None and live.is_recording and not live.is_full:
                return live
        return self._child(semconv.SPAN_PROBLEMS, reported)

    def _child(self, name: str, started: Stamp) -> LiveSpan:
        outer = self.root.span if self.root is not None else INVALID_SPAN
        span = self._tracer.start_span(
            name,
            context=set_span_in_context(outer),
            attributes=identity(self._run_id),
            start_time=started.unix_nano,
        )
        parent_id = outer.get_span_context().span_id
        live = LiveSpan(span, self._run_id, self._settings, parent_id=parent_id)
        self._overflow.append(live)
        self._begun.append(live)
        return live

    def finish(self, parts: RunParts, finished: FinishedRun, end: EndStep) -> None:
        """Describe the run on its span, whole; `end` ends it.

        Args:
            parts: What was known at its start, with the extra fields of its end.
            finished: The Run.
            end: How it ended, and what the agent changed on the model after it had left as spans.
        """
        root = self.root
        if root is not None and root.is_recording:
            with self._contained:
                self._finish(root, parts, finished, end)

    def _finish(self, root: LiveSpan, parts: RunParts, finished: FinishedRun, end: EndStep) -> None:
        if end.exception is not None:
            root.add_exception(end.exception, end.at.unix_nano)
        run = finished.recorded
        root.set(
            run_end_attributes(
                status=run["status"],
                narrative=run["narrative"],
                output_data=dumps(run["output_data"]),
                extra=parts.extra,
                completed=end.at,
                checksum=checksum_of(finished.data),
                decision_count=len(run["decisions"]),
                failed_decision_count=run["metrics"]["failed_decisions"],
                total_tokens=run["metrics"]["total_tokens"],
                severities=[problem["severity"] for problem in run["problems"]],
            )
        )
        if run["status"] == "failed":
            root.fail(run["narrative"], end.error_type or semconv.ERROR_TYPE_OTHER)
        self._amend(root, end.amendments, end.at)

    def _amend(self, root: LiveSpan, amendments: list[dict[str, Any]], ended: Stamp) -> None:
        """Put right what had left as spans before the agent changed it on the model."""
        for number, batch in enumerate(batch_amendments(amendments, self._settings.max_value_bytes)):
            live = root if number == 0 else self._child(semconv.SPAN_AMENDMENTS, ended)
            live.set({semconv.AMENDMENTS: batch})

    def end_decision(self, live: LiveSpan, ended: Stamp, *, is_missing: bool = False) -> None:
        """Hand a decision span to the processors."""
        try:
            if is_missing and live.is_recording:
                live.set_one(semconv.DECISION_OUTCOME, "missing")
            live.end(ended.unix_nano)
        except Exception as exc:  # noqa: BLE001 - as said
            self._contained.note(exc)

    def end(self, ended: Stamp) -> None:
        """Hand what overflowed, and last the run span, to the processors."""
        for live in (*self._overflow, self.root):
            if live is not None:
                with self._contained:
                    live.end(ended.unix_nano)
