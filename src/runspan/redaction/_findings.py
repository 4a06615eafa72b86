"""What a redaction leaves behind: one mark in the text, and where it was by which rule. Never the secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

__all__ = ["MARK", "REDACTED", "Finding", "Span", "replace"]

REDACTED: Final = "[redacted]"
"""What stands where a secret was."""

MARK: Final = REDACTED.encode()


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where something was replaced."""

    at: str
    """Path inside the value, `input_context.headers.authorization` or `options[2].description`."""
    rule: str
    """Name of the rule that hit."""


class Span(NamedTuple):
    """Where in the UTF-8 bytes of a text a secret stands."""

    start: int
    end: int
    rule: str


def replace(data: bytes, spans: list[Span]) -> tuple[bytes, list[str]]:
    """Put the mark in place of every span, and one mark in place of those that overlap.

    A mark that is there already stays whole: what overlaps with it is widened to it, what lies inside it is dropped.

    Returns:
        The new bytes and the names of the rules that changed something, each once.
    """
    pieces: list[bytes] = []
    rules: dict[str, None] = {}
    done, marks = 0, _Marks(data)
    for span in sorted(spans, key=lambda span: span.start):
        start, end = marks.widen(span.start, span.end)
        if start >= end:
            continue
        rules[span.rule] = None
        if start >= done:
            pieces += (data[done:start], MARK)
        done = max(done, end)
    return b"".join([*pieces, data[done:]]), list(rules)


class _Marks:
    """The marks of a text, asked for from left to right."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._next = data.find(MARK)

    def widen(self, start: int, end: int) -> tuple[int, int]:
        """Return the range grown to the marks it overlaps, or an empty one if it lies in one."""
        size = len(MARK)
        while self._next >= 0 and self._next + size <= start:
            self._next = self._data.find(MARK, self._next + size)
        at = self._next
        while 0 <= at < end:
            if at <= start and end <= at + size:
                return start, start
            start, end = min(start, at), max(end, at + size)
            at = self._data.find(MARK, at + size)
        return start, end
