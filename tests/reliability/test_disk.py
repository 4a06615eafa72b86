"""Disks that are full, read-only, gone or broken: no exception, earlier runs whole, every loss counted."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from runspan import FileStorage, Run
from tests.reliability.agents import Agents, traced
from tests.reliability.disks import disk
from tests.reliability.stored import contents, lacking, misled, torn_files
from tests.reliability.tools import require
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reliability.tally import Tally

LATE, LOST, UNINDEXED = "run file late", "run file lost", "index late"
JOURNAL = "journal"
"""Calls that were not safe from a crash when they returned; the run file is made from memory all the same."""


class Scene:
    """A storage with earlier runs, and an agent that has one in progress."""

    def __init__(self, agents: Agents, storage: Path, **task: object) -> None:
        """Store runs and begin another."""
        self.agents = agents
        self.storage = storage
        earlier = FileStorage(storage)
        for number in range(2):
            earlier.save_run(Run(id=f"run_{number}", goal_id="goal"))
        self.reader = earlier
        self.earlier = contents(storage / "runs")
        self.begin(**task)

    def begin(self, **task: object) -> None:
        """Have the agent start a run."""
        self.runs = [self.agents.start(do="end", storage=str(self.storage), **task)["run"]]

    def end_run(self) -> dict[str, int]:
        """Have the agent end its run; return the counts."""
        answer = self.agents.tell("go")
        assert "health" in answer, (answer, self.agents.log.read_text())
        health: dict[str, int] = answer["health"]
        return without_journal(health)

    def end_agent(self) -> dict[str, int]:
        """Have the agent exit; return its last counts."""
        return without_journal(self.agents.end())

    def next_run(self) -> dict[str, int]:
        """Have the agent start and end another run; return the counts."""
        self.runs.append(self.agents.tell("start")["run"])
        return self.end_run()

    def unwritten(self) -> set[str]:
        """Return the agent's runs that have no file."""
        return {run_id for run_id in self.runs if not (self.storage / "runs" / f"{run_id}.json").exists()}

    def damage(self) -> list[str]:
        """Return all that is wrong with what is stored."""
        now = contents(self.storage / "runs")
        changed = [f"{name} has changed" for name, data in self.earlier.items() if now.get(name) != data]
        return [*torn_files(self.storage), *changed]

    def healed(self) -> list[str]:
        """Return what is still missing or wrong where all should be well."""
        named = lacking(self.storage, ["run_0", "run_1", *self.runs])
        return [*self.damage(), *self.unwritten(), *misled(self.reader), *named]


def without_journal(health: dict[str, int]) -> dict[str, int]:
    """Return what was counted, the journal's lines aside."""
    return {cause: times for cause, times in health.items() if cause != JOURNAL}


def needed_pages(agents: Agents, path: Path) -> int:
    """Return how many pages a save takes."""
    with disk(path) as small:
        scene = Scene(agents, small.path / "storage")
        for free in range(64):
            small.fill(free=free)
            scene.next_run()
            if scene.runs[-1] not in scene.unwritten():
                break
            small.empty()
        agents.end()
    return free


@pytest.mark.guarantee(4)
def test_disk_full_at_any_page_of_a_save(agents: Agents, tmp_path: Path, tally: Tally) -> None:
    """From no room to room enough: what has no file is counted as late, and written as soon as there is room."""
    pages = needed_pages(agents, tmp_path / "needed") + 2
    tally.note("free pages tried", f"0 to {pages}")
    damaged: list[str] = []
    late = 0
    for free in range(pages + 1):
        with disk(tmp_path / f"disk-{free}") as small:
            scene = Scene(agents, small.path / "storage")
            small.fill(free=free)
            health = scene.end_run()
            late += len(scene.unwritten())
            damaged += [f"{free} pages: {each}" for each in scene.damage()]
            damaged += [] if health.get(LATE, 0) == len(scene.unwritten()) else [f"{free} pages: counted {health}"]
            small.empty()
            scene.next_run()
            eventually(lambda: not scene.unwritten())  # noqa: B023 - used at once
            last = agents.end()
            damaged += [f"{free} pages, later: {each}" for each in scene.healed()] + [LOST] * last.get(LOST, 0)
    tally.note("runs that had to wait", late)
    tally.note("damage", len(damaged))

    assert [] == damaged
    assert 0 < late < pages


@pytest.mark.guarantee(4)
@pytest.mark.parametrize("when", ["before the runtime", "after the decision"])
def test_disk_that_stays_full(agents: Agents, tmp_path: Path, when: str) -> None:
    """Exactly the runs without a file are counted as lost when the agent ends; it never sees an exception."""
    with disk(tmp_path / "disk") as small:
        if when == "before the runtime":
            FileStorage(small.path / "storage")
            scene = Scene(agents, tmp_path / "warm")
            agents.end()
            small.fill(free=0)
            scene.storage, scene.earlier = small.path / "storage", {}
            scene.begin()
        else:
            scene = Scene(agents, small.path / "storage")
            small.fill(free=0)
        scene.end_run()
        for _ in range(4):
            scene.next_run()
        counted = agents.end()
        last = without_journal(counted)

        assert [] == scene.damage()
        assert 5 == len(scene.unwritten())
        assert {LATE: 5, LOST: 5} == last
        # Four runs of four calls and their start; and of the first what came after the disk was full.
        assert counted[JOURNAL] == 4 * 4 + (4 if when == "before the runtime" else 1)


@pytest.mark.guarantee(4)
def test_disk_that_becomes_read_only_and_writable_again(agents: Agents, tmp_path: Path) -> None:
    """Runs wait, are readable from memory alone, and are all written once it is writable; no further run is needed."""
    with disk(tmp_path / "disk") as small:
        scene = Scene(agents, small.path / "storage")
        first = scene.end_run()
        small.remount("ro")  # with a journal open for writing the system would refuse that
        second, third = scene.next_run(), scene.next_run()
        waiting, damage = scene.unwritten(), scene.damage()
        small.remount("rw")
        eventually(lambda: not scene.unwritten())
        last = scene.end_agent()

        assert [{}, {LATE: 1}, {LATE: 2}, {LATE: 2}] == [first, second, third, last]
        assert set(scene.runs[1:]) == waiting
        assert [] == damage == scene.healed()


@pytest.mark.guarantee(4)
def test_storage_removed_under_a_running_agent(agents: Agents, tmp_path: Path) -> None:
    """It is made again; where a file stands in its place, runs wait until that is gone."""
    scene = Scene(agents, tmp_path / "storage")
    shutil.rmtree(scene.storage)
    scene.earlier = {}
    removed = scene.end_run()
    made_again = scene.unwritten()
    shutil.rmtree(scene.storage)
    scene.storage.write_text("in the way")
    blocked = scene.next_run()
    waiting = scene.runs.pop()
    scene.runs = [waiting]
    scene.storage.unlink()
    eventually(lambda: not scene.unwritten())
    last = scene.end_agent()

    assert [{}, {LATE: 1}, {LATE: 1}] == [removed, blocked, last]
    assert set() == made_again
    assert [] == misled(FileStorage(scene.storage))


@pytest.mark.guarantee(4)
def test_no_file_handles_left(agents: Agents, tmp_path: Path, tally: Tally) -> None:
    """With any small number of free handles: no exception, counts that tell what has no file, all written later."""
    damaged: list[str] = []
    late = 0
    for free in range(-3, -3 + tally.times("numbers of free handles", quick=10, full=14)):
        scene = Scene(agents, tmp_path / str(free))
        agents.tell(f"files {free}")
        health = scene.end_run()
        late += len(scene.unwritten())
        damaged += [f"{free} handles: {each}" for each in scene.damage()]
        damaged += [] if health.get(LATE, 0) == len(scene.unwritten()) else [f"{free} handles: counted {health}"]
        agents.tell("files 100")
        eventually(lambda: not scene.unwritten())  # noqa: B023 - used at once
        last = agents.end()
        damaged += [f"{free} handles, later: {each}" for each in scene.healed()] + [LOST] * last.get(LOST, 0)
    tally.note("runs that had to wait", late)

    assert [] == damaged
    assert late


@pytest.mark.guarantee(4)
@pytest.mark.parametrize("call", ["write", "fsync", "rename,renameat,renameat2", "openat", "unlink,unlinkat", "flock"])
@pytest.mark.parametrize("error", ["EIO", "ENOSPC", "EROFS", "EDQUOT"])
def test_call_that_fails_again_and_again(agents: Agents, tmp_path: Path, call: str, error: str) -> None:
    """A disk that refuses one thing for good: no exception; what has no file at the end is counted as lost."""
    require("strace")
    scene = Scene(agents, tmp_path / "storage")
    ready: dict[str, Any] = agents.tell("health")
    # Not for ever: the agent has to answer, and its own answers are writes too.
    inject = f"-einject={call}:error={error}:when=1..{3 if call == 'write' else 30}"
    with traced(ready["pid"], tmp_path / "trace", f"-etrace={call}", inject):
        health = scene.end_run()
        unwritten = scene.unwritten()
        last = scene.end_agent()

    assert [] == scene.damage()
    assert {LATE, LOST, UNINDEXED} >= set(last)
    assert len(unwritten) == health.get(LATE, 0)
    assert len(scene.unwritten()) == last.get(LOST, 0)
