"""`end_run` with many runs stored, beside one file written, synced, renamed, and its folder synced."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry.trace import NoOpTracerProvider

from benchmarks.figures import Figure, milliseconds
from benchmarks.workload import GOAL, steps
from runspan import FileStorage, Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["figure"]


def figure(*, quick: bool = False, full: bool = False) -> Figure:
    """At several numbers of stored runs.

    Args:
        quick: Few runs, to see that it works.
        full: Also with 100,000.
    """
    sizes = [1, 100] if quick else [1, 1_000, 10_000, *([100_000] if full else [])]
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(_measure(Path(folder), size, times=10 if quick else 60))
    note = (
        "Runs of 20 decisions, without SDK. A plain file is the same bytes written under another name beside the run "
        "files, synced, renamed, and their folder synced; both in turn."
    )
    return Figure("`end_run`", ["runs stored", "`end_run`", "a plain file", "ratio"], rows, note)


def _measure(folder: Path, stored: int, times: int) -> list[str]:
    _fill(folder / "storage", stored)
    runtime = Runtime(folder / "storage", tracer_provider=NoOpTracerProvider())
    ended, plain = [], []
    for _ in range(times):
        run_id = runtime.start_run(GOAL)
        for step in steps(20):
            runtime.record_outcome(runtime.decide(step.intent, step.options, step.chosen, step.reasoning), True)
        ended.append(_timed(lambda: runtime.end_run(True)))
        data = FileStorage(folder / "storage").read_run_bytes(run_id) or b""
        plain.append(_timed(lambda data=data: _write(folder / "storage" / "runs", data)))  # type: ignore[misc]
    ours, theirs = statistics.median(ended), statistics.median(plain)
    return [f"{stored:,}", milliseconds(ours), milliseconds(theirs), f"{ours / theirs:.2f}"]


def _fill(storage: Path, count: int) -> None:
    """Store that many runs, as they would be."""
    runtime = Runtime(storage, tracer_provider=NoOpTracerProvider())
    for number in range(count):
        runtime.start_run(f"{GOAL} {number % 50}")
        runtime.end_run(True)


def _write(folder: Path, data: bytes) -> None:
    # In the same folder: what a new file costs depends on where its folder lies, and on what was deleted there lately.
    descriptor = os.open(folder / ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(descriptor, data)
    os.fsync(descriptor)
    os.close(descriptor)
    (folder / ".new").rename(folder / ".plain")
    directory = os.open(folder, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    figure().show()
