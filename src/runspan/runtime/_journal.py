"""What of an open run goes into its journal, call by call. Knows no record: lines of native JSON come in.

A journal that cannot be written costs crash safety, never the run: the run file is made from memory.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from runspan.health import contained
from runspan.journal import (
    SpanFacts,
    children_line,
    decision_line,
    end_line,
    outcome_line,
    problem_line,
    run_line,
    span_json,
)
from runspan.record import run_json
from runspan.values import to_json_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.trace import Span, SpanContext

    from runspan.health import Health
    from runspan.journal import EndStep, Journal, JournalFolder
    from runspan.record import ExceptionParts, RunParts
    from runspan.runtime._live import LiveSpan
    from runspan.settings import Settings

__all__ = ["RunJournal"]

_NULL: Final = b"null"


class RunJournal:
    """The journal of one open run; without a storage there is none, and every call does nothing."""

    def __init__(self, folder: JournalFolder | None, run_id: str, settings: Settings, health: Health) -> None:
        """Write nothing yet.

        Args:
            folder: This process's journals, None for none.
            run_id: The run.
            settings: `durability`, and what a later process has to know to make the same spans.
            health: Where a line that could not be written is counted.
        """
        self._folder = folder
        self._run_id = run_id
        self._settings = settings
        self._contained = contained("journal", health)
        self._journal: Journal | None = None

    def begin(self, start: RunParts, root: LiveSpan | None, outside: Span | None, names: dict[str, str | None]) -> None:
        """Write the first line.

        Args:
            start: What is known of the run.
            root: Its span, None where there is none.
            outside: The span that was current before.
            names: `agent_name` and `session_id`, as its span has them.
        """
        if self._folder is None:
            return
        with self._contained:
            facts = {
                "host": os.uname().nodename if hasattr(os, "uname") else "",
                "pid": os.getpid(),
                "outside": _context_facts(outside),
                **names,
                "settings": {
                    "parent": self._settings.parent,
                    "span_names": self._settings.span_names,
                    "max_value_bytes": self._settings.max_value_bytes,
                    "event_limit": self._settings.event_limit,
                },
                **_origin(root),
            }
            told, span = run_json(start), _span_facts(root)
            self._journal = self._folder.journal(
                self._run_id,
                lambda owner: run_line(told, span, {"owner": owner, **facts}),
                durable=self._settings.durability == "always",
            )
            self._journal.begin()

    def add_decision(self, decision: bytes, index: int, live: LiveSpan | None) -> None:
        """Write a Decision, given as native JSON, and the ids of its span."""
        if self._journal is not None:
            try:
                self._journal.append(decision_line(decision, index, _NULL if live is None else _span_json(live)))
            except Exception as exc:  # noqa: BLE001 - as `with self._contained`, without what `with` costs
                self._contained.note(exc)

    def add_outcome(
        self,
        outcome: bytes,
        decision_id: str,
        *,
        cancelled: bool,
        error_type: str | None,
        exception: ExceptionParts | None,
    ) -> None:
        """Write an Outcome, given as native JSON, and what its span got beside it."""
        if self._journal is not None:
            try:
                self._journal.append(
                    outcome_line(outcome, decision_id, cancelled=cancelled, error_type=error_type, exception=exception)
                )
            except Exception as exc:  # noqa: BLE001 - as above
                self._contained.note(exc)

    def add_problem(self, problem: bytes, index: int, taker: LiveSpan | None, begun: Sequence[LiveSpan]) -> None:
        """Write a Problem, given as native JSON, and which span took it."""
        if self._journal is not None:
            with self._contained:
                taker_id = 0 if taker is None else taker.context.span_id
                self._journal.append(problem_line(problem, index, taker_id, _span_facts(next(iter(begun), None))))

    def end(self, end: EndStep) -> None:
        """Write how the run ended."""
        if self._journal is not None:
            with self._contained:
                self._journal.append(end_line(end))

    def add_children(self, begun: Sequence[LiveSpan]) -> None:
        """Write the ids of the spans that the end has begun."""
        if self._journal is not None and begun:
            with self._contained:
                self._journal.append(children_line([facts for live in begun if (facts := _span_facts(live))]))

    def finish(self, *, root: LiveSpan | None, is_written: bool) -> None:
        """Put it aside.

        Args:
            root: The run's span; where it was sampled, the journal stays for spans that may not have left yet.
            is_written: Whether the run file is there; otherwise the journal is what is left of the run.
        """
        if self._journal is None:
            return
        facts = _span_facts(root)
        with self._contained:
            if is_written:
                self._journal.finish(keep=facts is not None and facts.is_sampled)
            else:
                self._journal.leave()


def _span_json(live: LiveSpan) -> bytes:
    state = live.context.trace_state
    return span_json(live.span_id, live.parent_id, state.to_header() if state else "", is_sampled=live.is_sampled)


def _span_facts(live: LiveSpan | None) -> SpanFacts | None:
    if live is None:
        return None
    return SpanFacts(live.span_id, live.parent_id, live.is_sampled, live.context.trace_state.to_header())


def _context_facts(span: Span | None) -> dict[str, Any] | None:
    context: SpanContext | None = span.get_span_context() if span is not None else None
    if context is None or not context.is_valid:
        return None
    return {
        "trace": f"{context.trace_id:032x}",
        "span": f"{context.span_id:016x}",
        "flags": int(context.trace_flags),
        "remote": context.is_remote,
        "state": context.trace_state.to_header(),
    }


def _origin(root: LiveSpan | None) -> dict[str, Any]:
    """Return the trace's id, resource and scope, as far as the span tells: they are the SDK's, which we do not know."""
    if root is None:
        return {"trace_id": None, "resource": None, "scope": None}
    resource = getattr(root.span, "resource", None)
    scope = getattr(root.span, "instrumentation_scope", None)
    return {
        "trace_id": f"{root.span.get_span_context().trace_id:032x}",
        "resource": resource
        and {"attributes": to_json_value(dict(resource.attributes)), "schema_url": resource.schema_url},
        "scope": scope and {"name": scope.name, "version": scope.version, "schema_url": scope.schema_url},
    }
