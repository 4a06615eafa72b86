"""Files that appear whole or not at all, private, and never through a link. Knows no format.

A file is written under a temporary name that no reader looks for, then renamed. Folders are opened without following
links, and everything in them by its name alone.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["TEMPORARY", "list_names", "make_folder", "open_append", "read_file", "remove_file", "write_file"]

TEMPORARY: Final = ".tmp"
"""Ending of temporary names."""

_FILE_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents, private whatever the umask.

    Raises:
        OSError: It cannot be made; NotADirectoryError where something else is in the way.
    """
    if folder.is_dir():
        return
    if folder.exists() or folder.is_symlink():
        raise NotADirectoryError(f"{folder} is no folder")
    make_folder(folder.parent)
    with suppress(FileExistsError):  # another process was first
        folder.mkdir(_FOLDER_MODE)
        folder.chmod(_FOLDER_MODE)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_FOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write_file(path: Path, data: bytes, *, durable: bool) -> None:
    """Write a file whole.

    Args:
        path: Where; what is there is replaced.
        data: All of it.
        durable: Whether it is there after a power loss, once this returns.

    Raises:
        OSError: It cannot be written; what was there is untouched.
    """
    with _opened(path.parent) as folder:
        temporary = f".{secrets.token_hex(8)}{TEMPORARY}"
        try:
            _fill(temporary, folder, data, durable=durable)
            os.rename(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise
        if durable:
            os.fsync(folder)


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


def read_file(path: Path) -> bytes | None:
    """Return a file's bytes, None where there is none.

    Raises:
        OSError: It is there and cannot be read; a link is not followed.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | _NO_FOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no regular file")
        return file.read()


def open_append(path: Path, *, create: bool) -> int:
    """Open a file to append to it; each write lands whole at its end, whoever else writes.

    Args:
        path: Where.
        create: Make it, and refuse one that is there; otherwise it has to be there.

    Returns:
        A file descriptor.

    Raises:
        OSError: It cannot be opened; a link is not followed.
    """
    flags = os.O_WRONLY | os.O_APPEND | _NO_FOLLOW
    descriptor = os.open(path, flags | (os.O_CREAT | os.O_EXCL if create else 0), _FILE_MODE)
    if create:
        os.fchmod(descriptor, _FILE_MODE)
    return descriptor


def remove_file(path: Path) -> bool:
    """Remove a file; return whether it was there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def list_names(folder: Path, suffix: str) -> list[str]:
    """Return the names in a folder that end so, sorted; none where there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.name.endswith(suffix) and entry.name[0] != ".")
    except FileNotFoundError:
        return []
