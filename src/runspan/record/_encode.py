"""A call's arguments made parts: the one place where what an agent says becomes JSON. Knows no run and no clock."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, TypeVar

from runspan.native import DecisionType
from runspan.record._coerce import (
    array_of_texts_json,
    boolean,
    keep,
    object_json,
    optional_text,
    text,
    whole,
)
from runspan.record._options import options_parts
from runspan.record._parts import (
    EMPTY_ARRAY,
    EMPTY_OBJECT,
    DecisionParts,
    EndParts,
    OutcomeParts,
    ProblemParts,
    RunParts,
    Stamp,
)
from runspan.values import encode, to_json_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runspan.record._coerce import Extra

__all__ = [
    "encode_decision",
    "encode_outcome",
    "encode_problem",
    "encode_run_end",
    "encode_run_start",
]

_T = TypeVar("_T")

_UNSET: Final = Stamp("", 0)
_TYPES: Final = {member.value: member.value for member in DecisionType}


def _tamed(make: Callable[..., _T], *arguments: object) -> _T:
    """Make parts; where an argument misbehaves even when asked for its type, make them of the arguments' JSON."""
    try:
        return make(*arguments)
    except Exception:  # noqa: BLE001 - the agent's own objects may raise anything anywhere
        return make(*map(to_json_value, arguments))


def encode_run_start(
    run_id: str, goal_id: object, goal_description: object, input_data: object, *, names: Mapping[str, object]
) -> RunParts:
    """Encode the arguments of `start_run`.

    Args:
        run_id: The new run's id.
        goal_id: As the agent gave it.
        goal_description: As the agent gave it.
        input_data: As the agent gave it.
        names: Extra fields of the Run by name (`agent_name`, `session_id`); None is left out.
    """
    parts = _tamed(_run_start, goal_id, goal_description, input_data)
    parts.id = run_id
    parts.extra = {name: encode(value) for name, value in names.items() if value is not None} | parts.extra
    return parts


def _run_start(goal_id: object, goal_description: object, input_data: object) -> RunParts:
    extra: Extra = {}
    return RunParts(
        id="",
        goal_id=text(goal_id, "goal_id", extra),
        started=_UNSET,
        goal_description=text(goal_description, "goal_description", extra),
        input_data=object_json(input_data, "input_data", extra),
        extra=extra,
    )


def encode_decision(
    intent: object,
    options: object,
    chosen: object,
    reasoning: object,
    node_id: object,
    decision_type: object,
    constraints: object,
    context: object,
) -> tuple[DecisionParts, list[str]]:
    """Encode the arguments of `decide`; the id, index and time are the run's to give.

    Returns:
        The parts, and what is doubtful about them, one sentence each.
    """
    return _tamed(_decision, intent, options, chosen, reasoning, node_id, decision_type, constraints, context)


def _decision(
    intent: object,
    options: object,
    chosen: object,
    reasoning: object,
    node_id: object,
    decision_type: object,
    constraints: object,
    context: object,
) -> tuple[DecisionParts, list[str]]:
    extra: Extra = {}
    doubts: list[str] = []
    chosen_id = text(chosen, "chosen_option_id", extra)
    options_json, by_id = options_parts(options, extra, doubts)
    if chosen_id and chosen_id not in by_id:
        doubts.append(f"chosen={chosen_id[:80]!r} is not the id of an option")
    parts = DecisionParts(
        id="",
        index=-1,
        made=_UNSET,
        node_id=text(node_id, "node_id", extra),
        intent=text(intent, "intent", extra),
        decision_type=_decision_type(decision_type, extra),
        options=options_json,
        chosen_option_id=chosen_id,
        chosen_description=by_id.get(chosen_id),
        reasoning=text(reasoning, "reasoning", extra),
        active_constraints=EMPTY_ARRAY
        if constraints is None
        else array_of_texts_json(constraints, "active_constraints", extra),
        input_context=object_json(context, "input_context", extra),
        extra=extra,
    )
    return parts, doubts


def _decision_type(value: object, extra: Extra) -> str:
    if type(value) is DecisionType:
        return _TYPES[value]  # a StrEnum's member is found by its text
    word = value.value if isinstance(value, Enum) else value
    known = _TYPES.get(word) if isinstance(word, str) else None
    if known is None:
        keep("decision_type", value, extra)
    return known or DecisionType.CUSTOM.value


def encode_outcome(
    success: object,
    result: object,
    error: object,
    summary: object,
    state_changes: object,
    tokens_used: object,
    latency_ms: object,
) -> OutcomeParts:
    """Encode the arguments of `record_outcome`; the time is the run's to give."""
    return _tamed(_outcome, success, result, error, summary, state_changes, tokens_used, latency_ms)


def _outcome(
    success: object,
    result: object,
    error: object,
    summary: object,
    state_changes: object,
    tokens_used: object,
    latency_ms: object,
) -> OutcomeParts:
    extra: Extra = {}
    return OutcomeParts(
        recorded=_UNSET,
        success=success if type(success) is bool else boolean(success, "success", extra),
        result=encode(result),
        error=None if error is None else optional_text(error, "error", extra),
        state_changes=EMPTY_OBJECT if state_changes is None else object_json(state_changes, "state_changes", extra),
        tokens_used=whole(tokens_used, "tokens_used", extra),
        latency_ms=whole(latency_ms, "latency_ms", extra),
        summary=text(summary, "summary", extra),
        extra=extra,
    )


def encode_problem(
    severity: object, description: object, decision_id: object, root_cause: object, suggested_fix: object
) -> ProblemParts:
    """Encode the arguments of `report_problem`; the id, index and time are the run's to give."""
    return _tamed(_problem, severity, description, decision_id, root_cause, suggested_fix)


def _problem(
    severity: object, description: object, decision_id: object, root_cause: object, suggested_fix: object
) -> ProblemParts:
    extra: Extra = {}
    return ProblemParts(
        id="",
        index=-1,
        reported=_UNSET,
        severity=text(severity, "severity", extra),
        description=text(description, "description", extra),
        decision_id=optional_text(decision_id, "decision_id", extra),
        root_cause=optional_text(root_cause, "root_cause", extra),
        suggested_fix=optional_text(suggested_fix, "suggested_fix", extra),
        extra=extra,
    )


def encode_run_end(success: object, narrative: object, output_data: object) -> EndParts:
    """Encode the arguments of `end_run`."""
    return _tamed(_run_end, success, narrative, output_data)


def _run_end(success: object, narrative: object, output_data: object) -> EndParts:
    extra: Extra = {}
    return EndParts(
        success=boolean(success, "success", extra),
        narrative=text(narrative, "narrative", extra),
        output_data=object_json(output_data, "output_data", extra) if output_data is not None else None,
        extra=extra,
    )
