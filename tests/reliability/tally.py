"""How often a guarantee was put to the test, and what came of it. Knows neither tests nor promises."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Tally"]


@dataclass(slots=True)
class Tally:
    """Counts of one test: how many to do, and what was seen."""

    is_soak: bool
    """Whether to do as many as the guarantee names, instead of as many as fit a quick run."""
    facts: dict[str, int | str] = field(default_factory=dict)
    """What -> how many, or a figure with its unit; in the order they were noted."""

    def times(self, what: str, *, quick: int, full: int) -> int:
        """Return how many to do, and note it: `tally.times("SIGKILLs", quick=25, full=500)`."""
        number = full if self.is_soak else quick
        self.facts[what] = number
        return number

    def note(self, what: str, seen: int | str) -> None:
        """Note what was seen: `tally.note("acknowledged records lost", lost)`; noted again, whole numbers add up."""
        before = self.facts.get(what)
        self.facts[what] = before + seen if isinstance(before, int) and isinstance(seen, int) else seen
