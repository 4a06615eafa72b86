"""Many runs written one after another at less cost each. Knows no spans, and of a storage only its folders.

Every few hundred runs the disk is waited for, for many files at the same time, and the indexes follow, without markers:
a storage that is opened after a crash finds the runs that no index knows.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from runspan.native import summarize
from runspan.storage._markers import Change, keys_of
from runspan.storage._names import file_name
from runspan.values import dumps

if TYPE_CHECKING:
    from collections.abc import Callable

    from runspan.files import Folder
    from runspan.storage._indexes import Indexes

__all__ = ["Bulk"]

_MOST_UNFOLDED: Final = 500
"""Runs that no index knows yet."""

_WAITING: Final = 8
"""Files that are waited for at the same time: file systems bring many to disk in one go."""


class Bulk:
    """Writes runs; made by `FileStorage.writing_many`."""

    def __init__(self, runs: Folder, summaries: Folder, indexes: Indexes, replace: Callable[..., object]) -> None:
        """Take a storage's folders.

        Args:
            runs: Of run files.
            summaries: Of their summaries.
            indexes: Of the storage.
            replace: Writes a run whose id is stored already.
        """
        self._runs = runs
        self._summaries = summaries
        self._indexes = indexes
        self._replace = replace
        self._changes: list[Change] = []

    def write(self, data: bytes, run: dict[str, Any], *, is_new: bool = False) -> None:
        """Write a run whose file's bytes are known.

        Args:
            data: As for `FileStorage.write_run`.
            run: As for `FileStorage.write_run`.
            is_new: No run of that id is stored; the caller has looked just now.

        Raises:
            OSError: It cannot be written; what was stored is untouched.
        """
        run_id = str(run["id"])
        name = file_name(run_id)
        if not is_new and self._runs.has(name):
            self.fold()
            self._replace(data, run)
            return
        summary = dumps(summarize(run), indent=True)
        self._summaries.write(name, summary, durable=False)
        self._runs.write(name, data, durable=False)
        self._changes.append(Change(run_id, tuple(keys_of(run)), ()))
        if len(self._changes) >= _MOST_UNFOLDED:
            self.fold()

    def fold(self) -> None:
        """Wait until what was written would survive a power loss, and bring the indexes up to date.

        Raises:
            OSError: Either cannot be done.
        """
        changes, self._changes = self._changes, []
        if changes:
            with self._runs.opened() as runs:
                with ThreadPoolExecutor(_WAITING) as pool:
                    list(pool.map(runs.sync, [file_name(change.run_id) for change in changes]))
                runs.sync()
        self._indexes.bring_in(changes)
