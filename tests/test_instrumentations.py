"""Spans of real instrumentations are children of the decision that caused them, sync and async."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast

import httpx
import openai
import pytest
from opentelemetry import context
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor

from runspan.testing import CapturedRuns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OPTION = [{"id": "a"}]


class Answers(BaseHTTPRequestHandler):
    """Answers every GET with a number and every chat completion in OpenAI's wire format."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with JSON."""
        self._answer({"number": 42})

    def do_POST(self) -> None:
        """Answer as the chat completions API does."""
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": "mail"}
        self._answer(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1,
                "model": "gpt-test",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
            }
        )

    def _answer(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A real HTTP server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def instrumented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CapturedRuns]:
    """A Runtime in a process whose sqlite3, httpx and openai are instrumented, once: one keeps its first provider."""
    captured = CapturedRuns(tmp_path_factory.mktemp("runs"))
    openai_instrumentor: Any = OpenAIInstrumentor  # the package has no types
    instrumentors = (SQLite3Instrumentor(), HTTPXClientInstrumentor(), openai_instrumentor())
    for instrumentor in instrumentors:
        instrumentor.instrument(tracer_provider=captured.provider)
    yield captured
    for instrumentor in instrumentors:
        instrumentor.uninstrument()


@pytest.fixture
def runs(instrumented: CapturedRuns) -> CapturedRuns:
    """The same, without the spans of other tests."""
    instrumented.exporter.spans.clear()
    return instrumented


def query() -> int:
    """Ask a database."""
    connection = sqlite3.connect(":memory:")
    number = connection.cursor().execute("SELECT 42").fetchone()[0]
    connection.close()
    return cast("int", number)


def fetch(url: str) -> int:
    """Ask an HTTP server."""
    with httpx.Client() as client:
        return cast("int", client.get(url).json()["number"])


async def fetch_async(url: str) -> int:
    """Ask an HTTP server without blocking."""
    async with httpx.AsyncClient() as client:
        return cast("int", (await client.get(url)).json()["number"])


def chat(url: str) -> str | None:
    """Ask a model."""
    with openai.OpenAI(api_key="local", base_url=f"{url}/v1") as client:
        answer = client.chat.completions.create(model="gpt-test", messages=[{"role": "user", "content": "?"}])
    return answer.choices[0].message.content


async def chat_async(url: str) -> str | None:
    """Ask a model without blocking."""
    async with openai.AsyncOpenAI(api_key="local", base_url=f"{url}/v1") as client:
        answer = await client.chat.completions.create(model="gpt-test", messages=[{"role": "user", "content": "?"}])
    return answer.choices[0].message.content


def parents_of(runs: CapturedRuns, scope: str) -> set[str]:
    """Return the names of the spans that an instrumentation's spans hang beneath, up to a span of ours."""
    spans = {span.span_id: span for span in runs.spans}
    found = set()
    for span in spans.values():
        if scope in span.scope_name:
            parent = span
            while parent.scope_name != "runspan":
                assert parent.parent_span_id is not None, f"{span.name} hangs beneath no decision"
                parent = spans[parent.parent_span_id]
            found.add(parent.name)
    return found


SYNC: list[tuple[str, Callable[[str], Any], Any]] = [
    ("sqlite3", lambda _url: query(), 42),
    ("httpx", fetch, 42),
    ("genai", chat, "mail"),
]


@pytest.mark.parametrize(("scope", "call", "expected"), SYNC, ids=[name for name, _, _ in SYNC])
def test_spans_of_a_plain_call_are_children_of_its_decision(
    runs: CapturedRuns, url: str, scope: str, call: Callable[[str], Any], expected: object
) -> None:
    """Between decide and record_outcome, inside decide_and_execute, and inside a block."""
    runtime, before = runs.runtime, context.get_current()
    runtime.start_run("g")
    decision_id = runtime.decide("i", OPTION, "a", "r", node_id="plain")
    runtime.record_outcome(decision_id, True, call(url))
    _, result = runtime.decide_and_execute("i", OPTION, "a", "r", lambda: call(url), node_id="executed")
    with runtime.decision("i", OPTION, "a", "r", node_id="block") as decision:
        decision.outcome(result=call(url))
    runtime.end_run(True)

    assert expected == result
    assert {"decide plain", "decide executed", "decide block"} == parents_of(runs, scope)
    assert context.get_current() is before


ASYNC: list[tuple[str, Callable[[str], Any], Any]] = [("httpx", fetch_async, 42), ("genai", chat_async, "mail")]


@pytest.mark.parametrize(("scope", "call", "expected"), ASYNC, ids=[name for name, _, _ in ASYNC])
def test_spans_of_an_awaited_call_are_children_of_its_decision(
    runs: CapturedRuns, url: str, scope: str, call: Callable[[str], Any], expected: object
) -> None:
    """The same for coroutines, alone and many at a time."""
    runtime = runs.runtime

    async def agent() -> object:
        before = context.get_current()
        async with runtime.run("g") as run:
            _, result = await run.decide_and_execute("i", OPTION, "a", "r", lambda: call(url), node_id="executed")
            async with run.decision("i", OPTION, "a", "r", node_id="block"):
                await call(url)
            await asyncio.gather(
                *(
                    run.decide_and_execute("i", OPTION, "a", "r", lambda: call(url), node_id=f"parallel {number}")
                    for number in range(3)
                )
            )
        assert context.get_current() is before
        return result

    assert expected == asyncio.run(agent())
    nodes = ["executed", "block", "parallel 0", "parallel 1", "parallel 2"]
    assert {f"decide {node}" for node in nodes} == parents_of(runs, scope)
