"""Indexes with many writers: nothing is lost, whoever is stopped or killed, and no reader ever sees a torn one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from runspan import FileStorage, Run, Runtime
from runspan.files import try_lock
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from runspan.storage import FileStorage
path, name, threads, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
storage = FileStorage(path)
def save(number):
    run_id = f"run_{name}_{number}"
    run = {"id": run_id, "goal_id": f"goal-{number % 3}", "status": "completed", "metrics": {"nodes_executed": ["n"]}}
    storage.write_run(b'{"id": "%s"}' % run_id.encode(), run)
with ThreadPoolExecutor(threads) as pool:
    list(pool.map(save, range(count)))
"""

HOLDER = """
import fcntl, os, sys
descriptor = os.open(sys.argv[1] + "/indexes/lock", os.O_RDWR | os.O_CREAT)
fcntl.flock(descriptor, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def writer(storage: Path, name: str, *, threads: int = 4, count: int = 25) -> subprocess.Popen[bytes]:
    """Start a process that saves runs."""
    return subprocess.Popen([sys.executable, "-c", WRITER, str(storage), name, str(threads), str(count)])


def test_many_processes_and_threads_lose_nothing(tmp_path: Path) -> None:
    """Four processes of four threads; a plain reader of the index files never sees a torn one."""
    FileStorage(tmp_path)
    stop = threading.Event()
    torn: list[str] = []

    def read() -> None:
        while not stop.is_set():
            for path in [*(tmp_path / "indexes").glob("by_*/*.json"), *(tmp_path / "runs").glob("*.json")]:
                try:
                    json.loads(path.read_bytes())
                except ValueError:
                    torn.append(path.name)
                except FileNotFoundError:
                    continue

    reader = threading.Thread(target=read)
    reader.start()
    processes = [writer(tmp_path, str(number)) for number in range(4)]
    results = [process.wait(60) for process in processes]
    stop.set()
    reader.join()
    storage = FileStorage(tmp_path)
    everything = {f"run_{name}_{number}" for name in range(4) for number in range(25)}

    assert [0] * 4 == results
    assert [] == torn
    assert everything == set(storage.list_all_runs()) == set(storage.get_runs_by_status("completed"))
    assert everything == set(storage.get_runs_by_node("n"))
    assert 100 == sum(len(storage.get_runs_by_goal(f"goal-{number}")) for number in range(3))


def test_stopped_lock_holder_starves_nobody(tmp_path: Path) -> None:
    """Writers leave their markers and go on; readers of ours see them; the next free writer folds them."""
    storage = FileStorage(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert b"held\n" == holder.stdout.readline()
    os.kill(holder.pid, signal.SIGSTOP)
    try:
        storage.save_run(Run(id="run_1", goal_id="goal"))
        assert ["run_1"] == storage.get_runs_by_goal("goal")
        assert not (tmp_path / "indexes" / "by_goal" / "goal.json").exists()
    finally:
        holder.kill()
        holder.communicate()
    storage.save_run(Run(id="run_2", goal_id="goal"))

    assert ["run_1", "run_2"] == json.loads((tmp_path / "indexes" / "by_goal" / "goal.json").read_bytes())


def test_folding_that_was_put_off_is_done_within_a_second(tmp_path: Path) -> None:
    """A large index is not rewritten at every save; it is current soon after, with nobody asking."""
    index = tmp_path / "indexes" / "by_status" / "completed.json"
    storage = FileStorage(tmp_path)
    index.write_text(json.dumps([f"run_{number}" for number in range(5_000)]))
    with try_lock(tmp_path / "indexes" / "lock") as is_mine:
        storage.write_run(b"{}", {"id": "run_new", "goal_id": "g", "status": "completed"})
        assert is_mine
        assert 1 == len(list((tmp_path / "indexes" / "pending").glob("*.marker")))
        assert "run_new" == storage.get_runs_by_status("completed")[-1]

    eventually(lambda: "run_new" in json.loads(index.read_bytes()))


def test_slow_index_files_do_not_hold_up_the_end_of_a_run(tmp_path: Path) -> None:
    """Where they took more than a millisecond, `end_run` leaves them for soon; where less, they are current at once."""
    runtime = Runtime(tmp_path)
    assert runtime.storage is not None
    indexes = runtime.storage._indexes  # noqa: SLF001 - how fast the disk was
    by_status = tmp_path / "indexes" / "by_status" / "completed.json"

    def ended(*, file_s: float) -> tuple[str, list[str]]:
        """Return a new run's id, and what the index file holds right after its end."""
        run_id = runtime.start_run("goal")
        indexes._file_s = file_s  # noqa: SLF001
        runtime.end_run(True)
        return run_id, json.loads(by_status.read_bytes()) if by_status.exists() else []

    quick, at_once = ended(file_s=0.0)
    assert quick == at_once[-1]
    assert 0 < indexes.expected_s([("by_goal", "g")]) < indexes.expected_s([("by_goal", "g"), ("by_status", "s")])

    def is_put_off() -> bool:  # a busy machine may take its second before we look
        run_id, stored = ended(file_s=0.001)
        return run_id not in stored

    eventually(is_put_off)
    late, _ = ended(file_s=0.001)

    assert late == runtime.storage.get_runs_by_status("completed")[-1]
    eventually(lambda: late in json.loads(by_status.read_bytes()))


def test_small_indexes_are_folded_soon_when_the_lock_was_taken(tmp_path: Path) -> None:
    """Whoever had the lock may not have seen our marker: we try again until it is folded."""
    storage = FileStorage(tmp_path)
    with try_lock(tmp_path / "indexes" / "lock"):
        storage.save_run(Run(id="run_1", goal_id="goal"))
        threading.Event().wait(0.7)  # one try goes by

    eventually((tmp_path / "indexes" / "by_goal" / "goal.json").exists)


def test_marker_whose_run_never_came_is_not_listed(tmp_path: Path) -> None:
    """A process that died between marker and run file leaves no ghost."""
    storage = FileStorage(tmp_path)
    storage._indexes.mark("run_ghost", [("by_goal", "g")], [])  # noqa: SLF001 - what a dying process leaves
    storage.save_run(Run(id="run_1", goal_id="g"))

    assert ["run_1"] == storage.get_runs_by_goal("g")
    assert ["run_1"] == json.loads((tmp_path / "indexes" / "by_goal" / "g.json").read_bytes())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_child_folds_too(tmp_path: Path) -> None:
    """The folding thread does not survive a fork; the child starts its own."""
    storage = FileStorage(tmp_path)
    index = tmp_path / "indexes" / "by_status" / "completed.json"
    index.write_text(json.dumps([f"run_{number}" for number in range(5_000)]))
    storage.write_run(b"{}", {"id": "run_parent", "goal_id": "g", "status": "completed"})
    child = os.fork()
    if child == 0:
        try:
            storage.write_run(b"{}", {"id": "run_child", "goal_id": "g", "status": "completed"})
            eventually(lambda: "run_child" in json.loads(index.read_bytes()))
        except BaseException:  # noqa: BLE001 - a child must not go on with the parent's tests
            os._exit(1)
        os._exit(0)

    assert 0 == os.waitpid(child, 0)[1]


def test_threads_of_one_storage_lose_nothing(tmp_path: Path) -> None:
    """Saves and deletions at the same time."""
    storage = FileStorage(tmp_path)

    def save(number: int) -> None:
        storage.save_run(Run(id=f"run_{number}", goal_id="goal"))
        if number % 2:
            storage.delete_run(f"run_{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, range(60)))

    assert {f"run_{number}" for number in range(0, 60, 2)} == set(storage.get_runs_by_goal("goal"))
