"""Files are whole or absent at every instant, for our reader and for others."""

from __future__ import annotations

import re
import shutil
import signal
import threading
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from runspan import FileStorage, Run, RunSummary
from tests.reliability.agents import CHANGING, Agents, Call, calls_in, traced
from tests.reliability.stored import contents, lacking, misled, torn_files
from tests.reliability.tools import require
from tests.reliability.writers import Writer
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reliability.tally import Tally


class Trials:
    """The same task again and again, each time in a fresh copy of a storage that has runs."""

    def __init__(self, agents: Agents, folder: Path, what: str) -> None:
        """Store some runs."""
        require("strace")
        self.agents = agents
        self.folder = folder
        self.what = what
        earlier = FileStorage(folder / "earlier")
        for number in range(2):
            earlier.save_run(Run(id=f"run_{number}", goal_id="goal"))
        self.earlier = contents(folder / "earlier" / "runs")
        self._number = 0

    def begin(self) -> tuple[Path, dict[str, Any]]:
        """Have an agent ready in a fresh copy."""
        self._number += 1
        storage = self.folder / f"storage-{self._number}"
        shutil.copytree(self.folder / "earlier", storage)
        return storage, self.agents.start(do=self.what, storage=str(storage))

    def calls(self, *more: str) -> tuple[list[Call], str]:
        """Return the changing calls of one undisturbed task, and their trace."""
        _, ready = self.begin()
        log = self.folder / "trace"
        with traced(ready["pid"], log, f"-etrace={CHANGING}", *more):
            self.agents.tell("go")
            self.agents.end()
        return calls_in(log), log.read_text()

    def run_with(self, *inject: str) -> tuple[Path, FileStorage, dict[str, Any]]:
        """Do the task with a fault; return its storage, a reader that was there before, and the answer."""
        storage, ready = self.begin()
        reader = FileStorage(storage)
        with traced(ready["pid"], self.folder / "trace", f"-etrace={CHANGING}", *inject):
            answer = self.agents.tell("go")
            if "exit" not in answer:
                answer |= {"last": self.agents.end()}
        return storage, reader, answer

    def damage(self, storage: Path, reader: FileStorage) -> list[str]:
        """Return all that is wrong with a storage after a fault, before anybody has mended it."""
        now = contents(storage / "runs")
        changed = [f"{name} has changed" for name, data in self.earlier.items() if now.get(name) != data]
        unread = [run_id for run_id in reader.list_all_runs() if reader.load_run(run_id) is None]
        stale = [run_id for run_id in reader.list_all_runs() if is_stale(reader, run_id)]
        return [*torn_files(storage), *changed, *unread, *stale, *misled(reader)]


def is_stale(reader: FileStorage, run_id: str) -> bool:
    """Whether the summary is that of an earlier run."""
    run = reader.load_run(run_id)
    return run is not None and RunSummary.from_run(run) != reader.load_summary(run_id)


@pytest.mark.guarantee(2)
@pytest.mark.parametrize("what", ["end", "save again", "delete"])
def test_killed_before_any_change_of_the_disk(agents: Agents, tmp_path: Path, tally: Tally, what: str) -> None:
    """Whichever system call is the last one: files are whole, earlier runs unchanged, indexes right; a save heals."""
    trials = Trials(agents, tmp_path, what)
    calls, _ = trials.calls()
    every = tally.times(f"{what}: one kill every so many system calls", quick=2, full=1)
    damaged: list[str] = []
    for name, number in calls[::every]:
        storage, reader, answer = trials.run_with(f"-einject={name}:signal=SIGKILL:when={number}")
        assert {"exit": -signal.SIGKILL} == answer
        damaged += [f"{name} {number}: {each}" for each in trials.damage(storage, reader)]
        FileStorage(storage).save_run(Run(id="run_later", goal_id="goal"))
        damaged += [f"{name} {number}, saved later: {each}" for each in lacking(storage, reader.list_all_runs())]
        shutil.rmtree(storage)
    tally.note(f"{what}: kills", len(calls[::every]))
    tally.note(f"{what}: damage", len(damaged))

    assert len(calls) > 10
    assert [] == damaged


@pytest.mark.guarantee(2, 4)
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_any_change_of_the_disk_fails_once(agents: Agents, tmp_path: Path, tally: Tally, error: str) -> None:
    """The agent sees no exception, files are whole, and what was late is there when the agent has ended."""
    trials = Trials(agents, tmp_path, "end")
    calls, _ = trials.calls()
    every = tally.times(f"{error}: one every so many system calls", quick=2, full=1)
    damaged: list[str] = []
    for name, number in calls[::every]:
        storage, reader, answer = trials.run_with(f"-einject={name}:error={error}:when={number}")
        counted = set(answer["last"]) - {"run file late", "index late", "journal"}
        damaged += [f"{name} {number}: {each}" for each in [*trials.damage(storage, reader), *counted]]
        damaged += [f"{name} {number}: {each}" for each in lacking(storage, [answer["run"], "run_0", "run_1"])]
        shutil.rmtree(storage)
    tally.note(f"{error}: failed calls", len(calls[::every]))
    tally.note(f"{error}: damage", len(damaged))

    assert [] == damaged


@pytest.mark.guarantee(2)
def test_run_file_survives_a_power_loss_and_the_rest_costs_nothing(agents: Agents, tmp_path: Path) -> None:
    """The run file is synced before its rename and its folder after it, before `end_run` returns; nothing else is."""
    _, trace = Trials(agents, tmp_path, "end").calls("-y")
    before, _, _ = trace.partition("write(1<")
    steps = [
        re.sub(r".*\b(fsync|fdatasync|rename\w*)\(\d+<.*/storage-1/(\S+?)>.*", r"\1 \2", line)
        for line in before.splitlines()
        if re.search(r"\b(fsync|fdatasync|rename\w*)\(", line)
    ]
    steps = [re.sub(r"/\.[0-9a-f]+\.tmp$", "/temporary", re.sub("renameat2?", "rename", step)) for step in steps]
    run_file = steps.index("fsync runs/temporary")

    assert ["fsync runs/temporary", "rename runs", "fsync runs"] == steps[run_file : run_file + 3]
    assert 2 == sum(step.startswith(("fsync", "fdatasync")) for step in steps)


def read_all_along(storage: Path, stop: threading.Event, torn: list[str], reads: list[int]) -> None:
    """Read everything again and again, as others do and as we do."""
    while not stop.is_set():
        torn += torn_files(storage)
        reader = FileStorage(storage)
        for run_id in reader.list_all_runs():
            data = reader.read_run_bytes(run_id)
            torn += [] if data is not None and data.endswith(b"}") else [run_id]
        reads.append(len(list(storage.glob("runs/*.json"))))


def kill_writers(storage: Path, times: int) -> list[str]:
    """Kill one of four writers at a random moment and start another, so often; return what all have acknowledged."""
    random, never = Random(2), threading.Event()  # noqa: S311 - chooses victims
    everyone = [Writer(storage, f"w{number}", count=10_000, threads=2) for number in range(4)]
    alive = list(everyone)
    try:
        for number in range(4, 4 + times):
            victim = alive.pop(random.randrange(4))
            eventually(victim.acknowledged, 30)
            never.wait(random.uniform(0, 0.03))
            victim.end()
            alive.append(Writer(storage, f"w{number}", count=10_000, threads=2))
            everyone.append(alive[-1])
    finally:
        for writer in alive:
            writer.end()
    return [run_id for writer in everyone for run_id in writer.acknowledged()]


@pytest.mark.guarantee(2, 3)
def test_killed_writers_among_readers(tmp_path: Path, tally: Tally) -> None:
    """Four writers, killed at random moments and replaced: no torn file is ever seen, no acknowledged run is lost."""
    storage, stop = FileStorage(tmp_path / "storage"), threading.Event()
    torn: list[str] = []
    reads: list[int] = []
    reader = threading.Thread(target=read_all_along, args=(storage.base_path, stop, torn, reads))
    reader.start()
    try:
        saved = kill_writers(storage.base_path, tally.times("SIGKILLs of writers", quick=12, full=300))
    finally:
        stop.set()
        reader.join()
    by_reader = misled(storage)
    storage.save_run(Run(id="run_last", goal_id="goal"))
    stored = storage.list_all_runs()
    eventually(lambda: not lacking(storage.base_path, stored))
    tally.note("runs acknowledged", len(saved))
    tally.note("readings of the whole storage meanwhile", len(reads))
    tally.note("torn files seen", len(torn))
    tally.note("acknowledged runs lost", len(set(saved) - set(stored)))

    assert reads
    assert [] == torn
    assert [] == by_reader
    assert set() == set(saved) - set(stored)


@pytest.mark.guarantee(2)
def test_torn_files_of_a_storage_that_writes_in_place_are_seen(tmp_path: Path) -> None:
    """The same look at the files finds the damage where files are written piece by piece."""
    require("strace")
    storage = tmp_path / "storage"
    writer = Writer(storage, "w", count=10_000, module="tests.reliability.broken_files")
    try:
        eventually(writer.acknowledged, 30)
        torn = eventually(lambda: torn_files(storage), 30)
    finally:
        writer.end()

    assert torn
