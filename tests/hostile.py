"""Values that an agent might hand over and that make trouble. Knows nothing of how they are recorded."""

from __future__ import annotations

import asyncio
import collections
import contextvars
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import io
import pathlib
import re
import sys
import threading
import types
import uuid
import weakref
from typing import Any, Final, NamedTuple

import numpy as np
import pydantic

__all__ = ["HOSTILE"]


class Raising:
    """Raises whatever is asked of it."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __str__(self) -> str:
        raise RuntimeError("no str")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __deepcopy__(self, memo: Any) -> Any:
        raise RuntimeError("no copy")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no eq")

    def __hash__(self) -> int:
        return 1

    def __bool__(self) -> bool:
        raise RuntimeError("no bool")


class Echo:
    """Has every attribute, and every one of them is itself."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *_args: object, **_kwargs: object) -> Any:
        return self


class LyingClass:
    """Claims to be a dict and raises when asked for its class's sake."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        raise RuntimeError("no class")


class LyingDict(dict[str, Any]):
    """A dict whose methods raise."""

    def items(self) -> Any:
        raise RuntimeError("no items")

    def __iter__(self) -> Any:
        raise RuntimeError("no iter")


class EndlessList(list[Any]):
    """A list whose iteration never ends."""

    def __len__(self) -> int:
        return 3


class BadLength:
    """A sized thing of negative length."""

    def __len__(self) -> int:
        return -1  # noqa: PLE0303 - the trouble it makes


class BadModel(pydantic.BaseModel):
    """A model whose serializer raises."""

    number: int = 1

    @pydantic.field_serializer("number")
    def serialize(self, _value: int) -> int:
        """Raise."""
        raise RuntimeError("no dump")


class GoodModel(pydantic.BaseModel):
    """A model with fields that need a rule."""

    price: decimal.Decimal = decimal.Decimal("1.50")
    at: dt.datetime = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    tags: set[str] = {"a"}
    secret: pydantic.SecretStr = pydantic.SecretStr("s")


class NonsenseDump:
    """Its model_dump returns what is no dict."""

    def model_dump(self, **_: object) -> Any:
        """Return itself."""
        return self


@dataclasses.dataclass
class Point:
    """A dataclass."""

    x: int
    y: Any = None


@dataclasses.dataclass
class BrokenPoint:
    """A dataclass one of whose fields is gone."""

    x: int = 1


class Pair(NamedTuple):
    """A named tuple."""

    left: int
    right: int


class Colour(enum.Enum):
    """An enum of texts."""

    RED = "red"


class Weight(enum.IntEnum):
    """An enum of numbers."""

    HEAVY = 9


class Odd(enum.Enum):
    """An enum of things."""

    THING = object()


class Text(str):
    """A text of its own kind."""

    __slots__ = ()

    def __str__(self) -> str:
        return "lies"


class Number(int):
    """A number of its own kind."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class Mutating:
    """Changes its parent when it is looked at."""

    def __init__(self, parent: dict[str, Any]) -> None:
        self.parent = parent

    def __repr__(self) -> str:
        self.parent[f"new {len(self.parent)}"] = 1
        return "mutating"


def cyclic_dict() -> dict[str, Any]:
    """Return a dict that holds itself."""
    made: dict[str, Any] = {}
    made["me"] = made
    return made


def cyclic_list() -> list[Any]:
    """Return a list that holds itself, twice."""
    made: list[Any] = [1]
    made += [made, [made]]
    return made


def cyclic_point() -> Point:
    """Return a dataclass that holds itself."""
    made = Point(1)
    made.y = made
    return made


def nested(depth: int) -> Any:
    """Return lists inside each other."""
    made: Any = "core"
    for _ in range(depth):
        made = [made]
    return made


def nested_dicts(depth: int) -> Any:
    """Return dicts inside each other."""
    made: Any = 1
    for _ in range(depth):
        made = {"k": made}
    return made


def mutating_dict() -> dict[str, Any]:
    """Return a dict that grows when its values are looked at."""
    made: dict[str, Any] = {}
    made["a"], made["b"] = Mutating(made), Mutating(made)
    return made


def broken_point() -> BrokenPoint:
    """Return a dataclass without its field."""
    made = BrokenPoint()
    del made.x
    del BrokenPoint.x
    return made


async def coroutine_function() -> None:
    """Do nothing."""


NAN: Final = float("nan")

HOSTILE: Final[dict[str, Any]] = {
    "none": None,
    "true": True,
    "zero": 0,
    "minus zero": -0.0,
    "nan": NAN,
    "inf": float("inf"),
    "minus inf": float("-inf"),
    "2**63": 2**63,
    "2**64": 2**64,
    "-2**63-1": -(2**63) - 1,
    "2**70": 2**70,
    "10**5000": 10**5000,
    "-10**5000": -(10**5000),
    "1e308": 1e308,
    "5e-324": 5e-324,
    "empty text": "",
    "nul": "a\0b",
    "control": "\x01\x1b[31m\x7f",
    "lone high surrogate": "\ud83d",
    "lone low surrogate": "x\udc00y",
    "swapped surrogates": "\udc00\ud800",
    "emoji": "👩‍👩‍👧‍👦",
    "right to left": "\u202eabc",
    "long text": "x" * 100_000_000,
    "long emoji": "🚀" * 70_000,
    "long surrogates": "\ud800" * 70_000,
    "surrogate key": {"\ud800": 1},
    "long key": {"k" * 100_000: 1},
    "empty dict": {},
    "empty list": [],
    "list of 5,000": list(range(5_000)),
    "dict of 5,000": {str(number): number for number in range(5_000)},
    "300 by 300": [[0] * 300] * 300,
    "depth 100": nested(100),
    "depth 10,000": nested(10_000),
    "dicts of depth 10,000": nested_dicts(10_000),
    "cyclic dict": cyclic_dict(),
    "cyclic list": cyclic_list(),
    "cyclic dataclass": cyclic_point(),
    "shared, not cyclic": [[1]] * 3,
    "bytes": b"text",
    "bad bytes": b"\xff\x00\x80",
    "bytearray": bytearray(b"abc"),
    "memoryview": memoryview(b"abc"),
    "released memoryview": memoryview(b"abc"),
    "set": {1, 2},
    "frozenset": frozenset({"a"}),
    "tuple": (1, (2, 3)),
    "named tuple": Pair(1, 2),
    "deque": collections.deque([1, 2], maxlen=2),
    "defaultdict": collections.defaultdict(list, a=[1]),
    "ordered dict": collections.OrderedDict(a=1),
    "counter": collections.Counter("aab"),
    "chain map": collections.ChainMap({"a": 1}, {"b": 2}),
    "mapping proxy": types.MappingProxyType({"a": 1}),
    "dict keys": {"a": 1}.keys(),
    "dict items": {"a": 1}.items(),
    "range": range(3),
    "huge range": range(10**12),
    "generator": (number for number in range(3)),
    "iterator": iter([1, 2]),
    "map": map(str, [1]),
    "zip": zip([1], [2], strict=True),
    "enumerate": enumerate([1]),
    "coroutine function": coroutine_function,
    "int keys": {1: "a", -5: "b"},
    "clashing keys": {1: "a", "1": "b", "1 (2)": "c"},
    "none key": {None: 1},
    "bool keys": {True: 1, False: 2},
    "float keys": {1.5: 1, NAN: 2, float("inf"): 3},
    "tuple keys": {(1, 2): 1, (): 2},
    "enum keys": {Colour.RED: 1},
    "date keys": {dt.date(2026, 1, 1): 1},
    "bytes keys": {b"k": 1, b"\xff": 2},
    "object keys": {Raising(): 1},
    "frozenset keys": {frozenset({1}): 1},
    "raising": Raising(),
    "list of raising": [Raising(), 1, Raising()],
    "echo": Echo(),
    "lying class": LyingClass(),
    "lying dict": LyingDict(a=1),
    "endless list": EndlessList([1, 2, 3, 4]),
    "bad length": BadLength(),
    "mutating dict": mutating_dict(),
    "dataclass": Point(1, {"a": (1,)}),
    "dataclass type": Point,
    "broken dataclass": broken_point(),
    "model": GoodModel(),
    "bad model": BadModel(),
    "model type": GoodModel,
    "nonsense dump": NonsenseDump(),
    "secret": pydantic.SecretStr("s"),
    "enum": Colour.RED,
    "int enum": Weight.HEAVY,
    "odd enum": Odd.THING,
    "flag": re.IGNORECASE,
    "text subclass": Text("kept"),
    "int subclass": Number(7),
    "decimal": decimal.Decimal("1.50"),
    "decimal nan": decimal.Decimal("NaN"),
    "fraction": fractions.Fraction(1, 3),
    "complex": 1 + 2j,
    "datetime utc": dt.datetime(2026, 1, 1, 1, 2, 3, 4, tzinfo=dt.UTC),
    "datetime offset": dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))),
    "datetime naive": dt.datetime(2026, 1, 1),  # noqa: DTZ001 - agents have them
    "date": dt.date(2026, 1, 1),
    "time": dt.time(1, 2, 3),
    "timedelta": dt.timedelta(days=400, hours=1, microseconds=5),
    "negative timedelta": dt.timedelta(seconds=-1),
    "uuid": uuid.UUID(int=1),
    "path": pathlib.PurePosixPath("/a/b"),
    "pattern": re.compile("a+"),
    "exception": ValueError("bad"),
    "exception with raising argument": ValueError(Raising()),
    "exception group": ExceptionGroup("many", [ValueError("one")]),
    "type": int,
    "function": nested,
    "lambda": lambda: 1,
    "builtin": len,
    "module": sys,
    "ellipsis": ...,
    "not implemented": NotImplemented,
    "object": object(),
    "lock": threading.Lock(),
    "event": asyncio.Event(),
    "file": io.StringIO("text"),
    "stdout": sys.stdout,
    "context variable": contextvars.ContextVar("v"),
    "weak reference": weakref.ref(Point),
    "weak proxy": weakref.proxy(Point),
    "code": nested.__code__,
    "namespace": types.SimpleNamespace(a=1),
    "numpy int": np.int64(7),
    "numpy float": np.float32(1.5),
    "numpy nan": np.float64("nan"),
    "numpy bool": np.bool_(True),
    "numpy text": np.str_("a"),
    "numpy datetime": np.datetime64("2026-01-01"),
    "numpy array": np.arange(6).reshape(2, 3),
    "numpy huge": np.zeros(10_000_000, dtype=np.int8),
    "numpy zero-dimensional": np.array(5),
    "numpy structured": np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]),
    "numpy objects": np.array([Echo], dtype=object),
    "deep and wide": {"a": [{"b": [{"c": {1, 2}}]}] * 10},
    "nan among others": [1.0, NAN, {"x": float("inf")}],
}
"""Each is made once; none of them may be changed by being recorded."""

HOSTILE["released memoryview"].release()
