"""Runs that cannot be written wait in memory, within bounds, and every loss is counted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from runspan import FileStorage, Run
from runspan.health import Health
from runspan.storage._backlog import BACKLOG, Backlog, Waiting
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """What waits is gone with the test."""
    yield
    BACKLOG.start_anew()


def waiting(path: Path, health: Health, write: Callable[[], object], size: int = 10) -> Waiting:
    """Return a run that waits."""
    return Waiting(path=path, data=b"x" * size, write=write, health=health, is_on_disk=False)


def refuse() -> None:
    """Fail as a full disk does."""
    raise OSError(28, "No space left on device")


def keep(storage: FileStorage, run_id: str, health: Health) -> bool:
    """End a run as a Runtime does."""
    run = Run(id=run_id, goal_id="goal")
    return storage.write_run_or_keep(run.model_dump_json().encode(), run.model_dump(mode="json"), health)


def test_oldest_fall_out_and_are_counted(tmp_path: Path) -> None:
    """By number, and by bytes: each late once, and lost once."""
    health = Health()
    backlog = Backlog(max_runs=3, max_bytes=100)
    for number in range(5):
        backlog.keep(waiting(tmp_path / str(number), health, refuse), OSError())
    few = [backlog.data_of(tmp_path / str(number)) for number in range(5)]
    backlog.keep(waiting(tmp_path / "large", health, refuse, size=95), OSError())

    assert [None, None, b"x" * 10, b"x" * 10, b"x" * 10] == few
    assert 1 == len(backlog)
    assert {"run file late": 6, "run file lost": 5} == health.report()


def test_same_run_again_waits_once_and_is_counted_once(tmp_path: Path) -> None:
    """The later content is what waits."""
    health, backlog = Health(), Backlog()
    backlog.keep(waiting(tmp_path / "a", health, refuse, size=10), OSError())
    backlog.keep(waiting(tmp_path / "a", health, refuse, size=20), OSError())

    assert 1 == len(backlog)
    assert b"x" * 20 == backlog.data_of(tmp_path / "a")
    assert {"run file late": 1} == health.report()


def test_one_that_never_can_be_written_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    """Those tried least are tried first; a round ends after some failures in a row."""
    health, backlog = Health(), Backlog()
    written: list[str] = []
    for number in range(9):
        backlog.keep(waiting(tmp_path / str(number), health, refuse), OSError())
    backlog.keep(waiting(tmp_path / "good", health, lambda: written.append("good")), OSError())
    rounds = [backlog.work() for _ in range(4)]

    assert [False] * 4 == rounds
    assert ["good"] == written
    assert 9 == len(backlog)


def test_last_try_writes_what_it_can_and_counts_the_rest(tmp_path: Path) -> None:
    """At exit everything is tried once more, as long as there is time."""
    health, backlog = Health(), Backlog()
    written: list[str] = []
    for number in range(5):
        backlog.keep(waiting(tmp_path / f"bad{number}", health, refuse), OSError())
    backlog.keep(waiting(tmp_path / "good", health, lambda: written.append("good")), OSError())
    backlog.finish(float("inf"))
    backlog.keep(waiting(tmp_path / "too late", health, refuse), OSError())

    assert ["good"] == written
    assert {"run file late": 7, "run file lost": 6} == health.report()


def test_waiting_run_is_read_from_memory_and_written_in_the_end(tmp_path: Path) -> None:
    """Reading answers, lists do not; a later save of the same run wins; deletion forgets it."""
    storage, health = FileStorage(tmp_path), Health()
    (tmp_path / "runs").rmdir()
    (tmp_path / "runs").write_text("in the way")
    kept = [keep(storage, f"run_{number}", health) for number in range(3)]
    loaded = storage.load_run("run_0")
    with pytest.raises(NotADirectoryError):
        storage.delete_run("run_1")
    (tmp_path / "runs").unlink()
    storage.save_run(Run(id="run_2", goal_id="later"))
    eventually(lambda: not len(BACKLOG))

    assert [False] * 3 == kept
    assert loaded is not None
    assert ["run_0", "run_2"] == storage.list_all_runs()
    assert ["run_2"] == storage.get_runs_by_goal("later")
    assert {"run file late": 3} == health.report()


def test_index_that_cannot_be_marked_does_not_cost_the_run(tmp_path: Path) -> None:
    """The file is written at once, the entries as soon as they can be."""
    storage, health = FileStorage(tmp_path), Health()
    (tmp_path / "indexes" / "pending").rmdir()
    (tmp_path / "indexes" / "pending").write_text("in the way")
    kept = keep(storage, "run_1", health)
    (tmp_path / "indexes" / "pending").unlink()
    eventually(lambda: not len(BACKLOG))

    assert kept
    assert ["run_1"] == storage.list_all_runs() == storage.get_runs_by_goal("goal")
    assert {"index late": 1} == health.report()


def block(folder: Path) -> FileStorage:
    """Open a storage whose runs cannot be written."""
    storage = FileStorage(folder)
    (folder / "runs").rmdir()
    (folder / "runs").write_text("in the way")
    return storage


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_child_has_no_backlog(tmp_path: Path) -> None:
    """What waits is the parent's; the child's own waits and is written as usual."""
    mine, theirs, health = block(tmp_path / "parent"), block(tmp_path / "child"), Health()
    keep(mine, "run_parent", health)
    with BACKLOG._lock:  # noqa: SLF001 - as another thread might hold it
        child = os.fork()
    if child == 0:
        try:
            inherited = len(BACKLOG)
            keep(theirs, "run_child", health)
            (tmp_path / "child" / "runs").unlink()
            eventually(lambda: not len(BACKLOG))
            os._exit(inherited or theirs.list_all_runs() != ["run_child"])
        except BaseException:  # noqa: BLE001 - a child must not go on with the parent's tests
            os._exit(1)
    ended = os.waitpid(child, 0)[1]
    (tmp_path / "parent" / "runs").unlink()
    eventually(lambda: ["run_parent"] == mine.list_all_runs())

    assert 0 == ended
