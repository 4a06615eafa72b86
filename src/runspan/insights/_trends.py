"""Confidence against success, and success over time: patterns that need no place. Tells of no other."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from runspan.insights._places import ALPHA, LEAST_EFFECT, LEAST_TRIALS, MOST_FINDINGS, clearest
from runspan.insights._report import Finding, FindingKind
from runspan.insights._stats import compare_share, threshold, trend_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runspan.insights._places import Place

__all__ = ["miscalibrated", "trends"]

_LEAST_PERIODS: Final = 4


# Confidence against success.


def miscalibrated(bins: Sequence[Sequence[float]]) -> list[Finding]:
    """Find steps of confidence whose options succeed less, or more, often than they were thought to."""
    bound = threshold(ALPHA, sum(1 for outcomes, _, _ in bins if outcomes >= LEAST_TRIALS))
    wrong: dict[FindingKind, list[int]] = {FindingKind.OVERCONFIDENT: [], FindingKind.UNDERCONFIDENT: []}
    for index, (outcomes, successes, confidence) in enumerate(bins):
        if outcomes < LEAST_TRIALS:
            continue
        expected, rate = confidence / outcomes, successes / outcomes
        deviations = compare_share(successes, outcomes, min(max(expected, 1e-9), 1 - 1e-9))
        if abs(deviations) > bound and abs(rate - expected) >= LEAST_EFFECT:
            wrong[FindingKind.UNDERCONFIDENT if deviations > 0 else FindingKind.OVERCONFIDENT].append(index)
    return [_confidence_finding(kind, indexes, bins) for kind, indexes in wrong.items() if indexes]


def _confidence_finding(kind: FindingKind, indexes: Sequence[int], bins: Sequence[Sequence[float]]) -> Finding:
    outcomes, successes, confidence = (sum(bins[index][part] for index in indexes) for part in range(3))
    expected = confidence / outcomes
    return Finding(
        kind=kind,
        place={},
        rate=successes / outcomes,
        baseline=expected,
        count=int(outcomes),
        deviations=abs(compare_share(successes, outcomes, min(max(expected, 1e-9), 1 - 1e-9))),
        confidences=tuple((index / len(bins), (index + 1) / len(bins)) for index in indexes),
    )


# Success over time.


class _Series(NamedTuple):
    """One goal's decisions in one node, over time."""

    goal: str
    node: str
    points: list[tuple[float, float, float]]  # period, successes, trials
    parts: tuple[float, float, float]


_TREND_PLACES: Final[tuple[Callable[[_Series], Place], ...]] = (
    lambda _series: (),
    lambda series: (("goal", series.goal),),
    lambda series: (("node", series.node),),
    lambda series: (("goal", series.goal), ("node", series.node)),
)


def trends(outcomes: Mapping[tuple[int, str, str], Sequence[int]]) -> list[Finding]:
    """Find where success rises or falls over time.

    Args:
        outcomes: By period, goal and node: outcomes, successes and trials.
    """
    left = _series(outcomes)
    periods = sorted({period for period, _, _ in outcomes})
    if len(periods) < _LEAST_PERIODS:
        return []
    places = {place(series) for series in left for place in _TREND_PLACES}
    bound = threshold(ALPHA, len(places))
    span = periods[-1] - periods[0]
    found: list[Finding] = []
    while left and len(found) < MOST_FINDINGS:
        groups: dict[Place, list[_Series]] = defaultdict(list)
        for series in left:
            for place_of in _TREND_PLACES:
                groups[place_of(series)].append(series)
        candidates = [finding for place, group in groups.items() if (finding := _trend(place, group, span, bound))]
        if not candidates:
            break
        found.append(clearest(candidates))
        gone = {id(series) for series in groups[tuple(found[-1].place.items())]}
        left = [series for series in left if id(series) not in gone]
    return found


def _series(outcomes: Mapping[tuple[int, str, str], Sequence[int]]) -> list[_Series]:
    points: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    for (period, goal, node), (count, successes, trials, *_) in outcomes.items():
        points[goal, node].append((period, successes * trials / count, trials))
    return [_Series(goal, node, told, trend_parts(told)) for (goal, node), told in points.items()]


def _trend(place: Place, group: Sequence[_Series], span: int, bound: float) -> Finding | None:
    covariance, variance, spread = (sum(series.parts[part] for series in group) for part in range(3))
    points = [point for series in group for point in series.points]
    trials = sum(point[2] for point in points)
    if variance <= 0 or spread <= 0 or trials < 2 * LEAST_TRIALS:
        return None
    deviations, change = covariance / math.sqrt(variance), covariance / spread * span
    if abs(deviations) <= bound or abs(change) < LEAST_EFFECT:
        return None
    before, after = _ends(points)
    return Finding(
        kind=FindingKind.IMPROVING if deviations > 0 else FindingKind.WORSENING,
        place=dict(place),
        rate=after,
        baseline=before,
        count=round(trials),
        deviations=abs(deviations),
    )


def _ends(points: Sequence[Any]) -> tuple[float, float]:
    """Return the success rates of the first and of the last third of the time."""
    first, last = min(point[0] for point in points), max(point[0] for point in points)
    third = (last - first) / 3
    early = [point for point in points if point[0] <= first + third]
    late = [point for point in points if point[0] >= last - third]
    before, after = (sum(p[1] for p in told) / max(1e-9, sum(p[2] for p in told)) for told in (early, late))
    return before, after
