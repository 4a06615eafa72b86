"""Any value becomes JSON by one rule: never an exception, never without bounds, and the same everywhere."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import json
import re
import subprocess
import sys
import threading
import tracemalloc
import uuid
from pathlib import Path
from typing import Any, Final

import pydantic
import pydantic_core
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from runspan.values import DEFAULT_BOUNDS, NO_BOUNDS, Bounds, clean_text, dumps, encode, loads, text_of, to_json_value
from tests.hostile import HOSTILE
from tests.strategies import BOUNDS, KEYS, MORE_HOSTILE, PLAIN, TEXTS, WILD, Open, Root

MARK: Final = 60
"""Most characters that a mark adds to a text."""

CHANGING: Final = {
    "mutating dict",
    "list emptied while copied",
    "dict emptied while copied",
    "deque emptied while copied",
}
"""Hostile values that are another value after the first look."""


def measure(value: Any, depth: int = 0) -> tuple[int, int]:
    """Count the values of plain JSON, marks apart, and how deep its collections go."""
    if not isinstance(value, dict | list):
        return 0 if isinstance(value, str) and value.startswith(("… more", "more than")) else 1, depth
    inner = [measure(item, depth + 1) for item in (value.values() if isinstance(value, dict) else value)]
    return 1 + sum(nodes for nodes, _ in inner), max([depth + 1, *(deep for _, deep in inner)])


def assert_within(value: Any, bounds: Bounds = DEFAULT_BOUNDS) -> None:
    """Hold a plain value to the bounds; a mark may come on top, one for each collection that was cut."""
    nodes, depth = measure(value)
    assert depth <= bounds.max_depth
    pending, cut = [value], 0
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            assert len(item) <= bounds.max_string + MARK
        elif isinstance(item, dict | list):
            assert len(item) <= bounds.max_items + 1
            cut += len(item) == bounds.max_items + 1
            pending += [*item, *item.values()] if isinstance(item, dict) else item
    assert nodes <= bounds.max_nodes + cut


@pytest.mark.parametrize("name", [*HOSTILE, *MORE_HOSTILE])
def test_hostile_value_is_recorded(name: str) -> None:
    """Neither exception nor unbounded size nor unreadable JSON; both ways say the same, and twice is as once."""
    value = HOSTILE[name] if name in HOSTILE else MORE_HOSTILE[name]()
    data = encode(value)

    plain = json.loads(data.decode("utf-8", "strict"), parse_constant=pytest.fail)
    assert_within(plain)
    assert loads(data) == plain
    assert data == encode(plain)
    assert plain == to_json_value(plain)
    if name not in CHANGING:
        assert data == dumps(to_json_value(value))


def test_there_are_enough_hostile_values() -> None:
    """At least a hundred, as promised."""
    assert len(HOSTILE) >= 100
    assert not HOSTILE.keys() & MORE_HOSTILE.keys()


@given(WILD)
def test_wild_values_are_recorded(value: Any) -> None:
    """Whatever is nested in whatever."""
    data = encode(value)

    assert json.loads(data.decode("utf-8", "strict")) == to_json_value(value)


@given(PLAIN)
@example({"…": "5 more items"})
def test_encoding_twice_changes_nothing(value: Any) -> None:
    """The rule is idempotent."""
    once = to_json_value(value)

    assert once == to_json_value(once)
    assert dumps(once) == encode(once)


SMALL = Bounds(max_string=40, max_items=3, max_depth=2, max_nodes=6)


@given(WILD, BOUNDS)
def test_cuts_are_within_bounds_and_idempotent(value: Any, bounds: Bounds) -> None:
    """However tight the bounds: kept, by both ways alike, and a value that was cut is not cut again."""
    once = to_json_value(value, bounds)

    assert_within(once, bounds)
    assert once == to_json_value(once, bounds)
    assert dumps(once) == encode(value, bounds) == encode(once, bounds)


def test_cuts_are_visible() -> None:
    """Each says in place what is missing."""
    assert to_json_value("x" * 20_005, Bounds(max_string=5)) == "xxxxx… 20,000 more characters"
    assert to_json_value([1, 2, 3, 4, 5], SMALL) == [1, 2, 3, "… 2 more items"]
    assert to_json_value({"a": 1, "b": 2, "c": 3, "d": 4}, SMALL) == {"a": 1, "b": 2, "c": 3, "…": "1 more items"}
    assert to_json_value([[[1]]], SMALL) == [["… deeper than 2 levels"]]
    assert to_json_value([[[]] * 3] * 3, Bounds(max_nodes=6))[2] == "… more than 6 values"  # type: ignore[index]
    cycle: list[Any] = []
    cycle.append(cycle)
    assert to_json_value(cycle) == ["… cycle"]


class Model(pydantic.BaseModel):
    """Fields as the native models have them."""

    value: Any = None


AS_PYDANTIC = [
    decimal.Decimal("1.50"),
    dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    dt.datetime(2026, 1, 1, 1, 2, 3, 4, tzinfo=dt.timezone(dt.timedelta(hours=-3, minutes=-30))),
    dt.datetime(2026, 1, 1, 1, 2, 3),  # noqa: DTZ001 - agents have them
    dt.date(2026, 1, 1),
    dt.time(1, 2, 3, 4),
    dt.timedelta(0),
    dt.timedelta(hours=1, microseconds=5),
    dt.timedelta(days=400, seconds=61),
    uuid.UUID(int=5),
    {1, 2},
    frozenset({"a"}),
    (1, (2,)),
    b"text",
    {5: 2, None: 3, 1.5: 4, True: 5, (1, 2): 6},
    {dt.date(2026, 1, 1): 1},
    float("nan"),
    [float("inf")],
    2**70,
    -0.0,
    Model(value={"a": decimal.Decimal(1)}),
]


@pytest.mark.parametrize("value", AS_PYDANTIC, ids=range(len(AS_PYDANTIC)))
def test_python_values_are_stored_as_pydantic_would(value: Any) -> None:
    """What the original wrote through pydantic is what we write."""
    written = Model(value=value).model_dump_json()

    assert written.encode() == b'{"value":%s}' % encode(value)


@given(st.timedeltas())
def test_durations_are_pydantics(value: dt.timedelta) -> None:
    """Every timedelta, negative ones too."""
    assert pydantic_core.to_json(value) == encode(value)


@given(PLAIN)
def test_indented_json_is_pydantics(value: Any) -> None:
    """The same bytes as model_dump_json(indent=2), for JSON values of any kind."""
    plain = to_json_value(value)

    assert Model(value=plain).model_dump_json(indent=2).encode() == dumps({"value": plain}, indent=True)


@given(PLAIN)
def test_loads_undoes_dumps(value: Any) -> None:
    """Integers of any size, floats and texts come back exactly."""
    plain = to_json_value(value)

    assert repr(plain) == repr(loads(dumps(plain)))


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[1,]", b"NaN", b'{"a":Infinity}', b"\xff", b"[" * 100_000, b"1" * 30 + b"x", b'"\\ud800'],
    ids=lambda data: repr(data[:12]),
)  # fmt: skip
def test_broken_json_is_a_value_error(data: bytes) -> None:
    """Never anything else."""
    with pytest.raises(ValueError):  # noqa: PT011 - the kind is the promise
        loads(data)


def test_lone_surrogates_become_their_escape_as_text() -> None:
    """In values, keys, and files of others."""
    assert to_json_value({"\ud83d": "x\udc00"}) == {"\\ud83d": "x\\udc00"}
    assert loads(b'"\\ud83d"') == "\\ud83d"
    assert clean_text("\ud83d", 10) == "\\ud83d"


def test_keys_that_become_the_same_text_lose_nothing() -> None:
    """The later ones get a number."""
    assert to_json_value({1: "a", "1": "b", "1 (2)": "c"}) == {"1": "a", "1 (2)": "b", "1 (2) (2)": "c"}


def test_iterators_are_not_consumed() -> None:
    """The agent still needs them."""
    numbers = iter([1, 2, 3])
    encode({"numbers": numbers})

    assert [1, 2, 3] == list(numbers)


def test_interruption_passes_through() -> None:
    """KeyboardInterrupt in an agent's own code is not ours to keep."""

    class Interrupting:
        def __repr__(self) -> str:
            raise KeyboardInterrupt

    class InterruptingDump:
        def model_dump(self, **_: object) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode([InterruptingDump()])
    with pytest.raises(KeyboardInterrupt):
        encode({Interrupting(): 1})
    with pytest.raises(KeyboardInterrupt):
        encode(Interrupting())
    with pytest.raises(KeyboardInterrupt):
        text_of(Interrupting())


@pytest.mark.parametrize("added", [{1, 2}, [1, {"a": "b"}]], ids=["by our own walk", "by orjson"])
def test_values_that_change_while_they_are_copied(added: Any) -> None:
    """Another thread changes a dict all the time: no exception, no crash, always readable."""
    shared: dict[str, Any] = {str(number): [number] for number in range(50)}
    stop = threading.Event()

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            shared[f"new {number % 500}"] = added
            shared.pop(f"new {(number * 7) % 500}", None)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(2_000):
            assert isinstance(json.loads(encode(shared)), dict | str)
    finally:
        stop.set()
        thread.join()


def test_stored_values_are_taken_over_as_they_are() -> None:
    """Without bounds nothing is cut."""
    value = {"text": "x" * 100_000, "many": list(range(5_000)), "deep": json.loads("[" * 100 + "]" * 100)}

    assert value == to_json_value(value, NO_BOUNDS)


def nested(depth: int) -> Any:
    """Return lists inside each other."""
    made: Any = []
    for _ in range(depth - 1):
        made = [made]
    return made


AT_THE_BOUND: Final = {
    "text": ("x" * 65_536, "x" * 65_537),
    "text inside": (["x" * 65_536], ["x" * 65_537]),
    "surrogates": ("\ud800" * 10_922, "\ud800" * 10_923),
    "bytes": (b"x" * 65_536, b"x" * 65_537),
    "key": ({"x" * 65_536: 1}, {"x" * 65_537: 1}),
    "key inside": ([{"x" * 65_536: 1}], [{"x" * 65_537: 1}]),
    "items": ([0] * 1_000, [0] * 1_001),
    "keys": (dict.fromkeys(map(str, range(1_000))), dict.fromkeys(map(str, range(1_001)))),
    "a set": (set(range(1_000)), set(range(1_001))),
    "depth": (nested(32), nested(33)),
    "depth of dicts": (loads('{"a":' * 31 + "{}" + "}" * 31), loads('{"a":' * 32 + "{}" + "}" * 32)),
    "depth beside many": ([[], *[[]] * 50, nested(31)], [[], *[[]] * 50, nested(32)]),
    "nodes": ([[0] * 999] * 19 + [[0] * 979, *[0] * 19], [[0] * 999] * 19 + [[0] * 980, *[0] * 19]),
    "digits": (10**4_300 - 1, 10**4_300),
}


@pytest.mark.parametrize("name", AT_THE_BOUND)
def test_a_bound_is_where_it_is_said_to_be(name: str) -> None:
    """What is just within comes through whole, what is just beyond is cut."""
    within, beyond = AT_THE_BOUND[name]

    assert "…" not in encode(within).decode()
    assert "…" in encode(beyond).decode()
    assert "…" in dumps(to_json_value(beyond)).decode()


def test_what_is_left_out_is_counted() -> None:
    """Each mark says how much is missing, and stands where it is missing."""
    assert "ab… 3 more bytes" == to_json_value(b"abcde", Bounds(max_string=2))
    assert {"k…": 1} != to_json_value({"kkkk": 1}, Bounds(max_string=1))
    assert {"k… 3 more characters": 1} == to_json_value({"kkkk": 1}, Bounds(max_string=1))
    assert "\\ud… 9 more characters" == to_json_value("\ud800\ud800", Bounds(max_string=3))
    assert [1, 2, "… more than 3 values"] == to_json_value([1, 2, 3, 4], Bounds(max_nodes=3))
    assert {"a": 1, "…": "more than 2 values"} == to_json_value({"a": 1, "b": 2}, Bounds(max_nodes=2))
    assert {"…": 1, "… (2)": "1 more items"} == to_json_value({"…": 1, "b": 2}, Bounds(max_items=1))
    assert "… an integer of 16,610 bits" == to_json_value(10**5000)


def test_marks_are_known_again_only_where_they_stand() -> None:
    """An agent's own text that looks like a mark does not let anything else through."""
    bounds = Bounds(max_string=5, max_items=2)

    assert ["… 9 more items", 2, "… 1 more items"] == to_json_value(["… 9 more items", 2, 3], bounds)
    assert [1, 2, "… 2 more items"] == to_json_value([1, 2, 3, "… 1 more items"], bounds)
    assert [1, 2, "… 2 more items"] == to_json_value([1, 2, "… 1 more items", 3], bounds)
    assert "xxxxx… 36 more characters" == to_json_value("x" * 20 + "… 3 more characters" + "yy", bounds)
    assert "xxxxx… 35 more characters" == to_json_value("x" * 20 + "… 123 more bytes" + " (2)", bounds)


def test_a_number_behind_a_key_is_known_again() -> None:
    """Keys that are told apart stay as they are the second time, cut ones and numbered ones too."""
    bounds = Bounds(max_string=3)

    cut = {"kkk… 6 more characters": 1, "kkk… 6 more characters (2)": 2}
    assert cut == to_json_value({"k" * 9: 1, ("k" * 9,): 2}, bounds) == to_json_value(cut, bounds)
    numbered = {"abc (2)": 1, "abc (3)": 2}
    assert numbered == to_json_value({"abc (2)": 1, ("abc (2)",): 2}, bounds) == to_json_value(numbered, bounds)


def test_one_bad_value_loses_no_neighbour() -> None:
    """Only what raises is replaced, by a text that names it."""
    for error in (ValueError, RecursionError, MemoryError, StopIteration):
        bad = MORE_HOSTILE["raises RecursionError"]()[1]
        object.__setattr__(bad, "error", error)
        text = f"<Raises: repr failed: {error.__name__}>"

        assert {"a": 1, "b": text, text: 2, "c": [3]} == to_json_value({"a": 1, "b": bad, bad: 2, "c": [3]})

    hostile = MORE_HOSTILE["hostile decimal"]()[1]
    assert {"<HostileDecimal: repr failed: RuntimeError>": 1, "b": 2} == to_json_value({hostile: 1, "b": 2})


def test_shared_collections_do_not_fill_the_memory() -> None:
    """Lists that hold each other many times over are cut before orjson, which no `except` could stop, sees them."""
    code = """
import resource, tracemalloc
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
from runspan.values import NO_BOUNDS, encode
from tests.strategies import shared
cycle = []
cycle.append(cycle)
tracemalloc.start()
print(len(encode(shared(60))) < 2**20, encode(cycle, NO_BOUNDS).decode())
print(tracemalloc.get_traced_memory()[1] < 20_000_000)
"""
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=False, timeout=60)

    assert 0 == done.returncode, done.stderr.decode()
    assert 'True ["… cycle"]\nTrue' == done.stdout.decode().strip()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: text,
        lambda text: {"text": text},
        lambda text: [[{"a": text}] * 9],
        lambda text: {1, text},
        lambda text: {(text,) * 5: 1},
        lambda text: text.encode(),
    ],
    ids=["alone", "in a dict", "many times", "in a set", "in a key", "as bytes"],
)
def test_long_texts_are_not_encoded_whole(wrap: Any) -> None:
    """A text of 100 MB costs no more memory than what is kept of it."""
    value = wrap("x" * 100_000_000)
    tracemalloc.start()
    try:
        encode(value)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 5_000_000


def test_iterators_in_models_are_not_consumed() -> None:
    """`model_dump` would run them to their end; the other fields are dumped as ever, in any order."""
    numbers, letters = iter([1, 2]), iter("ab")
    plain = to_json_value(Open.model_validate({"inner": numbers, "letters": letters, "price": decimal.Decimal("1.50")}))

    assert isinstance(plain, dict)
    assert {"inner": repr(numbers), "letters": repr(letters), "price": "1.50"} == plain
    assert ([1, 2], ["a", "b"]) == (list(numbers), list(letters))


def test_models_that_cannot_be_dumped_give_their_fields() -> None:
    """Fields and extra fields, each by the rule."""
    assert {"inner": 1, "more": 2} == to_json_value(MORE_HOSTILE["model without dump"]())
    assert {"fine": 1, "field": "<field: RuntimeError>"} == to_json_value(MORE_HOSTILE["dataclass field raises"]())
    assert [1, {"2": 3}] == to_json_value(Root([1, {2: 3}]))


def test_models_are_dumped_as_for_json() -> None:
    """A serializer that is meant for JSON alone has its say; a field of a wrong type warns nobody."""

    class Priced(pydantic.BaseModel):
        price: int = 1

        @pydantic.field_serializer("price", when_used="json")
        def in_words(self, _price: int) -> str:
            return "one"

    assert [{"price": "one"}] == to_json_value([Priced()])
    assert {"number": "text"} == to_json_value(MORE_HOSTILE["model of a wrong type"]())


def test_numpy_values_are_pythons() -> None:
    """Nanoseconds are not cut off, a large array is not written out, one that holds itself ends."""
    assert ["2026-01-01T00:00:00.000000001", "NaT"] == to_json_value(MORE_HOSTILE["numpy nanoseconds"]())
    assert [1.5, None, None] == to_json_value(MORE_HOSTILE["numpy not finite"]())
    assert [1, "b"] == to_json_value(MORE_HOSTILE["numpy record"]())
    assert ["… cycle", None] == to_json_value(MORE_HOSTILE["cyclic array"]())
    assert "array([0, 0, 0, ..., 0, 0, 0]" in text_of(to_json_value(HOSTILE["numpy huge"]))


def test_subclasses_are_read_by_their_bases_methods() -> None:
    """What a class has made of `items`, `__iter__` or `__len__` cannot hide what it holds."""
    assert {"kept": "too"} == to_json_value(MORE_HOSTILE["hostile text as key"]())
    assert ["kept", [1, 2]] == to_json_value([MORE_HOSTILE["hostile bytes"](), MORE_HOSTILE["hostile list"]()])
    assert ["b", "a"] == list(to_json_value(MORE_HOSTILE["moved"]()))  # type: ignore[arg-type]
    assert {"a": 1} == to_json_value(HOSTILE["lying dict"])


class Level(enum.Enum):
    """An enum, a value of which is another."""

    LOW = 1
    HIGH = ("top", LOW)


RULE: Final[list[tuple[Any, Any]]] = [
    (Level.HIGH, ["top", 1]),
    (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    ([uuid.UUID(int=5), {1, 2} - {2}], ["00000000-0000-0000-0000-000000000005", [1]]),
    (re.ASCII | re.DEBUG, 384),
    ({"a": collections.UserDict(b={"c": 1}.items())}, {"a": {"b": [["c", 1]]}}),
    (ValueError(), "ValueError"),
    (KeyError("k"), "KeyError: 'k'"),
    (Exception, "<class 'Exception'>"),
    (pydantic.SecretStr("s"), "**********"),
    (1 + 2j, "1+2j"),
    (b"a\xff", "a\\xff"),
    (memoryview(b"abcdef")[::2], "ace"),
    ([float("nan"), float("-inf"), {float("nan"): 1}], [None, None, {"nan": 1}]),
    ({10**4_500: 1, -(10**4_500): 2}, {"… an integer of 14,949 bits": 1, "… an integer of 14,949 bits (2)": 2}),
    ({b"1": 1, 1: 2, "1": 3, (1,): 4}, {"1": 1, "1 (2)": 2, "1 (3)": 3, "1 (4)": 4}),
]


@pytest.mark.parametrize(("value", "expected"), RULE, ids=range(len(RULE)))
def test_the_rule(value: Any, expected: Any) -> None:
    """Examples of what becomes what, beyond what pydantic can write."""
    assert expected == to_json_value(value)
    assert expected == loads(encode(value))


@given(st.one_of(st.times(), st.datetimes(timezones=st.timezones()), st.decimals(), st.fractions(), st.uuids()))
@example(dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(seconds=3_661))))
@example(dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(seconds=-30))))
def test_texts_of_single_values_are_pydantics(value: Any) -> None:
    """Times with any offset, numbers of any size."""
    assert pydantic_core.to_json(value) == encode(value)


@given(KEYS)
def test_keys_are_pydantics(key: Any) -> None:
    """Wherever pydantic can write a key, infinite ones apart: null would not say which."""
    try:
        expected = pydantic_core.to_json({key: 1})
    except (pydantic_core.PydanticSerializationError, ValueError):
        assume(False)

    assert expected == encode({key: 1})


def test_hardly_any_stack_is_no_excuse() -> None:
    """An agent deep in its own recursion gets no RecursionError of ours as long as a call is possible at all."""
    values: list[Any] = [[[{1}]], {"a": {"b": [10**30, "\ud800"]}}, Open(inner=[{2}]), object()]
    faults: list[str] = []

    def dive(left: int) -> None:
        if left:
            dive(left - 1)
            return
        for value in values:
            try:
                encode(value)
            except RecursionError as exc:
                faults.append("" if exc.__traceback__ is None or exc.__traceback__.tb_next is None else "inside")

    tracer = sys.gettrace()
    sys.settrace(None)  # coverage's tracer needs stack of its own, and fails where we do not
    try:
        for left in range(sys.getrecursionlimit()):
            dive(left)
    except RecursionError:
        pass
    finally:
        sys.settrace(tracer)

    assert "inside" not in faults


def test_importing_is_cheap() -> None:
    """Nothing but the standard library and orjson, and of the former nothing large."""
    code = """
import sys, types
package = types.ModuleType("runspan")
package.__path__ = ["src/runspan"]
sys.modules["runspan"] = package
import runspan.values
print({"asyncio", "numpy", "opentelemetry", "pydantic", "pydantic_core"} & set(sys.modules))
"""
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)

    assert "set()" == done.stdout.strip()


def test_integers_obey_the_applications_own_limit() -> None:
    """An application may let Python write fewer digits than usual, or any number of them."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(1_000)
    try:
        assert b'["\xe2\x80\xa6 an integer of 6,644 bits"]' == encode([10**2_000]) == dumps([10**2_000])
        sys.set_int_max_str_digits(0)
        assert b'["\xe2\x80\xa6 an integer of 16,610 bits"]' == encode([10**5_000]) == dumps([10**5_000])
    finally:
        sys.set_int_max_str_digits(before)


@pytest.mark.parametrize("value", [object(), {1: 2}, nested(255), nested(100_000), {"a": {1}}], ids=range(5))
def test_dumps_refuses_what_is_not_plain(value: Any) -> None:
    """By one kind of error."""
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        dumps(value)


def test_dumps_tells_keys_apart() -> None:
    """Two keys that become the same text stay two, when written and when read."""
    assert {"\\ud83d": 1, "\\ud83d (2)": 2} == loads(dumps({"\ud83d": 1, "\\ud83d": 2}))
    assert {"\\ud83d": 1, "\\ud83d (2)": 2} == loads(rb'{"\ud83d":1,"\\ud83d":2}')


DEEP: Final = b"[" * 5_000 + b"1234567890123456789012" + b"]" * 5_000
REFUSED: Final = [b"1e400", "[1]".encode("utf-16"), b"\xef\xbb\xbf1", b'"\xed\xa0\xbd"', b"[01]", b'"\x01"', b"NaN"]


@pytest.mark.parametrize("data", REFUSED)
@pytest.mark.parametrize("beside", [b"", b"1234567890123456789012,", rb'"\ud83d",'], ids=["", "large", "surrogate"])
def test_loads_refuses_the_same_beside_anything(data: bytes, beside: bytes) -> None:
    """Which of the two parsers reads a document does not show."""
    with pytest.raises(ValueError):  # noqa: PT011 - the kind is the promise
        loads(b"[" + beside + data + b"]")


@pytest.mark.parametrize("data", [DEEP, b'["\\ud83d",' + DEEP + b"]", "\ud83d", '"\ud83d"', b"9" * 5_000], ids=range(5))
def test_loads_refuses_with_one_kind_of_error(data: bytes | str) -> None:
    """Too deep for either parser, no Unicode, more digits than Python reads."""
    with pytest.raises(ValueError):  # noqa: PT011 - as above
        loads(data)


@given(PLAIN, st.integers(0), st.sampled_from([b"", b" ", b",", b"}", b'"', b"0", b"e", b"-", b"\\", b"\xff", b"N"]))
def test_both_parsers_agree(value: Any, place: int, insert: bytes) -> None:
    """A document, broken or not, is read the same beside an integer that only one of them can read."""
    data = dumps(to_json_value(value))
    place %= len(data) + 1
    data = data[:place] + insert + data[place:]

    def read(text: bytes) -> Any:
        try:
            return repr(loads(text))
        except ValueError:
            return None

    alone = read(b"[" + data + b",0]")
    beside = read(b"[" + data + b",1234567890123456789012]")
    assert alone == (beside and beside.replace(", 1234567890123456789012]", ", 0]"))


@given(TEXTS, st.integers(0, 20))
def test_clean_text_is_clean_and_bounded(text: str, max_string: int) -> None:
    """UTF-8 can say it, it is no longer than it may be, and cleaning it again changes nothing."""
    clean = clean_text(text, max_string)

    assert clean.encode().decode() == clean
    assert len(clean) <= max_string + MARK
    assert clean == clean_text(clean, max_string)


def test_text_of_anything() -> None:
    """`str` where it works, else a text that names class and error."""
    assert "1.50" == text_of(decimal.Decimal("1.50"))
    assert "\\ud83d" == text_of("\ud83d")
    assert "x" * 65_536 + "… 1 more characters" == text_of("x" * 65_537)
    assert "kept" == clean_text(MORE_HOSTILE["hostile text"](), 10)
    assert "<Raises: repr failed: MemoryError>" == text_of(MORE_HOSTILE["raises MemoryError"]()[1])
    assert "<OfHostileMeta: repr failed: RuntimeError>" == text_of(MORE_HOSTILE["hostile metaclass"]())
