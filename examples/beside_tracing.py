"""runspan beside an application's own tracing: a FastAPI service whose requests start agent runs.

The application sets up its tracing as ever. runspan adds three lines: the import, the Runtime, the run. Each run is a
trace of its own, linked to the request that started it. Run it with `python examples/beside_tracing.py [STORAGE]`.
"""

from __future__ import annotations

import sys

from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from runspan import Runtime  # 1

OPTIONS = [{"id": "short", "description": "One sentence"}, {"id": "long", "description": "A page"}]


class Printed(SpanExporter):
    """Stands for the application's own exporter."""

    def export(self, spans: tuple[ReadableSpan, ...]) -> SpanExportResult:  # type: ignore[override]
        """Print each span with its trace and its links."""
        for span in spans:
            links = [f"linked to {trace.format_trace_id(link.context.trace_id)}" for link in span.links]
            print(trace.format_trace_id(span.context.trace_id if span.context else 0), span.name, *links)
        return SpanExportResult.SUCCESS


provider = TracerProvider(resource=Resource.create({"service.name": "answers"}))
provider.add_span_processor(SimpleSpanProcessor(Printed()))
trace.set_tracer_provider(provider)

app = FastAPI()
FastAPIInstrumentor.instrument_app(app, exclude_spans=["send", "receive"])
runtime = Runtime(sys.argv[1] if len(sys.argv) > 1 else ".runspan", agent_name="answers")  # 2


@app.get("/answer")
async def answer(question: str) -> dict[str, str]:
    """Answer a question; the agent decides how."""
    async with runtime.run("answer", input_data={"question": question}) as run:  # 3
        decision = run.decide("How long?", OPTIONS, "short", "It is late", node_id="style")
        with trace.get_tracer("model").start_as_current_span("chat"):
            text = f"{question} Yes."
        run.record_outcome(decision, True, result=text, summary="Answered in one sentence")
    return {"answer": text, "run": run.id}


if __name__ == "__main__":
    reply = TestClient(app).get("/answer", params={"question": "Does it work?"})
    print(reply.json()["run"], reply.json()["answer"])
