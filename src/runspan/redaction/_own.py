"""A user's own rules: patterns and keys beside the built-in ones. Knows none of those."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from runspan.errors import ConfigError
from runspan.redaction._engine import Pairs, PatternError, compiled
from runspan.redaction._findings import Span
from runspan.redaction._words import pattern_of_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

__all__ = ["Own"]

_IN_CLASS: Final = re.compile(r"\\[^Az]|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_ANCHOR: Final = re.compile(r"[$^]|\\[Az]")
_ESCAPE: Final = re.compile(rb'\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])')
_ESCAPED: Final = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}


class Own:
    """Patterns by name, and keys. The keys' rules are in `KeyWords`."""

    def __init__(self, patterns: Mapping[str, str], keys: Collection[str]) -> None:
        self._patterns = {name: _checked(name, pattern) for name, pattern in patterns.items()}
        words = pattern_of_keys(keys)
        self._pairs = Pairs(words, is_utf8=True) if words else None
        self._hint = compiled(rf"(?i:{words})(?:[^\pL]|$)", is_utf8=True) if words else None
        # In the pre-filter's haystack a text does not begin or end where it does by itself; and Python and RE2 do not
        # agree on what is upper case outside ASCII.
        self._is_blind = not all(key.isascii() for key in keys) or any(
            _ANCHOR.search(_IN_CLASS.sub("", pattern)) for pattern in patterns.values()
        )

    def suspects(self, haystack: bytes) -> bool:
        """Whether one of these rules may find something in one of the texts or JSON documents."""
        if self._is_blind or (self._hint and self._hint.search(haystack)):
            return True
        if not self._patterns:
            return False
        plain = _ESCAPE.sub(_unescape, haystack) if b"\\" in haystack else haystack
        return any(
            pattern.search(haystack) or (plain is not haystack and pattern.search(plain))
            for pattern in self._patterns.values()
        )

    def spans(self, data: bytes, rule_of_key: Callable[[str], str | None]) -> Iterator[Span]:
        """Yield what the patterns find, and the values of the keys."""
        if self._pairs is not None:
            yield from self._pairs.spans(data, rule_of_key)
        for name, pattern in self._patterns.items():
            for match in pattern.finditer(data):
                if match.start() < match.end():
                    yield Span(match.start(), match.end(), name)


def _checked(name: str, pattern: str) -> Any:
    try:
        made = compiled(pattern, is_utf8=True)
    except (PatternError, UnicodeEncodeError) as exc:
        reason = exc.args[0].decode() if isinstance(exc.args[0], bytes) else exc
        raise ConfigError(
            f"pattern {name!r} = {pattern!r} does not compile: {reason}. "
            "It has to be in RE2's syntax: https://github.com/google/re2/wiki/Syntax"
        ) from exc
    if made.search(b""):
        raise ConfigError(f"pattern {name!r} = {pattern!r} matches the empty text; it has to ask for something")
    return made


def _unescape(match: re.Match[bytes]) -> bytes:
    body = match.group()[1:]
    return chr(int(body[1:], 16)).encode("utf-8", "surrogatepass") if len(body) > 1 else _ESCAPED.get(body, body)
