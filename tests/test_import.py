"""Import: files of traces become the run files that the runs were, whatever form the traces have."""

from __future__ import annotations

import gzip
import io
import json
import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from backports import zstd

from runspan import semconv
from runspan.errors import InterchangeError
from runspan.interchange import (
    Account,
    import_runs,
    read_spans,
    replayed_spans,
    runs_from_files,
    runs_from_spans,
)
from runspan.interchange._spool import Spool
from runspan.mapping import LinkRecord, SpanRecord
from runspan.storage import FileStorage
from runspan.values import dumps, loads
from tests.traces import batches, document, framed, json_lines, native_run, request, spans_of

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURES: Final = sorted(Path(__file__).parent.glob("native-fixtures/*/runs/*.json"))
FOREIGN: Final = SpanRecord(trace_id=7, span_id=8, name="GET /", start_unix_nano=1, end_unix_nano=2)


def fixture_runs() -> dict[str, bytes]:
    """The original's run files by id."""
    return {path.stem: path.read_bytes() for path in FIXTURES}


def stored(folder: Path) -> dict[str, bytes]:
    """What a storage holds: run files, summaries and indexes by name."""
    files = (path for path in folder.rglob("*.json") if path.parent.name != "pending")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def files_in(folder: Path) -> dict[str, bytes]:
    """Run files by id."""
    return {path.stem: path.read_bytes() for path in (folder / "runs").glob("*.json")}


def import_into(folder: Path, *sources: Any, **options: Any) -> tuple[Any, Account]:
    """Import files."""
    account = Account()
    return import_runs(runs_from_files(sources, account=account), FileStorage(folder), **options), account


def zstd_framed(spans: list[SpanRecord]) -> bytes:
    """As the Collector writes JSON with `compression: zstd`."""
    return framed(*(zstd.compress(json.dumps(document(batch)).encode()) for batch in batches(spans, 5)))


FORMS: Final[dict[str, Callable[[list[SpanRecord]], bytes]]] = {
    "json lines": lambda spans: json_lines(spans, 5),
    "json lines, a span each": lambda spans: json_lines(spans, 1),
    "json lines, gzip": lambda spans: gzip.compress(json_lines(spans, 5)),
    "json lines, gzip, two members": lambda spans: b"".join(
        gzip.compress(json_lines(half)) for half in batches(spans, len(spans) // 2 + 1)
    ),
    "json lines, zstd": lambda spans: zstd.compress(json_lines(spans, 5)),
    "json, framed zstd": zstd_framed,
    "json over many lines": lambda spans: json.dumps(document(spans), indent=2).encode(),
    "json of Jaeger": lambda spans: json.dumps({"result": document(spans)}).encode(),
    "json with a byte order mark": lambda spans: b"\xef\xbb\xbf" + json_lines(spans),
    "protobuf": lambda spans: request(spans).SerializeToString(),
    "protobuf, one after the other": lambda spans: b"".join(
        request(batch).SerializeToString() for batch in batches(spans, 5)
    ),
    "protobuf, gzip": lambda spans: gzip.compress(request(spans).SerializeToString()),
    "protobuf, framed": lambda spans: framed(*(request(batch).SerializeToString() for batch in batches(spans, 5))),
    "protobuf, framed zstd": lambda spans: framed(
        *(zstd.compress(request(batch).SerializeToString()) for batch in batches(spans, 5))
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_fixtures_come_back_byte_for_byte_in_every_form(form: str, tmp_path: Path) -> None:
    """Runs interleaved, foreign spans between them, everything twice."""
    runs = [loads(data) for data in fixture_runs().values()]
    spans = [*spans_of(runs), FOREIGN]  # type: ignore[arg-type]
    spans += spans
    random.Random(form).shuffle(spans)  # noqa: S311 - no secret
    (tmp_path / "input").write_bytes(FORMS[form](spans))
    report, account = import_into(tmp_path / "storage", tmp_path / "input")

    assert fixture_runs() == files_in(tmp_path / "storage")
    assert (len(runs), 0, 2) == (report.new, report.incomplete_count, account.foreign_spans)
    assert (0, 0) == (account.skipped_count, account.unfinished)


@pytest.mark.parametrize("form", FORMS)
def test_a_stream_is_read_as_well(form: str) -> None:
    """Standard input, which gives no more than a byte at a time at first, and cannot be gone back in."""

    class Slow(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self._data = io.BytesIO(data)

        def read(self, size: int = -1) -> bytes:
            return self._data.read(1 if self._data.tell() < 20 else size)

    spans = spans_of([native_run(1)])

    found = read_spans(Slow(FORMS[form](spans)), name="-")  # type: ignore[arg-type]

    assert spans == [replace(span, resource={}) for span in found]


def test_a_run_may_be_spread_over_rotated_files(tmp_path: Path) -> None:
    """In any order of the files, some of them compressed."""
    runs = [native_run(number) for number in range(20)]
    spans = spans_of(runs)
    for number, batch in enumerate(batches(spans, 7)):
        data = json_lines(batch, 3)
        (tmp_path / f"traces-{number}").write_bytes(gzip.compress(data) if number % 2 else data)
    report, _ = import_into(tmp_path / "storage", *sorted(tmp_path.glob("traces-*"), reverse=True))

    assert {run["id"]: dumps(run, indent=True) for run in runs} == files_in(tmp_path / "storage")
    assert 20 == report.new


def test_half_a_last_line_is_no_fault_of_what_is_before(tmp_path: Path) -> None:
    """A file that is still being written: what is whole is read, and the rest when it is there."""
    runs = [native_run(number) for number in range(2)]
    data = json_lines(spans_of(runs), 3)
    (tmp_path / "traces").write_bytes(data[:-20])
    first, account = import_into(tmp_path / "storage", tmp_path / "traces")
    (tmp_path / "traces").write_bytes(data)
    second, _ = import_into(tmp_path / "storage", tmp_path / "traces")

    assert (1, 0, 2, 1) == (account.unfinished, account.skipped_count, first.new, first.incomplete_count)
    assert (0, 1, 1, 0) == (second.new, second.improved, second.already_there, second.incomplete_count)
    assert {run["id"]: dumps(run, indent=True) for run in runs} == files_in(tmp_path / "storage")


@pytest.mark.parametrize("form", [form for form in FORMS if form != "json over many lines"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.97])
def test_input_that_is_cut_off_anywhere(form: str, share: float, tmp_path: Path) -> None:
    """Nothing is raised but our own error; what was rebuilt whole is right."""
    runs = [native_run(number) for number in range(9)]
    data = FORMS[form](spans_of(runs))
    (tmp_path / "traces").write_bytes(data[: int(len(data) * share)])
    report, account = import_into(tmp_path / "storage", tmp_path / "traces")
    right = {run["id"]: dumps(run, indent=True) for run in runs}
    there = files_in(tmp_path / "storage")

    assert account.unfinished + len(account.unread) + account.skipped_count >= 1 or share < 0.97
    assert {run_id for run_id, data in there.items() if data != right[run_id]} == set(report.incomplete)


def test_bad_parts_are_skipped_and_named(tmp_path: Path) -> None:
    """No JSON, JSON that is no OTLP, spans that are none: the rest is read."""
    good = json_lines(spans_of([native_run(1)]), 2).splitlines(keepends=True)
    bad_span = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "x"}, 5, {"spanId": {}}]}]}]})
    odd = [b"{]\n", b"garbage\n", b'{"resourceLogs":[]}\n', b"[1]\n", b"\n", bad_span.encode() + b"\n"]
    lines = [odd[0], *good[:1], *odd[1:], *good[1:]]
    (tmp_path / "traces").write_bytes(b"".join(lines))
    report, account = import_into(tmp_path / "storage", tmp_path / "traces")

    assert (1, 0) == (report.new, report.incomplete_count)
    assert (2, 5) == (account.other_documents, account.skipped_count)
    assert {"line 1", "line 3", "line 7"} == {skipped.place for skipped in account.skipped}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, id="picture"),
        pytest.param(b"hello\nworld\n", id="text"),
        pytest.param(b'{"a": 1}\n', id="other JSON"),
        pytest.param(b"\x0a\x05hello", id="no protobuf"),
        pytest.param(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", id="no length"),
        pytest.param(b"\x00\x00\x00\x05\x0ahello", id="no frame"),
        pytest.param(b"\x1f\x8b\x08\x00garbage" * 9, id="no gzip"),
        pytest.param(b"\x28\xb5\x2f\xfdgarbage" * 9, id="no zstd"),
        pytest.param(gzip.compress(gzip.compress(b"{}")), id="packed twice"),
        pytest.param(b"\x00" * 5_000, id="zeros"),
        pytest.param(random.Random(1).randbytes(100_000), id="noise"),  # noqa: S311
    ],
)
def test_what_holds_no_traces_is_one_error_and_the_rest_goes_on(data: bytes, tmp_path: Path) -> None:
    """Named by its file; the other inputs are imported."""
    (tmp_path / "bad").write_bytes(data)
    (tmp_path / "good").write_bytes(json_lines(spans_of([native_run(1)])))
    report, account = import_into(tmp_path / "storage", tmp_path / "bad", tmp_path / "missing", tmp_path / "good")

    assert {str(tmp_path / "missing")} == set(account.unread) - {str(tmp_path / "bad")}
    assert str(tmp_path / "bad") in account.unread or account.unfinished
    assert 1 == report.new


def test_an_empty_file_is_no_fault(tmp_path: Path) -> None:
    """A Collector that has had nothing to write yet."""
    (tmp_path / "traces").touch()
    report, account = import_into(tmp_path / "storage", tmp_path / "traces")

    assert (0, {}) == (report.written, account.unread)


def test_without_an_account_an_unreadable_file_raises(tmp_path: Path) -> None:
    """Nobody would hear of it otherwise."""
    (tmp_path / "bad").write_bytes(b"hello\n")

    with pytest.raises(InterchangeError, match="bad holds no traces"):
        list(runs_from_files([tmp_path / "bad"]))


# What is there already.


def test_again_is_the_same_storage(tmp_path: Path) -> None:
    """Every byte of it, indexes and summaries included."""
    (tmp_path / "traces").write_bytes(json_lines(spans_of([native_run(number) for number in range(30)])))
    import_into(tmp_path / "storage", tmp_path / "traces")
    before = stored(tmp_path / "storage")
    report, _ = import_into(tmp_path / "storage", tmp_path / "traces")

    assert (0, 30) == (report.written, report.already_there)
    assert before == stored(tmp_path / "storage")


@pytest.mark.parametrize("stop", [1, 7, 600, 1_001])
def test_interrupted_and_run_again_is_the_same_storage(stop: int, tmp_path: Path) -> None:
    """Wherever it stops: in the middle of a batch of index entries, or when spans wait on disk."""
    runs = [native_run(number, decisions=number % 3, goal_id=f"goal-{number % 5}") for number in range(1_002)]
    spans = spans_of(runs)
    random.Random(5).shuffle(spans)  # noqa: S311 - no secret
    (tmp_path / "traces").write_bytes(json_lines(spans))

    class StopError(Exception):
        pass

    def until(report: Any) -> None:
        if report.new == stop:
            raise StopError

    def run_into(folder: Path, on_run: Any = None) -> Any:
        decoded = runs_from_spans(read_spans(tmp_path / "traces"), max_waiting_bytes=500_000, spool_folder=folder)
        return import_runs(decoded, FileStorage(folder), on_run=on_run)

    run_into(tmp_path / "at once")
    with pytest.raises(StopError):
        run_into(tmp_path / "in two", until)
    assert stop == len(files_in(tmp_path / "in two"))
    report = run_into(tmp_path / "in two")

    assert (stop, len(runs) - stop) == (report.already_there, report.new)
    assert stored(tmp_path / "at once") == stored(tmp_path / "in two")


def test_a_whole_file_is_never_overwritten_unless_asked(tmp_path: Path) -> None:
    """Somebody may have added an evaluation since; --replace takes what comes, if that is whole."""
    run = native_run(1)
    edited = native_run(1, narrative="edited by hand")
    FileStorage(tmp_path / "storage").write_run(dumps(edited, indent=True), edited)
    (tmp_path / "traces").write_bytes(json_lines(spans_of([run])))
    (tmp_path / "half").write_bytes(json_lines(spans_of([run])[1:]))
    half, _ = import_into(tmp_path / "storage", tmp_path / "half", replace=True)
    kept, _ = import_into(tmp_path / "storage", tmp_path / "traces")

    assert dumps(edited, indent=True) == files_in(tmp_path / "storage")[run["id"]]
    assert (0, 1, [run["id"]]) == (half.written, half.already_there, kept.different)
    assert half.is_whole

    replaced, _ = import_into(tmp_path / "storage", tmp_path / "traces", replace=True)
    assert 1 == replaced.replaced
    assert dumps(run, indent=True) == files_in(tmp_path / "storage")[run["id"]]


def test_what_is_incomplete_is_made_more_complete(tmp_path: Path) -> None:
    """By more of its spans, and never less complete again."""
    run = native_run(1, decisions=6)
    spans = spans_of([run])
    for name, part in {"poor": spans[:2], "better": spans[:4], "whole": spans}.items():
        (tmp_path / name).write_bytes(json_lines(part))
    steps = [
        import_into(tmp_path / "storage", tmp_path / name)[0] for name in ("poor", "better", "poor", "whole", "poor")
    ]

    assert [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 0), (0, 0, 1)] == [
        (step.new, step.improved, step.already_there) for step in steps
    ]
    assert [1, 1, 1, 0, 0] == [step.incomplete_count for step in steps]
    assert dumps(run, indent=True) == files_in(tmp_path / "storage")[run["id"]]


@pytest.mark.parametrize("torn", [b"", b'{"id": "run', b"[]"])
def test_a_torn_file_is_made_whole(torn: bytes, tmp_path: Path) -> None:
    """A power loss may leave one; there is nothing in it to lose."""
    run = native_run(1)
    storage = FileStorage(tmp_path / "storage")
    storage.write_run(dumps(run, indent=True), run)
    storage.run_path(run["id"]).write_bytes(torn)
    (tmp_path / "traces").write_bytes(json_lines(spans_of([run])))
    report, _ = import_into(tmp_path / "storage", tmp_path / "traces")

    assert (1, 0) == (report.improved, report.failed_count)
    assert dumps(run, indent=True) == storage.read_run_bytes(run["id"])


def test_a_run_in_two_traces_is_whole(tmp_path: Path) -> None:
    """Recorded live, and replayed into the same backend: the decisions are there once."""
    run = native_run(1)
    spans = spans_of([run])
    other = [replace(span, trace_id=99) for span in spans]
    mixed = [span for pair in zip(spans, other, strict=True) for span in pair]
    (tmp_path / "traces").write_bytes(json_lines(mixed[:-1], 3))
    report, _ = import_into(tmp_path / "storage", tmp_path / "traces")

    assert (1, 0, 1) == (report.new, report.incomplete_count, report.already_there)
    assert dumps(run, indent=True) == files_in(tmp_path / "storage")[run["id"]]


# Memory.


def test_what_memory_has_no_room_for_waits_on_disk(tmp_path: Path) -> None:
    """All decisions first, then all run spans, and room for one run: each run is whole, and nothing is left behind."""
    runs = [native_run(number) for number in range(40)]
    spans = sorted(spans_of(runs), key=lambda span: semconv.GOAL_ID in span.attributes)
    (tmp_path / "spool").mkdir()
    decoded = list(runs_from_spans(spans, max_waiting_bytes=20_000, spool_folder=tmp_path / "spool"))

    assert {run["id"]: dumps(run, indent=True) for run in runs} == {run.run_id: run.data for run in decoded}
    assert all(run.is_whole for run in decoded)
    assert [] == list((tmp_path / "spool").iterdir())


@pytest.mark.parametrize("size", [1, 2**20 * 7, 2**20 * 1_000])
def test_spans_on_disk_come_back_as_they_were(tmp_path: Path, size: int) -> None:
    """In their order, with what they share, however many of them lie in one row: by the memory they take."""
    agents: list[dict[str, Any]] = [{"service.name": "a", "host.id": 2**63}, {"service.name": "b"}]
    links = (LinkRecord(trace_id=2**127, span_id=1, attributes={"n": 1.5}),)
    own = spans_of([native_run(1, decisions=20)])
    spans = [replace(span, resource=agents[place % 2], links=links) for place, span in enumerate(own)]
    spool = Spool(tmp_path)
    spool.put(b"one", spans, size)
    spool.put(b"two", spans[:1], size)
    spool.put(b"one", spans[:2], size)
    waited = {key: list(some) for key, some in spool.runs()}
    spool.close()

    assert [spans + spans[:2], spans[:1]] == list(waited.values())
    assert size > 2**20 or len({id(span.resource) for span in waited[b"one"][:21]}) == len(agents)


def test_a_run_that_is_too_large_is_named_and_the_others_given() -> None:
    """A run must fit into memory once."""
    account = Account()
    small, large = native_run(1), native_run(2, decisions=200)
    spans = spans_of([large, small])
    decoded = list(runs_from_spans(spans, account=account, max_waiting_bytes=50_000, max_run_bytes=100_000))

    assert [small["id"]] == [run.run_id for run in decoded]
    assert [f"run {large['id']}"] == [skipped.place for skipped in account.skipped]


def test_a_full_disk_is_one_error(tmp_path: Path) -> None:
    """That names the place."""
    spans = spans_of([native_run(number) for number in range(40)])[::-1]

    with pytest.raises(InterchangeError, match=r"cannot keep spans on disk, in .*no such place"):
        list(runs_from_spans(spans, max_waiting_bytes=5_000, spool_folder=tmp_path / "no such place"))


def test_newer_spans_are_named_and_keep_no_other_run(tmp_path: Path) -> None:
    """Of another version; skipped, and not guessed at."""
    spans = [
        replace(span, attributes={**span.attributes, semconv.FORMAT: 99})
        if "00000001" in str(span.attributes)
        else span
        for span in spans_of([native_run(1), native_run(2)])
    ]
    (tmp_path / "traces").write_bytes(json_lines(spans))
    report, account = import_into(tmp_path / "storage", tmp_path / "traces")

    assert (1, 1) == (report.new, account.skipped_count)
    assert "Upgrade" in account.skipped[0].reason


def test_importing_into_a_storage_that_is_used_meanwhile(tmp_path: Path) -> None:
    """Indexes are right for runs of both."""
    storage = FileStorage(tmp_path / "storage")
    runs = [native_run(number) for number in range(10)]

    def also(report: Any) -> None:
        other = native_run(100 + report.new)
        storage.write_run(dumps(other, indent=True), other)

    import_runs(runs_from_spans(spans_of(runs)), FileStorage(tmp_path / "storage"), on_run=also)

    assert 20 == len(storage.get_runs_by_goal("goal"))
    assert 20 == len(set(FileStorage(tmp_path / "storage").get_runs_by_node("node")))


def test_killed_before_the_indexes(tmp_path: Path) -> None:
    """The storage finds runs that no index knows when it is opened."""
    with FileStorage(tmp_path / "storage").writing_many() as bulk:
        for number in range(3):
            run = native_run(number)
            bulk.write(dumps(run, indent=True), run)
        shutil.copytree(tmp_path / "storage", tmp_path / "killed")

    assert [native_run(number)["id"] for number in range(3)] == FileStorage(tmp_path / "killed").get_runs_by_goal(
        "goal"
    )


def test_replayed_spans_are_the_records(tmp_path: Path) -> None:
    """What the test files hold is what encode_run made."""
    (tmp_path / "traces").write_bytes(json_lines(replayed_spans(native_run(1))))
    found = [replace(span, resource={}) for span in read_spans(tmp_path / "traces")]

    assert replayed_spans(native_run(1)) == found
