"""What a value looks like by itself: a placeholder, a number, a word of a sentence. Knows no keys."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_name", "is_nothing", "is_number", "is_word"]

_PLACEHOLDER: Final = re.compile(
    rb"[*x.\-_]+|\$\{[^}]*\}?|\$\(?[A-Za-z_]+\)?|\{+[^}]*\}*|<[^>]*>?|%[sd]|\[[a-z_ ]+\]?|[Yy]our[-_ ].*", re.DOTALL
)
_LITERALS: Final = frozenset({b"", b"true", b"false", b"null", b"none", b"nil", b"undefined", b"nan"})
_LONGEST_PLACEHOLDER: Final = 256
_NUMBER: Final = re.compile(rb"[-+]?[0-9][0-9.,_]*(?:ms|[smhdkx]|[kmg]i?b|px|%)?")
_NAME: Final = re.compile(rb"[A-Za-z_]+(?:\.[A-Za-z_]\w*)+")
_RANDOM: Final = re.compile(rb"[0-9!@#$%^&*+=~\x80-\xff]|[a-z][A-Z]")
_STATES: Final = frozenset(
    b"required missing invalid expired optional unset empty incorrect wrong unknown valid denied granted string "
    b"changed reset redacted hidden masked revoked unauthorized forbidden failed accepted rejected pending enabled "
    b"disabled default provided present absent found bearer basic rotated leaked".split()
)
_SHORTEST_PASSWORD: Final = 4
"""Characters of a password that nothing but its place tells from a word."""


def is_nothing(value: bytes) -> bool:
    """Whether a value only holds the place of a secret: `${DB_PASSWORD}`, `****`, `<token>`, `none`."""
    if len(value) > _LONGEST_PLACEHOLDER:
        return False
    return value.lower() in _LITERALS or _PLACEHOLDER.fullmatch(value) is not None


def is_name(value: bytes) -> bool:
    """Whether a value is the name of a variable in code: `settings.password`."""
    return len(value) <= _LONGEST_PLACEHOLDER and _NAME.fullmatch(value) is not None


def is_number(value: bytes) -> bool:
    """Whether a value is a number, with its unit: `8`, `1,024`, `30s`."""
    return len(value) <= _LONGEST_PLACEHOLDER and _NUMBER.fullmatch(value) is not None


def is_word(value: bytes, *, is_whole_line: bool) -> bool:
    """Whether a value without quotes, behind a colon or space, is the next word of a sentence.

    Args:
        value: The value.
        is_whole_line: Whether nothing else but the key stands on the line, as in YAML. Then every word that does not
            say how things are (`required`, `missing`) is a password.
    """
    if len(value) > _LONGEST_PLACEHOLDER or _RANDOM.search(value):
        return False
    return not is_whole_line or len(value) < _SHORTEST_PASSWORD or value.lower().strip(b"!?:") in _STATES
