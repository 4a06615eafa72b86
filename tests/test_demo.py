"""`runspan demo`: a run, its files and its trace in under a minute, with and without a receiver of traces."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from runspan.settings import otlp_http_endpoint
from tests.backends import free_port, spans_in
from tests.receiver import Receiver

if TYPE_CHECKING:
    from tests.backends import Collector, Jaeger

ROOT: Final = Path(__file__).parents[1]
LINK: Final = re.compile(r"^  (http\S+)/trace/([0-9a-f]{32})$", re.MULTILINE)


def demo(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the demo as users do; it must succeed, in a minute, and log no error."""
    env = {**os.environ, **environment}
    command = [sys.executable, "-m", "runspan", "demo", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60
    )
    assert 0 == done.returncode, done.stderr
    assert "A support agent works through its tickets …\n" == done.stderr
    return done


def nobody() -> str:
    """An address where nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


def files_in(output: str) -> list[Path]:
    """The paths that the demo prints."""
    return [Path(path) for path in re.findall(r"^  (\S.*\.json)$", output, re.MULTILINE)]


def test_without_a_server(tmp_path: Path) -> None:
    """Tree and files; the traces' ids are in the files; what to start to see them; no error of an exporter."""
    endpoint = nobody()
    shown = demo(cwd=tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint).stdout
    runs = [json.loads((tmp_path / path).read_bytes()) for path in files_in(shown)]

    assert 5 == len(runs)
    assert {Path(".runspan/runs")} == {path.parent for path in files_in(shown)}
    assert all(re.fullmatch(r"[0-9a-f]{32}", run["trace_id"]) for run in runs)
    assert f"No OTLP receiver listens at {endpoint}" in shown
    assert "make jaeger" in shown
    assert not LINK.search(shown)


def test_shows_the_run_that_tells_most(tmp_path: Path) -> None:
    """The one that failed, with its problem beneath the decision it is about."""
    shown = demo("--storage", tmp_path / "s", cwd=tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=nobody()).stdout

    assert re.match(r"run_\w+  failed\n", shown)
    assert "▶ pay  Pay it back now  confidence 0.9" in shown
    assert re.search(r"^│   ├── ✗ the refund is still open", shown, re.MULTILINE)
    assert re.search(r"^│   │   └── ✗ POST refunds/1003: payments are down \(503\)", shown, re.MULTILINE)
    assert re.search(r"^│   └── ! critical: order 1003 could not be refunded", shown, re.MULTILINE)


def test_json_is_the_runs_file(tmp_path: Path) -> None:
    """For programs, as `show --json`."""
    shown = demo("--json", "-s", tmp_path, cwd=tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=nobody()).stdout
    run = json.loads(shown)

    assert "failed" == run["status"]
    assert shown == (tmp_path / "runs" / f"{run['id']}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("endpoint", ["nonsense", "http://", "localhost:4317", "http://127.0.0.1:99999"])
def test_endpoint_that_is_none(tmp_path: Path, endpoint: str) -> None:
    """A bad address is as good as a receiver that is down."""
    shown = demo(cwd=tmp_path, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=endpoint).stdout

    assert f"No OTLP receiver listens at {endpoint}" in shown


def test_without_the_sdk_there_are_files_all_the_same(tmp_path: Path) -> None:
    """With OTEL_SDK_DISABLED nothing is sent and no link is printed."""
    with Receiver() as receiver:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_SDK_DISABLED": "true"}
        shown = demo(cwd=tmp_path, **environment).stdout

    assert 5 == len(files_in(shown))
    assert not LINK.search(shown)
    assert [] == receiver.spans()


@pytest.mark.parametrize(
    ("variable", "path", "expected"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "", "/v1/traces"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/own/path", "/own/path"),
    ],
)
def test_with_a_receiver(tmp_path: Path, variable: str, path: str, expected: str) -> None:
    """Everything is sent before the command ends, to where the standard variables say; Jaeger is where it always is."""
    with Receiver() as receiver:
        shown = demo(cwd=tmp_path, **{variable: receiver.endpoint + path}).stdout
        [(url, trace_id)] = LINK.findall(shown)

    assert "http://localhost:16686" == url
    assert {expected} == receiver.paths
    assert {"support-agent"} == receiver.services()
    assert "decide payments: card" in receiver.tree(trace_id)
    assert 5 == len([span for span in receiver.spans() if span.name == "run answer-ticket"])


def test_trace_is_in_jaeger(collector: Collector, jaeger: Jaeger, tmp_path: Path) -> None:
    """Through the real Collector into the real Jaeger; the link leads to the trace of the run that is shown."""
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.http_endpoint, "RUNSPAN_JAEGER_URL": jaeger.url}
    shown = demo(cwd=tmp_path, **environment).stdout
    [(url, trace_id)] = LINK.findall(shown)
    spans = {span["name"]: span for span in spans_in(jaeger.client.wait_for(trace_id, spans=12))}

    assert jaeger.url == url
    assert f"├── trace: {trace_id}\n" in shown
    assert 7 == len([name for name in spans if name.startswith("decide ")])
    assert parents(spans, "POST") == ["decide payments: card", "decide resolve: pay", "run answer-ticket"]
    assert parents(spans, "SELECT") == ["decide triage: by-email", "run answer-ticket"]
    assert "support-agent" in jaeger.client.services()


def parents(spans: dict[str, Any], name: str) -> list[str]:
    """Return the names of what a span is inside of, the nearest first."""
    by_id = {span["spanId"]: span for span in spans.values()}
    found, span = [], spans[name]
    while span.get("parentSpanId"):
        span = by_id[span["parentSpanId"]]
        found.append(span["name"])
    return found


def test_agent_comes_with_the_wheel(tmp_path: Path) -> None:
    """Installed, the agent lies inside the package, as pyproject.toml has it."""
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src" / "runspan", tmp_path / "site-packages" / "runspan", ignore=unwanted)
    agent = tmp_path / "site-packages" / "runspan" / "cli" / "_support_agent"
    shutil.copytree(ROOT / "examples" / "support_agent", agent, ignore=unwanted)
    path = ":".join([str(tmp_path / "site-packages"), *sys.path])
    shown = demo(cwd=tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=nobody(), PYTHONPATH=path).stdout

    assert 5 == len(files_in(shown))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "http://localhost:4318"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://all"}, "http://all"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://all", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t"}, "http://t"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://all", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": " "}, "http://all"),
    ],
    ids=["default", "for all signals", "for traces", "empty"],
)
def test_endpoint_of_opentelemetrys_variables(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable for traces wins over the one for all signals; an empty one is unset."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert expected == otlp_http_endpoint()
