"""Files of a folder that is open: they appear whole or not at all, private, and never through a link. Knows no layout.

Everything is done by a file's bare name, relative to the folder's descriptor; its path is for messages alone.
"""

from __future__ import annotations

import errno
import itertools
import os
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from runspan.forking import in_one_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import TracebackType

__all__ = ["AS_FOLDER", "NO_FOLLOW", "TEMPORARY", "OpenFolder", "StrangeFileError"]

TEMPORARY: Final = ".tmp"
"""Ending of temporary names."""
NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
"""Flags for all that is opened by its bare name."""
AS_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
"""Flags for folders."""

_FILE_MODE: Final = 0o600
_LEFT_S: Final = 3_600.0
"""A temporary file of that age was left by a writer that died, in seconds."""


class StrangeFileError(OSError):
    """A link, folder or device is where a file should be."""


class _TemporaryNames:
    """Names that no other writer takes, without asking the system for random numbers each time."""

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Begin a series of our own; a forked child would go on with its parent's."""
        self._series = os.urandom(8).hex()
        self._numbers = itertools.count()

    def next(self) -> str:
        """Return the next one."""
        return f".{self._series}{next(self._numbers):x}{TEMPORARY}"


_TEMPORARY_NAMES: Final = _TemporaryNames()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_TEMPORARY_NAMES.start_anew)


class OpenFolder:
    """A folder while it is open, `with folder.opened() as it:`; several steps cost one way down from the root."""

    __slots__ = ("_open", "descriptor", "path")

    descriptor: int
    """For `dir_fd`."""
    path: Path
    """Where it was when it was opened, for messages."""

    def __init__(self, path: Path, open_folder: Callable[[], int]) -> None:
        """Made by a Folder only.

        Args:
            path: Where it is.
            open_folder: Gives its descriptor.
        """
        self.path = path
        self._open = open_folder

    def __enter__(self) -> Self:
        """Open it; a fork waits until it is closed.

        Raises:
            OSError: It cannot be opened, or a link is in the way.
        """
        in_one_process.__enter__()
        try:
            self.descriptor = self._open()
        except BaseException:
            in_one_process.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        try:
            os.close(self.descriptor)
        finally:
            in_one_process.__exit__(exc_type, exc, traceback)

    def write(self, name: str, data: bytes, *, durable: bool) -> None:
        """Write a file whole.

        Args:
            name: What is there under that name is replaced.
            data: All of it.
            durable: Whether it is there after a power loss, once this returns.

        Raises:
            OSError: It cannot be written; what was there is untouched.
        """
        temporary, folder = _TEMPORARY_NAMES.next(), self.descriptor
        try:
            _fill(temporary, folder, data, durable=durable)
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException as exc:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            if isinstance(exc, OSError):
                exc.filename, exc.filename2 = str(self.path / name), None
            raise
        if durable:
            os.fsync(folder)

    def sync(self, name: str | None = None) -> None:
        """Wait until a file, or without a name the folder itself, would survive a power loss.

        Raises:
            OSError: The disk fails.
        """
        if name is None:
            os.fsync(self.descriptor)
            return
        with suppress(FileNotFoundError):  # somebody has deleted it since
            descriptor = os.open(name, os.O_RDONLY | NO_FOLLOW, dir_fd=self.descriptor)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, None where there is none.

        Raises:
            StrangeFileError: Something else is in its place; a link is not followed.
            OSError: It is there and cannot be read.
        """
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | NO_FOLLOW, dir_fd=self.descriptor)
        except FileNotFoundError:
            return None
        except OSError as exc:
            if exc.errno == errno.ELOOP:
                raise StrangeFileError(errno.ELOOP, "a link, which is not followed", str(self.path / name)) from None
            exc.filename = str(self.path / name)
            raise
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise StrangeFileError(errno.EINVAL, "no regular file", str(self.path / name))
            return _read_all(descriptor, status.st_size)
        finally:
            os.close(descriptor)

    def open_append(self, name: str, *, create: bool) -> int:
        """Open a file to append to it; each write lands whole at its end.

        Args:
            name: The file.
            create: Make it, and refuse one that is there; otherwise it has to be there.

        Returns:
            A file descriptor.

        Raises:
            OSError: It cannot be opened; a link is not followed.
        """
        flags = os.O_WRONLY | os.O_APPEND | NO_FOLLOW | (os.O_CREAT | os.O_EXCL if create else 0)
        descriptor = os.open(name, flags, _FILE_MODE, dir_fd=self.descriptor)
        if create:
            os.fchmod(descriptor, _FILE_MODE)
        return descriptor

    def has(self, name: str) -> bool:
        """Return whether there is a file of that name; no for a link.

        Raises:
            OSError: That cannot be told now.
        """
        try:
            return stat.S_ISREG(self.stat(name).st_mode)
        except FileNotFoundError:
            return False

    def stat(self, name: str) -> os.stat_result:
        """Return what the system knows of a file.

        Raises:
            OSError: There is none.
        """
        return os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)

    def remove(self, name: str) -> bool:
        """Remove a file; return whether it was there."""
        try:
            os.unlink(name, dir_fd=self.descriptor)
        except FileNotFoundError:
            return False
        return True

    def set_aside(self, name: str) -> None:
        """Give a file, or what is in its place, a name that no reader looks for."""
        with suppress(FileNotFoundError):
            aside = f"{name}.broken-{time.time_ns()}"
            os.rename(name, aside, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def names(self, suffix: str) -> list[str]:
        """Return the names that end so, sorted."""
        return sorted([name for name in self.listed() if name.endswith(suffix) and name[0] != "."])

    def listed(self) -> list[str]:
        """Return all names, in no order, whatever they are."""
        return os.listdir(self.descriptor)  # noqa: PTH208 - a descriptor has no path

    def clean(self, temporary: Iterable[str]) -> bool:
        """Remove those temporary files that are of an hour ago or earlier; return whether all are gone."""
        oldest = time.time() - _LEFT_S
        are_removed = [self._is_removed(name, oldest) for name in temporary]
        return all(are_removed)

    def _is_removed(self, name: str, oldest: float) -> bool:
        with suppress(OSError):
            return self.stat(name).st_mtime < oldest and self.remove(name)
        return False


def _fill(name: str, folder: int, data: bytes, *, durable: bool) -> None:
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW, _FILE_MODE, dir_fd=folder)
    try:
        os.fchmod(descriptor, _FILE_MODE)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_all(descriptor: int, size: int) -> bytes:
    pieces = []
    while piece := os.read(descriptor, size + 1):  # until there is no more: it may have grown
        pieces.append(piece)
    return b"".join(pieces)
