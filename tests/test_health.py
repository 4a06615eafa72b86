"""Losses: counted by cause, logged once a minute, and never the agent's problem."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

import runspan
from runspan.health import Health, contained

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("runspan.test")


@pytest.fixture
def minute(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The monotonic clock in seconds, to be set."""
    now = [1_000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now  # type: ignore[return-value]


def test_counts_add_up_by_cause() -> None:
    """A Runtime's losses are the process's too."""
    process = Health()
    first, second = Health(process), Health(process)
    first.count("a")
    second.count("a", 2)
    second.count("b")

    assert ({"a": 1}, {"a": 2, "b": 1}) == (first.report(), second.report())
    assert {"a": 3, "b": 1} == process.report()


def test_one_line_a_minute_for_a_cause(minute: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """The first at once, the next after a minute with the count of those held back."""
    health = Health()
    for _ in range(5):
        health.warn(logger, "a", "lost %s", "one")
    health.warn(logger, "b", "lost another")
    minute[0] += 60.0
    health.warn(logger, "a", "lost %s", "last")

    assert ["lost one", "lost another", "lost last (and 4 times before, not logged)"] == caplog.messages
    assert {"a": 6, "b": 1} == health.report()


@pytest.mark.usefixtures("contained_faults")
def test_fault_of_ours_is_kept_from_the_agent(caplog: pytest.LogCaptureFixture) -> None:
    """Logged with its traceback, counted, swallowed."""
    health = Health()
    with contained("storage", health):
        raise OSError(28, "No space left on device")

    assert {"storage": 1} == health.report()
    assert "No space left" in caplog.text


@pytest.mark.usefixtures("contained_faults")
def test_log_tells_where_and_no_value(minute: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """What a fault says may quote what the agent recorded; frames and types do not."""
    health = Health()
    for _ in range(3):
        with contained("record", health):
            try:
                int("a value")
            except ValueError as exc:
                raise TypeError("also a value") from exc
        minute[0] += 30.0

    first, second = caplog.messages
    assert "test_health.py" in first
    assert first.endswith('("also a value") from exc\nTypeError')
    assert "(and 1 times before, not logged)\n" in second
    assert "'a value'" not in caplog.text


@pytest.mark.usefixtures("contained_faults")
def test_interruption_passes() -> None:
    """KeyboardInterrupt and its like are not faults."""
    with pytest.raises(KeyboardInterrupt), contained("storage", Health()):
        raise KeyboardInterrupt


def test_health_of_the_process_is_a_copy() -> None:
    """What a caller does to it changes nothing."""
    runspan.health()["invented"] = 1

    assert "invented" not in runspan.health()
