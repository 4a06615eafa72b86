"""A process that records two runs, the second of which stays open, and then ends in one of many ways.

`python -m tests.reliability.exiting STORAGE WAY [ENDPOINT]`; says the ids of both runs on stdout, then "ready".
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Final

import runspan

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["WAYS"]

OPTIONS: Final = [{"id": "a", "description": "A"}]


def raises() -> None:
    """Die of an exception."""
    message = "the agent's own fault"
    raise RuntimeError(message)


def stopped_by(number: signal.Signals) -> Callable[[], None]:
    """Die of a signal, by its default action unless somebody handles it."""

    def die() -> None:
        if number is not signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    return die


def interrupted() -> None:
    """Ctrl-C: Python's own handler raises KeyboardInterrupt."""
    os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait(10)


def handled() -> None:
    """SIGTERM with a handler that exits, as servers have it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(10)


def in_a_thread() -> None:
    """Leave an exception in a thread, and return."""
    thread = threading.Thread(target=raises)
    thread.start()
    thread.join()


WAYS: Final[dict[str, Callable[[], None]]] = {
    "return": lambda: None,
    "exception": raises,
    "exception in a thread": in_a_thread,
    "sys.exit": lambda: sys.exit(3),
    "SIGINT": interrupted,
    "SIGTERM": stopped_by(signal.SIGTERM),
    "SIGTERM handled": handled,
    "SIGHUP": stopped_by(signal.SIGHUP),
    "os._exit": lambda: os._exit(4),
    "os.abort": os.abort,
    "SIGKILL": stopped_by(signal.SIGKILL),
}
"""How a process may end."""


def main(storage: str, way: str, endpoint: str = "") -> None:
    """Record, say so, and end."""
    if endpoint:
        runspan.configure("exiting", endpoint=endpoint)
    runtime = runspan.Runtime(storage)
    with runtime.run("ended") as ended:
        runtime.record_outcome(runtime.decide("x", OPTIONS, "a", "r"), True)
    unfinished = runtime.start_run("unfinished")
    runtime.record_outcome(runtime.decide("x", OPTIONS, "a", "r"), True, "kept")
    os.write(1, f"{ended.id} {unfinished} ready\n".encode())
    WAYS[way]()


if __name__ == "__main__":
    main(*sys.argv[1:])
