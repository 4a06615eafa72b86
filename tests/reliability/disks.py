"""Small disks that can be filled, emptied and made read-only. Knows nothing of what is stored on them."""

from __future__ import annotations

import errno
import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.reliability.tools import give_up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["PAGE", "Disk", "disk"]

PAGE = os.sysconf("SC_PAGE_SIZE")
"""What the disk gives out at a time, in bytes."""


class Disk:
    """A file system in memory."""

    def __init__(self, path: Path) -> None:
        """Name the folder it is mounted at."""
        self.path = path
        self._filler = path / "filler"

    def fill(self, *, free: int) -> None:
        """Fill it up but for so many pages."""
        descriptor = os.open(self._filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            while os.write(descriptor, b"x" * PAGE):
                pass
        except OSError as exc:
            if exc.errno != errno.ENOSPC:
                raise
        finally:
            os.close(descriptor)
        os.truncate(self._filler, max(0, self._filler.stat().st_size - free * PAGE))

    def empty(self) -> None:
        """Give the room back."""
        self._filler.unlink()

    def remount(self, mode: str) -> None:
        """Make it read-only (`ro`) or writable again (`rw`)."""
        subprocess.run(["mount", "-o", f"remount,{mode}", str(self.path)], check=True)


@contextmanager
def disk(path: Path, *, size_kib: int = 256) -> Iterator[Disk]:
    """Mount a small disk at a new folder; skips where that is not allowed."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(path)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as exc:
        give_up(f"no file system can be mounted: {exc}")
    if mounted.returncode:
        give_up(f"no file system can be mounted: {mounted.stderr.strip()}")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)
