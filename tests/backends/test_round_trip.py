"""One run, end to end: from the agent through the Collector into Jaeger and back, and into three files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

from runspan import FileStorage, RunFileExporter, Runtime
from runspan.exporter import span_record
from runspan.interchange import read_otlp_json
from runspan.mapping import SpanRecord, decode_run, run_id_of
from runspan.testing import SpanList
from tests.backends import spans_in
from tests.backends.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from tests.backends import Collector, Jaeger
    from tests.backends.otlp import OTLP


@dataclass
class Recorded:
    """All scenarios, recorded through one provider."""

    own: Path
    """Storage of the Runtime."""
    exported: Path
    """Storage of the RunFileExporter behind a BatchSpanProcessor."""
    run_ids: dict[str, str]
    """By scenario."""
    spans: list[SpanRecord]
    """As the SDK had them."""

    def spans_of(self, scenario: str) -> list[SpanRecord]:
        """The spans of one run."""
        return [span for span in self.spans if run_id_of(span.attributes) == self.run_ids[scenario]]

    def trace_id(self, scenario: str) -> str:
        """The trace of one run."""
        return f"{self.spans_of(scenario)[0].trace_id:032x}"

    def file(self, storage: Path, scenario: str) -> bytes:
        """The run file in one of the storages."""
        return (storage / "runs" / f"{self.run_ids[scenario]}.json").read_bytes()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Recorded:
    """Record every scenario beside an application's own tracing."""
    folder = tmp_path_factory.mktemp("round-trip")
    captured = SpanList()
    provider = TracerProvider(resource=Resource.create({"service.name": "round-trip"}), shutdown_on_exit=False)
    otlp = OTLPSpanExporter(endpoint=collector.traces_url)
    provider.add_span_processor(BatchSpanProcessor(otlp, max_export_batch_size=64))
    provider.add_span_processor(BatchSpanProcessor(RunFileExporter(folder / "exported"), max_export_batch_size=17))
    provider.add_span_processor(SimpleSpanProcessor(captured))
    runtime = Runtime(folder / "own", tracer_provider=provider, agent_name="tester")
    run_ids = {}
    with provider.get_tracer("application").start_as_current_span("request"):
        for name, scenario in SCENARIOS.items():
            run_ids[name] = scenario(runtime)
    provider.shutdown()
    spans = [span_record(span) for span in captured.spans]
    return Recorded(folder / "own", folder / "exported", run_ids, spans)


@pytest.fixture(params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> str:
    """One scenario's name."""
    name: str = request.param
    return name


def in_jaeger(recorded: Recorded, jaeger: Jaeger, scenario: str) -> OTLP:
    """One run's whole trace as Jaeger gives it."""
    return jaeger.client.wait_for(recorded.trace_id(scenario), spans=len(recorded.spans_of(scenario)))


def in_file(recorded: Recorded, collector: Collector, scenario: str) -> OTLP:
    """One run's whole trace from the Collector's JSON file."""
    return collector.wait_for(recorded.trace_id(scenario), spans=len(recorded.spans_of(scenario)))


def test_exporters_file_is_the_runtimes_file(recorded: Recorded, scenario: str) -> None:
    """What RunFileExporter makes of spans is what end_run wrote, byte for byte."""
    assert recorded.file(recorded.own, scenario) == recorded.file(recorded.exported, scenario)


def test_file_from_jaeger_is_the_runtimes_file(recorded: Recorded, jaeger: Jaeger, scenario: str) -> None:
    """The Run decoded from Jaeger's answer is proven whole, and is the file, byte for byte."""
    decoded = decode_run(read_otlp_json(in_jaeger(recorded, jaeger, scenario)))

    assert () == decoded.missing
    assert recorded.file(recorded.own, scenario) == decoded.data


def test_file_from_the_collectors_json_is_the_runtimes_file(
    recorded: Recorded, collector: Collector, scenario: str
) -> None:
    """The same from the Collector's OTLP JSON file."""
    decoded = decode_run(read_otlp_json(in_file(recorded, collector, scenario)))

    assert () == decoded.missing
    assert recorded.file(recorded.own, scenario) == decoded.data


def test_spans_arrive_as_they_left(recorded: Recorded, collector: Collector, jaeger: Jaeger, scenario: str) -> None:
    """Names, kinds, parents, links, status, times, every attribute and every event, in Jaeger and in the file."""
    left = by_id(recorded.spans_of(scenario))

    assert left == by_id(read_otlp_json(in_jaeger(recorded, jaeger, scenario)))
    assert left == by_id(read_otlp_json(in_file(recorded, collector, scenario)))


def by_id(spans: Iterable[SpanRecord]) -> dict[int, SpanRecord]:
    """Spans by their ids.

    The resource is the provider's subject; Jaeger sorts events of one instant anew, and adds doubts about times.
    """
    return {
        span.span_id: replace(
            span,
            resource={},
            attributes={name: value for name, value in span.attributes.items() if name != "@jaeger@warnings"},
            events=sorted(span.events, key=lambda event: (event.time_unix_nano, sorted(event.attributes.items()))),
        )
        for span in spans
    }


def test_times_are_the_models_to_the_microsecond(recorded: Recorded, jaeger: Jaeger) -> None:
    """Read without runspan's own reader: nanoseconds in Jaeger, ISO texts in the file."""
    run = FileStorage(recorded.own).load_run(recorded.run_ids["success"])
    assert run is not None
    spans = {span["name"]: span for span in spans_in(in_jaeger(recorded, jaeger, "success"))}
    root, decision = spans["run refund"], spans["decide unknown"]
    outcome = run.decisions[0].outcome
    assert outcome is not None
    assert run.completed_at is not None

    def microseconds(nanoseconds: str) -> float:
        return int(nanoseconds) / 1000

    def exact(moment: datetime) -> float:
        return round(moment.timestamp() * 1_000_000)

    assert exact(run.started_at) == microseconds(root["startTimeUnixNano"])
    assert exact(run.completed_at) == microseconds(root["endTimeUnixNano"])
    assert exact(run.decisions[0].timestamp) == microseconds(decision["startTimeUnixNano"])
    assert exact(outcome.timestamp) == microseconds(decision["endTimeUnixNano"])
    assert exact(outcome.timestamp) == microseconds(decision["events"][0]["timeUnixNano"])


def test_what_people_look_for_is_in_jaeger(recorded: Recorded, jaeger: Jaeger) -> None:
    """Read without runspan's own reader: parent and child, link, status, options, choice, reasoning, events."""
    spans = spans_in(in_jaeger(recorded, jaeger, "failure"))
    root = next(span for span in spans if span["name"] == "run refund")
    pay = next(span for span in spans if span["name"] == "decide pay")
    attributes = {item["key"]: item["value"] for item in pay["attributes"]}

    assert "parentSpanId" not in root or root["parentSpanId"] == ""
    assert 1 == len(root["links"])
    assert root["spanId"] == pay["parentSpanId"]
    assert [1, 1] == [root["kind"], pay["kind"]]
    assert {"code": 2, "message": "payments API timed out after 30 s"} == pay["status"]
    assert {"stringValue": "refund"} == attributes["runspan.decision.chosen"]
    assert {"stringValue": "Paved road"} == attributes["runspan.decision.reasoning"]
    assert attributes["runspan.decision.options"]["stringValue"].startswith('[{"id":"refund"')
    assert ["runspan.outcome", "runspan.problem"] == [event["name"] for event in pay["events"]]
    assert "runspan.problem" in [event["name"] for event in root["events"]]
