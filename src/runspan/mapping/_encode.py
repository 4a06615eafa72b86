"""Parts of a Run to attributes of spans and events. Pure: knows no clock, no span and no file.

What equals its default is left out; the decoder puts it back. JSON bytes go over as they are, decoded to text once.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from runspan import semconv
from runspan.record import EMPTY_ARRAY, EMPTY_OBJECT, NULL
from runspan.values import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runspan.record import DecisionParts, OutcomeParts, ProblemParts, RunParts, Stamp

__all__ = [
    "checksum_of",
    "decision_attributes",
    "decision_details",
    "decision_span_name",
    "identity",
    "outcome_attributes",
    "outcome_word",
    "problem_attributes",
    "run_attributes",
    "run_details",
    "run_end_attributes",
    "run_span_name",
]

_INT64_END: Final = 2**63
_MAX_NAME: Final = 200
_SEVERITIES: Final = ("critical", "warning", "minor")

Encoded = dict[str, Any]
"""Attributes by name: str, bool or int."""


def run_span_name(parts: RunParts) -> str:
    """Return the run span's name: `run {goal_id}`."""
    return f"{semconv.SPAN_RUN} {parts.goal_id}"[:_MAX_NAME]


def decision_span_name(parts: DecisionParts, span_names: str) -> str:
    """Return a decision span's name: `decide {node_id}`, with `span_names="choice"` also the option chosen."""
    name = f"{semconv.SPAN_DECISION} {parts.node_id}"
    if span_names == "choice" and parts.chosen_option_id:
        name = f"{name}: {parts.chosen_option_id}"
    return name[:_MAX_NAME]


def identity(run_id: str) -> Encoded:
    """Return what every span carries, and carries last."""
    return {semconv.RUN_ID: run_id, semconv.FORMAT: semconv.FORMAT_VERSION}


def run_attributes(parts: RunParts, *, agent_name: str | None = None, session_id: str | None = None) -> Encoded:
    """Return what samplers may want to see of a run when its span starts."""
    attributes = identity(parts.id)
    attributes[semconv.GOAL_ID] = parts.goal_id
    attributes[semconv.GEN_AI_OPERATION_NAME] = semconv.GEN_AI_INVOKE_AGENT
    if agent_name:
        attributes[semconv.GEN_AI_AGENT_NAME] = agent_name
    if session_id:
        attributes[semconv.GEN_AI_CONVERSATION_ID] = session_id
    return attributes


def run_details(parts: RunParts) -> Encoded:
    """Return the rest that is known at the start; only spans that record take it."""
    attributes: Encoded = {}
    _set_text(attributes, semconv.GOAL_DESCRIPTION, parts.goal_description)
    _set_json(attributes, semconv.RUN_INPUT, parts.input_data, EMPTY_OBJECT)
    _set_stamp(attributes, semconv.RUN_STARTED_AT, parts.started)
    return attributes


def run_end_attributes(
    *,
    status: str,
    narrative: str,
    output_data: bytes,
    extra: Mapping[str, bytes],
    completed: Stamp | None,
    checksum: str,
    decision_count: int,
    failed_decision_count: int,
    total_tokens: int,
    severities: Sequence[object],
) -> Encoded:
    """Return what a run span gets at its end.

    Args:
        status: One of RunStatus.
        narrative: The Run's.
        output_data: JSON object.
        extra: The Run's extra fields, name -> JSON.
        completed: When the run ended; None while `completed_at` is null.
        checksum: Of the run file.
        decision_count: Decisions that left as spans.
        failed_decision_count: Those with an outcome that is no success.
        total_tokens: Used by all outcomes together.
        severities: One of each problem that left as an event.
    """
    attributes: Encoded = {
        semconv.RUN_STATUS: status,
        semconv.RUN_DECISION_COUNT: decision_count,
        semconv.RUN_FAILED_DECISION_COUNT: failed_decision_count,
        semconv.RUN_PROBLEM_COUNT: len(severities),
        semconv.RUN_TOTAL_TOKENS: _number(total_tokens),
    }
    worst = next((severity for severity in _SEVERITIES if severity in severities), None)
    _set_text(attributes, semconv.RUN_WORST_SEVERITY, worst)
    _set_text(attributes, semconv.RUN_NARRATIVE, narrative)
    _set_json(attributes, semconv.RUN_OUTPUT, output_data, EMPTY_OBJECT)
    _set_extra(attributes, semconv.RUN_EXTRA, extra)
    if completed is None:
        attributes[semconv.RUN_COMPLETED_AT] = ""
    else:
        _set_stamp(attributes, semconv.RUN_COMPLETED_AT, completed)
    attributes[semconv.RUN_CHECKSUM] = checksum
    return attributes


def checksum_of(data: bytes) -> str:
    """Return the checksum of a run file's bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def decision_attributes(parts: DecisionParts, run_id: str) -> Encoded:
    """Return what samplers may want to see of a decision when its span starts."""
    attributes: Encoded = {
        semconv.RUN_ID: run_id,
        semconv.FORMAT: semconv.FORMAT_VERSION,
        semconv.DECISION_ID: parts.id,
        semconv.NODE_ID: parts.node_id,
        semconv.DECISION_TYPE: parts.decision_type,
    }
    if parts.id != f"dec_{parts.index}":
        attributes[semconv.DECISION_INDEX] = parts.index
    if parts.intent:
        attributes[semconv.DECISION_INTENT] = parts.intent
    if parts.chosen_option_id:
        attributes[semconv.DECISION_CHOSEN] = parts.chosen_option_id
    return attributes


def decision_details(parts: DecisionParts) -> Encoded:
    """Return the rest that is known when a decision is made; only spans that record take it."""
    # What is there most of the time is spelled out, like an outcome's: a call for each takes twice as long.
    attributes: Encoded = {}
    if parts.chosen_description:
        attributes[semconv.DECISION_CHOSEN_DESCRIPTION] = parts.chosen_description
    if parts.reasoning:
        attributes[semconv.DECISION_REASONING] = parts.reasoning
    if parts.options != EMPTY_ARRAY:
        attributes[semconv.DECISION_OPTIONS] = parts.options.decode()
    if parts.active_constraints != EMPTY_ARRAY:
        attributes[semconv.DECISION_CONSTRAINTS] = parts.active_constraints.decode()
    if parts.input_context != EMPTY_OBJECT:
        attributes[semconv.DECISION_CONTEXT] = parts.input_context.decode()
    if parts.extra or parts.evaluation != NULL or not parts.made.is_own:
        _set_json(attributes, semconv.DECISION_EVALUATION, parts.evaluation, NULL)
        _set_extra(attributes, semconv.DECISION_EXTRA, parts.extra)
        _set_stamp(attributes, semconv.DECISION_TIMESTAMP, parts.made)
    return attributes


def outcome_word(*, success: bool, cancelled: bool = False) -> str:
    """Return the value of `runspan.decision.outcome`."""
    if cancelled:
        return "cancelled"
    return "success" if success else "failure"


def outcome_attributes(parts: OutcomeParts) -> Encoded:
    """Return the attributes of an outcome event."""
    attributes: Encoded = {semconv.OUTCOME_SUCCESS: parts.success}
    if parts.result != NULL:
        attributes[semconv.OUTCOME_RESULT] = parts.result.decode()
    if parts.error is not None:
        attributes[semconv.OUTCOME_ERROR] = parts.error
    if parts.state_changes != EMPTY_OBJECT:
        attributes[semconv.OUTCOME_STATE_CHANGES] = parts.state_changes.decode()
    if parts.tokens_used:
        attributes[semconv.OUTCOME_TOKENS_USED] = _number(parts.tokens_used)
    if parts.latency_ms:
        attributes[semconv.OUTCOME_LATENCY_MS] = _number(parts.latency_ms)
    if parts.summary:
        attributes[semconv.OUTCOME_SUMMARY] = parts.summary
    if parts.extra or not parts.recorded.is_own:
        _set_extra(attributes, semconv.OUTCOME_EXTRA, parts.extra)
        _set_stamp(attributes, semconv.OUTCOME_TIMESTAMP, parts.recorded)
    return attributes


def problem_attributes(parts: ProblemParts) -> Encoded:
    """Return the attributes of a problem event."""
    attributes: Encoded = {semconv.PROBLEM_ID: parts.id, semconv.PROBLEM_SEVERITY: parts.severity}
    if parts.id != f"prob_{parts.index}":
        attributes[semconv.PROBLEM_INDEX] = parts.index
    if parts.decision_id is not None:
        attributes[semconv.DECISION_ID] = parts.decision_id
    _set_text(attributes, semconv.PROBLEM_DESCRIPTION, parts.description)
    if parts.root_cause is not None:
        attributes[semconv.PROBLEM_ROOT_CAUSE] = parts.root_cause
    if parts.suggested_fix is not None:
        attributes[semconv.PROBLEM_SUGGESTED_FIX] = parts.suggested_fix
    _set_extra(attributes, semconv.PROBLEM_EXTRA, parts.extra)
    _set_stamp(attributes, semconv.PROBLEM_TIMESTAMP, parts.reported)
    return attributes


def _number(value: int) -> int | str:
    # An int beyond 63 bits dies in the OTLP encoder and takes the whole batch with it.
    return value if -_INT64_END <= value < _INT64_END else str(value)


def _set_text(attributes: Encoded, name: str, text: str | None) -> None:
    if text:
        attributes[name] = text


def _set_json(attributes: Encoded, name: str, data: bytes, default: bytes) -> None:
    if data != default:
        attributes[name] = data.decode()


def _set_extra(attributes: Encoded, name: str, extra: Mapping[str, bytes]) -> None:
    if extra:
        attributes[name] = _object_of(extra).decode()


def _object_of(extra: Mapping[str, bytes]) -> bytes:
    return b"{" + b",".join(dumps(name) + b":" + data for name, data in extra.items()) + b"}"


def _set_stamp(attributes: Encoded, name: str, stamp: Stamp) -> None:
    if not stamp.is_own:
        attributes[name] = stamp.text
