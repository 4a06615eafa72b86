"""A storage that writes its run files in place, piece by piece. Tests must see what that breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["FileStorage"]


class FileStorage:
    """As much of a storage as its writers call."""

    def __init__(self, base_path: str) -> None:
        """Make the folder of runs."""
        self.runs = Path(base_path, "runs")
        self.runs.mkdir(parents=True, exist_ok=True)

    def write_run(self, data: bytes, run: dict[str, Any]) -> None:
        """Write in place."""
        with (self.runs / f"{run['id']}.json").open("wb", buffering=0) as file:
            for start in range(0, len(data), 512):
                file.write(data[start : start + 512])
