"""A process that records runs as fast as it can, and says on stdout what was acknowledged. Meant to be killed.

`python -m tests.reliability.recorder STORAGE SEED [buffered]`; one JSON line for each call that has returned.
"""

from __future__ import annotations

import json
import os
import random
import sys

from opentelemetry.sdk.trace import TracerProvider

from runspan import Runtime
from tests.reliability.broken_journal import break_journals

OPTIONS = [{"id": "a", "description": "A", "pros": ["quick"]}, {"id": "b", "description": "B"}]


def acknowledge(*told: object) -> None:
    """Say that a call has returned: one write, which a kill cannot split."""
    os.write(1, json.dumps(told).encode() + b"\n")


def record(runtime: Runtime, chance: random.Random) -> None:
    """Record one run; each call is acknowledged after it has returned."""
    run_id = runtime.start_run(f"goal {chance.randrange(3)}", "Be killed", {"seed": chance.random()})
    acknowledge("run", run_id)
    for number in range(chance.randrange(1, 12)):
        text = "x" * chance.choice((10, 100, 5_000))
        decision = runtime.decide(f"step {number}", OPTIONS, "a", text, context={"text": text})
        acknowledge("decision", run_id, decision, number, len(text))
        for call in chance.sample((outcome, problem), k=2):
            call(runtime, run_id, decision, number)
    runtime.end_run(True, f"done {run_id}")
    acknowledge("end", run_id)


def outcome(runtime: Runtime, run_id: str, decision: str, number: int) -> None:
    """Record an outcome."""
    runtime.record_outcome(decision, number % 3 != 0, {"number": number}, summary=f"outcome {number}")
    acknowledge("outcome", run_id, decision, number)


def problem(runtime: Runtime, run_id: str, decision: str, number: int) -> None:
    """Report a problem."""
    runtime.report_problem("minor", f"problem {number}", decision)
    acknowledge("problem", run_id, decision, number)


def main(storage: str, seed: str, *words: str) -> None:
    """Record until killed."""
    if "buffered" in words:
        break_journals()
    provider = TracerProvider(shutdown_on_exit=False)
    runtime, chance = Runtime(storage, tracer_provider=provider), random.Random(seed)  # noqa: S311 - not for secrets
    while True:
        record(runtime, chance)


if __name__ == "__main__":
    main(*sys.argv[1:])
