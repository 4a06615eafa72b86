"""Calls made parts: wrong types become the field's type, and nothing of what was given is lost."""

from __future__ import annotations

import decimal
import enum
import json
import logging
import uuid
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runspan import DecisionType, Run
from runspan.record import EndParts, encode_decision, encode_outcome, encode_problem, encode_run_end
from runspan.testing import CapturedRuns
from tests.hostile import HOSTILE, Raising
from tests.plain_reader import check_run

if TYPE_CHECKING:
    from pathlib import Path

    from runspan.record import DecisionParts, OutcomeParts, ProblemParts


class Theirs(enum.Enum):
    """The original's own enum."""

    TOOL = "tool_selection"


@dataclass
class Params:
    """An agent's own type for an option."""

    id: str
    description: str = "made"


def decided(**given: Any) -> tuple[DecisionParts, list[str]]:
    """Encode a decision, sound but for what is given."""
    sound = {
        "intent": "i",
        "options": [{"id": "a"}],
        "chosen": "a",
        "reasoning": "r",
        "node_id": "n",
        "decision_type": DecisionType.CUSTOM,
        "constraints": None,
        "context": None,
    }
    return encode_decision(**(sound | given))


def ended(**given: Any) -> OutcomeParts:
    """Encode an outcome, sound but for what is given."""
    sound: dict[str, Any] = {
        "success": True,
        "result": None,
        "error": None,
        "summary": "",
        "state_changes": None,
        "tokens_used": 0,
        "latency_ms": 0,
    }
    return encode_outcome(**(sound | given))


def kept(parts: DecisionParts | OutcomeParts | ProblemParts) -> dict[str, Any]:
    """Return the extra fields as Python values."""
    return {name: json.loads(data) for name, data in parts.extra.items()}


def test_sound_arguments_make_sound_parts() -> None:
    """Nothing is doubted and nothing kept beside."""
    parts, doubts = decided(options=[{"id": "a", "description": "A", "unknown": 1}], context={"k": [1]})

    assert ([], {}) == (doubts, parts.extra)
    assert ("a", "A", b'{"k":[1]}') == (parts.chosen_option_id, parts.chosen_description, parts.input_context)
    assert [
        {
            "id": "a",
            "description": "A",
            "action_type": "unknown",
            "action_params": {},
            "pros": [],
            "cons": [],
            "confidence": 0.5,
        }
    ] == json.loads(parts.options)


@pytest.mark.parametrize(
    ("value", "text", "extra"),
    [
        (None, "", {"reasoning_given": None}),
        (5, "5", {"reasoning_given": 5}),
        (1.5, "1.5", {"reasoning_given": 1.5}),
        (["a"], '["a"]', {"reasoning_given": ["a"]}),
        ({"a": 1}, '{"a":1}', {"reasoning_given": {"a": 1}}),
        (PurePosixPath("/a"), "/a", {}),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001", {}),
        (b"bytes", "bytes", {}),
        (Theirs.TOOL, "tool_selection", {}),
        ("\ud800", "\\ud800", {}),
        ("x" * 70_000, "x" * 65_536 + "… 4,464 more characters", {}),
    ],
    ids=range(11),
)
def test_texts(value: object, text: str, extra: dict[str, Any]) -> None:
    """A field that holds a text: what is no text becomes one, and is kept."""
    parts, _ = decided(reasoning=value)

    assert (text, extra) == (parts.reasoning, kept(parts))


@pytest.mark.parametrize(
    ("value", "number", "extra"),
    [
        (7, 7, {}),
        (True, 1, {}),
        (7.0, 7, {}),
        ("12", 12, {}),
        ("12.0", 12, {}),
        (np.int64(3), 3, {}),
        (decimal.Decimal(4), 4, {}),
        (2**70, 2**70, {}),
        (1.5, 2, {"latency_ms_given": 1.5}),
        (0.4, 0, {"latency_ms_given": 0.4}),
        (Fraction(7, 2), 4, {"latency_ms_given": "7/2"}),
        (None, 0, {"latency_ms_given": None}),
        ("soon", 0, {"latency_ms_given": "soon"}),
        (float("nan"), 0, {"latency_ms_given": None}),
        ([1], 0, {"latency_ms_given": [1]}),
    ],
    ids=range(15),
)
def test_whole_numbers(value: object, number: int, extra: dict[str, Any]) -> None:
    """A field that holds a whole number: the nearest one, and what was given beside it."""
    parts = ended(latency_ms=value)

    assert (number, extra) == (parts.latency_ms, kept(parts))


@pytest.mark.parametrize(
    ("value", "truth", "extra"),
    [
        (True, True, {}),
        (np.bool_(False), False, {}),
        (1, True, {}),
        (0, False, {}),
        ("yes", True, {}),
        ("False", False, {}),
        ("maybe", False, {"success_given": "maybe"}),
        (None, False, {"success_given": None}),
        ([1], True, {"success_given": [1]}),
        (2, True, {"success_given": 2}),
        (np.array([1, 2]), False, {"success_given": [1, 2]}),
        (Raising(), False, {"success_given": "<Raising: repr failed: RuntimeError>"}),
    ],
    ids=range(12),
)
def test_truth(value: object, truth: bool, extra: dict[str, Any]) -> None:  # noqa: FBT001
    """A field that holds a truth value: what clearly is one, else Python's rule, and what was given."""
    parts = ended(success=value)

    assert (truth, extra) == (parts.success, kept(parts))


@pytest.mark.parametrize(
    ("value", "number", "extra"),
    [
        (0.9, 0.9, {}),
        (1, 1.0, {}),
        ("0.25", 0.25, {}),
        (decimal.Decimal("0.75"), 0.75, {}),
        (7.5, 7.5, {}),
        ("high", 0.5, {"confidence_given": "high"}),
        (None, 0.5, {"confidence_given": None}),
        (float("nan"), 0.5, {"confidence_given": None}),
    ],
    ids=range(8),
)
def test_confidence(value: object, number: float, extra: dict[str, Any]) -> None:
    """Not bounded; what is no number is the default, and kept on the option."""
    [option] = json.loads(decided(options=[{"id": "a", "confidence": value}])[0].options)

    assert number == option["confidence"]
    assert isinstance(option["confidence"], float)
    assert extra.items() <= option.items()


@pytest.mark.parametrize(
    ("value", "data", "extra"),
    [
        (None, b"{}", {}),
        ({"a": decimal.Decimal("1.50")}, b'{"a":"1.50"}', {}),
        (Params("a"), b'{"id":"a","description":"made"}', {}),
        ([1], b"{}", {"input_context_given": [1]}),
        ("text", b"{}", {"input_context_given": "text"}),
    ],
    ids=range(5),
)
def test_objects(value: object, data: bytes, extra: dict[str, Any]) -> None:
    """A field that holds an object: mappings, models and dataclasses are one; what is none is kept."""
    parts, _ = decided(context=value)

    assert (data, extra) == (parts.input_context, kept(parts))


@pytest.mark.parametrize(
    ("value", "texts", "extra"),
    [
        (None, [], {}),
        ([], [], {}),
        (["a", "ü"], ["a", "ü"], {}),
        (("a", "b"), ["a", "b"], {}),
        ("one", ["one"], {}),
        (["a", 5], ["a", "5"], {"active_constraints_given": ["a", 5]}),
        ({"a": 1}, [], {"active_constraints_given": {"a": 1}}),
        (7, [], {"active_constraints_given": 7}),
    ],
    ids=range(8),
)
def test_lists_of_texts(value: object, texts: list[str], extra: dict[str, Any]) -> None:
    """A field that holds texts: one text is a list of one; what is no text becomes one."""
    parts, _ = decided(constraints=value)

    assert (texts, extra) == (json.loads(parts.active_constraints), kept(parts))


@pytest.mark.parametrize(
    ("value", "word", "extra"),
    [
        (DecisionType.DELEGATION, "delegation", {}),
        ("retry_strategy", "retry_strategy", {}),
        (Theirs.TOOL, "tool_selection", {}),
        ("guess", "custom", {"decision_type_given": "guess"}),
        (None, "custom", {"decision_type_given": None}),
        (["a"], "custom", {"decision_type_given": ["a"]}),
    ],
    ids=range(6),
)
def test_decision_types(value: object, word: str, extra: dict[str, Any]) -> None:
    """A member, its text, another enum's member; anything else is custom."""
    parts, _ = decided(decision_type=value)

    assert (word, extra) == (parts.decision_type, kept(parts))


@pytest.mark.parametrize(
    ("options", "ids", "doubt"),
    [
        (None, [], "chosen='a' is not the id of an option"),
        ([{"description": "no id"}, {"id": "a"}], ["", "a"], "an option has no id"),
        (["a", {"id": "b"}], ["a", "b"], "is no dict"),
        ([Params("a")], ["a"], None),
        ({"id": "a"}, ["a"], None),
        (({"id": name} for name in "ab"), ["a", "b"], None),
        ("a", [], "options is no list of dicts"),
        (7, [], "options is no list of dicts"),
        ({"a": {"id": "a"}}, [], "options is no list of dicts"),
        ([{"id": "a"}] * 1_500, ["a"] * 1_000, "1,500 options"),
        ([{"id": 5}], ["5"], "chosen='a' is not the id of an option"),
    ],
    ids=range(11),
)
def test_options(options: object, ids: list[str], doubt: str | None) -> None:
    """Recorded as far as they are options; what is doubtful is said."""
    parts, doubts = decided(options=options)

    assert ids == [option["id"] for option in json.loads(parts.options)]
    assert (doubt is None) == (not doubts)
    assert doubt is None or any(doubt in said for said in doubts)


def test_options_whose_iteration_fails() -> None:
    """The agent's own iterable may raise anything."""

    def failing() -> Any:
        yield {"id": "a"}
        raise RuntimeError("no more")

    parts, doubts = decided(options=failing())

    assert b"[]" == parts.options
    assert "options cannot be iterated over" in doubts


def test_errors_and_ends() -> None:
    """An exception is its text; output that is no object is kept."""
    assert "bad" == ended(error=ValueError("bad")).error
    assert EndParts(success=True, narrative="told", output_data=b'{"a":1}') == encode_run_end(True, "told", {"a": 1})
    assert EndParts(success=False) == encode_run_end("no", "", None)
    assert EndParts(success=True, output_data=b"{}", extra={"output_data_given": b"[1]"}) == encode_run_end(1, "", [1])
    assert {"severity_given": 3} == kept(encode_problem(3, "d", None, None, None))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_values_in_every_place(tmp_path: Path, name: str) -> None:
    """No exception, and the file is read by pydantic and by a plain reader; the trace gives it back or says why not."""
    value = HOSTILE[name]
    runs = CapturedRuns(tmp_path)
    runtime: Any = runs.runtime
    run_id = runtime.start_run(value, value, value)
    option = {"id": value, "description": value, "action_params": value, "pros": value, "confidence": value}
    decision_id = runtime.decide(value, [option, value], value, value, value, value, value, value)
    runtime.record_outcome(decision_id, value, value, value, value, value, value, value)
    runtime.record_outcome(value, value)
    runtime.report_problem(value, value, value, value, value)
    runtime.decide_and_execute("i", value, value, value, lambda: value)
    runtime.end_run(value, value, value)

    data = runtime.storage.read_run_bytes(run_id)
    check_run(json.loads(data))
    assert data == Run.model_validate_json(data).model_dump_json(indent=2).encode()
    decoded = runs.decoded(run_id)
    assert decoded.data == data or any("cut to fit" in phrase for phrase in decoded.missing)


@given(st.data())
def test_any_value_in_any_place_never_raises(data: st.DataObject) -> None:
    """Whatever is put wherever."""
    wild = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary()
    anything = st.recursive(wild, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
    parts, _ = encode_decision(*(data.draw(anything) for _ in range(8)))
    outcome = encode_outcome(*(data.draw(anything) for _ in range(7)))
    encode_problem(*(data.draw(anything) for _ in range(5)))

    assert isinstance(json.loads(parts.options), list)
    assert isinstance(json.loads(parts.input_context), dict)
    assert isinstance(outcome.tokens_used, int)


def test_doubts_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A decision that is recorded faithfully but looks wrong is a warning, counted."""
    runs = CapturedRuns(tmp_path)
    with caplog.at_level(logging.WARNING), runs.runtime.run("g") as run:
        run.decide("i", [{"description": "no id"}], "x", "r")

    assert "an option has no id" in caplog.text
    assert {"doubtful decision": 2} == runs.runtime.health()


def test_names_of_endless_structure_take_no_time(tmp_path: Path) -> None:
    """What only names something may be anything; lists that share each other have an endless `str`."""
    shared: list[Any] = []
    for _ in range(60):
        shared = [shared, shared]
    runs = CapturedRuns(tmp_path, agent_name=shared, session_id=shared)
    runtime: Any = runs.runtime
    run_id = runtime.start_run("goal")
    runtime.record_outcome(shared, True)
    runtime.decide("i", [], "", "r", constraints=[shared, ["x" * 60_000, "y" * 60_000]])
    runtime.end_run(True)
    run = json.loads((tmp_path / "runs" / f"{run_id}.json").read_bytes())

    assert len(run["agent_name"]) <= 65_536 + 50 >= len(run["session_id"])
    assert len(run["problems"][0]["description"]) < 400
    assert max(map(len, run["decisions"][0]["active_constraints"])) <= 65_536 + 50
