"""The examples: each runs as it is, and its trace is the one its page shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES: Final = Path(__file__).parents[1] / "examples"
AGENT: Final = EXAMPLES / "support_agent" / "agent.py"
BESIDE: Final = EXAMPLES / "beside_tracing.py"
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


def test_beside_tracing_links_the_run_to_the_request(tmp_path: Path) -> None:
    """Two traces; the run's points at the request's span, and its file tells its trace."""
    request, run, linked = python(BESIDE, tmp_path).stdout.splitlines()
    trace_of = {line.split(":")[0]: re.findall(r"trace ([0-9a-f]{32})", line)[0] for line in (request, run, linked)}
    [(run_id, content)] = stored(tmp_path).items()

    assert trace_of["request"] == trace_of["linked"]
    assert trace_of["request"] != trace_of["run"]
    assert (run_id, trace_of["run"]) == (run.split()[-1], content["trace_id"])


SHOW_SPANS: Final = """
import runpy, sys
sys.argv = sys.argv[1:]
names = runpy.run_path(sys.argv[0], run_name="example")
names["main"]()
for span in names["spans"].get_finished_spans():
    parent = span.parent.span_id if span.parent else 0
    links = [link.context.span_id for link in span.links]
    print(span.name, span.context.span_id, parent, *links, sep="|")
"""


def test_beside_tracing_has_the_trace_it_promises(tmp_path: Path) -> None:
    """The spans of the page are there, the run's root is linked to the request's span."""
    lines = [line.split("|") for line in python("-c", SHOW_SPANS, BESIDE, tmp_path).stdout.splitlines() if "|" in line]
    spans = {name: rest for name, *rest in lines}
    promised = {re.sub(r"^[└├─│ ]+", "", line) for line in promised_tree("beside_tracing.py").splitlines()}

    assert promised == set(spans)
    assert [spans["run ship-parcel"][0]] == spans["decide carrier"][1:]
    assert ["0", spans["GET /ship/{weight}"][0]] == spans["run ship-parcel"][1:]


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
