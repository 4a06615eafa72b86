"""The journals of one storage: which process each belongs to, and how long those of ended runs stay.

Knows nothing of what the lines say.
"""

from __future__ import annotations

import atexit
import os
import secrets
import threading
import time
import weakref
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from runspan.files import Folder, hold_lock, is_held
from runspan.journal._journal import Handles, Journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["JournalFolder", "StoredJournals", "forget_kept"]

_SUFFIX: Final = ".jsonl"
_LOCK_SUFFIX: Final = ".lock"
_JOURNAL: Final = "journal"
_ENDED: Final = "ended"
_LOCKS: Final = "locks"
_FORK_WAIT_S: Final = 1.0
_MAX_KEPT_S: Final = 600.0
_MAX_KEPT_BYTES: Final = 64 * 1024 * 1024


class StoredJournals:
    """What journals a storage holds, whoever wrote them. Makes nothing."""

    def __init__(self, storage: Path) -> None:
        """Look at a storage.

        Args:
            storage: Its folder.
        """
        root = storage.absolute()
        self.open_runs = Folder(root, _JOURNAL)
        self.ended_runs = Folder(root, _JOURNAL, _ENDED)
        self._locks = Folder(root, _JOURNAL, _LOCKS)

    def open(self) -> list[str]:
        """Return the names of the journals in `open_runs`: of runs that are open, or whose process died."""
        return self.open_runs.names(_SUFFIX)

    def ended(self) -> list[str]:
        """Return the names of the journals in `ended_runs`: of runs whose spans may not have left."""
        return self.ended_runs.names(_SUFFIX)

    def is_needed(self) -> bool:
        """Whether there may be anything to recover."""
        return bool(self.open() or self.ended())

    def is_alive(self, owner: str) -> bool:
        """Whether the process lives that a journal names; a name that is none of ours belongs to nobody.

        Raises:
            OSError: Its lock cannot be looked at.
        """
        if not owner or os.sep in owner or "\0" in owner:
            return False
        try:
            with self._locks.opened() as folder:
                return is_held(owner, dir_fd=folder.descriptor)
        except FileNotFoundError:
            return False

    def move_to_ended(self, name: str) -> None:
        """Move a journal to those of ended runs.

        Raises:
            OSError: It cannot be moved.
        """
        self.ended_runs.make()
        self.open_runs.move(name, self.ended_runs)

    def remove_free_locks(self) -> None:
        """Remove the lock files of dead processes: a lock that is gone is held by nobody, as one that is free."""
        for name in self._locks.names(_LOCK_SUFFIX):
            if not self.is_alive(name):
                self._locks.remove(name)


class JournalFolder(StoredJournals):
    """This process's journals in one storage. Safe to use from any thread."""

    def __init__(self, storage: Path, *, now: Callable[[], float] = time.monotonic) -> None:
        """Make nothing yet; the first journal makes the folders and takes the process's lock.

        Args:
            storage: Its folder.
            now: Seconds, never going back.
        """
        super().__init__(storage)
        self.handles = Handles()
        self._now = now
        self._lock = threading.Lock()  # guards _owner, _close_owner, _kept and _kept_bytes
        self._owner = ""
        self._close_owner: weakref.finalize[..., JournalFolder] | None = None
        self._kept: deque[tuple[float, str, int]] = deque()
        self._kept_bytes = 0
        _ALIVE.add(self)

    @classmethod
    def shared(cls, storage: Path) -> JournalFolder:
        """Return this process's folder for a storage: all its Runtimes share one lock and one count of handles."""
        path = storage.absolute()
        with _SHARED_LOCK:
            folder = _SHARED.get(str(path))
            if folder is None:
                folder = _SHARED[str(path)] = cls(path)
            return folder

    def journal(self, run_id: str, head: Callable[[str], bytes], *, durable: bool = False) -> Journal:
        """Return a new journal for a run of this process.

        Args:
            run_id: The run.
            head: Gives the first line, which names the lock file that this process holds.
            durable: Whether each line is safe from a power loss.
        """
        return Journal(self, f"{run_id}{_SUFFIX}", head, durable=durable)

    def owner(self) -> str:
        """Return the name of this process's lock file, which is held from now on.

        Raises:
            OSError: It cannot be made.
        """
        with self._lock:
            if not self._owner:
                self._locks.make()
                name = f"{os.getpid()}-{secrets.token_hex(4)}{_LOCK_SUFFIX}"
                with self._locks.opened() as folder:
                    descriptor = hold_lock(name, dir_fd=folder.descriptor)
                self._close_owner = weakref.finalize(self, _give_back, descriptor, self._locks, name)
                self._close_owner.atexit = False  # runs may still end at exit; `_give_all_back` comes after them
                self._owner = name
            return self._owner

    # Ended runs.

    def retain(self, name: str) -> None:
        """Keep the journal of an ended run until its spans have left, for at most 10 minutes and 64 MiB in all."""
        self.move_to_ended(name)
        size = self.ended_runs.stat(name).st_size
        with self._lock:
            self._kept.append((self._now(), name, size))
            self._kept_bytes += size
            latest = self._now() - _MAX_KEPT_S
            surplus = []
            while self._kept and (self._kept[0][0] < latest or self._kept_bytes > _MAX_KEPT_BYTES):
                _, oldest, freed = self._kept.popleft()
                self._kept_bytes -= freed
                surplus.append(oldest)
        for oldest in surplus:
            self.ended_runs.remove(oldest)

    def forget_kept(self) -> None:
        """Remove the journals of this process's ended runs: their spans have left."""
        with self._lock:
            kept, self._kept, self._kept_bytes = self._kept, deque(), 0
        for _, name, _ in kept:
            with suppress(OSError):
                self.ended_runs.remove(name)

    def give_back(self) -> None:
        """Give the process's lock back: from now on its journals are those of a dead process."""
        with self._lock:
            closing, self._close_owner, self._owner = self._close_owner, None, ""
        if closing is not None:
            closing()

    def before_fork(self) -> bool:
        """Keep other threads from taking the process's lock while this one forks; return whether that worked."""
        return self._lock.acquire(timeout=_FORK_WAIT_S)

    def after_fork_in_parent(self) -> None:
        """Let them go on."""
        self._lock.release()

    def after_fork(self) -> None:
        """Start anew in a forked child, which has neither lock nor journals yet."""
        self._lock = threading.Lock()
        self._kept, self._kept_bytes = deque(), 0
        closing, self._close_owner, self._owner = self._close_owner, None, ""
        if closing is not None:
            found = closing.detach()
            if found is not None:
                os.close(found[2][0])
        self.handles.after_fork()


def _give_back(descriptor: int, folder: Folder, name: str) -> None:
    with suppress(OSError):
        folder.remove(name)
    os.close(descriptor)


def forget_kept() -> None:
    """Remove the journals of all ended runs of this process: their spans have left."""
    for folder in list(_ALIVE):
        folder.forget_kept()


def _give_all_back() -> None:
    for folder in list(_ALIVE):
        folder.give_back()


class _Fork:
    """What happens to all folders of a process that forks."""

    def __init__(self) -> None:
        self._held: list[JournalFolder] = []

    def before(self) -> None:
        self._held = [folder for folder in list(_ALIVE) if folder.before_fork()]

    def in_parent(self) -> None:
        held, self._held = self._held, []
        for folder in held:
            folder.after_fork_in_parent()

    def in_child(self) -> None:
        global _SHARED_LOCK  # noqa: PLW0603 - another thread of the parent may have held it
        _SHARED_LOCK = threading.Lock()
        self._held = []
        for folder in list(_ALIVE):
            folder.after_fork()


_SHARED: Final[weakref.WeakValueDictionary[str, JournalFolder]] = weakref.WeakValueDictionary()
_SHARED_LOCK = threading.Lock()
_ALIVE: Final[weakref.WeakSet[JournalFolder]] = weakref.WeakSet()
_FORK: Final = _Fork()

# Registered when this module loads, before any Runtime is made: it runs after what Runtimes do at exit.
atexit.register(_give_all_back)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_FORK.before, after_in_parent=_FORK.in_parent, after_in_child=_FORK.in_child)
