"""A process that dies at any moment loses nothing it has acknowledged, and tears nothing."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from runspan import FileStorage, recover
from runspan.journal import StoredJournals

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reliability.tally import Tally

PROCESSES = 4
Acknowledged = list[list[Any]]


class Recorder:
    """One process that records, until it is killed."""

    def __init__(self, storage: Path, seed: int, *words: str) -> None:
        """Start it."""
        program = [sys.executable, "-m", "tests.reliability.recorder", str(storage), str(seed), *words]
        env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        self._process = subprocess.Popen(program, stdout=subprocess.PIPE, env=env)

    def kill_after(self, lines: int) -> Acknowledged:
        """Wait for that many acknowledgements, kill it, and return all that it has made."""
        stdout = self._process.stdout
        assert stdout is not None
        told = [stdout.readline() for _ in range(lines)]
        self._process.kill()
        told += stdout.readlines()
        self._process.wait()
        stdout.close()
        return [json.loads(line) for line in told if line.endswith(b"\n")]


def kill_recorders(storage: Path, kills: int, *words: str) -> Acknowledged:
    """Kill that many processes at random moments, four at a time, and recover while others record."""
    chance = random.Random(kills)  # noqa: S311 - not for secrets
    running = [Recorder(storage, seed, *words) for seed in range(min(PROCESSES, kills))]
    acknowledged: Acknowledged = []
    for kill in range(kills):
        victim = running.pop(0)
        if kill + PROCESSES < kills:
            running.append(Recorder(storage, kill + PROCESSES, *words))
        acknowledged += victim.kill_after(chance.randrange(1, 150))
        recover(storage, send=False)
    return acknowledged


def lost(storage: Path, acknowledged: Acknowledged) -> list[list[Any]]:
    """Return what was acknowledged and is not in the run files; each file is read plainly, and has to be whole."""
    runs = {path.stem: json.loads(path.read_bytes()) for path in (storage / "runs").glob("*.json")}
    return [told for told in acknowledged if told[1] not in runs or not is_in(runs[told[1]], *told)]


def is_in(run: dict[str, Any], kind: str, _: str, decision_id: str = "", number: int = 0, *more: int) -> bool:
    """Whether one acknowledged call is in a run."""
    decisions = {decision["id"]: decision for decision in run["decisions"]}
    decision = decisions.get(decision_id) or {"reasoning": "", "input_context": {"text": ""}, "outcome": None}
    match kind:
        case "decision":
            return {len(text) for text in (decision["reasoning"], decision["input_context"]["text"])} == set(more)
        case "outcome":
            return bool((decision["outcome"] or {}).get("summary") == f"outcome {number}")
        case "problem":
            return any(problem["description"] == f"problem {number}" for problem in run["problems"])
        case "end":
            return bool(run["status"] == "completed" and run["narrative"] == f"done {run['id']}")
    return kind == "run"


@pytest.mark.guarantee(1, 2)
def test_killed_processes_lose_nothing(tmp_path: Path, tally: Tally) -> None:
    """Several processes on one storage, each killed at a random moment while the others go on."""
    kills = tally.times("SIGKILLs", quick=24, full=500)
    acknowledged = kill_recorders(tmp_path, kills)
    # A process that dies while it makes a journal leaves an empty one, which tells nothing and not whose it is.
    left = [name for name in StoredJournals(tmp_path).open() if (tmp_path / "journal" / name).read_bytes()]
    kinds: dict[str, int] = defaultdict(int)
    for kind, *_ in acknowledged:
        kinds[kind] += 1
    missing = lost(tmp_path, acknowledged)
    tally.note("acknowledged records", len(acknowledged))
    tally.note("acknowledged records lost", len(missing))

    assert [] == missing
    assert [] == left
    assert {"run", "decision", "outcome", "problem", "end"} == set(kinds)


@pytest.mark.guarantee(1)
def test_every_killed_run_is_in_every_index(tmp_path: Path) -> None:
    """A recovered run is found like any other, and says what happened to it."""
    acknowledged = kill_recorders(tmp_path, 4)
    storage = FileStorage(tmp_path)
    begun = {told[1] for told in acknowledged}
    ended = {told[1] for told in acknowledged if told[0] == "end"}
    by_status = set(storage.get_runs_by_status("failed")) | set(storage.get_runs_by_status("completed"))
    runs = [storage.load_run(run_id) for run_id in begun - ended]
    problems = [run.problems[-1].description for run in runs if run is not None and run.status == "failed"]

    assert begun <= by_status
    assert problems
    assert all(text.startswith("the process died before the run ended") for text in problems)


@pytest.mark.guarantee(1)
def test_journal_without_flush_is_caught(tmp_path: Path) -> None:
    """The same test sees what a journal loses that keeps lines in the process."""
    acknowledged = kill_recorders(tmp_path, 4, "buffered")

    assert lost(tmp_path, acknowledged)
