"""Whether a storage has changed since it was last mended. Knows nothing of how that is done.

Mending compares the names of all run files with the indexes. Folders and index files carry the time of their last
change, which no program can set: as long as those are the same there is nothing new to compare, however many runs there
are. A restart of the machine makes it look again, for what a power loss may have undone.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runspan.storage._names import SUFFIX
from runspan.values import dumps

if TYPE_CHECKING:
    from runspan.files import Folder

__all__ = ["Seen"]

_NAME: Final = "seen"
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_CALM_NS: Final = 2_000_000_000
"""Times of changes are coarse: a change this recent may be followed by another one of the same time."""


class Seen:
    """What run files and indexes were like when there was nothing to mend, in a file of its own."""

    def __init__(self, top: Folder, runs: Folder, statuses: Folder) -> None:
        """Take the folders.

        Args:
            top: Of the indexes; the file is there.
            runs: Of the run files.
            statuses: Of the indexes that every run is in.
        """
        self._top = top
        self._folders = (runs, statuses)
        self._statuses = statuses

    def now(self) -> bytes | None:
        """Return what they are like now; None where that cannot be told, or is changing."""
        with suppress(OSError):
            found = [self._of_folder(folder) for folder in self._folders]
            found += [_told(self._statuses.stat(name)) for name in self._statuses.names(SUFFIX)]
            if time.time_ns() - max(changed_ns for *_, changed_ns in found) >= _CALM_NS:
                return dumps([_BOOT.read_text(encoding="ascii").strip(), *found])
        return None

    @staticmethod
    def _of_folder(folder: Folder) -> list[int]:
        with folder.opened() as it:
            return _told(os.fstat(it.descriptor))

    def is_same(self, state: bytes) -> bool:
        """Return whether that is what they were like."""
        with suppress(OSError):
            return self._top.read(_NAME) == state
        return False

    def remember(self, state: bytes) -> None:
        """Keep what they are like, with nothing to mend."""
        with suppress(OSError):  # one that may only be read is looked at each time
            self._top.write(_NAME, state, durable=False)


def _told(known: os.stat_result) -> list[int]:
    return [known.st_dev, known.st_ino, known.st_size, known.st_ctime_ns]
