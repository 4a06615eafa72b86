"""runspan beside an application's own tracing: a web service with a provider of its own, one endpoint of it an agent.

    python beside_tracing.py [STORAGE]        run files go to STORAGE, else RUNSPAN_STORAGE, else .runspan

The agent's run is a trace of its own, linked to the span of the request that asked for it. Needs
    pip install fastapi uvicorn opentelemetry-instrumentation-fastapi
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import urllib.request
from typing import Any

import uvicorn
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import runspan

# The application's own tracing, as it was before runspan came. A real one exports to a Collector; this one keeps the
# spans, to print them below.
spans = InMemorySpanExporter()
provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)

app = FastAPI()
FastAPIInstrumentor.instrument_app(app)

# This is all that runspan needs: it takes the application's provider.
runtime = runspan.Runtime(sys.argv[1] if len(sys.argv) > 1 else None, agent_name="shipper")


@app.get("/ship/{weight}")
def ship(weight: float) -> dict[str, str]:
    """Choose a carrier. An endpoint like any other; the agent runs inside it."""
    with runtime.run("ship-parcel", input_data={"weight": weight}) as run:
        decision_id = runtime.decide(
            "choose a carrier",
            [
                {"id": "bike", "description": "Bike courier", "pros": ["today"], "cons": ["up to 5 kg"]},
                {"id": "van", "description": "Van", "pros": ["takes anything"], "cons": ["tomorrow"]},
            ],
            chosen="bike" if weight <= 5 else "van",  # noqa: PLR2004 - the courier's limit
            reasoning=f"It weighs {weight:g} kg.",
            node_id="carrier",
        )
        runtime.record_outcome(decision_id, success=True, summary="booked")
    return {"run": run.id}


def main() -> None:
    """Serve one request, then print the two traces and what links them."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        listener.listen()  # a request may come before the server is ready; it waits
        answer = get(f"http://127.0.0.1:{listener.getsockname()[1]}/ship/3.5")
        server.should_exit = True
        thread.join()

    by_name = {span.name: span for span in spans.get_finished_spans()}
    request, run = by_name["GET /ship/{weight}"], by_name["run ship-parcel"]
    print(f"request: trace {trace.format_trace_id(request.context.trace_id)}")
    print(f"run:     trace {trace.format_trace_id(run.context.trace_id)}  {answer['run']}")
    for link in run.links:
        print(f"linked:  trace {trace.format_trace_id(link.context.trace_id)}", end="  ")
        print(f"span {trace.format_span_id(link.context.span_id)}")


def get(url: str) -> dict[str, Any]:
    """Ask for a JSON document of this machine, past any proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


if __name__ == "__main__":
    main()
