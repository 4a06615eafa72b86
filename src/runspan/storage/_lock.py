"""One writer at a time, without ever waiting. Knows nothing of what is written."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["try_lock"]

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
else:

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def try_lock(path: str | Path, *, dir_fd: int | None = None) -> Iterator[bool]:
    """Take a lock if it is free; the block runs either way and is told.

    The operating system gives the lock back when its holder dies. A holder that is stopped keeps it: who finds it
    taken leaves the work to be done later.

    Args:
        path: The lock's file, made if missing.
        dir_fd: The open folder it is in, for a bare name.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600, dir_fd=dir_fd)
    try:
        os.fchmod(descriptor, 0o600)  # whatever the umask
        try:
            _take(descriptor)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
