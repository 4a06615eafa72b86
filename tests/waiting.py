"""Waiting for what other threads and processes do. Knows nothing of what is waited for."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["eventually"]

T = TypeVar("T")


def eventually(check: Callable[[], T | None], deadline_s: float = 10.0, *, every_s: float = 0.02) -> T:
    """Call `check` until it returns something true and return that.

    Args:
        check: What to ask. An AssertionError it raises counts as "not yet".
        deadline_s: Seconds until we give up.
        every_s: Seconds between two calls.

    Raises:
        AssertionError: The deadline passed; tells what `check` returned or raised last.
    """
    ends = time.monotonic() + deadline_s
    never = threading.Event()
    while True:
        problem: AssertionError | None = None
        try:
            answer = check()
            if answer:
                return answer
        except AssertionError as exc:
            problem = exc
        if time.monotonic() >= ends:
            last = problem if problem is not None else answer
            msg = f"not within {deadline_s:g} s; at last: {last!r}"
            raise AssertionError(msg) from problem
        never.wait(every_s)
