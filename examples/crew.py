"""A crew of processes: a lead delegates to workers over W3C context, and all of it is one trace.

    python crew.py [STORAGE]        run files go to STORAGE, else RUNSPAN_STORAGE, else .runspan

The lead hands each worker the headers that a request would carry (`traceparent`); the worker puts that context in force
before it starts its run. With `parent="current"` its run is a part of the lead's trace; without, a trace of its own
that links to the lead's decision.
"""

from __future__ import annotations

import json
import subprocess
import sys

from opentelemetry import context, propagate

import runspan

PLACES = ["Lisbon", "Porto"]
OPTIONS = {
    "flights": [{"id": "morning", "description": "07:40, 89 EUR"}, {"id": "evening", "description": "19:10, 64 EUR"}],
    "hotels": [
        {"id": "centre", "description": "4 stars, 120 EUR"},
        {"id": "airport", "description": "3 stars, 70 EUR"},
    ],
}


def lead(storage: str | None) -> None:
    """Plan a trip: decide where to, and let a worker do each part of it."""
    runspan.configure("crew-lead")
    runtime = runspan.Runtime(storage, agent_name="lead", parent="current")
    with runtime.run("plan-trip", input_data={"days": 3}) as run:
        where = [{"id": place.lower(), "description": place} for place in PLACES]
        trip = runtime.decide("where to", where, "porto", "Lisbon is booked out", node_id="lead")
        runtime.record_outcome(trip, success=True, summary="Porto it is")
        for part in OPTIONS:
            delegates = [{"id": name, "description": f"The worker for {name}"} for name in OPTIONS]
            with runtime.decision(f"delegate {part}", delegates, part, f"{part} come next", node_id="lead") as decision:
                decision.outcome(result=delegate(part, storage), summary=f"{part} done")
    print(run.id)


def delegate(part: str, storage: str | None) -> dict[str, str]:
    """Start a worker; the current span's context goes with the task."""
    headers: dict[str, str] = {}
    propagate.inject(headers)
    task = json.dumps({"part": part, "storage": storage, "headers": headers})
    command = [sys.executable, __file__, "--worker"]
    done = subprocess.run(command, input=task, text=True, capture_output=True, check=True)  # noqa: S603 - itself
    answer: dict[str, str] = json.loads(done.stdout)
    print(answer["run"])
    return answer


def worker() -> None:
    """Do one part of a trip, for whoever has sent the task."""
    task = json.loads(sys.stdin.read())
    runspan.configure("crew-worker")
    runtime = runspan.Runtime(task["storage"], agent_name=task["part"], parent="current")
    context.attach(propagate.extract(task["headers"]))
    with runtime.run(f"find-{task['part']}") as run:
        options = OPTIONS[task["part"]]
        chosen = options[1]["id"]
        found = runtime.decide("the cheapest", options, chosen, "The budget is small", node_id=task["part"])
        runtime.record_outcome(found, success=True, summary="booked")
    print(json.dumps({"run": run.id, "chosen": chosen}))


if __name__ == "__main__":
    if "--worker" in sys.argv:
        worker()
    else:
        lead(sys.argv[1] if len(sys.argv) > 1 else None)
