"""`decide` and `record_outcome`: what each part of recording adds, beside the bare SDK and the models alone."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry.trace import NoOpTracerProvider

from benchmarks.bare import BareSdk, Contender, provider
from benchmarks.contenders import ModelsAlone, WithRunspan
from benchmarks.figures import Figure, interleaved
from benchmarks.floor import Floor
from benchmarks.workload import steps

if TYPE_CHECKING:
    from benchmarks.figures import Times

__all__ = ["contenders", "figure", "growth", "ratio"]


def contenders(folder: Path) -> list[Contender]:
    """All of them, the two that others are compared with first."""
    spans, nothing = provider(), NoOpTracerProvider()
    return [
        BareSdk(spans),
        ModelsAlone(),
        WithRunspan("runspan, no SDK and no storage", None, nothing),
        WithRunspan("journal and file, no SDK", folder / "files", nothing),
        Floor("the floor of that, no SDK", folder / "floor without", nothing),
        WithRunspan("spans only", None, spans),
        WithRunspan("spans, journal, file; no redaction", folder / "open", spans, redact=False),
        WithRunspan("spans, journal, file, redaction", folder / "full", spans),
        Floor("the floor of that", folder / "floor", spans),
    ]


def figure(*, quick: bool = False) -> Figure:
    """Runs of 20 decisions."""
    rounds, runs = (5, 2) if quick else (40, 10)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        times = interleaved(contenders(folder), steps(20), rounds=rounds, runs=runs)
    note = (
        f"One `decide` with three options and its `record_outcome`, in runs of 20 decisions; {rounds} rounds of {runs} "
        "runs each, in turn. Spans go through a batch processor to an exporter that drops them."
    )
    return Figure("What one decision costs", _HEADER, _rows(times), note)


_HEADER = ["", "median, µs", "quartiles, µs", "x bare SDK", "x models alone"]


def _rows(times: dict[str, Times]) -> list[list[str]]:
    sdk, models, *_ = times.values()
    return [
        [name, f"{each.median:.0f}", each.spread(), each.ratio(sdk), each.ratio(models)] for name, each in times.items()
    ]


def growth(*, quick: bool = False) -> Figure:
    """The last decisions of a long run beside its first, and beside the bare SDK's."""
    rows = []
    for length in (200, 400) if quick else (5_000, 20_000):
        with tempfile.TemporaryDirectory() as folder:
            spans = provider()
            rows += [
                _growth(contender, length)
                for contender in (BareSdk(spans), WithRunspan("runspan, everything on", Path(folder), spans))
            ]
    note = "One run; the median of its first 100 decisions and of its last 100, in microseconds."
    return Figure("Long runs", ["", "decisions", "first 100", "last 100", "ratio"], rows, note)


def _growth(contender: Contender, length: int) -> list[str]:
    took = []
    contender.begin()
    for step in steps(length):
        began = time.perf_counter()
        contender.step(step)
        took.append((time.perf_counter() - began) * 1e6)
    contender.end()
    first, last = statistics.median(took[:100]), statistics.median(took[-100:])
    return [contender.name, f"{length:,}", f"{first:.0f}", f"{last:.0f}", f"{last / first:.2f}"]


def ratio(folder: Path) -> float:
    """Return everything on as a multiple of the bare SDK, by the least disturbed rounds of both."""
    spans = provider()
    bare, ours = interleaved(
        [BareSdk(spans), WithRunspan("everything", folder, spans)], steps(20), rounds=20, runs=2
    ).values()
    return ours.best / bare.best


if __name__ == "__main__":
    if sys.argv[1:2] == ["ratio"]:
        print(ratio(Path(sys.argv[2])))
    else:
        figure().show()
        growth().show()
