"""Finished runs whose files could not be written yet, and wait in memory. Knows no files: it is told how to write.

One backlog for the process, so that its bounds hold for all storages together. What falls out of it, or still waits
when the process ends, is lost and counted.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final

from runspan.storage._background import at_exit, soon

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runspan.health import Health

__all__ = ["BACKLOG", "INDEX_LATE", "RUN_LATE", "RUN_LOST", "Waiting"]

_logger = logging.getLogger("runspan.storage")

RUN_LATE: Final = "run file late"
"""A run's file could not be written at once; counted once for each run."""

RUN_LOST: Final = "run file lost"
"""A run's file was not written, and nobody will try again."""

INDEX_LATE: Final = "index late"
"""A run's file is there, and its index entries could not be written at once."""

_MAX_RUNS: Final = 1_000
_MAX_BYTES: Final = 64 * 1_024 * 1_024
_MAX_FAILURES: Final = 3
"""After so many failures in a row the rest waits for the next round."""

_numbers = count()


@dataclass(slots=True, kw_only=True)
class Waiting:
    """A run that waits."""

    path: Path
    """Its file."""
    data: bytes
    """The file's content."""
    write: Callable[[], object]
    """Writes file and index entries; raises OSError where it cannot."""
    health: Health
    """Where it is counted."""
    is_on_disk: bool
    """Whether the file is there, and only index entries are missing."""
    tries: int = 0
    """How often it was tried again."""
    number: int = field(default_factory=lambda: next(_numbers))
    """Sorts by age."""


class Backlog:
    """Runs that wait, by the paths of their files."""

    def __init__(self, *, max_runs: int = _MAX_RUNS, max_bytes: int = _MAX_BYTES) -> None:
        """Begin with none.

        Args:
            max_runs: Most runs that wait.
            max_bytes: Most bytes of their files together.
        """
        self._max_runs = max_runs
        self._max_bytes = max_bytes
        self._is_over = False
        self.start_anew()

    def start_anew(self) -> None:
        """Begin with none: in a forked child, what waits is the parent's."""
        self._lock = threading.Lock()  # guards _waiting and _bytes
        self._waiting: dict[Path, Waiting] = {}
        self._bytes = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def keep(self, waiting: Waiting, problem: OSError) -> None:
        """Have a run wait; an earlier one of the same file waits no more.

        Args:
            waiting: The run.
            problem: Why it has to wait.
        """
        with self._lock:
            before = self._take(waiting.path)
            self._waiting[waiting.path] = waiting
            self._bytes += len(waiting.data)
            fallen = self._fallen()
        if waiting.is_on_disk:
            message = "%s has no index entries yet; runspan will try again"
            waiting.health.error(_logger, INDEX_LATE, problem, message, waiting.path)
        elif before is None or before.is_on_disk:
            message = "%s cannot be written now; it is kept in memory, and runspan will try again"
            waiting.health.error(_logger, RUN_LATE, problem, message, waiting.path)
        for each in fallen:
            self._lose(each, "too many wait")
        if self._is_over:
            self.finish(0)
        else:
            soon(self)

    def _take(self, path: Path) -> Waiting | None:
        found = self._waiting.pop(path, None)
        self._bytes -= len(found.data) if found is not None else 0
        return found

    def _fallen(self) -> list[Waiting]:
        fallen = []
        while len(self._waiting) > self._max_runs or self._bytes > self._max_bytes:
            oldest = min(self._waiting.values(), key=lambda waiting: waiting.number)
            self._take(oldest.path)
            fallen.append(oldest)
        return fallen

    @staticmethod
    def _lose(waiting: Waiting, why: str) -> None:
        if not waiting.is_on_disk:
            waiting.health.warn(_logger, RUN_LOST, "%s was not written, and never will be: %s", waiting.path, why)

    def forget(self, path: Path) -> bool:
        """Let a file wait no more; return whether it did."""
        with self._lock:
            return self._take(path) is not None

    def data_of(self, path: Path) -> bytes | None:
        """Return the content of a file that waits, None where none does."""
        waiting = self._waiting.get(path)
        return waiting.data if waiting is not None else None

    def work(self) -> bool:
        """Try again, those first that were tried least; return whether none is left."""
        return self._work(_MAX_FAILURES, None)

    def _work(self, max_failures: int | None, ends: float | None) -> bool:
        with self._lock:
            waiting = sorted(self._waiting.values(), key=lambda waiting: (waiting.tries, waiting.number))
        failures = 0
        for each in waiting:
            if (ends is not None and time.monotonic() > ends) or failures == max_failures:
                break
            try:
                each.write()
            except OSError:
                each.tries += 1
                failures += 1
            else:
                failures = 0
                with self._lock:
                    if self._waiting.get(each.path) is each:
                        self._take(each.path)
        return not self._waiting

    def finish(self, ends: float) -> None:
        """Try for the last time, and count what is lost.

        Args:
            ends: When to stop trying, as `time.monotonic()` tells it.
        """
        self._is_over = True
        self._work(None, ends)
        with self._lock:
            lost, self._waiting, self._bytes = list(self._waiting.values()), {}, 0
        for each in lost:
            self._lose(each, "the process ends")


BACKLOG: Final = Backlog()
"""The one of this process."""

at_exit(BACKLOG.finish)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=BACKLOG.start_anew)
