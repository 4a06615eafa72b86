"""Files to traces and back through every real way there is: the same bytes, or what is missing is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from opentelemetry.sdk.resources import Resource

from runspan import FileStorage, RunFileExporter
from runspan.interchange import (
    Jaeger,
    import_runs,
    otlp_exporter,
    replay_runs,
    replayed_spans,
    runs_from_files,
    runs_from_jaeger,
)
from runspan.interchange._sdk_spans import sdk_span
from runspan.values import dumps, loads
from tests.backends import Collector, spans_in
from tests.backends import Jaeger as JaegerServer
from tests.backends._server import CONFIGS
from tests.invented import native_runs, sample
from tests.traces import native_run
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runspan.interchange import ImportReport
    from runspan.mapping import DecodedRun

FIXTURES: Final = sorted(Path(__file__).parents[1].glob("native-fixtures/*/runs/*.json"))
LARGE_ID: Final = "run_20261123_120001_00000000"
WAITED_S: Final = 240.0


def invented(count: int) -> list[dict[str, Any]]:
    """That many runs that hold anything anywhere."""
    found: list[dict[str, Any]] = []

    @settings(
        max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    @given(run=native_runs())
    def collect(run: dict[str, Any]) -> None:
        found.append(run | {"id": f"run_20261123_110000_{len(found):08x}"})

    collect()
    return found


def large() -> dict[str, Any]:
    """A run with one value beyond what a span may hold."""
    run = sample()
    run["id"] = LARGE_ID
    run["decisions"][1]["outcome"]["result"] = {"page": "x" * 100_000}
    return run


@pytest.fixture(scope="module")
def files(request: pytest.FixtureRequest) -> dict[str, bytes]:
    """Run files by id: the original's, one of 5,000 decisions, and many that hold anything anywhere."""
    runs = [loads(path.read_bytes()) for path in FIXTURES]
    runs += [native_run(1, decisions=5_000), *invented(1_000 if request.config.getoption("--soak") else 150)]
    return {str(run["id"]): dumps(run, indent=True) for run in runs if isinstance(run, dict)}


@pytest.fixture(scope="module")
def ways(
    files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Callable[[], Iterator[DecodedRun]]]]:
    """All of it replayed through real Collectors into real Jaegers; how to read it from each."""
    folder = tmp_path_factory.mktemp("interchange")
    runs = [*((run_id, loads(data)) for run_id, data in files.items()), (LARGE_ID, large())]
    trace_ids = [f"{replayed_spans(run)[0].trace_id:032x}" for _, run in runs if isinstance(run, dict)]
    badger = JaegerServer(folder / "badger", config="jaeger-badger.yaml")
    with JaegerServer(folder / "memory") as memory, badger:
        packed = Collector(folder / "packed", jaeger_grpc=badger.grpc_endpoint, config=config(folder, "proto", "zstd"))
        framed = Collector(folder / "framed", jaeger_grpc=badger.grpc_endpoint, config=config(folder, "proto", None))
        plain = Collector(folder / "plain", jaeger_grpc=memory.grpc_endpoint)
        for collector in (plain, framed, packed):
            with collector:
                sent = replay_runs(runs, otlp_exporter(collector.http_endpoint), skip_traced=False)
                assert (len(runs), True) == (sent.sent, sent.is_whole), sent
                assert [LARGE_ID] == list(sent.cut)
                last = memory if collector is plain else badger
                for trace_id in trace_ids:  # before the Collector goes
                    last.client.wait_for(trace_id, deadline_s=WAITED_S)
        yield {
            "Collector's JSON": lambda: runs_from_files([plain.traces_file]),
            "Collector's protobuf": lambda: runs_from_files([framed.traces_file]),
            "Collector's protobuf in zstd": lambda: runs_from_files([packed.traces_file]),
            "Jaeger in memory": lambda: runs_from_jaeger(Jaeger(memory.url), trace_ids),
            "Jaeger on badger": lambda: runs_from_jaeger(Jaeger(badger.url), trace_ids),
        }


def config(folder: Path, kind: str, compression: str | None) -> str:
    """The Collector's configuration with another kind of file."""
    more = f"\n    format: {kind}" + (f"\n    compression: {compression}" if compression else "")
    text = (CONFIGS / "collector.yaml").read_text().replace("  file/traces:", f"  file/traces:{more}", 1)
    made = folder / f"{kind}-{compression}.yaml"
    made.write_text(text)
    return str(made)


WAYS: Final = [
    *("Collector's JSON", "Collector's protobuf", "Collector's protobuf in zstd"),
    *("Jaeger in memory", "Jaeger on badger"),
]


@pytest.mark.backend
@pytest.mark.parametrize("way", WAYS)
def test_what_comes_back_is_the_file(
    way: str, files: dict[str, bytes], ways: dict[str, Callable[[], Iterator[DecodedRun]]], tmp_path: Path
) -> None:
    """Byte for byte; what a span cannot hold is cut, and the file says so and where."""
    storage = FileStorage(tmp_path)

    def all_there() -> ImportReport:
        report = import_runs(ways[way](), storage)
        assert ([LARGE_ID], {}) == (list(report.incomplete), report.failed), report
        assert {*files, LARGE_ID} == set(storage.list_all_runs())
        return report

    report = eventually(all_there, WAITED_S)  # spans arrive in batches; what is imported again adds what had not come
    told = loads(storage.read_run_bytes(LARGE_ID) or b"")
    assert isinstance(told, dict)

    assert (0, {}) == (report.different_count, report.failed)
    assert files == {run_id: storage.read_run_bytes(run_id) for run_id in files}
    assert "runspan.outcome.result" in str(told["incomplete"])


def test_the_live_exporter_writes_the_file(files: dict[str, bytes], tmp_path: Path) -> None:
    """The same from the SDK's spans."""
    exporter = RunFileExporter(tmp_path)
    for data in files.values():
        run = loads(data)
        assert isinstance(run, dict)
        exporter.export([sdk_span(record, Resource({})) for record in replayed_spans(run)])
    exporter.shutdown()
    storage = FileStorage(tmp_path)

    assert files == {run_id: storage.read_run_bytes(run_id) for run_id in storage.list_all_runs()}


@pytest.mark.backend
def test_replayed_twice_is_shown_once(jaeger: JaegerServer, tmp_path: Path) -> None:
    """Whatever is sent again adds nothing to what Jaeger shows."""
    run = native_run(4_711)
    trace_id = f"{replayed_spans(run)[0].trace_id:032x}"
    for _ in range(2):
        assert replay_runs([(run["id"], run)], otlp_exporter(jaeger.http_endpoint)).is_whole
    again = native_run(4_712)
    replay_runs([(again["id"], again)], otlp_exporter(jaeger.http_endpoint))
    jaeger.client.wait_for(f"{replayed_spans(again)[0].trace_id:032x}")
    shown = jaeger.client.wait_for(trace_id, spans=len(replayed_spans(run)))
    ids = [span["spanId"] for span in spans_in(shown)]
    import_runs(runs_from_jaeger(Jaeger(jaeger.url), [trace_id]), FileStorage(tmp_path))

    assert len(replayed_spans(run)) == len(ids) == len(set(ids))
    assert dumps(run, indent=True) == FileStorage(tmp_path).read_run_bytes(run["id"])


@pytest.mark.backend
def test_what_jaeger_does_not_have_is_nothing(jaeger: JaegerServer) -> None:
    """Neither a trace that nobody sent nor an hour without traces is an error."""
    asked = Jaeger(jaeger.url)
    day = datetime(2001, 1, 1, tzinfo=UTC)

    assert [] == list(asked.spans_of(["0" * 31 + "1"]))
    assert [] == list(asked.search("nobody", day, day + timedelta(hours=1)))
