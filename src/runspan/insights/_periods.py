"""Outcomes by time, in periods that grow as the time between the first and the last run does. Knows no run."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["Periods"]

_NS: Final = 1_000_000_000
_MONDAY_S: Final = 4 * 86_400
"""1970-01-05; weeks counted from there begin on Mondays."""

_WIDTHS_S: Final = (60, 600, 3_600, 21_600, 86_400, 604_800, 2_419_200, 29_030_400)
"""A minute, ten, an hour, six, a day, a week, four and 48 of them: each a multiple of the one before it."""

_MOST: Final = 64
_MOST_KEYS: Final = 200_000


class Periods:
    """Counters of runs and outcomes by period."""

    def __init__(self) -> None:
        """Start with periods of a minute."""
        self.runs: dict[tuple[int, str], list[int]] = {}
        """By period and goal: runs that ended, and those of them that completed."""
        self.outcomes: dict[tuple[int, str, str], list[int]] = {}
        """By period, goal and node: outcomes, successes, trials, and the last run counted."""
        self._level = 0
        self._first: int | None = None
        self._last: int | None = None

    @property
    def width_s(self) -> int:
        """Length of a period in seconds."""
        return _WIDTHS_S[self._level]

    def start_s(self, period: int) -> int:
        """Return when a period begins, in seconds since the epoch."""
        return period * self.width_s + _MONDAY_S

    def at(self, at_ns: int) -> int:
        """Return the period of a time; periods told before are told no more, since they may have grown."""
        period = (at_ns // _NS - _MONDAY_S) // self.width_s
        first = period if self._first is None else min(period, self._first)
        last = period if self._last is None else max(period, self._last)
        while last - first >= _MOST and self._level < len(_WIDTHS_S) - 1:
            factor = _WIDTHS_S[self._level + 1] // self.width_s
            self._coarsen(factor)
            period, first, last = period // factor, first // factor, last // factor
        self._first, self._last = first, last
        return period

    def add_run(self, period: int, goal: str, *, success: bool) -> None:
        """Count a run that has ended."""
        counts = self.runs.get((period, goal)) or _new(self.runs, (period, goal), 2)
        counts[0] += 1
        counts[1] += success

    def add_outcome(self, period: int, goal: str, node: str, run_number: int, *, success: bool) -> None:
        """Count an outcome."""
        counts = self.outcomes.get((period, goal, node)) or _new(self.outcomes, (period, goal, node), 4)
        counts[0] += 1
        counts[1] += success
        if not counts[2] or counts[3] != run_number:
            counts[2] += 1
            counts[3] = run_number

    def _coarsen(self, factor: int) -> None:
        self._level += 1
        self.runs = _merged(self.runs, factor)
        self.outcomes = _merged(self.outcomes, factor)


def _new(table: dict[Any, list[int]], key: Any, size: int) -> list[int]:
    counts = [0] * size
    if len(table) < _MOST_KEYS:
        table[key] = counts
    return counts


def _merged(table: dict[Any, list[int]], factor: int) -> dict[Any, list[int]]:
    merged: dict[Any, list[int]] = {}
    for (period, *rest), counts in table.items():
        key = (period // factor, *rest)
        into = merged.setdefault(key, [0] * len(counts))
        for index, count in enumerate(counts):
            into[index] = max(into[index], count) if index == 3 else into[index] + count  # noqa: PLR2004 - the last run
    return merged
