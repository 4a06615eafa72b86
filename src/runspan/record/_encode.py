"""A call's arguments made parts: the one place where what an agent says becomes JSON. Knows no run and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import orjson

from runspan.native import DecisionType
from runspan.record._coerce import (
    array_of_texts,
    array_of_texts_json,
    boolean,
    keep,
    number,
    object_json,
    optional_text,
    text,
    whole,
)
from runspan.record._parts import EMPTY_ARRAY, DecisionParts, EndParts, OutcomeParts, ProblemParts, RunParts, Stamp
from runspan.values import DEFAULT_BOUNDS, encode, to_json_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from runspan.record._coerce import Extra

__all__ = [
    "encode_decision",
    "encode_options",
    "encode_outcome",
    "encode_problem",
    "encode_run_end",
    "encode_run_start",
]

_T = TypeVar("_T")

_UNSET: Final = Stamp("", 0)
_TYPES: Final = {member.value: member.value for member in DecisionType}
_OWN_ID: Final = "id"


def _tamed(make: Callable[..., _T], *arguments: object) -> _T:
    """Make parts; where an argument misbehaves even when asked for its type, make them of the arguments' JSON."""
    try:
        return make(*arguments)
    except Exception:  # noqa: BLE001 - the agent's own objects may raise anything anywhere
        return make(*(to_json_value(argument) for argument in arguments))


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
    described = _options(options, extra, doubts)
    by_id = {option["id"]: option["description"] for option in reversed(described)}
    if chosen_id and chosen_id not in by_id:
        doubts.append(f"chosen={chosen_id[:80]!r} is not the id of an option")
    parts = DecisionParts(
        id="",
        index=-1,
        made=_UNSET,
        node_id=text(node_id, "node_id", extra),
        intent=text(intent, "intent", extra),
        decision_type=_decision_type(decision_type, extra),
        options=orjson.dumps(described) if described else EMPTY_ARRAY,
        chosen_option_id=chosen_id,
        chosen_description=by_id.get(chosen_id),
        reasoning=text(reasoning, "reasoning", extra),
        active_constraints=array_of_texts_json(constraints, "active_constraints", extra),
        input_context=object_json(context, "input_context", extra),
        extra=extra,
    )
    return parts, doubts


def _decision_type(value: object, extra: Extra) -> str:
    if type(value) is DecisionType:
        return value.value
    word = value.value if isinstance(value, Enum) else value
    known = _TYPES.get(word) if isinstance(word, str) else None
    if known is None:
        keep("decision_type", value, extra)
    return known or DecisionType.CUSTOM.value


def encode_options(options: object, name: str, extra: Extra) -> bytes:
    """Encode options alone, as `encode_decision` does; what is no option at all is kept as `{name}_given`."""
    described = _options(options, extra, [])
    if not described and options and f"{name}_given" not in extra:
        keep(name, options, extra)
    return orjson.dumps(described) if described else EMPTY_ARRAY


def _options(options: object, extra: Extra, doubts: list[str]) -> list[dict[str, Any]]:
    """Return the options as the file has them; anything that is no option at all is kept in `extra`."""
    if type(options) is not list:
        options = _listed(options, extra, doubts)
    if len(options) > DEFAULT_BOUNDS.max_items:
        doubts.append(f"{len(options):,} options, the first {DEFAULT_BOUNDS.max_items:,} are recorded")
    return [_option(option, doubts) for option in options[: DEFAULT_BOUNDS.max_items]]


def _listed(options: object, extra: Extra, doubts: list[str]) -> list[object]:
    if options is None:
        return []
    if isinstance(options, Mapping) and _OWN_ID in options:
        return [options]
    if isinstance(options, Iterable) and not isinstance(options, str | bytes | Mapping):
        try:
            return list(islice(options, DEFAULT_BOUNDS.max_items + 1))
        except Exception:  # noqa: BLE001 - the agent's own iterable may raise anything
            doubts.append("options cannot be iterated over")
    doubts.append("options is no list of dicts; it is kept as options_given")
    keep("options", options, extra)
    return []


def _option(option: object, doubts: list[str]) -> dict[str, Any]:
    given = option if type(option) is dict else _fields_of(option, doubts)
    get = given.get
    extra: Extra = {}
    encoded: dict[str, Any] = {
        "id": text(get("id", ""), "id", extra),
        "description": text(get("description", ""), "description", extra),
        "action_type": text(get("action_type", "unknown"), "action_type", extra),
        "action_params": _spliced(object_json(get("action_params"), "action_params", extra)),
        "pros": array_of_texts(get("pros"), "pros", extra),
        "cons": array_of_texts(get("cons"), "cons", extra),
        "confidence": number(get("confidence", 0.5), "confidence", extra, default=0.5),
    }
    if not encoded["id"]:
        doubts.append("an option has no id; it is recorded with an empty one")
    for name, data in extra.items():
        encoded[name] = _spliced(data)
    return encoded


def _fields_of(option: object, doubts: list[str]) -> dict[str, Any]:
    """Return an option that is no dict (a model, a dataclass, a text) as one."""
    plain = to_json_value(option)
    if isinstance(plain, dict):
        return cast("dict[str, Any]", plain)
    word = plain if isinstance(plain, str) else encode(plain).decode()
    doubts.append(f"option {word[:80]!r} is no dict; its text is taken as id and description")
    return {"id": word, "description": word}


def _spliced(data: bytes) -> object:
    """Return JSON that orjson takes over as it is: each value is bounded and encoded by itself."""
    return orjson.Fragment(data)


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
        success=boolean(success, "success", extra),
        result=encode(result),
        error=optional_text(error, "error", extra),
        state_changes=object_json(state_changes, "state_changes", extra),
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
