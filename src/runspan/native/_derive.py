"""What follows from a Run's stored fields: computed fields, metrics, narrative, summary. Pure, on plain JSON data.

Files are edited by hand: a missing or null field counts as its default wherever one makes sense.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeGuard

from runspan.native._fields import COMPUTED_DECISION, COMPUTED_METRICS, COMPUTED_RUN, RunStatus
from runspan.native._time import parse_timestamp_ns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runspan.native._fields import JSONObject

__all__ = [
    "count_decision",
    "count_outcome",
    "default_narrative",
    "derive_decision",
    "derive_run",
    "duration_ms",
    "is_summary",
    "new_metrics",
    "one_line",
    "success_rate",
    "summarize",
    "was_good_decision",
]

_GOOD_QUALITY: Final = 0.5
_KEY_QUALITY: Final = 0.8
_KEY_DECISIONS: Final = 5
_SUCCESSES: Final = 3
_FAILURES: Final = 3

_TEXTS: Final = ("key_decisions", "critical_problems", "warnings", "successes")
_SUMMARY_KINDS: Final[dict[str, tuple[type, ...]]] = {
    **dict.fromkeys(("run_id", "goal_id", "status", "narrative"), (str,)),
    **dict.fromkeys(("duration_ms", "decision_count", "problem_count"), (int,)),
    "success_rate": (float, int),
    **dict.fromkeys(_TEXTS, (list,)),
}
_STATUSES: Final = frozenset(RunStatus)


def new_metrics() -> JSONObject:
    """Return the RunMetrics of a Run without decisions, stored fields only."""
    return {
        "total_decisions": 0,
        "successful_decisions": 0,
        "failed_decisions": 0,
        "total_tokens": 0,
        "total_latency_ms": 0,
        "nodes_executed": [],
        "edges_traversed": [],
    }


def count_decision(metrics: JSONObject, node_id: str) -> None:
    """Count a decision made in a node."""
    metrics["total_decisions"] += 1
    if node_id not in metrics["nodes_executed"]:
        metrics["nodes_executed"].append(node_id)


def count_outcome(metrics: JSONObject, outcome: JSONObject) -> None:
    """Count the outcome of a decision."""
    metrics["successful_decisions" if outcome["success"] else "failed_decisions"] += 1
    metrics["total_tokens"] += outcome["tokens_used"]
    metrics["total_latency_ms"] += outcome["latency_ms"]


def success_rate(metrics: JSONObject) -> float:
    """Return successful over all decisions, 0.0 without decisions."""
    total, successful = metrics.get("total_decisions"), metrics.get("successful_decisions")
    return _number(successful) / _number(total) if _number(total) else 0.0


def was_good_decision(*, successful: bool, evaluation: object) -> bool:
    """Without evaluation whether it succeeded; with one whether it was aligned and its outcome good enough."""
    if not isinstance(evaluation, dict):
        return successful
    quality = evaluation.get("outcome_quality", 1.0)
    return bool(evaluation.get("goal_aligned", True)) and _number(quality) > _GOOD_QUALITY


def derive_decision(decision: JSONObject) -> JSONObject:
    """Compute a Decision's computed fields anew, in place; they stand after the stored and the extra ones."""
    for name in COMPUTED_DECISION:
        decision.pop(name, None)
    successful = _succeeded(decision)
    chosen = decision.get("chosen_option_id")
    found = (option for option in _objects(decision.get("options")) if option.get("id") == chosen)
    decision["chosen_option"] = next(found, None)
    decision["was_successful"] = successful
    decision["was_good_decision"] = was_good_decision(successful=successful, evaluation=decision.get("evaluation"))
    return decision


def derive_run(run: JSONObject) -> JSONObject:
    """Compute the computed fields of a Run, its decisions and metrics anew, in place."""
    for name in COMPUTED_RUN:
        run.pop(name, None)
    for decision in _objects(run.get("decisions")):
        derive_decision(decision)
    metrics = run.get("metrics")
    if isinstance(metrics, dict):
        for name in COMPUTED_METRICS:
            metrics.pop(name, None)
        metrics["success_rate"] = success_rate(metrics)
    run["duration_ms"] = duration_ms(run.get("started_at"), run.get("completed_at"))
    return run


def duration_ms(started_at: object, completed_at: object) -> int:
    """Return whole milliseconds between two stored timestamps; 0 while open, never negative."""
    started, completed = parse_timestamp_ns(started_at), parse_timestamp_ns(completed_at)
    if started is None or completed is None:
        return 0
    return max(0, (completed - started) // 1_000_000)


def one_line(decision: JSONObject) -> str:
    """Return a Decision's one-line summary: `✓ [node] intent → description of the chosen option`."""
    chosen = decision.get("chosen_option_id")
    found = (option for option in _objects(decision.get("options")) if option.get("id") == chosen)
    description = next((option.get("description") for option in found), "unknown action")
    mark = "✓" if _succeeded(decision) else "✗"
    line = f"{mark} [{decision.get('node_id')}] {decision.get('intent')} → {description}"
    evaluation = decision.get("evaluation")
    if isinstance(evaluation, dict):
        line += f" [quality: {_number(evaluation.get('outcome_quality', 1.0)):.1f}]"
    return line


def default_narrative(run: JSONObject) -> str:
    """Return the narrative of a Run that was given none."""
    metrics = _object(run.get("metrics"))
    names = ("total_decisions", "successful_decisions", "failed_decisions")
    total, succeeded, failed = (_number(metrics.get(name)) for name in names)
    ended = "completed successfully" if run.get("status") == RunStatus.COMPLETED else "failed"
    sentences = [
        f"Run {ended}.",
        f"Made {total} decisions: {succeeded} succeeded, {failed} failed.",
    ]
    for title, severity in (("Critical issues", "critical"), ("Warnings", "warning")):
        descriptions = _descriptions(run, severity)
        if descriptions:
            sentences.append(f"{title}: {', '.join(descriptions)}")
    intents = [str(decision.get("intent")) for decision in _objects(run.get("decisions")) if not _succeeded(decision)]
    if intents:
        sentences.append(f"Failed on: {', '.join(intents[:_FAILURES])}")
    return " ".join(sentences)


def summarize(run: JSONObject) -> JSONObject:
    """Return the RunSummary of a Run."""
    decisions = [(decision, _succeeded(decision)) for decision in _objects(run.get("decisions"))]
    outcomes = [decision["outcome"] for decision, succeeded in decisions if succeeded]
    keys = [decision for decision, succeeded in decisions if not succeeded or _is_outstanding(decision)]
    return {
        "run_id": run.get("id"),
        "goal_id": run.get("goal_id"),
        "status": run.get("status"),
        "duration_ms": duration_ms(run.get("started_at"), run.get("completed_at")),
        "decision_count": len(decisions),
        "success_rate": success_rate(_object(run.get("metrics"))),
        "problem_count": len(_list(run.get("problems"))),
        "narrative": run.get("narrative") or "",
        "key_decisions": [one_line(decision) for decision in keys[:_KEY_DECISIONS]],
        "critical_problems": _descriptions(run, "critical"),
        "warnings": _descriptions(run, "warning"),
        "successes": [str(text) for outcome in outcomes if (text := outcome.get("summary"))][:_SUCCESSES],
    }


def is_summary(value: object) -> TypeGuard[JSONObject]:
    """Return whether this is a RunSummary as `summarize` makes it: all fields, each of its type."""
    if not isinstance(value, dict):
        return False
    fits = all(type(value.get(name)) in kinds for name, kinds in _SUMMARY_KINDS.items())
    return fits and value["status"] in _STATUSES and all(type(text) is str for name in _TEXTS for text in value[name])


def _is_outstanding(decision: JSONObject) -> bool:
    evaluation = decision.get("evaluation")
    return isinstance(evaluation, dict) and _number(evaluation.get("outcome_quality", 1.0)) > _KEY_QUALITY


def _succeeded(decision: JSONObject) -> bool:
    outcome = decision.get("outcome")
    return isinstance(outcome, dict) and bool(outcome.get("success"))


def _descriptions(run: JSONObject, severity: str) -> list[str]:
    problems = _objects(run.get("problems"))
    return [str(problem.get("description")) for problem in problems if problem.get("severity") == severity]


# A file edited by hand may hold anything anywhere.


def _objects(value: object) -> Iterator[Any]:
    return (item for item in _list(value) if isinstance(item, dict))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> Any:
    return value if isinstance(value, int | float) else 0
