"""Starting agents and doing harm to them: signals and failing system calls. Knows nothing of what they write."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CHANGING", "Agents", "Call", "calls_in", "traced"]

ROOT: Final = Path(__file__).parents[2]

CHANGING: Final = (
    "open,openat,creat,write,pwrite64,writev,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,unlink,unlinkat,"
    "mkdir,mkdirat,rmdir,chmod,fchmod,fchmodat,ftruncate,truncate,fallocate,link,linkat,symlink,symlinkat,flock"
)
"""System calls that change a file system, or begin to."""

Call = tuple[str, int]
"""A system call's name, and the how manieth of that name it is."""


class Agents:
    """One process that forks an agent for each task."""

    def __init__(self, log: Path) -> None:
        """Start it.

        Args:
            log: Takes what the agents write to standard error.
        """
        self.log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.reliability.agent"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=ROOT,
                start_new_session=True,
            )
        self.is_idle = True

    def start(self, **task: object) -> dict[str, Any]:
        """Have an agent begin a task; return its pid and the id of its run once it is ready."""
        self.is_idle = False
        return self.tell(json.dumps(task))

    def tell(self, word: str) -> dict[str, Any]:
        """Say something to the agent; return its answer, or how it ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(word.encode() + b"\n")
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> dict[str, Any]:
        """Return the next answer."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the agents have ended: {self.log.read_text()}"
        answer: dict[str, Any] = json.loads(line)
        self.is_idle = "exit" in answer
        return answer

    def end(self) -> dict[str, int]:
        """Have the agent exit; return its last counts."""
        last: dict[str, int] = self.tell("exit")["last"]
        exited = self.hear()
        assert {"exit": 0} == exited, self.log.read_text()
        return last

    def close(self) -> None:
        """End it, and an agent that a failed test has left."""
        if not self.is_idle:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate(timeout=30)


@contextmanager
def traced(pid: int, log: Path, *options: str) -> Iterator[None]:
    """Have strace at a process until that ends; injected counts begin here."""
    command = ["strace", "-f", "-p", str(pid), "-o", str(log), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        told = process.stderr.readline()
        assert b"attached" in told, told
        yield
        process.communicate(timeout=30)


def calls_in(log: Path) -> list[Call]:
    """Return the calls of a trace, up to the agent's next answer."""
    counts: Counter[str] = Counter()
    found: list[Call] = []
    for line in log.read_text().splitlines():
        match = re.match(r"\d+\s+(\w+)\(", line)
        if match is None:
            continue
        if re.match(r"\d+\s+write\(1[,<]", line):
            break
        counts[match[1]] += 1
        found.append((match[1], counts[match[1]]))
    return found
