"""A collector with any fault costs the agent nothing: neither time in its calls, nor its exit, nor a run file."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runspan import FileStorage
from tests.reliability.faulty import FAULTS, faulty_receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.reliability.tally import Tally


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where the system has that: whoever else makes the disk wait is not the subject here."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder itself is the test's own
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


@pytest.mark.guarantee(5)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_costs_the_agent_nothing(fault: str, folder: Path, tally: Tally) -> None:
    """Its calls, its exit and its files are as with a sound collector."""
    runs = tally.times("runs", quick=5, full=100)
    with faulty_receiver(fault) as endpoint:
        program = [sys.executable, "-m", "tests.reliability.busy_agent", str(folder), endpoint, str(runs)]
        with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            ids, decides, ends, lost = json.loads(process.stdout.readline())
            began = time.monotonic()
            said = process.stderr.read().decode()
            process.wait(60)
            exit_s = time.monotonic() - began
    p99 = statistics.quantiles(decides, n=100)[98]
    tally.note("decide p99", f"{p99:.2f} ms")
    tally.note("longest end_run", f"{max(ends):.0f} ms")
    tally.note("exit", f"{exit_s:.2f} s")
    storage = FileStorage(folder)

    assert (0, {}) == (process.returncode, lost)
    assert set(ids) == set(storage.get_runs_by_status("completed"))
    assert "Traceback" not in said
    # The bounds of the promise; in a quick run, which others may disturb, ten times as much.
    slack = 1 if tally.is_soak else 10
    assert p99 < 5 * slack
    assert max(ends) < 250 * slack
    # Two seconds, and what the interpreter itself takes to end.
    assert exit_s < 2 + 0.8 * slack
