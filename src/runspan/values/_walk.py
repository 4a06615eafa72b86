"""The walk through a value that JSON cannot say as it is. Knows which objects hold others, and every bound.

Each collection is copied before its items are looked at: an item's own code (`__repr__`, `model_dump`), or another
thread, may change it meanwhile.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, deque
from collections.abc import Callable, ItemsView, Iterable, KeysView, Mapping, ValuesView
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from runspan.values import _marks
from runspan.values._bounds import DEEPEST
from runspan.values._convert import SCALARS, converter_of, is_text_like, key_text
from runspan.values._text import clean_text, name_of, repr_of, unused

if TYPE_CHECKING:
    from runspan.native import JSONValue
    from runspan.values._bounds import Bounds

__all__ = ["Walk"]

_ItemsOf: TypeAlias = Callable[[Any], Iterable[Any]]
_PairsOf: TypeAlias = Callable[[Any], Iterable[tuple[Any, Any]]]

_OBJECTS: Final[tuple[tuple[type, _PairsOf], ...]] = (
    (OrderedDict, OrderedDict.items),
    (dict, dict.items),
)
_ARRAYS: Final[tuple[tuple[type, _ItemsOf], ...]] = (
    (list, list.__iter__),
    (tuple, tuple.__iter__),
    (set, set.__iter__),
    (frozenset, frozenset.__iter__),
    (deque, deque.__iter__),
)
_VIEWS: Final = (KeysView, ValuesView, ItemsView)
_PLAIN_COLLECTIONS: Final = frozenset({dict, list, tuple})
_TRIES: Final = 5


class Walk:
    """One walk through one value, from `start`."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._max_depth = min(bounds.max_depth, DEEPEST)
        self._left = bounds.max_nodes
        self._inside: set[int] = set()  # ids of the collections we are in

    def start(self, value: object) -> JSONValue:
        """Return the value as plain JSON."""
        if self._left <= 0:
            return f"… {_marks.more_values(self._bounds.max_nodes)}"
        self._left -= 1
        return self._visit(value, 0)

    def _visit(self, value: Any, depth: int) -> JSONValue:
        kind = type(value)
        if kind is str:
            return clean_text(value, self._bounds.max_string)
        try:
            if kind is dict:
                return self._object(value, value, dict.items, depth)
            if kind is list or kind is tuple:
                return self._array(value, iter, depth)
            scalar = SCALARS.get(kind)
            return scalar(value) if scalar else self._other(value, kind, depth)
        except Exception as exc:  # noqa: BLE001 - the agent's object may raise anything anywhere
            # Too deep for Python itself: as deep as the caller's stack leaves room. (`in` would ask for a hash.)
            if isinstance(exc, RecursionError) and (kind is dict or kind is list or kind is tuple):
                return _marks.deeper_than(depth)
            return repr_of(value, self._bounds.max_string)

    def _object(self, value: object, source: Any, items_of: _PairsOf, depth: int) -> JSONValue:
        """Return the object that a value is; what it holds is in `source`, mostly the value itself."""
        mark = self._enter(value, depth)
        if mark is not None:
            return mark
        max_string = self._bounds.max_string
        made: dict[str, JSONValue] = {}
        counts: dict[str, int] = {}
        try:
            items = _snapshot(source, items_of, self._bounds.max_items)
            note = self._rest(source, items, lambda item: item[1])
            for key, item in items[: self._bounds.max_items]:
                if self._left <= 0:
                    note = _marks.more_values(self._bounds.max_nodes)
                    break
                self._left -= 1
                text = clean_text(key if type(key) is str else key_text(key, max_string), max_string)
                made[unused(text, made, counts, max_string)] = self._visit(item, depth + 1)
        finally:
            self._inside.discard(id(value))
        if note is not None:
            made[unused(_marks.KEY, made, counts, max_string)] = note
        return made

    def _array(self, value: object, items_of: _ItemsOf, depth: int) -> JSONValue:
        mark = self._enter(value, depth)
        if mark is not None:
            return mark
        made: list[JSONValue] = []
        try:
            items = _snapshot(value, items_of, self._bounds.max_items)
            note = self._rest(value, items, lambda item: item)
            for item in items[: self._bounds.max_items]:
                if self._left <= 0:
                    note = _marks.more_values(self._bounds.max_nodes)
                    break
                self._left -= 1
                made.append(self._visit(item, depth + 1))
        finally:
            self._inside.discard(id(value))
        if note is not None:
            made.append(note if note.startswith("…") else f"… {note}")
        return made

    def _enter(self, value: object, depth: int) -> str | None:
        """Note that we are in a collection, or return the mark for one that we do not go into."""
        if id(value) in self._inside:
            return _marks.CYCLE
        if depth >= self._max_depth:
            return _marks.deeper_than(self._max_depth)
        self._inside.add(id(value))
        return None

    def _rest(self, value: object, items: list[Any], last_of: Callable[[Any], object]) -> str | None:
        """Return the note on what is left out of a collection; the one that is there if it was cut before."""
        limit = self._bounds.max_items
        if len(items) <= limit:
            return None
        size = _size(value)
        last = last_of(items[limit])
        if size == limit + 1 and _marks.is_more_items(last):
            return str(last)
        return _marks.more_items(size - limit if size is not None and size > limit else None)

    def _other(self, value: Any, kind: type, depth: int) -> JSONValue:
        """Return what is of none of JSON's own classes."""
        # A subclass is read by its base's own methods, as pydantic does: it may do anything in `items` or `__iter__`.
        for base, items_of in _OBJECTS:
            if issubclass(kind, base):
                return self._object(value, value, items_of, depth)
        for base, items_of in _ARRAYS:
            if issubclass(kind, base):
                return self._array(value, items_of, depth)
        convert = converter_of(kind)
        if convert:
            return self._converted(value, convert(value, self._bounds.max_string), depth)
        return self._instance(value, kind, depth)

    def _converted(self, value: object, plainer: object, depth: int) -> JSONValue:
        """Return what a value has become; an Enum's value may be the Enum."""
        if id(value) in self._inside:
            return _marks.CYCLE
        self._inside.add(id(value))
        try:
            return self._visit(plainer, depth)
        finally:
            self._inside.discard(id(value))

    def _instance(self, value: Any, kind: type, depth: int) -> JSONValue:
        if isinstance(value, Mapping):
            return self._object(value, value, _mapping_pairs, depth)
        if isinstance(value, _VIEWS):
            return self._array(value, iter, depth)
        return repr_of(value, self._bounds.max_string) if isinstance(value, type) else self._foreign(value, kind, depth)

    def _foreign(self, value: Any, kind: type, depth: int) -> JSONValue:
        if dataclasses.is_dataclass(kind):
            return self._object(value, value, _dataclass_pairs, depth)
        if hasattr(kind, "model_dump"):
            return self._model(value, depth)
        if hasattr(kind, "__array_interface__") or hasattr(kind, "__array__"):
            return self._numbers(value, depth)
        if is_text_like(kind):
            return clean_text(str(value), self._bounds.max_string)
        return repr_of(value, self._bounds.max_string)

    def _model(self, value: Any, depth: int) -> JSONValue:
        dumped = _dump(value)
        if type(dumped) is dict:
            return self._object(value, dumped, dict.items, depth)
        # A root model is what its root is; it counts as a level, for that may be another one, and so on for ever.
        deeper = depth >= self._max_depth
        return _marks.deeper_than(self._max_depth) if deeper else self._converted(value, dumped, depth + 1)

    def _numbers(self, value: Any, depth: int) -> JSONValue:
        """Return a numpy scalar or array as Python's own values, an array only if it is not beyond its bound."""
        if value.dtype.kind in "mM":  # Python's datetime has no nanoseconds: numpy would give bare integers
            value = value.astype(str)
        if value.ndim == 0:
            item = value.item()
            return self._visit(item, depth) if _is_known(type(item)) else repr_of(value, self._bounds.max_string)
        if value.size > self._bounds.max_nodes:
            return repr_of(value, self._bounds.max_string)
        listed = value.tolist()
        is_list = type(listed) is list
        return self._converted(value, listed, depth) if is_list else repr_of(value, self._bounds.max_string)


def _is_known(kind: type) -> bool:
    return kind in SCALARS or kind in _PLAIN_COLLECTIONS or converter_of(kind) is not None


def _snapshot(value: object, items_of: _ItemsOf, limit: int) -> list[Any]:
    """Copy the items of a collection, one more than are kept; another thread may be changing it."""
    for _ in range(_TRIES):
        try:
            return list(islice(items_of(value), limit + 1))
        except RuntimeError:
            continue
    return list(islice(items_of(value), limit + 1))


def _size(value: Any) -> int | None:
    try:
        return len(value)
    except Exception:  # noqa: BLE001 - as in Walk
        return None


def _mapping_pairs(value: Mapping[Any, Any]) -> Iterable[tuple[Any, Any]]:
    return ((key, item) for key, item in value.items())


def _dataclass_pairs(value: Any) -> Iterable[tuple[str, object]]:
    for field in dataclasses.fields(value):
        try:
            item = getattr(value, field.name)
        except AttributeError:  # declared, never set
            continue
        except Exception as exc:  # noqa: BLE001 - as in Walk
            item = f"<{field.name}: {name_of(exc)}>"
        yield field.name, item


def _dump(model: Any) -> object:
    """Return a model's fields, by its own `model_dump` if that works."""
    fields = {**getattr(model, "__dict__", {}), **(getattr(model, "__pydantic_extra__", None) or {})}
    # `model_dump` would run an iterator to its end; the agent still needs it.
    iterators = {name: item for name, item in fields.items() if hasattr(type(item), "__next__")}
    more = {"exclude": set(iterators)} if iterators else {}
    for options in ({"mode": "json", "warnings": False, **more}, {"mode": "json", **more}, more):
        try:
            dumped = model.model_dump(**options)
        except Exception:  # noqa: BLE001, S112 - a model's own serializers may raise anything
            continue
        return {**dumped, **iterators} if iterators and isinstance(dumped, dict) else dumped
    return fields
