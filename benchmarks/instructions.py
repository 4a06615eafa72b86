"""Instructions of the hot path, which neighbours on the machine do not change: counted by valgrind's callgrind.

`python -m benchmarks.instructions`; `… CONTENDER STEPS` records that many steps and is what is counted.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NoOpTracerProvider

from benchmarks.bare import BareSdk, Contender
from benchmarks.contenders import ModelsAlone, WithRunspan
from benchmarks.figures import Figure
from benchmarks.floor import Floor
from benchmarks.workload import steps

__all__ = ["count", "figure", "is_possible"]

_MADE = 300
"""Steps that every program makes, so that making them costs each the same."""

NAMES = ("bare SDK", "models alone", "spans only", "everything", "no SDK", "the floor")


def is_possible() -> bool:
    """Whether valgrind is installed."""
    return shutil.which("valgrind") is not None


def count(name: str, few: int = 50, many: int = 250) -> float:
    """Return the instructions of one step: those of many steps less those of few."""
    return (_total(name, many) - _total(name, few)) / (many - few)


def _total(name: str, number: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        program = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", sys.executable]
        environment = os.environ | {"PYTHONHASHSEED": "0", "COVERAGE_PROCESS_START": ""}
        done = subprocess.run(
            [*program, "-m", "benchmarks.instructions", name, str(number)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found is not None, done.stderr
    return int(found[1])


def figure(*, quick: bool = False) -> Figure:
    """Each contender's."""
    if not is_possible():
        return Figure("Instructions", ["", "not measured"], [], "valgrind is not installed.")
    few, many = (2, 4) if quick else (50, 250)
    counted = {name: count(name, few, many) for name in NAMES}
    sdk, models = counted["bare SDK"], counted["models alone"]
    rows = [
        [name, f"{number / 1e3:.0f}", f"{number / sdk:.2f}", f"{number / models:.2f}"]
        for name, number in counted.items()
    ]
    note = "One decision with its outcome, by callgrind, without a batch processor; garbage collection is off."
    return Figure("Instructions", ["", "thousands", "x bare SDK", "x models alone"], rows, note)


def _contender(name: str, folder: Path) -> Contender:
    spans = TracerProvider(shutdown_on_exit=False)
    match name:
        case "bare SDK":
            return BareSdk(spans)
        case "models alone":
            return ModelsAlone()
        case "spans only":
            return WithRunspan(name, None, spans)
        case "no SDK":
            return WithRunspan(name, folder, NoOpTracerProvider())
        case "the floor":
            return Floor(name, folder / "floor", spans)
        case _:
            return WithRunspan(name, folder, spans)


def main(name: str, number: str) -> None:
    """Record; what is counted."""
    made = steps(_MADE)[: int(number)]
    gc.disable()
    with tempfile.TemporaryDirectory() as folder:
        contender = _contender(name, Path(folder))
        contender.begin()
        for step in made:
            contender.step(step)
        os._exit(0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(*sys.argv[1:])
    figure().show()
