"""Recovery: run files rebuilt from the journals of dead processes, and their spans made again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

import runspan
from runspan import FileStorage, Outcome, Run, Runtime
from runspan.files import Folder
from runspan.interchange import journaled_spans
from runspan.journal import JournalFolder, StoredJournals, read_journal
from runspan.journal._frames import unframe
from runspan.recovery import Fate, finish_journaled, rebuild
from runspan.testing import CapturedRuns
from tests.backends.scenarios import SCENARIOS
from tests.receiver import Receiver
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from opentelemetry.sdk.trace import ReadableSpan

OPTIONS = [{"id": "a", "description": "A"}]

KILLED = """
import os, sys
import runspan
if sys.argv[2]:
    runspan.configure("killed", endpoint=sys.argv[2])
runtime = runspan.Runtime(sys.argv[1])
run_id = runtime.start_run("goal", "Be killed", {"n": 1})
done = runtime.decide("First", [{"id": "a", "description": "A"}], "a", "r")
runtime.record_outcome(done, True, {"x": 1})
runtime.report_problem("minor", "p", done)
runtime.decide("Second", [], "", "r")
os.write(1, run_id.encode())
os._exit(9)
"""


def die(storage: Path, endpoint: str = "") -> str:
    """Let a process record a run and die in the middle of it; return the run's id."""
    program = [sys.executable, "-c", KILLED, str(storage), endpoint]
    return subprocess.run(program, stdout=subprocess.PIPE, check=False).stdout.decode()


def outcomes(run: Run) -> list[Outcome | None]:
    """Of each decision."""
    return [decision.outcome for decision in run.decisions]


def texts(spans: list[ReadableSpan]) -> dict[str, str]:
    """Each span with everything it says, by its id."""
    return {f"{span.context.span_id:016x}": span.to_json() for span in spans}


@pytest.mark.parametrize("arguments", [{}, {"parent": "current", "span_names": "choice", "session_id": "s"}], ids=str)
@pytest.mark.parametrize("name", SCENARIOS)
def test_journal_gives_file_and_spans_again(name: str, arguments: dict[str, Any], tmp_path: Path) -> None:
    """Both as they were, byte for byte: a backend that has the spans already sees no others."""
    captured = CapturedRuns(tmp_path, agent_name="agent", **arguments)
    with captured.tracer.start_as_current_span("outside"):
        run_id = SCENARIOS[name](captured.runtime)
    ended = Folder(tmp_path, "journal", "ended")
    was = texts([span for span in captured.exporter.spans if span.name != "outside"])
    run = read_journal(ended, f"{run_id}.jsonl")
    assert run.end is not None
    finished = finish_journaled(run, run.end)

    assert was == texts(journaled_spans(read_journal(ended, f"{run_id}.jsonl")))
    assert (tmp_path / "runs" / f"{run_id}.json").read_bytes() == finished.data


def test_dead_run_is_rebuilt_as_failed(tmp_path: Path) -> None:
    """With everything that was recorded, and a critical problem that says what happened."""
    run_id = die(tmp_path)
    found = rebuild(FileStorage(tmp_path))
    run = FileStorage(tmp_path).load_run(run_id)
    assert run is not None

    assert [(run_id, Fate.REBUILT)] == [(each.run_id, each.fate) for each in found]
    assert ("failed", 2, {"x": 1}) == (run.status.value, len(run.decisions), run.decisions[0].outcome.result)  # type: ignore[union-attr]
    assert ["minor", "critical"] == [problem.severity for problem in run.problems]
    assert "the process died before the run ended" in run.problems[1].description
    assert [] == StoredJournals(tmp_path).open()


def test_rebuilding_twice_makes_the_same_bytes(tmp_path: Path) -> None:
    """Whoever does it, and whenever."""
    run_id = die(tmp_path)
    journal = tmp_path / "journal" / f"{run_id}.jsonl"
    before = journal.read_bytes()
    file = tmp_path / "runs" / f"{run_id}.json"
    made = []
    for _ in range(2):
        journal.write_bytes(before)
        file.unlink(missing_ok=True)
        rebuild(FileStorage(tmp_path))
        made.append(file.read_bytes())

    assert made[0] == made[1]


def test_file_that_is_there_is_never_rewritten(tmp_path: Path) -> None:
    """Somebody may have added to it since."""
    run_id = die(tmp_path)
    file = tmp_path / "runs" / f"{run_id}.json"
    file.write_text("mine")
    found = rebuild(FileStorage(tmp_path))

    assert (Fate.PRESENT, "mine") == (found[0].fate, file.read_text())


def test_journal_cut_anywhere_gives_a_whole_file(tmp_path: Path) -> None:
    """What was whole is in it; without a whole first line the journal stays where it is."""
    run_id = die(tmp_path, "http://127.0.0.1:9")
    journal = tmp_path / "journal" / f"{run_id}.jsonl"
    data = journal.read_bytes()
    first = data.index(b"\n")
    fates = []
    for cut in range(1, len(data), 7):
        (tmp_path / "runs" / f"{run_id}.json").unlink(missing_ok=True)
        journal.write_bytes(data[:cut])
        os.utime(journal, (0, 0))
        found = rebuild(FileStorage(tmp_path))
        fates.append((cut >= first, found[0].fate if found else None))
        run = FileStorage(tmp_path).load_run(run_id)
        whole = unframe(data[:cut])[0]
        told = [] if run is None else [run, *run.decisions, *run.problems[:-1], *filter(None, outcomes(run))]
        assert len(whole) == len(told)
        for path in (tmp_path / "journal").rglob("*.jsonl") if whole else ():
            assert read_journal(Folder(path.parent), path.name).end is not None

    assert {(False, Fate.UNREADABLE), (True, Fate.REBUILT)} == set(fates)


def test_journal_that_is_being_made_is_left_and_an_old_empty_one_goes(tmp_path: Path) -> None:
    """It does not say yet whose it is; a process that died there had acknowledged nothing."""
    storage, folder = FileStorage(tmp_path), tmp_path / "journal"
    folder.mkdir()
    (folder / "run_young.jsonl").touch()
    (folder / "run_old.jsonl").touch()
    os.utime(folder / "run_old.jsonl", (0, 0))
    found = {each.path.name: each.fate for each in rebuild(storage)}

    assert {"run_young.jsonl": Fate.ALIVE, "run_old.jsonl": Fate.EMPTY} == found
    assert ["run_young.jsonl"] == StoredJournals(tmp_path).open()


def test_live_process_is_left_alone(tmp_path: Path) -> None:
    """Its run is still open, and ends as usual."""
    runtime = Runtime(tmp_path)
    run_id = runtime.start_run("goal")
    found = rebuild(FileStorage(tmp_path))
    runtime.end_run(True)
    run = FileStorage(tmp_path).load_run(run_id)
    assert run is not None

    assert (Fate.ALIVE, "completed") == (found[0].fate, run.status.value)


def test_journal_of_another_host_is_left_unless_forced(tmp_path: Path) -> None:
    """Locks do not tell across hosts."""
    run_id = die(tmp_path)
    journal = tmp_path / "journal" / f"{run_id}.jsonl"
    run = read_journal(Folder(journal.parent), journal.name)
    head = journal.read_bytes().split(b"\n", 1)
    there = JournalFolder(tmp_path).journal(
        run_id, lambda _: head[0][18:].replace(run.head["host"].encode(), b"elsewhere")
    )
    journal.unlink()
    there.begin()
    with journal.open("ab") as file:
        file.write(head[1])
    storage = FileStorage(tmp_path)

    assert [Fate.ELSEWHERE, Fate.REBUILT] == [rebuild(storage)[0].fate, rebuild(storage, force=True)[0].fate]


def test_runtime_recovers_what_is_there(tmp_path: Path) -> None:
    """In the background, without being asked."""
    run_id = die(tmp_path)
    runtime = Runtime(tmp_path)
    assert runtime.storage is not None
    storage = runtime.storage
    run = eventually(lambda: storage.load_run(run_id))

    assert "failed" == run.status.value


def test_unsampled_run_leaves_no_journal(tmp_path: Path) -> None:
    """There is nothing to send for it."""
    captured = CapturedRuns(tmp_path, tracer_provider=TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False))
    captured.runtime.start_run("goal")
    captured.runtime.end_run(True)

    assert ([], []) == (StoredJournals(tmp_path).open(), StoredJournals(tmp_path).ended())


def test_run_open_at_exit_ends_as_failed(tmp_path: Path) -> None:
    """Nobody has to recover anything."""
    program = KILLED.replace("os._exit(9)", "")
    subprocess.run([sys.executable, "-c", program, str(tmp_path), ""], check=True, stdout=subprocess.DEVNULL)
    (file,) = (tmp_path / "runs").iterdir()
    run = json.loads(file.read_bytes())

    assert ("failed", "the process exited before the run ended") == (run["status"], run["problems"][-1]["description"])
    assert [] == StoredJournals(tmp_path).open()


def test_spans_of_dead_process_are_sent_once(tmp_path: Path) -> None:
    """With their own resource; afterwards nothing is left to send."""
    with Receiver() as receiver:
        run_id = die(tmp_path, "http://127.0.0.1:9")
        first = runspan.recover(tmp_path, endpoint=receiver.endpoint)
        second = runspan.recover(tmp_path, endpoint=receiver.endpoint)
        tree = receiver.tree(receiver.spans()[0].trace_id.hex())
        services = receiver.services()

    assert ((run_id,), (), ()) == (first.sent, first.unsent, second.sent)
    assert ("run goal\n├── decide unknown\n└── decide unknown", {"killed"}) == (tree, services)
    assert [] == StoredJournals(tmp_path).ended()


def test_refused_spans_are_kept_for_the_next_time(tmp_path: Path) -> None:
    """A collector that is down costs nothing but time."""
    run_id = die(tmp_path, "http://127.0.0.1:9")
    done = runspan.recover(tmp_path, endpoint="http://127.0.0.1:9")
    with Receiver() as receiver:
        again = runspan.recover(tmp_path, endpoint=receiver.endpoint)

    assert ((), (run_id,), (run_id,)) == (done.sent, done.unsent, again.sent)


def test_nothing_is_sent_twice_for_a_live_process(tmp_path: Path) -> None:
    """The journals of its ended runs are its own affair."""
    captured = CapturedRuns(tmp_path)
    captured.runtime.start_run("goal")
    captured.runtime.end_run(True)
    with Receiver() as receiver:
        done = runspan.recover(tmp_path, endpoint=receiver.endpoint)

    assert ((), 1) == (done.sent, len(StoredJournals(tmp_path).ended()))


def test_disabled_sdk_sends_nothing_and_keeps_the_journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They wait for somebody who may send."""
    run_id = die(tmp_path, "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    done = runspan.recover(tmp_path, endpoint="http://127.0.0.1:9")

    assert ((), (run_id,)) == (done.sent, done.unsent)


def test_journal_without_end_has_no_spans_to_send(tmp_path: Path) -> None:
    """It has to be rebuilt first."""
    captured = CapturedRuns(tmp_path)
    run_id = captured.runtime.start_run("goal")
    run = read_journal(Folder(tmp_path, "journal"), f"{run_id}.jsonl")
    captured.runtime.end_run(True)
    with pytest.raises(ValueError, match="no journal of an ended run"):
        journaled_spans(replace(run, end=None))

    assert run.end is None


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `runspan recover`."""
    program = [sys.executable, "-m", "runspan", "recover", *arguments]
    return subprocess.run(program, capture_output=True, text=True, check=False)


def test_command_tells_what_it_did(tmp_path: Path) -> None:
    """A line for each run, and the counts."""
    run_id = die(tmp_path)
    done = command("--storage", str(tmp_path), "--no-send")

    assert (0, f"rebuilt {run_id}\n1 rebuilt, 0 sent, 0 still running\n") == (done.returncode, done.stdout)


def test_command_says_what_has_to_be_tried_again(tmp_path: Path) -> None:
    """On stderr, with exit code 1, and as JSON."""
    (tmp_path / "runs").mkdir(parents=True)
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "x.jsonl").write_text("nonsense")
    os.utime(tmp_path / "journal" / "x.jsonl", (0, 0))
    done = command("--storage", str(tmp_path))
    told = json.loads(command("--storage", str(tmp_path), "--json").stdout)

    assert (1, "0 rebuilt, 0 sent, 0 still running\n") == (done.returncode, done.stdout)
    assert "Warning: unreadable: " in done.stderr
    assert str(tmp_path / "journal" / "x.jsonl") == told["unreadable"][0]["journal"]
