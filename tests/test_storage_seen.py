"""Opening a storage that has not changed: it is not looked through again, and whatever changes it is noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import pytest

from runspan import FileStorage, Run, RunStatus
from runspan.storage import file_name
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNT: Final = """
import sys
from runspan.storage import FileStorage
listed = []
sys.addaudithook(lambda event, arguments: listed.append(arguments) if event == "os.listdir" else None)
storage = FileStorage(sys.argv[1])
opened = len(listed)
print(opened, len(storage.list_all_runs()))
"""


def calm(folder: Path) -> FileStorage:
    """A storage of three runs that is known to be whole."""
    storage = FileStorage(folder)
    for number, status in enumerate((RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.FAILED)):
        storage.save_run(Run(id=f"run_{number}", goal_id="goal", status=status))
    eventually(lambda: is_known_to_be_whole(folder))
    return storage


def is_known_to_be_whole(folder: Path) -> bool:
    """Whether opening it leaves a word that all is well."""
    FileStorage(folder)
    return (folder / "indexes" / "seen").exists()


def folders_listed(folder: Path) -> tuple[int, int]:
    """How many folders another process lists to open a storage, and how many runs it finds."""
    done = subprocess.run([sys.executable, "-c", COUNT, str(folder)], capture_output=True, text=True, check=True)
    listed, found = map(int, done.stdout.split())
    return listed, found


def test_what_has_not_changed_is_not_looked_through(tmp_path: Path) -> None:
    """However many runs there are; markers and statuses are all that is listed."""
    calm(tmp_path)

    assert (2, 3) == folders_listed(tmp_path)
    (tmp_path / "indexes" / "seen").unlink()
    assert (8, 3) <= folders_listed(tmp_path)


def test_a_storage_that_is_in_use_is_looked_through(tmp_path: Path) -> None:
    """What has changed just now may change again without another time of change."""
    FileStorage(tmp_path).save_run(Run(id="run_1", goal_id="goal"))
    if time.time() - (tmp_path / "runs").stat().st_ctime < 1:
        FileStorage(tmp_path)
        assert not (tmp_path / "indexes" / "seen").exists()


def put(folder: Path) -> None:
    """Copy a run in."""
    text = (folder / "runs" / "run_0.json").read_text().replace('"run_0"', '"run_3"')
    (folder / "runs" / "run_3.json").write_text(text)


def put_with_its_time(folder: Path) -> None:
    """Copy a run in, as `cp -a` and `rsync -a` do: the folder's time is put back."""
    before = (folder / "runs").stat()
    put(folder)
    os.utime(folder / "runs", ns=(before.st_atime_ns, before.st_mtime_ns))


def take(folder: Path) -> None:
    """Take a run away."""
    (folder / "runs" / "run_2.json").unlink()


def edit(folder: Path) -> None:
    """Edit an index in place."""
    index = folder / "indexes" / "by_status" / "failed.json"
    with index.open("r+") as file:
        file.write('["run_1"]            ')
        file.truncate()


def tear(folder: Path) -> None:
    """Cut an index, its time put back."""
    index = folder / "indexes" / "by_status" / "failed.json"
    before = index.stat()
    os.truncate(index, 5)
    os.utime(index, ns=(before.st_atime_ns, before.st_mtime_ns))


def lose(folder: Path) -> None:
    """Remove an index."""
    (folder / "indexes" / "by_status" / "failed.json").unlink()


def garble(folder: Path) -> None:
    """Spoil what was remembered."""
    (folder / "indexes" / "seen").write_bytes(b"\x00")
    take(folder)


def replace(folder: Path) -> None:
    """Put another folder in the place of the runs, with the same names."""
    (folder / "runs").rename(folder / "elsewhere")
    (folder / "runs").mkdir()
    for number in range(2):
        (folder / "elsewhere" / f"run_{number}.json").rename(folder / "runs" / f"run_{number}.json")


@pytest.mark.parametrize(
    "change", [put, put_with_its_time, take, edit, tear, lose, garble, replace], ids=lambda change: change.__name__
)
def test_whatever_a_hand_does_is_noticed(tmp_path: Path, change: Callable[[Path], None]) -> None:
    """The next one who opens the storage mends its indexes, and does not go by what was remembered."""
    calm(tmp_path)
    change(tmp_path)
    storage = FileStorage(tmp_path)
    there = {path.name for path in (tmp_path / "runs").iterdir()}
    indexed = [
        run_id
        for path in (tmp_path / "indexes" / "by_status").glob("*.json")
        for run_id in json.loads(path.read_bytes())
    ]

    assert there == {file_name(run_id) for run_id in indexed} == {file_name(name) for name in storage.list_all_runs()}
    assert len(there) == len(indexed)


def test_a_broken_run_is_looked_at_each_time(tmp_path: Path) -> None:
    """Mended in place, without a trace in its folder, it is found."""
    calm(tmp_path)
    path = tmp_path / "runs" / "run_9.json"
    path.write_text("{")
    os.utime(path, ns=(0, 0))
    ends = time.monotonic() + 2.5
    eventually(lambda: FileStorage(tmp_path) is not None and time.monotonic() > ends, every_s=0.5)
    path.write_text((tmp_path / "runs" / "run_0.json").read_text().replace('"run_0"', '"run_9"'))

    assert "run_9" in FileStorage(tmp_path).get_runs_by_goal("goal")
