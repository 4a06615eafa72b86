"""Times one alternative beside the bare SDK; runs where runspan is not installed."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from benchmarks.bare import BareSdk, provider
from benchmarks.figures import interleaved
from benchmarks.workload import steps

if TYPE_CHECKING:
    from benchmarks.bare import Contender

__all__ = ["measure"]


def measure(contender: Contender) -> None:
    """Time it, for as many rounds as the command line says, and print what was seen as JSON."""
    rounds, package = int(sys.argv[1]), sys.argv[2]
    bare = BareSdk(provider())
    times = interleaved([bare, contender], steps(20), rounds=rounds, runs=5)
    told = {"bare": times[bare.name].median, "median": times[contender.name].median, "version": version(package)}
    print(json.dumps(told))
