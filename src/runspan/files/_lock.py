"""One writer at a time, without ever waiting. Knows nothing of what is written."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from runspan.forking import in_one_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["hold_lock", "is_held", "try_lock"]


try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    import msvcrt

    _ACCESS = os.O_RDWR

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
else:
    # A file open for writing would keep its file system from being made read-only.
    _ACCESS = os.O_RDONLY

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_FLAGS = _ACCESS | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


_SHORT_LIVED: Final[set[int]] = set()
"""Locks that are taken for a piece of work, which may be longer than a fork waits."""


def _drop_inherited() -> None:
    """Close the parent's locks in a forked child: they would be held as long as it lives."""
    while _SHORT_LIVED:
        with suppress(OSError):
            os.close(_SHORT_LIVED.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drop_inherited)


@contextmanager
def try_lock(path: str | Path, *, dir_fd: int | None = None) -> Iterator[bool]:
    """Take a lock if it is free; the block runs either way and is told.

    The operating system gives the lock back when its holder dies. A holder that is stopped keeps it: who finds it
    taken leaves the work to be done later.

    Args:
        path: The lock's file, made if missing.
        dir_fd: The open folder it is in, for a bare name.
    """
    with in_one_process:
        descriptor = _open(path, dir_fd)
        _SHORT_LIVED.add(descriptor)
        try:
            yield _is_taken(descriptor)
        finally:
            _SHORT_LIVED.discard(descriptor)
            os.close(descriptor)


def _open(path: str | Path, dir_fd: int | None) -> int:
    with suppress(FileNotFoundError):
        return os.open(path, _FLAGS, dir_fd=dir_fd)
    descriptor = os.open(path, _FLAGS | os.O_CREAT, 0o600, dir_fd=dir_fd)
    os.fchmod(descriptor, 0o600)  # whatever the umask
    return descriptor


def _is_taken(descriptor: int) -> bool:
    try:
        _take(descriptor)
    except OSError:
        return False
    return True


def hold_lock(name: str, *, dir_fd: int) -> int:
    """Take a new lock and keep it; it appears held, and is free again when this process is gone.

    Args:
        name: The lock's file, which must not be there yet.
        dir_fd: The open folder it is in.

    Returns:
        A file descriptor; closing it gives the lock back.

    Raises:
        OSError: It cannot be made.
    """
    hidden = f".{name}.tmp"
    descriptor = os.open(hidden, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=dir_fd)
    try:
        os.fchmod(descriptor, 0o600)
        _take(descriptor)
        os.rename(hidden, name, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_held(name: str, *, dir_fd: int) -> bool:
    """Whether somebody alive holds a lock; one whose file is gone is held by nobody.

    Args:
        name: The lock's file.
        dir_fd: The open folder it is in.

    Raises:
        OSError: It is there and cannot be opened.
    """
    try:
        descriptor = os.open(name, _FLAGS, dir_fd=dir_fd)
    except FileNotFoundError:
        return False
    try:
        return not _is_taken(descriptor)
    finally:
        os.close(descriptor)
