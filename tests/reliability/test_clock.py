"""A clock that is set back or forward, a leap second, daylight saving: durations stay true, and none is negative."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.reliability.tools import give_up, require

if TYPE_CHECKING:
    from tests.reliability.tally import Tally

WORDS: Final = ("start", "decide", "outcome", "enter", "leave", "end")
TOLERANCE_MS: Final = 100.0

# The real wall clock is this much before the end of summer time in central Europe, 2026-10-25T01:00:00Z.
_TO_WINTER: Final = datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp()

JUMPS: Final[dict[str, tuple[float, float]]] = {
    "an hour back": (0.0, -3_600.0),
    "a day forward": (0.0, 86_400.0),
    "a leap second, repeated": (0.0, -1.0),
    "forty years back": (0.0, -40 * 365 * 86_400.0),
    "into winter time": (_TO_WINTER - time.time() - 0.05, _TO_WINTER - time.time() + 1.0),
}
"""What is added to the clock before and after the jump, in seconds."""


def library() -> str:
    """Where libfaketime is."""
    require("faketime")
    found = [*Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), *Path("/usr/local/lib").glob("faketime/lib*.so.1")]
    if not found:
        give_up("libfaketime.so.1 is not where the faketime command should have it")
    return str(found[0])


class Agent:
    """A process whose wall clock is ours."""

    def __init__(self, folder: Path) -> None:
        """Start it, with the true time."""
        self._clock = folder / "clock"
        self.set_clock(0.0)
        variables = {
            "LD_PRELOAD": library(),
            "FAKETIME_TIMESTAMP_FILE": str(self._clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "TZ": "Europe/Berlin",
        }
        program = [sys.executable, "-m", "tests.reliability.clocked", str(folder / "storage")]
        self._process = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | variables
        )

    def set_clock(self, offset_s: float) -> None:
        """Add so much to the true time."""
        self._clock.write_text(f"{offset_s:+.3f}\n", encoding="ascii")

    def tell(self, word: str) -> list[float]:
        """Have it do something; return the monotonic clock before and after, in milliseconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{word}\n".encode())
        self._process.stdin.flush()
        told: list[float] = json.loads(self._process.stdout.readline())
        return told

    def spans(self) -> dict[str, float]:
        """End it; return how long its spans took by their own times, in milliseconds."""
        told, _ = self._process.communicate(timeout=60)
        return {name: (end - start) / 1e6 for name, start, end in json.loads(told)}


def between(first: str, last: str) -> float:
    """How long it was between two stored times, in milliseconds."""
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds() * 1e3


@pytest.mark.guarantee(12)
@pytest.mark.parametrize("jump", JUMPS)
def test_durations_stay_true(jump: str, tmp_path: Path, tally: Tally) -> None:
    """Whenever the clock jumps: before the start, and after each call."""
    worst, every = 0.0, tally.times("one place for the jump in", quick=2, full=1)
    for position in range(0, len(WORDS), every):
        folder = tmp_path / str(position)
        folder.mkdir()
        wrong_by = record_with_jump(folder, *JUMPS[jump], position)
        worst = max(worst, *wrong_by)
    tally.note("jumps", len(range(0, len(WORDS), every)))
    tally.note("worst error", f"{worst:.1f} ms")

    assert worst < TOLERANCE_MS


def record_with_jump(folder: Path, before_s: float, after_s: float, position: int) -> list[float]:
    """Record a run whose clock jumps before the call of that number; return how wrong each duration is."""
    agent = Agent(folder)
    agent.set_clock(before_s)
    told: dict[str, list[float]] = {}
    for number, word in enumerate(WORDS):
        if number == position:
            agent.set_clock(after_s)
        told[word] = agent.tell(word)
    spans = agent.spans()
    [file] = (folder / "storage" / "runs").iterdir()
    run = json.loads(file.read_bytes())
    first, second = run["decisions"]
    seen = {
        ("start", "end"): [between(run["started_at"], run["completed_at"]), spans["run clock"]],
        ("decide", "outcome"): [between(first["timestamp"], first["outcome"]["timestamp"]), spans["decide told"]],
        ("enter", "leave"): [
            between(second["timestamp"], second["outcome"]["timestamp"]),
            spans["decide measured"],
            second["outcome"]["latency_ms"],
        ],
    }
    assert all(duration >= 0 for durations in seen.values() for duration in durations)
    return [
        error_of(duration, told[begin], told[end]) for (begin, end), durations in seen.items() for duration in durations
    ]


def error_of(duration: float, begin: list[float], end: list[float]) -> float:
    """How far a duration is from the truth, which lies between the calls' ends; in milliseconds."""
    shortest, longest = end[0] - begin[1], end[1] - begin[0]
    return max(shortest - duration, duration - longest, 0.0)
