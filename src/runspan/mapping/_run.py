"""A whole native Run to the spans of a trace: what a live run leaves behind, made of a stored one.

Pure: trace and span ids are the caller's. Knows no SDK.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from runspan import semconv
from runspan.mapping._amend import batch_amendments, find_amendments
from runspan.mapping._decode import rebuild_run
from runspan.mapping._encode import (
    checksum_of,
    decision_attributes,
    decision_details,
    decision_span_name,
    identity,
    outcome_attributes,
    outcome_word,
    problem_attributes,
    run_attributes,
    run_details,
    run_end_attributes,
    run_span_name,
)
from runspan.mapping._limits import MAX_SPAN_BYTES, fit
from runspan.mapping._records import EventRecord, SpanRecord
from runspan.native import derive_run
from runspan.record import decision_parts, metrics_of, outcome_parts, problem_parts, run_parts, stamp_of
from runspan.values import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["encode_run"]

_ERROR: Final = 2
_EVENT_LIMIT: Final = 128
_MAX_VALUE_BYTES: Final = 32_768


def encode_run(
    run: Mapping[str, Any],
    *,
    trace_id: int,
    next_span_id: Callable[[], int],
    max_value_bytes: int = _MAX_VALUE_BYTES,
    event_limit: int = _EVENT_LIMIT,
    span_names: str = "node",
) -> list[SpanRecord]:
    """Encode a native Run as the spans of one trace; `decode_run` undoes it.

    Args:
        run: The Run as its file has it (plain JSON data, computed fields allowed); not changed.
        trace_id: 128 bits, not 0.
        next_span_id: Gives a new span id (64 bits, not 0) at each call.
        max_value_bytes: Largest string on a span; a larger one is cut, and the Run comes back incomplete.
        event_limit: Most events on one span.
        span_names: `node` or `choice`, as for Runtime.

    Returns:
        The run span first, then decisions in their order, then what the run span had no room for.
    """
    encoder = _Encoder(run, trace_id, next_span_id, max_value_bytes, event_limit)
    return encoder.encode(span_names)


class _SpanDraft:
    """One span being put together within its bounds."""

    def __init__(self, record: SpanRecord, max_value_bytes: int, event_limit: int) -> None:
        self.record = record
        self.attributes: dict[str, Any] = {}
        self.events: list[EventRecord] = []
        self._max_value_bytes = max_value_bytes
        self._event_limit = event_limit
        self._room = MAX_SPAN_BYTES

    @property
    def is_full(self) -> bool:
        """Whether one more event would not fit."""
        return len(self.events) >= self._event_limit or self._room <= 0

    @property
    def is_cut(self) -> bool:
        """Whether some value did not fit."""
        return any(
            semconv.CUT in attributes for attributes in (self.attributes, *(each.attributes for each in self.events))
        )

    def set(self, attributes: dict[str, Any]) -> None:
        """Set attributes, cut to fit."""
        self.attributes |= self._fitted(attributes)

    def add_event(self, name: str, unix_nano: int, attributes: dict[str, Any]) -> None:
        """Add an event, cut to fit."""
        fitted = self._fitted(attributes)
        self.events.append(EventRecord(name=name, time_unix_nano=unix_nano, attributes=fitted))

    def _fitted(self, attributes: dict[str, Any]) -> dict[str, Any]:
        fitted, used = fit(attributes, max_value_bytes=self._max_value_bytes, room=self._room)
        self._room -= used
        return fitted

    def fail(self, description: str | None) -> None:
        """Set ERROR; the first failure describes it."""
        if self.record.status_code == _ERROR:
            return
        self.record = replace(self.record, status_code=_ERROR, status_message=description or "")
        self.attributes.setdefault(semconv.ERROR_TYPE, semconv.ERROR_TYPE_OTHER)

    def finish(self) -> SpanRecord:
        """Return the span as it stands."""
        return replace(self.record, attributes=self.attributes, events=tuple(self.events))


class _Encoder:
    """One native Run on its way to spans."""

    def __init__(
        self,
        run: Mapping[str, Any],
        trace_id: int,
        next_span_id: Callable[[], int],
        max_value_bytes: int,
        event_limit: int,
    ) -> None:
        self.run = derive_run(cast("dict[str, Any]", loads(dumps(dict(run)))))
        self.trace_id = trace_id
        self.next_span_id = next_span_id
        self.max_value_bytes = max_value_bytes
        self.event_limit = event_limit
        self.parts = run_parts(self.run)
        self.started = self.parts.started.unix_nano
        completed = self.run.get("completed_at")
        self.completed = stamp_of(completed, fallback_unix_nano=self.started) if completed is not None else None
        self.ended = self.completed.unix_nano if self.completed else self.started
        self.drafts: list[_SpanDraft] = []
        self.root = self._add(run_span_name(self.parts), self.started, None)
        self.decisions: dict[str, _SpanDraft] = {}
        self.overflow: _SpanDraft | None = None

    def _add(self, name: str, start: int, parent: _SpanDraft | None, end: int | None = None) -> _SpanDraft:
        record = SpanRecord(
            trace_id=self.trace_id,
            span_id=self.next_span_id(),
            parent_span_id=parent.record.span_id if parent else None,
            name=name,
            start_unix_nano=start,
            end_unix_nano=max(start, self.ended if end is None else end),
            scope_name=semconv.SCOPE_NAME,
        )
        self.drafts.append(_SpanDraft(record, self.max_value_bytes, self.event_limit))
        return self.drafts[-1]

    def encode(self, span_names: str) -> list[SpanRecord]:
        """Return all spans of the Run."""
        self._run_start()
        for index, decision in enumerate(_dicts(self.run.get("decisions"))):
            self._decision(decision, index, span_names)
        for index, problem in enumerate(_dicts(self.run.get("problems"))):
            self._problem(problem, index)
        self._run_end()
        spans = self._finished()
        return self._finished() if self._amend(spans) else spans

    def _finished(self) -> list[SpanRecord]:
        for draft in self.drafts:
            draft.set(identity(self.parts.id))
        return [draft.finish() for draft in self.drafts]

    def _run_start(self) -> None:
        agent_name, session_id = (_text_of(self.run.get(name)) for name in ("agent_name", "session_id"))
        self.root.set(run_attributes(self.parts, agent_name=agent_name, session_id=session_id))
        self.root.set(run_details(self.parts))

    def _decision(self, decision: dict[str, Any], index: int, span_names: str) -> None:
        parts = decision_parts(decision, index, fallback_unix_nano=self.started)
        given = decision.get("outcome")
        outcome = outcome_parts(given, fallback_unix_nano=self.ended) if isinstance(given, dict) else None
        draft = self._add(
            decision_span_name(parts, span_names),
            parts.made.unix_nano,
            self.decisions.get(_text_of(decision.get("parent_decision_id")) or "") or self.root,
            outcome.recorded.unix_nano if outcome else None,
        )
        draft.set(decision_attributes(parts, self.parts.id) | decision_details(parts))
        draft.set({semconv.DECISION_OUTCOME: outcome_word(success=outcome.success) if outcome else "missing"})
        if outcome is not None:
            draft.add_event(semconv.EVENT_OUTCOME, outcome.recorded.unix_nano, outcome_attributes(outcome))
            if not outcome.success:
                draft.fail(outcome.error or outcome.summary)
        self.decisions.setdefault(parts.id, draft)

    def _problem(self, problem: dict[str, Any], index: int) -> None:
        parts = problem_parts(problem, index, fallback_unix_nano=self.started)
        draft = self._taker(self.decisions.get(parts.decision_id or ""), parts.reported.unix_nano)
        draft.add_event(semconv.EVENT_PROBLEM, parts.reported.unix_nano, problem_attributes(parts))
        if parts.severity == "critical":
            draft.fail(parts.description)

    def _taker(self, named: _SpanDraft | None, unix_nano: int) -> _SpanDraft:
        """Return the span that takes a problem: its decision's, else the run's, else one more child."""
        for draft in (named, self.root, self.overflow):
            if draft is not None and not draft.is_full:
                return draft
        self.overflow = self._add(semconv.SPAN_PROBLEMS, unix_nano, self.root)
        return self.overflow

    def _run_end(self) -> None:
        decisions = _dicts(self.run.get("decisions"))
        metrics = metrics_of(decisions)
        self.root.set(
            run_end_attributes(
                status=_text_of(self.run.get("status")) or "",
                narrative=_text_of(self.run.get("narrative")) or "",
                output_data=dumps(self.run.get("output_data")),
                extra=self.parts.extra,
                completed=self.completed,
                checksum=checksum_of(dumps(self.run, indent=True)),
                decision_count=len(decisions),
                failed_decision_count=metrics["failed_decisions"],
                total_tokens=metrics["total_tokens"],
                severities=[problem.get("severity") for problem in _dicts(self.run.get("problems"))],
            )
        )
        if self.run.get("status") == "failed":
            self.root.fail(_text_of(self.run.get("narrative")))

    def _amend(self, spans: list[SpanRecord]) -> bool:
        """Put right what the parts cannot carry, found by decoding what is there so far; return whether there was."""
        amendments = find_amendments(rebuild_run(spans), self.run)
        if any(draft.is_cut for draft in self.drafts):  # what was too large where it belongs is so here, too
            amendments = [each for each in amendments if len(dumps(each)) < self.max_value_bytes]
        for number, batch in enumerate(batch_amendments(amendments, self.max_value_bytes)):
            draft = self.root if number == 0 else self._add(semconv.SPAN_AMENDMENTS, self.ended, self.root)
            draft.set({semconv.AMENDMENTS: batch})
        return bool(amendments)


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text_of(value: object) -> str | None:
    return value if isinstance(value, str) else None
