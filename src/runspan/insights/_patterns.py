"""Patterns that chance does not explain, in what one pass has counted. Knows nothing of how they are told.

Each search looks for the clearest pattern, takes what it explains out, and looks again: so a node that fails is told
once, and not again as the goals, types and options that it drags down. A pattern has to be large (ten points), seen
often enough, and clearer than chance comes to in all comparisons of its search together.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from runspan.insights._places import (
    ALPHA,
    ENOUGH,
    LEAST_EFFECT,
    LEAST_TRIALS,
    MOST_FINDINGS,
    Place,
    Totals,
    clearest,
    places_of,
    total,
)
from runspan.insights._report import Finding, FindingKind
from runspan.insights._stats import compare_rates, compare_share, compare_stratified, threshold

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from runspan.insights._tally import Cell, Counts, Failure, Tally

__all__ = ["better_options", "failing_goals", "low_places", "tied_errors"]

_LEAST_ERRORS: Final = 10
_LEAST_RUNS: Final = 5
_TIED: Final = 0.8
_LEAST_LIFT: Final = 2.0
_MOST_ERRORS_LOOKED_AT: Final = 500


# Places that fail more often than the rest.


class _Left:
    """Decisions that no finding speaks of yet, by place."""

    def __init__(self, cells: Mapping[Cell, Counts], explained: Iterable[Cell]) -> None:
        self._of_cell = {cell: total((counts,)) for cell, counts in cells.items()}
        self.everything = total(cells.values())
        self.by_place: dict[Place, Totals] = defaultdict(lambda: Totals(0.0, 0.0, 0))
        for cell, told in self._of_cell.items():
            for place in places_of(cell):
                self.by_place[place] = self.by_place[place].plus(told)
        self.by_place = {place: told for place, told in self.by_place.items() if told.trials >= LEAST_TRIALS}
        for cell in explained:
            self._take(cell)

    def take(self, place: Place) -> None:
        """Take out the decisions of a place."""
        for cell in [cell for cell in self._of_cell if all(getattr(cell, name) == value for name, value in place)]:
            self._take(cell)

    def _take(self, cell: Cell) -> None:
        told = self._of_cell.pop(cell)
        self.everything = self.everything.plus(told, -1)
        for place in places_of(cell):
            if place in self.by_place:
                self.by_place[place] = self.by_place[place].plus(told, -1)


def low_places(cells: Mapping[Cell, Counts], explained: Iterable[Cell] = ()) -> list[Finding]:
    """Find places whose decisions fail more often than all others.

    Args:
        cells: What was counted.
        explained: Cells that another finding speaks of already.
    """
    left = _Left(cells, explained)
    bound = threshold(ALPHA, len(left.by_place))
    found: list[Finding] = []
    while len(found) < MOST_FINDINGS:
        candidates = [_low(place, here, left.everything) for place, here in left.by_place.items()]
        clear = [finding for finding in candidates if finding is not None and finding.deviations > bound]
        if not clear:
            break
        found.append(clearest(clear))
        left.take(tuple(found[-1].place.items()))
    return found


def _low(place: Place, here: Totals, everything: Totals) -> Finding | None:
    rest = everything.plus(here, -1)
    if here.trials < LEAST_TRIALS or rest.trials < LEAST_TRIALS or rest.rate - here.rate < LEAST_EFFECT:
        return None
    return Finding(
        kind=FindingKind.LOW_SUCCESS,
        place=dict(place),
        rate=here.rate,
        baseline=rest.rate,
        count=here.outcomes,
        deviations=-compare_rates(here.successes, here.trials, rest.successes, rest.trials),
    )


# Option chosen versus option that works.


def better_options(cells: Mapping[Cell, Counts]) -> tuple[list[Finding], set[Cell]]:
    """Find decisions where another option than the one chosen most works better; return also the latter's cells.

    Goals and decision types are compared with their like only, so that an option kept for hard cases is not blamed.
    """
    decisions: dict[tuple[str, str], dict[str, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    for cell in cells:
        decisions[cell.node, cell.intent][cell.option].append(cell)
    pairs = [pair for options in decisions.values() for pair in _pairs(cells, options)]
    bound = threshold(ALPHA, len(pairs))
    best: dict[tuple[str, str], Finding] = {}
    for chosen, other in pairs:
        finding = _compared(cells, chosen, other, bound)
        at = chosen[0].node, chosen[0].intent
        if finding is not None and (at not in best or finding.deviations > best[at].deviations):
            best[at] = finding
    explained = {cell for at, finding in best.items() for cell in decisions[at][finding.place["option"]]}
    return list(best.values()), explained


def _pairs(cells: Mapping[Cell, Counts], options: Mapping[str, list[Cell]]) -> Iterator[tuple[list[Cell], list[Cell]]]:
    """Pair the option chosen most with each other one that has enough outcomes."""
    chosen = max(options.values(), key=lambda group: sum(cells[cell].decisions for cell in group))
    if total(cells[cell] for cell in chosen).trials >= ENOUGH:
        for group in options.values():
            if group is not chosen and total(cells[cell] for cell in group).trials >= ENOUGH:
                yield chosen, group


def _compared(
    cells: Mapping[Cell, Counts], chosen: Sequence[Cell], other: Sequence[Cell], bound: float
) -> Finding | None:
    strata: dict[Hashable, list[float]] = defaultdict(lambda: [0.0] * 4)
    for index, group in ((0, other), (2, chosen)):
        for cell in group:
            told = total([cells[cell]])
            strata[cell.goal, cell.decision_type][index] += told.successes
            strata[cell.goal, cell.decision_type][index + 1] += told.trials
    deviations, difference = compare_stratified((one, two, three, four) for one, two, three, four in strata.values())
    if deviations <= bound or difference < LEAST_EFFECT:
        return None
    here, there = total(cells[cell] for cell in chosen), total(cells[cell] for cell in other)
    return Finding(
        kind=FindingKind.BETTER_OPTION,
        place={"node": chosen[0].node, "intent": chosen[0].intent, "option": chosen[0].option},
        rate=here.rate,
        baseline=there.rate,
        count=here.outcomes,
        deviations=deviations,
        better_option=other[0].option,
    )


# Errors that come from one place.


def tied_errors(tally: Tally) -> list[Finding]:
    """Find errors of which nearly all come from one place, unlike other failures."""
    by_place: dict[Place, int] = defaultdict(int)
    failures = 0
    for cell, counts in tally.cells.items():
        failed = counts.outcomes - counts.successes
        failures += failed
        for place in places_of(cell) if failed else ():
            by_place[place] += failed
    often = [
        (error, failure)
        for error, failure in tally.failures.items()
        if failure.count >= _LEAST_ERRORS and failure.runs >= _LEAST_RUNS
    ]
    often.sort(key=lambda item: -item[1].count)
    often = often[:_MOST_ERRORS_LOOKED_AT]
    bound = threshold(ALPHA, len(often) * len(by_place))
    compared = [(error, failure) for error, failure in often if failures - failure.count >= LEAST_TRIALS]
    found = [_tie(error, failure, by_place, failures) for error, failure in compared]
    return [finding for finding in found if finding is not None and finding.deviations > bound][:MOST_FINDINGS]


def _tie(error: str, failure: Failure, by_place: Mapping[Place, int], failures: int) -> Finding | None:
    here: dict[Place, int] = defaultdict(int)
    for cell, count in failure.cells.items():
        for place in places_of(cell):
            here[place] += count
    scale = failure.runs / failure.count  # failures of one run are no independent witnesses
    best: Finding | None = None
    for place, count in here.items():
        share = count / failure.count
        others = max(0, by_place[place] - count)
        expected = (others + 0.5) / (max(0, failures - failure.count) + 1)
        if share < _TIED or share < _LEAST_LIFT * expected:
            continue
        deviations = compare_share(count * scale, failure.count * scale, expected)
        if best is None or deviations > best.deviations:
            best = Finding(
                kind=FindingKind.TIED_ERROR,
                place=dict(place),
                rate=share,
                baseline=expected,
                count=failure.count,
                deviations=deviations,
                error=error,
            )
    return best


# Goals whose runs fail with every decision a success.


def failing_goals(tally: Tally) -> list[Finding]:
    """Find goals whose runs fail without a failed decision, more often than others'."""
    left = {goal: counts for goal, counts in tally.calm.items() if counts[0]}
    bound = threshold(ALPHA, len(left))
    found: list[Finding] = []
    while len(found) < MOST_FINDINGS:
        runs, failed = (sum(counts[index] for counts in left.values()) for index in (0, 1))
        candidates = [_failing(goal, counts, runs, failed) for goal, counts in left.items()]
        clear = [finding for finding in candidates if finding is not None and finding.deviations > bound]
        if not clear:
            return found
        found.append(clearest(clear))
        del left[found[-1].place["goal"]]
    return found


def _failing(goal: str, counts: Sequence[int], runs: int, failed: int) -> Finding | None:
    others, others_failed = runs - counts[0], failed - counts[1]
    if counts[0] < LEAST_TRIALS or others < LEAST_TRIALS:
        return None
    rate, baseline = 1 - counts[1] / counts[0], 1 - others_failed / others
    if baseline - rate < LEAST_EFFECT:
        return None
    deviations = compare_rates(counts[1], counts[0], others_failed, others)
    return Finding(
        kind=FindingKind.FAILING_RUNS,
        place={"goal": goal},
        rate=rate,
        baseline=baseline,
        count=counts[0],
        deviations=deviations,
    )
