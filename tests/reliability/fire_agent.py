"""An agent that records runs and sends their spans, until it is killed or told to stop by a closed stdin.

`python -m tests.reliability.fire_agent STORAGE ENDPOINT`; for each run that ended one JSON line on stdout: its id, its
trace, and the longest `decide` and `end_run` in milliseconds.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time

import runspan

OPTIONS = [{"id": "a", "description": "A", "pros": ["quick"]}, {"id": "b", "description": "B"}]


def record(runtime: runspan.Runtime) -> None:
    """Record one run of three decisions and say so."""
    slowest = 0.0
    with runtime.run("survive", "Be seen whatever happens", {"text": "x" * 500}) as run:
        for number in range(3):
            begun = time.perf_counter()
            decision = runtime.decide(f"step {number}", OPTIONS, "a", "because", context={"number": number})
            slowest = max(slowest, time.perf_counter() - begun)
            runtime.record_outcome(decision, number != 1, {"number": number})
            runtime.report_problem("minor", "p", decision)
        begun = time.perf_counter()
        run.end_run(True)
        told = run.id, run.trace_id, slowest * 1e3, (time.perf_counter() - begun) * 1e3
    os.write(1, json.dumps(told).encode() + b"\n")


def wait_for_end(stopped: threading.Event) -> None:
    """Note that stdin was closed."""
    sys.stdin.read()
    stopped.set()


def main(storage: str, endpoint: str) -> None:
    """Record at a rate that leaves the machine something for the others."""
    runspan.configure("fire", endpoint=endpoint)
    runtime = runspan.Runtime(storage)
    stopped, pause = threading.Event(), threading.Event()
    threading.Thread(target=wait_for_end, args=(stopped,), daemon=True).start()
    while not stopped.is_set():
        record(runtime)
        pause.wait(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
