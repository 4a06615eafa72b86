"""What was lost or ignored in this process, counted by cause; and the boundary that keeps our faults from the agent.

Knows nothing of what the causes mean: the words come from the callers.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import traceback
import weakref
from typing import TYPE_CHECKING, Final

from runspan.errors import RunspanError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["PROCESS", "Health", "contained", "health"]

_logger = logging.getLogger(__name__)

_LOG_INTERVAL_S: Final = 60.0
"""A cause is logged at once, then at most once in this time, with the count since."""

_SPEAKING: Final = (OSError, MemoryError, RunspanError)
"""What these say is the system's or ours."""

STRICT = False
"""Let faults through instead of counting them. Our own test suite sets it, so that a fault fails a test."""


class Health:
    """Counts of losses by cause. One for each Runtime, and one for the process that they all add to."""

    def __init__(self, parent: Health | None = None) -> None:
        """Start with nothing lost.

        Args:
            parent: Counted along with this one.
        """
        self._parent = parent
        self._lock = threading.Lock()  # guards _counts, _unlogged and _logged_at
        self._counts: dict[str, int] = {}
        self._unlogged: dict[str, int] = {}
        self._logged_at: dict[str, float] = {}
        _ALIVE.add(self)

    def report(self) -> dict[str, int]:
        """Return a copy of the counts, cause -> times."""
        with self._lock:
            return dict(self._counts)

    def count(self, cause: str, times: int = 1) -> None:
        """Count without a log line."""
        with self._lock:
            self._counts[cause] = self._counts.get(cause, 0) + times
        if self._parent is not None:
            self._parent.count(cause, times)

    def warn(self, logger: logging.Logger, cause: str, message: str, *args: object) -> None:
        """Count an ignored call or a doubtful value, and log it as a warning, at most once a minute for a cause."""
        self._log(logger, logging.WARNING, cause, message, *args)

    def error(self, logger: logging.Logger, cause: str, exc: BaseException, message: str, *args: object) -> None:
        """Count a loss and log it as an error with where it happened, at most once a minute for a cause.

        What a fault says may quote a value, and values are not for logs: only the system's and our own words are told.
        """
        self._log(logger, logging.ERROR, cause, message, *args, fault=exc)

    def _log(
        self,
        logger: logging.Logger,
        level: int,
        cause: str,
        message: str,
        *args: object,
        fault: BaseException | None = None,
    ) -> None:
        self.count(cause)
        repeats = self._due(cause)
        if repeats is None:
            return
        if repeats:
            message, args = message + " (and %d times before, not logged)", (*args, repeats)
        if fault is not None:
            message, args = message + "\n%s", (*args, _Told(fault))
        logger.log(level, message, *args)

    def _due(self, cause: str) -> int | None:
        """Return how many lines were held back since the last one, or None while the next one has to wait."""
        now = time.monotonic()
        with self._lock:
            last = self._logged_at.get(cause)
            if last is not None and now - last < _LOG_INTERVAL_S:
                self._unlogged[cause] = self._unlogged.get(cause, 0) + 1
                return None
            self._logged_at[cause] = now
            return self._unlogged.pop(cause, 0)

    def _after_fork(self) -> None:
        self._lock = threading.Lock()


class _Told:
    """A fault as a log tells it; made to text only where the line is written."""

    def __init__(self, exc: BaseException) -> None:
        self._exc = exc

    def __str__(self) -> str:
        exc = self._exc
        frames = "".join(traceback.format_tb(exc.__traceback__))
        words = f": {exc}" if isinstance(exc, _SPEAKING) else ""
        return f"{frames}{type(exc).__qualname__}{words}"


def _replace_locks() -> None:
    """Give a forked child locks of its own: another thread of its parent may have held one."""
    for health in list(_ALIVE):
        health._after_fork()  # noqa: SLF001 - its own module


_ALIVE: Final[weakref.WeakSet[Health]] = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_replace_locks)

PROCESS: Final = Health()
"""The counts of this process; every Runtime's and exporter's are added here."""


def health() -> dict[str, int]:
    """Return what was lost or ignored in this process so far, cause -> count; empty when all is well.

    A forked child starts with its parent's counts.
    """
    return PROCESS.report()


class contained:  # noqa: N801 - read as a statement: `with contained("storage", health):`
    """Keep a fault of our own from the agent: logged and counted, never raised. Never around the agent's code."""

    __slots__ = ("_cause", "_health")

    def __init__(self, cause: str, health: Health | None) -> None:
        """Name what fails.

        Args:
            cause: Word the fault is counted under.
            health: Where it is counted; None lets faults through, to a caller who wants to hear of them.
        """
        self._cause = cause
        self._health = health

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        """Swallow an Exception unless `STRICT`; KeyboardInterrupt and its like pass."""
        if exc is None or STRICT or self._health is None or not isinstance(exc, Exception):
            return False
        self.note(exc)
        return True

    def note(self, exc: Exception) -> None:
        """Take a fault that was caught by `except Exception`: where every call passes, `with` would cost too much.

        Raises:
            Exception: That fault, where it is to be let through.
        """
        if STRICT or self._health is None:
            raise exc
        message = "runspan could not do its part (%s); the agent is not affected"
        self._health.error(_logger, self._cause, exc, message, self._cause)
