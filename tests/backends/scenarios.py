"""Runs of every kind, as agents record them. Knows no backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

import runspan

if TYPE_CHECKING:
    from collections.abc import Callable

    from runspan import Runtime

__all__ = ["SCENARIOS"]

OPTIONS: Final[list[dict[str, Any]]] = [
    {"id": "refund", "description": "Pay the money back", "pros": ["quick"], "cons": ["costs"], "confidence": 0.9},
    {"id": "replace", "description": "Send a new one", "action_type": "tool_call", "action_params": {"sku": "A-1"}},
    {"id": "refuse", "description": "Say no"},
]


def success(runtime: Runtime) -> str:
    """One decision that works."""
    run_id = runtime.start_run("refund", "Refund an order", {"order": 8812, "total": 129.9})
    decision_id = runtime.decide("Choose a remedy", OPTIONS, "refund", "It is cheap", context={"stock": 0})
    runtime.record_outcome(decision_id, True, {"paid": 129.9}, None, "Refunded", {"balance": -129.9}, 812, 145)
    runtime.end_run(True, "Refunded at once", {"paid": True})
    return run_id


def failure(runtime: Runtime) -> str:
    """A failure with a problem right after it, and one that comes later."""
    run_id = runtime.start_run("refund")
    first = runtime.decide("Issue the refund", OPTIONS, "refund", "Paved road", "pay", "tool_selection")
    runtime.record_outcome(first, False, error="payments API timed out after 30 s")
    runtime.report_problem("critical", "Refund not issued", first, "timeout", "Retry with backoff")
    second = runtime.decide("Tell the customer", OPTIONS[:1], "refund", "Must know", "mail")
    runtime.record_outcome(second, True, "sent")
    runtime.report_problem("minor", "Mail was late", first)
    runtime.end_run(False)
    return run_id


def cancelled(runtime: Runtime) -> str:
    """A run that is interrupted in the middle of a decision."""
    with pytest.raises(KeyboardInterrupt), runtime.run("refund") as run, runtime.decision("Wait", OPTIONS, "", "Slow"):
        raise KeyboardInterrupt
    return run.id


def nested(runtime: Runtime) -> str:
    """Executions inside executions, one of which raises."""

    def inner() -> str:
        runtime.record_outcome(runtime.quick_decision("Look up", "query", "Only way", "lookup"), True, [1, 2])
        with runtime.decision("Compute", OPTIONS, "replace", "Fits", node_id="compute") as decision:
            runtime.quick_decision("Round", "round", "Cents", "round")
            decision.outcome(result=None, summary="Computed")
        message = "no stock"
        raise LookupError(message)

    with runtime.run("plan") as run:
        with pytest.raises(LookupError):
            runtime.decide_and_execute("Plan", OPTIONS, "replace", "Try", inner, node_id="plan")
        runtime.decide_and_execute("Give up", OPTIONS, "refuse", "Nothing left", lambda: {"done": True}, node_id="stop")
    return run.id


def many_options(runtime: Runtime) -> str:
    """A decision among two hundred options."""
    options = [{"id": f"o{number}", "description": f"Option {number}", "pros": ["p"] * 3} for number in range(200)]
    run_id = runtime.start_run("choose")
    runtime.record_outcome(runtime.decide("Choose", options, "o150", "Best"), True)
    runtime.end_run(True)
    return run_id


def unicode(runtime: Runtime) -> str:
    """Texts and values of every kind."""
    run_id = runtime.start_run("多言語-ゴール", "Résumé 🚀 in “many” languages", {"naïve": "café ☃ 😀", "nul": "a\0b"})
    options = [{"id": "日本語", "description": "日本語で答える\nline two\ttab"}]
    context = {"big": 2**70, "neg": -0.0, "tiny": 1e-300, "nan": float("nan"), "lone": "\ud83d", "bytes": b"\xff"}
    decision_id = runtime.decide("wähle", options, "日本語", "右から左 \u202e", "nœud", context=context)
    runtime.record_outcome(decision_id, True, "{not json", tokens_used=2**70)
    runtime.end_run(True)
    return run_id


def no_outcome(runtime: Runtime) -> str:
    """Decisions that nobody tells the outcome of, one without options, one choosing what is no option."""
    run_id = runtime.start_run("open")
    runtime.decide("First", OPTIONS, "refund", "")
    runtime.decide("Second", [], "", "")
    runtime.decide("Third", OPTIONS, "zzz", "", constraints=["a", "b"])
    runtime.end_run(True)
    return run_id


def three_hundred_decisions(runtime: Runtime) -> str:
    """A long run."""
    run_id = runtime.start_run("long")
    for number in range(300):
        decision_id = runtime.decide(f"Step {number}", OPTIONS, "refund", "On we go", f"node-{number % 7}")
        runtime.record_outcome(decision_id, number % 10 != 0, {"number": number}, latency_ms=number)
    runtime.end_run(True)
    return run_id


def many_problems(runtime: Runtime) -> str:
    """More problems than one span may have events."""
    run_id = runtime.start_run("trouble")
    decision_id = runtime.decide("Try", OPTIONS, "refund", "Why not")
    for number in range(200):
        runtime.report_problem("warning", f"Problem {number}", decision_id)
    runtime.record_outcome(decision_id, False, error="too much")
    for number in range(200):
        runtime.report_problem("minor", f"Afterthought {number}")
    runtime.end_run(False)
    return run_id


def amended(runtime: Runtime) -> str:
    """A run that the agent looks at and changes."""
    run_id = runtime.start_run("judge")
    runtime.record_outcome(runtime.decide("Decide", OPTIONS, "refund", "Sure"), True)
    run = runtime.current_run
    assert run is not None
    run.decisions[0].evaluation = runspan.DecisionEvaluation(outcome_quality=0.4, explanation="dear")
    run.team = "blue"  # type: ignore[attr-defined]
    runtime.decide("Again", OPTIONS, "refuse", "Learned")
    run.add_decision(runspan.Decision(id="dec_own", node_id="agent", intent="Added by hand"))
    runtime.end_run(True)
    return run_id


def mistaken(runtime: Runtime) -> str:
    """Wrong types, second outcomes, unknown ids."""
    run_id = runtime.start_run("mistakes", None, ["no", "object"])  # type: ignore[arg-type]
    options = ["plain", {"description": "without id"}, {"id": 7, "confidence": "high", "pros": "one"}]
    decision_id = runtime.decide(5, options, "plain", None, decision_type="guess", context=[1])  # type: ignore[arg-type]
    runtime.record_outcome(decision_id, "yes", error=ValueError("bad"), latency_ms=1.5)  # type: ignore[arg-type]
    runtime.record_outcome(decision_id, False, "again")
    runtime.record_outcome("dec_99", True)
    runtime.report_problem("dreadful", {"a": 1}, "dec_98")  # type: ignore[arg-type]
    runtime.end_run(True)
    return run_id


SCENARIOS: Final[dict[str, Callable[[Runtime], str]]] = {
    scenario.__name__: scenario
    for scenario in (
        success,
        failure,
        cancelled,
        nested,
        many_options,
        unicode,
        no_outcome,
        three_hundred_decisions,
        many_problems,
        amended,
        mistaken,
    )
}
"""Each records one run and returns its id."""
