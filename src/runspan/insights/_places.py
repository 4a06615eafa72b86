"""Where a decision was made, and how often decisions succeed there. Draws no conclusions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runspan.insights._report import Finding
    from runspan.insights._tally import Cell, Counts

__all__ = [
    "ALPHA",
    "ENOUGH",
    "LEAST_EFFECT",
    "LEAST_TRIALS",
    "MOST_FINDINGS",
    "Place",
    "Totals",
    "clearest",
    "places_of",
    "total",
]

ENOUGH: Final = 20
"""Trials from which on a rate is not called small."""

ALPHA: Final = 0.001
"""How likely chance alone makes a search find anything at all."""

LEAST_EFFECT: Final = 0.10
"""Differences of rates below it are no pattern, however sure they are."""

LEAST_TRIALS: Final = 30
"""Places with fewer are not looked at."""

MOST_FINDINGS: Final = 50
"""A search ends there."""

_NEARLY: Final = 0.85

# Of two that hold the very same decisions the earlier names the pattern.
_DIMENSIONS: Final[tuple[tuple[str, ...], ...]] = (
    ("node",),
    ("goal",),
    ("decision_type",),
    ("node", "option"),
    ("option",),
    ("node", "intent"),
    ("goal", "node"),
)

Place = tuple[tuple[str, str], ...]
"""Names and values of what decisions have in common."""


class Totals(NamedTuple):
    """Trials of several cells together; fractions, where outcomes of one run are one trial."""

    successes: float
    trials: float
    outcomes: int

    @property
    def rate(self) -> float:
        """Success rate."""
        return self.successes / self.trials if self.trials else 0.0

    def plus(self, other: Totals, sign: int = 1) -> Totals:
        """Return both together, or with -1 what is left without the other."""
        return Totals(
            max(0.0, self.successes + sign * other.successes),
            max(0.0, self.trials + sign * other.trials),
            self.outcomes + sign * other.outcomes,
        )


def places_of(cell: Cell) -> Iterator[Place]:
    """Give the places that a decision belongs to, the coarse ones first."""
    for names in _DIMENSIONS:
        yield tuple((name, getattr(cell, name)) for name in names)


def total(counts: Iterable[Counts]) -> Totals:
    """Add up cells."""
    successes = trials = 0.0
    outcomes = 0
    for count in counts:
        if count.outcomes:
            successes += count.successes * count.trials / count.outcomes
            trials += count.trials
            outcomes += count.outcomes
    return Totals(successes, trials, outcomes)


def clearest(findings: Sequence[Finding]) -> Finding:
    """Return the finding that is clearest; a place around it, if that is nearly as clear."""
    best = max(findings, key=lambda finding: finding.deviations)  # of equals the first, which is the coarsest
    around = (
        finding
        for finding in findings
        if finding.place.items() < best.place.items()
        and finding.count > best.count
        and finding.deviations >= _NEARLY * best.deviations
    )
    return min(around, key=lambda finding: len(finding.place), default=best)
