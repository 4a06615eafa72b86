"""`runspan watch`: the runs of another process as they go on, one that dies included."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import pytest
from click.testing import CliRunner

from runspan.cli import main
from runspan.storage import FileStorage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AGENT = """
import sys
from runspan import Runtime
runtime = Runtime(sys.argv[1])
runtime.start_run("refund")
print("began", flush=True)
for line in sys.stdin:
    match line.split():
        case ["decide", intent]:
            decision = runtime.decide(intent, [{"id": "a"}], "a", "r")
        case ["outcome", word]:
            runtime.record_outcome(decision, word == "good")
        case ["problem"]:
            runtime.report_problem("warning", "odd")
        case ["end"]:
            runtime.end_run(True)
    print(line.strip(), flush=True)
"""


class Agent:
    """An agent in a process of its own, which does what it is told."""

    def __init__(self, storage: Path) -> None:
        """Start it, with a run."""
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-c", AGENT, str(storage)], stdin=pipe, stdout=pipe, text=True, bufsize=1
        )
        self._answer()

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, words: str) -> None:
        """Have it do something; it is done when this returns."""
        assert self.process.stdin is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        assert words == self._answer()

    def __enter__(self) -> Self:
        """Run."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill it."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    """One that has begun a run."""
    with Agent(tmp_path) as running:
        yield running


def once(storage: Path) -> list[dict[str, Any]]:
    """What is in progress now."""
    done = CliRunner().invoke(main, ["watch", "--once", "--json", "-s", str(storage)])
    assert 0 == done.exit_code, done.output
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def test_once_tells_what_is_in_progress(tmp_path: Path, agent: Agent) -> None:
    """Call by call, and nothing when it has ended."""
    for words in ("decide look", "outcome bad", "problem", "decide choose"):
        agent.tell(words)
    [run] = once(tmp_path)

    assert ("refund", True, agent.process.pid) == (run["goal_id"], run["is_alive"], run["pid"])
    assert (2, 1, 1) == (run["decisions"], run["failed"], run["problems"])
    assert ("choose", True) == (run["doing"], run["is_waiting"])
    agent.tell("outcome good")
    assert not once(tmp_path)[0]["is_waiting"]
    agent.tell("end")
    assert [] == once(tmp_path)


def test_once_for_people(tmp_path: Path, agent: Agent) -> None:
    """A table; without a run a word on stderr."""
    agent.tell("decide choose")
    shown = CliRunner().invoke(main, ["watch", "--once", "-s", str(tmp_path)])

    assert ["Run", "Goal", "Process", "Decisions", "Failed", "Problems", "Doing"] == shown.stdout.split("\n")[0].split()
    assert ["refund", str(agent.process.pid), "1", "0", "0", "choose"] == shown.stdout.split("\n")[1].split()[1:]
    agent.tell("end")
    assert "no run is in progress\n" == CliRunner().invoke(main, ["watch", "--once", "-s", str(tmp_path)]).stderr


def test_a_dead_process_is_told_and_left_to_recovery(tmp_path: Path, agent: Agent) -> None:
    """Watching changes nothing."""
    agent.tell("decide choose")
    agent.process.kill()
    agent.process.wait()
    [run] = once(tmp_path)
    shown = CliRunner().invoke(main, ["watch", "--once", "-s", str(tmp_path)]).stdout

    assert (False, "choose") == (run["is_alive"], run["doing"])
    assert f"{agent.process.pid} is dead" in shown
    assert [] == FileStorage(tmp_path).list_all_runs()
    assert 1 == len(list((tmp_path / "journal").glob("*.jsonl")))


@contextmanager
def watching(storage: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a pipe, until the block ends."""
    command = [sys.executable, "-m", "runspan", "watch", "--every", "0.05", "-s", str(storage), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_lines_tell_changes_until_interrupted(tmp_path: Path, agent: Agent) -> None:
    """One for each; Ctrl-C is the way to end it, and no fault."""
    with watching(tmp_path, "--json") as watch:
        assert watch.stdout is not None
        first = json.loads(watch.stdout.readline())
        agent.tell("decide choose")
        second = json.loads(watch.stdout.readline())
        agent.tell("outcome good")
        third = json.loads(watch.stdout.readline())
        agent.tell("end")
        last = json.loads(watch.stdout.readline())
        watch.send_signal(signal.SIGINT)
        code = watch.wait(30)
        assert watch.stderr is not None
        said = watch.stderr.read()

    assert (0, "") == (code, said)
    assert ["runs", "runs", "runs", "completed"] == [line["status"] for line in (first, second, third, last)]
    assert [0, 1, 1, 1] == [line["decisions"] for line in (first, second, third, last)]
    assert [False, True, False] == [line["is_waiting"] for line in (first, second, third)]


def test_lines_for_people(tmp_path: Path, agent: Agent) -> None:
    """Short ones."""
    agent.tell("decide choose")
    with watching(tmp_path) as watch:
        assert watch.stdout is not None
        line = watch.stdout.readline()

    assert line.startswith("run_")
    assert line.endswith(" runs: refund, 1 decisions, 0 failed, 0 problems, choose\n")


def test_a_journal_that_cannot_be_read_hides_no_other(tmp_path: Path, agent: Agent) -> None:
    """It is recovery's to tell of."""
    (tmp_path / "journal" / "broken.jsonl").write_bytes(b"no journal\n")
    agent.tell("decide choose")

    assert ["refund"] == [run["goal_id"] for run in once(tmp_path)]
