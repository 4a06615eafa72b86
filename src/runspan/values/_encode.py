r"""The one rule by which any value becomes JSON. Never raises, never consumes an iterator, always bounded.

| Python | JSON |
|---|---|
| dict, other mappings | object; keys as pydantic writes them, else their `str`; one whose text is taken gets ` (2)` |
| list, tuple, named tuple, set, frozenset, deque, views of dicts | array |
| pydantic models | what `model_dump(mode="json")` gives, without it their fields |
| dataclasses | object of their fields |
| Enum; subclasses of str, int, float | the value beneath |
| int | the number; beyond 4,300 digits a text that says its size |
| NaN, infinities | null, as keys `nan`, `inf` |
| datetime, date, time | ISO 8601, `Z` for UTC |
| timedelta | ISO 8601 duration |
| Decimal, Fraction, complex, UUID, paths, IP addresses, URLs, pydantic's secrets | their text |
| compiled regular expressions | their pattern |
| str | the text, lone surrogates as `\ud83d` |
| bytes, bytearray, memoryview | UTF-8 text, other bytes as `\xff` |
| numpy scalars and arrays | their Python values; arrays of more than `max_nodes` their repr |
| exceptions | `Type: message` |
| anything else: classes, functions, iterators, files, locks | its repr |
| an object whose repr raises | `<Type: repr failed: Error>` |

What exceeds the bounds is cut, and a mark says so in its place: `… 12,345 more characters` at the end of a text, a last
item `… 123 more items` or a last key `…`, `… deeper than 32 levels`, `… more than 20,000 values`, `… cycle`.
What this rule has made stays as it is when it goes through again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from runspan.values._bounds import DEFAULT_BOUNDS, Bounds
from runspan.values._json import dumps, is_deeper
from runspan.values._marks import deeper_than
from runspan.values._walk import Walk

if TYPE_CHECKING:
    from runspan.native import JSONValue

__all__ = ["encode", "encode_plain", "to_json_value"]

# No `default` hook: no Python code runs while orjson walks the agent's containers, so the GIL is kept and a container
# that another thread changes meanwhile cannot hurt.
_PLAIN_ONLY: Final = (
    orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
)
_SCALARS: Final = frozenset({bool, int, float, type(None)})
_COLLECTIONS: Final = frozenset({dict, list, tuple})
_NO_ROOM_TEXT: Final = deeper_than(0)
_NO_ROOM: Final = dumps(_NO_ROOM_TEXT)
_MOST_PROBED: Final = 1_000_000  # where there are no bounds, a cycle would be followed for ever


def encode(value: object, bounds: Bounds = DEFAULT_BOUNDS) -> bytes:
    """Return the JSON of any value, compact; the same value as `to_json_value` gives.

    Args:
        value: Anything.
        bounds: How much of it is kept.
    """
    try:
        data = encode_plain(value, bounds)
        return data if data is not None else dumps(to_json_value(value, bounds))
    except (RecursionError, ValueError):  # ValueError: `dumps` had no room on the stack
        return _NO_ROOM


def encode_plain(value: object, bounds: Bounds = DEFAULT_BOUNDS, *, unknown: list[Any] | None = None) -> bytes | None:
    """Return the JSON of a value that is plain JSON already and within bounds; None where it needs care.

    Args:
        value: Anything.
        bounds: How much of it is kept.
        unknown: What of it has to be looked at; all of it by default.
    """
    try:
        collections = _collections_of(value if unknown is None else unknown, bounds)
        if collections is not None:
            data = orjson.dumps(value, option=_PLAIN_ONLY)
            if len(data) <= bounds.max_string or not _has_long_key(collections, bounds.max_string):
                return data
    except Exception:  # noqa: BLE001, S110 - nothing that could be said here would help
        pass  # a large integer, a lone surrogate, a key that is no string; or another thread is changing the value
    return None


def to_json_value(value: object, bounds: Bounds = DEFAULT_BOUNDS) -> JSONValue:
    """Return any value as plain dict, list, str, int, float, bool or None.

    Args:
        value: Anything.
        bounds: How much of it is kept; what is cut is marked in place.
    """
    try:
        return Walk(bounds).start(value)
    except RecursionError:  # hardly any room on the caller's stack
        return _NO_ROOM_TEXT


def _collections_of(value: object, bounds: Bounds) -> list[Any] | None:
    """Return the collections of a value, or None unless all is of JSON's own classes and within bounds; keys apart.

    This looks at every value before orjson does. Collections that share others (`x = [x, x]`, forty times) are small in
    memory and endless as JSON: orjson would fill the memory and take the process with it, and no `except` could help.
    """
    max_string, max_items, room = bounds.max_string, bounds.max_items, bounds.max_nodes
    if room > _MOST_PROBED:
        return None
    found: list[Any] = [(value,)]
    for node in found:
        size = len(node)
        room -= size
        if room < 0 or size > max_items:
            return None
        for item in node.values() if type(node) is dict else node:
            kind = type(item)
            if kind is str and len(item) <= max_string:
                continue
            if kind in _COLLECTIONS:
                found.append(item)
            elif kind not in _SCALARS:
                return None
    return found if len(found) <= bounds.max_depth or not is_deeper(value, bounds.max_depth) else None


def _has_long_key(collections: list[Any], max_string: int) -> bool:
    return any(len(key) > max_string for node in collections if type(node) is dict for key in node)
