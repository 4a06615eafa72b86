"""Keys with values inside a text: `key=value`, `key: value`, `--key value`, headers, query strings, JSON in strings.

Finds the values of keys that mark a secret. Which keys do is not known here.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from runspan.redaction._ends import header_value, is_followed_by_logprob, is_last_of_line, quoted_value, unquoted_value
from runspan.redaction._findings import MARK, Span
from runspan.redaction._looks import is_name, is_nothing, is_number, is_word
from runspan.redaction._words import TAIL, WORDS, is_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["HINT", "Pair", "flag_of", "pair_of", "pattern_of_flags", "pattern_of_pairs", "values_of"]

_KEY_END: Final = r"[_-]?[0-9]*"
_QUOTE: Final = r"""(?:\\{0,63}["'`])"""
"""Six levels of JSON in JSON. Bounded, so that there are few kinds of quotes to wait for in vain."""
_SEPARATOR: Final = r"(?:[ \t]*(?:=>|:=|={1,3}|:|%3[dD])[ \t]*|>)"
_BEFORE_FLAG: Final = r"""(?:^|[\s"'`\[(=,]|\\[nrt])"""
_FLAG: Final = r"--?[A-Za-z0-9_.-]*"
_SPACE: Final = r"(?:[ \t]|\\+t)"

HINT: Final = (
    rf"(?i:{WORDS}){TAIL}\]?(?:\\*[\"'`])?\]?{_SPACE}*(?:[=:>]|%3[dD])"
    rf"|{_BEFORE_FLAG}{_FLAG}(?i:{WORDS})[0-9_.-]*(?:{_SPACE}|\\*[\"'`],)"
)
"""Found wherever such a pair stands, also inside JSON, and wherever a key of JSON ends in these words."""

_IN_KEY: Final = (string.ascii_letters + string.digits + "_.-").encode()
_BEFORE: Final = 64
"""Bytes before a key's last word that are looked at."""
_TIGHT: Final = (b"=", b">", b"%3d", b"%3D")
_SHORTEST_NUMBER: Final = 4


def pattern_of_pairs(words: str) -> str:
    """Return the pattern for `pair_of`, RE2's, for bytes. Groups: end of key, its quote, separator, opening quote."""
    return rf"(?i)((?:{words}){_KEY_END})\]?({_QUOTE})?\]?({_SEPARATOR})({_QUOTE})?"


def pattern_of_flags(words: str) -> str:
    """Return the pattern for `flag_of`, RE2's and for bytes. Groups: flag, separator, opening quote."""
    return rf"(?i){_BEFORE_FLAG}({_FLAG}(?:{words}){_KEY_END})([ \t]+|{_QUOTE},[ \t]*)({_QUOTE})?"


class Pair(NamedTuple):
    """A key in a text and where its value begins."""

    key_start: int
    key_end: int
    separator: tuple[int, int]
    opening: tuple[int, int]
    """The quote before the value, (-1, -1) without one."""
    at: int
    """Where the value begins, behind its quote."""
    is_quoted: bool = False
    """Whether the key stands in quotes, as in JSON."""
    is_flag: bool = False


def pair_of(match: Any) -> Pair:
    """Return what a match of `pattern_of_pairs` says."""
    (start, end), quote, separator, opening = (match.span(group) for group in range(1, 5))
    return Pair(start, end, separator, opening, match.end(), is_quoted=quote[0] >= 0)


def flag_of(match: Any) -> Pair:
    """Return what a match of `pattern_of_flags` says."""
    (start, end), separator, opening = (match.span(group) for group in range(1, 4))
    return Pair(start, end, separator, opening, match.end(), is_flag=True)


def values_of(data: bytes, found: Iterator[Pair], rule_of: Callable[[str], str | None]) -> Iterator[Span]:
    """Yield the values of secret keys.

    Args:
        data: The text in UTF-8.
        found: Keys that may mark a secret, in order.
        rule_of: Name of the rule by which a key does.
    """
    done = 0
    for pair in found:
        if pair.key_start < done or data.startswith(MARK, pair.at):
            continue
        key_start, key = _key_of(data, pair)
        rule = rule_of(key)
        value = _value_of(data, pair, key_start, key) if rule is not None else None
        if rule is not None and value is not None and value[0] < value[1]:
            done = value[1]
            yield Span(*value, rule)


def _key_of(data: bytes, pair: Pair) -> tuple[int, str]:
    """Return where a key begins, and all of it: `next_page_token`, of which only `token` was found."""
    before = data[max(0, pair.key_start - _BEFORE) : pair.key_start]
    start = pair.key_start - len(before) + len(before.rstrip(_IN_KEY + b" "))
    return start, data[start : pair.key_end].decode("utf-8", "replace")


def _value_of(data: bytes, pair: Pair, key_start: int, key: str) -> tuple[int, int] | None:
    """Return where the value stands, None if there is none that looks like a secret."""
    separator = data[slice(*pair.separator)]
    if separator == b">" and not data[max(0, key_start - 2) : key_start].endswith((b"<", b"<:")):
        return None
    if is_folder(key, data[pair.at : pair.at + 1].decode("latin-1")):
        return None
    if pair.opening[0] >= 0:
        start, end = quoted_value(data, data[slice(*pair.opening)], pair.at, key)
        is_kept = is_nothing(data[start:end]) or (key.endswith("token") and is_followed_by_logprob(data, end))
        return None if is_kept else (start, end)
    if data[pair.at : pair.at + 1] in (b"{", b"["):
        return None
    return header_value(data, pair.at, key) or _unquoted_of(data, pair, key_start, key, separator)


def _unquoted_of(data: bytes, pair: Pair, key_start: int, key: str, separator: bytes) -> tuple[int, int] | None:
    start, end = unquoted_value(data, pair.at)
    value = data[start:end]
    if is_nothing(value) or is_name(value) or f" {key}".endswith(_echoes(value)):
        return None
    if separator in _TIGHT:
        return None if is_number(value) and len(value) < _SHORTEST_NUMBER else (start, end)
    if is_number(value) or value.startswith(b"-"):
        return None
    is_whole_line = (pair.is_flag or _is_first_of_line(data, key_start)) and is_last_of_line(data, end)
    return (start, end) if pair.is_quoted or not is_word(value, is_whole_line=is_whole_line) else None


def _is_first_of_line(data: bytes, key_start: int) -> bool:
    r"""Whether a key begins a line; behind a written `\n` the `n` counts as the key's."""
    before = data[max(0, key_start - 1) : key_start]
    return before in (b"", b"\n", b"\r") or (before == b"\\" and data[key_start : key_start + 1] in (b"n", b"r"))


def _echoes(value: bytes) -> tuple[str, str]:
    """Return how a key ends that has the same name as its value: `self.password = password`."""
    text = value.decode("utf-8", "replace")
    return f" {text}", f".{text}"
