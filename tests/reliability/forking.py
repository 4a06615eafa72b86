"""A process that forks under load. `python -m tests.reliability.forking STORAGE ENDPOINT FORKS`.

Threads record, log and export meanwhile; each child records a run of its own and ends, by return or by `os._exit`. Says
on stdout, as one JSON line: the parent's runs, and how many children did not end well.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from pathlib import Path

import runspan

OPTIONS = [{"id": "a", "description": "A"}]
_logger = logging.getLogger("agent")


def record(runtime: runspan.Runtime, goal: str) -> str:
    """Record one run."""
    with runtime.run(goal) as run:
        run.record_outcome(run.decide("x", OPTIONS, "a", "r"), True)
    return run.id


def below(folder: str) -> list[str]:
    """What this process has open below a folder."""
    targets = [os.path.realpath(entry) for entry in Path("/proc/self/fd").iterdir()]
    return [target for target in targets if target.startswith(os.path.realpath(folder))]


class Descriptor(logging.Handler):
    """Writes to a file descriptor; Python's own buffered files have a lock that a forked child may find taken."""

    def __init__(self) -> None:
        """Write to nowhere."""
        super().__init__()
        self._descriptor = os.open(os.devnull, os.O_WRONLY)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        os.write(self._descriptor, self.format(record).encode() + b"\n")


def child(runtime: runspan.Runtime, storage: str, number: int, parent: runspan.OpenRun) -> None:
    """Live in a child: the parent's files are not open, its run takes nothing, and an own run is recorded."""
    inherited = below(storage)
    ignored = parent.decide("not mine", [], "", "r") == ""
    run_id = record(runtime, "child")
    os.write(1, json.dumps({"child": run_id, "inherited": inherited, "ignored": ignored}).encode() + b"\n")
    if number % 2:
        os._exit(0)
    sys.exit(0)


def main(storage: str, endpoint: str, forks: str) -> None:
    """Fork again and again while threads are at work."""
    logging.basicConfig(handlers=[Descriptor()], level=logging.DEBUG)
    runspan.configure("forking", endpoint=endpoint)
    runtime = runspan.Runtime(storage)
    runs: list[str] = []
    stopped = threading.Event()

    def work() -> None:
        while not stopped.wait(0.002):
            runs.append(record(runtime, "thread"))
            _logger.info("recorded %d", len(runs))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    failed = 0
    with runtime.run("parent") as parent:
        parent.decide("fork", OPTIONS, "a", "r")
        for number in range(int(forks)):
            pid = os.fork()
            if pid == 0:
                child(runtime, storage, number, parent)
            failed += os.waitpid(pid, 0)[1] != 0
    stopped.set()
    for thread in threads:
        thread.join()
    os.write(1, json.dumps({"runs": [*runs, parent.id], "failed": failed}).encode() + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
