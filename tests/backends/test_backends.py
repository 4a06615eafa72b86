"""The configurations we ship, run by the programs they are for. Knows nothing of runspan."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter

from tests.backends import COLLECTOR, JAEGER, KAFKA, Collector, Jaeger, UnavailableError, build, find, spans_in

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIGS: Final = Path(__file__).parents[2] / "collector-config"
TO_COLLECTOR: Final[dict[str, Callable[[Collector], SpanExporter]]] = {
    "http": lambda collector: HttpExporter(endpoint=collector.traces_url),
    "grpc": lambda collector: GrpcExporter(endpoint=collector.grpc_endpoint, insecure=True),
}


def send(exporter: SpanExporter, service: str) -> str:
    """Send one span with some text on it; return its trace id as hex."""
    provider = TracerProvider(resource=Resource({"service.name": service}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("tests").start_as_current_span("hello", attributes={"text": "héllo 🦆"}) as span:
        span.add_event("event")
    provider.shutdown()
    return f"{span.get_span_context().trace_id:032x}"


@pytest.mark.parametrize("protocol", TO_COLLECTOR)
def test_span_reaches_jaeger_and_file(collector: Collector, jaeger: Jaeger, protocol: str) -> None:
    """What the Collector takes over either protocol is in Jaeger and in the OTLP JSON file, and is the same there."""
    service = f"service-{uuid4()}"
    trace_id = send(TO_COLLECTOR[protocol](collector), service)

    [in_jaeger] = spans_in(jaeger.client.wait_for(trace_id))
    [in_file] = spans_in(collector.wait_for(trace_id))

    assert "hello" == in_jaeger["name"]
    assert [{"key": "text", "value": {"stringValue": "héllo 🦆"}}] == in_jaeger["attributes"]
    assert in_file["events"] == in_jaeger["events"]
    assert in_file["startTimeUnixNano"] == in_jaeger["startTimeUnixNano"]
    assert service in jaeger.client.services()


def test_jaeger_takes_otlp_itself(jaeger: Jaeger) -> None:
    """Where no file is wanted, Jaeger does without a Collector before it."""
    trace_id = send(HttpExporter(endpoint=f"{jaeger.http_endpoint}/v1/traces"), "direct")

    assert 1 == len(spans_in(jaeger.client.wait_for(trace_id)))


def test_message_beyond_default_limits(collector: Collector, jaeger: Jaeger) -> None:
    """A message larger than the 4 MiB that gRPC takes by default passes the Collector and reaches Jaeger."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(GrpcExporter(endpoint=collector.grpc_endpoint, insecure=True)))
    with provider.get_tracer("tests").start_as_current_span("large", attributes={"text": "x" * 5_000_000}) as span:
        pass
    provider.shutdown()
    trace_id = f"{span.get_span_context().trace_id:032x}"

    [found] = spans_in(jaeger.client.wait_for(trace_id))

    assert 5_000_000 == len(found["attributes"][0]["value"]["stringValue"])


def test_unknown_trace(collector: Collector, jaeger: Jaeger) -> None:
    """A trace that nobody sent is None in Jaeger and without spans in the file."""
    assert jaeger.client.trace("0" * 31 + "1") is None
    assert {"resourceSpans": []} == collector.trace("0" * 31 + "1")


@pytest.mark.parametrize("config", sorted(CONFIGS.glob("collector*.yaml")), ids=lambda config: config.name)
def test_collector_config_is_valid(collector: Collector, config: Path) -> None:
    """The Collector itself finds nothing wrong with any configuration for it."""
    assert "" == collector.validate(config)


def test_validate_tells_what_is_wrong(collector: Collector, tmp_path: Path) -> None:
    """A configuration the Collector cannot use is told from a good one."""
    config = tmp_path / "bad.yaml"
    config.write_text("receivers: {otlp: {protocols: {pigeon: {}}}}")

    assert "pigeon" in collector.validate(config)


def test_jaeger_shows_our_tags_first(jaeger: Jaeger) -> None:
    """Jaeger hands the configuration of its pages to them."""
    shipped = json.loads((CONFIGS / "jaeger-ui.json").read_text())
    [line] = [line for line in jaeger.client.page().splitlines() if line.startswith("JAEGER_CONFIG = ")]

    assert shipped == json.loads(line.removeprefix("JAEGER_CONFIG = ").removesuffix(";"))


def test_named_binary_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that the environment names is used, and one that is not there is told by its name."""
    monkeypatch.setenv(COLLECTOR.variable, sys.executable)
    monkeypatch.setenv(JAEGER.variable, "/no/such/jaeger")

    assert Path(sys.executable) == find(COLLECTOR)
    with pytest.raises(UnavailableError, match="RUNSPAN_TEST_JAEGER names no program: /no/such/jaeger"):
        find(JAEGER)


def test_without_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With neither Go nor a built program, one line says what to do."""
    monkeypatch.delenv(COLLECTOR.variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    with pytest.raises(UnavailableError, match="install Go and run `make backends`, or set RUNSPAN_TEST_COLLECTOR"):
        find(COLLECTOR)
    with pytest.raises(UnavailableError, match="no Go to build collector with"):
        build(COLLECTOR)


def test_without_java_and_maven(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Kafka is told of in one line as well: what runs it, then what fetches it."""
    monkeypatch.delenv(KAFKA.variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    with pytest.raises(UnavailableError, match="no java to run kafka with"):
        find(KAFKA)
    program(tmp_path / "java", "")
    with pytest.raises(UnavailableError, match="install Maven and run `make backends`, or set RUNSPAN_TEST_KAFKA"):
        find(KAFKA)
    with pytest.raises(UnavailableError, match="no Maven to build kafka with"):
        build(KAFKA)


def test_other_jars_than_the_pinned_ones_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever a repository hands out, nothing is run that is not what was tested; and nothing of it is kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    folder = 'for word; do case $word in -DoutputDirectory=*) folder="${word#*=}";; esac; done'
    program(tmp_path / "mvn", f'{folder}\nmkdir "$folder" && echo evil > "$folder/snappy-java-1.1.10.7.jar"')

    with pytest.raises(UnavailableError, match=r"not the jars of kafka that are pinned: .*snappy-java"):
        build(KAFKA)
    assert [] == [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def program(path: Path, script: str) -> None:
    """A program that does what a shell script says."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
