"""How sure a rate is, and whether two differ by more than chance. Knows numbers only."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["compare_rates", "compare_share", "compare_stratified", "threshold", "trend_parts", "wilson"]

_Z95: Final = 1.959963984540054


def wilson(rate: float, trials: float) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a rate.

    Args:
        rate: Successes over trials.
        trials: How many independent ones; 0 gives the interval that says nothing.
    """
    if trials <= 0:
        return 0.0, 1.0
    z2 = _Z95 * _Z95
    middle = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z95 / (1 + z2 / trials) * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def threshold(alpha: float, comparisons: int) -> float:
    """Return the |z| that chance passes with probability `alpha` in any of so many comparisons (Bonferroni)."""
    return NormalDist().inv_cdf(1 - alpha / (2 * max(1, comparisons)))


def compare_rates(successes: float, trials: float, other_successes: float, other_trials: float) -> float:
    """Return by how many standard deviations a rate differs from another; negative where it is lower.

    The signed root of the likelihood ratio: unlike the difference over its standard error it does not take a handful of
    failures for a pattern where nearly everything succeeds.
    """
    if trials <= 0 or other_trials <= 0:
        return 0.0
    pooled = (successes + other_successes) / (trials + other_trials)
    ratio = _divergence(successes, trials, pooled) + _divergence(other_successes, other_trials, pooled)
    sign = 1.0 if successes * other_trials >= other_successes * trials else -1.0
    return sign * math.sqrt(max(0.0, 2 * ratio))


def compare_share(count: float, total: float, expected: float) -> float:
    """Return by how many standard deviations a share differs from the one expected; negative where it is lower."""
    if total <= 0:
        return 0.0
    sign = 1.0 if count >= expected * total else -1.0
    return sign * math.sqrt(max(0.0, 2 * _divergence(count, total, expected)))


def _divergence(successes: float, trials: float, expected: float) -> float:
    """Return the log-likelihood ratio of a rate against an expected one."""
    told = 0.0
    for count, share in ((successes, expected), (trials - successes, 1 - expected)):
        if count > 0 and share > 0:
            told += count * math.log(count / (trials * share))
    return told


def compare_stratified(strata: Iterable[tuple[float, float, float, float]]) -> tuple[float, float]:
    """Compare two rates within strata, so that what the strata differ in does not count (Mantel-Haenszel).

    Args:
        strata: For each one successes and trials of the first, successes and trials of the second.

    Returns:
        By how many standard deviations the first is higher, and by how much (a difference of rates).
    """
    distance = variance = difference = weight = 0.0
    for successes, trials, other_successes, other_trials in strata:
        both = trials + other_trials
        if trials <= 0 or other_trials <= 0 or both <= 1:
            continue
        successful = successes + other_successes
        distance += successes - trials * successful / both
        variance += trials * other_trials * successful * (both - successful) / (both * both * (both - 1))
        difference += (successes * other_trials - other_successes * trials) / both
        weight += trials * other_trials / both
    if variance <= 0 or weight <= 0:
        return 0.0, 0.0
    return distance / math.sqrt(variance), difference / weight


def trend_parts(points: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Return what a stratum adds to a trend test (Cochran-Armitage); sums over strata are tested.

    Args:
        points: Time, successes and trials of each.

    Returns:
        Covariance of time and success, its variance if there is no trend, and the spread of time. The sum of the first
        over the root of the sum of the second is z; over the sum of the third it is the change per unit of time.
    """
    trials = sum(point[2] for point in points)
    if trials <= 0:
        return 0.0, 0.0, 0.0
    rate = sum(point[1] for point in points) / trials
    mean = sum(at * count for at, _, count in points) / trials
    covariance = sum((at - mean) * (successes - count * rate) for at, successes, count in points)
    spread = sum(count * (at - mean) ** 2 for at, _, count in points)
    return covariance, rate * (1 - rate) * spread, spread
