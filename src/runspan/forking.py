"""Keeps a process from forking while it holds what a child must not inherit. Knows nothing of what that is.

A child inherits descriptors, and with them file locks, which are then held as long as it lives; and the locks inside of
C libraries, which nobody in it will ever release.

Each thread has a lock of its own, which it holds inside of a block; who forks takes all of them. So nobody waits where
nobody forks, and a block costs no more than a lock that is free. Nobody waits for ever: a disk may hang.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["WAIT_S", "in_one_process", "mine"]

WAIT_S: Final = 1.0
"""How long a fork waits for other threads' blocks, and they for a fork."""


class _Mine(threading.local):
    """What belongs to the thread that looks."""

    def __init__(self) -> None:
        self.block = in_one_process.admit()
        """Held inside of blocks. Where a call is waiting it is taken without `with`, in half the time."""
        self.entered: list[bool] = []
        """Of each block inside another, whether the lock was to be had in time."""
        self.taken: list[Any] = []
        """The locks that this thread holds because it forks."""


class _Gate:
    """Blocks of all threads on one side, forks on the other."""

    forks = 0
    """How many forks lie between this process and the one that loaded this module.

    Two processes of one such family that see the same number are the same process, or cousins, and those share no
    objects. Looking costs a fifth of asking the system for the process's id.
    """

    def __init__(self) -> None:
        # All locks are re-entrant: signal handlers record too.
        self._changing = threading.RLock()  # guards _blocks; held while a thread forks, so that none comes in unseen
        self._blocks: weakref.WeakSet[Any] = weakref.WeakSet()

    def admit(self) -> Any:
        """Return a lock for a thread's blocks."""
        block = threading.RLock()
        is_mine = self._changing.acquire(timeout=WAIT_S)
        self._blocks.add(block)
        if is_mine:
            self._changing.release()
        return block

    def __enter__(self) -> None:
        mine.entered.append(mine.block.acquire(timeout=WAIT_S))

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if mine.entered.pop():
            mine.block.release()

    def before_fork(self) -> None:
        """Wait until no other thread is in a block."""
        deadline = time.monotonic() + WAIT_S
        self._take(self._changing, deadline)
        for block in list(self._blocks):
            self._take(block, deadline)

    def _take(self, lock: Any, deadline: float) -> None:
        if lock.acquire(timeout=max(deadline - time.monotonic(), 0)):
            mine.taken.append(lock)

    def after_fork_in_parent(self) -> None:
        """Let them go on."""
        while mine.taken:
            mine.taken.pop().release()

    def after_fork_in_child(self) -> None:
        """Forget the other threads; the one that has forked may be in a block."""
        self._changing = threading.RLock()
        self._blocks = weakref.WeakSet([mine.block])
        while mine.taken:
            if mine.taken.pop() is mine.block:
                mine.block.release()
        self.forks += 1


in_one_process: Final = _Gate()
"""`with in_one_process:` another thread that forks waits for the end of the block, for at most a second."""

mine: Final = _Mine()
"""`mine.block`: the lock behind it, of the thread that looks."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=in_one_process.before_fork,
        after_in_parent=in_one_process.after_fork_in_parent,
        after_in_child=in_one_process.after_fork_in_child,
    )
