"""An agent that records one run word by word. `python -m tests.reliability.clocked STORAGE`.

For each word on stdin one line of JSON on stdout: the monotonic clock before and after the call, in milliseconds. After
the last one the spans' names, starts and ends in nanoseconds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from runspan import Runtime
from runspan.testing import SpanList

if TYPE_CHECKING:
    from collections.abc import Callable

OPTIONS = [{"id": "a", "description": "A"}]


def say(what: object) -> None:
    """Answer with one line."""
    os.write(1, json.dumps(what).encode() + b"\n")


def main(storage: str) -> None:
    """Record, a word at a time."""
    spans = SpanList()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    runtime = Runtime(storage, tracer_provider=provider)
    block = runtime.decision("measured", OPTIONS, "a", "r", node_id="measured")
    calls: dict[str, Callable[[], object]] = {
        "start": lambda: runtime.start_run("clock"),
        "decide": lambda: runtime.decide("told", OPTIONS, "a", "r", node_id="told"),
        "outcome": lambda: runtime.record_outcome("dec_0", True),
        "enter": block.__enter__,
        "leave": lambda: block.__exit__(None, None, None),
        "end": lambda: runtime.end_run(True),
    }
    for word in sys.stdin:
        before = time.monotonic()
        calls[word.strip()]()
        say([before * 1e3, time.monotonic() * 1e3])
    say([[span.name, span.start_time, span.end_time] for span in spans.spans])


if __name__ == "__main__":
    main(sys.argv[1])
