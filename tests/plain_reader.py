"""A reader of native run files made from the format's description alone. Shares no code with runspan.

It opens files as other tools do, with plain `json.load`; it is strict about names, order and types.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_run", "check_summary", "read_index", "read_run"]

TEXT, OPTIONAL, WHOLE, REAL, TRUTH, OBJECT, TEXTS = "text", "optional text", "int", "float", "bool", "object", "texts"

RUN = {
    "id": TEXT,
    "goal_id": TEXT,
    "started_at": "time",
    "status": "status",
    "completed_at": "optional time",
    "decisions": "decisions",
    "problems": "problems",
    "metrics": "metrics",
    "narrative": TEXT,
    "goal_description": TEXT,
    "input_data": OBJECT,
    "output_data": OBJECT,
}
DECISION = {
    "id": TEXT,
    "timestamp": "time",
    "node_id": TEXT,
    "intent": TEXT,
    "decision_type": "decision type",
    "options": "options",
    "chosen_option_id": TEXT,
    "reasoning": TEXT,
    "active_constraints": TEXTS,
    "input_context": OBJECT,
    "outcome": "outcome",
    "evaluation": "evaluation",
}
OPTION = {
    "id": TEXT,
    "description": TEXT,
    "action_type": TEXT,
    "action_params": OBJECT,
    "pros": TEXTS,
    "cons": TEXTS,
    "confidence": REAL,
}
OUTCOME = {
    "success": TRUTH,
    "result": "anything",
    "error": OPTIONAL,
    "state_changes": OBJECT,
    "tokens_used": WHOLE,
    "latency_ms": WHOLE,
    "summary": TEXT,
    "timestamp": "time",
}
EVALUATION = {
    "goal_aligned": TRUTH,
    "alignment_score": REAL,
    "better_option_existed": TRUTH,
    "better_option_id": OPTIONAL,
    "why_better": OPTIONAL,
    "outcome_quality": REAL,
    "contributed_to_success": "anything",
    "explanation": TEXT,
}
PROBLEM = {
    "id": TEXT,
    "severity": TEXT,
    "description": TEXT,
    "root_cause": OPTIONAL,
    "decision_id": OPTIONAL,
    "timestamp": "time",
    "suggested_fix": OPTIONAL,
}
METRICS = {
    "total_decisions": WHOLE,
    "successful_decisions": WHOLE,
    "failed_decisions": WHOLE,
    "total_tokens": WHOLE,
    "total_latency_ms": WHOLE,
    "nodes_executed": TEXTS,
    "edges_traversed": TEXTS,
}
SUMMARY = {
    "run_id": TEXT,
    "goal_id": TEXT,
    "status": "status",
    "duration_ms": WHOLE,
    "decision_count": WHOLE,
    "success_rate": REAL,
    "problem_count": WHOLE,
    "narrative": TEXT,
    "key_decisions": TEXTS,
    "critical_problems": TEXTS,
    "warnings": TEXTS,
    "successes": TEXTS,
}
STATUSES = {"running", "completed", "failed", "stuck", "cancelled"}
TYPES = {
    "tool_selection",
    "parameter_choice",
    "path_choice",
    "output_format",
    "retry_strategy",
    "delegation",
    "termination",
    "custom",
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z?")


def read_run(storage: Path, run_id: str) -> dict[str, Any]:
    """Read and check one run file."""
    with (storage / "runs" / f"{run_id}.json").open(encoding="utf-8") as file:
        run: dict[str, Any] = json.load(file)
    check_run(run)
    return run


def read_index(storage: Path, kind: str, some_id: str) -> list[str]:
    """Read one index as the original's tools do."""
    with (storage / "indexes" / kind / f"{some_id}.json").open(encoding="utf-8") as file:
        index: list[str] = json.load(file)
    return index


def check_run(run: dict[str, Any]) -> None:
    """Hold a run to the format."""
    check_part(run, RUN, ["duration_ms"])
    assert type(run["duration_ms"]) is int


def check_summary(summary: dict[str, Any]) -> None:
    """Hold a summary to the format."""
    check_part(summary, SUMMARY, [])


def check_part(part: dict[str, Any], fields: dict[str, str], computed: list[str]) -> None:
    """Names in order: stored, then any others, then computed; each of its type."""
    names = list(part)
    assert names[: len(fields)] == list(fields)
    assert names[len(names) - len(computed) :] == computed
    for name, kind in fields.items():
        check_value(part[name], kind, name)


def check_value(value: Any, kind: str, name: str) -> None:
    """Hold one field to its type."""
    plain = {TEXT: str, WHOLE: int, REAL: float, TRUTH: bool, OBJECT: dict}
    if kind in plain:
        assert type(value) is plain[kind], f"{name} is {value!r}"
    elif kind == OPTIONAL:
        assert value is None or type(value) is str, f"{name} is {value!r}"
    elif kind == TEXTS:
        assert type(value) is list, name
        assert all(type(item) is str for item in value), name
    elif kind in {"time", "optional time"}:
        assert (value is None and kind == "optional time") or TIME.fullmatch(value), f"{name} is {value!r}"
    elif kind in CLOSED:
        assert value in CLOSED[kind], f"{name} is {value!r}"
    elif kind in PARTS:
        check_nested(value, kind)


def check_nested(value: Any, kind: str) -> None:
    """Hold a part, or each of a list of parts, to its fields."""
    fields, computed = PARTS[kind]
    if kind in {"outcome", "evaluation"} and value is None:
        return
    for part in value if isinstance(value, list) else [value]:
        check_part(part, fields, computed)


CLOSED = {"status": STATUSES, "decision type": TYPES}
PARTS: dict[str, tuple[dict[str, str], list[str]]] = {
    "decisions": (DECISION, ["chosen_option", "was_successful", "was_good_decision"]),
    "options": (OPTION, []),
    "outcome": (OUTCOME, []),
    "evaluation": (EVALUATION, []),
    "problems": (PROBLEM, []),
    "metrics": (METRICS, ["success_rate"]),
}
