"""Native runs for property tests: a plain one of any size, and such that hold anything anywhere. Knows no test."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from runspan.native import derive_run
from runspan.values import dumps, loads

__all__ = ["native_runs", "sample"]


def sample(decisions: int = 3, problems: int = 2) -> dict[str, Any]:
    """Return a native run of that size."""
    run: dict[str, Any] = {
        "id": "run_20261123_120000_00000001",
        "goal_id": "goal",
        "started_at": "2026-11-23T12:00:00Z",
        "status": "completed",
        "completed_at": "2026-11-23T12:00:09.500000Z",
        "decisions": [decision(number) for number in range(decisions)],
        "problems": [problem(number) for number in range(problems)],
        "metrics": {
            "total_decisions": decisions,
            "successful_decisions": decisions,
            "failed_decisions": 0,
            "total_tokens": 3 * decisions,
            "total_latency_ms": 0,
            "nodes_executed": ["node"] if decisions else [],
            "edges_traversed": [],
        },
        "narrative": "It went well.",
        "goal_description": "",
        "input_data": {"a": [1, None, -0.0]},
        "output_data": {},
        "trace_id": "0" * 31 + "1",
    }
    return derive_run(run)


def decision(number: int) -> dict[str, Any]:
    """Return a native decision with an outcome."""
    option = {
        "id": "a",
        "description": "A",
        "action_type": "unknown",
        "action_params": {},
        "pros": ["quick"],
        "cons": [],
        "confidence": 0.5,
    }
    outcome = {
        "success": True,
        "result": {"n": number},
        "error": None,
        "state_changes": {},
        "tokens_used": 3,
        "latency_ms": 0,
        "summary": "done",
        "timestamp": f"2026-11-23T12:00:0{number % 9}.000002Z",
    }
    return {
        "id": f"dec_{number}",
        "timestamp": f"2026-11-23T12:00:0{number % 9}.000001Z",
        "node_id": "node",
        "intent": f"intent {number}",
        "decision_type": "custom",
        "options": [option],
        "chosen_option_id": "a",
        "reasoning": "because",
        "active_constraints": ["c"],
        "input_context": {"k": "v"},
        "outcome": outcome,
        "evaluation": None,
    }


def problem(number: int) -> dict[str, Any]:
    """Return a native problem."""
    return {
        "id": f"prob_{number}",
        "severity": "warning",
        "description": f"problem {number}",
        "root_cause": None,
        "decision_id": "dec_0" if number % 2 else None,
        "timestamp": "2026-11-23T12:00:09Z",
        "suggested_fix": "fix",
    }


_WORDS: Final = st.text(st.characters(exclude_categories=["Cs"]))
_SCALARS: Final = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | _WORDS
_JSON: Final = st.recursive(
    _SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)
_OBJECT: Final = st.dictionaries(_WORDS, _JSON, max_size=4)
_TEXT: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@st.composite
def native_runs(draw: st.DrawFn) -> dict[str, Any]:
    """Texts, numbers of any size and JSON of any shape in any field, extra fields and wrong types included."""
    run = sample(2, 2)
    run["input_data"], run["output_data"] = draw(_OBJECT), draw(_OBJECT)
    run["goal_id"], run["narrative"] = draw(_TEXT), draw(_TEXT)
    first, second = run["decisions"]
    first["outcome"]["result"] = draw(_JSON)
    first["outcome"]["tokens_used"] = draw(st.integers(-(2**80), 2**80))
    first["input_context"], first["reasoning"] = draw(_OBJECT), draw(_TEXT)
    second["outcome"] = draw(st.none() | st.just(second["outcome"]))
    second["evaluation"] = draw(st.none() | st.just({"goal_aligned": True, "outcome_quality": 0.25}))
    second["id"] = draw(_TEXT)
    second["timestamp"] = draw(_TEXT | st.just("2026-11-23 12:00:00+02:00"))
    run["problems"][1]["root_cause"] = draw(st.none() | _TEXT)
    run[draw(st.sampled_from(["agent_name", "team", "started_at", "completed_at", "status", "metrics"]))] = draw(_JSON)
    derived = loads(dumps(run))
    assert isinstance(derived, dict)
    derive_run(derived)
    return derived
