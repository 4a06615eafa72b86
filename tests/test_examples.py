"""The examples run as their README says, and leave what it shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def run_example(name: str, storage: Path) -> list[str]:
    """Run an example as a script; return the lines it prints."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), str(storage)],
        cwd=storage.parent,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout.splitlines()


def load(storage: Path, run_id: str) -> dict[str, object]:
    """Read a run file."""
    run: dict[str, object] = json.loads((storage / "runs" / f"{run_id}.json").read_bytes())
    return run


def test_support_agent_works_through_its_tickets(tmp_path: Path) -> None:
    """Five runs, two of which fail: payments are down, and an order nobody knows."""
    run_ids = run_example("support_agent/agent.py", tmp_path / "storage")
    runs = [load(tmp_path / "storage", run_id) for run_id in run_ids]

    assert ["completed", "completed", "failed", "failed", "completed"] == [run["status"] for run in runs]
    assert [[], [], ["Refund not issued"], ["Unknown order"], []] == [
        [problem["description"] for problem in run["problems"]]  # type: ignore[attr-defined]
        for run in runs
    ]


def test_run_beside_tracing_is_linked_to_its_request(tmp_path: Path) -> None:
    """Two traces: the request's, and the run's with a link to it."""
    *spans, reply = run_example("beside_tracing.py", tmp_path / "storage")
    traces = {line.split(" ", 1)[1].split(" linked")[0]: line.split(" ")[0] for line in spans}
    linked = next(line.rpartition(" ")[2] for line in spans if "linked to" in line)

    assert ["chat", "decide style", "run answer", "GET /answer"] == list(traces)
    assert traces["chat"] == traces["decide style"] == traces["run answer"] != traces["GET /answer"]
    assert traces["GET /answer"] == linked
    assert traces["run answer"] == load(tmp_path / "storage", reply.split()[0])["trace_id"]


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.py")), ids=lambda path: path.name)
def test_every_example_is_in_the_readme(path: Path) -> None:
    """A paragraph for each."""
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")

    assert path.name in text or path.parent.name in text
