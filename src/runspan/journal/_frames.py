r"""Lines that tell whether they are whole: `{length} {checksum} {payload}\n`, both in eight hex digits.

A process may die in the middle of a write, and a disk may fill up there. Knows nothing of what a payload says.
"""

from __future__ import annotations

from binascii import crc32
from typing import Final

__all__ = ["frame", "unframe"]

_HEAD: Final = len("00000000 00000000 ")


def frame(payload: bytes) -> bytes:
    """Return the line of a payload; JSON as we write it holds no line break."""
    return b"%08x %08x %s\n" % (len(payload), crc32(payload), payload)


def unframe(data: bytes) -> tuple[list[bytes], int]:
    """Return the payloads of all whole lines, and how many lines are not whole."""
    lines = data.split(b"\n")
    payloads = [line[_HEAD:] for line in lines if _is_whole(line)]
    return payloads, sum(map(bool, lines)) - len(payloads)


def _is_whole(line: bytes) -> bool:
    return len(line) > _HEAD and frame(line[_HEAD:])[:-1] == line
