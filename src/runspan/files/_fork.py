"""Keeps short-lived descriptors out of forked children: a lock that a child inherits is held as long as it lives.

Knows nothing of what is opened.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["in_one_process"]

_WAIT_S: Final = 1.0
"""How long a fork waits for other threads' blocks, and they for a fork: a disk may hang."""


class _Gate:
    """Blocks of all threads on one side, forks on the other; neither waits for ever."""

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Forget the other threads, in a child that does not have them."""
        self._changed = threading.Condition(threading.RLock())  # re-entrant: signal handlers record too
        self._blocks: dict[int, int] = {}  # how many each thread is in
        self._is_forking = False

    def enter(self, thread: int) -> None:
        with self._changed:
            if self._is_forking and thread not in self._blocks:
                self._changed.wait_for(lambda: not self._is_forking, _WAIT_S)
            self._blocks[thread] = self._blocks.get(thread, 0) + 1

    def leave(self, thread: int) -> None:
        with self._changed:
            depth = self._blocks.get(thread, 1) - 1
            if depth:
                self._blocks[thread] = depth
            else:
                self._blocks.pop(thread, None)
                if self._is_forking:
                    self._changed.notify_all()

    def before_fork(self) -> None:
        thread = threading.get_ident()
        with self._changed:
            self._is_forking = True
            self._changed.wait_for(lambda: self._blocks.keys() <= {thread}, _WAIT_S)

    def after_fork_in_parent(self) -> None:
        with self._changed:
            self._is_forking = False
            self._changed.notify_all()


_GATE: Final = _Gate()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_GATE.before_fork, after_in_parent=_GATE.after_fork_in_parent, after_in_child=_GATE.start_anew
    )


@contextmanager
def in_one_process() -> Iterator[None]:
    """Open, use and close files in the block: another thread that forks waits for it, for at most a second."""
    thread = threading.get_ident()
    _GATE.enter(thread)
    try:
        yield
    finally:
        _GATE.leave(thread)
