"""How often a guarantee was put to the test, and what came of it. Knows neither tests nor promises."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Tally", "merged"]

_NUMBER: Final = re.compile(r"[\d.]+")


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


def merged(tallies: list[Tally]) -> Tally:
    """Return the counts of all cases of one test: whole numbers add up, of figures with a unit the largest stands."""
    whole = Tally(is_soak=all(tally.is_soak for tally in tallies))
    for tally in tallies:
        for what, seen in tally.facts.items():
            before = whole.facts.get(what)
            if isinstance(before, str) and isinstance(seen, str) and _size(before) >= _size(seen):
                continue
            whole.note(what, seen)
    return whole


def _size(figure: str) -> float:
    found = _NUMBER.search(figure)
    return float(found[0]) if found else 0.0
