"""The decisions of an open run to which something can still happen. Knows no record and starts no span.

A decision leaves when its span is handed over: after that it is known by its number alone, so that a long run takes
no more memory than a short one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runspan.record import Stamp
    from runspan.runtime._context import ForwardingSpan
    from runspan.runtime._live import LiveSpan

__all__ = ["Decision", "Decisions"]


@dataclass(slots=True, eq=False)
class Decision:
    """A decision of an open run, for as long as something can still happen to it."""

    id: str
    position: int
    """Its place among the decisions that were recorded by calls."""
    made: Stamp
    live: LiveSpan | None
    forwarding: ForwardingSpan | None
    ended: Stamp | None = None
    """Its outcome's time. Its span is handed over later, when the next decision starts or the run ends."""


class Decisions:
    """Decisions by id. Not thread-safe: the run guards it."""

    def __init__(self) -> None:
        """Start empty."""
        self._present: dict[str, Decision] = {}
        self._ended: list[Decision] = []

    def add(self, decision: Decision) -> None:
        """Add one."""
        self._present[decision.id] = decision

    def get(self, decision_id: str) -> Decision | None:
        """Return one that is still here."""
        return self._present.get(decision_id)

    def end(self, decision: Decision, ended: Stamp) -> None:
        """Note that a decision has its outcome."""
        decision.ended = ended
        self._ended.append(decision)

    def take_ended(self) -> list[Decision]:
        """Take out those that have their outcome; costs nothing for those that wait for theirs."""
        ended, self._ended = self._ended, []
        for decision in ended:
            del self._present[decision.id]
        return ended

    def take_all(self) -> list[Decision]:
        """Take out all that are still here."""
        present, self._present, self._ended = self._present, {}, []
        return list(present.values())

    def knows(self, decision_id: str, made: int) -> bool:
        """Whether a decision of this id was ever made.

        Args:
            decision_id: The id.
            made: Number of decisions made so far.
        """
        number = decision_id.removeprefix("dec_")
        was_made = number.isdecimal() and decision_id == f"dec_{int(number)}" and int(number) < made
        return was_made or decision_id in self._present
