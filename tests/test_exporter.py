"""RunFileExporter: run files from whatever spans pass by."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExportResult

from runspan import RunFileExporter, Runtime
from runspan.interchange import read_otlp_json
from runspan.mapping import decode_run
from runspan.testing import CapturedRuns
from tests.backends.scenarios import SCENARIOS

if TYPE_CHECKING:
    from tests.backends import Collector, Jaeger


@pytest.fixture
def runs(tmp_path: Path) -> CapturedRuns:
    """Every scenario, recorded."""
    captured = CapturedRuns(tmp_path / "own")
    for scenario in SCENARIOS.values():
        scenario(captured.runtime)
    return captured


def files(storage: Path) -> dict[str, bytes]:
    """Return the run files of a storage by name."""
    return {path.name: path.read_bytes() for path in (storage / "runs").glob("*.json")}


def test_spans_in_any_order_batch_and_number_of_times(runs: CapturedRuns, tmp_path: Path) -> None:
    """Shuffled, repeated, in batches of any size, runs interleaved: the files are the Runtime's."""
    chaos = random.Random(7)  # noqa: S311 - no secret
    spans = runs.exporter.spans * 2
    chaos.shuffle(spans)
    exporter = RunFileExporter(tmp_path / "exported")
    while spans:
        size = chaos.randint(1, 40)
        assert exporter.export(spans[:size]) is SpanExportResult.SUCCESS
        del spans[:size]
    exporter.shutdown()

    assert files(tmp_path / "own") == files(tmp_path / "exported")


@pytest.mark.parametrize("processor", [SimpleSpanProcessor, BatchSpanProcessor])
def test_behind_both_processors_beside_foreign_spans(tmp_path: Path, processor: Any) -> None:
    """Behind Simple and Batch, shared with another exporter, given foreign spans too."""
    captured = CapturedRuns(tmp_path / "own")
    captured.provider.add_span_processor(processor(RunFileExporter(tmp_path / "exported")))
    with captured.tracer.start_as_current_span("request"):
        for scenario in SCENARIOS.values():
            scenario(captured.runtime)
    captured.provider.shutdown()

    assert files(tmp_path / "own") == files(tmp_path / "exported")


def test_concurrent_exports(runs: CapturedRuns, tmp_path: Path) -> None:
    """SimpleSpanProcessor has no lock: exports from sixteen threads lose nothing."""
    exporter = RunFileExporter(tmp_path / "exported")
    with ThreadPoolExecutor(16) as pool:
        results = set(pool.map(lambda span: exporter.export([span]), runs.exporter.spans))

    assert {SpanExportResult.SUCCESS} == results
    assert files(tmp_path / "own") == files(tmp_path / "exported")


def test_run_is_written_when_its_last_span_comes(runs: CapturedRuns, tmp_path: Path) -> None:
    """Without flush or shutdown."""
    exporter = RunFileExporter(tmp_path / "exported")
    exporter.export(runs.exporter.spans)

    assert files(tmp_path / "own") == files(tmp_path / "exported")


def test_incomplete_run_is_marked_and_made_whole_later(runs: CapturedRuns, tmp_path: Path) -> None:
    """What is missing is named; once it comes the file is the Runtime's."""
    late = next(span for span in runs.exporter.spans if span.name == "decide pay")
    exporter = RunFileExporter(tmp_path / "exported")
    exporter.export([span for span in runs.exporter.spans if span is not late])
    assert exporter.force_flush()
    run_id = str((late.attributes or {})["runspan.run.id"])
    incomplete = json.loads(files(tmp_path / "exported")[f"{run_id}.json"])
    exporter.export([late])

    assert "1 of 2 decisions" in incomplete["incomplete"]
    assert files(tmp_path / "own") == files(tmp_path / "exported")


def test_run_without_its_own_span_is_written_at_shutdown(runs: CapturedRuns, tmp_path: Path) -> None:
    """A run whose root was sampled away or never ended is kept as far as it came."""
    exporter = RunFileExporter(tmp_path / "exported")
    exporter.export([span for span in runs.exporter.spans if span.name != "run refund"])
    exporter.shutdown()

    incomplete = [run for data in files(tmp_path / "exported").values() if "incomplete" in (run := json.loads(data))]
    assert len(incomplete) == 3
    assert all("the run span" in run["incomplete"] for run in incomplete)


def test_whole_file_that_differs_stays(runs: CapturedRuns, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody may have added an evaluation since; that is counted, not overwritten."""
    exporter = RunFileExporter(tmp_path / "own")
    path = next((tmp_path / "own" / "runs").glob("*.json"))
    edited = path.read_bytes().replace(b'"goal_description": ""', b'"goal_description": "edited"')
    edited = edited if edited != path.read_bytes() else path.read_bytes().replace(b"Refund", b"Edited")
    path.write_bytes(edited)
    exporter.export(runs.exporter.spans)

    assert edited == path.read_bytes()
    assert {"different run file kept": 1} == exporter.losses.report()
    assert "stays" in caplog.text


def test_equal_bytes_are_not_written_again(runs: CapturedRuns, tmp_path: Path) -> None:
    """A file that says the same keeps its inode."""
    inodes = {path.name: path.stat().st_ino for path in (tmp_path / "own" / "runs").glob("*.json")}
    RunFileExporter(tmp_path / "own").export(runs.exporter.spans)

    assert inodes == {path.name: path.stat().st_ino for path in (tmp_path / "own" / "runs").glob("*.json")}


def test_after_shutdown_it_fails_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Shutdown may come twice; export afterwards answers FAILURE."""
    exporter = RunFileExporter(tmp_path)
    exporter.shutdown()
    exporter.shutdown()

    assert exporter.export([]) is SpanExportResult.FAILURE
    assert "shutdown" in caplog.text


def test_it_never_raises(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A span that cannot be read is a failure, logged and counted."""
    exporter = RunFileExporter(tmp_path)
    broken = ReadableSpan("broken")
    broken._events = None  # type: ignore[assignment] # noqa: SLF001 - no way to say this with the API

    assert exporter.export([broken]) is SpanExportResult.FAILURE
    assert {"export": 1} == exporter.losses.report()
    assert caplog.records


def test_storage_that_cannot_be_written_is_a_failure(runs: CapturedRuns, tmp_path: Path) -> None:
    """Counted, once for each run, and nothing is raised."""
    exporter = RunFileExporter(tmp_path / "exported")
    (tmp_path / "exported" / "runs").rmdir()
    (tmp_path / "exported" / "runs").write_text("in the way")

    assert exporter.export(runs.exporter.spans) is SpanExportResult.FAILURE
    assert {"run file": len(SCENARIOS)} == exporter.losses.report()


AGENT = """
from runspan import Runtime
runtime = Runtime()
with runtime.run("zero") as run:
    with runtime.decision("i", [{"id": "a"}], "a", "r"):
        pass
print(run.id, run.trace_id)
"""


def launch(folder: Path, **environment: str) -> tuple[str, str]:
    """Run the agent with the official launcher, as a user does; return run id and trace id."""
    agent = folder / "agent.py"
    agent.write_text(AGENT)
    launcher = str(Path(sys.executable).with_name("opentelemetry-instrument"))
    done = subprocess.run(
        [launcher, sys.executable, str(agent)],
        cwd=folder,
        env={**os.environ, "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 0 == done.returncode, done.stderr
    run_id, trace_id = done.stdout.split()
    return run_id, trace_id


def test_without_a_line_of_set_up(tmp_path: Path, collector: Collector, jaeger: Jaeger) -> None:
    """OTEL_TRACES_EXPORTER=otlp,runspan gives the trace in Jaeger and the file, found through the entry point."""
    endpoint = f"http://{collector.grpc_endpoint}"
    run_id, trace_id = launch(tmp_path, OTEL_TRACES_EXPORTER="otlp,runspan", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
    decoded = decode_run(read_otlp_json(jaeger.client.wait_for(trace_id, spans=2)))

    assert decoded.is_whole
    assert decoded.data == (tmp_path / ".runspan" / "runs" / f"{run_id}.json").read_bytes()


def test_disabled_sdk_gives_no_spans_and_no_trouble(tmp_path: Path) -> None:
    """With OTEL_SDK_DISABLED the agent runs as ever; its Runtime still writes files where it has a storage."""
    storage = str(tmp_path / "own")
    run_id, trace_id = launch(tmp_path, OTEL_SDK_DISABLED="true", RUNSPAN_STORAGE=storage)

    assert "None" == trace_id
    assert [f"{run_id}.json"] == list(files(tmp_path / "own"))


def test_decision_alone_is_waited_for(tmp_path: Path) -> None:
    """A run in progress is not written before its own span has come."""
    provider = TracerProvider(shutdown_on_exit=False)
    exporter = RunFileExporter(tmp_path)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    runtime = Runtime(tracer_provider=provider)
    with runtime.run("g"):
        for _ in range(3):
            runtime.record_outcome(runtime.quick_decision("i", "a", "r"), True)
        exporter.force_flush()
        assert {} == files(tmp_path)

    assert 1 == len(files(tmp_path))
