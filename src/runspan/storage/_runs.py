"""Run files as plain JSON data, as far as they tell: a broken one is passed over. Knows neither models nor indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runspan.files import StrangeFileError
from runspan.storage._markers import keys_of
from runspan.storage._names import SUFFIX, file_name, id_of
from runspan.values import loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runspan.files import Folder, OpenFolder
    from runspan.storage._markers import Key

__all__ = ["StoredRuns"]


class StoredRuns:
    """The runs in a folder."""

    def __init__(self, folder: Folder | OpenFolder) -> None:
        """Take the folder; nothing is read yet."""
        self._folder = folder

    def has(self, run_id: str) -> bool:
        """Return whether a run of that id is stored."""
        return self._folder.has(file_name(run_id))

    def keys(self, run_id: str) -> list[Key] | None:
        """Return where a run belongs by its file; None where that does not tell."""
        run = self.named(file_name(run_id))
        return keys_of(run) if run is not None and "goal_id" in run else None

    def named(self, name: str) -> dict[str, Any] | None:
        """Return the run of a file name, None where there is none or it is broken.

        Raises:
            OSError: It cannot be read now.
        """
        try:
            run = loads(self._folder.read(name) or b"null")
        except (StrangeFileError, ValueError):
            return None
        return run if isinstance(run, dict) else None

    def ids_in(self, names: Iterable[str]) -> list[str]:
        """Return the run ids of file names, except of those that do not tell."""
        end = -len(SUFFIX)
        ids = [name[:end] if "%" not in name else self._id_in(name) for name in names]
        return [run_id for run_id in ids if run_id is not None]

    def _id_in(self, name: str) -> str | None:
        """Return the run id of a file name; a hashed name's id stands in the file."""
        run_id = id_of(name)
        if run_id is None:
            run = self.named(name)
            run_id = str(run["id"]) if run is not None and "id" in run else None
        return run_id

    def plain(self, names: Iterable[str] | None = None) -> Iterator[dict[str, Any]]:
        """Give the runs of these files, or all, in save order."""
        aged = []
        for name in self._folder.names(SUFFIX) if names is None else names:
            try:
                aged.append((self._folder.stat(name).st_mtime_ns, name))
            except FileNotFoundError:  # deleted meanwhile
                continue
        for _, name in sorted(aged):
            run = self.named(name)
            if run is not None and isinstance(run.get("id"), str) and file_name(run["id"]) == name:
                yield run
