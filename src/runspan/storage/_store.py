"""FileStorage: run files in a folder, with summaries and indexes. Knows no spans.

```text
runs/{run_id}.json          the whole Run
summaries/{run_id}.json     its RunSummary
indexes/by_goal/{goal}.json run ids in save order; likewise by_status and by_node
```

A save first writes the index marker, then the run file: a process that dies in between leaves a marker whose run
never comes, and never a run that no index knows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from runspan.errors import ConfigError, CorruptFileError
from runspan.files import list_names, make_folder, read_file, remove_file, write_file
from runspan.native import summarize
from runspan.storage._folding import fold_soon
from runspan.storage._indexes import Indexes, Key, keys_of
from runspan.storage._names import SUFFIX, file_name, id_of
from runspan.values import NO_BOUNDS, dumps, loads, to_json_value

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from runspan.models import Run, RunSummary
    from runspan.native import RunStatus

__all__ = ["FileStorage"]

_FOLD_NOW_BYTES: Final = 32_768
"""Index files up to this size together are brought up to date before a save returns; larger ones soon after."""


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
        self._runs, self._summaries = root / "runs", root / "summaries"
        try:
            make_folder(self._runs)
            make_folder(self._summaries)
            self._indexes = Indexes(root / "indexes", self._has_run, self._all_runs)
        except OSError as exc:
            msg = f"{self.base_path} cannot be used as a storage: {exc}. Give the path of a folder, or of none yet."
            raise ConfigError(msg) from exc
        if self._indexes.is_empty() and list_names(self._runs, SUFFIX):
            self._indexes.rebuild()

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
        try:
            return self._write_run(data, run)
        except FileNotFoundError:
            # Somebody has removed a folder since.
            make_folder(self._runs)
            make_folder(self._summaries)
            self._indexes.make_folders()
            return self._write_run(data, run)

    def _write_run(self, data: bytes, run: dict[str, Any]) -> Path:
        run_id = str(run["id"])
        path = self.run_path(run_id)
        keys = keys_of(run)
        taken = [key for key in self._keys_before(path, run_id) if key not in keys]
        self._indexes.mark(run_id, keys, taken)
        write_file(path, data, durable=True)
        write_file(self._summaries / path.name, dumps(summarize(run), indent=True), durable=False)
        if self._indexes.size_of([*keys, *taken]) > _FOLD_NOW_BYTES or not self._indexes.fold():
            fold_soon(self._indexes)
        return path

    def _keys_before(self, path: Path, run_id: str) -> list[Key]:
        """Return the indexes that a run is in which is about to be replaced or deleted."""
        if not path.exists():
            return []
        before = self._read_plain(path)
        return keys_of(before) if before is not None and "goal_id" in before else self._indexes.keys_with(run_id)

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
        """Return a run file's bytes, None where there is none.

        Raises:
            CorruptFileError: There is something else in its place.
        """
        path = self.run_path(run_id)
        try:
            return read_file(path)
        except OSError as exc:
            raise _corrupt(path, str(exc)) from exc

    def run_path(self, run_id: str) -> Path:
        """Return the path of a run's file, whether it is there or not."""
        return self._runs / file_name(run_id)

    def load_summary(self, run_id: str) -> RunSummary | None:
        """Return a run's summary, computed from the run where its file is missing or broken; None without a run.

        Raises:
            CorruptFileError: It has to be computed, and the run's file is no run.
        """
        from runspan.models import RunSummary  # noqa: PLC0415 - as in _as_run

        try:
            data = read_file(self._summaries / file_name(run_id))
            if data is not None:
                return RunSummary.model_validate(loads(data))
        except (OSError, ValueError):
            pass
        run = self.load_run(run_id)
        return None if run is None else RunSummary.from_run(run)

    def delete_run(self, run_id: str) -> bool:
        """Delete a run, its summary and its index entries; return whether there was one."""
        path = self.run_path(run_id)
        keys = self._keys_before(path, run_id)
        if not remove_file(path):
            return False
        remove_file(self._summaries / path.name)
        self._indexes.mark(run_id, (), keys)
        if not self._indexes.fold():
            fold_soon(self._indexes)
        return True

    # Indexes.

    def get_runs_by_goal(self, goal_id: str) -> list[str]:
        """Return the ids of a goal's runs in save order, oldest first."""
        return self._indexes.run_ids(("by_goal", goal_id))

    def get_runs_by_status(self, status: str | RunStatus) -> list[str]:
        """Return the ids of the runs with a status in save order, oldest first."""
        return self._indexes.run_ids(("by_status", str(status)))

    def get_runs_by_node(self, node_id: str) -> list[str]:
        """Return the ids of the runs that decided in a node in save order, oldest first."""
        return self._indexes.run_ids(("by_node", node_id))

    def list_all_runs(self) -> list[str]:
        """Return the ids of all runs, sorted; for ids of runspan's own that is by start."""
        names = list_names(self._runs, SUFFIX)
        return sorted(run_id for name in names if (run_id := self._id_in(name)) is not None)

    def list_all_goals(self) -> list[str]:
        """Return the ids of all goals that have runs, sorted."""
        told = [goal_id for goal_id in self._indexes.ids("by_goal") if goal_id is not None]
        hashed = [self._goal_in(path) for path in self._indexes.hashed_paths("by_goal")]
        return sorted({goal_id for goal_id in (*told, *hashed) if goal_id is not None})

    def get_stats(self) -> dict[str, Any]:
        """Return `total_runs`, `total_goals` and `storage_path`."""
        return {
            "total_runs": len(list_names(self._runs, SUFFIX)),
            "total_goals": len(self.list_all_goals()),
            "storage_path": str(self.base_path),
        }

    def _has_run(self, run_id: str) -> bool:
        return self.run_path(run_id).is_file()

    def _id_in(self, name: str) -> str | None:
        """Return the run id of a file name; a hashed name's id stands in the file."""
        run_id = id_of(name)
        if run_id is None:
            run = self._read_plain(self._runs / name)
            run_id = str(run["id"]) if run is not None and "id" in run else None
        return run_id

    def _goal_in(self, index: Path) -> str | None:
        try:
            run_ids = loads(read_file(index) or b"[]")
        except (OSError, ValueError):
            return None
        run = self._read_plain(self.run_path(str(run_ids[0]))) if isinstance(run_ids, list) and run_ids else None
        return str(run["goal_id"]) if run is not None and "goal_id" in run else None

    def _read_plain(self, path: Path) -> dict[str, Any] | None:
        try:
            run = loads(read_file(path) or b"null")
        except (OSError, ValueError):
            return None
        return run if isinstance(run, dict) else None

    def _all_runs(self) -> Iterator[dict[str, Any]]:
        """Give the stored runs in save order, as far as the files tell; a broken file is passed over."""
        paths = [self._runs / name for name in list_names(self._runs, SUFFIX)]
        for path in sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name)):
            run = self._read_plain(path)
            if run is not None and isinstance(run.get("id"), str):
                yield run


def _corrupt(path: Path, why: str) -> CorruptFileError:
    # pydantic says in three lines how many errors there are, where the first one is, and what it is.
    told = " ".join(line.strip() for line in why.splitlines()[:3]) or "unreadable"
    return CorruptFileError(f"{path} cannot be read as a run: {told}. Move it aside, or delete it.", path)
