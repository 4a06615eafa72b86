"""Plain JSON values to bytes and back, exactly. Knows nothing but JSON."""

from __future__ import annotations

import json
import math
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

import orjson

from runspan.values._bounds import ENDLESS
from runspan.values._marks import huge_integer
from runspan.values._text import clean_text, unused

if TYPE_CHECKING:
    from runspan.native import JSONValue

__all__ = ["dumps", "is_deeper", "loads", "written_integer"]

_INT64: Final = 2**63
_UINT64: Final = 2**64
_TOO_LARGE: Final = 10**4_300  # Python refuses to read or write integers of more digits
_DIGITS_TO_ZEROS: Final = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))
_LONG_NUMBER: Final = b"0" * 19
_MOST_LEVELS: Final = 1_024  # as orjson; from Python 3.13 on json goes deeper, where nobody could follow
_COLLECTIONS: Final = frozenset({dict, list, tuple})


def dumps(value: object, *, indent: bool = False) -> bytes:
    r"""Return the JSON of a plain JSON value, the bytes that pydantic's `model_dump_json` would write.

    Args:
        value: dict, list, str, int, float, bool and None. Integers of up to 4,300 digits are written as numbers, NaN
            and infinities as null, lone surrogates as the text of their escape, `\ud83d`.
        indent: Two spaces a level, else compact.

    Raises:
        ValueError: It is no plain JSON value, or more than 254 collections are inside each other.
    """
    option = orjson.OPT_INDENT_2 if indent else 0
    try:
        return orjson.dumps(value, option=option)
    except TypeError:
        # Integers beyond 64 bits and lone surrogates are what orjson refuses of a plain value.
        return _dumps_with_care(value, option)


def _dumps_with_care(value: object, option: int) -> bytes:
    try:
        return orjson.dumps(_spliced(value), option=option)
    except (TypeError, RecursionError) as exc:
        msg = f"this value cannot be written as JSON: {exc}"
        raise ValueError(msg) from exc


def _spliced(value: object) -> object:
    if isinstance(value, dict):
        return _with_clean_keys([(key, _spliced(item)) for key, item in value.items()])
    if isinstance(value, list | tuple):
        return [_spliced(item) for item in value]
    if isinstance(value, str):
        return clean_text(value, ENDLESS)
    if isinstance(value, int) and not -_INT64 <= value < _UINT64:
        written = written_integer(value)
        return written if isinstance(written, str) else orjson.Fragment(int.__repr__(written))
    return value


def _with_clean_keys(items: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """Make a dict whose keys UTF-8 can say; two that become the same text are told apart."""
    made: dict[Any, Any] = {}
    counts: dict[str, int] = {}
    for key, item in items:
        made[unused(clean_text(key, ENDLESS), made, counts, ENDLESS) if isinstance(key, str) else key] = item
    return made


def written_integer(value: int) -> int | str:
    """Return an integer that Python can write as it is, any other as a text that says its size."""
    if -_INT64 <= value < _INT64:
        return value
    if -_TOO_LARGE < value < _TOO_LARGE:
        try:
            int.__repr__(value)  # the application may have set a lower limit (sys.set_int_max_str_digits)
        except ValueError:
            return huge_integer(value.bit_length())
        return value
    return huge_integer(value.bit_length())


def loads(data: bytes | str) -> JSONValue:
    r"""Parse JSON; integers of up to 4,300 digits and floats come back exactly.

    Args:
        data: One JSON document. Of a key that is there twice the last value counts. The escape of a lone surrogate
            comes back as its text, `\ud83d`; NaN, Infinity and numbers that would be one are refused.

    Raises:
        ValueError: It is no JSON, no UTF-8, or too deep: 1,024 levels, fewer where Python's stack is nearly full.
    """
    raw = data.encode() if isinstance(data, str) else data
    # A regular expression would take six times as long as the parser.
    if _LONG_NUMBER not in raw.translate(_DIGITS_TO_ZEROS):
        try:
            return cast("JSONValue", orjson.loads(raw))
        except orjson.JSONDecodeError:
            if rb"\u" not in raw:
                raise
    return _loads_exactly(raw)


def _loads_exactly(raw: bytes) -> JSONValue:
    """Parse what orjson would round (integers beyond 64 bits) or refuse (escaped lone surrogates)."""
    try:
        value = _EXACT.decode(raw.decode())
        if raw.count(b"[") + raw.count(b"{") > _MOST_LEVELS and is_deeper(value, _MOST_LEVELS):
            _refuse("a document of more than 1,024 levels")
        return cast("JSONValue", _cleaned(value) if rb"\u" in raw else value)
    except RecursionError as exc:
        msg = "the JSON is too deep"
        raise ValueError(msg) from exc


def is_deeper(value: object, max_depth: int) -> bool:
    """Whether more collections than that are inside each other. What is shared counts wherever it appears."""
    level: list[Any] = [(value,)]
    for _ in range(max_depth + 1):
        items = chain.from_iterable(node.values() if type(node) is dict else node for node in level)
        level = [item for item in items if type(item) in _COLLECTIONS]
        if not level:
            return False
    return True


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return _with_clean_keys([(key, _cleaned(item)) for key, item in value.items()])
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return clean_text(value, ENDLESS) if isinstance(value, str) else value


def _refuse(word: str) -> NoReturn:
    msg = f"{word} is no JSON"
    raise ValueError(msg)


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits[:40])


_EXACT: Final = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
