"""Starting processes that save runs, and knowing what they have acknowledged. Knows no storage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

__all__ = ["Writer"]

ROOT: Final = Path(__file__).parents[2]


class Writer:
    """A process that saves runs."""

    def __init__(
        self, storage: Path, name: str, *, count: int, threads: int = 1, module: str = "runspan.storage"
    ) -> None:
        """Start it.

        Args:
            storage: Where it saves; what it acknowledges is written beside.
            name: Part of its runs' ids.
            count: How many runs.
            threads: How many threads save them.
            module: Has the `FileStorage` it uses.
        """
        self._acknowledged = storage.with_name(f"{name}.saved")
        arguments = [module, str(storage), name, str(threads), str(count), str(self._acknowledged)]
        self.process = subprocess.Popen([sys.executable, "-m", "tests.reliability.writer", *arguments], cwd=ROOT)

    def acknowledged(self) -> list[str]:
        """Return the ids of the runs whose save has returned."""
        if not self._acknowledged.exists():
            return []
        whole, _, _ = self._acknowledged.read_text().rpartition("\n")
        return whole.split()

    def end(self) -> None:
        """Kill it, whatever it does."""
        self.process.kill()
        self.process.wait()
