"""A FastAPI service with tracing of its own, one endpoint of it an agent: each run is linked to its request.

    python fastapi_service.py [STORAGE]        answers three requests, prints what they got, and ends
    uvicorn fastapi_service:app                serves; run files go to RUNSPAN_STORAGE

Needs
    pip install fastapi uvicorn opentelemetry-instrumentation-fastapi
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import uvicorn
from fastapi import FastAPI, HTTPException
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import runspan

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# The service's tracing and its application, as they were before runspan came.
provider = TracerProvider(resource=Resource.create({"service.name": "refund-service"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=2)))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("refund-service")


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Send what waits to be sent before uvicorn ends: it ends by the signal it got, and nothing runs after that."""
    yield
    await asyncio.to_thread(provider.shutdown)


app = FastAPI(lifespan=lifespan)
FastAPIInstrumentor.instrument_app(app, exclude_spans=["receive", "send"])

# This is all that runspan needs: it takes the application's provider. One Runtime serves all requests.
runtime = runspan.Runtime(sys.argv[1] if __name__ == "__main__" and len(sys.argv) > 1 else None, agent_name="refunds")

REMEDIES = [{"id": "pay", "description": "Refund at once"}, {"id": "ask", "description": "Ask a person"}]
REPLIES = [{"id": "mail", "description": "An e-mail"}, {"id": "call", "description": "A call"}]
LIMIT = 150
CLOSED = {8814}  # orders whose customer has left the bank


class AccountClosedError(Exception):
    """There is no account to pay to."""


@app.post("/refunds/{order}")
async def refund(order: int, amount: float) -> dict[str, str]:
    """Decide on a refund. An endpoint like any other; the agent runs inside it."""
    request = trace.get_current_span()
    try:
        with runtime.run("refund", input_data={"order": order, "amount": amount}) as run:
            request.set_attribute("shop.run_id", run.id)  # the link leads from run to request; this leads back
            return {"run": run.id, "remedy": await decide(order, amount)}
    except AccountClosedError as exc:  # the run has failed, and whoever reads the answer can look it up
        raise HTTPException(500, {"run": run.id, "error": str(exc)}) from exc


async def decide(order: int, amount: float) -> str:
    """The agent. While it waits for others, other requests have runs of their own; nothing is handed around."""
    remedy = "pay" if amount <= LIMIT else "ask"
    with runtime.decision("choose a remedy", REMEDIES, remedy, f"The limit is {LIMIT}.", node_id="remedy") as chosen:
        chosen.outcome(result=await carry_out(remedy, order))
    with runtime.decision("tell the customer", REPLIES, "mail", "Nobody is in a hurry.", node_id="answer") as told:
        told.outcome(result={"order": order}, summary="sent")
    return remedy


async def carry_out(remedy: str, order: int) -> dict[str, Any]:
    """Do it; the service's own spans nest under the decision."""
    with tracer.start_as_current_span(remedy):
        await asyncio.sleep(0.05)  # a bank and a person take longer
        if order in CLOSED:
            raise AccountClosedError(f"order {order}: the account is closed")
        return {"order": order}


def main() -> None:
    """Serve three requests at the same time; one of them fails."""
    with socket.socket() as listener, ThreadPoolExecutor() as pool:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        listener.listen()  # a request may come before the server is ready; it waits
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/refunds"
        for answer in pool.map(post, [f"{url}/8812?amount=99.5", f"{url}/8813?amount=900", f"{url}/8814?amount=20"]):
            print(*answer)
        server.should_exit = True
        thread.join()


def post(url: str) -> tuple[int, str]:
    """Ask this machine, past any proxy; return status and body."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, data=b"", timeout=30) as response:
            return response.status, json.dumps(json.load(response))
    except HTTPError as failed:
        with failed:
            return failed.code, failed.read().decode()


if __name__ == "__main__":
    main()
