"""Folders of a storage: files in them appear whole or not at all, private, and never through a link. Knows no format.

A file is written under a temporary name that no reader looks for, then renamed. From the storage's own folder down,
folders are opened one by one without following links, and everything in them by its name alone.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from runspan.forking import in_one_process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["TEMPORARY", "Folder", "StrangeFileError", "make_folder"]

TEMPORARY: Final = ".tmp"
"""Ending of temporary names."""

_FILE_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_AS_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_USUAL_BYTES: Final = 65_536
_LEFT_S: Final = 3_600.0
"""A temporary file of that age was left by a writer that died, in seconds."""


class StrangeFileError(OSError):
    """A link, folder or device is where a file should be."""


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents, private whatever the umask.

    Raises:
        OSError: It cannot be made; NotADirectoryError where something else is in the way.
    """
    if folder.is_dir():
        return
    if folder.exists() or folder.is_symlink():
        raise _no_folder(folder)
    make_folder(folder.parent)
    with suppress(FileExistsError):  # another process was first
        folder.mkdir(_FOLDER_MODE)
        folder.chmod(_FOLDER_MODE)


def _no_folder(path: Path) -> NotADirectoryError:
    return NotADirectoryError(errno.ENOTDIR, "is no folder", str(path))


class Folder:
    """A folder of a storage, opened anew for each use: somebody may remove it and make another."""

    path: Path
    """Where it is, for messages."""

    def __init__(self, root: Path, *names: str) -> None:
        """Name it; nothing is opened yet.

        Args:
            root: The storage's folder; this one may be a link.
            names: Folders from there down to this one; none of them may be a link.
        """
        self.path = root.joinpath(*names)
        self._root = root
        self._names = names

    def make(self) -> bool:
        """Make it where it is missing; one that is there keeps its mode. Return whether it was missing.

        Raises:
            OSError: It cannot be made; NotADirectoryError where a file or a link is in the way.
        """
        with in_one_process:
            try:
                os.close(self._open(is_made=False))
            except FileNotFoundError:
                make_folder(self._root)
                os.close(self._open(is_made=True))
                return True
            return False

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Open it; gives a descriptor for `dir_fd`.

        Raises:
            OSError: It cannot be opened, or a link is in the way.
        """
        with in_one_process:
            descriptor = self._open(is_made=False)
            try:
                yield descriptor
            finally:
                os.close(descriptor)

    def _open(self, *, is_made: bool) -> int:
        try:
            descriptor = os.open(self._root, _AS_FOLDER)
        except NotADirectoryError:
            raise _no_folder(self._root) from None
        for name in self._names:
            outer = descriptor
            try:
                if is_made:
                    _make_inside(outer, name)
                descriptor = os.open(name, _AS_FOLDER | _NO_FOLLOW, dir_fd=outer)
            except NotADirectoryError:
                raise _no_folder(self.path) from None
            except OSError as exc:
                exc.filename = str(self.path)
                raise
            finally:
                os.close(outer)
        return descriptor

    def write(self, name: str, data: bytes, *, durable: bool) -> None:
        """Write a file whole.

        Args:
            name: What is there under that name is replaced.
            data: All of it.
            durable: Whether it is there after a power loss, once this returns.

        Raises:
            OSError: It cannot be written; what was there is untouched.
        """
        with self.opened() as folder:
            temporary = f".{os.urandom(8).hex()}{TEMPORARY}"
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
        with self.opened() as folder:
            if name is None:
                os.fsync(folder)
                return
            with suppress(FileNotFoundError):  # somebody has deleted it since
                descriptor = os.open(name, os.O_RDONLY | _NO_FOLLOW, dir_fd=folder)
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
        with in_one_process:
            descriptor = self._open_regular(name)
            if descriptor is None:
                return None
            try:
                return _whole(descriptor)
            finally:
                os.close(descriptor)

    def _open_regular(self, name: str) -> int | None:
        try:
            folder = self._open(is_made=False)
            try:
                descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | _NO_FOLLOW, dir_fd=folder)
            finally:
                os.close(folder)
        except FileNotFoundError:
            return None
        except OSError as exc:
            if exc.errno == errno.ELOOP:
                raise StrangeFileError(errno.ELOOP, "a link, which is not followed", str(self.path / name)) from None
            exc.filename = str(self.path / name)
            raise
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise StrangeFileError(errno.EINVAL, "no regular file", str(self.path / name))
        return descriptor

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
        flags = os.O_WRONLY | os.O_APPEND | _NO_FOLLOW | (os.O_CREAT | os.O_EXCL if create else 0)
        with self.opened() as folder:
            descriptor = os.open(name, flags, _FILE_MODE, dir_fd=folder)
        if create:
            os.fchmod(descriptor, _FILE_MODE)
        return descriptor

    def move(self, name: str, other: Folder) -> None:
        """Move a file to another folder; what is there under its name is replaced.

        Raises:
            OSError: It cannot be moved.
        """
        with self.opened() as folder, other.opened() as target:
            os.rename(name, name, src_dir_fd=folder, dst_dir_fd=target)

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
        with self.opened() as folder:
            return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def remove(self, name: str) -> bool:
        """Remove a file; return whether it was there."""
        try:
            with self.opened() as folder:
                os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            return False
        return True

    def set_aside(self, name: str) -> None:
        """Give a file, or what is in its place, a name that no reader looks for."""
        with self.opened() as folder, suppress(FileNotFoundError):
            os.rename(name, f"{name}.broken-{time.time_ns()}", src_dir_fd=folder, dst_dir_fd=folder)

    def names(self, suffix: str) -> list[str]:
        """Return the names that end so, sorted; none where there is no such folder."""
        return sorted([name for name in self.listed() if name.endswith(suffix) and name[0] != "."])

    def listed(self) -> list[str]:
        """Return all names, in no order, whatever they are; none where there is no such folder."""
        try:
            with self.opened() as folder:
                return os.listdir(folder)  # noqa: PTH208 - a descriptor has no path
        except FileNotFoundError:
            return []

    def clean(self, names: Iterable[str] | None = None) -> bool:
        """Remove temporary files of writers that died an hour ago or earlier; return whether there are none now.

        Args:
            names: All that is there, where somebody has listed it just now.
        """
        there = self.listed() if names is None else names
        left = [name for name in there if name.endswith(TEMPORARY) and name[0] == "."]
        if not left:
            return True
        oldest = time.time() - _LEFT_S
        with self.opened() as folder:
            are_removed = [_is_removed(name, folder, oldest) for name in left]
        return all(are_removed)


def _whole(descriptor: int) -> bytes:
    """Return what a file holds."""
    data = os.read(descriptor, _USUAL_BYTES)
    if not (rest := os.read(descriptor, _USUAL_BYTES)):  # most are there at the first try
        return data
    with os.fdopen(os.dup(descriptor), "rb", buffering=0) as file:
        return data + rest + file.readall()


def _is_removed(name: str, folder: int, oldest: float) -> bool:
    with suppress(OSError):
        if os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime < oldest:
            os.unlink(name, dir_fd=folder)
            return True
    return False


def _make_inside(outer: int, name: str) -> None:
    try:
        os.mkdir(name, _FOLDER_MODE, dir_fd=outer)
    except FileExistsError:
        return
    os.chmod(name, _FOLDER_MODE, dir_fd=outer)


def _fill(name: str, folder: int, data: bytes, *, durable: bool) -> None:
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, _FILE_MODE, dir_fd=folder)
    try:
        os.fchmod(descriptor, _FILE_MODE)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
