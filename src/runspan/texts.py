"""Texts of strangers made fit to be shown: nothing in them reaches a terminal or a page as a command."""

from __future__ import annotations

import json
import unicodedata
from typing import Final

__all__ = ["brief", "duration", "json_text", "visible", "visible_json", "visible_lines"]

_MOST_SHOWN: Final = 600
_MOST_BRIEF: Final = 160
_MOST_MARKS: Final = 6
"""Combining marks on one letter: more than any script has, few enough to stay in their line."""
_MS_PER_S: Final = 1_000
_S_PER_MIN: Final = 60
_LONGEST_MS: Final = 10**15

# Emoji and several scripts are written with these two invisible joiners; they cannot reorder a line.
_JOINERS: Final = "\u200c\u200d"
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_INVISIBLE: Final = range(0xE0000, 0xE1000)
"""A plane of characters that nobody sees, whatever they say."""


def visible(value: object, most: int = _MOST_SHOWN) -> str:
    r"""Return a text in one line, with control characters, escapes and bidi marks as what they are: `\x1b`.

    Args:
        value: Anything; its text counts.
        most: Characters shown; what is left out is counted.
    """
    text = str(value)
    shown = _shown(text[:most])
    return shown if len(text) <= most else f"{shown}… ({len(text) - most:,} more characters)"


def visible_lines(text: str, most: int) -> tuple[str, int]:
    """Return a text with its lines, the rest as `visible` has it, and how many characters were left out.

    Args:
        text: What is shown.
        most: Characters shown.
    """
    return _shown(text[:most], kept="\n\t"), max(0, len(text) - most)


def visible_json(text: str) -> str:
    """Return a JSON document that says the same, with nothing in it that a terminal obeys or turns around.

    Args:
        text: The document; control characters in its strings are escaped already, as JSON wants it.
    """
    instead = {ord(each): json.dumps(each)[1:-1] for each in set(text) if each not in "\n\t\r" and _is_hidden(each)}
    return text.translate(instead | {ord("\r"): None})


def _shown(text: str, kept: str = "") -> str:
    if text.isascii() and text.isprintable():
        return text
    hidden = {ord(each): _escaped(each) for each in set(text) if each not in kept and _is_hidden(each)}
    return _calmed(text.translate(hidden))


def _is_hidden(character: str) -> bool:
    if character in _JOINERS:
        return False
    return unicodedata.category(character) in _HIDDEN or ord(character) in _INVISIBLE


def _escaped(character: str) -> str:
    number = ord(character)
    if character == "\n":
        return " ⏎ "
    if number < 0x100:  # noqa: PLR2004 - two digits hold it
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"  # noqa: PLR2004 - four digits hold it


def _calmed(text: str) -> str:
    """Return a text without marks heaped up on a letter, which would reach into other lines."""
    marks = {each for each in set(text) if each in _JOINERS or unicodedata.category(each)[0] == "M"}
    if not marks:
        return text
    kept, count = [], 0
    for character in text:
        count = count + 1 if character in marks else 0
        if count <= _MOST_MARKS:
            kept.append(character)
        elif count == _MOST_MARKS + 1:
            kept.append("…")
    return "".join(kept)


def brief(value: object) -> str:
    """Return any JSON value in one short line."""
    return visible(value if isinstance(value, str) else json_text(value), _MOST_BRIEF)


def json_text(value: object, indent: int | None = None) -> str:
    """Return any JSON value as text for people; of one that is too deep for that, that it is.

    Args:
        value: What may be anything a run file holds.
        indent: Spaces a level; None for one line.
    """
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    except (RecursionError, ValueError):
        return "… (too deep to be shown)"


def duration(ms: float) -> str:
    """Return milliseconds as people say them: `412 ms`, `3.1 s`, `2 min 5 s`."""
    if not -_LONGEST_MS < ms < _LONGEST_MS:
        return f"{visible(ms, 20)} ms"
    if ms < _MS_PER_S:
        return f"{ms:g} ms"
    seconds = ms / _MS_PER_S
    if seconds < _S_PER_MIN:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), _S_PER_MIN)
    return f"{minutes} min {rest} s"
