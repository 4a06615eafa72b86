"""An agent under load that measures its own calls. `python -m tests.reliability.busy_agent STORAGE ENDPOINT RUNS`.

Says on stdout, as one JSON line: ids of its runs, every `decide` and `end_run` in milliseconds, and what was lost.
"""

from __future__ import annotations

import json
import os
import sys
import time

import runspan

OPTIONS = [{"id": "a", "description": "A", "pros": ["quick"]}, {"id": "b", "description": "B"}]


def main(storage: str, endpoint: str, runs: str) -> None:
    """Record runs of twenty decisions."""
    runspan.configure("busy", endpoint=endpoint)
    runtime = runspan.Runtime(storage)
    decides, ends, ids = [], [], []
    for _ in range(int(runs)):
        ids.append(runtime.start_run("busy"))
        for number in range(20):
            began = time.perf_counter()
            decision = runtime.decide(f"step {number}", OPTIONS, "a", "because", context={"number": number})
            decides.append((time.perf_counter() - began) * 1e3)
            runtime.record_outcome(decision, True, {"number": number})
        began = time.perf_counter()
        runtime.end_run(True)
        ends.append((time.perf_counter() - began) * 1e3)
    os.write(1, json.dumps([ids, decides, ends, runtime.health()]).encode() + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
