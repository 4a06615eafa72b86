"""One pass over runs: counters and heaps, whose size has a bound however many runs there are. Draws no conclusions."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from runspan.insights._periods import Periods
from runspan.insights._texts import error_key, key, pattern
from runspan.native import parse_timestamp_ns

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Cell", "Counts", "DecisionAt", "Failure", "Tally"]

_MOST_CELLS: Final = 100_000
_MOST_STATUSES: Final = 20
_MOST_ERRORS: Final = 2_000
_MOST_CELLS_OF_ERROR: Final = 500
_MOST_EXAMPLES: Final = 3
_LONGEST_ERROR: Final = 500
_NS_PER_MS: Final = 1_000_000
_BINS: Final = 10
_HUGE: Final = 2.0**63
_NOT_GIVEN: Final = 0.5
"""The native format's confidence of an option that was given none."""


class Cell(NamedTuple):
    """What a decision is counted under."""

    goal: str
    node: str
    decision_type: str
    intent: str
    option: str


class Counts:
    """What happened in one cell."""

    __slots__ = ("decisions", "last_run", "latency_ms", "outcomes", "successes", "tokens", "trials")

    def __init__(self) -> None:
        """Start at nothing."""
        self.decisions = self.outcomes = self.successes = self.trials = self.tokens = self.latency_ms = 0
        self.last_run = -1

    def add_outcome(self, run_number: int, *, success: bool) -> None:
        """Count an outcome; those of one run are one trial, since they tell of the same circumstances."""
        self.outcomes += 1
        self.successes += success
        if self.last_run != run_number:
            self.last_run = run_number
            self.trials += 1


class Failure:
    """Failures that say the same."""

    __slots__ = ("cells", "count", "examples", "last_run", "runs", "text")

    def __init__(self, text: str) -> None:
        """Keep one text as it was."""
        self.text = text[:_LONGEST_ERROR]
        self.count = self.runs = 0
        self.last_run = -1
        self.cells: dict[Cell, int] = {}
        self.examples: list[tuple[str, str]] = []

    def add(self, run_number: int, cell: Cell, run_id: str, decision_id: str) -> None:
        """Count one."""
        self.count += 1
        if self.last_run != run_number:
            self.last_run = run_number
            self.runs += 1
            if len(self.examples) < _MOST_EXAMPLES:
                self.examples.append((run_id, decision_id))
        if cell in self.cells or len(self.cells) < _MOST_CELLS_OF_ERROR:
            self.cells[cell] = self.cells.get(cell, 0) + 1


class DecisionAt(NamedTuple):
    """One decision worth looking at; heaps keep the largest."""

    value: int
    """Milliseconds or tokens."""
    order: int
    """The earlier seen of two that are alike is the larger."""
    run_id: str
    """Its run."""
    decision_id: str
    """Its id."""
    cell: Cell
    """What it was."""


class Tally:
    """What is known of the runs seen so far."""

    def __init__(self, most_listed: int) -> None:
        """Start with none.

        Args:
            most_listed: How many of the slowest and most expensive decisions are kept.
        """
        self.runs = self.decisions = self.left_out = self.errors_left_out = 0
        self.statuses: dict[str, dict[str, int]] = {}
        """By goal, runs by status."""
        self.calm: dict[str, list[int]] = {}
        """By goal, ended runs without a failed decision: how many, and how many of them did not complete."""
        self.cells: dict[Cell, Counts] = {}
        self.failures: dict[str, Failure] = {}
        self.bins: list[list[float]] = [[0, 0, 0.0] for _ in range(_BINS)]
        """By confidence of the chosen option: outcomes, successes, sum of confidences."""
        self.not_given = [0, 0]
        self.unusual_confidences = 0
        self.periods = Periods()
        self.slowest: list[DecisionAt] = []
        self.most_expensive: list[DecisionAt] = []
        self._most_listed = most_listed
        self._order = 0

    def add(self, run: Mapping[str, Any]) -> None:
        """Count a run."""
        goal, status, run_id = key(run.get("goal_id")), key(run.get("status")), key(run.get("id"))
        started_ns = parse_timestamp_ns(run.get("started_at"))
        period = None if started_ns is None else self.periods.at(started_ns)
        has_failed = False
        for decision in _objects(run.get("decisions")):
            success = self._add_decision(goal, run_id, period, decision)
            has_failed = has_failed or success is False
        self._add_end(goal, status, period, has_failed=has_failed)
        self.runs += 1

    def _add_end(self, goal: str, status: str, period: int | None, *, has_failed: bool) -> None:
        goal = goal if goal in self.statuses or len(self.statuses) < _MOST_CELLS else "…"
        statuses = self.statuses.setdefault(goal, {})
        status = status if status in statuses or len(statuses) < _MOST_STATUSES else "…"
        statuses[status] = statuses.get(status, 0) + 1
        if status in {"running", "cancelled", ""}:  # says nothing of whether the agent can do it
            return
        is_success = status == "completed"
        if period is not None:
            self.periods.add_run(period, goal, success=is_success)
        if not has_failed:
            calm = self.calm.setdefault(goal, [0, 0])
            calm[0] += 1
            calm[1] += not is_success

    def _add_decision(self, goal: str, run_id: str, period: int | None, decision: dict[str, Any]) -> bool | None:
        """Count a decision; return whether it succeeded, None where that is not known."""
        self.decisions += 1
        cell = Cell(
            goal,
            key(decision.get("node_id")),
            key(decision.get("decision_type")),
            pattern(decision.get("intent")),
            key(decision.get("chosen_option_id")),
        )
        counts = self._counts(cell)
        counts.decisions += 1
        outcome = decision.get("outcome")
        if not isinstance(outcome, dict):
            return None
        success = bool(outcome.get("success"))
        counts.add_outcome(self.runs, success=success)
        self._add_costs(counts, cell, run_id, decision, outcome)
        self._add_confidence(decision, success=success)
        if period is not None:
            self.periods.add_outcome(period, cell.goal, cell.node, self.runs, success=success)
        if not success:
            self._add_failure(cell, run_id, key(decision.get("id")), outcome)
        return success

    def _counts(self, cell: Cell) -> Counts:
        counts = self.cells.get(cell)
        if counts is None:
            if len(self.cells) >= _MOST_CELLS:
                self.left_out += 1
                return Counts()
            counts = self.cells[cell] = Counts()
        return counts

    def _add_costs(
        self, counts: Counts, cell: Cell, run_id: str, decision: dict[str, Any], outcome: dict[str, Any]
    ) -> None:
        latency_ms = _whole(outcome.get("latency_ms")) or _elapsed_ms(decision, outcome)
        tokens = _whole(outcome.get("tokens_used"))
        counts.latency_ms += latency_ms
        counts.tokens += tokens
        self._order -= 1
        for heap, value in ((self.slowest, latency_ms), (self.most_expensive, tokens)):
            if value <= 0 or (len(heap) >= self._most_listed and value <= heap[0].value):
                continue
            found = DecisionAt(value, self._order, run_id, key(decision.get("id")), cell)
            (heapq.heappush if len(heap) < self._most_listed else heapq.heappushpop)(heap, found)

    def _add_confidence(self, decision: dict[str, Any], *, success: bool) -> None:
        confidence = _confidence_of(decision)
        if not isinstance(confidence, int | float) or isinstance(confidence, bool):
            return
        if confidence == _NOT_GIVEN:
            self.not_given[0] += 1
            self.not_given[1] += success
        elif 0 <= confidence <= 1:
            told = self.bins[min(_BINS - 1, int(confidence * _BINS + 1e-9))]  # 0.7 * 10 is not always 7
            told[0] += 1
            told[1] += success
            told[2] += confidence
        else:
            self.unusual_confidences += 1

    def _add_failure(self, cell: Cell, run_id: str, decision_id: str, outcome: dict[str, Any]) -> None:
        error = error_key(outcome.get("error"), outcome.get("summary"))
        failure = self.failures.get(error)
        if failure is None:
            if len(self.failures) >= 2 * _MOST_ERRORS:
                self._forget_rare_failures()
            failure = self.failures[error] = Failure(str(outcome.get("error") or outcome.get("summary") or ""))
        failure.add(self.runs, cell, run_id, decision_id)

    def _forget_rare_failures(self) -> None:
        kept = heapq.nlargest(_MOST_ERRORS, self.failures.items(), key=lambda item: item[1].count)
        total = sum(failure.count for failure in self.failures.values())
        self.failures = dict(kept)
        self.errors_left_out += total - sum(failure.count for failure in self.failures.values())


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if type(item) is dict] if isinstance(value, list) else []


def _confidence_of(decision: dict[str, Any]) -> object:
    """Return the confidence that the chosen option was given."""
    chosen, options = decision.get("chosen_option_id"), decision.get("options")
    if isinstance(options, list):
        for option in options:
            if type(option) is dict and option.get("id") == chosen:
                return option.get("confidence")
    return None


def _whole(value: object) -> int:
    if type(value) is int:
        return value if 0 < value < _HUGE else 0
    return int(value) if isinstance(value, float) and 0 < value < _HUGE else 0


def _elapsed_ms(decision: dict[str, Any], outcome: dict[str, Any]) -> int:
    """Return the time from a decision to its outcome: what there is where no latency was recorded."""
    made, ended = parse_timestamp_ns(decision.get("timestamp")), parse_timestamp_ns(outcome.get("timestamp"))
    return 0 if made is None or ended is None else max(0, (ended - made) // _NS_PER_MS)
