"""Work that is put off: within a second, on one thread of the process, and at exit. Knows nothing of the work."""

from __future__ import annotations

import atexit
import logging
import math
import os
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from runspan.health import PROCESS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Work", "at_exit", "soon"]

_logger = logging.getLogger("runspan.storage")

_DELAY_S: Final = 0.5
_LONGEST_DELAY_S: Final = 5.0
_EXIT_S: Final = 2.0


class Work(Protocol):
    """What can be put off."""

    def work(self) -> bool:
        """Do it; return whether nothing is left to do."""


@dataclass(slots=True)
class _Turn:
    """When work is to be done."""

    at: float
    """As `time.monotonic()` tells it."""
    delay_s: float = _DELAY_S
    """How long it waits if it is not done then."""


class _Background:
    """A thread that sleeps until work is due: half a second after it was added, ever later while it fails."""

    def __init__(self) -> None:
        self.turns: weakref.WeakKeyDictionary[Work, _Turn] = weakref.WeakKeyDictionary()
        self.last: list[Callable[[float], None]] = []
        self.start_anew()

    def start_anew(self) -> None:
        """Begin without a thread: a forked child inherits neither it nor the right to its locks."""
        self._changed = threading.Condition(threading.Lock())  # guards turns and _thread
        self._thread: threading.Thread | None = None

    def add(self, work: Work) -> None:
        """Have work done soon."""
        soon = time.monotonic() + _DELAY_S
        with self._changed:
            turn = self.turns.setdefault(work, _Turn(math.inf))
            if turn.at > soon:  # else the thread knows of it, and would be woken for nothing
                turn.at = soon
                self._changed.notify()
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._run, name="runspan-storage", daemon=True)
                with suppress(RuntimeError):  # no more threads, or the interpreter is about to end: at exit, then
                    thread.start()
                    self._thread = thread

    def _run(self) -> None:
        while True:
            with self._changed:
                first = min((turn.at for turn in self.turns.values()), default=None)
                rest_s = None if first is None else first - time.monotonic()
                if rest_s is None or rest_s > 0:
                    self._changed.wait(rest_s)
                    continue
            self.work(time.monotonic())

    def work(self, now: float) -> None:
        """Do what is due by now; what fails is due again, each time twice as late."""
        with self._changed:
            due = {work: turn for work, turn in self.turns.items() if turn.at <= now}
            for work in due:
                del self.turns[work]
        for work, turn in due.items():
            if not self._is_done(work):
                delay_s = min(2 * turn.delay_s, _LONGEST_DELAY_S)
                with self._changed:
                    self.turns.setdefault(work, _Turn(time.monotonic() + delay_s, delay_s))

    @staticmethod
    def _is_done(work: Work) -> bool:
        try:
            return work.work()
        except OSError as exc:  # a full disk, say
            _logger.info("put off again: %s", exc)
            return False
        except Exception as exc:  # noqa: BLE001 - nobody waits for it; it is counted
            PROCESS.error(_logger, "storage", exc, "work of the storage's that was put off has failed")
            return True

    def finish(self) -> None:
        """Do at exit what is still due, and say that nobody will later."""
        ends = time.monotonic() + _EXIT_S
        self.work(math.inf)
        for last in self.last:
            last(ends)


_BACKGROUND: Final = _Background()
atexit.register(_BACKGROUND.finish)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_BACKGROUND.start_anew)


def soon(work: Work) -> None:
    """Have work done within a second, or at exit; not at all if nobody else holds on to it."""
    _BACKGROUND.add(work)


def at_exit(last: Callable[[float], None]) -> None:
    """Have something called when all is done at exit, with the `time.monotonic()` until which it may take."""
    _BACKGROUND.last.append(last)
