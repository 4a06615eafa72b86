"""Texts of strangers made fit to be shown: nothing in them reaches a terminal or a page as a command."""

from __future__ import annotations

import json
import unicodedata
from typing import Final

__all__ = ["brief", "duration", "visible", "visible_lines"]

_MOST_SHOWN: Final = 600
_MOST_BRIEF: Final = 160
_MS_PER_S: Final = 1_000
_S_PER_MIN: Final = 60

# Emoji and several scripts are written with these two invisible joiners; they cannot reorder a line.
_JOINERS: Final = "\u200c\u200d"
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(value: object, most: int = _MOST_SHOWN) -> str:
    r"""Return a text in one line, with control characters, escapes and bidi marks as what they are: `\x1b`.

    Args:
        value: Anything; its text counts.
        most: Characters shown; what is left out is counted.
    """
    text = str(value)
    shown = "".join(_shown(character) for character in text[:most])
    return shown if len(text) <= most else f"{shown}… ({len(text) - most:,} more characters)"


def visible_lines(text: str, most: int) -> tuple[str, int]:
    """Return a text with its lines, the rest as `visible` has it, and how many characters were left out.

    Args:
        text: What is shown.
        most: Characters shown.
    """
    shown = "".join(character if character in "\n\t" else _shown(character) for character in text[:most])
    return shown, max(0, len(text) - most)


def _shown(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    if character == "\n":
        return " ⏎ "
    return _escaped(character) if unicodedata.category(character) in _HIDDEN else character


def _escaped(character: str) -> str:
    number = ord(character)
    if number < 0x100:  # noqa: PLR2004 - two digits hold it
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"  # noqa: PLR2004 - four digits hold it


def brief(value: object) -> str:
    """Return any JSON value in one short line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return visible(text, _MOST_BRIEF)


def duration(ms: float) -> str:
    """Return milliseconds as people say them: `412 ms`, `3.1 s`, `2 min 5 s`."""
    if ms < _MS_PER_S:
        return f"{ms:g} ms"
    seconds = ms / _MS_PER_S
    if seconds < _S_PER_MIN:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), _S_PER_MIN)
    return f"{minutes} min {rest} s"
