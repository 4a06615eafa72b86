"""One run's journal while it is written: each line is one append. Knows nothing of what the lines say."""

from __future__ import annotations

import errno
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from runspan.forking import in_one_process
from runspan.journal._frames import frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from runspan.journal._folder import JournalFolder

__all__ = ["Handles", "Journal"]

_MAX_OPEN: Final = 64
_MAX_WAITING: Final = 1024 * 1024
"""Bytes a journal keeps for a disk that does not take them now."""

_CLOSED: Final = -1


class Journal:
    """Takes one line per call, each by one append, so that what was written survives the process."""

    __slots__ = ("_descriptor", "_durable", "_folder", "_head", "_is_made", "_lock", "_waiting", "name")

    def __init__(
        self, folder: JournalFolder, name: str, head: Callable[[str], bytes], *, durable: bool = False
    ) -> None:
        """Make nothing yet.

        Args:
            folder: Whose process it belongs to.
            name: Of its file.
            head: Gives the first line, which names the lock file that the process holds.
            durable: Whether a line is on disk, safe from a power loss, before `append` returns.
        """
        self.name = name
        self._folder = folder
        self._head = head
        self._durable = durable
        self._lock = threading.RLock()  # guards the rest; re-entrant: signal handlers record too
        self._descriptor = _CLOSED
        self._is_made = False
        self._waiting = b""

    def begin(self) -> None:
        """Make the file, with its first line.

        Raises:
            OSError: The disk does not take it; it is tried again with the next line.
        """
        self._write(b"")

    def append(self, payload: bytes) -> None:
        """Write one line.

        Raises:
            OSError: The disk does not take it; it is tried again with the next line. What waits like that is bounded
                by 1 MiB, and a line beyond that is dropped.
        """
        self._write(frame(payload))

    def _write(self, data: bytes) -> None:
        with self._lock:
            if self._waiting:
                data = self._waiting + data
            try:
                if self._descriptor == _CLOSED:
                    data = self._open() + data
                written = os.write(self._descriptor, data)
            except OSError:
                if len(data) <= _MAX_WAITING:
                    self._waiting = data
                raise
            # Only we append to this file: what the disk did not take goes on exactly where it has stopped.
            self._waiting = data[written:]
            if self._waiting:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder.open_runs.path / self.name))
            if self._durable:
                os.fsync(self._descriptor)

    def _open(self) -> bytes:
        """Open the file; return the first line if it is new."""
        line = b"" if self._is_made else frame(self._head(self._folder.owner()))
        with in_one_process:
            if not self._is_made:
                self._folder.open_runs.make()
            self._descriptor = self._folder.open_runs.open_append(self.name, create=not self._is_made)
            self._is_made = True
            self._folder.handles.admit(self)
        return line

    def release(self) -> bool:
        """Close the file until the next line; return whether that could be done, for the journal may be in use."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._close()
        finally:
            self._lock.release()
        return True

    def _close(self) -> None:
        with in_one_process:
            descriptor, self._descriptor = self._descriptor, _CLOSED
            if descriptor != _CLOSED:
                os.close(descriptor)

    def finish(self, *, keep: bool) -> None:
        """Close it for good, once the run file is written.

        Args:
            keep: Whether spans of the run may still wait in this process; the journal serves for them until they left.

        Raises:
            OSError: It cannot be moved or removed.
        """
        with self._lock:
            self._close()
            self._folder.handles.forget(self)
            if not self._is_made:
                return
            if keep:
                self._folder.retain(self.name)
            else:
                self._folder.open_runs.remove(self.name)

    def leave(self) -> None:
        """Close it and let it lie: the run file could not be written, and it is what a later process can recover."""
        with self._lock:
            self._close()
            self._folder.handles.forget(self)

    def forget(self) -> None:
        """Close our copy of the file in a forked child; the run is the parent's."""
        self._lock = threading.RLock()
        with suppress(OSError):
            self._close()


class Handles:
    """The journals that have their file open: at most 64."""

    def __init__(self) -> None:
        """Start with none."""
        self._lock = threading.Lock()  # guards _open
        self._open: dict[Journal, None] = {}

    def admit(self, journal: Journal) -> None:
        """Count a journal as open; the one opened longest ago gives its file back, unless it is being written."""
        with self._lock:
            self._open[journal] = None
            surplus = len(self._open) - _MAX_OPEN
            for other in list(self._open)[: max(surplus, 0) * 2]:
                if surplus > 0 and other is not journal and other.release():
                    del self._open[other]
                    surplus -= 1

    def forget(self, journal: Journal) -> None:
        """Count a journal as closed."""
        with self._lock:
            self._open.pop(journal, None)

    def after_fork(self) -> None:
        """Give a forked child no journal of its parent's."""
        self._lock = threading.Lock()
        journals, self._open = list(self._open), {}
        for journal in journals:
            journal.forget()
