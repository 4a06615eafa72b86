"""Time for runs: one reading serves file and span alike. Knows no run.

Within a run times come from the monotonic clock, anchored at the wall clock when the run starts, so that a clock that
is set back never makes a negative duration.
"""

from __future__ import annotations

import time
from typing import Final, Protocol

from runspan.native import format_timestamp
from runspan.record import Stamp

__all__ = ["SYSTEM_CLOCK", "Clock", "RunClock"]


class Clock(Protocol):
    """Where time comes from; tests give their own."""

    def wall_ns(self) -> int:
        """Return nanoseconds since the epoch."""

    def monotonic_ns(self) -> int:
        """Return nanoseconds since some fixed instant; never goes back."""


class _SystemClock:
    wall_ns = staticmethod(time.time_ns)
    monotonic_ns = staticmethod(time.monotonic_ns)


SYSTEM_CLOCK: Final[Clock] = _SystemClock()
"""The machine's clocks."""


class RunClock:
    """The clock of one run: whole microseconds, UTC, never going back."""

    __slots__ = ("_clock", "_offset_ns", "started")

    def __init__(self, clock: Clock) -> None:
        """Anchor it now; `started` is this instant."""
        self._clock = clock
        wall_ns = clock.wall_ns() // 1_000 * 1_000
        self._offset_ns = wall_ns - clock.monotonic_ns()
        self.started = Stamp(format_timestamp(wall_ns // 1_000), wall_ns)

    def now(self) -> Stamp:
        """Read the clock."""
        unix_us = (self._clock.monotonic_ns() + self._offset_ns) // 1_000
        return Stamp(format_timestamp(unix_us), unix_us * 1_000)

    def elapsed_ms(self, since: Stamp) -> int:
        """Return whole milliseconds since an instant of this run."""
        return (self._clock.monotonic_ns() + self._offset_ns - since.unix_nano) // 1_000_000
