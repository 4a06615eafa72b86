"""An agent for tests of faults: it forks a child for each task, ready to save, which goes on word by word.

Tasks and words come as lines on its standard input, answers go as lines of JSON to its standard output. Forking saves
the imports, so that hundreds of faults can be tried. `python -m tests.reliability.agent`.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from typing import Any


def say(**what: object) -> None:
    """Answer with one line."""
    os.write(1, json.dumps(what).encode() + b"\n")


# Registered before runspan's own, so that it runs after them.
atexit.register(lambda: say(last=sys.modules["runspan.health"].health()))

import resource  # noqa: E402

import runspan  # noqa: E402
from runspan import FileStorage, Run, RunStatus, Runtime  # noqa: E402


def heard() -> str:
    """Return the next line, empty at the end."""
    line = b""
    while not line.endswith(b"\n"):
        more = os.read(0, 1)
        if not more:
            break
        line += more
    return line.decode().strip()


class EndingRuns:
    """Runs that have a decision and its outcome, and wait for their end."""

    def __init__(self, storage: str) -> None:
        """Start the first."""
        self.runtime = Runtime(storage)
        self.start()

    def start(self) -> None:
        """Start the next."""
        self.run_id = self.runtime.start_run("goal", input_data={"text": "x" * 3_000})
        decision = self.runtime.decide("choose", [{"id": "a"}], "a", "because", node_id="node")
        self.runtime.record_outcome(decision, True, result={"n": 1})

    def go(self) -> None:
        """End it."""
        self.runtime.end_run(True)


class SavingAgain:
    """A run that is stored as running and is about to be stored as failed, for another goal, with another node."""

    def __init__(self, storage: str) -> None:
        """Store it."""
        self.storage = FileStorage(storage)
        self.run_id = "run_again"
        self.storage.save_run(Run(id=self.run_id, goal_id="goal", status=RunStatus.RUNNING))
        self.run = Run(id=self.run_id, goal_id="other", status=RunStatus.FAILED)
        self.run.metrics.nodes_executed.append("late")

    def go(self) -> None:
        """Save it again."""
        self.storage.save_run(self.run)


class Deleting(SavingAgain):
    """A stored run that is about to be deleted."""

    def go(self) -> None:
        """Delete it."""
        self.storage.delete_run(self.run_id)


TASKS: dict[str, type[EndingRuns | SavingAgain]] = {"end": EndingRuns, "save again": SavingAgain, "delete": Deleting}


def serve(task: dict[str, Any]) -> None:
    """Get ready, then do what is told until `exit`."""
    if "umask" in task:
        os.umask(task["umask"])
    agent = TASKS[task["do"]](task["storage"])
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208
    say(pid=os.getpid(), run=agent.run_id)
    for word in iter(heard, "exit"):
        if word == "go":
            agent.go()
        elif word == "start" and isinstance(agent, EndingRuns):
            agent.start()
        elif word.startswith("files "):
            limit = highest + 1 + int(word.split()[1])
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        say(pid=os.getpid(), run=agent.run_id, health=runspan.health())


def main() -> None:
    """Fork a child for each task; it falls out of here to a normal end of the interpreter."""
    for order in iter(heard, ""):
        child = os.fork()
        if child == 0:
            serve(json.loads(order))
            return
        _, status = os.waitpid(child, 0)
        say(exit=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
