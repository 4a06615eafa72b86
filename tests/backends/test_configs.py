"""What each Collector configuration is for, shown with runs that pass through it."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

from runspan import Runtime
from runspan.interchange import read_otlp_json, read_otlp_protobuf
from runspan.mapping import decode_run
from tests.backends import Collector, Jaeger, spans_in
from tests.backends._server import CONFIGS
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from confluent_kafka import Message

    from tests.backends import Kafka

pytestmark = pytest.mark.backend
OPTIONS = [{"id": "pay", "description": "Pay"}, {"id": "ask", "description": "Ask"}]


WHOLE: Final = {
    "collector.yaml",
    "collector-gateway.yaml",
    "collector-metrics.yaml",
    "collector-queue.yaml",
    "collector-tail-sampling.yaml",
}
"""Configurations from which a run reaches Jaeger as it is."""

OTHERS: Final = {"collector-kafka.yaml", "collector-redaction.yaml"}
"""Those that send it elsewhere or change it; each has a test of its own below."""


@contextmanager
def through(config: str, folder: Path, jaeger: Jaeger, *, batch: bool = False) -> Iterator[tuple[Runtime, Collector]]:
    """A Runtime that sends, span by span or in a batch, to a Collector of this configuration, which sends to Jaeger."""
    with Collector(folder / "collector", jaeger_grpc=jaeger.grpc_endpoint, config=config) as collector:
        provider = TracerProvider(shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=collector.traces_url)
        one = BatchSpanProcessor(exporter, schedule_delay_millis=1_000) if batch else SimpleSpanProcessor(exporter)
        provider.add_span_processor(one)
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


def stored(folder: Path, run_id: str) -> bytes:
    """The run file that the Runtime of `through` wrote."""
    return (folder / "storage" / "runs" / f"{run_id}.json").read_bytes()


def test_every_collector_config_passes_a_run() -> None:
    """There is none that no test below starts."""
    assert WHOLE | OTHERS == {path.name for path in CONFIGS.glob("collector*.yaml")}


@pytest.mark.parametrize("config", sorted(WHOLE))
def test_runs_are_passed_on_whole(config: str, jaeger: Jaeger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte."""
    monkeypatch.setenv("TAIL_DECISION_WAIT", "1s")
    monkeypatch.setenv("TAIL_SHARE_PERCENT", "100")
    with through(config, tmp_path, jaeger) as (runtime, _):
        run_id, trace_id = record(runtime)
        decoded = decode_run(read_otlp_json(jaeger.client.wait_for(trace_id, spans=3)))

    assert () == decoded.missing
    assert stored(tmp_path, run_id) == decoded.data


def test_jaeger_on_badger_keeps_runs(jaeger: Jaeger, tmp_path: Path) -> None:
    """When it is stopped and started again they are there, byte for byte."""
    del jaeger  # asked for so that the test is skipped where there is none
    with (
        Jaeger(tmp_path / "badger", config="jaeger-badger.yaml") as first,
        through("collector.yaml", tmp_path, first) as (runtime, _),
    ):
        run_id, trace_id = record(runtime)
        first.client.wait_for(trace_id, spans=3)
    with Jaeger(tmp_path / "badger", config="jaeger-badger.yaml") as again:
        decoded = decode_run(read_otlp_json(again.client.wait_for(trace_id, spans=3)))

    assert () == decoded.missing
    assert stored(tmp_path, run_id) == decoded.data


TRACES: Final = 8
PARTITIONS: Final = 3


@pytest.fixture
def topic(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> str:
    """A topic of the test's own, which the Collector is told of."""
    name = f"spans-{uuid4()}"
    kafka.make_topic(name, partitions=PARTITIONS)
    monkeypatch.setenv("KAFKA_BROKER", kafka.broker)
    monkeypatch.setenv("KAFKA_TOPIC", name)
    return name


def spans_of(message: Message) -> list[Span]:
    """The spans of a message, which is a `TracesData` and nothing else."""
    data = TracesData.FromString(message.value() or b"")
    return [span for resource in data.resource_spans for scope in resource.scope_spans for span in scope.spans]


def has_all(messages: list[Message]) -> bool:
    """Whether every span has come."""
    return 3 * TRACES == len({(span.trace_id, span.span_id) for message in messages for span in spans_of(message)})


def files_from(messages: list[Message], trace_ids: Iterable[str]) -> list[bytes]:
    """The run file of each trace, from the messages that have its id as key; it must be whole."""
    files = []
    for trace_id in trace_ids:
        values = [message.value() or b"" for message in messages if message.key() == trace_id.encode()]
        decoded = decode_run([span for value in values for span in read_otlp_protobuf(value)])
        assert () == decoded.missing
        files.append(decoded.data)
    return files


@pytest.mark.parametrize("batch", [False, True], ids=["span by span", "in a batch"])
def test_kafka_gets_every_run_whole(kafka: Kafka, jaeger: Jaeger, topic: str, tmp_path: Path, *, batch: bool) -> None:
    """A message is of one trace, whose id is its key; all of a trace are in one partition, and make the run's file."""
    with through("collector-kafka.yaml", tmp_path, jaeger, batch=batch) as (runtime, _):
        runs = dict(record(runtime) for _ in range(TRACES))
        messages = kafka.read(topic, partitions=PARTITIONS, until=has_all)

    for message in messages:
        assert {message.key()} == {span.trace_id.hex().encode() for span in spans_of(message)}
    assert TRACES == len({(message.key(), message.partition()) for message in messages})
    assert [stored(tmp_path, run_id) for run_id in runs] == files_from(messages, runs.values())


def test_kafka_gets_what_waited_on_disk(kafka: Kafka, jaeger: Jaeger, topic: str, tmp_path: Path) -> None:
    """What a Collector took while the broker did not answer comes from its disk, though it was killed in between."""
    with through("collector-kafka.yaml", tmp_path, jaeger) as (runtime, collector):
        kafka.freeze()
        try:
            runs = dict(record(runtime) for _ in range(TRACES))
            collector.kill()
        finally:
            kafka.thaw()
    with through("collector-kafka.yaml", tmp_path, jaeger):
        messages = kafka.read(topic, partitions=PARTITIONS, until=has_all)

    assert [stored(tmp_path, run_id) for run_id in runs] == files_from(messages, runs.values())


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
        assert stored(tmp_path, run_id) == decoded.data
    assert [None] * 5 == [jaeger.client.trace(trace_id) for _, trace_id in good]


def test_redaction_masks_and_the_checksum_tells(jaeger: Jaeger, tmp_path: Path) -> None:
    """What was masked is nowhere in the trace; the Run rebuilt from it does not claim to be whole."""
    personal = "Ann (ann.lee@example.org, +44 20 7946 0958, DE89 3704 0044 0532 0130 00) asked for it"
    with through("collector-redaction.yaml", tmp_path, jaeger) as (runtime, _):
        _, trace_id = record(runtime, reasoning=personal)
        trace = jaeger.client.wait_for(trace_id, spans=3)
    told = str(spans_in(trace))

    assert "****" in told
    assert not [part for part in ("ann.lee", "7946 0958", "0044 0532") if part in told]
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
