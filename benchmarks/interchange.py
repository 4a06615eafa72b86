"""What import and replay cost: runs a second on one core, and peak memory.

    python benchmarks/interchange.py [--runs 10000] [--decisions 20] [--order ended|apart] [--address-space-mib 1024]
                                     [--endpoint URL | --collector] [--folder DIR]

Traces are written as the Collector's file exporter writes them: batches of 64 spans, each run's own span after its
decisions; with `--order apart` all run spans come after all decisions, so that every run has to wait on disk. Import
and replay each run in a process of their own, which is pinned to one core and, if asked, may not take more address
space than that. Replay goes to a receiver in another process that only says yes, to a Collector built for the tests, or
to `--endpoint`.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # a child runs this file as a program

from benchmarks.figures import Figure  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 64


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--decisions", type=int, default=20)
    parser.add_argument("--order", choices=["ended", "apart"], default="ended")
    parser.add_argument("--address-space-mib", type=int)
    parser.add_argument("--endpoint")
    parser.add_argument("--collector", action="store_true")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--no-replay", action="store_true")
    parser.add_argument("--child", choices=["import", "replay", "receive"])
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments)
        return
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="runspan-bench-"))
    try:
        measure(arguments, folder)
    finally:
        if arguments.folder is None:
            shutil.rmtree(folder)


def figure(*, quick: bool = False) -> Figure:
    """Import in both orders, and replay to a receiver that only says yes and to a real Collector."""
    runs, rows = 100 if quick else 10_000, []
    orders = {"ended": "import, each run's spans together", "apart": "import, all run spans at the end"}
    for order, what in orders.items():
        with tempfile.TemporaryDirectory(prefix="runspan-bench-") as name:
            folder = Path(name)
            arguments = argparse.Namespace(address_space_mib=1_024, collector=order == "apart", endpoint=None)
            write_traces(folder / "traces.jsonl", runs, 20, order)
            rows.append(_row(what, told_by(arguments, folder, "import"), runs))
            to = "replay, to a Collector" if arguments.collector else "replay, to who only says yes"
            arguments.address_space_mib = None
            with receiver(arguments, folder) as endpoint:
                rows.append(_row(to, told_by(arguments, folder, "replay", "--endpoint", endpoint), runs))
    note = (
        f"{runs:,} runs of 20 decisions, each process on one core, imports with 1 GiB of address space. Where all run "
        "spans come at the end, no run is whole before, and all of them wait on disk."
    )
    return Figure("Traces in, traces out", ["", "runs/s of CPU", "runs/s by the clock", "peak memory"], rows, note)


def _row(what: str, told: dict[str, Any], runs: int) -> list[str]:
    speeds = [f"{runs / told[each]:,.0f}" for each in ("cpu_s", "wall_s")]
    return [what, *speeds, f"{told['peak_mib']:,.0f} MiB"]


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    """Write the traces, import them, replay what was imported."""
    traces = folder / "traces.jsonl"
    write_traces(traces, arguments.runs, arguments.decisions, arguments.order)
    size_mib = traces.stat().st_size / 2**20
    print(f"{arguments.runs:,} runs of {arguments.decisions} decisions, {size_mib:,.0f} MiB of OTLP JSON lines")
    print(line("import", told_by(arguments, folder, "import"), arguments.runs))
    if not arguments.no_replay:
        with receiver(arguments, folder) as endpoint:
            print(line("replay", told_by(arguments, folder, "replay", "--endpoint", endpoint), arguments.runs))


def line(what: str, told: dict[str, Any], runs: int) -> str:
    """Return one line of figures."""
    return (
        f"{what}: {runs / told['cpu_s']:,.0f} runs/s of CPU, {runs / told['wall_s']:,.0f} runs/s by the clock, "
        f"peak memory {told['peak_mib']:,.0f} MiB; {told['report']}"
    )


def told_by(arguments: argparse.Namespace, folder: Path, what: str, *more: str) -> dict[str, Any]:
    """Return what a child process measured."""
    command = [sys.executable, __file__, "--child", what, "--folder", str(folder), *more]
    if arguments.address_space_mib:
        command += ["--address-space-mib", str(arguments.address_space_mib)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def child(arguments: argparse.Namespace) -> None:
    """Do one thing, and print what it took."""
    if arguments.child == "receive":
        receive()
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if arguments.address_space_mib:
        limit = arguments.address_space_mib * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    from runspan.cli._garbage import collect_seldom

    collect_seldom()  # as the commands do
    work = import_traces if arguments.child == "import" else replay_runs
    wall, cpu = time.perf_counter(), time.process_time()
    report = work(arguments.folder, arguments.endpoint)
    told = {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "peak_mib": peak_mib(),
        "report": report,
    }
    print(json.dumps(told))


def peak_mib() -> float:
    """Return the most memory this program has taken; `ru_maxrss` would count that of who has started it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def import_traces(folder: Path, _endpoint: str) -> str:
    """Import the traces."""
    from runspan.interchange import import_runs, runs_from_files
    from runspan.storage import FileStorage

    storage = FileStorage(folder / "storage")
    report = import_runs(runs_from_files([folder / "traces.jsonl"], spool_folder=folder), storage)
    return f"{report.new} new, {report.already_there} already there, {report.incomplete_count} incomplete"


def replay_runs(folder: Path, endpoint: str) -> str:
    """Replay the storage."""
    from runspan.interchange import otlp_exporter, replay_runs, stored_runs
    from runspan.storage import FileStorage

    exporter = otlp_exporter(endpoint)
    report = replay_runs(stored_runs(FileStorage(folder / "storage")), exporter)
    exporter.shutdown()
    return f"{report.sent} sent, {report.refused_count} refused"


def write_traces(path: Path, runs: int, decisions: int, order: str) -> None:
    """Write one run's spans again and again, under other ids."""
    spans = Spans(decisions)
    batch: list[str] = []
    with path.open("w") as file:
        for text in spans.ended(runs) if order == "ended" else spans.apart(runs):
            batch.append(text)
            if len(batch) == BATCH:
                file.write(_batch(batch))
                batch.clear()
        file.write(_batch(batch))


class Spans:
    """The spans of one run as texts, with places for what differs from run to run."""

    def __init__(self, decisions: int) -> None:
        from runspan.values import dumps
        from tests.traces import document, native_run, spans_of

        run = native_run(0, decisions)
        spans = spans_of([run])
        checksum = spans[-1].attributes["runspan.run.checksum"]
        self._id = run["id"]
        self._file = dumps(run, indent=True)
        self._texts = [json.dumps(_one(document([span]))).replace("%", "%%") for span in spans]
        self._replace(checksum, "%(checksum)s")
        self._replace(self._id, "%(id)s")
        self._replace(f"{spans[0].trace_id:032x}", "%(number)032x")
        for place, span in enumerate(spans):
            self._replace(f"{span.span_id:016x}", f"%(number)012x{place:04x}")

    def _replace(self, old: str, new: str) -> None:
        self._texts = [text.replace(old, new) for text in self._texts]

    def _fields(self, number: int) -> dict[str, Any]:
        run_id = f"run_20261123_120000_{number:08x}"
        data = self._file.replace(self._id.encode(), run_id.encode())
        return {"number": number, "id": run_id, "checksum": "sha256:" + hashlib.sha256(data).hexdigest()}

    def ended(self, runs: int) -> Iterator[str]:
        """Run after run."""
        for fields in map(self._fields, range(1, runs + 1)):
            yield from (text % fields for text in self._texts)

    def apart(self, runs: int) -> Iterator[str]:
        """All decisions, then all run spans."""
        for part in (self._texts[:-1], self._texts[-1:]):
            for fields in map(self._fields, range(1, runs + 1)):
                yield from (text % fields for text in part)


def _one(document: dict[str, Any]) -> dict[str, Any]:
    [span] = document["resourceSpans"][0]["scopeSpans"][0]["spans"]
    return dict(span)


def _batch(spans: list[str]) -> str:
    resource_json = '{"attributes":[{"key":"service.name","value":{"stringValue":"agent"}}]}'
    scope = '{"scope":{"name":"runspan"},"spans":[' + ",".join(spans) + "]}"
    return f'{{"resourceSpans":[{{"resource":{resource_json},"scopeSpans":[{scope}]}}]}}\n'


@contextlib.contextmanager
def receiver(arguments: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Give the address of who takes the spans."""
    if arguments.endpoint:
        yield arguments.endpoint
    elif arguments.collector:
        from tests.backends import Collector, Jaeger

        with (
            Jaeger(folder / "jaeger") as jaeger,
            Collector(folder / "collector", jaeger_grpc=jaeger.grpc_endpoint) as collector,
        ):
            yield collector.http_endpoint
    else:
        command = [sys.executable, __file__, "--child", "receive"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
            process.terminate()


def receive() -> None:
    """Say yes to every request."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
