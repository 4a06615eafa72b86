"""Ids are safe file names, links are not followed, and files are private."""

from __future__ import annotations

import os
import re
import shutil
import stat
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runspan import FileStorage, Run, Runtime
from runspan.errors import ConfigError, RunspanError
from runspan.storage import file_name
from runspan.values import dumps
from tests.reliability.agents import Agents, traced
from tests.reliability.stored import tree
from tests.reliability.tools import require
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.reliability.tally import Tally

HOSTILE = [
    *("", ".", "..", "...", "../", "../../../etc/passwd", "/etc/passwd", "//", "a/../../b", "..\\..\\windows", "C:\\x"),
    *("nul\0byte", "line\nbreak", "tab\t", "\x7f", "\x1b[31m", "~root", "$HOME", "`id`", "-rf", "*", "a?b", "[x]"),
    *("CON", "con", "con.txt", "PRN", "AUX.json", "NUL", "COM1", "LPT9.tar.gz", "trailing.", "trailing ", " leading"),
    *(
        "x" * 300,
        "../" * 100,
        "𠀀" * 300,
        "é" * 300,
        "%" * 300,
        "x" * 100_000,
        "%2e%2e%2f",
        "%00",
        "%",
        "%~",
        "%~" * 99,
    ),
    *(
        "Goal",
        "goal",
        "GOAL",
        "straße",
        "STRASSE",
        "\u017f",
        "İ",
        "\u0131",
        "🚀",
        "\u202etxt.exe",
    ),
    *("e\u0301", "é", "ﬁ", "fi", "Å", "\u212b", "가", "\u1100\u1161", "ゴール", "a.json", ".json", "lock", "pending"),
    *("run.json.tmp", ".0123456789abcdef.tmp", "x.marker", "by_goal", "runs/x", "..json", "\ufeff", "\u200b"),
]
"""Ids that have broken somebody's file names."""

ids = st.sampled_from(HOSTILE) | st.text(max_size=400) | st.text("./\\%~:a\0", max_size=40)
odd_ids = ids | st.text(st.characters(), max_size=100)  # with lone surrogates, which no run file can hold


def as_run(run_id: str, goal_id: str, node_id: str) -> dict[str, Any]:
    """Return a native run of these ids."""
    run = Run(id="run", goal_id="goal").model_dump(mode="json")
    run["metrics"]["nodes_executed"] = [node_id]
    return run | {"id": run_id, "goal_id": goal_id}


@pytest.mark.guarantee(10)
def test_hostile_ids_stay_inside_and_apart(tmp_path: Path, tally: Tally) -> None:
    """Stored all together, every run is found under its own id, by goal and node, and deleted; nothing else changes."""
    (tmp_path / "outside").write_text("untouched")
    before = tree(tmp_path)
    storage = FileStorage(tmp_path / "storage")
    natives = {some_id: as_run(some_id, some_id, some_id) for some_id in HOSTILE}
    for native in natives.values():
        storage.write_run(dumps(native), native)
    found = [
        (storage.read_run_bytes(some_id), storage.get_runs_by_goal(some_id), storage.get_runs_by_node(some_id))
        for some_id in HOSTILE
    ]
    tally.note("hand-picked ids", len(HOSTILE))

    assert [(dumps(native), [some_id], [some_id]) for some_id, native in natives.items()] == found
    assert len(HOSTILE) == storage.get_stats()["total_runs"] == storage.get_stats()["total_goals"]
    assert all(storage.delete_run(some_id) for some_id in HOSTILE)
    eventually(lambda: not list((tmp_path / "storage" / "indexes").glob("*/*")))
    shutil.rmtree(tmp_path / "storage")
    assert before == tree(tmp_path)


@pytest.mark.guarantee(10)
@settings(max_examples=100)
@given(ids, ids, ids)
@example("..", "/", "\0")
def test_any_ids_stay_inside(tmp_path_factory: pytest.TempPathFactory, run_id: str, goal_id: str, node_id: str) -> None:
    """Saved, found, listed and deleted by whatever ids, nothing appears outside."""
    folder = tmp_path_factory.mktemp("ids")
    storage = FileStorage(folder / "storage")
    native = as_run(run_id, goal_id, node_id)
    storage.write_run(dumps(native), native)
    mine = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != "lock"]

    assert [run_id] == storage.get_runs_by_goal(goal_id) == storage.get_runs_by_node(node_id)
    assert dumps(native) == storage.read_run_bytes(run_id)
    assert 5 == len(mine)
    assert all(
        re.fullmatch(r"storage/(runs|summaries|indexes/by_(goal|status|node))/[^/.][^/]*\.json", p) for p in mine
    )
    assert storage.delete_run(run_id)
    assert {"storage"} == {path.name for path in folder.iterdir()}
    shutil.rmtree(folder)


@pytest.mark.guarantee(10)
@settings(max_examples=300)
@given(odd_ids, odd_ids)
def test_names_are_legal_everywhere(first: str, second: str) -> None:
    """No name is a device, hidden, too long or ends so that Windows would cut it; two ids never share one."""
    name = file_name(first)

    assert len(os.fsencode(name)) <= 255
    assert not set(name) & set('/\\:*?"<>|\0')
    assert name[0] != "."
    assert name.partition(".")[0].lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    assert name[-1] not in ". "
    assert (first == second) == (name == file_name(second))
    assert unicodedata.normalize("NFC", name) == name or first != unicodedata.normalize("NFC", first)


FOLDERS = ["runs", "summaries", "indexes", "indexes/by_goal", "indexes/by_status", "indexes/by_node", "indexes/pending"]
FILES = ["runs/run_1.json", "summaries/run_1.json", "indexes/by_goal/goal.json", "indexes/by_node/node.json"]
FILES += ["indexes/by_status/completed.json", "indexes/lock", "indexes/pending/00000000000000000001-1-1.marker"]


def use_everything(path: Path) -> None:
    """Call all there is, whatever each call raises."""
    opened: list[FileStorage] = []

    def tried(call: Callable[[], object]) -> None:
        with suppress(RunspanError, OSError):
            call()

    tried(lambda: opened.append(FileStorage(path)))
    run = Run(id="run_1", goal_id="goal")
    run.metrics.nodes_executed.append("node")
    for storage in opened:
        for call in (lambda: storage.save_run(run), lambda: storage.load_run("run_1")):  # noqa: B023 - called at once
            tried(call)
        tried(lambda: storage.load_summary("run_1"))  # noqa: B023
        tried(lambda: storage.get_runs_by_goal("goal"))  # noqa: B023
        tried(lambda: storage.get_runs_by_node("node"))  # noqa: B023
        tried(storage.list_all_runs)
        tried(storage.list_all_goals)
        tried(storage.get_stats)
        tried(lambda: storage.delete_run("run_1"))  # noqa: B023


@pytest.mark.guarantee(10)
@pytest.mark.parametrize("place", FOLDERS + FILES)
@pytest.mark.parametrize("target", ["storage like it", "empty folder", "file", "nothing"])
def test_planted_link_leads_nowhere(tmp_path: Path, place: str, target: str) -> None:
    """A link for any file or folder of the storage: nothing outside is made, changed or deleted."""
    outside, storage = tmp_path / "outside", FileStorage(tmp_path / "storage")
    twin = FileStorage(outside / "twin")
    run = Run(id="run_1", goal_id="goal")
    run.metrics.nodes_executed.append("node")
    for each in (storage, twin):
        each.save_run(run)
    (outside / "empty").mkdir()
    (outside / "file").write_text('["run_9"]')
    planted = storage.base_path / place
    shutil.rmtree(planted) if planted.is_dir() else planted.unlink(missing_ok=True)
    there = {"storage like it": twin.base_path / place, "empty folder": outside / "empty", "file": outside / "file"}
    planted.symlink_to(there.get(target, outside / "nothing"))
    before = tree(outside)
    use_everything(storage.base_path)

    assert before == tree(outside)


@pytest.mark.guarantee(10)
def test_marker_that_names_a_place_outside_is_no_marker(tmp_path: Path) -> None:
    """Whoever can write markers cannot have index files written elsewhere by them."""
    storage = FileStorage(tmp_path / "storage")
    storage.save_run(Run(id="run_1", goal_id="goal"))
    planted = storage.base_path / "indexes" / "pending" / "00000000000000000001-1-1.marker"
    planted.write_bytes(dumps({"run_id": "run_1", "put": [["../../..", "x"]], "taken": []}))
    storage.save_run(Run(id="run_2", goal_id="goal"))

    assert ["storage"] == [path.name for path in tmp_path.iterdir()]
    assert ["run_1", "run_2"] == storage.get_runs_by_goal("goal")


@pytest.mark.guarantee(14)
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_files_are_private_from_their_first_instant(agents: Agents, tmp_path: Path, umask: int) -> None:
    """Whatever the umask: 0600 and 0700 in the end, and never more from the very call that makes a file or folder."""
    require("strace")
    ready = agents.start(do="end", storage=str(tmp_path / "storage"), umask=umask)
    shutil.rmtree(tmp_path / "storage")
    with traced(ready["pid"], tmp_path / "trace", "-etrace=openat,open,mkdir,mkdirat,chmod,fchmod,fchmodat"):
        agents.tell("go")
        agents.end()
    trace = (tmp_path / "trace").read_text().splitlines()
    made = [line for line in trace if re.search(r'O_CREAT.*\.tmp|\.tmp.*O_CREAT|"lock"', line) or "mkdir" in line]
    modes = {re.sub(r".*, (0\d+)\).*", r"\1", line) for line in made if "= -1" not in line}
    files = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "storage").rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "storage").rglob("*") if path.is_dir()}

    assert {"0600", "0700"} == modes
    assert ({0o600}, {0o700}) == (files, folders)


@pytest.mark.guarantee(14)
@pytest.mark.parametrize("mode", [0o755, 0o750, 0o777, 0o500])
def test_folders_that_are_there_keep_their_modes(tmp_path: Path, mode: int) -> None:
    """Who has opened a folder to others, or closed it, is not overruled; the files in it are private all the same."""
    storage = tmp_path / "storage"
    folders = [storage / name for name in ("runs", "summaries", "indexes")]
    for folder in (storage, *folders):
        folder.mkdir()
    for folder in (storage, *folders):
        folder.chmod(mode)
    runtime = Runtime(storage)
    runtime.start_run("goal")
    runtime.end_run(True)

    assert {mode} == {stat.S_IMODE(folder.stat().st_mode) for folder in (storage, *folders)}
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in storage.rglob("*") if path.is_file()}


@pytest.mark.guarantee(10)
def test_linked_folder_is_refused_by_its_name(tmp_path: Path) -> None:
    """A storage whose folder is a link out of it says which; the storage's own folder may be one."""
    (tmp_path / "elsewhere").mkdir()
    storage = FileStorage(tmp_path / "storage")
    (tmp_path / "link").symlink_to(storage.base_path)
    FileStorage(tmp_path / "link").save_run(Run(id="run_1", goal_id="goal"))
    (storage.base_path / "summaries").rename(tmp_path / "old")
    (storage.base_path / "summaries").symlink_to(tmp_path / "elsewhere")

    assert ["run_1"] == storage.list_all_runs()
    with pytest.raises(ConfigError, match="storage/summaries"):
        FileStorage(storage.base_path)
