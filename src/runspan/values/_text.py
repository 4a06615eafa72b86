"""Texts made safe: no lone surrogates, bounded, and never an exception from an object's own `__str__`."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["clean_text", "cut_text", "guarded_repr", "is_cut", "text_of"]

_MAX_TEXT: Final = 65_536
_MARK: Final = re.compile(r"… [\d,]+ more characters\Z")
_MAX_MARK: Final = 40


def clean_text(text: str, max_string: int) -> str:
    """Return a text that UTF-8 can say, of bounded length.

    Args:
        text: Any string; a lone surrogate becomes its backslash escape.
        max_string: Most characters to keep; the rest is counted in a mark at the end.
    """
    return _encodable(cut_text(str.__str__(text), max_string))


def cut_text(text: str, max_string: int) -> str:
    """Return a text cut to its bound, with a mark; one that was cut before stays as it is."""
    if len(text) <= max_string or is_cut(text, max_string):
        return text
    return f"{text[:max_string]}… {len(text) - max_string:,} more characters"


def is_cut(text: str, max_string: int) -> bool:
    """Whether a text that is too long only is so by its mark."""
    return len(text) <= max_string + _MAX_MARK and _MARK.search(text, max_string) is not None


def _encodable(text: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def text_of(value: object) -> str:
    """Return `str(value)`, whatever the object does when it is asked."""
    if type(value) is str:
        return clean_text(value, _MAX_TEXT)
    try:
        return clean_text(str(value), _MAX_TEXT)
    except Exception as exc:  # noqa: BLE001 - the agent's own __str__ may raise anything
        return _failed(value, exc)


def guarded_repr(value: object) -> str:
    """Return `repr(value)`, whatever the object does when it is asked."""
    try:
        return clean_text(repr(value), _MAX_TEXT)
    except Exception as exc:  # noqa: BLE001 - as above
        return _failed(value, exc)


def _failed(value: object, exc: Exception) -> str:
    return f"<{type(value).__name__}: repr failed: {type(exc).__name__}>"
