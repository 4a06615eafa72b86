"""What insights cost: runs a second, wall time and peak memory of `runspan insights` over generated stores.

    python benchmarks/insights.py [--runs 10000 100000] [--decisions 5] [--folder DIR]

Runs are made by `tests.many_runs`, with patterns among noise, and written as run files. Each command runs in a process
of its own, so that start-up and imports count; the files are in the system's cache by then, as after writing them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from runspan.values import dumps  # noqa: E402
from tests.many_runs import made_runs  # noqa: E402


def main() -> None:
    """Measure each number of runs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--decisions", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="Keep the stores there.")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="runspan-bench-"))
    try:
        for runs in arguments.runs:
            measure(folder / f"storage-{runs}", runs, arguments.decisions)
    finally:
        if arguments.folder is None:
            shutil.rmtree(folder)


def measure(storage: Path, runs: int, decisions: int) -> None:
    """Write a store, look at it twice, print what the second time took; the first one mends the store's indexes."""
    write(storage, runs, decisions)
    told(storage)
    wall_s, cpu_s, peak_mib, findings = told(storage)
    print(
        f"{runs:,} runs of {decisions} decisions: {wall_s:.2f} s by the clock, {cpu_s:.2f} s of CPU, "
        f"{runs / wall_s:,.0f} runs/s, peak memory {peak_mib:,.0f} MiB; {findings} patterns found"
    )


def write(storage: Path, runs: int, decisions: int) -> None:
    """Write the run files; indexes come about when the storage is opened."""
    folder = storage / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    for run in made_runs(runs, decisions=decisions):
        (folder / f"{run['id']}.json").write_bytes(dumps(run, indent=True))


def told(storage: Path) -> tuple[float, float, float, int]:
    """Return wall time, CPU time, peak memory and the number of findings."""
    command = [sys.executable, "-m", "runspan", "insights", "--storage", str(storage), "--json"]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        output = process.stdout.read() if process.stdout is not None else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.perf_counter() - began
    return wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, len(json.loads(output)["findings"])


if __name__ == "__main__":
    main()
