"""Large storages stay fast; damaged ones heal, or say exactly what is wrong."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from runspan import FileStorage, Run, RunStatus, Runtime
from runspan.errors import ConfigError, CorruptFileError, StorageError
from runspan.native import summarize
from runspan.values import dumps
from tests.reliability.stored import contents, lacking, misled, plain_runs
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.reliability.tally import Tally

FIXTURES: Final = Path(__file__).parents[1] / "native-fixtures"


def fill(storage: Path, count: int) -> None:
    """Write as many runs, with summaries and indexes, as the format describes them."""
    FileStorage(storage)
    native = Run(id="run", goal_id="goal", status=RunStatus.COMPLETED).model_dump(mode="json")
    native["metrics"]["nodes_executed"] = ["node"]
    run_ids = [f"run_20250101_{number:06d}_00000000" for number in range(count)]
    by_goal: dict[str, list[str]] = {}
    for number, run_id in enumerate(run_ids):
        native |= {"id": run_id, "goal_id": f"goal-{number % 100}"}
        by_goal.setdefault(native["goal_id"], []).append(run_id)
        (storage / "runs" / f"{run_id}.json").write_bytes(dumps(native, indent=True))
        (storage / "summaries" / f"{run_id}.json").write_bytes(dumps(summarize(native), indent=True))
    places = {"by_status/completed": run_ids, "by_node/node": run_ids}
    places |= {f"by_goal/{goal_id}": some for goal_id, some in by_goal.items()}
    for name, some in places.items():
        (storage / "indexes" / f"{name}.json").write_text(json.dumps(some))


def median_ms(call: Callable[[], object], times: int) -> float:
    """Return how long a call takes."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        taken.append(1_000 * (time.perf_counter() - begun))
    return statistics.median(taken)


def end_one(runtime: Runtime) -> None:
    """Start and end a run."""
    runtime.start_run("goal-1")
    runtime.end_run(True)


@pytest.mark.guarantee(15)
def test_many_stored_runs(tmp_path: Path, tally: Tally) -> None:
    """Ending a run, listing and showing do their work; the cost beside that with one run is noted."""
    count = tally.times("stored runs", quick=2_000, full=100_000)
    large, small = tmp_path / "large", tmp_path / "small"
    fill(large, count)
    fill(small, 1)
    took: dict[str, list[float]] = {"open": [], "end_run": [], "show": []}
    for storage in (small, large):
        runtime = Runtime(storage)
        took["open"].append(median_ms(lambda: FileStorage(storage), 3))  # noqa: B023 - called at once
        took["end_run"].append(median_ms(lambda: end_one(runtime), 50))  # noqa: B023
        shown = [sys.executable, "-m", "runspan", "show", "latest", "-s", str(storage)]
        took["show"].append(median_ms(lambda: subprocess.run(shown, check=True, capture_output=True), 1))  # noqa: B023
    listed = subprocess.run(
        [sys.executable, "-m", "runspan", "list", "-s", str(large)], check=True, capture_output=True, text=True
    )
    reader = FileStorage(large)
    for what, (one, many) in took.items():
        tally.note(f"{what}, beside one stored run", f"{many / one:.1f} x")

    assert "run_" in listed.stdout
    assert count + 50 == len(reader.list_all_runs()) == len(reader.get_runs_by_status("completed"))
    assert [f"run_20250101_{number:06d}_00000000" for number in (1, 101)] == reader.get_runs_by_goal("goal-1")[:2]
    eventually(lambda: count + 50 == len(json.loads((large / "indexes/by_status/completed.json").read_bytes())))


def tear(path: Path) -> None:
    """Leave the first half of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def replace(text: str) -> Callable[[Path], None]:
    """Return what writes something else into a file."""

    def damage(path: Path) -> None:
        path.write_text(text)

    return damage


def make_folder_of(path: Path) -> None:
    """Put a folder in the place of a file."""
    path.unlink()
    path.mkdir()


def remove(path: Path) -> None:
    """Remove a file or folder."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def leave_ghost(path: Path) -> None:
    """Name a run that is gone, and forget one that is there."""
    path.write_text(json.dumps(["run_gone", *json.loads(path.read_text())[1:]]))


MARKER: Final = "indexes/pending/00000000000000000001-0000000001-0000000001.marker"

NO_INDEX: Final = ["7", "[1, 2]", "{}", "null", "", "\ufeff[]", "\0" * 100, "[" * 5_000, '["run_0", ']
NO_MARKER: Final = [
    "",
    '{"run_id": "ru',
    "[]",
    "\0" * 50,
    '{"run_id": "a"}',
    '{"run_id": "run_1", "put": [["by_colour", "x"]], "taken": []}',
    '{"run_id": 7, "put": [1], "taken": {}}',
    '{"run_id": "ghost", "put": [["by_goal", "goal"]], "taken": []}',
]
HEALING: Final = {
    **{f"index {text[:9]!a}": ("indexes/by_goal/goal.json", replace(text)) for text in NO_INDEX},
    **{f"marker {text[:20]!a} {len(text)}": (MARKER, replace(text)) for text in NO_MARKER},
    "index torn": ("indexes/by_status/failed.json", tear),
    "status index gone": ("indexes/by_status/failed.json", remove),
    "status index of others": ("indexes/by_status/failed.json", leave_ghost),
    "index that is a folder": ("indexes/by_goal/goal.json", make_folder_of),
    "all indexes gone": ("indexes", remove),
    "goal indexes gone": ("indexes/by_goal", remove),
    "node indexes gone": ("indexes/by_node", remove),
    "pending gone": ("indexes/pending", remove),
    "summaries gone": ("summaries", remove),
    "summary gone": ("summaries/run_1.json", remove),
    "summary torn": ("summaries/run_1.json", tear),
    "summary of a list": ("summaries/run_1.json", replace("[]")),
    "run gone": ("runs/run_1.json", remove),
    "marker with another name": ("indexes/pending/x.marker", replace("{}")),
    "marker that is a folder": (MARKER, Path.mkdir),
    "left temporary file": ("runs/.0123456789abcdef.tmp", replace("{")),
    "left temporary marker": ("indexes/pending/.0123456789abcdef.tmp", replace("{")),
}
"""What -> path, and how it is damaged."""


def stored(path: Path) -> FileStorage:
    """Store three runs."""
    storage = FileStorage(path)
    for number in range(3):
        run = Run(id=f"run_{number}", goal_id="goal", status=RunStatus.FAILED if number else RunStatus.COMPLETED)
        run.metrics.nodes_executed.append("node")
        storage.save_run(run)
    return storage


@pytest.mark.guarantee(15)
@pytest.mark.parametrize("what", HEALING)
@pytest.mark.parametrize("moment", ["before it is opened", "while it is open"])
def test_damaged_storage_heals(tmp_path: Path, what: str, moment: str) -> None:
    """By a save or when opened: files and indexes are right for our reader and for others, summaries too."""
    storage = stored(tmp_path)
    place, damage = HEALING[what]
    damage(tmp_path / place)
    if moment == "before it is opened":
        storage = FileStorage(tmp_path)
        by_reader = misled(storage)
    else:
        storage.save_run(Run(id="run_3", goal_id="goal"))
        storage = FileStorage(tmp_path)
        by_reader = misled(storage)
    storage.save_run(Run(id="run_4", goal_id="goal"))
    runs = sorted(plain_runs(tmp_path))

    assert [] == by_reader
    assert [] == lacking(tmp_path, runs)
    assert runs == storage.list_all_runs()
    assert all(storage.load_summary(run_id) is not None for run_id in runs)


IN_THE_WAY: Final = ["", "runs", "summaries", "indexes", "indexes/by_goal", "indexes/pending"]


@pytest.mark.guarantee(15)
@pytest.mark.parametrize("place", IN_THE_WAY)
def test_file_in_the_place_of_a_folder_is_named(tmp_path: Path, place: str) -> None:
    """Opening says which one it is; so does reading where the storage was open already, as far as it is needed."""
    storage = stored(tmp_path / "storage")
    in_the_way = tmp_path / "storage" / place
    shutil.rmtree(in_the_way)
    in_the_way.write_text("in the way")

    with pytest.raises(ConfigError, match=f"{in_the_way}'"):
        FileStorage(tmp_path / "storage")
    for ask in (storage.list_all_runs, storage.list_all_goals, storage.get_stats, lambda: storage.load_run("run_1")):
        try:
            ask()
        except StorageError as exc:
            assert str(in_the_way) in str(exc)  # noqa: PT017 - not all of them need this folder


@pytest.mark.guarantee(15)
def test_torn_run_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Its error names the file; other runs load; saved again it is whole."""
    storage = stored(tmp_path)
    tear(tmp_path / "runs" / "run_1.json")
    with pytest.raises(CorruptFileError, match=r"runs/run_1\.json"):
        FileStorage(tmp_path).load_run("run_1")
    storage = FileStorage(tmp_path)

    assert storage.load_run("run_2") is not None
    assert ["run_0", "run_1", "run_2"] == storage.list_all_runs() == storage.get_runs_by_goal("goal")
    storage.save_run(Run(id="run_1", goal_id="goal"))
    assert [] == misled(storage)


@pytest.mark.guarantee(15)
@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.iterdir()))
@pytest.mark.parametrize("lost", ["nothing", "indexes", "summaries", "indexes/by_status", "indexes/by_goal"])
def test_half_copied_storage_of_the_original_heals(tmp_path: Path, name: str, lost: str) -> None:
    """Whatever part was not copied: all runs load, and every index is right, for others too after the next save."""
    storage = tmp_path / "storage"
    shutil.copytree(FIXTURES / name, storage)
    before = contents(storage / "runs")
    remove(storage / lost) if (storage / lost).exists() else None
    opened = FileStorage(storage)

    assert [] == misled(opened)
    assert all(opened.load_run(run_id) and opened.load_summary(run_id) for run_id in opened.list_all_runs())
    assert before == contents(storage / "runs")
    opened.save_run(Run(id="run_new", goal_id="goal"))
    assert [] == lacking(storage, opened.list_all_runs())


@pytest.mark.guarantee(15)
def test_runs_dropped_in_by_hand_are_found(tmp_path: Path) -> None:
    """Run files copied from another storage are in the indexes once the storage is opened again."""
    stored(tmp_path / "from")
    FileStorage(tmp_path / "to").save_run(Run(id="run_mine", goal_id="goal"))
    for path in (tmp_path / "from" / "runs").iterdir():
        shutil.copy2(path, tmp_path / "to" / "runs")
    opened = FileStorage(tmp_path / "to")

    assert [] == misled(opened)
    assert [] == lacking(tmp_path / "to", opened.list_all_runs())


@pytest.mark.guarantee(15)
@pytest.mark.parametrize("folder", ["runs", "summaries", "indexes/by_goal", "indexes/pending"])
def test_old_temporary_files_are_cleaned_away(tmp_path: Path, folder: str) -> None:
    """Those that a killed writer has left go after an hour; younger ones may be somebody's, and stay."""
    FileStorage(tmp_path)
    old, young = (tmp_path / folder / f".{name}.tmp" for name in ("old", "young"))
    for path in (old, young):
        path.write_text("{")
    os.utime(old, (time.time() - 4_000,) * 2)
    FileStorage(tmp_path)

    assert [False, True] == [old.exists(), young.exists()]


@pytest.mark.guarantee(15)
def test_marker_of_a_run_that_never_came_is_forgotten_unapplied(tmp_path: Path) -> None:
    """After an hour it is removed, and no index ever names its run."""
    storage = stored(tmp_path)
    marker = tmp_path / MARKER  # its name says 1970
    marker.write_text('{"run_id": "ghost", "put": [["by_goal", "goal"]], "taken": []}')
    storage.save_run(Run(id="run_3", goal_id="goal"))

    assert not marker.exists()
    assert [] == misled(storage)
    assert ["run_0", "run_1", "run_2", "run_3"] == json.loads((tmp_path / "indexes/by_goal/goal.json").read_text())
