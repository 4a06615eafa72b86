"""Folders of a storage: files in them appear whole or not at all, private, and never through a link. Knows no format.

A file is written under a temporary name that no reader looks for, then renamed. From the storage's own folder down,
folders are opened one by one without following links, and everything in them by its name alone.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from runspan.files._opened import AS_FOLDER, NO_FOLLOW, TEMPORARY, OpenFolder
from runspan.forking import in_one_process

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["Folder", "make_folder"]

_FOLDER_MODE: Final = 0o700


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
                os.close(self._open())
            except FileNotFoundError:
                make_folder(self._root)
                os.close(self._open(is_made=True))
                return True
            return False

    def opened(self, outer: OpenFolder | None = None) -> OpenFolder:
        """Return it for a `with`, which opens it.

        Args:
            outer: The folder that it is in, where that is open already.
        """
        if outer is None:
            return OpenFolder(self.path, self._open)
        return OpenFolder(self.path, lambda: self._step(outer.descriptor, self._names[-1]))

    def _open(self, *, is_made: bool = False) -> int:
        try:
            descriptor = os.open(self._root, AS_FOLDER)
        except NotADirectoryError:
            raise _no_folder(self._root) from None
        for name in self._names:
            outer = descriptor
            try:
                if is_made:
                    _make_inside(outer, name)
                descriptor = self._step(outer, name)
            finally:
                os.close(outer)
        return descriptor

    def _step(self, outer: int, name: str) -> int:
        try:
            return os.open(name, AS_FOLDER | NO_FOLLOW, dir_fd=outer)
        except NotADirectoryError:
            raise _no_folder(self.path) from None
        except OSError as exc:
            exc.filename = str(self.path)
            raise

    # One step each, as OpenFolder has them.

    def write(self, name: str, data: bytes, *, durable: bool) -> None:
        """Write a file whole."""
        with self.opened() as folder:
            folder.write(name, data, durable=durable)

    def sync(self, name: str | None = None) -> None:
        """Wait until a file, or without a name the folder itself, would survive a power loss."""
        with self.opened() as folder:
            folder.sync(name)

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, None where there is none, or no such folder."""
        try:
            with self.opened() as folder:
                return folder.read(name)
        except FileNotFoundError:
            return None

    def open_append(self, name: str, *, create: bool) -> int:
        """Open a file to append to it, and return its descriptor."""
        with self.opened() as folder:
            return folder.open_append(name, create=create)

    def move(self, name: str, other: Folder) -> None:
        """Move a file to another folder; what is there under its name is replaced.

        Raises:
            OSError: It cannot be moved.
        """
        with self.opened() as folder, other.opened() as target:
            os.rename(name, name, src_dir_fd=folder.descriptor, dst_dir_fd=target.descriptor)

    def has(self, name: str) -> bool:
        """Return whether there is a file of that name; no for a link, and where there is no such folder."""
        try:
            with self.opened() as folder:
                return folder.has(name)
        except FileNotFoundError:
            return False

    def stat(self, name: str) -> os.stat_result:
        """Return what the system knows of a file."""
        with self.opened() as folder:
            return folder.stat(name)

    def remove(self, name: str) -> bool:
        """Remove a file; return whether it was there."""
        try:
            with self.opened() as folder:
                return folder.remove(name)
        except FileNotFoundError:
            return False

    def set_aside(self, name: str) -> None:
        """Give a file, or what is in its place, a name that no reader looks for."""
        with self.opened() as folder:
            folder.set_aside(name)

    def names(self, suffix: str) -> list[str]:
        """Return the names that end so, sorted; none where there is no such folder."""
        return sorted([name for name in self.listed() if name.endswith(suffix) and name[0] != "."])

    def listed(self) -> list[str]:
        """Return all names, in no order, whatever they are; none where there is no such folder."""
        try:
            with self.opened() as folder:
                return folder.listed()
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
        with self.opened() as folder:
            return folder.clean(left)


def _make_inside(outer: int, name: str) -> None:
    try:
        os.mkdir(name, _FOLDER_MODE, dir_fd=outer)
    except FileExistsError:
        return
    os.chmod(name, _FOLDER_MODE, dir_fd=outer)
