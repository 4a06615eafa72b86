"""Jaeger as a source: what is asked of it, and what it may answer. The real one is in tests/backends."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from runspan.cli import main
from runspan.errors import BackendError, ConfigError
from runspan.interchange import Account, Jaeger, runs_from_jaeger
from runspan.native import parse_timestamp_ns
from runspan.values import dumps
from tests.traces import document, native_run, spans_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOON: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Fake:
    """Answers `/api/v3` from traces in memory, one a second from noon on; or with whatever it is told."""

    def __init__(self, answer: Callable[[str], tuple[int, str, bytes]] | None = None) -> None:
        self.runs: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.asked.append(self.path)
                fake.headers.append(dict(self.headers))
                status, kind, body = (answer or fake.answer)(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """As Jaeger 2.13 does."""
        query = parse_qs(urlsplit(path).query)
        runs = self.runs
        if urlsplit(path).path == "/api/v3/traces":
            first, last = (parse_timestamp_ns(query[f"query.start_time_{end}"][0]) or 0 for end in ("min", "max"))
            runs = [run for run in runs if first <= (parse_timestamp_ns(run["started_at"]) or 0) <= last]
            runs = runs[-int(query["query.num_traces"][0]) :]
        else:
            wanted = path.rpartition("/")[2]
            runs = [run for run in runs if f"{spans_of([run])[0].trace_id:032x}" == wanted]
        if not runs:
            return 404, "text/plain; charset=utf-8", b'{"error":{"httpCode":404,"message":"No traces found"}}\n'
        return 200, "text/plain; charset=utf-8", json.dumps({"result": document(spans_of(runs))}).encode()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def at(seconds: float) -> str:
    """A time after noon."""
    return (NOON + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def test_a_range_is_halved_until_all_of_it_is_there() -> None:
    """The interface gives the last fifty traces and no next page; two hundred begin in the same instant."""
    with Fake() as fake:
        fake.runs = [native_run(number, decisions=1, started_at=at(number * 7)) for number in range(120)]
        fake.runs += [native_run(1_000 + number, decisions=1, started_at=at(900)) for number in range(200)]
        runs = runs_from_jaeger(Jaeger(fake.url), service="agent", start=NOON, end=NOON + timedelta(hours=1))
        found = {run.run_id: run.data for run in runs}

    assert {run["id"]: dumps(run, indent=True) for run in fake.runs} == found
    assert len(fake.asked) < 200


def test_both_spellings_are_sent() -> None:
    """Newer Jaegers have renamed the parameters."""
    with Fake() as fake:
        assert [] == list(Jaeger(fake.url).search("agent", NOON, NOON + timedelta(hours=1)))
    query = parse_qs(urlsplit(fake.asked[0]).query)

    assert query["query.service_name"] == query["query.serviceName"] == ["agent"]
    assert query["query.start_time_min"] == query["query.startTimeMin"] == ["2026-11-23T12:00:00.000000Z"]
    assert query["query.num_traces"] == query["query.searchDepth"] == ["50"]


def test_named_traces_and_those_that_are_not_there() -> None:
    """A trace that Jaeger does not have is noted; the others are read."""
    account = Account()
    with Fake() as fake:
        fake.runs = [native_run(1)]
        trace_id = f"{spans_of(fake.runs)[0].trace_id:032x}"
        runs = list(runs_from_jaeger(Jaeger(fake.url + "/"), ["0" * 31 + "1", trace_id], account=account))

    assert [native_run(1)["id"]] == [run.run_id for run in runs]
    assert [("trace " + "0" * 31 + "1", "there is no such trace")] == [
        (skipped.place, skipped.reason) for skipped in account.skipped
    ]


def test_hostile_trace_id_stays_in_its_place() -> None:
    """It cannot ask for anything else."""
    with Fake() as fake:
        list(Jaeger(fake.url).spans_of(["../../admin?x=1#", "a b"]))

    assert ["/api/v3/traces/..%2F..%2Fadmin%3Fx%3D1%23", "/api/v3/traces/a%20b"] == fake.asked


@pytest.mark.parametrize(
    ("status", "kind", "body", "told"),
    [
        (500, "application/json", b'{"error":"storage"}', "answers 500"),
        (404, "text/html", b"<h1>Not Found</h1>", "answers 404"),
        (404, "application/json", b'{"error":"no such page"}', "answers 404"),
        (404, "application/json", b"[404]", "answers 404"),
        (200, "text/html", b"<html>", "answers with no JSON"),
        (200, "application/json", b"", "answers with no JSON"),
        (200, "application/json", b"[" * 100_000, "answers with no JSON"),
    ],
)
def test_what_is_no_jaeger_is_one_error(status: int, kind: str, body: bytes, told: str) -> None:
    """With its address."""
    with Fake(lambda _: (status, kind, body)) as fake, pytest.raises(BackendError, match=told) as raised:
        list(Jaeger(fake.url).spans_of(["0" * 32]))

    assert fake.url == raised.value.url


@pytest.mark.parametrize(
    "body",
    [b"5", b"[]", b"{}", b'{"result":5}', b'{"result":{"resourceSpans":5}}', b'{"result":{"resourceSpans":[5]}}'],
)
def test_odd_answers_hold_no_spans(body: bytes) -> None:
    """Valid JSON of any other shape."""
    with Fake(lambda _: (200, "application/json", body)) as fake:
        assert [] == list(Jaeger(fake.url).spans_of(["0" * 32]))
        assert [] == list(Jaeger(fake.url).search("agent", NOON, NOON + timedelta(seconds=1)))


def test_nobody_answers(tmp_path: Path) -> None:
    """In one line with a hint; exit code 2."""
    done = CliRunner().invoke(main, ["import", "--jaeger", "http://127.0.0.1:9", "0" * 32, "-s", str(tmp_path)])

    assert 2 == done.exit_code
    assert "http://127.0.0.1:9 does not answer" in done.stderr


@pytest.mark.parametrize("url", ["file:///etc/passwd", "jaeger:16686", "http://", "ftp://x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    """Nothing is opened."""
    with pytest.raises(ConfigError, match="must be an address"):
        Jaeger(url)


def test_command_reads_a_service(tmp_path: Path) -> None:
    """With headers for what stands before Jaeger."""
    with Fake() as fake:
        fake.runs = [native_run(number, started_at=at(number)) for number in range(3)]
        words = ["import", "--jaeger", fake.url, "--service", "agent", "--since", "2026-11-23T11:00:00Z"]
        words += [
            "--until",
            "2026-11-23T13:00:00Z",
            "--header",
            "Authorization: Bearer x",
            "-s",
            str(tmp_path),
            "--json",
        ]
        done = CliRunner().invoke(main, words)
        told = json.loads(done.stdout)

    assert (0, 3, 3) == (done.exit_code, told["written"], len(list(tmp_path.glob("runs/*.json"))))
    assert "Bearer x" == fake.headers[0]["Authorization"]


def test_command_says_what_it_needs(tmp_path: Path) -> None:
    """Inputs; times and headers that are some."""
    for words, told in (
        ([], "name files"),
        (["--jaeger", "http://x"], "name files"),
        (["--jaeger", "http://x", "--service", "a", "--since", "soon"], "'soon' is no time"),
        (["--jaeger", "http://x", "--service", "a", "--header", "nothing"], "must be like"),
    ):
        done = CliRunner().invoke(main, ["import", *words, "-s", str(tmp_path / "none")])
        assert 2 == done.exit_code
        assert told in done.stderr

    assert not (tmp_path / "none").exists()
