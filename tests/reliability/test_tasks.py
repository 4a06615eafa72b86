"""Tasks and threads keep their own runs, with few file handles; every way out of a block leaves an outcome."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from runspan.journal import StoredJournals
from tests.reliability.tasking import WAYS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reliability.tally import Tally


@pytest.mark.guarantee(8)
@pytest.mark.parametrize("way", WAYS)
def test_runs_keep_apart(way: str, tmp_path: Path, tally: Tally) -> None:
    """Each run's file has its own decisions, each with an outcome, although a process may open 256 files at most."""
    count = tally.times("runs", quick=300, full=1_000)
    program = [sys.executable, "-m", "tests.reliability.tasking", str(tmp_path), way, str(count)]
    done = subprocess.run(program, stdout=subprocess.PIPE, check=True, timeout=300)
    told, lost = json.loads(done.stdout)
    wrong: list[object] = []
    for run_id, intents in told:
        run = json.loads((tmp_path / "runs" / f"{run_id}.json").read_bytes())
        if [decision["intent"] for decision in run["decisions"]] != intents:
            wrong.append((run_id, intents, run["decisions"]))
        wrong += [decision for decision in run["decisions"] if decision["outcome"] is None]
    tally.note("decisions", sum(len(intents) for _, intents in told))

    assert [] == wrong
    assert {} == lost
    assert len(told) > count * 0.9
    assert len({run_id for run_id, _ in told}) == len(told)
    assert [] == StoredJournals(tmp_path).open()
