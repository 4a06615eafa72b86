"""What recording costs stays what it was, as a multiple of the bare SDK; and every benchmark works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from benchmarks import processes

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[1]
MOST: Final = 3.2
"""Times the cost of the bare SDK: well above what docs/performance.md tells, for machines are noisy."""
MOST_MEMORY: Final = 0.3
"""Of what the models alone take. Bytes do not vary with the machine."""
ATTEMPTS: Final = 3


def test_recording_stays_within_its_cost(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """The least disturbed rounds of both, in turn; a machine that is disturbed gets another chance."""
    ratios: list[float] = []
    while len(ratios) < ATTEMPTS and (not ratios or min(ratios) > MOST):
        # A process of its own: what counts the lines that tests run makes ours slow, and not the SDK.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        command = [sys.executable, "-m", "benchmarks.cost", "ratio", str(tmp_path / str(len(ratios)))]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True, timeout=250)
        ratios.append(float(done.stdout))
    record_property("measured", f"everything on costs {min(ratios):.2f} times the bare SDK")

    assert min(ratios) < MOST


def test_record_takes_a_fraction_of_the_models_memory(record_property: Callable[[str, object], None]) -> None:
    """A run in progress holds its lines, each just as large as it is."""
    (_, ours, theirs, ratio), *_ = processes.memory(quick=True).rows
    record_property("measured", f"1,000 decisions take {ours}, the models alone {theirs}")

    assert float(ratio) < MOST_MEMORY


def test_every_figure_can_be_made() -> None:
    """Once, with counts that say nothing; the alternatives need the network and are left out."""
    program = (
        "from benchmarks import cost, delivery, ending, looking, pieces, processes\n"
        "figures = [cost.figure, cost.growth, ending.figure, delivery.figure, processes.memory, looking.figure]\n"
        "figures.append(pieces.figure)\n"
        "for figure in figures:\n"
        "    assert figure(quick=True).rows, figure\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=250)


@pytest.mark.usefixtures("collector")
def test_figure_of_traces_in_and_out_can_be_made() -> None:
    """It wants a Collector to send to."""
    program = "from benchmarks import interchange; assert interchange.figure(quick=True).rows"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=250)
