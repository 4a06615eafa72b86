"""An agent that records every secret and look-alike of the corpus, and dies with half of its runs open.

`python -m tests.reliability.secretive STORAGE ENDPOINT [raw]`; with `raw` it records them as they are.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import runspan
from tests.secret_corpus import LOOK_ALIKES, SECRETS

if TYPE_CHECKING:
    from runspan import OpenRun


def record(run: OpenRun, value: Any) -> None:
    """Put a value wherever values go, and a text wherever texts go."""
    text = value if isinstance(value, str) else "see the context"
    option = {"id": "a", "description": text, "action_params": {"given": value}, "pros": [text], "cons": [text]}
    decision = run.decide(text, [option], "a", text, context={"given": value}, constraints=[text])
    run.record_outcome(decision, False, value, text, text, {"given": value})
    run.record_outcome(decision, True, value)
    run.report_problem("minor", text, root_cause=text, suggested_fix=text)


def main(storage: str, endpoint: str, *words: str) -> None:
    """Record, send what has ended, and die."""
    runspan.configure("secretive", endpoint=endpoint)
    runtime = runspan.Runtime(storage, redact="raw" not in words)
    for number, value in enumerate([*(secret.value() for secret in SECRETS), *LOOK_ALIKES.values()]):
        run = runtime.run("secretive", input_data={"given": value}).__enter__()
        record(run, value)
        if number % 2:
            run.end_run(False, "told", {"given": value})
    runspan.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
