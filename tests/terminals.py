"""Commands in a real pseudo-terminal, and what they send to it. Knows no command."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Shown", "colours_in", "commands_in", "in_terminal"]

_DEADLINE_S: Final = 120.0
_JOINERS: Final = "\u200c\u200d"
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_STYLE: Final = re.compile(r"\x1b\[[0-9;]*m")
# What draws a table anew and a bar: the cursor hidden and shown, a line back or up, a line erased.
_DRAWING: Final = re.compile(r"\x1b\[\?25[lh]|\x1b\[1A|\x1b\[2K|\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What came of a command."""

    code: int
    text: str
    """All that it sent to the terminal, both streams, with lines as they were written."""


def in_terminal(
    words: Sequence[object],
    *,
    columns: int = 100,
    until: Callable[[str], bool] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Shown:
    """Run a command in a terminal.

    Args:
        words: Of `runspan`.
        columns: How wide the terminal is.
        until: Ctrl-C is pressed as soon as this says so of what came; otherwise it runs to its end.
        environment: Variables beside the usual ones.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    left_out = {"COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "COLORTERM"}
    variables = {name: value for name, value in os.environ.items() if name not in left_out} | {"TERM": "xterm-256color"}
    process = subprocess.Popen(
        [sys.executable, "-m", "runspan", *map(str, words)],
        env=variables | dict(environment or {}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        return Shown(text=_read(ours, process, until), code=process.wait(_DEADLINE_S))
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _read(terminal: int, process: subprocess.Popen[bytes], until: Callable[[str], bool] | None) -> str:
    came = bytearray()
    ends = time.monotonic() + _DEADLINE_S
    while time.monotonic() < ends:
        if select.select([terminal], [], [], 1.0)[0]:
            try:
                data = os.read(terminal, 65_536)
            except OSError:  # nobody has the other end any more
                break
            if not data:
                break
            came += data
        if until is not None and until(came.decode(errors="replace")):
            process.send_signal(signal.SIGINT)
            until = None
    return came.decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def commands_in(text: str) -> set[str]:
    """Return what a terminal obeys, turns text around at, or shows nothing of; styles and our drawing are none."""
    rest = _DRAWING.sub("", _STYLE.sub("", text))
    odd = {each for each in set(rest) if unicodedata.category(each) in _HIDDEN or 0xE0000 <= ord(each) < 0xE1000}
    return odd - {"\n", *_JOINERS}


def colours_in(text: str) -> set[str]:
    """Return the codes of colours, leaving out bold, faint and underlined."""
    codes = {code for style in _STYLE.findall(text) for code in style[2:-1].split(";") if code}
    return {code for code in codes if int(code) >= 30}
