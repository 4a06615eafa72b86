"""Any value becomes JSON by one rule: never an exception, never without bounds, and the same everywhere."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import threading
import uuid
from typing import Any

import pydantic
import pydantic_core
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runspan.values import DEFAULT_BOUNDS, NO_BOUNDS, Bounds, clean_text, dumps, encode, loads, text_of, to_json_value
from tests.hostile import HOSTILE

ANY_TEXT = st.text(st.characters())
"""Lone surrogates included."""

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(ANY_TEXT, inner, max_size=5),
    max_leaves=20,
)

KEYS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.dates() | st.tuples(st.integers())

WILD = st.recursive(
    PLAIN
    | st.floats()
    | st.binary(max_size=8)
    | st.datetimes(timezones=st.none() | st.just(dt.UTC))
    | st.timedeltas()
    | st.decimals()
    | st.uuids()
    | st.complex_numbers()
    | st.sampled_from([object(), int, ValueError("x")]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.frozensets(st.integers() | ANY_TEXT, max_size=3)
    ),
    max_leaves=15,
)


def nodes_and_depth(value: Any, depth: int = 0) -> tuple[int, int]:
    """Count the collections of a plain value, and how deep they go."""
    if not isinstance(value, dict | list):
        return 0, depth
    inner = [nodes_and_depth(item, depth + 1) for item in (value.values() if isinstance(value, dict) else value)]
    return 1 + sum(nodes for nodes, _ in inner), max([depth + 1, *(deep for _, deep in inner)])


def assert_within(value: Any, bounds: Bounds = DEFAULT_BOUNDS) -> None:
    """Hold a plain value to the bounds; a mark may come on top."""
    nodes, depth = nodes_and_depth(value)
    assert depth <= bounds.max_depth
    assert nodes <= bounds.max_nodes
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            assert len(item) <= bounds.max_string * 6 + 50  # a lone surrogate becomes six characters
        elif isinstance(item, dict | list):
            assert len(item) <= bounds.max_items + 1
            pending += item.values() if isinstance(item, dict) else item


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_value_is_recorded(name: str) -> None:
    """Neither exception nor unbounded size nor unreadable JSON; both ways say the same."""
    value = HOSTILE[name]
    data = encode(value)

    plain = json.loads(data.decode("utf-8", "strict"))
    assert_within(plain)
    assert loads(data) == plain
    if name not in {"mutating dict", "generator", "iterator", "map", "zip", "enumerate"}:
        assert plain == to_json_value(value)


def test_there_are_enough_hostile_values() -> None:
    """At least a hundred, as promised."""
    assert len(HOSTILE) >= 100


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


@given(PLAIN)
def test_cuts_are_idempotent(value: Any) -> None:
    """A value that was cut is not cut again."""
    once = to_json_value(value, SMALL)

    assert once == to_json_value(once, SMALL)


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

    with pytest.raises(KeyboardInterrupt):
        encode(Interrupting())
    with pytest.raises(KeyboardInterrupt):
        text_of(Interrupting())


def test_values_that_change_while_they_are_copied() -> None:
    """Another thread changes a dict all the time: no exception, no crash, always readable."""
    shared: dict[str, Any] = {str(number): [number] for number in range(50)}
    stop = threading.Event()

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            shared[f"new {number % 500}"] = {1, 2}
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
