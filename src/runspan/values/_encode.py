r"""The one rule by which any value becomes JSON. Never raises, never consumes an iterator, always bounded.

| Python | JSON |
|---|---|
| dict, other mappings | object; keys as pydantic writes them, a clashing one gets ` (2)` |
| list, tuple, set, frozenset, deque, views | array |
| pydantic models | what `model_dump(mode="json")` gives |
| dataclasses | object of their fields |
| Enum | its value |
| datetime, date, time | ISO 8601, `Z` for UTC |
| timedelta | ISO 8601 duration |
| Decimal, UUID, paths | their text |
| bytes | UTF-8 text, other bytes as `\xff` |
| numpy scalars and arrays | their Python values |
| NaN, infinities | null |
| exceptions | `Type: message` |
| anything else | its repr |
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections import deque
from collections.abc import ItemsView, KeysView, Mapping, ValuesView
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

import orjson

from runspan.values._bounds import DEFAULT_BOUNDS, Bounds
from runspan.values._json import dumps, loads
from runspan.values._text import clean_text, cut_text, guarded_repr, text_of

if TYPE_CHECKING:
    from runspan.native import JSONValue

__all__ = ["encode", "to_json_value"]

# No `default` hook: no Python code runs while orjson walks the agent's containers, so the GIL is kept and a container
# that another thread changes meanwhile cannot hurt.
_PLAIN_ONLY: Final = (
    orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
)
_ARRAYS: Final = (list, tuple, set, frozenset, deque, KeysView, ValuesView, ItemsView)
_MAX_DIGITS: Final = 4_000
_TRIES: Final = 3


def encode(value: object, bounds: Bounds = DEFAULT_BOUNDS) -> bytes:
    """Return the JSON of any value, compact; the same value as `to_json_value` gives.

    Args:
        value: Anything.
        bounds: How much of it is kept.
    """
    if value is None:
        return b"null"
    if type(value) is str and len(value) > bounds.max_string:
        return dumps(to_json_value(value, bounds))
    try:
        data = orjson.dumps(value, option=_PLAIN_ONLY)
    except TypeError:
        return dumps(to_json_value(value, bounds))
    if len(data) < 2 * bounds.max_items and data.count(b"[") + data.count(b"{") <= bounds.max_depth:
        return data
    plain = loads(data)
    return data if _Walk(bounds).fits(plain) else dumps(to_json_value(plain, bounds))


def to_json_value(value: object, bounds: Bounds = DEFAULT_BOUNDS) -> JSONValue:
    """Return any value as plain dict, list, str, int, float, bool or None.

    Args:
        value: Anything.
        bounds: How much of it is kept; what is cut is marked in place.
    """
    try:
        return cast("JSONValue", _Walk(bounds).visit(value, 0))
    except RecursionError:
        return f"<{type(value).__name__}: too deep>"


class _Walk:
    """One walk through one value."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._nodes = 0
        self._inside: set[int] = set()

    def fits(self, value: object, depth: int = 0) -> bool:
        """Whether plain JSON is within the bounds."""
        bounds = self._bounds
        self._nodes += 1
        if isinstance(value, str):
            return cut_text(value, bounds.max_string) is value
        if not isinstance(value, dict | list):
            return True
        if depth >= bounds.max_depth or len(value) > bounds.max_items or self._nodes > bounds.max_nodes:
            return False
        items = value.values() if isinstance(value, dict) else value
        keys_fit = all(len(key) <= bounds.max_string for key in value) if isinstance(value, dict) else True
        return keys_fit and all(self.fits(item, depth + 1) for item in items)

    def visit(self, value: object, depth: int) -> object:
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is str:
            return clean_text(cast("str", value), self._bounds.max_string)
        if kind is int:
            return _integer(cast("int", value))
        if kind is float:
            return value if math.isfinite(cast("float", value)) else None
        return self._collection_or_other(value, depth)

    def _collection_or_other(self, value: object, depth: int) -> object:
        self._nodes += 1
        if self._nodes > self._bounds.max_nodes:
            return f"… more than {self._bounds.max_nodes:,} values"
        try:
            if isinstance(value, Mapping):
                return self._inner(value, depth, self._object)
            if isinstance(value, _ARRAYS):
                return self._inner(value, depth, self._array)
            return self._other(value, depth)
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001 - the agent's object may raise anything anywhere
            return guarded_repr(value)

    def _inner(self, value: Any, depth: int, make: Any) -> object:
        if depth >= self._bounds.max_depth:
            return f"… deeper than {self._bounds.max_depth} levels"
        if id(value) in self._inside:
            return "… cycle"
        self._inside.add(id(value))
        try:
            return make(value, depth + 1)
        finally:
            self._inside.discard(id(value))

    def _object(self, value: Mapping[Any, Any], depth: int) -> dict[str, object]:
        limit = self._bounds.max_items
        items = _snapshot(value.items())
        made: dict[str, object] = {}
        for key, item in items[:limit]:
            made[_free(self._key(key), made)] = self.visit(item, depth)
        if len(items) > limit and not (len(items) == limit + 1 and items[-1][0] == "…"):
            made["…"] = f"{len(items) - limit:,} more items"
        elif len(items) > limit:
            made["…"] = self.visit(items[-1][1], depth)
        return made

    def _array(self, value: Any, depth: int) -> list[object]:
        limit = self._bounds.max_items
        items = _snapshot(value)
        made = [self.visit(item, depth) for item in items[:limit]]
        if len(items) == limit + 1 and _is_mark(items[-1]):
            made.append(items[-1])
        elif len(items) > limit:
            made.append(f"… {len(items) - limit:,} more items")
        return made

    def _key(self, key: object) -> str:
        if type(key) is str:
            return clean_text(key, self._bounds.max_string)
        if isinstance(key, tuple):
            return ",".join(self._key(item) for item in key)
        if key is None or isinstance(key, float):
            return clean_text(str(key), self._bounds.max_string)
        plain = self._other(key, 0) if not isinstance(key, bool | int) else key
        if isinstance(plain, bool):
            return "true" if plain else "false"
        return clean_text(plain if isinstance(plain, str) else text_of(plain), self._bounds.max_string)

    def _other(self, value: Any, depth: int) -> object:
        """Return a value that is neither plain nor a collection of Python's own."""
        for known, convert in _CONVERTERS:
            if isinstance(value, known):
                return self.visit(convert(value), depth)
        if not isinstance(value, type):
            if dataclasses.is_dataclass(value):
                return self._inner(value, depth, self._dataclass)
            if hasattr(type(value), "model_dump"):
                return self._inner(value, depth, self._model)
            if hasattr(type(value), "__array_interface__") or hasattr(type(value), "__array__"):
                return self._numbers(value, depth)
        return guarded_repr(value)

    def _dataclass(self, value: Any, depth: int) -> object:
        return self._object({field.name: getattr(value, field.name) for field in dataclasses.fields(value)}, depth)

    def _model(self, value: Any, depth: int) -> object:
        for dump in (lambda: value.model_dump(mode="json"), value.model_dump, lambda: dict(vars(value))):
            try:
                dumped = dump()
            except Exception:  # noqa: BLE001, S112 - a model's own serializers may raise anything
                continue
            if isinstance(dumped, dict):
                return self._object(dumped, depth)
            return guarded_repr(value) if dumped is value else self.visit(dumped, depth)
        return guarded_repr(value)

    def _numbers(self, value: Any, depth: int) -> object:
        """Return a numpy scalar or array as Python's own values, an array not beyond its bound."""
        if getattr(value, "ndim", None) == 0:
            item = value.item()
            return guarded_repr(value) if type(item) is type(value) else self.visit(item, depth)
        if value.size > self._bounds.max_nodes:
            return guarded_repr(value)
        return self.visit(value.tolist(), depth)


def _integer(value: int) -> object:
    # Python refuses to write an integer of more than 4,300 digits.
    if value.bit_length() > 4 * _MAX_DIGITS:
        return f"… an integer of {value.bit_length():,} bits"
    return value


def _snapshot(items: Any) -> list[Any]:
    """Copy a container that another thread may be changing."""
    for _ in range(_TRIES):
        try:
            return list(items)
        except RuntimeError:
            continue
    return list(items)


def _is_mark(item: object) -> bool:
    return isinstance(item, str) and item.startswith("… ") and item.endswith(" more items")


def _free(key: str, taken: dict[str, object]) -> str:
    """Return the key, or the key with a number where another one has become the same text."""
    if key not in taken:
        return key
    number = 2
    while f"{key} ({number})" in taken:
        number += 1
    return f"{key} ({number})"


def _iso(value: dt.datetime | dt.time) -> str:
    text = value.isoformat()
    return text[: -len("+00:00")] + "Z" if text.endswith("+00:00") else text


def _duration(value: dt.timedelta) -> str:
    """Return an ISO 8601 duration as pydantic writes it."""
    sign = "-" if value < dt.timedelta(0) else ""
    value = abs(value)
    hours, rest = divmod(value.seconds, 3_600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M")) if number)
    clock += f"{seconds}{fraction}S" if seconds or fraction else ""
    years, days = divmod(value.days, 365)
    date = (f"{years}Y" if years else "") + (f"{days}D" if days else "")
    return f"{sign}P{date}" + (f"T{clock}" if clock else "") if date or clock else "PT0S"


def _utf8(value: bytes | bytearray | memoryview) -> str:
    return bytes(value).decode("utf-8", "backslashreplace")


def _exception(value: BaseException) -> str:
    return f"{type(value).__name__}: {text_of(value)}"


_CONVERTERS: Final[tuple[tuple[Any, Any], ...]] = (
    (Enum, lambda value: value.value),
    (bool, bool),
    (int, int.__int__),
    (float, float.__float__),
    (str, str.__str__),
    (dt.datetime, _iso),
    (dt.date, dt.date.isoformat),
    (dt.time, _iso),
    (dt.timedelta, _duration),
    (Decimal, str),
    (UUID, str),
    (PurePath, str),
    ((bytes, bytearray, memoryview), _utf8),
    (BaseException, _exception),
)
