"""Any value can be recorded anywhere: no exception, no lost neighbour, no unreadable file, no unbounded size."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, given, settings

from runspan import Runtime
from tests.hostile import HOSTILE
from tests.plain_reader import check_run
from tests.reliability.broken_values import break_values
from tests.strategies import WILD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reliability.tally import Tally

OPTIONS: Final = [{"id": "a", "description": "A"}]
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of a run file in which every place holds the largest value there is."""


def damage(folder: Path, value: Any) -> list[str]:
    """Record a value in every place of every call, between a sound decision and another; say what has gone wrong."""
    runtime: Any = Runtime(folder)
    try:
        run_id = runtime.start_run(value, value, value)
        record_sound(runtime, "before")
        option = {"id": value, "description": value, "action_params": value, "pros": value, "confidence": value}
        decision = runtime.decide(value, [option, value], value, value, value, value, value, value)
        runtime.record_outcome(decision, value, value, value, value, value, value, value)
        runtime.report_problem(value, value, value, value, value)
        record_sound(runtime, "after")
        runtime.end_run(value, value, value)
    except Exception as exc:  # noqa: BLE001 - what it is about
        return [f"raised {type(exc).__name__}"]
    return wrong_in(folder / "runs" / f"{run_id}.json")


def record_sound(runtime: Runtime, intent: str) -> None:
    """Record a neighbour."""
    runtime.record_outcome(runtime.decide(intent, OPTIONS, "a", "because", context={"n": 1}), True, {"n": 2})


def wrong_in(file: Path) -> list[str]:
    """Say what is wrong with a run file."""
    if not file.exists():
        return ["no file"]
    if file.stat().st_size > MOST_BYTES:
        return [f"{file.stat().st_size:,} bytes"]
    try:
        run = json.loads(file.read_bytes())
        check_run(run)
    except (ValueError, AssertionError) as exc:
        return [f"unreadable: {exc!r}"]
    sound = {
        decision["intent"]: [decision["input_context"], decision["outcome"]["result"]]
        for decision in run["decisions"]
        if decision["intent"] in ("before", "after")
    }
    return [] if sound == {name: [{"n": 1}, {"n": 2}] for name in ("before", "after")} else [f"neighbours: {sound}"]


@pytest.mark.guarantee(9)
@pytest.mark.usefixtures("contained_faults")
def test_hostile_values_do_no_damage(tmp_path: Path, tally: Tally) -> None:
    """A hundred and more that were chosen to."""
    found = {name: wrong for name, value in HOSTILE.items() if (wrong := damage(tmp_path / name, value))}
    tally.note("hand-picked values", len(HOSTILE))

    assert len(HOSTILE) >= 100
    assert {} == found


@pytest.mark.guarantee(9)
@pytest.mark.usefixtures("contained_faults")
def test_any_value_does_no_damage(tmp_path_factory: pytest.TempPathFactory, tally: Tally) -> None:
    """Nested ones, made by hypothesis."""
    examples = tally.times("invented values", quick=30, full=2_000)

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(WILD)
    def check(value: object) -> None:
        assert [] == damage(tmp_path_factory.mktemp("run"), value)

    check()


@pytest.mark.guarantee(9)
@pytest.mark.usefixtures("contained_faults")
def test_values_without_bounds_are_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same check sees what an encoder makes of large values that has no bounds."""
    large = {"text": "x" * 4_000_000, "nested": {"a": [{"b": "x" * 4_000_000}]}}
    sound = {name: damage(tmp_path / "sound" / name, value) for name, value in large.items()}
    break_values(monkeypatch)
    broken = [name for name, value in large.items() if damage(tmp_path / "broken" / name, value)]

    assert {"text": [], "nested": []} == sound
    assert list(large) == broken
