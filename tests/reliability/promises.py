"""What users are promised, row by row, in the words of docs/guarantees.md. Knows no test."""

from __future__ import annotations

from typing import Final

__all__ = ["PROMISES"]

PROMISES: Final = {
    1: "No decision, outcome or problem whose call has returned is lost when the process crashes.",
    2: "A run file is whole or absent at any instant, for our reader and for a plain `json.load`.",
    3: "Indexes lose nothing with many writers, even when one of them is stopped for good.",
    4: "A full disk, a read-only or vanished folder, no file handles: no exception; the loss is counted.",
    5: "A collector that is slow, hangs, refuses, overloads or talks nonsense costs the agent nothing.",
    6: "Every way to exit keeps the record: return, exception, `sys.exit`, signals, `os._exit`, an unfinished run.",
    7: "Fork, pre-forking servers and multiprocessing: no deadlock, no shared file handles, no run written twice.",
    8: "Tasks and threads keep their own runs; cancellation leaves an outcome.",
    9: "Any value can be recorded: no exception, no lost neighbour, no unreadable file, no unbounded size.",
    10: "Any id is a safe file name; nothing is written, read or deleted outside the storage.",
    11: "The run file is complete at every sampling rate, under every span limit, and with the SDK disabled.",
    12: "A clock set back or forward leaves durations right, and none negative.",
    13: "Secrets of well-known shapes do not leave: not into files, journal, spans or logs; what is no secret stays.",
    14: "Files are private, whatever the umask.",
    15: "A large storage stays fast; a damaged one heals or says exactly what is wrong.",
    16: "A file that is no run gives one clear error that names it, and the rest goes on.",
}
"""Number -> promise."""
