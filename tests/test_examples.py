"""The examples: each runs as it is, and its trace is the one its page shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from tests.backends import free_port
from tests.backends._server import get
from tests.receiver import Receiver
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.proto.trace.v1.trace_pb2 import Span

EXAMPLES: Final = Path(__file__).parents[1] / "examples"
AGENT: Final = EXAMPLES / "support_agent" / "agent.py"
STATUSES: Final = ["completed", "completed", "failed", "completed", "completed"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who takes the spans."""
    with Receiver() as running:
        yield running


def python(*arguments: object, program: str = sys.executable, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own; it must succeed."""
    env = {**os.environ, **environment}
    command = [program, *map(str, arguments)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert 0 == done.returncode, done.stderr
    return done


def stored(storage: Path) -> dict[str, dict[str, Any]]:
    """Return the run files of a storage by run id."""
    return {path.stem: json.loads(path.read_bytes()) for path in storage.glob("runs/*.json")}


def promised_tree(heading: str) -> str:
    """Return the tree that the examples' page shows in a section, without what stands beside it."""
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    section = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    tree = re.findall(r"^```text\n(.*?)^```", section, re.DOTALL | re.MULTILINE)[0]
    return "\n".join(re.split(r"\s{3,}(?=\w)", line)[0] for line in tree.splitlines())


RECORDING: Final = [AGENT, *sorted(set(EXAMPLES.glob("*.py")) - {EXAMPLES / "quick_look.py", EXAMPLES / "stand_in.py"})]


@pytest.mark.parametrize("example", RECORDING, ids=lambda path: path.stem)
def test_example_runs_as_it_is(example: Path, receiver: Receiver, tmp_path: Path) -> None:
    """It ends well, says nothing on stderr, and leaves run files."""
    done = python(example, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)

    assert "" == done.stderr
    assert stored(tmp_path)
    assert set(stored(tmp_path)) == set(re.findall(r"run_\w+", done.stdout))


def test_support_agent_leaves_the_runs_and_traces_it_promises(receiver: Receiver, tmp_path: Path) -> None:
    """One run a ticket; spans of SQL and HTTP beneath the decisions that caused them, as the page has them."""
    done = python(AGENT, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
    runs = [stored(tmp_path)[run_id] for run_id in done.stdout.split()]

    assert STATUSES == [run["status"] for run in runs]
    assert {"support-agent"} == receiver.services()
    assert {run["trace_id"] for run in runs} == {span.trace_id.hex() for span in receiver.spans()}
    assert promised_tree("support_agent") == receiver.tree(runs[2]["trace_id"])


def test_support_agent_fails_where_payments_are_down(receiver: Receiver, tmp_path: Path) -> None:
    """The third run tells what failed, inside what, and what to do about it."""
    done = python(AGENT, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
    run = stored(tmp_path)[done.stdout.split()[2]]
    settle, pay, give_up = run["decisions"][3:6]
    [problem] = run["problems"]

    assert [settle["id"]] * 2 == [pay["parent_decision_id"], give_up["parent_decision_id"]]
    assert [False, False, True] == [decision["was_successful"] for decision in (settle, pay, give_up)]
    assert "POST refunds/1003: payments are down (503)" == pay["outcome"]["error"] == problem["root_cause"]
    assert (settle["id"], "critical") == (problem["decision_id"], problem["severity"])
    assert 3 == len(give_up["options"])
    errors = {span.name for span in receiver.spans(run["trace_id"]) if span.status.code == 2}
    assert {"run answer-ticket", "decide resolve: pay", "decide payments: card", "POST"} == errors


def test_support_agent_does_the_same_each_time(receiver: Receiver, tmp_path: Path) -> None:
    """Nothing in it is left to chance."""
    told = []
    for folder in ("one", "two"):
        done = python(AGENT, tmp_path / folder, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
        runs = [stored(tmp_path / folder)[run_id] for run_id in done.stdout.split()]
        told.append([[run["narrative"], *(decision["reasoning"] for decision in run["decisions"])] for run in runs])

    assert told[0] == told[1]


WITHOUT: Final = """
import runpy, sys
agent, storage = sys.argv[1:]
sys.path.insert(0, agent.rpartition("/")[0])
sys.modules["requests"] = sys.modules["opentelemetry.instrumentation.requests"] = None
import shop
del sys.modules["requests"]  # the OTLP exporter has its own need of it
sys.argv = [agent, storage]
runpy.run_path(agent, run_name="__main__")
"""


def test_support_agent_does_without_instrumentations(receiver: Receiver, tmp_path: Path) -> None:
    """It says what to install, in one line, and works on, with the standard library's HTTP client."""
    done = python("-c", WITHOUT, AGENT, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
    runs = [stored(tmp_path)[run_id] for run_id in done.stdout.split()]

    assert 1 == len(done.stderr.splitlines())
    assert "pip install 'runspan[demo]'" in done.stderr
    assert STATUSES == [run["status"] for run in runs]
    assert "POST refunds/1003: payments are down (503)" == runs[2]["problems"][0]["root_cause"]
    assert all(span.name.startswith(("run ", "decide ")) for span in receiver.spans())


def test_support_agent_under_opentelemetry_instrument(receiver: Receiver, tmp_path: Path) -> None:
    """What the application's launcher has set up stays; nothing is set up twice."""
    done = python(
        sys.executable,
        AGENT,
        tmp_path,
        program=str(Path(sys.executable).with_name("opentelemetry-instrument")),
        OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        OTEL_TRACES_EXPORTER="otlp",
        OTEL_METRICS_EXPORTER="none",
        OTEL_LOGS_EXPORTER="none",
        OTEL_SERVICE_NAME="launched",
    )
    runs = [stored(tmp_path)[run_id] for run_id in done.stdout.split()]

    assert "" == done.stderr
    assert {"launched"} == receiver.services()
    assert promised_tree("support_agent") == receiver.tree(runs[2]["trace_id"])


@contextmanager
def fastapi_service(storage: Path, receiver: Receiver) -> Iterator[str]:
    """The FastAPI example under uvicorn, as its page says; when it has stopped, its spans are with the receiver."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "fastapi_service:app", "--port", str(port), "--log-level", "warning"]
    env = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "RUNSPAN_STORAGE": str(storage)}
    with subprocess.Popen(command, cwd=EXAMPLES, env=env, stderr=subprocess.PIPE, text=True) as process:
        try:
            eventually(lambda: get(f"127.0.0.1:{port}", "/openapi.json")[0] == 200, 30.0)
            yield f"http://127.0.0.1:{port}/refunds"
        finally:
            process.terminate()
            _, said = process.communicate(timeout=30)
    assert "" == said


def post(url: str, number: int, amount: float) -> tuple[int, dict[str, Any]]:
    """Ask for a refund."""
    answer = httpx.post(f"{url}/{number}", params={"amount": amount}, timeout=30, trust_env=False)
    return answer.status_code, answer.json()


def values(span: Span) -> dict[str, str]:
    """The attributes of a span that are texts."""
    return {pair.key: pair.value.string_value for pair in span.attributes if pair.value.string_value}


def test_fastapi_service_has_the_traces_it_promises(receiver: Receiver, tmp_path: Path) -> None:
    """One of the request, one of the run, and each names the other."""
    with fastapi_service(tmp_path, receiver) as url:
        status, answer = post(url, 8812, 99.5)
    [(run_id, run)] = stored(tmp_path).items()
    request, root = (next(span for span in receiver.spans() if span.name == name) for name in ROOTS)

    assert (200, {"run": run_id, "remedy": "pay"}) == (status, answer)
    assert promised_tree("fastapi_service.py") == "\n".join(
        receiver.tree(span.trace_id.hex()) for span in (request, root)
    )
    assert [(request.trace_id, request.span_id)] == [(link.trace_id, link.span_id) for link in root.links]
    assert run_id == values(request)["shop.run_id"] == values(root)["runspan.run.id"]
    assert root.trace_id.hex() == run["trace_id"]
    assert {"refund-service"} == receiver.services()


ROOTS: Final = ("POST /refunds/{order}", "run refund")


def test_fastapi_service_keeps_requests_apart(receiver: Receiver, tmp_path: Path) -> None:
    """Of twenty at the same time each has a run, with its own order in every decision and a link to its own request."""
    orders = range(100, 120)
    with fastapi_service(tmp_path, receiver) as url, ThreadPoolExecutor(len(orders)) as pool:
        answers = list(pool.map(lambda order: post(url, order, order), orders))
    runs = [stored(tmp_path)[answer["run"]] for _, answer in answers]
    requests = {span.span_id: span for span in receiver.spans() if span.name == ROOTS[0]}
    linked = {
        values(span)["runspan.run.id"]: requests[span.links[0].span_id] for span in receiver.spans() if span.links
    }

    assert len(orders) == len(linked) == len(stored(tmp_path))
    assert list(orders) == [run["input_data"]["order"] for run in runs]
    assert [[order] * 2 for order in orders] == [
        [decision["outcome"]["result"]["order"] for decision in run["decisions"]] for run in runs
    ]
    for order, run in zip(orders, runs, strict=True):
        assert f"/refunds/{order}" in values(linked[run["id"]]).values()
    assert min(run["completed_at"] for run in runs) > sorted(run["started_at"] for run in runs)[1]  # they did overlap


def test_fastapi_service_fails_as_its_agent_does(receiver: Receiver, tmp_path: Path) -> None:
    """HTTP 500 that names the run; run, decision and request are failed in file and trace; the service goes on."""
    with fastapi_service(tmp_path, receiver) as url:
        status, answer = post(url, 8814, 20)
        after, _ = post(url, 8812, 20)
    run = stored(tmp_path)[answer["detail"]["run"]]
    failed = {span.name for span in receiver.spans() if span.status.code == 2}

    assert (500, 200) == (status, after)
    assert ("failed", False) == (run["status"], run["decisions"][0]["outcome"]["success"])
    assert "order 8814: the account is closed" == run["decisions"][0]["outcome"]["error"] == answer["detail"]["error"]
    assert {*ROOTS, "decide remedy", "pay"} == failed
    assert ["completed", "failed"] == sorted(run["status"] for run in stored(tmp_path).values())


@pytest.mark.parametrize("name", ["openai_agent.py", "pydantic_ai_agent.py", "langgraph_agent.py", "crew.py"])
def test_framework_has_the_trace_it_promises(name: str, receiver: Receiver, tmp_path: Path) -> None:
    """All of it is one trace, with the framework's own spans, and every run in it is whole."""
    python(EXAMPLES / name, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
    runs = stored(tmp_path).values()
    [trace_id] = {run["trace_id"] for run in runs}

    assert promised_tree(name) == receiver.tree(trace_id)
    assert {"completed"} == {run["status"] for run in runs}
    assert all(decision["was_successful"] for run in runs for decision in run["decisions"])


def test_crew_says_whose_runs_are_whose(receiver: Receiver, tmp_path: Path) -> None:
    """Three processes, three agents, and the lead's decision tells what its worker has chosen."""
    python(EXAMPLES / "crew.py", tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
    runs = {run["agent_name"]: run for run in stored(tmp_path).values()}
    results = [decision["outcome"]["result"] for decision in runs["lead"]["decisions"][1:]]

    assert {"lead", "flights", "hotels"} == set(runs)
    assert {"crew-lead", "crew-worker"} == receiver.services()
    assert [runs["flights"]["id"], runs["hotels"]["id"]] == [result["run"] for result in results]
    assert ["evening", "airport"] == [result["chosen"] for result in results]


def test_quick_look_counts_what_was_recorded(receiver: Receiver, tmp_path: Path) -> None:
    """Of the support agent's five tickets, payments fail in one; an empty storage is no fault."""
    python(AGENT, tmp_path / "runs", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
    first, *bars = python(EXAMPLES / "quick_look.py", tmp_path / "runs").stdout.splitlines()
    runs = stored(tmp_path / "runs").values()
    decisions = [each for run in runs for each in run["decisions"] if each["outcome"]]

    assert f"5 runs, {len(decisions)} decisions with an outcome" == first
    assert len({(each["node_id"], each["chosen_option_id"]) for each in decisions}) == len(bars)
    assert "1 of 2" == next(bar for bar in bars if "payments card" in bar)[-6:]
    assert "0 runs, 0 decisions with an outcome\n" == python(EXAMPLES / "quick_look.py", tmp_path / "none").stdout
