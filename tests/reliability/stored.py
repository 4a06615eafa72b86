"""What must hold of a storage at any instant, asked as other tools would. Knows nothing of how it was written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from runspan.storage import file_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from runspan import FileStorage

__all__ = ["contents", "lacking", "misled", "plain_runs", "torn_files", "tree"]


def torn_files(storage: Path) -> list[str]:
    """Return the run files that a plain `json.load` cannot read, or that hold something else than a run."""
    torn = []
    for path in storage.glob("runs/*.json"):
        try:
            with path.open(encoding="utf-8") as file:
                run = json.load(file)
        except FileNotFoundError:  # deleted since
            continue
        except ValueError:
            torn.append(path.name)
        else:
            torn += [] if run["id"] == path.name.removesuffix(".json") else [path.name]
    return torn


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder, but for temporary ones, markers and the lock."""
    names = {path: str(path.relative_to(folder)) for path in sorted(folder.rglob("*"))}
    return {
        name: path.read_bytes()
        for path, name in names.items()
        if path.is_file() and not name.endswith((".tmp", ".marker", "indexes/lock"))
    }


def tree(folder: Path) -> dict[str, tuple[int, int, bytes | str]]:
    """Return everything below a folder: mode, inode, and content or where a link leads."""
    found: dict[str, tuple[int, int, bytes | str]] = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content: bytes | str = b""
        if path.is_symlink():
            content = str(path.readlink())
        elif path.is_file():
            content = path.read_bytes()
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_ino, content)
    return found


def plain_runs(storage: Path) -> dict[str, dict[str, Any]]:
    """Return the stored runs by their ids, read by a plain `json.load`."""
    runs = [json.loads(path.read_bytes()) for path in storage.glob("runs/*.json")]
    return {run["id"]: run for run in runs}


def _places(run: dict[str, Any]) -> list[tuple[str, str]]:
    nodes = run.get("metrics", {}).get("nodes_executed", [])
    return [("by_goal", run["goal_id"]), ("by_status", run["status"]), *(("by_node", node) for node in nodes)]


def lacking(storage: Path, run_ids: Iterable[str]) -> list[str]:
    """Return what the index files, read plainly, do not name of these runs or name in the wrong place."""
    runs = plain_runs(storage)
    right = {(kind, file_name(value), run_id) for run_id in run_ids for kind, value in _places(runs[run_id])}
    named = {
        (path.parent.name, path.name, run_id)
        for path in storage.glob("indexes/by_*/*.json")
        for run_id in json.loads(path.read_bytes())
    }
    wrong = {(kind, name, run_id) for kind, name, run_id in named if (kind, name, run_id) not in right}
    return sorted(
        [f"{kind}/{name} lacks {run_id}" for kind, name, run_id in right - named]
        + [f"{kind}/{name} names {run_id}" for kind, name, run_id in wrong if run_id in runs or run_id in run_ids]
    )


def misled(reader: FileStorage) -> list[str]:
    """Return what our reader's indexes say other than the run files, in either direction."""
    storage = reader.base_path
    runs = plain_runs(storage)
    ask = {"by_goal": reader.get_runs_by_goal, "by_status": reader.get_runs_by_status}
    ask |= {"by_node": reader.get_runs_by_node}
    right = {(kind, value, run_id) for run_id, run in runs.items() for kind, value in _places(run)}
    values = {(kind, value) for kind, value, _ in right}
    values |= {(path.parent.name, path.stem) for path in storage.glob("indexes/by_*/*.json")}
    told = {(kind, value, run_id) for kind, value in values for run_id in ask[kind](value)}
    return sorted(f"{'/'.join(found)} {'told' if found in told else 'not told'}" for found in told ^ right)
