"""What each Collector configuration is for, shown with runs that pass through it."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from runspan import Runtime
from runspan.interchange import read_otlp_json
from runspan.mapping import decode_run
from tests.backends import Collector, Jaeger, spans_in
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.backend
OPTIONS = [{"id": "pay", "description": "Pay"}, {"id": "ask", "description": "Ask"}]


@contextmanager
def through(config: str, folder: Path, jaeger: Jaeger) -> Iterator[tuple[Runtime, Collector]]:
    """A Runtime that sends to a Collector of this configuration, which sends to Jaeger."""
    with Collector(folder / "collector", jaeger_grpc=jaeger.grpc_endpoint, config=config) as collector:
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=collector.traces_url)))
        yield Runtime(folder / "storage", tracer_provider=provider), collector
        provider.shutdown()


def record(runtime: Runtime, *, success: bool = True, reasoning: str = "because", problem: str = "") -> tuple[str, str]:
    """Record a run of two decisions; return its id and its trace's."""
    with runtime.run("refund") as run:
        for step in range(2):
            decision = run.decide(f"step {step}", OPTIONS, "pay", reasoning, "resolve")
            run.record_outcome(decision, success or not step, error=None if success else "no")
        if problem:
            run.report_problem(problem, "odd")
        run.end_run(success)
    return run.id, run.trace_id or ""


def test_gateway_passes_runs_on_whole(jaeger: Jaeger, tmp_path: Path) -> None:
    """Byte for byte."""
    with through("collector-gateway.yaml", tmp_path, jaeger) as (runtime, _):
        run_id, trace_id = record(runtime)
        decoded = decode_run(read_otlp_json(jaeger.client.wait_for(trace_id, spans=3)))

    assert () == decoded.missing
    assert (tmp_path / "storage" / "runs" / f"{run_id}.json").read_bytes() == decoded.data


def test_tail_sampling_keeps_what_went_wrong_whole(
    jaeger: Jaeger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failed runs and runs with problems, and no other where no share of them is wanted."""
    monkeypatch.setenv("TAIL_DECISION_WAIT", "1s")
    monkeypatch.setenv("TAIL_SHARE_PERCENT", "0")
    with through("collector-tail-sampling.yaml", tmp_path, jaeger) as (runtime, _):
        good = [record(runtime) for _ in range(5)]
        kept = [record(runtime, success=False), record(runtime, problem="warning"), record(runtime, problem="critical")]
        shown = {run_id: jaeger.client.wait_for(trace_id, spans=3) for run_id, trace_id in kept}

    for run_id, trace in shown.items():
        decoded = decode_run(read_otlp_json(trace))
        assert (tmp_path / "storage" / "runs" / f"{run_id}.json").read_bytes() == decoded.data
    assert [None] * 5 == [jaeger.client.trace(trace_id) for _, trace_id in good]


def test_redaction_masks_and_the_checksum_tells(jaeger: Jaeger, tmp_path: Path) -> None:
    """What was masked is nowhere in the trace; the Run rebuilt from it does not claim to be whole."""
    personal = "Ann (ann.lee@example.org, +44 20 7946 0958, DE89 3704 0044 0532 0130 00) asked for it"
    with through("collector-redaction.yaml", tmp_path, jaeger) as (runtime, _):
        _, trace_id = record(runtime, reasoning=personal)
        trace = jaeger.client.wait_for(trace_id, spans=3)
    told = str(spans_in(trace))

    assert "****" in told
    assert not [part for part in ("ann.lee", "7946", "0532") if part in told]
    assert decode_run(read_otlp_json(trace)).missing


METRICS = """
import sys
from opentelemetry import metrics
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from runspan import Runtime
provider = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=sys.argv[1] + "/v1/metrics"))])
metrics.set_meter_provider(provider)
runtime = Runtime()
with runtime.run("refund") as run:
    run.record_outcome(run.decide("x", [{"id": "a"}], "a", "r"), True, tokens_used=7)
provider.shutdown()
"""


@contextmanager
def prometheus() -> Iterator[tuple[str, list[Any]]]:
    """Where Prometheus would take metrics: the address, and the metrics that came."""
    came: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            request = ExportMetricsServiceRequest.FromString(body)
            scopes = (scope for resource in request.resource_metrics for scope in resource.scope_metrics)
            came.extend(metric for scope in scopes for metric in scope.metrics)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/metrics", came
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_metrics_pass(jaeger: Jaeger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs, decisions and tokens of an agent in another process."""
    with prometheus() as (url, came):
        monkeypatch.setenv("PROMETHEUS_OTLP_URL", url)
        with through("collector-metrics.yaml", tmp_path, jaeger) as (_, collector):
            subprocess.run([sys.executable, "-c", METRICS, collector.http_endpoint], check=True, timeout=60)
            eventually(lambda: len(came) >= 3)

    assert {"runspan.run.duration", "runspan.decision.duration", "runspan.tokens"} == {metric.name for metric in came}
    [tokens] = [metric for metric in came if metric.name == "runspan.tokens"]
    assert [7] == [point.as_int for point in tokens.sum.data_points]
