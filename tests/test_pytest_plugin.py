"""The fixture `runspan`, in a pytest of its own: what it records, what it asserts, what a failing test shows."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

AGENT: Final = """
def answer(runtime, order):
    options = [{"id": "pay", "description": "Refund at once"}, {"id": "ask", "description": "Ask a person"}]
    with runtime.run("refund", "Refund an order", {"order": order}):
        decision = runtime.decide("choose a remedy", options, "pay", "below the limit", node_id="resolve")
        runtime.record_outcome(decision, order != 13, error="no such order" if order == 13 else None)
"""


def pytest_run(folder: Path, test: str, *arguments: str) -> tuple[int, str]:
    """Run a test file in a process of its own; return pytest's exit code and what it has printed."""
    (folder / "test_agent.py").write_text(AGENT + test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout


def test_what_was_decided_can_be_asserted(tmp_path: Path) -> None:
    """By intent, option, node and success; ids and times are the same in every run."""
    code, told = pytest_run(
        tmp_path,
        """
def test_pays(runspan):
    answer(runspan.runtime, 8812)
    decision = runspan.assert_decided("choose a remedy", chosen="pay", node="resolve", success=True)
    assert ("dec_0", "below the limit") == (decision.id, decision.reasoning)
    assert runspan.run.id.endswith("_00000001")
    assert runspan.run.started_at.isoformat() == "2026-11-23T12:00:00+00:00"
    assert [decision] == runspan.decisions
    assert ["decide resolve", "run refund"] == [span.name for span in runspan.spans]

def test_another_test_starts_anew(runspan):
    assert [] == runspan.runs
    runspan.runtime.start_run("left open")
    assert "left open" == runspan.run.goal_id
""",
    )

    assert 0 == code, told
    assert "2 passed" in told


def test_a_failing_test_shows_its_runs(tmp_path: Path) -> None:
    """And says which decisions there were."""
    code, told = pytest_run(
        tmp_path,
        """
def test_asks(runspan):
    answer(runspan.runtime, 13)
    runspan.assert_decided(chosen="ask")
""",
    )

    assert 1 == code
    assert "no decision with chosen='ask'; there are" in told
    assert "intent='choose a remedy', chosen='pay', node='resolve', success=False" in told
    section = told.partition("runs recorded by runspan")[2]
    assert "run_20261123_120000_00000001" in section
    assert "no such order" in section


def test_more_than_one_run_is_told(tmp_path: Path) -> None:
    """`run` is for tests of one run."""
    code, told = pytest_run(
        tmp_path,
        """
def test_two(runspan):
    answer(runspan.runtime, 1)
    answer(runspan.runtime, 2)
    assert 2 == len(runspan.runs) == len(runspan.decisions)
    runspan.run
""",
    )

    assert 1 == code
    assert "there are 2 runs, not one: ['refund', 'refund']" in told


def test_who_does_not_ask_for_it_pays_nothing(tmp_path: Path) -> None:
    """Neither pydantic nor the SDK is loaded, and a failing test shows nothing of it."""
    code, told = pytest_run(
        tmp_path,
        """
def test_nothing():
    import sys
    assert not {"pydantic", "opentelemetry.sdk", "rich"} & set(sys.modules)
    assert 0
""",
        *("-p", "no:logfire", "-p", "no:anyio", "-p", "no:hypothesispytest", "-p", "no:langsmith_plugin"),
    )

    assert 1 == code
    assert "1 failed" in told
    assert "assert 0" in told
    assert "recorded by runspan" not in told
