"""Indexes lose nothing with many writers, even when one of them is stopped for good."""

from __future__ import annotations

import json
import os
import signal
import threading
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from runspan import FileStorage, Run
from tests.reliability.stored import lacking, misled
from tests.reliability.writers import Writer
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.reliability.tally import Tally


def holds_lock(pid: int) -> bool:
    """Whether a process has a file lock; by the system's own list."""
    return any(f" {pid} " in line for line in Path("/proc/locks").read_text().splitlines())


def stop(writer: Writer, random: Random, *, with_lock: bool) -> None:
    """Stop a process in the middle of its saves; on request while it has the lock of the indexes."""
    never = threading.Event()
    eventually(writer.acknowledged, 30)

    def is_stopped_there() -> bool:
        never.wait(random.uniform(0, 0.005))
        os.kill(writer.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, writer.process.pid, os.WSTOPPED)
        if holds_lock(writer.process.pid) or not with_lock:
            return True
        os.kill(writer.process.pid, signal.SIGCONT)
        return False

    eventually(is_stopped_there, 60, every_s=0)


@contextmanager
def stopped_writer(storage: Path, seed: int, *, with_lock: bool) -> Iterator[Writer]:
    """A writer that is stopped for good in the middle of a save."""
    writer = Writer(storage, "stopped", count=1_000_000, threads=4)
    try:
        stop(writer, Random(seed), with_lock=with_lock)  # noqa: S311 - chooses moments
        yield writer
    finally:
        writer.end()


def save_with_many(storage: Path, *, processes: int, count: int, module: str = "runspan.storage") -> list[str]:
    """Save runs from processes of four threads each; return the runs they have acknowledged."""
    writers = [Writer(storage, f"w{number}", count=count, threads=4, module=module) for number in range(processes)]
    assert [0] * processes == [writer.process.wait(120) for writer in writers]
    return [run_id for writer in writers for run_id in writer.acknowledged()]


@pytest.mark.guarantee(3)
@pytest.mark.parametrize("with_lock", [False, True])
def test_writer_stopped_for_good_costs_nobody_an_entry(tmp_path: Path, tally: Tally, *, with_lock: bool) -> None:
    """Eight processes of four threads, one stopped mid-save: every run of everybody is in every index."""
    what = "writers stopped with the lock" if with_lock else "writers stopped mid-save"
    lost: list[str] = []
    for number in range(tally.times(what, quick=2, full=15)):
        storage = tmp_path / str(number) / "storage"
        reader = FileStorage(storage)
        with stopped_writer(storage, number, with_lock=with_lock) as stopped:
            saved = save_with_many(storage, processes=7, count=24)
            reader.save_run(Run(id="run_mine", goal_id="goal-0"))
            saved += [*stopped.acknowledged(), "run_mine"]
            lost += set(saved).difference(reader.list_all_runs())
            lost += misled(reader)
            if not with_lock and not holds_lock(stopped.process.pid):
                eventually(lambda: not lacking(storage, reader.list_all_runs()), 2)  # noqa: B023 - used at once
        eventually(lambda: not lacking(storage, reader.list_all_runs()))  # noqa: B023 - used at once
        tally.note("runs acknowledged", len(saved))
    tally.note("index entries lost", len(lost))

    assert [] == lost


@pytest.mark.guarantee(3)
def test_entries_lost_by_a_storage_without_a_lock_are_seen(tmp_path: Path) -> None:
    """The same look at the indexes finds the damage where everybody rewrites them at once."""
    storage = tmp_path / "storage"
    saved = save_with_many(storage, processes=4, count=50, module="tests.reliability.broken_indexes")
    lost = lacking(storage, saved)

    assert lost
    assert all(" lacks " in each for each in lost if not each.startswith("by_node"))


@pytest.mark.guarantee(3)
def test_runs_that_change_places_under_many_hands_end_in_one(tmp_path: Path, tally: Tally) -> None:
    """Runs saved again under other goals and statuses, and deleted, by threads and with the lock taken now and then."""
    storage, other = FileStorage(tmp_path), FileStorage(tmp_path)
    steps = tally.times("changes", quick=200, full=5_000)
    random = Random(3)  # noqa: S311 - chooses changes

    def change(hand: FileStorage, run_id: str, choice: int) -> None:
        if choice == 0:
            hand.delete_run(run_id)
        else:
            run = Run(id=run_id, goal_id=f"goal-{choice % 3}")
            run.metrics.nodes_executed.append(f"node-{choice % 2}")
            hand.save_run(run)

    for _ in range(steps):
        some = random.sample(range(6), 2)
        threads = [
            threading.Thread(target=change, args=(hand, f"run_{number}", random.randrange(6)))
            for hand, number in zip((storage, other), some, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [] == misled(storage)
    assert eventually(lambda: [] == lacking(tmp_path, storage.list_all_runs()))
    assert storage.list_all_runs() == sorted(
        {run_id for path in tmp_path.glob("indexes/by_goal/*.json") for run_id in json.loads(path.read_bytes())}
    )
