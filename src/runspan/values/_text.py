"""Texts made safe: nothing that UTF-8 cannot say, bounded, and never an exception from an object's own `__str__`.

Knows nothing of JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from runspan.values._bounds import DEFAULT_BOUNDS
from runspan.values._marks import end_of, is_mark, more_bytes, more_characters

if TYPE_CHECKING:
    from collections.abc import Callable, Container

__all__ = ["clean_text", "name_of", "repr_of", "text_of", "text_of_bytes", "unused"]

_MAX_TEXT: Final = DEFAULT_BOUNDS.max_string
_MOST_BYTES: Final = 4
"""Of one character in UTF-8."""

# A metaclass may replace `__name__` by something that raises.
_name: Final = type.__dict__["__name__"].__get__


def clean_text(text: str, max_string: int) -> str:
    r"""Return a text that UTF-8 can say, of bounded length.

    Args:
        text: Any string; a lone surrogate becomes its backslash escape, `\ud83d`.
        max_string: Most characters to keep. A mark behind them counts the rest; a text that was cut before keeps its
            mark, and so do other texts of ours that say where something was cut.
    """
    text = str.__str__(text)
    if len(text) <= max_string and text.isascii():
        return text
    head = text if _is_within(text, max_string) else text[:max_string]
    kept = _encodable(head)
    lost = len(text) - len(head)
    if not lost and _is_within(kept, max_string):
        return kept
    return kept[:max_string] + more_characters(lost + max(len(kept) - max_string, 0))


def _is_within(text: str, max_string: int) -> bool:
    return len(text) <= max_string or end_of(text) <= max_string or is_mark(text)


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def text_of_bytes(data: bytes | bytearray | memoryview, max_string: int) -> str:
    r"""Return bytes as the UTF-8 text they are; what is none becomes a backslash escape, `\xff`."""
    whole = data.tobytes() if isinstance(data, memoryview) else data
    # The base class's own methods: a subclass may do anything in `__bytes__` or `__getitem__`.
    base: Any = bytearray if isinstance(whole, bytearray) else bytes
    size: int = base.__len__(whole)
    head: bytes = base.__getitem__(whole, slice(_MOST_BYTES * (min(max_string, size) + 1)))
    text = head.decode("utf-8", "backslashreplace")
    if len(head) == size and len(text) <= max_string:
        return text
    kept = text[:max_string]
    return kept + more_bytes(max(size - len(kept.encode()), 1))


def unused(text: str, taken: Container[str], counts: dict[str, int], max_string: int) -> str:
    """Return a key that is not taken: the text itself, else with a number, `text (2)`.

    Args:
        text: The key as it should be, clean.
        taken: Keys that are there.
        counts: The next number to try by text, kept by the caller from key to key.
        max_string: Most characters of the text.
    """
    if text not in taken:
        return text
    number = counts.get(text, 2)
    while (key := _numbered(text, number, max_string)) in taken:
        number += 1
    counts[text] = number + 1
    return key


def _numbered(text: str, number: int, max_string: int) -> str:
    key = f"{text} ({number})"
    return key if _is_within(key, max_string) else f"{text[:max_string]} ({number})"


def text_of(value: object) -> str:
    """Return `str(value)`, bounded, whatever the object does when it is asked."""
    return _said(value, str, _MAX_TEXT)


def repr_of(value: object, max_string: int) -> str:
    """Return `repr(value)`, bounded, whatever the object does when it is asked."""
    return _said(value, repr, max_string)


def _said(value: object, say: Callable[[object], str], max_string: int) -> str:
    try:
        return clean_text(say(value), max_string)
    except Exception as exc:  # noqa: BLE001 - the agent's own __str__ or __repr__ may raise anything
        return clean_text(f"<{name_of(value)}: repr failed: {name_of(exc)}>", max_string)


def name_of(value: object) -> str:
    """Return the name of a value's class."""
    return str(_name(type(value)))
