"""Replay: stored runs as traces with their own times, always the same ones; and what a receiver does not take."""

from __future__ import annotations

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pytest
from click.testing import CliRunner
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from runspan.cli import main
from runspan.errors import ConfigError, InterchangeError
from runspan.interchange import otlp_exporter, read_otlp_protobuf, replay_runs, replayed_spans, stored_runs
from runspan.mapping import decode_run
from runspan.storage import FileStorage
from runspan.testing import SpanList
from runspan.values import dumps, loads
from tests.receiver import Receiver
from tests.traces import native_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

FIXTURES: Final = Path(__file__).parent / "native-fixtures"
TRACE_ID: Final = "0af7651916cd43dd8448eb211c80319c"


def stored(folder: Path, *runs: dict[str, Any]) -> FileStorage:
    """A storage of these runs."""
    storage = FileStorage(folder)
    for run in runs:
        storage.write_run(dumps(run, indent=True), run)
    return storage


def replay(storage: Path, receiver: str, *arguments: str) -> Any:
    """Run the command."""
    words = ["replay", "--storage", str(storage), "--endpoint", receiver, *arguments]
    return CliRunner().invoke(main, words, prog_name="runspan")


@pytest.mark.parametrize("folder", sorted(FIXTURES.iterdir()), ids=lambda folder: folder.name)
def test_fixtures_arrive_as_their_files(folder: Path, tmp_path: Path) -> None:
    """Every run of the original, sent by the command, decoded from the wire: the same bytes, with its own times."""
    shutil.copytree(folder, tmp_path / "storage")
    with Receiver() as receiver:
        done = replay(tmp_path / "storage", receiver.endpoint)
    messages = [request.SerializeToString() for request in receiver.requests]
    spans = [span for message in messages for span in read_otlp_protobuf(message)]
    traces = {span.trace_id: [other for other in spans if other.trace_id == span.trace_id] for span in spans}
    decoded = {run.run_id: run for run in map(decode_run, traces.values())}

    assert 0 == done.exit_code, done.output
    assert {path.stem: path.read_bytes() for path in (folder / "runs").iterdir()} == {
        run_id: run.data for run_id, run in decoded.items()
    }
    assert all(run.is_whole for run in decoded.values())
    assert {"runspan"} == receiver.services()


def test_twice_is_the_same_spans(tmp_path: Path) -> None:
    """Equal in everything, so that a backend merges them; of another run nothing is equal."""
    storage = stored(tmp_path, native_run(1), native_run(2))
    with Receiver() as first:
        replay(storage.base_path, first.endpoint)
    with Receiver() as second:
        replay(storage.base_path, second.endpoint)
    ids = [span.span_id for span in first.spans()]

    assert first.requests == second.requests
    assert 2 == len({span.trace_id for span in first.spans()})
    assert len(ids) == len(set(ids)) == 8


def test_traced_runs_are_left_out_unless_named(tmp_path: Path) -> None:
    """They are in a backend already; sent all the same, they link to that trace."""
    traced = native_run(1, trace_id=TRACE_ID)
    storage = stored(tmp_path, traced, native_run(2))
    with Receiver() as receiver:
        first, named = replay(tmp_path, receiver.endpoint), replay(tmp_path, receiver.endpoint, traced["id"])
        every = json.loads(replay(tmp_path, receiver.endpoint, "--all", "--json").stdout)
    roots = [span for span in receiver.spans() if span.name == "run goal"]

    assert "1 sent (4 spans), 1 in a trace already" in first.stdout
    assert "1 sent (4 spans), 0 in a trace already" in named.stdout
    assert (2, 0) == (every["sent"], every["already_traced"])
    assert {(), (TRACE_ID,)} == {tuple(link.trace_id.hex() for link in root.links) for root in roots}
    assert traced == decode_run(replayed_spans(traced)).native
    assert storage.list_all_runs()


def test_service_name_is_the_whole_resource(tmp_path: Path) -> None:
    """The option, else OpenTelemetry's own variable."""
    stored(tmp_path, native_run(1))
    with Receiver() as receiver:
        replay(tmp_path, receiver.endpoint, "--service", "agents")
        CliRunner().invoke(
            main,
            ["replay", "-s", str(tmp_path)],
            env={"OTEL_SERVICE_NAME": "mine", "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint},
        )
    resources = [resource.resource.attributes for request in receiver.requests for resource in request.resource_spans]

    assert {"agents", "mine"} == receiver.services()
    assert {1} == {len(attributes) for attributes in resources}


class Refusing(SpanExporter):
    """Refuses every request in which some span says a word."""

    def __init__(self, word: str, *, refuse_after: int = 10**9) -> None:
        self.word = word
        self.refuse_after = refuse_after
        self.requests: list[int] = []
        self.taken: list[str] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Take or refuse."""
        self.requests.append(len(spans))
        if len(self.requests) > self.refuse_after or any(
            self.word in str(dict(span.attributes or {})) for span in spans
        ):
            return SpanExportResult.FAILURE
        self.taken += [span.name for span in spans]
        return SpanExportResult.SUCCESS


def test_a_refused_run_takes_no_others_with_it(tmp_path: Path) -> None:
    """The request is sent again in parts, and the account names the run."""
    runs = [native_run(1), native_run(2, goal_description="poison"), native_run(3)]
    exporter = Refusing("poison")
    report = replay_runs(stored_runs(stored(tmp_path, *runs)), exporter)

    assert (2, 1, 0) == (report.sent, report.refused_count, report.not_tried)
    assert {runs[1]["id"]} == set(report.refused)
    assert 8 == report.spans == len(exporter.taken)


def test_a_receiver_that_takes_nothing_any_more(tmp_path: Path) -> None:
    """The rest is left, and counted."""
    runs = [native_run(number, decisions=400) for number in range(20)]
    report = replay_runs(stored_runs(stored(tmp_path, *runs)), Refusing("nothing", refuse_after=8))

    assert 20 == report.sent + report.refused_count + report.not_tried
    assert report.sent >= 6
    assert report.not_tried >= 8
    assert not report.is_whole


def test_nobody_listens(tmp_path: Path) -> None:
    """Told in words, exit code 1."""
    stored(tmp_path, native_run(1))
    done = CliRunner().invoke(
        main,
        ["replay", "-s", str(tmp_path), "--endpoint", "http://127.0.0.1:9"],
        env={"OTEL_EXPORTER_OTLP_TIMEOUT": "1"},
    )

    assert 1 == done.exit_code
    assert "Warning: refused: run_20261123_120000_00000001: " in done.stderr
    assert "refused" in done.stderr.lower()
    assert done.stdout.startswith("0 sent")


class Rejecting:
    """Says yes to every request, and in its body that it has rejected spans."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
                answer = ExportTraceServiceResponse()
                answer.partial_success.rejected_spans = len(request.resource_spans)
                answer.partial_success.error_message = "quota exceeded"
                body = answer.SerializeToString()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def test_rejected_spans_of_an_accepted_request_are_told(tmp_path: Path) -> None:
    """OTLP's partial success, which the SDK's exporter passes over."""
    stored(tmp_path, native_run(1))
    with Rejecting() as receiver:
        done = replay(tmp_path, receiver.endpoint)

    assert 1 == done.exit_code
    assert "quota exceeded" in done.stderr


def test_what_cannot_be_sent_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    """A torn file, one that is no run, one without an id, one that is not there."""
    storage = stored(tmp_path, native_run(1), *(native_run(number) for number in (2, 3, 4)))
    for number, data in ((2, b'{"id": '), (3, b"[1]"), (4, b"{}")):
        storage.run_path(native_run(number)["id"]).write_bytes(data)
    exporter = SpanList()
    report = replay_runs(stored_runs(storage, [*storage.list_all_runs(), "gone"]), exporter)

    assert (1, 4) == (report.sent, report.unreadable_count)
    assert "there is no such run" == report.unreadable["gone"]
    assert 4 == len(exporter.spans)


def test_values_too_large_for_a_span_are_named(tmp_path: Path) -> None:
    """They come back incomplete: who replays should know."""
    run = native_run(1)
    run["decisions"][1]["reasoning"] = "x" * 100_000
    report = replay_runs(stored_runs(stored(tmp_path, run)), SpanList())

    assert {run["id"]: ("runspan.decision.reasoning",)} == report.cut
    assert report.is_whole


def test_requests_are_bounded(tmp_path: Path) -> None:
    """By spans and by bytes: gRPC receivers take 4 MiB as they come."""
    runs = [native_run(number, decisions=100, input_data={"text": "x" * 30_000}) for number in range(30)]
    for run in runs:
        for decision in run["decisions"]:
            decision["reasoning"] = "y" * 30_000
    exporter = SpanList()
    sizes: list[int] = []
    taken = exporter.export

    def export(spans: Sequence[ReadableSpan]) -> SpanExportResult:
        sizes.append(sum(len(str(value)) for span in spans for value in (span.attributes or {}).values()))
        return taken(spans)

    exporter.export = export  # type: ignore[method-assign]
    report = replay_runs(stored_runs(stored(tmp_path, *runs)), exporter)

    assert 30 == report.sent
    assert max(sizes) < 3 * 2**20
    assert 30 * 101 == report.spans == len(exporter.spans)


def test_rate_is_kept(tmp_path: Path) -> None:
    """By waiting, on average; deterministic time."""
    now = [0.0]
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    runs = [native_run(number, decisions=63) for number in range(32)]
    storage = stored(tmp_path, *runs)
    report = replay_runs(stored_runs(storage), SpanList(), max_spans_per_s=512, now=lambda: now[0], wait=wait)

    assert 2_048 == report.spans
    assert [1.0, 1.0, 1.0] == waited


@pytest.mark.parametrize(
    "started_at", ["0001-01-01T00:00:00Z", "1960-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1900-01-01", "never", ""]
)
def test_times_that_no_span_can_have_travel_as_text(started_at: str) -> None:
    """They do not break the encoder, and come back."""
    run = native_run(1, started_at=started_at)
    spans = replayed_spans(run)
    decoded = decode_run(spans)

    assert all(0 <= span.start_unix_nano <= span.end_unix_nano < 2**64 for span in spans)
    assert run == decoded.native
    assert decoded.is_whole


@pytest.mark.parametrize("run", [{}, {"id": ""}, {"id": 5}, {"id": None}])
def test_what_has_no_id_is_no_run(run: dict[str, Any]) -> None:
    """There is nothing its trace could be named by."""
    with pytest.raises(InterchangeError, match="no id"):
        replayed_spans(run)


def test_protocol_is_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenTelemetry's own variables, the one for traces first; anything else is refused in words."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc")
    by_environment = otlp_exporter("http://127.0.0.1:4317")
    by_environment.shutdown()
    by_argument = otlp_exporter(protocol="http/protobuf")
    by_argument.shutdown()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "pigeon")

    assert "grpc" in type(by_environment).__module__
    assert "http" in type(by_argument).__module__
    with pytest.raises(ConfigError, match="'pigeon': must be http/protobuf or grpc"):
        otlp_exporter()
    with pytest.raises(ConfigError, match="must begin with http"):
        otlp_exporter("localhost:4317", protocol="grpc")


def test_incomplete_runs_stay_so() -> None:
    """Replaying and importing a run that is marked incomplete does not make it whole."""
    run = native_run(1, incomplete=["1 of 3 decisions"])
    decoded = decode_run(replayed_spans(run))

    assert dumps(run, indent=True) == decoded.data
    assert ("1 of 3 decisions",) == decoded.missing
    assert loads(decoded.data) == run
