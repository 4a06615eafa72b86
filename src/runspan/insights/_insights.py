"""From many runs to what they have in common, in one pass. Knows neither files nor screens."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from runspan.insights._findings import all_findings
from runspan.insights._places import ENOUGH, total
from runspan.insights._report import (
    Choice,
    Confidence,
    CostlyDecision,
    FindingKind,
    GoalRate,
    Insights,
    Period,
    Rate,
    RepeatedFailure,
)
from runspan.insights._stats import wilson
from runspan.insights._tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from runspan.insights._report import Finding
    from runspan.insights._tally import Cell, Counts, DecisionAt, Failure

__all__ = ["find_insights"]

_MOST_ROWS: Final = 500
_COMMON: Final = 0.9
_MOST_NODES: Final = 5


def find_insights(runs: Iterable[Mapping[str, Any]], *, most_listed: int = 10) -> Insights:
    """Find what many runs have in common.

    Args:
        runs: Runs as the native format has them, plain JSON data, in any order. Each is looked at once and let go.
        most_listed: How many of the slowest and most expensive decisions are told.

    Returns:
        What is told of them; tables hold at most 500 rows.
    """
    tally = Tally(most_listed)
    for run in runs:
        tally.add(run)
    findings = all_findings(tally)
    cells = tally.cells
    return Insights(
        runs=tally.runs,
        decisions=tally.decisions,
        overall=_rate({}, cells.values()),
        statuses=_statuses(tally),
        findings=findings,
        goals=_goals(tally),
        nodes=_rates(cells, "node"),
        decision_types=_rates(cells, "decision_type"),
        options=_rates(cells, "node", "option"),
        choices=_choices(cells, findings),
        failures=_failures(tally.failures),
        confidences=_confidences(tally.bins),
        confidence_not_given=tally.not_given[0],
        slowest=_costly(tally.slowest),
        most_expensive=_costly(tally.most_expensive),
        period_s=tally.periods.width_s,
        periods=_periods(tally),
        notes=tuple(_notes(tally)),
    )


def _statuses(tally: Tally) -> dict[str, int]:
    statuses: dict[str, int] = defaultdict(int)
    for counts in tally.statuses.values():
        for status, count in counts.items():
            statuses[status] += count
    return dict(sorted(statuses.items(), key=lambda item: -item[1])[:_MOST_ROWS])


def _rate(place: Mapping[str, str], counts: Iterable[Counts]) -> Rate:
    found = list(counts)
    told = total(found)
    outcomes = told.outcomes
    successes = sum(count.successes for count in found)
    low, high = wilson(successes / outcomes if outcomes else 0.0, told.trials)
    return Rate(
        place=dict(place),
        decisions=sum(count.decisions for count in found),
        outcomes=outcomes,
        successes=successes,
        rate=successes / outcomes if outcomes else None,
        low=low,
        high=high,
        is_small=told.trials < ENOUGH,
        mean_tokens=sum(count.tokens for count in found) / max(1, outcomes),
        mean_latency_ms=sum(count.latency_ms for count in found) / max(1, outcomes),
    )


def _rates(cells: Mapping[Cell, Counts], *names: str) -> tuple[Rate, ...]:
    """Return the rates of decisions that share these fields, the most frequent first."""
    groups: dict[tuple[str, ...], list[Counts]] = defaultdict(list)
    for cell, counts in cells.items():
        groups[tuple(getattr(cell, name) for name in names)].append(counts)
    largest = sorted(groups.items(), key=lambda item: (-sum(counts.decisions for counts in item[1]), item[0]))
    return tuple(_rate(dict(zip(names, values, strict=True)), counts) for values, counts in largest[:_MOST_ROWS])


def _goals(tally: Tally) -> tuple[GoalRate, ...]:
    by_goal: dict[str, list[Counts]] = defaultdict(list)
    for cell, counts in tally.cells.items():
        by_goal[cell.goal].append(counts)
    largest = sorted(tally.statuses.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return tuple(_goal(goal, statuses, by_goal[goal]) for goal, statuses in largest[:_MOST_ROWS])


def _goal(goal: str, statuses: Mapping[str, int], counts: Sequence[Counts]) -> GoalRate:
    completed = statuses.get("completed", 0)
    ended = sum(count for status, count in statuses.items() if status not in {"running", "cancelled", ""})
    rate = completed / ended if ended else None
    low, high = wilson(rate or 0.0, ended)
    return GoalRate(
        goal=goal,
        runs=sum(statuses.values()),
        ended=ended,
        completed=completed,
        rate=rate,
        low=low,
        high=high,
        is_small=ended < ENOUGH,
        decisions=_rate({"goal": goal}, counts),
    )


def _choices(cells: Mapping[Cell, Counts], findings: Sequence[Finding]) -> tuple[Choice, ...]:
    better = {
        (finding.place["node"], finding.place["intent"]): finding.better_option
        for finding in findings
        if finding.kind is FindingKind.BETTER_OPTION
    }
    decisions: dict[tuple[str, str], dict[str, list[Counts]]] = defaultdict(lambda: defaultdict(list))
    for cell, counts in cells.items():
        decisions[cell.node, cell.intent][cell.option].append(counts)
    several = ((at, options) for at, options in decisions.items() if len(options) > 1)
    told = [_choice(*at, options, better.get(at)) for at, options in several]
    told.sort(key=lambda choice: (not choice.is_better, -choice.chosen.decisions))
    return tuple(told[:_MOST_ROWS])


def _choice(node: str, intent: str, options: Mapping[str, Iterable[Counts]], better: str | None) -> Choice:
    rates = [_rate({"node": node, "option": option}, counts) for option, counts in options.items()]
    chosen = max(rates, key=lambda rate: rate.decisions)
    enough = [rate for rate in rates if not rate.is_small]
    best = next((rate for rate in rates if better is not None and rate.place["option"] == better), None)
    if best is None and len(enough) > 1:
        best = max(enough, key=lambda rate: rate.rate or 0.0)
    return Choice(
        node=node, intent=intent, chosen=chosen, best=best, is_better=better is not None, options=len(options)
    )


def _failures(failures: Mapping[str, Failure]) -> tuple[RepeatedFailure, ...]:
    several = [(error, failure) for error, failure in failures.items() if failure.runs > 1]
    several.sort(key=lambda item: (-item[1].count, item[0]))
    return tuple(_failure(error, failure) for error, failure in several[:_MOST_ROWS])


def _failure(error: str, failure: Failure) -> RepeatedFailure:
    common: dict[str, str] = {}
    nodes: dict[str, int] = {}
    for name in ("goal", "node", "decision_type", "intent", "option"):
        values: dict[str, int] = defaultdict(int)
        for cell, count in failure.cells.items():
            values[getattr(cell, name)] += count
        value = max(values, key=values.__getitem__)
        if values[value] >= _COMMON * failure.count:
            common[name] = value
        if name == "node":
            nodes = dict(sorted(values.items(), key=lambda item: -item[1])[:_MOST_NODES])
    return RepeatedFailure(
        error=error,
        example=failure.text,
        count=failure.count,
        runs=failure.runs,
        common=common,
        nodes=tuple(nodes.items()),
        examples=tuple(failure.examples),
    )


def _confidences(bins: Sequence[Sequence[float]]) -> tuple[Confidence, ...]:
    return tuple(_confidence(index, *told) for index, told in enumerate(bins) if told[0])


def _confidence(index: int, outcomes: float, successes: float, confidence: float) -> Confidence:
    low, high = wilson(successes / outcomes, outcomes)
    return Confidence(
        low=index / 10,
        high=(index + 1) / 10,
        outcomes=int(outcomes),
        mean=confidence / outcomes,
        rate=successes / outcomes,
        rate_low=low,
        rate_high=high,
        is_small=outcomes < ENOUGH,
    )


def _costly(heap: Iterable[DecisionAt]) -> tuple[CostlyDecision, ...]:
    return tuple(
        CostlyDecision(
            run_id=found.run_id,
            decision_id=found.decision_id,
            goal=found.cell.goal,
            node=found.cell.node,
            intent=found.cell.intent,
            option=found.cell.option,
            value=found.value,
        )
        for found in sorted(heap, reverse=True)
    )


def _periods(tally: Tally) -> tuple[Period, ...]:
    told: dict[int, list[int]] = defaultdict(lambda: [0] * 4)
    for (period, _), (runs, completed) in tally.periods.runs.items():
        told[period][0] += runs
        told[period][1] += completed
    for (period, *_), (outcomes, successes, *_) in tally.periods.outcomes.items():
        told[period][2] += outcomes
        told[period][3] += successes
    return tuple(_period(tally.periods.start_s(period), *counts) for period, counts in sorted(told.items()))


def _period(start_s: int, runs: int, completed: int, outcomes: int, successes: int) -> Period:
    return Period(
        start=datetime.fromtimestamp(start_s, UTC).isoformat().replace("+00:00", "Z"),
        runs=runs,
        run_rate=completed / runs if runs else None,
        outcomes=outcomes,
        rate=successes / outcomes if outcomes else None,
    )


def _notes(tally: Tally) -> Iterator[str]:
    if tally.left_out:
        yield f"{tally.left_out:,} decisions are in no table: there are too many different nodes, intents and options"
    if tally.errors_left_out:
        yield f"{tally.errors_left_out:,} failures whose text is rare are in no table of repeated failures"
    if tally.unusual_confidences:
        yield f"{tally.unusual_confidences:,} confidences are not between 0 and 1, and are left out"
