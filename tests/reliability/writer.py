"""A process that saves runs from several threads and says which are saved.

`python -m tests.reliability.writer MODULE STORAGE NAME THREADS COUNT ACKNOWLEDGED`
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def make_run(name: str, number: int) -> dict[str, Any]:
    """Return as much of a native run as a storage looks at, of some kilobytes."""
    return {
        "id": f"run_{name}_{number}",
        "goal_id": f"goal-{number % 3}",
        "status": ("completed", "failed")[number % 2],
        "metrics": {"nodes_executed": [f"node-{number % 2}"]},
        "narrative": "x" * 4_000,
    }


def main() -> None:
    """Save, and append the id of each saved run to a file."""
    module, storage_path, name, threads, count, acknowledged = sys.argv[1:]
    storage = importlib.import_module(module).FileStorage(storage_path)
    descriptor = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def save(number: int) -> None:
        run = make_run(name, number)
        storage.write_run(json.dumps(run).encode(), run)
        os.write(descriptor, f"{run['id']}\n".encode())

    with ThreadPoolExecutor(int(threads)) as pool:
        list(pool.map(save, range(int(count))))


if __name__ == "__main__":
    main()
