"""Markers: one small file for each change of the indexes, written before the change. Knows no index file.

A marker counts once its change has come about: the run's file is there, or is gone, or holds what the marker says.
Whoever dies between marker and change leaves a marker that never counts, and is forgotten.
"""

from __future__ import annotations

import itertools
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from runspan.files import StrangeFileError
from runspan.values import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runspan.files import Folder, OpenFolder

__all__ = ["KINDS", "Change", "Key", "Marker", "keys_of", "read_markers", "settle", "write_marker"]

KINDS: Final = ("by_goal", "by_status", "by_node")
"""The folders of indexes."""

Key = tuple[str, str]
"""Kind and id: which index."""

_SUFFIX: Final = ".marker"
_DIGITS: Final = 20
_FORGOTTEN_S: Final = 3_600.0
"""A marker whose change never came is dropped after this time, in seconds."""

_numbers = itertools.count()


def keys_of(run: dict[str, Any]) -> list[Key]:
    """Return the indexes a native run belongs in."""
    metrics = run.get("metrics")
    nodes = metrics.get("nodes_executed") if isinstance(metrics, dict) else None
    keys = [("by_goal", run.get("goal_id")), ("by_status", run.get("status"))]
    keys += [("by_node", node) for node in nodes] if isinstance(nodes, list) else []
    return list(dict.fromkeys((kind, value) for kind, value in keys if isinstance(value, str)))


@dataclass(frozen=True, slots=True)
class Change:
    """A run put into indexes and taken out of others."""

    run_id: str
    """The run."""
    put: tuple[Key, ...]
    """Indexes it belongs in; none for a deleted run."""
    taken: tuple[Key, ...]
    """Indexes it belongs in no more."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A change that is about to come, or has come."""

    name: str
    """File name; sorts by the time of the change."""
    change: Change
    """What changes."""
    replaces: bool
    """Whether a run is there already, in other indexes than it will be."""

    def is_forgotten(self) -> bool:
        """Whether whoever wrote it has had time enough."""
        return time.time() - int(self.name[:_DIGITS]) / 1e9 > _FORGOTTEN_S


def write_marker(folder: Folder, change: Change, *, replaces: bool = False) -> None:
    """Write a marker.

    Raises:
        OSError: It cannot be written.
    """
    name = f"{time.time_ns():0{_DIGITS}d}-{os.getpid():010d}-{next(_numbers):010d}{_SUFFIX}"
    content = {"run_id": change.run_id, "put": change.put, "taken": change.taken, "replaces": replaces}
    folder.write(name, dumps(content), durable=False)


def read_markers(folder: Folder | OpenFolder) -> tuple[list[Marker], list[str]]:
    """Return the markers, oldest first, and the names of files that should be one and are none."""
    found: list[Marker] = []
    broken: list[str] = []
    for name in folder.names(_SUFFIX):
        try:
            data = folder.read(name)
            if data is not None:
                found.append(_parsed(name, data))
        except (ValueError, StrangeFileError):
            broken.append(name)
    return found, broken


def _parsed(name: str, data: bytes) -> Marker:
    content = loads(data)
    if not name[:_DIGITS].isdecimal() or not isinstance(content, dict) or not isinstance(content.get("run_id"), str):
        raise ValueError(f"{name} is no marker")
    change = Change(cast("str", content["run_id"]), _keys(content.get("put")), _keys(content.get("taken")))
    return Marker(name, change, content.get("replaces") is True)


def _keys(pairs: object) -> tuple[Key, ...]:
    if not isinstance(pairs, list) or not all(_is_key(pair) for pair in pairs):
        raise ValueError("a marker names indexes by kind and id")
    return tuple((kind, value) for kind, value in pairs)


def _is_key(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and pair[0] in KINDS and isinstance(pair[1], str)  # noqa: PLR2004


def settle(
    markers: Iterable[Marker], keys_in_file: Callable[[str], list[Key] | None], has_run: Callable[[str], bool]
) -> tuple[list[Change], list[Marker]]:
    """Return the changes that have come about, one for each run in order of save, and the markers they make needless.

    Args:
        markers: Oldest first.
        keys_in_file: Where a run belongs by its file.
        has_run: Whether a run's file is there.
    """
    of_run: dict[str, list[Marker]] = {}
    for marker in markers:
        of_run.setdefault(marker.change.run_id, []).append(marker)
    changes: list[Change] = []
    needless: list[Marker] = []
    for run_id, some in of_run.items():
        is_there = has_run(run_id)
        keys = keys_in_file(run_id) if is_there and any(marker.replaces for marker in some) else None
        come = [number for number, marker in enumerate(some) if _has_come(marker, keys, is_there=is_there)]
        if come:
            done = some[: come[-1] + 1]
            needless += done
            changes.append(_merged([marker.change for marker in done]))
    return changes, needless


def _has_come(marker: Marker, keys: list[Key] | None, *, is_there: bool) -> bool:
    if marker.replaces:
        return keys is not None and set(keys) == set(marker.change.put)
    return is_there == bool(marker.change.put)


def _merged(changes: list[Change]) -> Change:
    """Return what the last of a run's changes leaves; earlier ones may not have come, but name where it might be."""
    last = changes[-1]
    named = dict.fromkeys(key for change in changes for key in (*change.put, *change.taken))
    return Change(last.run_id, last.put, tuple(key for key in named if key not in last.put))
