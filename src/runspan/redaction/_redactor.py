"""Replaces secrets in texts and JSON values, and says quickly where there are none. Knows no record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runspan.errors import ConfigError
from runspan.forking import WAIT_S, in_one_process, mine
from runspan.redaction._engine import built_in_glance, built_in_hint, built_in_spans
from runspan.redaction._findings import Span, replace
from runspan.redaction._own import Own
from runspan.redaction._walk import Walk
from runspan.redaction._words import KeyWords

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runspan.native import JSONValue
    from runspan.redaction._findings import Finding

__all__ = ["Redactor"]

_ROUNDS: Final = 5
"""Most times a text is gone through; a mark may change what stands around it."""
_SHORTEST: Final = 5
"""Fewest characters of a text with a secret in it: `pwd=x`."""


class Redactor:
    """Built-in rules, plus a user's own keys and patterns.

    RE2 lets other threads run while it searches, and holds locks of its own: no fork may come then.
    """

    def __init__(self, *, patterns: Mapping[str, str] | None = None, keys: Iterable[str] = ()) -> None:
        """Compile what is needed to say that there is nothing; the rest is compiled when a text needs it.

        Args:
            patterns: Rule name -> regular expression in RE2's syntax; every match of it is replaced.
            keys: Further last words of keys that mark a secret.

        Raises:
            ConfigError: A pattern does not compile, or matches the empty text.
        """
        if isinstance(keys, str):
            raise ConfigError(f"keys={keys!r}: must be a list of keys, not one text")
        keys = list(keys)
        self._keys = KeyWords(keys)
        self._own = Own(patterns or {}, keys) if patterns or keys else None
        self._glance = built_in_glance()

    def suspects(self, haystack: bytes | str) -> bool:
        """Whether `text` or `value` may find something; False is sure.

        Args:
            haystack: Texts as they are and JSON documents as orjson writes them, any number, joined by NUL.
        """
        data = haystack if isinstance(haystack, bytes) else haystack.encode("utf-8", "surrogatepass")
        block = mine.block
        is_mine = block.acquire(timeout=WAIT_S)  # as `with in_one_process:`, in half its time
        try:
            is_built_in = self._glance(data) and built_in_hint()(data)
            return bool(is_built_in) or (self._own is not None and self._own.suspects(data))
        finally:
            if is_mine:
                block.release()

    def text(self, text: str) -> tuple[str, list[str]]:
        """Replace the secrets in a text.

        Returns:
            The text, the very same object if there was nothing, and the names of the rules that hit.
        """
        if len(text) < _SHORTEST and self._own is None:
            return text, []
        data = text.encode("utf-8", "surrogatepass")
        if not self.suspects(data):
            return text, []
        names: dict[str, None] = {}
        for _ in range(_ROUNDS):
            with in_one_process:
                data, rules = replace(data, self._spans(data))
            if not rules:
                break
            names |= dict.fromkeys(rules)
        return (data.decode("utf-8", "surrogatepass"), list(names)) if names else (text, [])

    def value(self, value: JSONValue, path: str = "") -> tuple[JSONValue, list[Finding]]:
        """Replace the secrets in a JSON value, keys included.

        Args:
            value: Not changed in place.
            path: Where the value stands, the beginning of `Finding.at`.

        Returns:
            The value, the very same object if there was nothing, and what was replaced.
        """
        walk = Walk(self.text, self._keys.rule_of)
        with in_one_process:
            made = walk.start(value, path)
        return (made, walk.findings) if walk.findings else (value, [])

    def _spans(self, data: bytes) -> list[Span]:
        spans = [*built_in_spans(data, self._keys.rule_of)]
        if self._own is not None:
            spans += self._own.spans(data, self._keys.rule_of)
        return spans
