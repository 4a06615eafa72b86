"""What a reader of spans met, counted while it reads: nothing is passed over without standing here. Knows no format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

__all__ = ["Account", "Skipped"]

_MOST_NAMED: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """One piece of an input that could not be read."""

    source: str
    """The file, or the address that was asked."""
    place: str
    """Where in it: `line 7`, `message 3`, a trace or a run."""
    reason: str
    """What is wrong with it."""


@dataclass(slots=True, kw_only=True)
class Account:
    """Counts of one reading; its reader adds to it, anybody may look at it meanwhile."""

    bytes_read: int = 0
    """Bytes of input so far, compressed as they are."""
    documents: int = 0
    """OTLP documents that hold traces: lines, messages, answers."""
    spans: int = 0
    """Spans, repeated ones included."""
    foreign_spans: int = 0
    """Spans that belong to no run."""
    other_documents: int = 0
    """Documents that hold no traces: logs, metrics, any other JSON."""
    unfinished: int = 0
    """Inputs whose end is cut off, as that of a file which is still being written."""
    unread: dict[str, str] = field(default_factory=dict)
    """Inputs that could not be read, or hold no traces: name -> why."""
    skipped: list[Skipped] = field(default_factory=list)
    """What could not be read, the first hundred."""
    skipped_count: int = 0
    """How many there were of them."""

    def skip(self, source: str, place: str, reason: object) -> None:
        """Note a piece that could not be read; the rest goes on."""
        self.skipped_count += 1
        if len(self.skipped) < _MOST_NAMED:
            self.skipped.append(Skipped(source=source, place=place, reason=str(reason)))
