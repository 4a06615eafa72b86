"""A storage whose index is read, changed and written by everybody at once. Tests must see what it loses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from runspan.files import Folder
from runspan.storage import FileStorage as Sound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runspan.storage._markers import Key

__all__ = ["FileStorage"]


class FileStorage:
    """As much of a storage as its writers call; every file is whole, and renamed into place."""

    def __init__(self, base_path: str) -> None:
        """Open a sound one, for its folders."""
        self.sound = Sound(base_path)

    def write_run(self, data: bytes, run: dict[str, Any]) -> None:
        """Write the run, then its indexes without a lock."""
        root = self.sound.base_path
        Folder(root, "runs").write(f"{run['id']}.json", data, durable=False)
        keys: Iterable[Key] = [("by_goal", run["goal_id"]), ("by_status", run["status"])]
        for kind, value in keys:
            folder = Folder(root, "indexes", kind)
            run_ids = json.loads(folder.read(f"{value}.json") or b"[]")
            folder.write(f"{value}.json", json.dumps([*run_ids, run["id"]]).encode(), durable=False)
