"""Values for property tests, and hostile ones beyond `tests.hostile` that only a maker can make. Knows no test."""

from __future__ import annotations

import array
import collections
import contextvars
import dataclasses
import datetime as dt
import enum
import ipaddress
import itertools
import logging
import math
import os
import pathlib
import re
import socket
import threading
import types
import uuid
import weakref
import zoneinfo
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, Final

import numpy as np
import pydantic
from hypothesis import strategies as st

from runspan.values import Bounds

__all__ = ["BOUNDS", "KEYS", "MORE_HOSTILE", "PLAIN", "TEXTS", "WILD", "shared"]

TEXTS: Final = st.text(st.characters()) | st.text(st.sampled_from('a\0\x1b"\\\n\ud83d\udc00…é🚀 (2)'), max_size=12)
"""Lone surrogates and control characters included."""

EDGES: Final = st.sampled_from([0.0, -0.0, 5e-324, 1e-5, 1e15, 1e16, 1e22, 1.7976931348623157e308])

INTEGERS: Final = st.integers() | st.sampled_from([2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**400])

PLAIN: Final = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | EDGES | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)
"""What JSON itself can say; lone surrogates apart."""

KEYS: Final = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | INTEGERS
    | st.floats()
    | TEXTS
    | st.sampled_from(["1", "1 (2)", "None", "true", "…", "… (2)"])
    | st.binary(max_size=4)
    | st.dates()
    | st.uuids()
    | st.tuples(st.integers(0, 3) | TEXTS)
)
"""Keys, many of which become the same text."""

MARKS: Final = st.sampled_from(
    [
        "…",
        "… (2)",
        "… cycle",
        "… 5 more items",
        "5 more items",
        "… more than 6 values",
        "… deeper than 2 levels",
        "xxxx… 3 more characters",
        "xxxxxxxxxxxx… 3 more bytes (2)",
    ]
)
"""Texts of the agent's own that look like marks of ours."""


class Flavour(enum.Enum):
    """An enum whose values are of many kinds."""

    TEXT = "text"
    TUPLE = (1, "two")
    DATE = dt.date(2026, 1, 1)
    NOTHING = None


SINGLE: Final = (
    PLAIN
    | MARKS
    | st.floats()
    | st.binary(max_size=40)
    | st.datetimes(timezones=st.none() | st.just(dt.UTC) | st.just(dt.timezone(dt.timedelta(hours=-3, minutes=-30))))
    | st.times()
    | st.timedeltas()
    | st.decimals()
    | st.fractions()
    | st.uuids()
    | st.complex_numbers()
    | st.sampled_from(list(Flavour))
    | st.sampled_from([object(), int, ValueError("x"), ValueError(), len, ..., re.compile("a+"), range(3)])
)

WILD: Final = st.recursive(
    SINGLE,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.lists(inner, max_size=3).map(tuple)
        | st.lists(inner, max_size=3).map(collections.deque)
        | st.dictionaries(KEYS, inner, max_size=6)
        | st.dictionaries(KEYS, inner, max_size=3).map(types.MappingProxyType)
        | st.frozensets(st.integers() | TEXTS, max_size=3)
        | inner.map(lambda item: [item] * 3)
    ),
    max_leaves=25,
)
"""Anything in anything."""

BOUNDS: Final = st.builds(
    Bounds,
    max_string=st.integers(0, 12),
    max_items=st.integers(0, 4),
    max_depth=st.integers(0, 4),
    max_nodes=st.integers(0, 15),
)
"""Bounds so tight that most values are cut, in several ways at once."""


def shared(levels: int) -> Any:
    """Return lists each of which holds the next one twice: a few hundred bytes in memory, 2**levels values as JSON."""
    made: Any = ["lol"]
    for _ in range(levels):
        made = [made, made]
    return made


class Raises:
    """Raises one error in all that can be asked of it."""

    def __init__(self, error: type[BaseException]) -> None:
        object.__setattr__(self, "error", error)

    def __getattribute__(self, name: str) -> Any:
        raise object.__getattribute__(self, "error")(name)

    def __repr__(self) -> str:
        raise object.__getattribute__(self, "error")("repr")

    def __hash__(self) -> int:
        return 7

    def __eq__(self, other: object) -> bool:
        return self is other


class HostileMeta(type):
    """A class that raises whatever is asked of it."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("no name")

    def __getattr__(cls, name: str) -> Any:
        raise RuntimeError(name)

    def __hash__(cls) -> int:
        raise RuntimeError("no hash")

    def __repr__(cls) -> str:
        raise RuntimeError("no repr")


class OfHostileMeta(metaclass=HostileMeta):
    """An object of such a class."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class ClaimsToBe:
    """Says that it is of a class that it is not of."""

    def __init__(self, claimed: type) -> None:
        self.claimed = claimed

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return self.claimed


class HasEverything:
    """Each attribute, item and iteration gives itself."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __getitem__(self, name: object) -> Any:
        return self

    def __iter__(self) -> Iterator[Any]:
        return itertools.repeat(self)

    def __len__(self) -> int:
        return 3

    model_dump = __array__ = __array_interface__ = property(lambda self: self)


class Endless(Mapping[int, int]):
    """A mapping that never ends, whatever it says of its length."""

    def __getitem__(self, key: int) -> int:
        return key

    def __iter__(self) -> Iterator[int]:
        return itertools.count()

    def __len__(self) -> int:
        return 3


class Unsized(Endless):
    """A mapping that raises when asked for its length."""

    def __len__(self) -> int:
        raise RuntimeError("no length")


class NonsenseItems(Mapping[str, int]):
    """A mapping whose items are no pairs."""

    def __getitem__(self, key: str) -> int:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("no iter")

    def __len__(self) -> int:
        return 2

    def items(self) -> Any:
        """Return no pairs."""
        return [1, (1, 2, 3)]


class HostileText(str):
    """A text that lies or raises in every method."""

    __slots__ = ()

    def __len__(self) -> int:
        raise RuntimeError("no length")

    def __str__(self) -> str:
        raise RuntimeError("no str")

    def encode(self, *_: Any, **__: Any) -> bytes:
        """Raise."""
        raise RuntimeError("no encode")

    def isascii(self) -> bool:
        """Raise."""
        raise RuntimeError("no isascii")


class HostileBytes(bytes):
    """Bytes that lie in every method."""

    def __bytes__(self) -> bytes:
        raise RuntimeError("no bytes")

    def __len__(self) -> int:
        raise RuntimeError("no length")

    def __getitem__(self, key: Any) -> Any:
        raise RuntimeError("no item")

    def decode(self, *_: Any, **__: Any) -> str:
        """Raise."""
        raise RuntimeError("no decode")


class HostileList(list[Any]):
    """A list that says it is endless."""

    def __iter__(self) -> Iterator[Any]:
        return itertools.count()

    def __len__(self) -> int:
        return -1  # noqa: PLE0303 - the trouble it makes


class HostileDecimal(Decimal):
    """A number whose text is none."""

    def __str__(self) -> str:
        raise RuntimeError("no str")


class HostileZone(dt.tzinfo):
    """A time zone that does not know its offset."""

    def utcoffset(self, _when: dt.datetime | None) -> dt.timedelta:
        """Raise."""
        raise RuntimeError("no offset")

    def dst(self, _when: dt.datetime | None) -> dt.timedelta:
        """Raise."""
        raise RuntimeError("no summer")

    def tzname(self, _when: dt.datetime | None) -> str:
        """Raise."""
        raise RuntimeError("no name")


class FreshModels:
    """Its `model_dump` gives another one, for ever."""

    def model_dump(self, **_: object) -> Any:
        """Return another one."""
        return FreshModels()


class FreshScalars:
    """A numpy-like scalar whose `item` gives another one, for ever."""

    __array_interface__ = None
    ndim = 0
    dtype = np.dtype("i8")

    def item(self) -> Any:
        """Return another one."""
        return FreshScalars()


class Clearing:
    """Empties its parent when it is looked at."""

    def __init__(self, parent: Any) -> None:
        self.parent = parent

    def __repr__(self) -> str:
        self.parent.clear()
        return "clearing"


@dataclasses.dataclass
class Asking:
    """A dataclass one of whose fields raises."""

    fine: int
    field: int = 0

    def __getattribute__(self, name: str) -> Any:
        if name == "field":
            raise RuntimeError(name)
        return object.__getattribute__(self, name)


class Open(pydantic.BaseModel):
    """A model that keeps what it does not know."""

    model_config = pydantic.ConfigDict(extra="allow")
    inner: Any = None


class Root(pydantic.RootModel[Any]):
    """A model that is its one value."""


class RaisingDump(Open):
    """A model that cannot be dumped."""

    def model_dump(self, **_: Any) -> Any:
        """Raise."""
        raise MemoryError


def _cyclic_model() -> Open:
    made = Open()
    made.inner = [made]
    return made


def _wrongly_typed_model() -> Any:
    class Typed(pydantic.BaseModel):
        number: int = 1

    made = Typed()
    made.number = "text"  # type: ignore[assignment]
    return made


def _own_value() -> Any:
    made = enum.Enum("made", {"A": object()})
    member = made.A
    member._value_ = member
    return [1, member]


def _clearing(kind: Callable[[], Any]) -> Any:
    made = kind()
    if isinstance(made, dict):
        made.update({"a": Clearing(made), "b": Clearing(made)})
    else:
        made += [Clearing(made), Clearing(made)]
    return made


def _cyclic(kind: Callable[[], Any]) -> Any:
    made = kind()
    made.append(made)
    return made


def _cyclic_array() -> Any:
    made = np.empty(2, dtype=object)
    made[0] = made
    return made


def _ended_proxy() -> Any:
    return weakref.proxy(Clearing(None))


def _moved() -> Any:
    made = collections.OrderedDict(a=1, b=2)
    made.move_to_end("a")
    return made


async def _coroutine() -> None:
    """Do nothing."""


def _closed_coroutine() -> Any:
    made = _coroutine()
    made.close()
    return made


def _closed_socket() -> Any:
    made = socket.socket()
    made.close()
    return made


MORE_HOSTILE: Final[dict[str, Callable[[], Any]]] = {
    "shared lists": lambda: shared(200),
    "shared dicts": lambda: {"a": {"b": [shared(100), {"c": shared(100)}]}},
    "shared tuples": lambda: tuple(tuple(shared(60)) for _ in range(3)),
    "the same long text everywhere": lambda: [["x" * 10_000_000] * 8] * 8,
    "the same long text in a dict": lambda: dict.fromkeys("abcdefgh", "y" * 10_000_000),
    "long key everywhere": lambda: [{"k" * 1_000_000: 1}] * 50,
    "a million numbers": lambda: [[1.5] * 1_000] * 1_000,
    "ten million items": lambda: [None] * 10_000_000,
    "large set": lambda: set(range(100_000)),
    "a thousand clashing keys": lambda: {Raises(ValueError): number for number in range(1_200)},
    "cyclic deque": lambda: _cyclic(collections.deque),
    "cyclic user list": lambda: _cyclic(collections.UserList),
    "cyclic model": _cyclic_model,
    "cyclic array": _cyclic_array,
    "enum that is its own value": _own_value,
    "depth 253": lambda: [shared(0), _deep(253)],
    "depth 40 of everything": lambda: _deep(40, lambda made: ({"k": collections.deque([made])},)),
    "raises RecursionError": lambda: [1, Raises(RecursionError), 2],
    "raises MemoryError": lambda: [1, Raises(MemoryError), 2],
    "raises StopIteration": lambda: {"a": Raises(StopIteration), "b": 2},
    "raises AttributeError": lambda: (1, Raises(AttributeError)),
    "raises as key": lambda: {Raises(RecursionError): 1, "b": 2},
    "raises in a tuple as key": lambda: {("a", Raises(ValueError)): 1, "b": 2},
    "hostile metaclass": OfHostileMeta,
    "hostile class": lambda: [OfHostileMeta],
    "claims to be a dict": lambda: ClaimsToBe(dict),
    "claims to be a list": lambda: ClaimsToBe(list),
    "claims to be a text": lambda: [ClaimsToBe(str)],
    "claims to be a number": lambda: {"n": ClaimsToBe(int)},
    "claims to be an enum": lambda: ClaimsToBe(enum.Enum),
    "claims to be a class": lambda: ClaimsToBe(type),
    "has everything": HasEverything,
    "endless mapping": Endless,
    "unsized endless mapping": lambda: {"a": Unsized()},
    "endless keys": lambda: KeysView(Endless()),
    "endless items": lambda: [ItemsView(Unsized())],
    "mapping of nonsense": lambda: [1, NonsenseItems(), 2],
    "hostile text": lambda: HostileText("kept"),
    "hostile text as key": lambda: {HostileText("kept"): HostileText("too")},
    "hostile long text": lambda: [HostileText("x" * 70_000)],
    "hostile bytes": lambda: HostileBytes(b"kept"),
    "hostile list": lambda: HostileList([1, 2]),
    "hostile decimal": lambda: [1, HostileDecimal(1)],
    "hostile time zone": lambda: [1, dt.datetime(2026, 1, 1, tzinfo=HostileZone())],
    "fresh models for ever": FreshModels,
    "fresh scalars for ever": FreshScalars,
    "list emptied while copied": lambda: _clearing(list),
    "dict emptied while copied": lambda: _clearing(dict),
    "deque emptied while copied": lambda: _clearing(collections.deque),
    "dataclass field raises": lambda: Asking(1),
    "model with more": lambda: Open(inner={1, 2}, more=b"\xff", when=dt.date(2026, 1, 1)),  # type: ignore[call-arg]
    "model with iterators": lambda: Open(inner=iter([1]), more=(n for n in "ab")),  # type: ignore[call-arg]
    "model with raising value": lambda: Open(inner=Raises(ValueError)),
    "model of a wrong type": _wrongly_typed_model,
    "model without dump": lambda: RaisingDump(inner=1, more=2),  # type: ignore[call-arg]
    "model beyond items": lambda: Open(**{f"n{number}": number for number in range(1_500)}),
    "root model": lambda: Root([1, {2: 3}]),
    "secret bytes": lambda: pydantic.SecretBytes(b"s"),
    "url": lambda: pydantic.AnyUrl("https://example.com/a"),
    "10**4300": lambda: 10**4_300,
    "10**4299": lambda: 10**4_299,
    "-10**4500": lambda: [-(10**4_500)],
    "10**4500 as key": lambda: {10**4_500: 1, -(10**4_500): 2},
    "10**1000000": lambda: 10**1_000_000,
    "large decimal": lambda: Decimal("1" * 100_000),
    "large fraction": lambda: Fraction(10**4_000, 3),
    "signalling nan": lambda: Decimal("sNaN"),
    "two nan keys": lambda: {math.nan: 1, float("nan"): 2, "nan": 3},
    "true and one": lambda: {True: 1, "true": 2, "True": 3},
    "numbered keys": lambda: {1: "a", "1": "b", b"1": "c", "1 (2)": "d", (1,): "e", Decimal(1): "f"},
    "key like a mark": lambda: {**{str(number): 0 for number in range(1_000)}, "…": "3 more items", "z": 1},
    "huge tuple as key": lambda: {tuple(range(200_000)): 1},
    "nested tuple as key": lambda: {(1, (2, (None, True))): 1},
    "surrogates everywhere": lambda: {"\ud83d": ["\udc00", {"\\ud83d": "\ud83d\ud83d"}], "\\ud83d": 1},
    "surrogates to the brim": lambda: "\ud83d" * 65_536,
    "surrogates in bytes": lambda: "\ud83d".encode("utf-8", "surrogatepass"),
    "ten megabytes of bytes": lambda: b"\xf0\x9f\x9a\x80" * 2_500_000,
    "ten bad megabytes": lambda: bytearray(b"\xff" * 10_000_000),
    "memory of integers": lambda: memoryview(array.array("i", [65, 66])),
    "every second byte": lambda: memoryview(b"abcdef")[::2],
    "array of numbers": lambda: array.array("d", [1.5]),
    "user dict": lambda: collections.UserDict({1: {2}}),
    "user text": lambda: collections.UserString("text"),
    "moved": _moved,
    "values": {"a": {1}}.values,
    "offset of seconds": lambda: dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(seconds=3_661))),
    "named zone": lambda: dt.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo("UTC")),
    "first and last date": lambda: [dt.date.min, dt.date.max, dt.timedelta.min, dt.timedelta.max],
    "ip address": lambda: [ipaddress.ip_address("::1"), ipaddress.ip_network("10.0.0.0/8")],
    "paths": lambda: {pathlib.PurePosixPath("/a"): pathlib.PureWindowsPath("C:\\a")},
    "uuid key": lambda: {uuid.UUID(int=5): uuid.UUID(int=6)},
    "environment": lambda: [type(os.environ)],
    "context": contextvars.copy_context,
    "context variable with default": lambda: contextvars.ContextVar("v", default=(1,)),
    "ended proxy": _ended_proxy,
    "proxy": lambda: weakref.proxy(_clearing(list)[0]),
    "frame and traceback": lambda: [ValueError("x").with_traceback(None)],
    "no text": lambda: [ValueError(), KeyError("k"), ExceptionGroup("m", [OSError(2, "gone")])],
    "match": lambda: re.match("a", "a"),
    "partial": lambda: partial(int, base=2),
    "slice": lambda: slice(1, 2),
    "property": lambda: HasEverything.__dict__["model_dump"],
    "super": lambda: super(HostileList, HostileList()),
    "endless iterator": itertools.count,
    "closed coroutine": _closed_coroutine,
    "closed socket": _closed_socket,
    "thread": threading.Thread,
    "logger": lambda: logging.getLogger("values"),
    "numpy nanoseconds": lambda: np.array(["2026-01-01T00:00:00.000000001", "NaT"], dtype="M8[ns]"),
    "numpy duration": lambda: [np.timedelta64(5, "ns"), np.timedelta64("NaT", "ns")],
    "numpy long double": lambda: np.longdouble(1.5),
    "numpy half": lambda: [np.float16(1.5), np.uint64(2**63), np.complex64(1j), np.bytes_(b"b")],
    "numpy record": lambda: np.array([(1, b"b")], dtype=[("a", "i4"), ("b", "S1")])[0],
    "numpy empty": lambda: np.zeros((0, 3)),
    "numpy twenty dimensions": lambda: np.zeros((1,) * 40),
    "numpy key": lambda: {np.int64(1): 1, 1.5: np.nan},
    "numpy not finite": lambda: np.array([1.5, np.nan, np.inf]),
    "numpy object": lambda: np.array({"a": {1}}, dtype=object),
}
"""Name -> maker: what one test does to a value no other test sees."""


def _deep(depth: int, wrap: Callable[[Any], Any] = lambda made: [made]) -> Any:
    made: Any = "core"
    for _ in range(depth):
        made = wrap(made)
    return made
