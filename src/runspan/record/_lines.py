"""Parts to native JSON and back: the bytes of one Decision, Outcome or Problem. Knows no run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from runspan.native import (
    COMPUTED_DECISION,
    COMPUTED_RUN,
    DECISION_FIELDS,
    OUTCOME_FIELDS,
    PROBLEM_FIELDS,
    RUN_FIELDS,
    format_timestamp,
    parse_timestamp_ns,
)
from runspan.record._parts import NULL, DecisionParts, EndParts, OutcomeParts, ProblemParts, RunParts, Stamp
from runspan.values import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "add_extra",
    "decision_json",
    "decision_parts",
    "outcome_json",
    "outcome_parts",
    "problem_json",
    "problem_parts",
    "run_end_json",
    "run_json",
    "run_parts",
    "stamp_of",
    "text_of_extra",
    "with_id",
]

_INT64: Final = 2**63
_UINT64: Final = 2**64


def run_json(parts: RunParts) -> bytes:
    """Return the native JSON of what is known of a Run when it starts, compact."""
    fields: dict[str, Any] = {
        "id": parts.id,
        "goal_id": parts.goal_id,
        "started_at": parts.started.text,
        "goal_description": parts.goal_description,
        "input_data": orjson.Fragment(parts.input_data),
    }
    if parts.extra:
        _add_extra(fields, parts.extra)
    return orjson.dumps(fields)


def decision_json(parts: DecisionParts) -> bytes:
    """Return the native JSON of a Decision without outcome, compact, stored fields and extras only."""
    fields: dict[str, Any] = {
        "id": parts.id,
        "timestamp": parts.made.text,
        "node_id": parts.node_id,
        "intent": parts.intent,
        "decision_type": parts.decision_type,
        "options": orjson.Fragment(parts.options),
        "chosen_option_id": parts.chosen_option_id,
        "reasoning": parts.reasoning,
        "active_constraints": orjson.Fragment(parts.active_constraints),
        "input_context": orjson.Fragment(parts.input_context),
        "outcome": None,
        "evaluation": orjson.Fragment(parts.evaluation),
    }
    if parts.extra:
        _add_extra(fields, parts.extra)
    return orjson.dumps(fields)


def outcome_json(parts: OutcomeParts) -> bytes:
    """Return the native JSON of an Outcome, compact."""
    fields: dict[str, Any] = {
        "success": parts.success,
        "result": orjson.Fragment(parts.result),
        "error": parts.error,
        "state_changes": orjson.Fragment(parts.state_changes),
        "tokens_used": _whole(parts.tokens_used),
        "latency_ms": _whole(parts.latency_ms),
        "summary": parts.summary,
        "timestamp": parts.recorded.text,
    }
    if parts.extra:
        _add_extra(fields, parts.extra)
    return orjson.dumps(fields)


def problem_json(parts: ProblemParts) -> bytes:
    """Return the native JSON of a Problem, compact."""
    fields: dict[str, Any] = {
        "id": parts.id,
        "severity": parts.severity,
        "description": parts.description,
        "root_cause": parts.root_cause,
        "decision_id": parts.decision_id,
        "timestamp": parts.reported.text,
        "suggested_fix": parts.suggested_fix,
    }
    if parts.extra:
        _add_extra(fields, parts.extra)
    return orjson.dumps(fields)


def run_end_json(parts: EndParts) -> bytes:
    """Return what the end of a Run adds to it as JSON, compact."""
    fields: dict[str, Any] = {
        "narrative": parts.narrative,
        "output_data": orjson.Fragment(parts.output_data or NULL),
    }
    if parts.extra:
        _add_extra(fields, parts.extra)
    return orjson.dumps(fields)


def with_id(line: bytes, part_id: str) -> bytes:
    """Return a line with another id: `dec_0`, `prob_0`. All lines of parts begin with their id, which is of ours."""
    return b'{"id":"%s",%s' % (part_id.encode(), line.partition(b",")[2])


def add_extra(parts: DecisionParts, name: str, data: bytes) -> None:
    """Add an extra field, given as JSON, to parts that have their line."""
    parts.extra[name] = data
    parts.line = b'%s,"%s":%s}' % (parts.line[:-1], name.encode(), data)


def text_of_extra(parts: RunParts, name: str) -> str | None:
    """Return an extra field of a Run's start, None where there is no text in it."""
    told = loads(parts.extra.get(name, NULL))
    return told if isinstance(told, str) else None


def _add_extra(fields: dict[str, Any], extra: Mapping[str, bytes]) -> None:
    for name, data in extra.items():
        fields[name] = orjson.Fragment(data)


def _whole(value: int) -> object:
    # orjson refuses integers beyond 64 bits; as a fragment they pass.
    return value if -_INT64 <= value < _INT64 else orjson.Fragment(dumps(value))


def stamp_of(text: object, *, fallback_unix_nano: int = 0) -> Stamp:
    """Return a stored timestamp with its instant.

    Args:
        text: As the file has it.
        fallback_unix_nano: Instant of a text that is no timestamp.
    """
    text = text if isinstance(text, str) else ""
    unix_nano = parse_timestamp_ns(text)
    if unix_nano is None or not 0 <= unix_nano < _UINT64:  # spans have no other times
        return Stamp(text, fallback_unix_nano, is_own=False)
    return Stamp(text, unix_nano, is_own=format_timestamp(unix_nano // 1000) == text)


def run_parts(run: Mapping[str, Any]) -> RunParts:
    """Return the parts of a native Run that are known when it starts."""
    return RunParts(
        id=_text(run.get("id")),
        goal_id=_text(run.get("goal_id")),
        started=stamp_of(run.get("started_at")),
        goal_description=_text(run.get("goal_description")),
        input_data=dumps(run.get("input_data", {})),
        extra=_extra_of(run, (*RUN_FIELDS, *COMPUTED_RUN)),
    )


def decision_parts(decision: Mapping[str, Any], index: int, *, fallback_unix_nano: int = 0) -> DecisionParts:
    """Return the parts of a native Decision, its outcome left out."""
    chosen = _text(decision.get("chosen_option_id"))
    options = decision.get("options", [])
    return DecisionParts(
        id=_text(decision.get("id")),
        index=index,
        made=stamp_of(decision.get("timestamp"), fallback_unix_nano=fallback_unix_nano),
        node_id=_text(decision.get("node_id")),
        intent=_text(decision.get("intent")),
        decision_type=_text(decision.get("decision_type")),
        options=dumps(options),
        chosen_option_id=chosen,
        chosen_description=_description(options, chosen),
        reasoning=_text(decision.get("reasoning")),
        active_constraints=dumps(decision.get("active_constraints", [])),
        input_context=dumps(decision.get("input_context", {})),
        evaluation=dumps(decision.get("evaluation")) if decision.get("evaluation") is not None else NULL,
        extra=_extra_of(decision, (*DECISION_FIELDS, *COMPUTED_DECISION)),
    )


def _description(options: object, chosen: str) -> str | None:
    if not isinstance(options, list):
        return None
    found = (option for option in options if isinstance(option, dict) and option.get("id") == chosen)
    return next((_text(option.get("description")) for option in found), None)


def outcome_parts(outcome: Mapping[str, Any], *, fallback_unix_nano: int = 0) -> OutcomeParts:
    """Return the parts of a native Outcome."""
    return OutcomeParts(
        recorded=stamp_of(outcome.get("timestamp"), fallback_unix_nano=fallback_unix_nano),
        success=outcome.get("success") is True,
        result=dumps(outcome.get("result")),
        error=_text_or_none(outcome.get("error")),
        state_changes=dumps(outcome.get("state_changes", {})),
        tokens_used=_number(outcome.get("tokens_used")),
        latency_ms=_number(outcome.get("latency_ms")),
        summary=_text(outcome.get("summary")),
        extra=_extra_of(outcome, OUTCOME_FIELDS),
    )


def problem_parts(problem: Mapping[str, Any], index: int, *, fallback_unix_nano: int = 0) -> ProblemParts:
    """Return the parts of a native Problem."""
    return ProblemParts(
        id=_text(problem.get("id")),
        index=index,
        reported=stamp_of(problem.get("timestamp"), fallback_unix_nano=fallback_unix_nano),
        severity=_text(problem.get("severity")),
        description=_text(problem.get("description")),
        decision_id=_text_or_none(problem.get("decision_id")),
        root_cause=_text_or_none(problem.get("root_cause")),
        suggested_fix=_text_or_none(problem.get("suggested_fix")),
        extra=_extra_of(problem, PROBLEM_FIELDS),
    )


# A hand-edited file may hold anything anywhere. What a part cannot carry differs when the Run is decoded again, and
# the amendments put it right.


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _extra_of(part: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, bytes]:
    return {name: dumps(value) for name, value in part.items() if name not in known}
