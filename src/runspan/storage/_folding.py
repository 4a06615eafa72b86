"""Folding that is put off: within a second, on one thread of the process. Knows indexes only as something to fold."""

from __future__ import annotations

import atexit
import logging
import threading
import weakref
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from runspan.storage._indexes import Indexes

__all__ = ["fold_soon"]

_logger = logging.getLogger("runspan.storage")

_DELAY_S: Final = 0.5


class _Folder:
    """A thread that sleeps until there is something to fold, and folds it half a second later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _due and _thread
        self._due: weakref.WeakSet[Indexes] = weakref.WeakSet()
        self._thread: threading.Thread | None = None
        self._wanted = threading.Event()

    def add(self, indexes: Indexes) -> None:
        """Have indexes folded soon."""
        with self._lock:
            self._due.add(indexes)
            # A forked child inherits the object but not the thread.
            if self._thread is None or not self._thread.is_alive():
                self._wanted = threading.Event()
                self._thread = threading.Thread(target=self._run, name="runspan-fold", daemon=True)
                self._thread.start()
        self._wanted.set()

    def _run(self) -> None:
        never = threading.Event()
        while True:
            self._wanted.wait()
            never.wait(_DELAY_S)
            self._wanted.clear()
            for indexes in self.fold_all():
                self.add(indexes)

    def fold_all(self) -> list[Indexes]:
        """Fold what is due; return those whose lock somebody else has, who may not have seen our markers."""
        with self._lock:
            due, self._due = self._due, weakref.WeakSet()
        return [indexes for indexes in due if not self._fold(indexes)]

    @staticmethod
    def _fold(indexes: Indexes) -> bool:
        try:
            return indexes.fold()
        except Exception:
            # The markers are there: who reads or saves next does it.
            _logger.exception("indexes could not be folded; they will be later")
            return True


_FOLDER: Final = _Folder()
atexit.register(_FOLDER.fold_all)


def fold_soon(indexes: Indexes) -> None:
    """Have indexes folded within a second, or at exit."""
    _FOLDER.add(indexes)
