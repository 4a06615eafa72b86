"""What a whole process shows: import, exit with the collector down, memory. Each figure from processes of its own."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import Final

from benchmarks.figures import Figure

__all__ = ["exits", "imports", "memory"]

_TIMED: Final = "import time; began = time.perf_counter(); {0}; print(time.perf_counter() - began)"
_IMPORTS: Final = {
    "opentelemetry.sdk.trace": "import opentelemetry.sdk.trace",
    "runspan": "import runspan",
    "runspan.Runtime made": "import runspan; runspan.Runtime()",
    "runspan and opentelemetry.sdk.trace": "import opentelemetry.sdk.trace, runspan; runspan.Runtime()",
}

_EXIT: Final = """
import time, runspan
runspan.configure("exit", endpoint="http://127.0.0.1:9")
runtime = runspan.Runtime()
with runtime.run("g") as run:
    run.record_outcome(run.decide("i", [], "", "r"), True)
print(time.time())
"""

_MEMORY: Final = """
import sys, tracemalloc
from opentelemetry.trace import NoOpTracerProvider
from benchmarks.contenders import ModelsAlone, WithRunspan
from benchmarks.workload import steps
count = int(sys.argv[2])
with_runspan = WithRunspan("runspan", None, NoOpTracerProvider())
contender = with_runspan if sys.argv[1] == "runspan" else ModelsAlone()
made = steps(200)
contender.begin()
tracemalloc.start()
for number in range(count):
    contender.step(made[number % 200])
print(tracemalloc.get_traced_memory()[1])
"""


def _output(*arguments: str) -> float:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    return float(done.stdout)


def imports(*, quick: bool = False) -> Figure:
    """How long imports take, in turn."""
    seen: dict[str, list[float]] = {name: [] for name in _IMPORTS}
    for _ in range(2 if quick else 15):
        for name, statement in _IMPORTS.items():
            seen[name].append(_output("-c", _TIMED.format(statement)))
    base = statistics.median(seen["opentelemetry.sdk.trace"])
    rows = [
        [name, f"{statistics.median(each) * 1e3:.0f} ms", f"{statistics.median(each) / base:.2f}"]
        for name, each in seen.items()
    ]
    return Figure("Import", ["", "median", "x the SDK"], rows, "Fresh processes, in turn.")


def exits(*, quick: bool = False) -> Figure:
    """How long a process lives after its last call, with nobody at the Collector's address."""
    took = []
    for _ in range(2 if quick else 10):
        done = subprocess.run([sys.executable, "-c", _EXIT], capture_output=True, text=True, check=True)
        took.append(time.time() - float(done.stdout.split()[-1]))
    row = ["configure()'s provider", f"{statistics.median(took):.2f} s", f"{max(took):.2f} s"]
    return Figure("Exit with the Collector down", ["", "median", "longest"], [row], "From the last call to the end.")


def memory(*, quick: bool = False) -> Figure:
    """What the decisions of one run take, beside the pydantic models alone."""
    rows = []
    for count in (1_000,) if quick else (1_000, 20_000):
        ours, theirs = (_output("-c", _MEMORY, name, str(count)) / 2**20 for name in ("runspan", "models"))
        rows.append([f"{count:,}", f"{ours:.1f} MiB", f"{theirs:.1f} MiB", f"{ours / theirs:.2f}"])
    note = "Most of what Python had allocated during one run (tracemalloc), without SDK and storage."
    return Figure("Memory", ["decisions", "runspan", "models alone", "ratio"], rows, note)


if __name__ == "__main__":
    for each in (imports, exits, memory):
        each().show()
