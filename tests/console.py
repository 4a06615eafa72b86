"""A terminal for the blocks of a document: types what they say, and compares what is printed. Knows no page.

What differs from one run to the next is made equal on both sides before they are compared (`comparable`): ids of runs
and traces, dates and times, durations, versions, ids of processes, and blanks, because columns are as wide as these.
`pip install` and `docker run` are not typed: the test's environment has been installed, and a Jaeger is there. A reader
is slower than a test: a program is started in another second than the one before, because ids of runs tell seconds.
"""

from __future__ import annotations

import os
import platform
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.doc_blocks import Block, name_of, typed
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Terminal", "comparable"]

_NOT_TYPED: Final = ("pip install ", "docker run ")
_PYTEST: Final = {"PYTEST_ADDOPTS": "-p no:randomly -p no:cacheprovider"}  # as it is where it is newly installed
_TIMEOUT_S: Final = 120
_EQUAL: Final = (
    (re.compile(r"\brun_\d{8}_\d{6}_[0-9a-f]{8}\b"), "RUN"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "TRACE"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?"), "TIME"),
    (re.compile(r"\b\d+(\.\d+)?( ?)(ms|s|min)\b"), "DURATION"),
    (re.compile(r"\b\d+(\.\d+){2,}\S*"), "VERSION"),
    (re.compile(r"\bpid \d+"), "pid NUMBER"),
    (re.compile(r"\b\d+ is dead"), "NUMBER is dead"),
    (re.compile(r"[ \t]+"), " "),
)


def comparable(text: str) -> str:
    """Return a text without what differs from one run to the next."""
    for pattern, instead in _EQUAL:
        text = pattern.sub(instead, text)
    return "\n".join(line.strip() for line in text.strip().splitlines())


class Terminal:
    """A folder and an environment in which a reader types."""

    def __init__(self, folder: Path, *, environment: Mapping[str, str], places: Mapping[str, str]) -> None:
        """Open it.

        Args:
            folder: Where the reader is.
            environment: Variables that are set.
            places: Addresses as a document has them, by those that stand for them here.
        """
        self._folder = folder
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self._environment = (
            {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "COLUMNS": "120"} | _PYTEST | dict(environment)
        )
        self._places = dict(places)
        self._second = 0

    def save(self, block: Block) -> None:
        """Save a block as the file it names."""
        (self._folder / block.title).write_text(block.source, encoding="utf-8")

    def type(self, block: Block) -> str:
        """Type what a block says; return it with what was printed, as a document would have it."""
        told = ""
        for command, printed in typed(block):
            is_run = not command.startswith(_NOT_TYPED)
            told += f"$ {command}\n" + (self._run(command, block) if is_run else printed)
        return told

    def _run(self, command: str, block: Block) -> str:
        if command.startswith("export "):
            self._environment |= dict(word.split("=", 1) for word in shlex.split(self._here(command))[1:])
            return ""
        if command.startswith("python "):
            eventually(lambda: int(time.time()) != self._second)
            self._second = int(time.time())
        done = subprocess.run(
            ["bash", "-c", self._here(command)],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
        assert done.returncode <= 1, f"{name_of(block.page)}:{block.line}: {command}\n{done.stdout}"
        printed = done.stdout.replace(f" on {platform.node()})", " on host)")
        printed += "Killed\n" if done.returncode == -signal.SIGKILL else ""  # a shell at a terminal says so
        for here, there in self._places.items():
            printed = printed.replace(here, there)
        return "".join(f"{line.rstrip()}\n" for line in printed.splitlines())

    def _here(self, command: str) -> str:
        for here, there in self._places.items():
            command = command.replace(there, here)
        return command
