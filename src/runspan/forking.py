"""Keeps a process from forking while it holds what a child must not inherit. Knows nothing of what that is.

A child inherits descriptors, and with them file locks, which are then held as long as it lives; and the locks inside of
C libraries, which nobody in it will ever release.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["in_one_process"]

_WAIT_S: Final = 1.0
"""How long a fork waits for other threads' blocks, and they for a fork: a disk may hang."""


class _Gate:
    """Blocks of all threads on one side, forks on the other; neither waits for ever.

    A block writes its own entry and then looks whether somebody forks; who forks says so and then looks at the entries.
    So no lock is taken where nobody forks: half a microsecond a block, in the midst of every call.
    """

    forks = 0
    """How many forks lie between this process and the one that loaded this module.

    Two processes of one such family that see the same number are the same process, or cousins, and those share no
    objects. Looking costs a fifth of asking the system for the process's id.
    """

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Forget the other threads, in a child that does not have them."""
        self._changed = threading.Condition(threading.RLock())  # re-entrant: signal handlers record too
        self._depths: dict[int, int] = {}  # of each thread's blocks inside each other
        self._is_forking = False

    def __enter__(self) -> None:
        thread = threading.get_ident()
        depth = self._depths.get(thread, 0)
        self._depths[thread] = depth + 1
        if self._is_forking and not depth:
            self._wait(thread)

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        thread = threading.get_ident()
        depth = self._depths.get(thread, 0)
        if depth > 1:
            self._depths[thread] = depth - 1
            return
        self._depths.pop(thread, None)
        if self._is_forking:
            with self._changed:
                self._changed.notify_all()

    def _wait(self, thread: int) -> None:
        with self._changed:
            del self._depths[thread]
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._is_forking, _WAIT_S)
            self._depths[thread] = 1

    def before_fork(self) -> None:
        """Wait until no other thread is in a block."""
        thread = threading.get_ident()
        with self._changed:
            self._is_forking = True
            self._changed.wait_for(lambda: set(self._depths) <= {thread}, _WAIT_S)

    def after_fork_in_parent(self) -> None:
        """Let them go on."""
        with self._changed:
            self._is_forking = False
            self._changed.notify_all()

    def after_fork_in_child(self) -> None:
        """Forget the other threads; the one that has forked may be in a block."""
        depth = self._depths.get(threading.get_ident(), 0)
        self.start_anew()
        self.forks += 1
        if depth:
            self._depths[threading.get_ident()] = depth


in_one_process: Final = _Gate()
"""`with in_one_process:` another thread that forks waits for the end of the block, for at most a second."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=in_one_process.before_fork,
        after_in_parent=in_one_process.after_fork_in_parent,
        after_in_child=in_one_process.after_fork_in_child,
    )
