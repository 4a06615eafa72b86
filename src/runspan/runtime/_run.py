"""One run in progress: what each call does to its record, its spans and the context, in that order.

Knows neither which run a call belongs to (`_runtime` finds it) nor what the calls look like to the agent (`_calls`).
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from opentelemetry import context as context_api

from runspan.forking import in_one_process
from runspan.health import contained
from runspan.journal import EndStep
from runspan.native import RunStatus
from runspan.record import RunRecord, add_extra, plain_text, problem_json, text_of_extra, with_id
from runspan.runtime._calls import RecordingCalls
from runspan.runtime._clock import RunClock
from runspan.runtime._context import (
    ForwardingSpan,
    Scope,
    current_scope,
    current_span_or_none,
    enter,
    enter_decision,
    executing_decision,
    forward,
    leave_decision,
    leave_run,
)
from runspan.runtime._decisions import Decision, Decisions
from runspan.runtime._exceptions import Escapes, error_type_of
from runspan.runtime._finish import finish
from runspan.runtime._journal import RunJournal
from runspan.runtime._metrics import count_run
from runspan.runtime._spans import RunSpans
from runspan.values import clean_text

if TYPE_CHECKING:
    from runspan.models import Run
    from runspan.record import DecisionParts, OutcomeParts, ProblemParts, Stamp
    from runspan.runtime._live import LiveSpan
    from runspan.runtime._runtime import Runtime

__all__ = ["OpenRun"]

_MAX_NAMED: Final = 200
"""Characters of an agent's own id in a text of ours."""
_EXITED: Final = "the process exited before the run ended"

_logger = logging.getLogger("runspan.runtime")


class OpenRun(RecordingCalls):
    """A run in progress, for explicit use: its calls record in it wherever they are made.

    Comes from `with runtime.run(…) as run`. Has the Runtime's calls: `decide`, `record_outcome`, `report_problem`,
    `decision`, `decide_and_execute`, `quick_decision`, `set_node`, `end_run`.
    """

    def __init__(self, runtime: Runtime, run_id: str) -> None:
        """Made by a Runtime only.

        Args:
            runtime: The Runtime it belongs to.
            run_id: Its new id.
        """
        self.runtime = runtime
        """The Runtime it belongs to."""
        self._id = run_id
        self._health = runtime.losses
        self._encoder = runtime.encoder
        self._clock = RunClock(runtime.clock)
        self._spans = RunSpans(runtime.tracer, runtime.settings, runtime.losses)
        self._journal = RunJournal(runtime.journals, run_id, runtime.settings, runtime.losses)
        self._record: RunRecord | None = None
        self._lock = threading.RLock()  # guards _record, _decisions, _is_open; re-entrant: signal handlers record too
        self._decisions = Decisions()
        self._escapes = Escapes(runtime.encoder)
        self._is_open = True
        self._forks = in_one_process.forks
        self._node_id = runtime.node_id
        self._trace_id: str | None = None
        self._forwarding: ForwardingSpan | None = None
        self._before = context_api.get_current()

    def __repr__(self) -> str:
        """Show the id and state, never content."""
        return f"<OpenRun {self._id} {'open' if self._is_open else 'ended'}>"

    @property
    def id(self) -> str:
        """The Run's id."""
        return self._id

    @property
    def trace_id(self) -> str | None:
        """The id of its trace, 32 hex digits; None where its span does not record."""
        return self._trace_id

    @property
    def is_open(self) -> bool:
        """Whether it still takes calls; in a forked child the parent's runs do not."""
        return self._is_open and self._forks == in_one_process.forks

    def model(self) -> Run | None:
        """Return the Run in progress; from now on this model is the truth, and may be changed."""
        with self._lock:
            return self._record.model() if self._record is not None else None

    # Start.

    def begin(self, goal_id: object, goal_description: object, input_data: object, session_id: object) -> None:
        """Start it: record, run span, context."""
        session = None if session_id is None else plain_text(session_id)
        given = {"agent_name": self.runtime.agent_name, "session_id": session}
        parts = self._encoder.run_start(self._id, goal_id, goal_description, input_data, names=given)
        # As they are recorded: what is kept out of the file is kept out of journal and span.
        names = {name: text_of_extra(parts, name) for name in given}
        parts.started = self._clock.started
        self._trace_id = self._spans.start_run(parts, **names)
        if self._trace_id is not None:
            parts.extra = {"trace_id": b'"%s"' % self._trace_id.encode(), **parts.extra}
        self._record = RunRecord(parts, contained("record", self._health))
        root, outside = self._spans.root, current_span_or_none()
        self._journal.begin(parts, root, outside, names)
        if root is not None:
            self._forwarding = ForwardingSpan(root.span, outside, None, self)
        enter(self._forwarding, Scope(self, None, current_scope()))

    # Decide.

    def add_decision(
        self,
        intent: object,
        options: object,
        chosen: object,
        reasoning: object,
        node_id: object,
        *more: object,
    ) -> Decision | None:
        """Record a decision and make its span current; None where the run has ended meanwhile.

        Args:
            intent: As `Encoder.decision` takes it, like the others.
            options: What it could do.
            chosen: What it does.
            reasoning: Why.
            node_id: None for the run's own.
            more: The rest of what it takes.
        """
        record = self._record
        if record is None:
            self.note_ignored("decide")
            return None
        node = self._node_id if node_id is None else node_id
        arguments = intent, options, chosen, reasoning, node, *more
        # Its id and place as they are now: another thread's decision may come first, which `_take` puts right.
        parts, doubts = self._encoder.decision(self._clock.now(), *record.next_decision(), *arguments)
        for doubt in doubts:
            self._health.warn(_logger, "doubtful decision", "decide in run %s: %s", self._id, doubt)
        parent = executing_decision(self)
        if parent is not None:
            add_extra(parts, "parent_decision_id", b'"%s"' % parent.id.encode())
        live = self._spans.start_decision(parts, None if parent is None else parent.live)
        taken = self._take(parts, live, parent)
        if taken is None:
            self.note_ignored("decide")
            return None
        decision, ended = taken
        for earlier in ended:
            if earlier.live is not None and earlier.ended is not None:
                self._spans.end_decision(earlier.live, earlier.ended)
        if decision.forwarding is not None:
            enter_decision(decision.forwarding)
        return decision

    def _take(
        self, parts: DecisionParts, live: LiveSpan | None, parent: Decision | None
    ) -> tuple[Decision, list[Decision]] | None:
        """Put a decision into the record; return it, and those before it that have their outcome."""
        with self._lock:
            if self._record is None:
                return None
            place = self._record.next_decision()
            if place != (parts.id, parts.index):
                self._correct(parts, live, place)
            self._journal.add_decision(parts.line, parts.index, live)
            self._record.add_decision(parts.line)
            enclosing = (parent.forwarding if parent is not None else None) or self._forwarding
            forwarding = None if live is None else forward(live.span, enclosing, self._forwarding, self)
            decision = Decision(parts.id, parts.index, parts.made, live, forwarding)
            ended = self._decisions.take_ended()
            self._decisions.add(decision)
            return decision, ended

    def _correct(self, parts: DecisionParts, live: LiveSpan | None, place: tuple[str, int]) -> None:
        """Give a decision another id and place: one of another thread has come first."""
        parts.id, parts.index = place
        parts.line = with_id(parts.line, parts.id)
        if live is not None:
            self._spans.correct(live, parts)

    # Outcome.

    def add_outcome(
        self, decision_id: object, *arguments: object, cancelled: bool = False, exc: BaseException | None = None
    ) -> None:
        """Record an outcome; a second one, or one for a decision that is not there, becomes a problem.

        Args:
            decision_id: As the agent gave it.
            arguments: As `Encoder.outcome` takes them.
            cancelled: Whether the decision was interrupted.
            exc: What escaped from the agent's code.
        """
        parts = self._encoder.outcome(self._clock.now(), *arguments)
        named = decision_id if type(decision_id) is str else plain_text(decision_id)
        placed = self._place_outcome(named, parts, cancelled=cancelled, exc=exc)
        if placed is None:
            self.note_ignored("record_outcome")
        elif isinstance(placed, str):
            message = "record_outcome in run %s: %s %.80r; kept as a problem"
            self._health.warn(_logger, "stray outcome", message, self._id, placed, self._encoder.text(named))
        elif placed.forwarding is not None:
            leave_decision(placed.forwarding)
            placed.forwarding.close()

    def _place_outcome(
        self, decision_id: str, parts: OutcomeParts, *, cancelled: bool, exc: BaseException | None
    ) -> Decision | str | None:
        """Return the decision that took the outcome, or what is wrong with it; None after the end."""
        with self._lock:
            if self._record is None or not self.is_open:
                return None
            decision = self._decisions.get(decision_id)
            if decision is None or decision.ended is not None:
                return self._add_stray_outcome(decision_id, parts)
            self._decisions.end(decision, parts.recorded)
            error_type = error_type_of(exc) if exc is not None else None
            exception = self._escapes.parts_of(exc) if exc is not None and not cancelled else None
            self._journal.add_outcome(
                parts.line, decision.id, cancelled=cancelled, error_type=error_type, exception=exception
            )
            self._record.add_outcome(decision.position, decision.id, parts.line)
            if decision.live is not None:
                self._spans.add_outcome(
                    decision.live, parts, cancelled=cancelled, error_type=error_type, exception=exception
                )
            return decision

    def _is_known(self, decision_id: str) -> bool:
        return self._record is not None and self._decisions.knows(decision_id, self._record.count_of_decisions())

    def _add_stray_outcome(self, decision_id: str, parts: OutcomeParts) -> str:
        """Keep an outcome that no decision can take as a warning, whole in the problem's field `outcome`."""
        what = "a second outcome for decision" if self._is_known(decision_id) else "an outcome for an unknown decision"
        problem = self._encoder.problem(parts.recorded, "warning", "", decision_id, None, None)
        # The field `decision_id` has it whole; whatever the agent took for an id need not stand there twice.
        problem.description = f"runspan was given {what}: {clean_text(problem.decision_id or '', _MAX_NAMED)}"
        problem.extra["outcome"] = parts.line
        problem.line = problem_json(problem)
        self._add_problem(problem)
        return what

    # Problem.

    def add_problem(self, *arguments: object) -> str:
        """Record a problem; return its id, empty where the run has ended meanwhile."""
        parts = self._encoder.problem(self._clock.now(), *arguments)
        with self._lock:
            is_open = self._record is not None and self.is_open
            is_stray = parts.decision_id is not None and not self._is_known(parts.decision_id)
            if is_open:
                self._add_problem(parts)
        if not is_open:
            self.note_ignored("report_problem")
        elif is_stray:
            message = "report_problem in run %s: there is no decision %.80r; recorded for the run"
            self._health.warn(_logger, "unknown decision", message, self._id, parts.decision_id)
        return parts.id

    def _add_problem(self, parts: ProblemParts) -> None:
        record = self._record
        if record is None:
            return
        parts.id, parts.index = record.next_problem()
        named = self._decisions.get(parts.decision_id or "")
        taker = self._spans.add_problem(named.live if named is not None else None, parts)
        line = with_id(parts.line, parts.id)
        self._journal.add_problem(line, parts.index, taker, self._spans.take_begun())
        record.add_problem(line)

    # End.

    def end(
        self,
        status: RunStatus | None,
        success: object = True,  # noqa: FBT002 - as end_run has it
        narrative: object = "",
        output_data: object = None,
        exc: BaseException | None = None,
    ) -> bool:
        """End it: journal, file, spans, context. Only the first end counts; return whether it was this one.

        Args:
            status: How; None where `success` tells.
            success: As the agent gave it, like `narrative` and `output_data`.
            narrative: In words.
            output_data: What came of it.
            exc: What escaped from the agent's code.
        """
        if not self.is_open:
            return False
        given = self._encoder.run_end(success, narrative, output_data)
        ending = status or (RunStatus.COMPLETED if given.success else RunStatus.FAILED)
        with self._lock:
            if self._record is None:
                return False
            self._is_open = False
            record, self._record = self._record, None
            record.start.extra |= given.extra
        ended = self._clock.now()
        step = EndStep(
            at=ended, status=ending.value, narrative=given.narrative, output=given.output_data, extra=given.extra
        )
        finished = finish(record, step, self._encoder, self._health)
        if exc is not None:
            step.error_type, step.exception = error_type_of(exc), self._escapes.parts_of(exc)
        self._escapes.forget()
        self._journal.end(step)
        is_written = self.runtime.write(finished)
        with contained("metrics", self._health):
            count_run(finished.native)
        self._spans.finish(record.start, finished, step)
        self._journal.add_children(self._spans.take_begun())
        self._end_spans(ended)
        self._journal.finish(root=self._spans.root, is_written=is_written)
        self.runtime.forget(self)
        leave_run(self, self._before)
        return True

    def abandon(self) -> None:
        """End it because the process ends: as failed, saying so."""
        self.add_problem("critical", _EXITED, None, None, "End runs with end_run(), or use `with runtime.run(…)`.")
        self.end(RunStatus.FAILED, success=False)

    def _end_spans(self, ended: Stamp) -> None:
        for decision in self._decisions.take_all():
            if decision.forwarding is not None:
                decision.forwarding.close()
            if decision.live is not None:
                self._spans.end_decision(decision.live, decision.ended or ended, is_missing=decision.ended is None)
        if self._forwarding is not None:
            self._forwarding.close()
        self._spans.end(ended)

    # What the calls need.

    def elapsed_ms(self, since: Stamp) -> int:
        """Return whole milliseconds since an instant of this run."""
        return self._clock.elapsed_ms(since)

    def set_node(self, node_id: str) -> None:
        """Set the node of later decisions of this run.

        Args:
            node_id: Part of the agent that decides from now on.
        """
        self._node_id = node_id

    def note_ignored(self, call: str) -> None:
        """Warn of a call that came after the end."""
        self.runtime.note_ignored(call, f"run {self._id} has ended")

    def find_run(self, call: str) -> OpenRun | None:
        """Return itself while it is open."""
        if self.is_open:
            return self
        self.note_ignored(call)
        return None
