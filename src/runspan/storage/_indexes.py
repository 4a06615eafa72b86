"""Indexes of a storage: which runs have a goal, a status, a node. Knows nothing else of a run.

Every change is first a marker of its own, written whole; then whoever gets the lock folds all markers into the index
files, one rename per index. So a writer that is stopped or killed at any instruction loses nothing, delays nobody, and
readers never see a torn index. Readers of ours add the markers that are not folded in yet.
"""

from __future__ import annotations

import itertools
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from runspan.files import list_names, make_folder, read_file, remove_file, try_lock, write_file
from runspan.storage._names import SUFFIX, file_name, id_of
from runspan.values import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["KINDS", "Indexes", "Key", "Marker", "keys_of"]

KINDS: Final = ("by_goal", "by_status", "by_node")
"""The folders of indexes."""

Key = tuple[str, str]
"""Kind and id: which index."""

_PENDING: Final = "pending"
_MARKER_SUFFIX: Final = ".marker"
_LOCK: Final = "lock"
_FORGOTTEN_S: Final = 3_600.0
"""A marker whose run never came is dropped after this time, in seconds."""

_numbers = itertools.count()


def keys_of(run: dict[str, Any]) -> list[Key]:
    """Return the indexes a native run belongs in."""
    metrics = run.get("metrics")
    nodes = metrics.get("nodes_executed") if isinstance(metrics, dict) else None
    keys = [("by_goal", run.get("goal_id")), ("by_status", run.get("status"))]
    keys += [("by_node", node) for node in nodes] if isinstance(nodes, list) else []
    return list(dict.fromkeys((kind, value) for kind, value in keys if isinstance(value, str)))


@dataclass(frozen=True, slots=True)
class Marker:
    """One change: a run put into indexes and taken out of others."""

    name: str
    """File name; sorts by the time of the change."""
    run_id: str
    """The run."""
    put: tuple[Key, ...]
    """Indexes it belongs in; none for a deleted run."""
    taken: tuple[Key, ...]
    """Indexes it belongs in no more."""


class Indexes:
    """The indexes below one folder."""

    def __init__(self, folder: Path, has_run: Callable[[str], bool], all_runs: Callable[[], Iterable[Any]]) -> None:
        """Make the folders.

        Args:
            folder: `indexes/` of a storage.
            has_run: Whether a run of that id is stored.
            all_runs: The stored runs in save order, as plain JSON data, to rebuild a broken index from.
        """
        self._folder = folder
        self._has_run = has_run
        self._all_runs = all_runs
        self.make_folders()

    def make_folders(self) -> None:
        """Make what is missing."""
        for name in (*KINDS, _PENDING):
            make_folder(self._folder / name)

    # Writing.

    def mark(self, run_id: str, put: Iterable[Key], taken: Iterable[Key]) -> str:
        """Write a marker; return its name."""
        name = f"{time.time_ns():020d}-{os.getpid():010d}-{next(_numbers):010d}{_MARKER_SUFFIX}"
        data = dumps({"run_id": run_id, "put": list(put), "taken": list(taken)})
        write_file(self._folder / _PENDING / name, data, durable=False)
        return name

    def size_of(self, keys: Iterable[Key]) -> int:
        """Return the bytes of the index files of these keys: what folding them costs."""
        total = 0
        for key in keys:
            try:
                total += self._path(key).stat().st_size
            except OSError:
                continue
        return total

    def fold(self) -> bool:
        """Fold all markers in, if nobody else is at it.

        Returns:
            Whether all of them are in the index files now.
        """
        with try_lock(self._folder / _LOCK) as is_mine:
            if not is_mine:
                return False
            markers = [marker for marker in self._markers() if self._is_due(marker)]
            for key in dict.fromkeys(key for marker in markers for key in (*marker.put, *marker.taken)):
                self._write(key, _applied(self._stored(key), key, markers))
            for marker in markers:
                remove_file(self._folder / _PENDING / marker.name)
        return True

    def _is_due(self, marker: Marker) -> bool:
        """Whether a marker can be folded in: its run is there; or it never came, and only the marker is removed."""
        return not marker.put or self._has_run(marker.run_id) or self._age_s(marker) > _FORGOTTEN_S

    @staticmethod
    def _age_s(marker: Marker) -> float:
        return time.time() - int(marker.name[:20]) / 1e9

    def _write(self, key: Key, run_ids: list[str]) -> None:
        present = [run_id for run_id in run_ids if self._has_run(run_id)] if len(run_ids) < 2 else run_ids  # noqa: PLR2004
        if not present:
            remove_file(self._path(key))
            return
        # The style of the original: one line, `", "` between.
        data = b"[" + b", ".join(dumps(run_id) for run_id in present) + b"]"
        write_file(self._path(key), data, durable=False)

    # Reading.

    def run_ids(self, key: Key) -> list[str]:
        """Return the runs of an index in save order, markers included."""
        markers = self._markers()
        put = {marker.run_id for marker in markers if key in marker.put}
        entries = _applied(self._stored(key), key, markers)
        return [run_id for run_id in entries if run_id not in put or self._has_run(run_id)]

    def keys_with(self, run_id: str) -> list[Key]:
        """Return the indexes that name a run, for one whose own file does not tell any more."""
        keys = [(kind, some_id) for kind in KINDS for some_id in self.ids(kind) if some_id is not None]
        return [key for key in keys if run_id in self.run_ids(key)]

    def ids(self, kind: str) -> list[str | None]:
        """Return the ids that have an index of a kind; None for each whose name is hashed."""
        found = {name: id_of(name) for name in list_names(self._folder / kind, SUFFIX)}
        for marker in self._markers():
            found |= {file_name(value): value for key_kind, value in marker.put if key_kind == kind}
        return list(found.values())

    def hashed_paths(self, kind: str) -> list[Path]:
        """Return the index files whose names do not tell their ids."""
        return [self._folder / kind / name for name in list_names(self._folder / kind, SUFFIX) if id_of(name) is None]

    def _path(self, key: Key) -> Path:
        return self._folder / key[0] / file_name(key[1])

    def _stored(self, key: Key) -> list[str]:
        """Return what the index file holds; a broken one is moved aside and made anew."""
        path = self._path(key)
        data = read_file(path)
        if data is None:
            return []
        try:
            return _parsed(data)
        except ValueError:
            path.rename(path.with_name(f"{path.name}.broken-{time.time_ns()}"))
            return self._rebuilt(key)

    def _rebuilt(self, key: Key) -> list[str]:
        run_ids = [str(run["id"]) for run in self._all_runs() if key in keys_of(run)]
        self._write(key, run_ids)
        return run_ids

    def rebuild(self) -> None:
        """Make all indexes anew from the stored runs."""
        for run in self._all_runs():
            self.mark(str(run["id"]), keys_of(run), ())
        self.fold()

    def is_empty(self) -> bool:
        """Whether there is neither index nor marker."""
        return not any(list_names(self._folder / kind, SUFFIX) for kind in KINDS) and not self._markers()

    def _markers(self) -> list[Marker]:
        """Return the markers that are not folded in yet, oldest first."""
        found = []
        for name in list_names(self._folder / _PENDING, _MARKER_SUFFIX):
            data = read_file(self._folder / _PENDING / name)
            if data is not None:
                content = cast("dict[str, Any]", loads(data))
                put, taken = (tuple((kind, value) for kind, value in content[field]) for field in ("put", "taken"))
                found.append(Marker(name, content["run_id"], put, taken))
        return found


def _applied(run_ids: list[str], key: Key, markers: Iterable[Marker]) -> list[str]:
    """Return an index's runs with markers applied: no duplicates, save order."""
    entries = dict.fromkeys(run_ids)
    for marker in markers:
        if key in marker.put:
            entries.setdefault(marker.run_id, None)
        elif key in marker.taken:
            entries.pop(marker.run_id, None)
    return list(entries)


def _parsed(data: bytes) -> list[str]:
    run_ids = loads(data)
    if not isinstance(run_ids, list) or not all(isinstance(run_id, str) for run_id in run_ids):
        msg = "an index is one array of run ids"
        raise ValueError(msg)
    return cast("list[str]", run_ids)
