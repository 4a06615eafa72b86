"""What was measured, as a table; and how contenders are timed beside each other. Knows no contender."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.bare import Contender
    from benchmarks.workload import Step

__all__ = ["Figure", "Times", "interleaved", "milliseconds"]


@dataclass(slots=True)
class Figure:
    """One table of the page."""

    title: str
    header: list[str]
    rows: list[list[str]] = field(default_factory=list)
    note: str = ""
    """What was done, and how to read it."""

    def markdown(self) -> str:
        """Return it as a section of the page."""
        lines = [self.header, ["---", *["---:"] * (len(self.header) - 1)], *self.rows]
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        return f"### {self.title}\n\n{self.note}\n\n{table}\n"

    def show(self) -> None:
        """Print it."""
        print(f"\n{self.title}\n")
        for cells in (self.header, *self.rows):
            print("  " + cells[0].ljust(44) + "".join(cell.rjust(18) for cell in cells[1:]))


@dataclass(slots=True)
class Times:
    """How long one contender took for a step, once for each round, in microseconds."""

    rounds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.rounds)

    @property
    def best(self) -> float:
        """The least disturbed one."""
        return min(self.rounds)

    def spread(self) -> str:
        """The quartiles."""
        low, _, high = statistics.quantiles(self.rounds, n=4)
        return f"{low:.0f} to {high:.0f}"

    def ratio(self, other: Times) -> str:
        """How many times as long as another, by the medians."""
        return f"{self.median / other.median:.2f}"


def interleaved(
    contenders: Sequence[Contender], steps: Sequence[Step], *, rounds: int, runs: int = 1
) -> dict[str, Times]:
    """Time contenders in turn, another one first in each round: what disturbs the machine disturbs all alike.

    Args:
        contenders: Each records all steps in each of its runs.
        steps: Of one run.
        rounds: How often each has its turn.
        runs: How many runs make a turn; only their steps are timed.
    """
    times = {contender.name: Times() for contender in contenders}
    for number in range(rounds):
        first = number % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            gc.collect()
            times[contender.name].rounds.append(sum(_run(contender, steps) for _ in range(runs)) / runs)
    return times


def _run(contender: Contender, steps: Sequence[Step]) -> float:
    contender.begin()
    began = time.perf_counter()
    for step in steps:
        contender.step(step)
    took = time.perf_counter() - began
    contender.end()
    return took / len(steps) * 1e6


def milliseconds(seconds: float) -> str:
    """Return a time for a table."""
    return f"{seconds * 1e3:.1f} ms"
