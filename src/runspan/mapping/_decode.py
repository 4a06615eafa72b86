"""Spans of one run back to the native Run, and the proof that nothing is missing. Pure: undoes `_encode`.

Knows nothing of where the spans come from. A checksum on the run span proves a Run whole; what it cannot prove is
marked `incomplete` in the Run itself, naming what is missing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from runspan import semconv
from runspan.errors import UnsupportedFormatError
from runspan.mapping._amend import apply_amendments
from runspan.mapping._encode import checksum_of
from runspan.native import RunStatus, derive_run, format_timestamp
from runspan.record import metrics_of
from runspan.values import dumps, is_deeper, loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runspan.mapping._records import Attributes, EventRecord, SpanRecord

__all__ = ["DecodedRun", "decode_run", "is_run_span", "rebuild_run", "run_id_of"]

_INCOMPLETE: Final = "incomplete"
_MAX_NAMED: Final = 10
_DEEPEST: Final = 100
"""Levels of one JSON attribute, where all of them together are too deep to be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedRun:
    """A Run rebuilt from spans."""

    run_id: str
    """Id of the Run."""
    native: dict[str, Any]
    """The Run as plain JSON data, computed fields included."""
    data: bytes
    """The run file's bytes."""
    missing: tuple[str, ...]
    """What is missing or doubtful, one phrase each; empty for a whole Run. Also in the Run's field `incomplete`."""
    weight: int
    """How much was found: parts counted. Of two incomplete Runs the heavier one is more complete."""

    @property
    def is_whole(self) -> bool:
        """Whether the checksum proves that no part is missing."""
        return not self.missing


def run_id_of(attributes: Attributes) -> str | None:
    """Return the id of the run a span belongs to, or None for a span that is not ours."""
    run_id = attributes.get(semconv.RUN_ID)
    return run_id if isinstance(run_id, str) and run_id else None


def is_run_span(attributes: Attributes) -> bool:
    """Whether a span of ours is a run's own span."""
    return semconv.GOAL_ID in attributes or semconv.RUN_CHECKSUM in attributes


def decode_run(spans: Iterable[SpanRecord]) -> DecodedRun:
    """Rebuild one Run from the spans of its trace.

    Args:
        spans: Spans of one run, in any order; a repeated span counts once, a span that is not ours not at all.

    Returns:
        The Run, and in `is_whole` whether its checksum proves that no part is missing.

    Raises:
        UnsupportedFormatError: A span carries a newer `runspan.format` than ours.
        ValueError: No span is ours.
    """
    return _Decoder(_unique(spans)).decode()


def rebuild_run(spans: Iterable[SpanRecord]) -> dict[str, Any]:
    """Rebuild one Run without asking whether it is whole; arguments as for `decode_run`."""
    return derive_run(_Decoder(_unique(spans)).rebuild())


def _unique(spans: Iterable[SpanRecord]) -> list[SpanRecord]:
    """Return our spans, one for each id; of two with the same id the one that holds more."""
    kept: dict[int, SpanRecord] = {}
    for span in spans:
        if run_id_of(span.attributes) is None:
            continue
        known = kept.get(span.span_id)
        if known is None or _size(span) > _size(known):
            kept[span.span_id] = span
    return sorted(kept.values(), key=lambda span: (span.start_unix_nano, span.span_id))


def _size(span: SpanRecord) -> int:
    return len(span.attributes) + sum(1 + len(event.attributes) for event in span.events)


class _Decoder:
    """One run's spans on their way to a Run; collects what is missing as it goes."""

    def __init__(self, spans: list[SpanRecord]) -> None:
        if not spans:
            msg = "no span of a run is among these spans"
            raise ValueError(msg)
        self.spans = spans
        self.missing: list[str] = []
        self.deepest: int | None = None
        self.root = next((span for span in spans if is_run_span(span.attributes)), None)
        self.run_id = str(run_id_of(spans[0].attributes))

    def decode(self) -> DecodedRun:
        """Rebuild the Run and compare it with its checksum."""
        self._check_format()
        run, data = self._proven()
        if self.root is None or self.root.attributes.get(semconv.RUN_CHECKSUM) != checksum_of(data):
            data = self._mark_incomplete(run)
        told = run.get(_INCOMPLETE)
        return DecodedRun(
            run_id=self.run_id,
            native=run,
            data=data,
            missing=tuple(map(str, told)) if isinstance(told, list) else (),
            weight=sum(1 + len(span.events) for span in self.spans),
        )

    def _proven(self) -> tuple[dict[str, Any], bytes]:
        """Return the Run and its bytes; JSON too deep to be written is left out, and missing."""
        run = derive_run(self.rebuild())
        try:
            return run, dumps(run, indent=True)
        except ValueError:
            self.deepest = _DEEPEST
            self.missing.clear()
            run = derive_run(self.rebuild())
            return run, dumps(run, indent=True)

    def rebuild(self) -> dict[str, Any]:
        """Rebuild the Run, amendments applied, computed fields left out."""
        run = self._run()
        self._note_cuts()
        if not apply_amendments(run, self._amendments()):
            self.missing.append("an amendment that cannot be applied")
        if run.get("id") != self.run_id:
            self.missing.append("the run's id: an amendment or extra field gives another one")
            run["id"] = self.run_id
        return run

    def _check_format(self) -> None:
        newest = max((span.attributes.get(semconv.FORMAT, 0) for span in self.spans), key=_as_int)
        if _as_int(newest) > semconv.FORMAT_VERSION:
            msg = (
                f"run {self.run_id} was written with format {newest}, this runspan reads up to "
                f"{semconv.FORMAT_VERSION}. Upgrade it with: pip install -U runspan"
            )
            raise UnsupportedFormatError(msg)

    def _mark_incomplete(self, run: dict[str, Any]) -> bytes:
        """Name in the Run what is missing; the cause may be one that left no trace but the checksum."""
        self.missing = self.missing or ["the checksum differs: some value is not the one that was recorded"]
        run[_INCOMPLETE] = list(dict.fromkeys(self.missing))
        derive_run(run)
        return dumps(run, indent=True)

    def _run(self) -> dict[str, Any]:
        decisions = self._decisions()
        problems = self._problems()
        root = self.root.attributes if self.root is not None else {}
        if self.root is None:
            self.missing.insert(0, "the run span")
        else:
            self._note_count("decisions", len(decisions), root.get(semconv.RUN_DECISION_COUNT))
            self._note_count("problems", len(problems), root.get(semconv.RUN_PROBLEM_COUNT))
        run = {
            "id": self.run_id,
            "goal_id": _text(root, semconv.GOAL_ID, "unknown" if self.root is None else ""),
            "started_at": self._started_at(root),
            "status": _text(root, semconv.RUN_STATUS, RunStatus.RUNNING.value),
            "completed_at": self._completed_at(root),
            "decisions": decisions,
            "problems": problems,
            "metrics": metrics_of(decisions),
            "narrative": _text(root, semconv.RUN_NARRATIVE),
            "goal_description": _text(root, semconv.GOAL_DESCRIPTION),
            "input_data": self._json(root, semconv.RUN_INPUT, {}),
            "output_data": self._json(root, semconv.RUN_OUTPUT, {}),
        }
        return self._with_extra(run, root, semconv.RUN_EXTRA)

    def _started_at(self, root: Attributes) -> str:
        span = self.root or self.spans[0]
        return _timestamp(root, semconv.RUN_STARTED_AT, span.start_unix_nano)

    def _completed_at(self, root: Attributes) -> str | None:
        if self.root is None:
            return None
        return _timestamp(root, semconv.RUN_COMPLETED_AT, self.root.end_unix_nano) or None

    def _note_count(self, what: str, found: int, expected: object) -> None:
        if isinstance(expected, int) and expected != found:
            self.missing.append(f"{expected - found} of {expected} {what}")

    def _note_cuts(self) -> None:
        for span in self.spans:
            parts: tuple[SpanRecord | EventRecord, ...] = (span, *span.events)
            for part in parts:
                if semconv.CUT in part.attributes:
                    where = str(span.attributes.get(semconv.DECISION_ID) or "the run")
                    names = self._json(part.attributes, semconv.CUT, [])
                    self.missing += [f"{name} of {where}, cut to fit its span" for name in names[:_MAX_NAMED]]

    def _decisions(self) -> list[dict[str, Any]]:
        spans = [span for span in self.spans if semconv.DECISION_ID in span.attributes]
        places = [_index(span.attributes, semconv.DECISION_ID, semconv.DECISION_INDEX) for span in spans]
        for place, times in Counter(places).items():
            if times > 1:
                self.missing.append(f"one of {times} decisions that all claim place {place}")
        in_order = sorted(zip(places, range(len(spans)), spans, strict=True), key=lambda row: row[:2])
        return [self._decision(span) for _, _, span in in_order]

    def _decision(self, span: SpanRecord) -> dict[str, Any]:
        attributes = span.attributes
        outcomes = [event for event in span.events if event.name == semconv.EVENT_OUTCOME]
        if not outcomes and attributes.get(semconv.DECISION_OUTCOME) not in {None, "missing"}:
            self.missing.append(f"the outcome of {attributes[semconv.DECISION_ID]}")
        decision = {
            "id": _text(attributes, semconv.DECISION_ID),
            "timestamp": _timestamp(attributes, semconv.DECISION_TIMESTAMP, span.start_unix_nano),
            "node_id": _text(attributes, semconv.NODE_ID),
            "intent": _text(attributes, semconv.DECISION_INTENT),
            "decision_type": _text(attributes, semconv.DECISION_TYPE),
            "options": self._json(attributes, semconv.DECISION_OPTIONS, []),
            "chosen_option_id": _text(attributes, semconv.DECISION_CHOSEN),
            "reasoning": _text(attributes, semconv.DECISION_REASONING),
            "active_constraints": self._json(attributes, semconv.DECISION_CONSTRAINTS, []),
            "input_context": self._json(attributes, semconv.DECISION_CONTEXT, {}),
            "outcome": self._outcome(outcomes[0]) if outcomes else None,
            "evaluation": self._json(attributes, semconv.DECISION_EVALUATION, None),
        }
        return self._with_extra(decision, attributes, semconv.DECISION_EXTRA)

    def _outcome(self, event: EventRecord) -> dict[str, Any]:
        attributes = event.attributes
        outcome = {
            "success": attributes.get(semconv.OUTCOME_SUCCESS) is True,
            "result": self._json(attributes, semconv.OUTCOME_RESULT, None),
            "error": attributes.get(semconv.OUTCOME_ERROR),
            "state_changes": self._json(attributes, semconv.OUTCOME_STATE_CHANGES, {}),
            "tokens_used": _as_int(attributes.get(semconv.OUTCOME_TOKENS_USED)),
            "latency_ms": _as_int(attributes.get(semconv.OUTCOME_LATENCY_MS)),
            "summary": _text(attributes, semconv.OUTCOME_SUMMARY),
            "timestamp": _timestamp(attributes, semconv.OUTCOME_TIMESTAMP, event.time_unix_nano),
        }
        return self._with_extra(outcome, attributes, semconv.OUTCOME_EXTRA)

    def _problems(self) -> list[dict[str, Any]]:
        events = [event for span in self.spans for event in span.events if event.name == semconv.EVENT_PROBLEM]
        events.sort(key=lambda event: _index(event.attributes, semconv.PROBLEM_ID, semconv.PROBLEM_INDEX))
        return [self._problem(event) for event in events]

    def _problem(self, event: EventRecord) -> dict[str, Any]:
        attributes = event.attributes
        problem = {
            "id": _text(attributes, semconv.PROBLEM_ID),
            "severity": _text(attributes, semconv.PROBLEM_SEVERITY),
            "description": _text(attributes, semconv.PROBLEM_DESCRIPTION),
            "root_cause": attributes.get(semconv.PROBLEM_ROOT_CAUSE),
            "decision_id": attributes.get(semconv.DECISION_ID),
            "timestamp": _timestamp(attributes, semconv.PROBLEM_TIMESTAMP, event.time_unix_nano),
            "suggested_fix": attributes.get(semconv.PROBLEM_SUGGESTED_FIX),
        }
        return self._with_extra(problem, attributes, semconv.PROBLEM_EXTRA)

    def _amendments(self) -> list[Any]:
        lists = [self._json(span.attributes, semconv.AMENDMENTS, []) for span in self.spans]
        return [amendment for amendments in lists for amendment in amendments]

    def _with_extra(self, part: dict[str, Any], attributes: Attributes, name: str) -> dict[str, Any]:
        if name in attributes:
            part.update(self._json(attributes, name, {}))
        return part

    def _json(self, attributes: Attributes, name: str, default: Any) -> Any:
        """Read a JSON attribute; one that another limit has cut is no JSON any more and counts as missing."""
        text = attributes.get(name)
        if text is None:
            return default
        if not isinstance(text, str):
            self.missing.append(f"{name}, which is no text")
            return default
        try:
            value = loads(text)
        except ValueError:
            self.missing.append(f"{name}, which is no JSON any more: a span limit may have cut it")
            return default
        if self.deepest is not None and is_deeper(value, self.deepest):
            self.missing.append(f"{name}, which is too deep")
            return default
        return value if default is None or isinstance(value, type(default)) else default


def _index(attributes: Mapping[str, Any], id_name: str, index_name: str) -> int:
    """Return a part's place: told by its own attribute, else by the number its id ends with."""
    index = attributes.get(index_name)
    if index is not None:
        return _as_int(index)
    return _as_int(str(attributes.get(id_name, "")).rpartition("_")[2])


def _text(attributes: Attributes, name: str, default: str = "") -> str:
    value = attributes.get(name, default)
    return value if isinstance(value, str) else str(value)


def _timestamp(attributes: Attributes, name: str, unix_nano: int) -> str:
    exact = attributes.get(name)
    return exact if isinstance(exact, str) else format_timestamp(unix_nano // 1000)


def _as_int(value: object) -> int:
    try:
        return int(cast("Any", value))
    except (TypeError, ValueError):
        return 0
