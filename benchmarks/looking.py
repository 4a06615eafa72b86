"""What looking at runs costs where very many are stored: whole processes, from the start to the last word.

    python -m benchmarks.looking [--runs 100000] [--folder DIR]

Runs are those of `tests.many_runs`, small, written as files; the first process that opens the storage makes its
indexes, and is not counted. Files are in the system's cache.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure
from runspan import FileStorage
from runspan.native import summarize
from runspan.values import dumps
from tests.many_runs import made_runs
from tests.waiting import eventually

__all__ = ["figure"]

_SECONDS: Final = 60
_NEEDLE: Final = "fits order 5."
"""Stands in one of the oldest runs, so that all files are read before it is found."""


def figure(*, quick: bool = False, runs: int = 100_000, folder: Path | None = None) -> Figure:
    """First pages, single runs, a search through everything, and what all have in common.

    Args:
        quick: Few runs, to see that it works.
        runs: How many are stored.
        folder: Where, and they stay there; they go elsewhere, and are removed, if it is not given.
    """
    count = 300 if quick else runs
    with tempfile.TemporaryDirectory(prefix="runspan-bench-") as made:
        storage = (folder or Path(made)) / f"storage-{count}"
        _plant(storage, count)
        rows = _measured(storage, rounds=1 if quick else 9)
    note = (
        f"{count:,} stored runs of five decisions; whole processes, in turn. The first lines are what Python and the "
        "imports of the command line take, whatever is stored. The last two read every file, and are done once."
    )
    return Figure("Looking at many runs", ["", "median", "quickest"], rows, note)


def _plant(storage: Path, count: int) -> None:
    if not storage.exists():
        folders = storage / "runs", storage / "summaries"
        for folder in folders:
            folder.mkdir(parents=True)
        for run in made_runs(count):
            for folder, data in zip(folders, (run, summarize(run)), strict=True):
                (folder / f"{run['id']}.json").write_bytes(dumps(data, indent=True))
    # A storage that has just changed is looked through again; soon after that it is known to be whole.
    eventually(lambda: _is_known_to_be_whole(storage), _SECONDS)


def _is_known_to_be_whole(storage: Path) -> bool:
    FileStorage(storage)
    return (storage / "indexes" / "seen").exists()


def _measured(storage: Path, rounds: int) -> list[list[str]]:
    some_run = sorted(path.stem for path in (storage / "runs").iterdir())[-200]
    commands: dict[str, list[str]] = {
        "`python -c pass`": ["-c", "pass"],
        "`import runspan.cli`": ["-c", "import runspan.cli"],
    }
    for words in (
        ["list"],
        ["list", "--goal", "refund"],
        ["list", "--status", "failed"],
        ["list", "--node", "payments"],
        ["list", "--since", "2026-12-01"],
        ["list", "--json"],
        ["list", "--before", some_run],
        ["show", "latest"],
        ["show", some_run],
    ):
        name = " ".join(words).replace(some_run, "RUN")
        commands[f"`{name}`"] = ["-m", "runspan", *words, "--storage", str(storage)]
    seen: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            seen[name].append(_run(command))
    for name, words in (("`list --text TEXT`", ["list", "--text", _NEEDLE]), ("`insights`", ["insights"])):
        seen[name] = [_run(["-m", "runspan", *words, "--storage", str(storage)])]
    return [[name, f"{statistics.median(took):.2f} s", f"{min(took):.2f} s"] for name, took in seen.items()]


def _run(command: list[str]) -> float:
    """Return how long a process took, in seconds."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], env=environment, capture_output=True, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="Keep the store there.")
    arguments = parser.parse_args()
    figure(runs=arguments.runs, folder=arguments.folder).show()
