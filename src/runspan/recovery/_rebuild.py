"""Run files of dead processes: written from their journals, which are then kept for their spans. Sends nothing."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Final

from runspan.errors import CorruptFileError
from runspan.files import is_local, try_lock
from runspan.journal import StoredJournals, end_line, frame, problem_line, read_journal, read_owner
from runspan.record import problem_json
from runspan.recovery._replay import end_of_dead_run, finish_journaled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runspan.files import Folder
    from runspan.journal import EndStep, JournaledRun
    from runspan.storage import FileStorage

__all__ = ["Fate", "Found", "rebuild", "take_ended", "tidy"]

_LOCK: Final = "recovery.lock"
_MAX_ENDED_BYTES: Final = 64 * 1024 * 1024
_YOUNG_S: Final = 60.0
"""A journal without a first line may be one that is just being made: it does not say yet whose it is."""


class Fate(StrEnum):
    """What became of a journal."""

    REBUILT = "rebuilt"
    """Its process is dead; the run file was written from it."""
    PRESENT = "present"
    """Its process is dead; the run file was there already."""
    ALIVE = "alive"
    """Its process lives: nothing to do."""
    ELSEWHERE = "elsewhere"
    """It was written on another host, or lies on a file system that other machines share."""
    EMPTY = "empty"
    """Its process died while it made the file: nothing was acknowledged, and it was removed."""
    UNREADABLE = "unreadable"
    """It cannot be read; it stays where it is."""
    FAILED = "failed"
    """The run file could not be written; it is tried again next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One journal that was looked at."""

    path: Path
    """Where it was."""
    fate: Fate
    run_id: str = ""
    detail: str = ""
    """What is wrong with it, in words; empty where nothing is."""


def rebuild(storage: FileStorage, *, force: bool = False, deadline_s: float | None = None) -> list[Found]:
    """Write the run files of dead processes from their journals.

    A file that is there is never rewritten. A journal whose spans were to be exported stays, among those of ended
    runs, until they are sent again; any other is removed. Nothing is done for a process that lives, nor, unless
    forced, for another host's journals and on file systems that other machines share: locks do not tell there.

    Args:
        storage: Where to look and to write.
        force: Also take journals of other hosts.
        deadline_s: Most seconds to begin new ones in; None for all.

    Returns:
        What was looked at; empty also while another process is at it.
    """
    journals = StoredJournals(storage.base_path)
    if not journals.open():
        return []
    ends = time.monotonic() + deadline_s if deadline_s is not None else float("inf")
    is_ours = force or is_local(journals.open_runs.path)
    found: list[Found] = []
    with journals.open_runs.opened() as folder, try_lock(_LOCK, dir_fd=folder.descriptor) as is_mine:
        for name in journals.open() if is_mine else ():
            if time.monotonic() > ends:
                break
            found.append(_look_at(name, journals, storage, host=None if force else _host(), is_ours=is_ours))
        if is_mine:
            tidy(journals)
    return found


def _host() -> str:
    return os.uname().nodename if hasattr(os, "uname") else ""


def _look_at(name: str, journals: StoredJournals, storage: FileStorage, *, host: str | None, is_ours: bool) -> Found:
    path = journals.open_runs.path / name
    try:
        run = read_journal(journals.open_runs, name)
    except (CorruptFileError, OSError) as exc:
        return _unread(path, journals.open_runs, str(exc))
    try:
        fate, detail = _settle(run, journals, storage, host=host, is_ours=is_ours)
    except OSError as exc:
        fate, detail = Fate.FAILED, str(exc)
    return Found(path=path, fate=fate, run_id=run.start.id, detail=detail)


def _unread(path: Path, folder: Folder, why: str) -> Found:
    try:
        facts = folder.stat(path.name)
        if time.time() - facts.st_mtime < _YOUNG_S:
            return Found(path=path, fate=Fate.ALIVE, detail=why)
        if facts.st_size == 0:
            folder.remove(path.name)
            return Found(path=path, fate=Fate.EMPTY)
    except FileNotFoundError:  # it has just been moved
        return Found(path=path, fate=Fate.ALIVE)
    except OSError as exc:
        why = f"{why} ({exc})"
    return Found(path=path, fate=Fate.UNREADABLE, detail=why)


def _settle(
    run: JournaledRun, journals: StoredJournals, storage: FileStorage, *, host: str | None, is_ours: bool
) -> tuple[Fate, str]:
    if not is_ours or (host is not None and run.head.get("host") != host):
        return Fate.ELSEWHERE, f"written on {run.head.get('host')}; if nobody writes there any more: --force"
    if journals.is_alive(run.owner):
        return Fate.ALIVE, ""
    is_missing = storage.read_run_bytes(run.start.id) is None
    end = run.end or _write_end(run)
    if is_missing:
        finished = finish_journaled(run, end)
        storage.write_run(finished.data, finished.native)
    _put_aside(run, journals)
    detail = f"{run.torn} line(s) cut short" if run.torn else ""
    return (Fate.REBUILT if is_missing else Fate.PRESENT), detail


def _write_end(run: JournaledRun) -> EndStep:
    """Write the end that the process did not live to write, so that the journal is like any ended run's."""
    problem, end = end_of_dead_run(run)
    run.steps.append(problem)
    lines = [problem_line(problem_json(problem.parts), problem.parts.index, 0, None), end_line(end)]
    descriptor = run.folder.open_append(run.name, create=False)
    try:
        # The line break ends what was cut short; where nothing was, an empty line means nothing.
        os.write(descriptor, b"\n" + b"".join(map(frame, lines)))
    finally:
        os.close(descriptor)
    return end


def _put_aside(run: JournaledRun, journals: StoredJournals) -> None:
    if run.is_sampled:
        journals.move_to_ended(run.name)
    else:
        run.folder.remove(run.name)


def take_ended(journals: StoredJournals) -> Iterator[JournaledRun]:
    """Give the ended runs of dead processes, oldest first: their spans may never have left.

    One that cannot be read is passed over.
    """
    for name in sorted(journals.ended(), key=partial(_age, journals.ended_runs)):
        try:
            run = read_journal(journals.ended_runs, name)
        except (CorruptFileError, OSError):
            continue
        if not journals.is_alive(run.owner):
            yield run


def _age(folder: Folder, name: str) -> tuple[int, str]:
    try:
        return folder.stat(name).st_mtime_ns, name
    except OSError:
        return 0, name


def tidy(journals: StoredJournals) -> None:
    """Drop what nobody needs: the oldest journals of dead processes beyond 64 MiB, and their locks."""
    with suppress(OSError):  # a live process may be moving its journals
        total, folder = 0, journals.ended_runs
        for name in sorted(journals.ended(), key=partial(_age, folder), reverse=True):
            total += folder.stat(name).st_size
            if total > _MAX_ENDED_BYTES and not journals.is_alive(read_owner(folder, name)):
                folder.remove(name)
        journals.remove_free_locks()
