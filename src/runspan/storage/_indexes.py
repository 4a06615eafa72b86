"""Indexes of a storage: which runs have a goal, a status, a node. Knows nothing else of a run.

Every change is first a marker of its own, written whole; then whoever gets the lock folds all markers into the index
files, one rename per index. So a writer that is stopped or killed at any instruction loses nothing, delays nobody, and
readers never see a torn index. Readers of ours add the markers that are not folded in yet. Only who has the lock
writes an index file, also to mend one.
"""

from __future__ import annotations

import time
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, cast

from runspan.files import Folder, StrangeFileError, try_lock
from runspan.storage._markers import KINDS, Change, Key, keys_of, read_markers, settle, write_marker
from runspan.storage._names import SUFFIX, file_name, id_of
from runspan.values import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import Protocol

    from runspan.files import OpenFolder

    class Runs(Protocol):
        """What indexes ask of the stored runs."""

        def has(self, run_id: str) -> bool:
            """Whether a run of that id is stored."""

        def keys(self, run_id: str) -> list[Key] | None:
            """Where a run belongs by its file; None where that does not tell."""

        def plain(self, names: Iterable[str] | None = None) -> Iterable[dict[str, Any]]:
            """The runs of these files, or all, in save order, as plain JSON data."""


__all__ = ["Indexes"]

_PENDING: Final = "pending"
_LOCK: Final = "lock"


class Indexes:
    """The indexes of one storage."""

    def __init__(self, root: Path, runs: Runs) -> None:
        """Name the folders; nothing is opened yet.

        Args:
            root: The storage's folder.
            runs: Its runs, to tell which changes have come and to mend a broken index from.
        """
        self._top = Folder(root, "indexes")
        self._folders = {kind: Folder(root, "indexes", kind) for kind in KINDS}
        self._pending = Folder(root, "indexes", _PENDING)
        self._runs = runs
        self._file_s = 0.0

    def make_folders(self) -> None:
        """Make what is missing; a folder of indexes that was missing is filled from the runs."""
        self._top.make()
        self._pending.make()
        were_missing = [folder.make() for folder in self._folders.values()]
        if any(were_missing):
            self.bring_in(list(self._changes_of(self._runs.plain())))

    # Writing.

    def mark(self, run_id: str, put: Iterable[Key], taken: Iterable[Key], *, replaces: bool = False) -> None:
        """Write a marker: the change named by it is about to come.

        Raises:
            OSError: It cannot be written.
        """
        write_marker(self._pending, Change(run_id, tuple(put), tuple(taken)), replaces=replaces)

    def size_of(self, keys: Iterable[Key]) -> int:
        """Return the bytes of the index files of these keys: what folding them costs in memory and time.

        Raises:
            OSError: The folders cannot be opened.
        """
        total = 0
        with self._top.opened() as top:
            for kind, some_id in keys:
                with suppress(FileNotFoundError), self._folders[kind].opened(top) as folder:
                    total += folder.stat(file_name(some_id)).st_size
        return total

    def expected_s(self, keys: Sequence[Key]) -> float:
        """Return how long it took last time to replace as many index files, in seconds; 0 before the first time.

        On some disks that is nothing, and on others longer than all the rest of a save: ext4 sends a file's data on its
        way before the file may take the place of another.
        """
        return len(keys) * self._file_s

    def fold(self, changes: Iterable[Change] = (), anew: Sequence[Key] = ()) -> bool:
        """Fold all markers in, if nobody else is at it.

        Args:
            changes: More changes, which have no markers.
            anew: Indexes to look at even if nothing changes in them; a broken one is mended.

        Returns:
            Whether all that has come about is in the index files now.

        Raises:
            OSError: An index cannot be read or written; the markers are still there.
        """
        with self._top.opened() as top, try_lock(_LOCK, dir_fd=top.descriptor) as is_mine:
            if not is_mine:
                return False
            with self._pending.opened(top) as pending:
                markers, broken = read_markers(pending)
                settled, needless = settle(markers, self._runs.keys, self._runs.has)
                missed = self._changes_of(self._runs.plain()) if broken else ()
                self._replace(top, _by_key((*missed, *changes, *settled)), anew)
                for marker in (*needless, *(marker for marker in markers if marker.is_forgotten())):
                    pending.remove(marker.name)
                for name in broken:
                    pending.set_aside(name)
        return True

    def _replace(self, top: OpenFolder, by_key: dict[Key, dict[str, bool]], anew: Sequence[Key]) -> None:
        """Write index files anew, folder after folder, and note how long one takes."""
        began = time.perf_counter()
        keys = dict.fromkeys((*anew, *by_key))
        for kind in dict.fromkeys(kind for kind, _ in keys):
            with self._folders[kind].opened(top) as folder:
                for key in (key for key in keys if key[0] == kind):
                    self._write(folder, key, _applied(self._mended(folder, key), by_key.get(key, {})))
        if keys:
            self._file_s = (time.perf_counter() - began) / len(keys)

    def work(self) -> bool:
        """Fold what was put off."""
        return self.fold()

    @staticmethod
    def _write(folder: OpenFolder, key: Key, run_ids: list[str]) -> None:
        if not run_ids:
            folder.remove(file_name(key[1]))
            return
        # The style of the original: one line, `", "` between.
        data = b"[" + b", ".join(dumps(run_id) for run_id in run_ids) + b"]"
        folder.write(file_name(key[1]), data, durable=False)

    def _mended(self, folder: OpenFolder, key: Key) -> list[str]:
        """Return what an index file holds; a broken one is moved aside and made from the runs."""
        stored = _stored(folder, key)
        if stored is not None:
            return stored
        folder.set_aside(file_name(key[1]))
        return self._from_runs(key)

    def _from_runs(self, key: Key) -> list[str]:
        return [change.run_id for change in self._changes_of(self._runs.plain()) if key in change.put]

    @staticmethod
    def _changes_of(runs: Iterable[dict[str, Any]]) -> Iterator[Change]:
        for run in runs:
            yield Change(str(run["id"]), tuple(keys_of(run)), ())

    # Mending.

    def is_behind(self) -> bool:
        """Whether there are changes that are not folded in yet."""
        return bool(self._pending.names(""))

    def heal(self, names: Iterable[str]) -> bool:
        """Bring in what a power loss, a copy or a hand has left out, as far as the indexes of the statuses tell.

        Args:
            names: The run files, listed just now.

        Returns:
            Whether nothing was left out.

        Raises:
            OSError: An index cannot be read or written.
        """
        if self.is_behind():
            self.fold()  # of writers that died before they could
        by_key = _by_key(self._changes())
        known = self._with_status(by_key)
        there = set(names)
        if there == {run_id + SUFFIX for run_id in known}:
            return True
        odd = {file_name(run_id): run_id for run_id in known if run_id + SUFFIX not in there}
        missing = there.difference(odd, [run_id + SUFFIX for run_id in known])
        gone = {run_id for name, run_id in odd.items() if name not in there and not self._runs.has(run_id)}
        changes = [change for change in self._changes_of(self._runs.plain(missing)) if not self._is_in(change, by_key)]
        changes += self._without(gone, by_key)
        self.bring_in(changes)
        return not missing and not gone

    def _with_status(self, by_key: dict[Key, dict[str, bool]]) -> dict[str, None]:
        keys = self._keys("by_status") + [key for key in by_key if key[0] == "by_status"]
        return dict.fromkeys(chain.from_iterable(self._with_changes(key, by_key) for key in keys))

    def bring_in(self, changes: list[Change]) -> None:
        """Fold changes that have come about and have no markers; where somebody else is at it, leave markers.

        Raises:
            OSError: An index or a marker cannot be written.
        """
        if changes and not self.fold(changes):
            for change in changes:
                self.mark(change.run_id, change.put, change.taken)

    def _is_in(self, change: Change, by_key: dict[Key, dict[str, bool]]) -> bool:
        """Whether a run without a status is in an index all the same."""
        has_status = any(kind == "by_status" for kind, _ in change.put)
        return not has_status and all(change.run_id in self._with_changes(key, by_key) for key in change.put[:1])

    def _without(self, gone: set[str], by_key: dict[Key, dict[str, bool]]) -> list[Change]:
        found: dict[str, list[Key]] = {run_id: [] for run_id in gone}
        for key in self._keys(*KINDS) if gone else ():
            for run_id in gone.intersection(self._with_changes(key, by_key)):
                found[run_id].append(key)
        return [Change(run_id, (), tuple(keys)) for run_id, keys in found.items()]

    def clean(self) -> bool:
        """Remove what writers that died have left; return whether nothing of the kind is there any more."""
        are_clean = [folder.clean() for folder in (*self._folders.values(), self._pending)]
        return all(are_clean)

    # Reading.

    def run_ids(self, key: Key) -> list[str]:
        """Return the runs of an index in save order, markers included."""
        # Changes before the index: one that is folded in meanwhile is seen twice, not never.
        return self._with_changes(key, _by_key(self._changes()))

    def all_run_ids(self) -> list[str]:
        """Return the runs of all statuses, markers included."""
        return list(self._with_status(_by_key(self._changes())))

    def _with_changes(self, key: Key, by_key: dict[Key, dict[str, bool]]) -> list[str]:
        folder = self._folders[key[0]]
        stored = _stored(folder, key)
        if stored is None:
            with suppress(OSError):
                self.fold(anew=(key,))
            stored = _stored(folder, key)
        return _applied(self._from_runs(key) if stored is None else stored, by_key.get(key, {}))

    def _changes(self) -> list[Change]:
        """Return the changes that have come about and are not folded in yet."""
        markers, broken = read_markers(self._pending)
        if broken:
            with suppress(OSError):
                self.fold()
            markers, _ = read_markers(self._pending)
        return settle(markers, self._runs.keys, self._runs.has)[0]

    def keys_with(self, run_id: str) -> list[Key]:
        """Return the indexes that name a run, for one whose own file does not tell any more."""
        by_key = _by_key(self._changes())
        keys = dict.fromkeys([*by_key, *self._keys(*KINDS)])
        return [key for key in keys if run_id in self._with_changes(key, by_key)]

    def _keys(self, *kinds: str) -> list[Key]:
        """Return the indexes that have a file whose name tells the id."""
        found = [(kind, id_of(name)) for kind in kinds for name in self._folders[kind].names(SUFFIX)]
        return [(kind, some_id) for kind, some_id in found if some_id is not None]

    def ids(self, kind: str) -> list[str]:
        """Return the ids that have an index of a kind, except those whose name is hashed."""
        changed = [value for change in self._changes() for key_kind, value in change.put if key_kind == kind]
        return list(dict.fromkeys([*(some_id for _, some_id in self._keys(kind)), *changed]))

    def hashed(self, kind: str) -> list[list[str]]:
        """Return what the index files hold whose names do not tell their ids."""
        folder = self._folders[kind]
        found = []
        for name in folder.names(SUFFIX):
            if id_of(name) is None:
                with suppress(OSError, ValueError):
                    found.append(_parsed(folder.read(name) or b"[]"))
        return found


def _by_key(changes: Iterable[Change]) -> dict[Key, dict[str, bool]]:
    """Return for each index which runs are put in (True) and taken out (False), in order; the last word counts."""
    found: dict[Key, dict[str, bool]] = {}
    for change in changes:
        for key in change.put:
            found.setdefault(key, {})[change.run_id] = True
        for key in change.taken:
            found.setdefault(key, {})[change.run_id] = False
    return found


def _stored(folder: Folder | OpenFolder, key: Key) -> list[str] | None:
    """Return what an index file holds, None for a broken one."""
    try:
        data = folder.read(file_name(key[1]))
        return [] if data is None else _parsed(data)
    except (ValueError, StrangeFileError):
        return None


def _applied(run_ids: list[str], changes: dict[str, bool]) -> list[str]:
    """Return an index's runs with changes applied: no duplicates, save order."""
    entries = dict.fromkeys(run_ids)
    for run_id, is_put in changes.items():
        if is_put:
            entries.setdefault(run_id, None)
        else:
            entries.pop(run_id, None)
    return list(entries)


def _parsed(data: bytes) -> list[str]:
    run_ids = loads(data)
    if not isinstance(run_ids, list) or not set(map(type, run_ids)) <= {str}:
        msg = "an index is one array of run ids"
        raise ValueError(msg)
    return cast("list[str]", run_ids)
