"""The built-in rules at work, in RE2: every search takes time in proportion to the text, whatever the text is.

Knows no key of its own and no user's rules. What is only needed once something looks like a secret is compiled then.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import re2  # type: ignore[import-untyped]  # it comes without types

from runspan.redaction._contexts import CONTEXTS
from runspan.redaction._findings import Span
from runspan.redaction._pairs import HINT, flag_of, pair_of, pattern_of_flags, pattern_of_pairs, values_of
from runspan.redaction._shapes import EDGE, SHAPES, glance_of, hint_of, pattern_of, rule_of
from runspan.redaction._words import TAIL, WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Pairs", "PatternError", "built_in_glance", "built_in_hint", "built_in_spans", "compiled"]

PatternError: Final = re2.error
"""What `compiled` raises."""

_SHAPES: Final = "|".join(pattern_of(shape) for shape in SHAPES)
# `{"name": "API_KEY", "value": "…"}`
_NAMED: Final = rf'"(?i:name|key|header|field|variable)":"(?:[^"\\]|\\.)*(?i:{WORDS}){TAIL}"'


def compiled(pattern: str, *, is_utf8: bool = False) -> Any:
    """Return RE2's regular expression for bytes.

    Args:
        pattern: In RE2's syntax. What is wrong with it is raised, not written to stderr.
        is_utf8: Whether a character may be of several bytes. The built-in patterns speak of ASCII only, and a byte
            that is no UTF-8 must not hide from them.
    """
    return re2.compile(pattern.encode(), _options(is_utf8=is_utf8))


def _options(*, is_utf8: bool) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.encoding = options.Encoding.UTF8 if is_utf8 else options.Encoding.LATIN1
    return options


@cache
def built_in_glance() -> Callable[[bytes], object]:
    """Return the first look: whether anything is found that the hint needs, and sometimes where it finds nothing.

    It does not look at what stands before a word, nor count its letters. So its automaton has fewer states than the
    hint's, and nearly all texts need no more than this.
    """
    shapes = "|".join(map(glance_of, SHAPES))
    return _found([shapes, *(context.hint for context in CONTEXTS), HINT, _NAMED])


@cache
def built_in_hint() -> Callable[[bytes], object]:
    """Return the pre-filter: whether one of its expressions is found, as it is wherever a built-in rule hits.

    It takes texts as they are, and such as are within JSON.
    """
    shapes = "|".join(map(hint_of, SHAPES))
    return _found([f"{EDGE}(?:{shapes})", *(context.hint for context in CONTEXTS), HINT, _NAMED])


def _found(patterns: list[str]) -> Callable[[bytes], object]:
    # A set of one: it says no more than yes or no, in two thirds of the time a search takes.
    expression = re2.Set.SearchSet(_options(is_utf8=False))
    expression.Add("|".join(patterns).encode())
    expression.Compile()
    match: Callable[[bytes], object] = expression.Match
    return match


def built_in_spans(data: bytes, rule_of_key: Callable[[str], str | None]) -> Iterator[Span]:
    """Yield what the built-in rules find in a text."""
    for context, pattern in _contexts():
        for match in pattern.finditer(data):
            start, end = match.span(1)
            if context.is_secret(data[start:end]):
                yield Span(start, end, context.rule)
    for match in _shapes().finditer(data):
        start, end = match.span(1)
        yield Span(start, end, rule_of(data[start:end].decode("latin-1")))
    yield from _pairs().spans(data, rule_of_key)


class Pairs:
    """Keys with their values inside a text, for one set of keys."""

    def __init__(self, words: str, *, is_utf8: bool = False) -> None:
        self._pairs = compiled(pattern_of_pairs(words), is_utf8=is_utf8)
        self._flags = compiled(pattern_of_flags(words), is_utf8=is_utf8)

    def spans(self, data: bytes, rule_of_key: Callable[[str], str | None]) -> Iterator[Span]:
        """Yield the values that stand beside keys which mark a secret."""
        yield from values_of(data, map(pair_of, self._pairs.finditer(data)), rule_of_key)
        yield from values_of(data, map(flag_of, self._flags.finditer(data)), rule_of_key)


@cache
def _contexts() -> list[tuple[Any, Any]]:
    return [(context, compiled(context.pattern)) for context in CONTEXTS]


@cache
def _shapes() -> Any:
    return compiled(f"{EDGE}({_SHAPES})")


@cache
def _pairs() -> Pairs:
    return Pairs(WORDS)
