"""What stands in a value where something was cut, and how to know it again. Knows no bounds.

A value that was cut before must come through a second time unchanged, so every mark has a fixed form. In a list a mark
is the last item; in an object it is the last value, under the key `…`.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "CYCLE",
    "KEY",
    "deeper_than",
    "end_of",
    "huge_integer",
    "is_mark",
    "is_more_items",
    "more_bytes",
    "more_characters",
    "more_items",
    "more_values",
]

KEY: Final = "…"
"""Key of a mark in an object."""

CYCLE: Final = "… cycle"
"""Instead of a collection that is inside itself."""

_LONGEST: Final = 60
_AGAIN: Final = r"(?: \(\d+\))?"  # what a key gets whose text is taken
_END: Final = re.compile(rf"(?:… [\d,]+ more (?:characters|bytes))?{_AGAIN}\Z")
_MORE_ITEMS: Final = re.compile(r"(?:… )?(?:[\d,]+ )?more items")
_WHOLE: Final = re.compile(
    r"(?:… )?(?:(?:[\d,]+ )?more items|more than [\d,]+ values)"
    r"|… (?:cycle|deeper than [\d,]+ levels|an integer of [\d,]+ bits)"
    rf"|…{_AGAIN}"
)


def more_characters(count: int) -> str:
    """Return what follows a text that was cut."""
    return f"… {count:,} more characters"


def more_bytes(count: int) -> str:
    """Return what follows the text of bytes that were cut."""
    return f"… {count:,} more bytes"


def more_items(count: int | None) -> str:
    """Return what stands for the items left out; without a number where a collection does not tell its length."""
    return "more items" if count is None else f"{count:,} more items"


def more_values(max_nodes: int) -> str:
    """Return what stands for everything behind the last value that was let in."""
    return f"more than {max_nodes:,} values"


def deeper_than(depth: int) -> str:
    """Return what stands for a collection inside too many others."""
    return f"… deeper than {depth:,} levels"


def huge_integer(bits: int) -> str:
    """Return what stands for an integer that Python refuses to write."""
    return f"… an integer of {bits:,} bits"


def is_more_items(value: object) -> bool:
    """Whether a value stands for items left out, in a list or in an object."""
    return type(value) is str and len(value) <= _LONGEST and _MORE_ITEMS.fullmatch(value) is not None


def is_mark(text: str) -> bool:
    """Whether a text is nothing but a mark."""
    return len(text) <= _LONGEST and _WHOLE.fullmatch(text) is not None


def end_of(text: str) -> int:
    """Return where the mark at the end of a text begins; the text's length if it has none."""
    found = _END.search(text, max(len(text) - _LONGEST, 0))
    return found.start() if found else len(text)
