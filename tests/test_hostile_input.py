"""Hostile input: it writes nothing outside the storage, runs no code, fills no memory, and is not taken for another."""

from __future__ import annotations

import ast
import gzip
import json
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from runspan import semconv
from runspan.interchange import Account, import_runs, read_otlp_json, runs_from_files, runs_from_spans
from runspan.mapping import EventRecord, SpanRecord
from runspan.storage import FileStorage
from runspan.values import dumps, loads
from tests.traces import document, framed, json_lines, native_run, request, spans_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).parents[1]
MIB: Final = 2**20

IDS: Final = [
    "../../escape",
    "/etc/passwd",
    "..",
    ".",
    "",
    "a/../../b",
    "..\\..\\windows",
    "nul\0byte",
    "con",
    "x" * 300,
    "\u202egnp.exe",
    "~root",
    "$(touch pwned)",
    "-rf",
    "run\n../x",
    "é" * 200,
    "indexes/by_goal/x",
]


def renamed(run_id: str, **changes: Any) -> list[SpanRecord]:
    """A whole run's spans under this id: its checksum is right."""
    spans = spans_of([native_run(1, id=run_id or "x", **changes)])
    return [replace(span, attributes={**span.attributes, semconv.RUN_ID: run_id}) for span in spans]


@pytest.mark.parametrize("run_id", IDS, ids=range(len(IDS)))
def test_no_id_leads_out_of_the_storage(run_id: str, tmp_path: Path) -> None:
    """Of a run, its goal, its nodes or its status."""
    storage = tmp_path / "a" / "b" / "storage"
    (tmp_path / "traces").write_bytes(json_lines(renamed(run_id, goal_id=run_id, status=run_id)))
    before = set(tmp_path.rglob("*"))
    report = import_runs(runs_from_files([tmp_path / "traces"], account=Account()), FileStorage(storage))
    made = set(tmp_path.rglob("*")) - before

    assert all(path.is_relative_to(tmp_path / "a") for path in made)
    assert {tmp_path / "a", tmp_path / "a" / "b"} | {path for path in made if path.is_relative_to(storage)} == made
    assert (bool(run_id), 0) == (bool(report.new), report.failed_count)
    assert ([run_id] if run_id else []) == FileStorage(storage).list_all_runs()


def with_attribute(name: str, value: Any) -> list[SpanRecord]:
    """A run's spans, the last of which says one more thing."""
    *others, root = spans_of([native_run(1)])
    return [*others, replace(root, attributes={**root.attributes, name: value})]


@pytest.mark.parametrize(
    "spans",
    [
        with_attribute(semconv.RUN_EXTRA, '{"id":"run_20261123_120000_00000002"}'),
        with_attribute(semconv.AMENDMENTS, '[{"n":0,"at":["id"],"value":"run_20261123_120000_00000002"}]'),
        with_attribute(semconv.AMENDMENTS, '[{"n":0,"at":[],"value":{"id":"run_20261123_120000_00000002"}}]'),
        with_attribute(semconv.AMENDMENTS, '[{"n":0,"at":[],"value":"nothing"}]'),
    ],
    ids=["extra field", "amendment", "whole run amended", "run amended away"],
)
def test_no_run_is_taken_for_another(spans: list[SpanRecord], tmp_path: Path) -> None:
    """A field that says another id overwrites nobody's file."""
    victim = native_run(2)
    storage = FileStorage(tmp_path)
    storage.write_run(dumps(victim, indent=True), victim)
    report = import_runs(runs_from_spans(spans), storage)

    assert dumps(victim, indent=True) == storage.read_run_bytes(victim["id"])
    assert [native_run(1)["id"], victim["id"]] == storage.list_all_runs()
    assert report.incomplete or dumps(native_run(1), indent=True) == storage.read_run_bytes(native_run(1)["id"])


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    """Where a run's file should be there is a link to somebody's secret."""
    secret = tmp_path / "secret"
    secret.write_text("mine")
    storage = FileStorage(tmp_path / "storage")
    storage.run_path(native_run(1)["id"]).symlink_to(secret)
    runs = [native_run(1), native_run(2)]
    report = import_runs(runs_from_spans(spans_of(runs)), storage, replace=True)

    assert "mine" == secret.read_text()
    assert ([runs[0]["id"]], 1) == (list(report.failed), report.new)


def test_nothing_that_runs_code_reads_input() -> None:
    """No pickle, no eval, no shell in the rooms that read what strangers send."""
    banned = {"pickle", "marshal", "shelve", "yaml", "subprocess", "eval", "exec", "compile", "__import__"}
    rooms = ("interchange", "mapping", "assembly", "diff")
    modules = [path for room in rooms for path in (ROOT / "src" / "runspan" / room).glob("*.py")]
    names = {
        name
        for path in modules
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [node.id]
            if isinstance(node, ast.Name)
            else [alias.name for alias in getattr(node, "names", []) if isinstance(alias, ast.alias)]
        )
    }

    assert set() == banned & names


# Memory: each of these runs in a process that may take one GiB, with some hundred MiB for Python and its libraries.


def deep_attribute() -> bytes:
    """JSON in an attribute, deeper than anybody's stack."""
    return json_lines(with_attribute(semconv.RUN_OUTPUT, '{"a":' * 100_000 + "1" + "}" * 100_000))


def deep_attribute_that_parses() -> bytes:
    """Lists in each other, as many as JSON readers take."""
    return json_lines(with_attribute(semconv.RUN_OUTPUT, '{"a":' + "[" * 900 + "]" * 900 + "}"))


def deep_values() -> bytes:
    """Attribute values in each other."""
    value: dict[str, Any] = {"stringValue": "x"}
    for _ in range(200):
        value = {"arrayValue": {"values": [value]}}
    told = document(spans_of([native_run(1)]))
    told["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"].append({"key": "deep", "value": value})
    return json.dumps(told).encode()


def deep_protobuf() -> bytes:
    """Messages in each other, deeper than protobuf reads."""
    value = b"\x0a\x01x"
    for _ in range(400):
        value = part(b"\x2a", part(b"\x0a", value))
    pair = b"\x0a\x04deep" + part(b"\x12", value)
    span = b"\x0a\x10" + b"\1" * 16 + b"\x12\x08" + b"\1" * 8 + part(b"\x4a", pair)
    return part(b"\x0a", part(b"\x12", part(b"\x12", span)))


def part(tag: bytes, content: bytes) -> bytes:
    """A field of a message."""
    return tag + varint(len(content)) + content


def varint(number: int) -> bytes:
    """A number of variable length."""
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])


def span_saying(**more: Any) -> SpanRecord:
    """A span of nobody's run, unless an attribute says so."""
    return SpanRecord(**{"trace_id": 1, "span_id": 1, "name": "x", "start_unix_nano": 1, "end_unix_nano": 2, **more})


def bomb(size_mib: int, piece: bytes = b"\0") -> Iterator[bytes]:
    """A MiB again and again."""
    whole = (piece * (MIB // len(piece) + 1))[:MIB]
    return (whole for _ in range(size_mib))


def zstd_bomb() -> bytes:
    """Four GiB in some hundred KiB."""
    packer = zstd.ZstdCompressor(level=1)
    return b"".join([*(packer.compress(part) for part in bomb(4_096)), packer.flush()])


def gzip_bomb() -> bytes:
    """A line of half a GiB."""
    return b"".join([gzip.compress(part, 1) for part in bomb(512, b'{"a":[')])


def framed_bomb() -> bytes:
    """A message that unpacks to a GiB, and says nothing of it before."""
    packer = zstd.ZstdCompressor(level=1)
    return framed(b"".join([*(packer.compress(part) for part in bomb(1_024)), packer.flush()]))


HOSTILE: Final[dict[str, Callable[[], bytes]]] = {
    "deep attribute": deep_attribute,
    "deep attribute that still parses": deep_attribute_that_parses,
    "deep values": deep_values,
    "deep protobuf": deep_protobuf,
    "deep document": lambda: b'{"resourceSpans":' + b"[" * 500_000 + b"\n",
    "a document of empty lists": lambda: b'{"resourceSpans":[' + b"[]," * 20_000_000 + b"[]]}\n",
    "a document of empty objects": lambda: b'{"resourceSpans":[' + b"{}," * 20_000_000 + b"{}]}\n",
    "a document of numbers": lambda: b'{"resourceSpans":[' + b"999," * 15_000_000 + b"1]}\n",
    "many empty messages": lambda: part(b"\x0a", b"\x12\x00" * (30 * MIB)),
    "many empty spans": lambda: part(b"\x0a", part(b"\x12", b"\x12\x00" * (25 * MIB))),
    "many empty attributes": lambda: part(b"\x0a", part(b"\x12", part(b"\x12", b"\x4a\x00" * (20 * MIB)))),
    "a line of 200 MiB": lambda: b'{"resourceSpans":"' + b"x" * (200 * MIB) + b'"}\n',
    "a string of 40 MiB": lambda: json_lines([span_saying(attributes={semconv.RUN_ID: "y" * (40 * MIB)})]),
    "an output of 40 MiB": lambda: json_lines(with_attribute(semconv.RUN_OUTPUT, "y" * (40 * MIB))),
    "an output of 40 MiB of JSON": lambda: json_lines(
        with_attribute(semconv.RUN_OUTPUT, "[%s1]" % ("1," * (20 * MIB)))
    ),
    "a name of 30 MiB": lambda: json_lines([span_saying(name="r" * (30 * MIB))]),
    "a message that lies about its size": lambda: b"\xff\xff\xff\xff\x0a" + b"x" * 100,
    "a frame that lies about its size": lambda: b"\x03\xff\xff\xff\x0a" + b"x" * 100,
    "zstd bomb": zstd_bomb,
    "gzip bomb": gzip_bomb,
    "framed bomb": framed_bomb,
    "a huge number": lambda: json_lines(with_attribute("runspan.run.decision_count", "9" * 1_000_000)),
    "a huge id": lambda: json_lines([span_saying()]).replace(b'"traceId":"', b'"traceId":"' + b"f" * MIB),
}

CHILD: Final = """
import resource, sys
limit = 1024 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
from runspan.cli import main
main(["import", *sys.argv[1:3], "--storage", sys.argv[3], "--json"])
"""


@pytest.mark.parametrize("what", HOSTILE)
def test_one_gib_is_enough_and_the_rest_is_read(what: str, tmp_path: Path) -> None:
    """A good file beside it is imported; no traceback, an exit code that says so."""
    (tmp_path / "bad").write_bytes(HOSTILE[what]())
    (tmp_path / "good").write_bytes(json_lines(spans_of([native_run(7)])))
    command = [sys.executable, "-c", CHILD, str(tmp_path / "bad"), str(tmp_path / "good"), str(tmp_path / "storage")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    there = {path.stem: path.read_bytes() for path in (tmp_path / "storage" / "runs").glob("*.json")}

    assert "Traceback" not in done.stderr
    assert done.returncode in {0, 1, 2}, done.stderr
    assert dumps(native_run(7), indent=True) == there.pop(native_run(7)["id"])
    assert all(json.loads(data) for data in there.values())


def test_lies_about_memory_are_seen(tmp_path: Path) -> None:
    """The test above can fail: one GiB is not enough for anything."""
    child = CHILD.replace("from runspan.cli import main", "data = bytes(1100 * 2**20)")
    done = subprocess.run(
        [sys.executable, "-c", child, "a", "b", str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert "MemoryError" in done.stderr
    assert resource.getrlimit(resource.RLIMIT_AS)[0] != 1024 * MIB


def test_spool_is_private_and_gone(tmp_path: Path) -> None:
    """Spans that wait on disk can be opened by nobody, and a killed import leaves nothing."""
    code = """
import os, sys, signal
from pathlib import Path
from runspan.interchange import runs_from_spans
sys.path.insert(0, sys.argv[2])
from tests.traces import native_run, spans_of
spans = sorted(spans_of([native_run(number) for number in range(30)]), key=lambda span: span.parent_span_id is None)
def until_killed():
    yield from spans[:80]
    opened = [path for fd in os.listdir("/proc/self/fd") if os.path.exists(path := f"/proc/self/fd/{fd}")]
    print([oct(os.stat(path).st_mode) for path in opened if ".spans-" in os.readlink(path)], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
list(runs_from_spans(until_killed(), max_waiting_bytes=10_000, spool_folder=Path(sys.argv[1])))
"""
    command = [sys.executable, "-c", code, str(tmp_path), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "['0o100600']\n" == done.stdout
    assert [] == list(tmp_path.iterdir())


# Anything anywhere.

OURS: Final = sorted(
    value for value in vars(semconv).values() if isinstance(value, str) and value.startswith("runspan.")
)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
STEP: Final = st.sampled_from(["id", "decisions", "metrics", "problems", "status", 0, 1, -1])
AMENDMENT: Final = st.fixed_dictionaries(
    {"n": JSON | st.integers(0, 3), "at": st.lists(STEP, max_size=3) | JSON}, optional={"value": JSON, "length": JSON}
)
VALUES: Final = (
    JSON.map(lambda value: dumps(value).decode())
    | st.lists(AMENDMENT, max_size=3).map(lambda value: dumps(value).decode())
    | st.text(max_size=8)
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.booleans()
    | st.none()
    | st.lists(st.text(max_size=2) | st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)
)
ATTRIBUTES: Final = st.dictionaries(st.sampled_from(OURS), VALUES, max_size=8)


@given(
    changes=st.lists(st.tuples(st.integers(0, 3), ATTRIBUTES, ATTRIBUTES, st.integers(0, 2**64 - 1)), max_size=4),
)
def test_any_attribute_may_say_anything(changes: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every run becomes a file that can be loaded, or is named with a reason; nothing is raised."""
    spans = spans_of([native_run(1)])
    for place, attributes, told, moment in changes:
        span = spans[place]
        event = EventRecord(name=semconv.EVENT_OUTCOME, time_unix_nano=moment, attributes=told)
        spans[place] = replace(
            span, attributes={**span.attributes, **attributes}, events=(event, *span.events), start_unix_nano=moment
        )
    account = Account()
    storage = FileStorage(tmp_path_factory.mktemp("storage"))
    decoded = list(runs_from_spans(spans, account=account))
    report = import_runs(decoded, storage)

    assert len(decoded) == report.new + report.failed_count
    for run_id in storage.list_all_runs():
        data = storage.read_run_bytes(run_id)
        stored = loads(data or b"")
        assert isinstance(stored, dict)
        assert run_id == stored["id"]
        assert stored.get("incomplete") or data == dumps(native_run(1), indent=True)


NAMES: Final = st.sampled_from(
    [
        "resourceSpans",
        "scopeSpans",
        "spans",
        "resource",
        "scope",
        "attributes",
        "events",
        "links",
        "status",
        "traceId",
        "spanId",
        "key",
        "value",
        "stringValue",
        "intValue",
        "arrayValue",
        "kvlistValue",
        "values",
        "doubleValue",
        "startTimeUnixNano",
        "name",
        "kind",
        "code",
    ]
)
SAID: Final = st.text(max_size=4) | st.sampled_from(["0a", "1" * 16, "5"])
DOCUMENTS: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | SAID,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(spans=DOCUMENTS, event=DOCUMENTS)
def test_any_document_is_read_or_told_of(spans: Any, event: Any) -> None:
    """Nothing else is raised."""
    told: list[object] = []
    good = document(spans_of([native_run(1)]))["resourceSpans"]
    odd = {"scopeSpans": [{"spans": [spans, {"traceId": "1", "spanId": "2", "events": [event], "attributes": spans}]}]}
    found = list(read_otlp_json({"resourceSpans": [odd, spans, *good]}, on_bad=told.append))

    assert 4 <= len(found)
    assert all(0 <= span.start_unix_nano < 2**64 and span.trace_id < 2**128 for span in found)
    assert list(read_otlp_json(spans if isinstance(spans, dict) else {}, on_bad=told.append)) is not None


@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_told_of(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Alone, and in the middle of protobuf."""
    path = tmp_path_factory.mktemp("input") / "input"
    good = request(spans_of([native_run(1)])).SerializeToString()
    for content in (data, framed(good, data, good), good + data, b"\x0a" + data):
        path.write_bytes(content)
        account = Account()
        runs = list(runs_from_files([path], account=account))
        assert all(run.data == dumps(native_run(1), indent=True) for run in runs if run.is_whole)
