"""FileStorage: run files in a folder, with summaries and indexes. Knows no spans.

```text
runs/{run_id}.json          the whole Run
summaries/{run_id}.json     its RunSummary
indexes/by_goal/{goal}.json run ids in save order; likewise by_status and by_node
```

A save first writes the index marker, then the run file: a process that dies in between leaves a marker whose run
never comes, and never a run that no index knows. What a power loss, a copy or a hand leaves behind is mended when the
storage is opened.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from runspan.errors import ConfigError, CorruptFileError, StorageError
from runspan.files import Folder, StrangeFileError
from runspan.health import contained
from runspan.native import is_summary, summarize
from runspan.storage._background import soon
from runspan.storage._backlog import BACKLOG, Waiting
from runspan.storage._bulk import Bulk
from runspan.storage._indexes import Indexes
from runspan.storage._markers import Key, keys_of
from runspan.storage._names import SUFFIX, file_name
from runspan.storage._runs import StoredRuns
from runspan.storage._seen import Seen
from runspan.values import NO_BOUNDS, dumps, loads, to_json_value

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from runspan.health import Health
    from runspan.models import Run, RunSummary
    from runspan.native import RunStatus

__all__ = ["FileStorage"]

T = TypeVar("T")

_FOLD_NOW_BYTES: Final = 32_768
"""Index files up to this size together are brought up to date before a save returns; larger ones soon after."""

_FOLD_NOW_S: Final = 0.001
"""Where an agent waits for the save, they also have to be quick to write."""


class FileStorage:
    """Run files in a folder. Many processes and threads may use one at the same time."""

    base_path: Path
    """The folder."""

    def __init__(self, base_path: str | os.PathLike[str]) -> None:
        """Open a storage, making what is missing of its folders.

        Args:
            base_path: The folder; a relative one is taken from where the process is now.

        Raises:
            ConfigError: It is no folder, or cannot be made.
        """
        self.base_path = Path(base_path)
        root = self.base_path.absolute()
        self._runs, self._summaries = Folder(root, "runs"), Folder(root, "summaries")
        self._stored = StoredRuns(self._runs)
        self._indexes = Indexes(root, self._stored)
        self._seen = Seen(Folder(root, "indexes"), self._runs, Folder(root, "indexes", "by_status"))
        try:
            self._make_folders()
        except OSError as exc:
            msg = f"{self.base_path} cannot be used as a storage: {exc}. Give the path of a folder, or of none yet."
            raise ConfigError(msg) from exc
        with suppress(OSError):  # one that may only be read is read as it is
            self._heal()

    def _make_folders(self) -> None:
        self._runs.make()
        self._summaries.make()
        self._indexes.make_folders()

    def _heal(self) -> None:
        state = self._seen.now()  # before anything is looked at: what changes meanwhile is looked at next time
        if self._is_as_seen(state):
            return
        there = self._runs.listed()
        is_whole = self._indexes.heal(name for name in there if name.endswith(SUFFIX) and name[0] != ".")
        are_clean = self._runs.clean(there), self._summaries.clean(), self._indexes.clean()
        if state is not None and is_whole and all(are_clean):
            self._seen.remember(state)

    def _is_as_seen(self, state: bytes | None) -> bool:
        """Whether nothing has changed since the indexes knew all runs and no others."""
        return state is not None and self._seen.is_same(state) and not self._indexes.is_behind()

    def __repr__(self) -> str:
        """Show the folder."""
        return f"<FileStorage {self.base_path}>"

    # Runs.

    def save_run(self, run: Run) -> None:
        """Write a run, its summary and its index entries; what was stored under its id is replaced.

        Raises:
            OSError: It cannot be written; what was stored is untouched.
        """
        native = cast("dict[str, Any]", to_json_value(run.model_dump(warnings=False), NO_BOUNDS))
        self.write_run(dumps(native, indent=True), native)

    def write_run(self, data: bytes, run: dict[str, Any]) -> Path:
        """Write a run whose file's bytes are known.

        Args:
            data: The file, whole.
            run: The same as plain JSON data.

        Returns:
            The path of the run file.

        Raises:
            OSError: It cannot be written; what was stored is untouched.
        """
        keys = self._with_folders(partial(self._mark, run))
        self._with_folders(partial(self._put, data, run))
        self._done(run, keys)
        return self.run_path(str(run["id"]))

    @contextmanager
    def writing_many(self) -> Iterator[Bulk]:
        """Write runs one after another at less cost; indexes are up to date and all is on disk when the block ends.

        A run that is written is there at once. Its index entries follow within a few hundred runs; after a crash, when
        the storage is opened again.

        Raises:
            OSError: The indexes cannot be brought up to date.
        """
        bulk = Bulk(self._runs, self._summaries, self._indexes, self.write_run)
        try:
            yield bulk
        finally:
            bulk.fold()

    def write_run_or_keep(self, data: bytes, run: dict[str, Any], health: Health) -> bool:
        """Write a run whose file's bytes are known, now or later; no Exception escapes.

        A run that cannot be written waits in memory, with at most 1,000 others and 64 MiB of them; the oldest fall
        out. It is tried again about every second, ever more rarely, after the next run that can be written, and at
        exit. Meanwhile `load_run` and `read_run_bytes` answer from memory; lists and indexes do not know it.

        Args:
            data: As for `write_run`.
            run: As for `write_run`.
            health: Where `run file late`, `run file lost` and `index late` are counted, once for each run.

        Returns:
            Whether the run's file is on disk.
        """
        keys: list[Key] = []
        marking = self._problem_of(lambda: keys.extend(self._with_folders(partial(self._mark, run))), health)
        writing = self._problem_of(lambda: self._with_folders(partial(self._put, data, run)), health)
        problem = writing or marking
        if problem is None:
            with contained("storage", health):
                self._done(run, keys, at_most_s=_FOLD_NOW_S)
            if BACKLOG:
                soon(BACKLOG)
        else:
            path, again = self.run_path(str(run["id"])), partial(self._write_again, data)
            BACKLOG.keep(Waiting(path=path, data=data, write=again, health=health, is_on_disk=writing is None), problem)
        return writing is None

    @staticmethod
    def _problem_of(step: Callable[[], object], health: Health) -> OSError | None:
        with contained("storage", health):
            try:
                step()
            except OSError as exc:
                return exc
            return None
        return OSError("a fault of runspan's own")

    def _write_again(self, data: bytes) -> None:
        run = cast("dict[str, Any]", loads(data))
        keys = self._with_folders(partial(self._mark, run))
        self._with_folders(partial(self._put, data, run))
        self._fold(keys)

    def _with_folders(self, step: Callable[[], T]) -> T:
        """Do a step of a save; where somebody has removed a folder, make it again."""
        try:
            return step()
        except FileNotFoundError:
            self._make_folders()
            return step()

    def _mark(self, run: dict[str, Any]) -> list[Key]:
        """Write the marker of a run that is about to be put; return the indexes that change."""
        run_id = str(run["id"])
        keys = keys_of(run)
        before = self._keys_before(run_id)
        taken = [key for key in before if key not in keys]
        if keys or taken:
            self._indexes.mark(run_id, keys, taken, replaces=bool(before) and set(before) != set(keys))
        return [*keys, *taken]

    def _put(self, data: bytes, run: dict[str, Any]) -> None:
        """Write run file and summary; a summary that cannot be written is missing, never that of an earlier run."""
        name = file_name(str(run["id"]))
        with suppress(OSError):
            self._summaries.remove(name)
        self._runs.write(name, data, durable=True)
        with suppress(OSError):
            summary = dumps(summarize(run), indent=True)
            self._with_folders(lambda: self._summaries.write(name, summary, durable=False))

    def _done(self, run: dict[str, Any], keys: list[Key], *, at_most_s: float = inf) -> None:
        BACKLOG.forget(self.run_path(str(run["id"])))
        self._fold(keys, at_most_s=at_most_s)

    def _fold(self, keys: list[Key], *, at_most_s: float = inf) -> None:
        """Bring indexes up to date, now or soon.

        Args:
            keys: Those that have to be.
            at_most_s: Longest that it may be expected to take now, in seconds.
        """
        is_now = self._indexes.expected_s(keys) <= at_most_s
        try:
            is_folded = is_now and self._indexes.size_of(keys) <= _FOLD_NOW_BYTES and self._indexes.fold()
        except OSError:  # the run is there, and so is its marker
            is_folded = False
        if not is_folded:
            soon(self._indexes)

    def _keys_before(self, run_id: str) -> list[Key]:
        """Return the indexes that a run is in which is about to be replaced or deleted."""
        if not self._stored.has(run_id):
            return []
        keys = self._stored.keys(run_id)
        return self._indexes.keys_with(run_id) if keys is None else keys

    def load_run(self, run_id: str) -> Run | None:
        """Return a run, None where there is none of that id.

        Raises:
            CorruptFileError: Its file is there and is no run.
        """
        data = self.read_run_bytes(run_id)
        return None if data is None else self._as_run(data, self.run_path(run_id))

    def _as_run(self, data: bytes, path: Path) -> Run:
        from runspan.models import Run  # noqa: PLC0415 - pydantic loads when a model is asked for

        try:
            return Run.model_validate(loads(data))
        except ValueError as exc:
            raise _corrupt(path, str(exc)) from exc

    def read_run_bytes(self, run_id: str) -> bytes | None:
        """Return a run file's bytes, None where there is none; also of a run that waits to be written.

        Raises:
            CorruptFileError: There is something else in its place.
            StorageError: It is there and cannot be read now.
        """
        waiting = BACKLOG.data_of(self.run_path(run_id)) if BACKLOG else None
        if waiting is not None:
            return waiting
        try:
            with self._reading():
                return self._runs.read(file_name(run_id))
        except StrangeFileError as exc:
            raise _corrupt(self.run_path(run_id), str(exc)) from exc

    def run_path(self, run_id: str) -> Path:
        """Return the path of a run's file, whether it is there or not."""
        return self._runs.path / file_name(run_id)

    def load_summary(self, run_id: str) -> RunSummary | None:
        """Return a run's summary, computed from the run where its file is missing or broken; None without a run.

        Raises:
            CorruptFileError: It has to be computed, and the run's file is no run.
        """
        from runspan.models import RunSummary  # noqa: PLC0415 - as in _as_run

        try:
            data = self._summaries.read(file_name(run_id))
            if data is not None:
                return RunSummary.model_validate(loads(data))
        except (OSError, ValueError):
            pass
        run = self.load_run(run_id)
        try:
            return None if run is None else RunSummary.from_run(run)
        except ValueError as exc:  # deeper than anything can be written
            raise _corrupt(self.run_path(run_id), str(exc)) from exc

    def read_summary(self, run_id: str) -> dict[str, Any] | None:
        """Return a run's summary as plain JSON data, otherwise as `load_summary`; pydantic loads only to mend one.

        Raises:
            CorruptFileError: It has to be computed, and the run's file is no run.
        """
        with suppress(OSError, ValueError):
            summary = loads(self._summaries.read(file_name(run_id)) or b"null")
            if is_summary(summary):
                return summary
        loaded = self.load_summary(run_id)
        return None if loaded is None else loaded.model_dump(mode="json")

    def delete_run(self, run_id: str) -> bool:
        """Delete a run, its summary and its index entries; return whether there was one.

        Raises:
            OSError: It cannot be deleted.
        """
        name = file_name(run_id)
        is_waiting = BACKLOG.forget(self.run_path(run_id))
        keys = self._keys_before(run_id)
        if keys:
            self._indexes.mark(run_id, (), keys)
        is_there = self._runs.remove(name)
        self._summaries.remove(name)
        self._fold(keys)
        return is_there or is_waiting

    # Indexes.

    def get_runs_by_goal(self, goal_id: str) -> list[str]:
        """Return the ids of a goal's runs in save order, oldest first."""
        return self._index("by_goal", goal_id)

    def get_runs_by_status(self, status: str | RunStatus) -> list[str]:
        """Return the ids of the runs with a status in save order, oldest first."""
        return self._index("by_status", str(status))

    def get_runs_by_node(self, node_id: str) -> list[str]:
        """Return the ids of the runs that decided in a node in save order, oldest first."""
        return self._index("by_node", node_id)

    def _index(self, kind: str, some_id: str) -> list[str]:
        with self._reading():
            return self._indexes.run_ids((kind, some_id))

    def list_all_runs(self) -> list[str]:
        """Return the ids of all runs, sorted; for ids of runspan's own that is by start."""
        with self._reading():
            if self._is_as_seen(self._seen.now()):  # to list a large folder takes longer than to read an index
                return sorted(self._indexes.all_run_ids())
            return sorted(self._stored.ids_in(self._runs.names(SUFFIX)))

    def list_all_goals(self) -> list[str]:
        """Return the ids of all goals that have runs, sorted."""
        with self._reading():
            told = self._indexes.ids("by_goal")
            hashed = [self._goal_of(run_ids) for run_ids in self._indexes.hashed("by_goal")]
        return sorted({goal_id for goal_id in (*told, *hashed) if goal_id is not None})

    def _goal_of(self, run_ids: list[str]) -> str | None:
        """Return the goal of an index whose name does not tell it."""
        run = self._stored.named(file_name(run_ids[0])) if run_ids else None
        return str(run["goal_id"]) if run is not None and "goal_id" in run else None

    def get_stats(self) -> dict[str, Any]:
        """Return `total_runs`, `total_goals` and `storage_path`."""
        with self._reading():
            total_runs = len(self._runs.names(SUFFIX))
        return {
            "total_runs": total_runs,
            "total_goals": len(self.list_all_goals()),
            "storage_path": str(self.base_path),
        }

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Say which file or folder it is that cannot be read."""
        try:
            yield
        except StrangeFileError:
            raise
        except OSError as exc:
            raise StorageError(f"the storage cannot be read: {exc}", Path(exc.filename or self.base_path)) from exc


def _corrupt(path: Path, why: str) -> CorruptFileError:
    # pydantic says in three lines how many errors there are, where the first one is, and what it is.
    told = " ".join(line.strip() for line in why.splitlines()[:3]) or "unreadable"
    return CorruptFileError(f"{path} cannot be read as a run: {told}. Move it aside, or delete it.", path)
