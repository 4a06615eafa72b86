"""Plain JSON values to bytes and back, exactly. Knows nothing but JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, cast

import orjson

from runspan.values._text import clean_text

if TYPE_CHECKING:
    from runspan.native import JSONValue

__all__ = ["dumps", "loads"]

_INT64: Final = 2**63
_UINT64: Final = 2**64
_LONG_NUMBER: Final = re.compile(rb"\d{19}")
_ENDLESS: Final = 2**62


def dumps(value: object, *, indent: bool = False) -> bytes:
    """Return the JSON of a plain JSON value, the bytes that pydantic's `model_dump_json` would write.

    Args:
        value: dict, list, str, int, float, bool and None; integers of any size. NaN and infinities become null.
        indent: Two spaces a level, else compact.
    """
    option = orjson.OPT_INDENT_2 if indent else 0
    try:
        return orjson.dumps(value, option=option)
    except TypeError:
        # Integers beyond 64 bits and lone surrogates are what orjson refuses of a plain value.
        return orjson.dumps(_spliced(value), option=option)


def _spliced(value: object) -> object:
    if isinstance(value, dict):
        return {_spliced(key): _spliced(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_spliced(item) for item in value]
    if isinstance(value, str):
        return clean_text(value, _ENDLESS)
    if isinstance(value, int) and not -_INT64 <= value < _UINT64:
        return orjson.Fragment(str(value))
    return value


def loads(data: bytes | str) -> JSONValue:
    """Parse JSON; integers of any size and floats come back exactly.

    Args:
        data: One JSON document. Of a key that is there twice the last value counts.

    Raises:
        ValueError: It is no JSON, no UTF-8, or too deep.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if not _LONG_NUMBER.search(raw):
        try:
            return cast("JSONValue", orjson.loads(raw))
        except orjson.JSONDecodeError:
            if rb"\u" not in raw:
                raise
    return _loads_exactly(raw)


def _loads_exactly(raw: bytes) -> JSONValue:
    """Parse what orjson would round (integers beyond 64 bits) or refuse (escaped lone surrogates)."""
    try:
        value: Any = json.loads(raw, parse_constant=_refuse)
    except RecursionError as exc:
        msg = "the JSON is too deep"
        raise ValueError(msg) from exc
    return cast("JSONValue", _cleaned(value) if rb"\u" in raw else value)


def _refuse(word: str) -> None:
    msg = f"{word} is no JSON"
    raise ValueError(msg)


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return clean_text(value, _ENDLESS) if isinstance(value, str) else value
