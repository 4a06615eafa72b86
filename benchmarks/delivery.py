"""Spans that arrive, and the slowest calls, while exporters run: a real receiver on the same machine."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import runspan
from benchmarks.bare import BareSdk, Contender
from benchmarks.contenders import WithRunspan
from benchmarks.figures import Figure
from benchmarks.workload import steps
from tests.receiver import Receiver

__all__ = ["figure"]


def figure(*, quick: bool = False) -> Figure:
    """A burst of 20,000 decisions, bare and recorded, through `configure()`'s provider."""
    count = 500 if quick else 20_000
    with tempfile.TemporaryDirectory() as folder, Receiver() as receiver:
        provider = runspan.configure("burst", endpoint=receiver.endpoint)
        contenders = [BareSdk(provider), WithRunspan("runspan, everything on", Path(folder), provider)]
        bursts = [(contender.name, _burst(contender, count)) for contender in contenders]
        provider.force_flush(60_000)
        runspan.shutdown()
        names = [span.name.split()[0] for span in receiver.spans()]
    arrived = names.count("decide") - count
    note = (
        f"{count:,} decisions of one run, without a pause, while the batch exporter sends them over OTLP/HTTP. Of "
        f"runspan's {count:,} decision spans {arrived:,} arrived."
    )
    rows = [[name, *(f"{value:.2f} ms" for value in took)] for name, took in bursts]
    return Figure("A burst with the exporter running", ["", "median", "p99", "p99.9"], rows, note)


def _burst(contender: Contender, count: int) -> list[float]:
    took = []
    contender.begin()
    for step in steps(count):
        began = time.perf_counter()
        contender.step(step)
        took.append((time.perf_counter() - began) * 1e3)
    contender.end()
    parts = statistics.quantiles(took, n=1_000)
    return [statistics.median(took), parts[989], parts[998]]


if __name__ == "__main__":
    figure().show()
