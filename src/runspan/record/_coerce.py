"""Field by field: what the agent gave becomes the field's type. Knows no whole call and no format.

Where nothing is lost the value is just converted. Where something would be, the field takes the value's text, its
nearest whole number or its default, and the value itself is kept under `{field}_given` in `extra`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from runspan.record._parts import EMPTY_ARRAY, EMPTY_OBJECT
from runspan.values import DEFAULT_BOUNDS, clean_text, dumps, encode, text_of, to_json_value

if TYPE_CHECKING:
    from runspan.native import JSONValue

__all__ = [
    "Extra",
    "array_of_texts",
    "array_of_texts_json",
    "boolean",
    "keep",
    "number",
    "object_json",
    "optional_text",
    "plain_text",
    "text",
    "whole",
]

Extra = dict[str, bytes]
"""Extra fields of one part, name -> JSON."""

_MAX_STRING: Final = DEFAULT_BOUNDS.max_string
_MAX_ITEMS: Final = DEFAULT_BOUNDS.max_items
_INT64: Final = 2**63
_MAX_BITS: Final = 4_096
"""Longest whole number of a field; Python refuses to write one of more than 4,300 digits."""
_TRUE_WORDS: Final = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE_WORDS: Final = frozenset({"false", "f", "no", "n", "off", "0"})


def keep(field: str, value: object, extra: Extra) -> None:
    """Keep a value that its field could not take as it was."""
    extra[f"{field}_given"] = encode(value)


def text(value: object, field: str, extra: Extra) -> str:
    """Return a text for a field that holds one."""
    if type(value) is str and len(value) <= _MAX_STRING and (value.isascii() or _is_utf8(value)):
        return value
    if isinstance(value, str):
        return _clean(value)
    if value is None:
        keep(field, None, extra)
        return ""
    plain = to_json_value(value)
    if isinstance(plain, str):
        return plain
    keep(field, value, extra)
    return clean_text(dumps(plain).decode(), _MAX_STRING)


def plain_text(value: object) -> str:
    """Return a text for what names something: a session, a decision.

    A collection is never asked for its `str`, which takes for ever where lists share each other many levels deep.
    """
    if value is None:
        return "None"
    plain = to_json_value(value)
    return plain if isinstance(plain, str) else clean_text(dumps(plain).decode(), _MAX_STRING)


def _is_utf8(value: str) -> bool:
    """Whether a text has no lone surrogates; it costs a tenth of the walk that would find them."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _clean(value: str) -> str:
    plain = to_json_value(value)
    return plain if isinstance(plain, str) else text_of(plain)


def optional_text(value: object, field: str, extra: Extra) -> str | None:
    """Return a text for a field that holds one or null; an exception gives its own text."""
    if value is None:
        return None
    if isinstance(value, BaseException):
        return text_of(value)
    return text(value, field, extra)


def whole(value: object, field: str, extra: Extra) -> int:
    """Return a whole number: tokens, milliseconds."""
    if type(value) is int and -_INT64 <= value < _INT64:
        return value
    exact = _as_whole(value)
    if exact is not None and exact.bit_length() <= _MAX_BITS:
        return exact
    keep(field, value, extra)
    # Half a millisecond off beats a total that misses the value; what was given stands beside it.
    real = _as_real(value)
    return round(real) if real is not None else 0


def _as_whole(value: object) -> int | None:
    try:
        if isinstance(value, str):
            return int(value)
        return int(operator.index(cast("Any", value)))
    except Exception:  # noqa: BLE001 - a value may do anything when asked for its number
        real = _as_real(value)
        return int(real) if real is not None and real.is_integer() else None


def _as_real(value: object) -> float | None:
    try:
        real = float(cast("Any", value))
    except Exception:  # noqa: BLE001 - as above
        return None
    return real if math.isfinite(real) else None


def number(value: object, field: str, extra: Extra, *, default: float) -> float:
    """Return a real number: an option's confidence."""
    if type(value) is float and math.isfinite(value):
        return value
    real = _as_real(value)
    if real is not None:
        return real
    keep(field, value, extra)
    return default


def boolean(value: object, field: str, extra: Extra) -> bool:
    """Return a truth value; what is neither clearly true nor clearly false counts by Python's rule, and is kept."""
    if isinstance(value, bool):
        return value
    word = to_json_value(value)
    if isinstance(word, str) and word.strip().lower() in _TRUE_WORDS | _FALSE_WORDS:
        return word.strip().lower() in _TRUE_WORDS
    if isinstance(word, int) and word in {0, 1}:
        return bool(word)
    keep(field, value, extra)
    return _truth(value) if not isinstance(value, str) else False


def _truth(value: object) -> bool:
    try:
        return bool(value)
    except Exception:  # noqa: BLE001 - an array of numbers has no truth value
        return False


def object_json(value: object, field: str, extra: Extra) -> bytes:
    """Return the JSON object of a mapping, a model or a dataclass; None is an empty one."""
    if value is None:
        return EMPTY_OBJECT
    data = encode(value)
    if data.startswith(b"{"):
        return data
    extra[f"{field}_given"] = data
    return EMPTY_OBJECT


def array_of_texts(value: object, field: str, extra: Extra) -> list[str]:
    """Return a list of texts; a single text is a list of one."""
    if value is None:
        return []
    if type(value) is list and len(value) <= _MAX_ITEMS and all(map(_is_simple, value)):
        return list(value)
    if type(value) is str:
        return [_clean(value)]
    items: JSONValue = to_json_value(value)
    if not isinstance(items, list) or isinstance(value, Mapping):
        keep(field, value, extra)
        return []
    if all(isinstance(item, str) for item in items):
        return cast("list[str]", items)
    keep(field, value, extra)
    return [item if isinstance(item, str) else clean_text(dumps(item).decode(), _MAX_STRING) for item in items]


def _is_simple(item: object) -> bool:
    return type(item) is str and len(item) <= _MAX_STRING and (item.isascii() or _is_utf8(item))


def array_of_texts_json(value: object, field: str, extra: Extra) -> bytes:
    """Return `array_of_texts` as JSON."""
    texts = array_of_texts(value, field, extra)
    return dumps(texts) if texts else EMPTY_ARRAY
