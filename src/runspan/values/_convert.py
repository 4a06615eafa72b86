"""Single values of Python's own that JSON has no word for, as pydantic writes them. Knows no collection."""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from runspan.values._json import written_integer
from runspan.values._text import name_of, text_of, text_of_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["SCALARS", "converter_of", "is_text_like", "key_text"]

_OFFSET: Final = re.compile(r"([+-]\d\d:\d\d)(:\d\d(?:\.\d+)?)?\Z")
_DAYS_A_YEAR: Final = 365  # ISO 8601 leaves it open; pydantic counts so


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


SCALARS: Final[dict[type, Callable[[Any], bool | int | float | str | None]]] = {
    int: written_integer,
    float: _finite,
    bool: bool,
    type(None): lambda _: None,
}
"""What becomes of JSON's own single values; texts, which have a bound, are left to the caller."""


def converter_of(kind: type) -> Callable[[Any, int], object] | None:
    """Return what makes a value of this class plainer, given the value and the most characters; None if nothing does.

    What it returns may have to be converted again: an Enum's value may be anything.
    """
    exact = _CONVERTERS.get(kind)
    if exact is not None:
        return exact
    return next((convert for base, convert in _CONVERTERS.items() if issubclass(kind, base)), None)


def is_text_like(kind: type) -> bool:
    """Whether pydantic writes values of this class, none of Python's plain ones, as their text."""
    return any(f"{base.__module__}.{base.__qualname__}" in _TEXT_CLASSES for base in kind.__mro__)


def _as_text(value: object, _max_string: int) -> str:
    return str(value)


def _iso(value: dt.datetime | dt.time, _max_string: int) -> str:
    """Return ISO 8601 with `Z` for UTC; seconds of an offset, which ISO 8601 does not have, are left out."""
    text = value.isoformat()
    offset = _OFFSET.search(text)
    if offset is None:
        return text
    is_utc = offset[0] == "+00:00"
    return text[: offset.start()] + ("Z" if is_utc else offset[1])


def _duration(value: dt.timedelta, _max_string: int) -> str:
    """Return an ISO 8601 duration as pydantic writes it."""
    sign = "-" if value < dt.timedelta(0) else ""
    value = abs(value)
    hours, rest = divmod(value.seconds, 3_600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M")) if number)
    clock += f"{seconds}{fraction}S" if seconds or fraction else ""
    years, days = divmod(value.days, _DAYS_A_YEAR)
    date = (f"{years}Y" if years else "") + (f"{days}D" if days else "")
    return f"{sign}P{date}" + (f"T{clock}" if clock else "") if date or clock else "PT0S"


def _complex(value: complex, _max_string: int) -> str:
    return complex.__repr__(value).strip("()")


def _exception(value: BaseException, _max_string: int) -> str:
    text = text_of(value)
    return f"{name_of(value)}: {text}" if text else name_of(value)


# In order: what a class is first counts. `IntEnum` is an Enum before it is an int.
_CONVERTERS: Final[dict[type, Callable[[Any, int], object]]] = {
    Enum: lambda value, _: value.value,
    str: lambda value, _: str.__str__(value),
    int: lambda value, _: int.__int__(value),
    float: lambda value, _: float.__float__(value),
    complex: _complex,
    dt.datetime: _iso,
    dt.date: lambda value, _: value.isoformat(),
    dt.time: _iso,
    dt.timedelta: _duration,
    Decimal: _as_text,
    UUID: _as_text,
    PurePath: _as_text,
    bytes: text_of_bytes,
    bytearray: text_of_bytes,
    memoryview: text_of_bytes,
    re.Pattern: lambda value, _: value.pattern,
    BaseException: _exception,
}

_TEXT_CLASSES: Final = frozenset(
    {
        "fractions.Fraction",
        "ipaddress._IPAddressBase",
        "pydantic.networks._BaseMultiHostUrl",
        "pydantic.networks._BaseUrl",
        "pydantic.types._SecretBase",
        "pydantic_core._pydantic_core.MultiHostUrl",
        "pydantic_core._pydantic_core.Url",
    }
)
"""Classes that pydantic writes as their text, by name: importing them costs more than all of this package."""


def key_text(key: object, max_string: int) -> str:
    """Return the text of a key as pydantic writes it in JSON, as `str` gives it where pydantic has no rule.

    Not yet cleaned or cut.
    """
    try:
        return _key_text(key, max_string)
    except Exception:  # noqa: BLE001 - the agent's object may raise anything anywhere
        return text_of(key)


def _key_text(key: Any, max_string: int) -> str:
    kind = type(key)
    if kind is str:
        return str(key)
    if kind is bool:
        return "true" if key else "false"
    if kind in SCALARS:
        return str(written_integer(key) if kind is int else key)
    if issubclass(kind, tuple):
        return ",".join(_parts(key, max_string))
    convert = converter_of(kind)
    return _key_text(convert(key, max_string), max_string) if convert else text_of(key)


def _parts(key: tuple[object, ...], max_string: int) -> Iterator[str]:
    """Yield the texts of a tuple's items, no more than can be kept."""
    room = max_string
    for item in tuple.__iter__(key):
        text = _key_text(item, max_string)
        yield text
        room -= len(text) + 1
        if room < 0:
            return
