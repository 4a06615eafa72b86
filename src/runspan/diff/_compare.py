"""Two runs compared, decision by decision. Knows native JSON data and nothing of where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from runspan.diff._align import align, moved
from runspan.native import COMPUTED_DECISION, COMPUTED_METRICS, duration_ms, parse_timestamp_ns
from runspan.values import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runspan.native import JSONObject, JSONValue

__all__ = ["Change", "DecisionDiff", "RunDiff", "diff_runs"]

# What differs between any two runs, and says nothing of what the agent did.
_RUN_APART: Final = {"id", "started_at", "completed_at", "duration_ms", "decisions", "problems", "metrics", "trace_id"}
_DECISION_APART: Final = {"id", "timestamp", "options", "outcome", "parent_decision_id", *COMPUTED_DECISION}
_OUTCOME_APART: Final = {"timestamp", "latency_ms"}
_METRICS_APART: Final = {"total_latency_ms", *COMPUTED_METRICS}
_PROBLEM_APART: Final = {"id", "timestamp", "decision_id"}
_NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that differs."""

    at: str
    """Path to it: `outcome.result.total`, `options[pay].confidence`."""
    before: JSONValue
    """In the first run; None if it is not there."""
    after: JSONValue
    """In the second run; None if it is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionDiff:
    """One decision in both runs, or in one."""

    node_id: str
    """Its node."""
    intent: str
    """What was to be decided; as the second run has it, if both have it."""
    before: JSONObject | None
    """The decision of the first run; None if it is only in the second."""
    after: JSONObject | None
    """The decision of the second run; None if it is only in the first."""
    is_moved: bool
    """Whether it stands in another order than the others."""
    changes: tuple[Change, ...]
    """What differs, ids and times apart."""
    latency_ms: tuple[int | None, int | None]
    """How long its execution took, as was recorded; None without an outcome."""
    elapsed_ms: tuple[int | None, int | None]
    """Time from the decision to its outcome; None without an outcome."""

    @property
    def is_same(self) -> bool:
        """Whether both runs decided the same and came to the same; times do not count."""
        return self.before is not None and self.after is not None and not self.is_moved and not self.changes


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDiff:
    """Two runs compared."""

    before: JSONObject
    """The first run."""
    after: JSONObject
    """The second run."""
    changes: tuple[Change, ...]
    """What differs in the runs themselves, and in their problems; ids and times apart."""
    decisions: tuple[DecisionDiff, ...]
    """In the order of the second run; what is only in the first stands where it was."""
    duration_ms: tuple[int, int]
    """How long each took."""

    @property
    def is_same(self) -> bool:
        """Whether both runs did the same; ids and times do not count."""
        return not self.changes and all(decision.is_same for decision in self.decisions)


def diff_runs(before: JSONObject, after: JSONObject) -> RunDiff:
    """Compare two runs.

    Args:
        before: The first run, as the native format has it.
        after: The second run.
    """
    decisions, others = _dicts(before.get("decisions")), _dicts(after.get("decisions"))
    pairs = align(decisions, others)
    out_of_order = moved(pairs)
    return RunDiff(
        before=before,
        after=after,
        changes=tuple(_run_changes(before, after)),
        decisions=tuple(
            _decision_diff(
                decisions[one] if one is not None else None,
                others[other] if other is not None else None,
                is_moved=(one, other) in out_of_order,
            )
            for one, other in pairs
        ),
        duration_ms=(
            duration_ms(before.get("started_at"), before.get("completed_at")),
            duration_ms(after.get("started_at"), after.get("completed_at")),
        ),
    )


def _run_changes(before: JSONObject, after: JSONObject) -> Iterator[Change]:
    yield from _fields("", before, after, _RUN_APART)
    yield from _fields("metrics.", _dict(before.get("metrics")), _dict(after.get("metrics")), _METRICS_APART)
    problems, others = (_problems(run) for run in (before, after))
    for key in dict.fromkeys([*problems, *others]):
        if problems.get(key, 0) != others.get(key, 0):
            yield Change(at=f"problems[{key}]", before=problems.get(key, 0), after=others.get(key, 0))


def _problems(run: JSONObject) -> dict[str, int]:
    """Count the problems that say the same."""
    counts: dict[str, int] = {}
    for problem in _dicts(run.get("problems")):
        told = {name: value for name, value in problem.items() if name not in _PROBLEM_APART and value is not None}
        severity, description = told.pop("severity", ""), told.pop("description", "")
        key = f"{severity}: {description}" + (f" {dumps(told).decode()}" if told else "")
        counts[key] = counts.get(key, 0) + 1
    return counts


def _decision_diff(before: JSONObject | None, after: JSONObject | None, *, is_moved: bool) -> DecisionDiff:
    shown = after if after is not None else before or {}
    changes = _decision_changes(before, after) if before is not None and after is not None else ()
    return DecisionDiff(
        node_id=str(shown.get("node_id")),
        intent=str(shown.get("intent")),
        before=before,
        after=after,
        is_moved=is_moved,
        changes=tuple(changes),
        latency_ms=(_latency_ms(before), _latency_ms(after)),
        elapsed_ms=(_elapsed_ms(before), _elapsed_ms(after)),
    )


def _decision_changes(before: JSONObject, after: JSONObject) -> Iterator[Change]:
    chosen, other = (str(decision.get("chosen_option_id") or "") for decision in (before, after))
    if chosen != other:
        yield Change(at="chosen_option_id", before=chosen, after=other)
    yield from _fields("", before, after, _DECISION_APART | {"chosen_option_id"})
    options, others = (_by_id(decision.get("options")) for decision in (before, after))
    for option_id in dict.fromkeys([*options, *others]):
        yield from _value(f"options[{option_id}]", options.get(option_id), others.get(option_id))
    outcome, other_outcome = before.get("outcome"), after.get("outcome")
    if isinstance(outcome, dict) and isinstance(other_outcome, dict):
        yield from _fields("outcome.", outcome, other_outcome, _OUTCOME_APART)
    elif outcome != other_outcome:
        yield Change(at="outcome", before=outcome, after=other_outcome)


def _fields(path: str, before: Mapping[str, Any], after: Mapping[str, Any], apart: set[str]) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        if name not in apart:
            yield from _value(path + name, before.get(name), after.get(name))


def _value(at: str, before: Any, after: Any) -> Iterator[Change]:
    """Give what differs between two values, as deep down as they are of one shape."""
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _fields(f"{at}.", before, after, set())
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _value(f"{at}[{number}]", one, other)
    elif dumps(before) != dumps(after):  # 1 is not 1.0, and not true
        yield Change(at=at, before=before, after=after)


def _latency_ms(decision: JSONObject | None) -> int | None:
    latency = _dict((decision or {}).get("outcome")).get("latency_ms")
    return latency if isinstance(latency, int) else None


def _elapsed_ms(decision: JSONObject | None) -> int | None:
    made = parse_timestamp_ns((decision or {}).get("timestamp"))
    ended = parse_timestamp_ns(_dict((decision or {}).get("outcome")).get("timestamp"))
    return None if made is None or ended is None else (ended - made) // _NS_PER_MS


def _by_id(options: object) -> dict[str, JSONObject]:
    found: dict[str, JSONObject] = {}
    for option in _dicts(options):
        name = option_id = str(option.get("id"))
        while name in found:
            name = f"{option_id} ({len(found)})"
        found[name] = option
    return found


def _dicts(value: object) -> list[JSONObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _dict(value: object) -> JSONObject:
    return value if isinstance(value, dict) else {}
