"""Journals: lines that tell whether they are whole, handles within a bound, and the process they belong to."""

from __future__ import annotations

import os
import resource
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runspan import Runtime
from runspan.errors import CorruptFileError
from runspan.files import Folder
from runspan.journal import (
    Journal,
    JournalFolder,
    SpanFacts,
    StoredJournals,
    forget_kept,
    frame,
    read_journal,
    read_owner,
    run_line,
)
from runspan.journal._frames import unframe
from runspan.testing import CapturedRuns

if TYPE_CHECKING:
    from collections.abc import Callable

OPTIONS = [{"id": "a", "description": "A"}]
HEAD = {"owner": "1-a.lock", "host": "h", "pid": 1, "settings": {}, "resource": None, "scope": None, "trace_id": None}


def head(owner: str) -> bytes:
    """A first line."""
    return f'{{"owner":"{owner}"}}'.encode()


def path_of(folder: JournalFolder, journal: Journal) -> Path:
    """Where a journal is."""
    return folder.open_runs.path / journal.name


def lines(path: Path) -> tuple[list[bytes], int]:
    """The whole lines of a journal but the first, and how many are not whole."""
    whole, torn = unframe(path.read_bytes())
    return whole[1:], torn


def only_journal(storage: Path) -> tuple[Folder, str]:
    """The one journal of an open run."""
    stored = StoredJournals(storage)
    (name,) = stored.open()
    return stored.open_runs, name


def journals(storage: Path) -> tuple[int, int]:
    """How many there are: of open runs, of ended ones."""
    stored = StoredJournals(storage)
    return len(stored.open()), len(stored.ended())


payloads = st.lists(st.binary(min_size=1).filter(lambda data: b"\n" not in data))


@given(payloads)
def test_lines_come_back(data: list[bytes]) -> None:
    """As they were written."""
    text = b"".join(map(frame, data))

    assert (data, 0) == unframe(text)


@given(payloads, st.data())
def test_cut_anywhere_the_lines_before_are_whole(data: list[bytes], draw: st.DataObject) -> None:
    """A process that dies in the middle of a write costs that line alone."""
    text = b"".join(map(frame, data))
    cut = text[: draw.draw(st.integers(0, len(text)))]
    whole, torn = unframe(cut)

    assert data[: len(whole)] == whole
    assert torn <= 1
    assert len(whole) >= cut.count(b"\n")


@given(payloads.filter(bool), st.data())
def test_changed_byte_is_noticed(data: list[bytes], draw: st.DataObject) -> None:
    """Whatever the byte is: no line comes out that did not go in."""
    text = bytearray(b"".join(map(frame, data)))
    place = draw.draw(st.integers(0, len(text) - 1))
    text[place] ^= draw.draw(st.integers(1, 255))
    whole, torn = unframe(bytes(text))

    assert set(whole) <= set(data)
    assert torn >= 1


def test_every_call_is_on_disk_when_it_returns(tmp_path: Path) -> None:
    """One line each, read while the run is open."""
    runtime = Runtime(tmp_path)
    runtime.start_run("goal")
    seen = []
    for call in (
        lambda: runtime.decide("x", OPTIONS, "a", "r"),
        lambda: runtime.record_outcome("dec_0", True),
        lambda: runtime.report_problem("minor", "p"),
    ):
        call()
        seen.append(len(read_journal(*only_journal(tmp_path)).steps))
    runtime.end_run(True)

    assert [1, 2, 3] == seen
    assert (0, 0) == journals(tmp_path)


def test_journal_of_ended_run_stays_until_its_spans_left(tmp_path: Path) -> None:
    """They may still wait in the SDK's queue."""
    captured = CapturedRuns(tmp_path)
    captured.runtime.start_run("goal")
    captured.runtime.end_run(True)
    before = journals(tmp_path)
    forget_kept()

    assert ((0, 1), (0, 0)) == (before, journals(tmp_path))


def test_ended_journals_are_bounded_by_time(tmp_path: Path) -> None:
    """Ten minutes after a run has ended its spans have left, or never will."""
    now = [0.0]
    folder = JournalFolder(tmp_path, now=lambda: now[0])
    for number, at in enumerate((0.0, 500.0, 601.0)):
        now[0] = at
        journal = folder.journal(f"run_{number}", head)
        journal.append(b"{}")
        journal.finish(keep=True)

    assert ["run_1.jsonl", "run_2.jsonl"] == folder.ended()


def test_ended_journals_are_bounded_by_size(tmp_path: Path) -> None:
    """64 MiB in all; the oldest goes."""
    folder = JournalFolder(tmp_path)
    for number in range(5):
        journal = folder.journal(f"run_{number}", head)
        journal.append(b"x" * (15 * 1024 * 1024))
        journal.finish(keep=True)

    assert ["run_1.jsonl", "run_2.jsonl", "run_3.jsonl", "run_4.jsonl"] == folder.ended()


def test_at_most_64_files_are_open(tmp_path: Path) -> None:
    """However many runs are; a file that was closed is opened again for its next line."""
    folder = JournalFolder(tmp_path)
    written = [folder.journal(f"run_{number}", head) for number in range(200)]
    for _ in range(2):
        for journal in written:
            journal.append(b"{}")
    opened = len([name for name in open_below(tmp_path) if name.endswith(".jsonl")])
    counts = {len(lines(path_of(folder, journal))[0]) for journal in written}
    for journal in written:
        journal.finish(keep=False)

    assert (64, {2}) == (opened, counts)


def test_threads_share_the_handles(tmp_path: Path) -> None:
    """No line lands in another run's journal, however often files are closed and opened."""
    folder = JournalFolder(tmp_path)
    written = [folder.journal(f"run_{number}", head) for number in range(150)]

    def write(first: int) -> None:
        for turn in range(20):
            for number in range(first, 150, 5):
                written[number].append(b"%d %d" % (number, turn))

    threads = [threading.Thread(target=write, args=(first,)) for first in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [lines(path_of(folder, journal))[0] for journal in written]
    for journal in written:
        journal.finish(keep=False)

    assert [[b"%d %d" % (number, turn) for turn in range(20)] for number in range(150)] == found


def open_below(folder: Path) -> list[str]:
    """What this process has open below a folder."""
    targets = [os.path.realpath(entry) for entry in Path("/proc/self/fd").iterdir()]
    return [target for target in targets if target.startswith(str(folder))]


def limited_file_size(size: int, action: Callable[[], None]) -> None:
    """Let no file of this process grow beyond a size meanwhile: the kernel writes what fits, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        action()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_line_that_did_not_fit_is_written_with_the_next(tmp_path: Path) -> None:
    """A disk that is full for a while tears no journal."""
    folder = JournalFolder(tmp_path)
    journal = folder.journal("run_1", head)
    journal.append(b"first")

    def write() -> None:
        for _ in range(3):
            with pytest.raises(OSError, match=r"File too large|No space"):
                journal.append(b"second" * 10)

    limited_file_size(path_of(folder, journal).stat().st_size + 20, write)
    journal.append(b"last")
    found = lines(path_of(folder, journal))
    journal.finish(keep=False)

    assert ([b"first", *[b"second" * 10] * 3, b"last"], 0) == found


def test_first_line_may_be_late(tmp_path: Path) -> None:
    """A journal that could not even be made is made with the next line."""
    (tmp_path / "journal").write_text("in the way")
    folder = JournalFolder(tmp_path)
    journal = folder.journal("run_1", head)
    with pytest.raises(NotADirectoryError):
        journal.append(b"first")
    (tmp_path / "journal").unlink()
    journal.append(b"second")
    found = lines(path_of(folder, journal))
    journal.finish(keep=False)

    assert ([b"first", b"second"], 0) == found


@pytest.mark.usefixtures("contained_faults")
def test_journal_that_cannot_be_written_costs_the_agent_nothing(tmp_path: Path) -> None:
    """The file is made from memory; each call that was not safe from a crash is counted."""
    runtime = Runtime(tmp_path)
    (tmp_path / "journal").write_text("in the way")
    run_id = runtime.start_run("goal")
    runtime.record_outcome(runtime.decide("x", OPTIONS, "a", "r"), True)
    runtime.end_run(True)

    assert {"journal": 4} == runtime.health()
    assert runtime.storage is not None
    assert runtime.storage.load_run(run_id) is not None


def test_files_are_private(tmp_path: Path) -> None:
    """Whatever the umask."""
    before = os.umask(0)
    try:
        runtime = Runtime(tmp_path / "storage")
        runtime.start_run("goal")
        found = {path.stat().st_mode & 0o777 for path in (tmp_path / "storage" / "journal").rglob("*")}
        runtime.end_run(True)
    finally:
        os.umask(before)

    assert {0o700, 0o600} == found


def test_link_is_not_followed(tmp_path: Path) -> None:
    """A journal planted as a link leads nowhere."""
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "run_1.jsonl").symlink_to(tmp_path / "outside")
    journal = JournalFolder(tmp_path).journal("run_1", head)
    with pytest.raises(FileExistsError):
        journal.append(b"{}")

    assert not (tmp_path / "outside").exists()


def test_lock_is_held_while_the_process_lives(tmp_path: Path) -> None:
    """And given back with the folder."""
    folder = JournalFolder(tmp_path)
    owner = folder.owner()
    before = folder.is_alive(owner)
    folder.give_back()

    assert (True, False) == (before, folder.is_alive(owner))


def test_forked_child_has_no_part_in_it(tmp_path: Path) -> None:
    """Neither lock nor files are open in it, and when it is gone the parent's lock is still held."""
    folder = JournalFolder(tmp_path)
    journal = folder.journal("run_1", head)
    owner = folder.owner()
    journal.append(b"{}")
    child = os.fork()
    if child == 0:
        os._exit(len(open_below(tmp_path)))
    _, status = os.waitpid(child, 0)
    held = folder.is_alive(owner)
    journal.finish(keep=False)

    assert (0, True) == (status, held)


@pytest.mark.parametrize("owner", ["", "../../etc/passwd", "/etc/passwd", "gone.lock"])
def test_lock_that_is_none_of_ours_is_held_by_nobody(tmp_path: Path, owner: str) -> None:
    """What a journal names leads to no other folder."""
    assert not StoredJournals(tmp_path).is_alive(owner)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"nonsense\n", frame(b"{}"), frame(b"[]"), frame(b'{"kind":"decision"}'), frame(b"\xff")],
)
def test_file_that_is_no_journal_is_named(tmp_path: Path, content: bytes) -> None:
    """In one clear error; asked for its owner it has none."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match=r"x\.jsonl") as caught:
        read_journal(Folder(tmp_path), path.name)

    assert (path, "") == (caught.value.path, read_owner(Folder(tmp_path), path.name))


def test_newer_version_is_named(tmp_path: Path) -> None:
    """It is not read as if it were ours."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(
        frame(run_line(b"{}", SpanFacts(1, 0, is_sampled=True), HEAD).replace(b'"version":1', b'"version":2'))
    )
    with pytest.raises(CorruptFileError, match="newer runspan"):
        read_journal(Folder(tmp_path), path.name)
