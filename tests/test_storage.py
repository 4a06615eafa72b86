"""FileStorage: files whole or absent, private, indexed, and nothing outside of it touched."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runspan import FileStorage, Run, RunStatus
from runspan.errors import ConfigError, CorruptFileError
from runspan.storage import file_name, id_of
from runspan.values import dumps
from tests.plain_reader import read_index

FIXTURES = Path(__file__).parent / "native-fixtures"


def make_run(run_id: str = "run_1", goal_id: str = "goal", status: str = "completed", *nodes: str) -> Run:
    """Make a run with a decision in each node."""
    run = Run(id=run_id, goal_id=goal_id, status=RunStatus(status))
    run.metrics.nodes_executed.extend(nodes)
    return run


def all_files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its relative name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.iterdir()))
def test_storages_of_the_original_load_and_save_unchanged(tmp_path: Path, name: str) -> None:
    """Every run loads, answers to its indexes, and is saved again as the same bytes, indexes included."""
    shutil.copytree(FIXTURES / name, tmp_path / name)
    before = all_files(tmp_path / name)
    storage = FileStorage(tmp_path / name)
    for run_id in storage.list_all_runs():
        run = storage.load_run(run_id)
        assert run is not None
        assert run_id in storage.get_runs_by_goal(run.goal_id)
        assert run_id in storage.get_runs_by_status(run.status)
        assert all(run_id in storage.get_runs_by_node(node) for node in run.metrics.nodes_executed)
        storage.save_run(run)

    after = {path: data for path, data in all_files(tmp_path / name).items() if path != "indexes/lock"}
    assert before == after


def test_runs_are_found_by_goal_status_and_node(tmp_path: Path) -> None:
    """In save order, oldest first, without duplicates, and by plain readers too."""
    storage = FileStorage(tmp_path)
    for run_id, goal_id, status, node in [
        ("run_3", "a", "completed", "x"),
        ("run_1", "b", "failed", "x"),
        ("run_2", "a", "failed", "y"),
        ("run_3", "a", "completed", "x"),
    ]:
        storage.save_run(make_run(run_id, goal_id, status, node))

    assert ["run_3", "run_2"] == storage.get_runs_by_goal("a") == read_index(tmp_path, "by_goal", "a")
    assert ["run_1", "run_2"] == storage.get_runs_by_status(RunStatus.FAILED)
    assert ["run_1", "run_2"] == storage.get_runs_by_status("failed") == read_index(tmp_path, "by_status", "failed")
    assert ["run_3", "run_1"] == storage.get_runs_by_node("x") == read_index(tmp_path, "by_node", "x")
    assert [] == storage.get_runs_by_goal("none")
    assert ["run_1", "run_2", "run_3"] == storage.list_all_runs()
    assert ["a", "b"] == storage.list_all_goals()
    assert {"total_runs": 3, "total_goals": 2, "storage_path": str(tmp_path)} == storage.get_stats()


def test_index_files_look_as_the_originals(tmp_path: Path) -> None:
    """One line, one array."""
    storage = FileStorage(tmp_path)
    for number in range(2):
        storage.save_run(make_run(f"run_{number}"))

    assert b'["run_0", "run_1"]' == (tmp_path / "indexes" / "by_goal" / "goal.json").read_bytes()


def test_saving_again_moves_a_run_between_indexes(tmp_path: Path) -> None:
    """A run is where its status, goal and nodes are now, and nowhere else."""
    storage = FileStorage(tmp_path)
    storage.save_run(make_run("run_1", "a", "running", "x", "y"))
    storage.save_run(make_run("run_1", "b", "completed", "y"))

    assert [[], [], []] == [
        storage.get_runs_by_goal("a"),
        storage.get_runs_by_status("running"),
        storage.get_runs_by_node("x"),
    ]
    assert ["run_1"] == storage.get_runs_by_node("y") == storage.get_runs_by_goal("b")
    assert not (tmp_path / "indexes" / "by_goal" / "a.json").exists()


def test_deleted_run_leaves_no_trace(tmp_path: Path) -> None:
    """True once, then False; no index names it."""
    storage = FileStorage(tmp_path)
    storage.save_run(make_run("run_1", "a", "completed", "x"))
    storage.save_run(make_run("run_2", "a", "completed", "x"))

    assert [True, False] == [storage.delete_run("run_1"), storage.delete_run("run_1")]
    assert storage.load_run("run_1") is None
    assert storage.load_summary("run_1") is None
    assert not any(b"run_1" in data for data in all_files(tmp_path).values())
    assert ["run_2"] == storage.get_runs_by_goal("a")


def test_summary_is_stored_and_computed_where_it_is_missing(tmp_path: Path) -> None:
    """From its file, or from the run."""
    storage = FileStorage(tmp_path)
    storage.save_run(make_run("run_1"))
    stored = storage.load_summary("run_1")
    (tmp_path / "summaries" / "run_1.json").write_text("torn{")
    torn = storage.load_summary("run_1")
    (tmp_path / "summaries" / "run_1.json").unlink()

    assert stored == torn == storage.load_summary("run_1")
    assert stored is not None
    assert "goal" == stored.goal_id


def test_missing_parents_are_made(tmp_path: Path) -> None:
    """A text or a Path is fine."""
    storage = FileStorage(str(tmp_path / "a" / "b"))

    assert tmp_path / "a" / "b" == storage.base_path
    assert (tmp_path / "a" / "b" / "runs").is_dir()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_files_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    """0600 and 0700."""
    before = os.umask(umask)
    try:
        storage = FileStorage(tmp_path / "storage")
        storage.save_run(make_run("run_1", "a", "completed", "x"))
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "storage").rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "storage").rglob("*") if path.is_dir()}

    assert ({0o600}, {0o700}) == (modes, folders)


IDS = [
    "../../etc/passwd",
    "/absolute",
    "..",
    ".",
    "",
    ".hidden",
    "a/b\\c",
    "nul\0byte",
    "line\nbreak",
    "x" * 300,
    "🚀" * 100,
    "CON",
    "nul.txt",
    "LPT1",
    "trailing.",
    "per%cent",
    "%2e%2e",
    "a b",
    'quo"te',
    "日本語-ゴール",
    "*?[x]",
    "~",
    "-rf",
    "a.json",
]


@pytest.mark.parametrize("some_id", IDS, ids=range(len(IDS)))
def test_any_id_is_a_safe_file_name(tmp_path: Path, some_id: str) -> None:
    """As run, goal, status and node: stored inside, found again under the same id, deleted again."""
    (tmp_path / "outside").write_text("untouched")
    storage = FileStorage(tmp_path / "storage")
    run = make_run("run", "goal", "completed", some_id)
    native = run.model_dump(mode="json", include={"status", "metrics"}) | {"id": some_id, "goal_id": some_id}
    storage.write_run(dumps(native), native)

    assert [some_id] == storage.get_runs_by_goal(some_id) == storage.get_runs_by_node(some_id)
    assert dumps(native) == storage.read_run_bytes(some_id)
    assert {"outside", "storage"} == {path.name for path in tmp_path.iterdir()}
    assert "untouched" == (tmp_path / "outside").read_text()
    assert storage.delete_run(some_id)
    assert [] == storage.get_runs_by_goal(some_id)


@given(st.text(st.characters()))
@example("x" * 181)
@example("%~")
def test_names_are_reversible_and_plain(some_id: str) -> None:
    """No separator, no leading dot, not too long; the id comes back unless the name is hashed."""
    name = file_name(some_id)

    assert name.endswith(".json")
    assert "/" not in name
    assert "\0" not in name
    assert not name.startswith(".")
    assert len(name.encode("utf-8", "surrogatepass")) < 256
    told = id_of(name)
    assert told is None or told.encode("utf-8", "surrogateescape") == some_id.encode("utf-8", "surrogatepass")


@given(st.text(st.characters()), st.text(st.characters()))
def test_two_ids_never_share_a_file(first: str, second: str) -> None:
    """Different ids have different names."""
    assert (first == second) == (file_name(first) == file_name(second))


@pytest.mark.parametrize("some_id", ["goal-1", "goal_1", "refund-eu", "ゴール", "Größe", "v1.2"])
def test_plain_ids_look_as_before(some_id: str) -> None:
    """Letters of any language, digits, `-`, `_`."""
    assert f"{some_id}.json" == file_name(some_id)


def test_ids_that_no_file_can_hold_are_asked_for_in_vain(tmp_path: Path) -> None:
    """A lone surrogate is no id of a stored run; asking for it is no error."""
    storage = FileStorage(tmp_path)

    assert storage.load_run("\ud800") is None
    assert [] == storage.get_runs_by_goal("\ud800")
    assert not storage.delete_run("\ud800")


def test_goals_with_hashed_names_are_listed_by_their_ids(tmp_path: Path) -> None:
    """The name does not tell the id; the run does."""
    storage = FileStorage(tmp_path)
    storage.save_run(make_run("r" * 300, "g" * 300))

    assert ["g" * 300] == FileStorage(tmp_path).list_all_goals()
    assert ["r" * 300] == FileStorage(tmp_path).list_all_runs()


@pytest.mark.parametrize("place", ["runs", "summaries", "indexes/by_goal"])
def test_planted_link_is_not_followed(tmp_path: Path, place: str) -> None:
    """A link in the place of a file is replaced, not written through; one in the place of a folder is refused."""
    storage = FileStorage(tmp_path / "storage")
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    name = "goal.json" if place == "indexes/by_goal" else "run_1.json"
    (tmp_path / "storage" / place / name).symlink_to(victim)
    try:
        storage.save_run(make_run("run_1"))
    except OSError:
        assert place == "indexes/by_goal"

    assert "untouched" == victim.read_text()


def test_linked_run_is_not_read(tmp_path: Path) -> None:
    """Nothing is read from outside the storage."""
    storage = FileStorage(tmp_path / "storage")
    outside = FileStorage(tmp_path / "outside")
    outside.save_run(make_run("run_1"))
    (tmp_path / "storage" / "runs" / "run_1.json").symlink_to(tmp_path / "outside" / "runs" / "run_1.json")

    with pytest.raises(CorruptFileError, match="run_1"):
        storage.load_run("run_1")


BROKEN = [
    b"",
    b"{",
    b"[]",
    b'"text"',
    b'{"id": 5}',
    b"\xff",
    b"[" * 5_000,
    b'{"id":"run_1","goal_id":"g","decisions":7}',
]


@pytest.mark.parametrize("data", BROKEN, ids=range(len(BROKEN)))
def test_broken_run_is_one_clear_error(tmp_path: Path, data: bytes) -> None:
    """It names the file; the other runs are there all the same."""
    storage = FileStorage(tmp_path)
    storage.save_run(make_run("run_2"))
    (tmp_path / "runs" / "run_1.json").write_bytes(data)

    with pytest.raises(CorruptFileError, match=r"run_1\.json") as caught:
        storage.load_run("run_1")
    assert "run_1.json" == caught.value.path.name
    assert storage.load_run("run_2") is not None
    assert ["run_1", "run_2"] == storage.list_all_runs()


@pytest.mark.parametrize("data", [b"", b'["run_1"', b"{}", b"[1]", b"\x00"], ids=range(5))
def test_torn_index_is_moved_aside_and_made_anew(tmp_path: Path, data: bytes) -> None:
    """From the stored runs; what was there is kept under another name."""
    storage = FileStorage(tmp_path)
    for number in range(3):
        storage.save_run(make_run(f"run_{number}", "goal", "completed" if number else "failed"))
    index = tmp_path / "indexes" / "by_goal" / "goal.json"
    index.write_bytes(data)

    assert ["run_0", "run_1", "run_2"] == storage.get_runs_by_goal("goal") == json.loads(index.read_bytes())
    assert [data] == [path.read_bytes() for path in index.parent.glob("goal.json.broken-*")]


def test_missing_indexes_are_made_anew(tmp_path: Path) -> None:
    """A storage whose indexes are gone heals when it is opened."""
    storage = FileStorage(tmp_path)
    for number in range(3):
        storage.save_run(make_run(f"run_{number}", f"goal-{number}", "completed", "x"))
    shutil.rmtree(tmp_path / "indexes")

    healed = FileStorage(tmp_path)
    assert ["run_0", "run_1", "run_2"] == healed.get_runs_by_node("x")
    assert ["goal-0", "goal-1", "goal-2"] == healed.list_all_goals()


def test_vanished_folders_are_made_again(tmp_path: Path) -> None:
    """Somebody removes the storage under an agent that goes on."""
    storage = FileStorage(tmp_path / "storage")
    shutil.rmtree(tmp_path / "storage")
    storage.save_run(make_run("run_1"))

    assert storage.load_run("run_1") is not None


def test_path_that_is_a_file_is_refused_at_once(tmp_path: Path) -> None:
    """With words that say what to change."""
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigError, match="folder"):
            FileStorage(path)


def test_no_temporary_file_is_left_or_seen(tmp_path: Path) -> None:
    """Neither after a save nor after one that failed."""
    storage = FileStorage(tmp_path)
    storage.save_run(make_run("run_1"))
    (tmp_path / "runs" / "run_2.json").mkdir()
    with pytest.raises(OSError, match="run_2"):
        storage.save_run(make_run("run_2"))

    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".tmp")]


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """What was stored is untouched, and no temporary file stays."""
    storage = FileStorage(tmp_path)
    storage.save_run(make_run("run_1"))
    before = storage.read_run_bytes("run_1")

    with pytest.raises(OSError, match="too large"):
        save_too_much(tmp_path)
    assert before == storage.read_run_bytes("run_1")
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".tmp")]


def test_deleting_a_broken_run_leaves_no_trace(tmp_path: Path) -> None:
    """Its own file does not tell its indexes any more; they do."""
    storage = FileStorage(tmp_path)
    storage.save_run(make_run("run_1", "a", "completed", "x"))
    (tmp_path / "runs" / "run_1.json").write_text("torn{")

    assert storage.delete_run("run_1")
    assert not any(b"run_1" in data for data in all_files(tmp_path).values())


def save_too_much(storage: Path) -> None:
    """Save a large run while this process may write only small files."""
    import resource  # noqa: PLC0415
    import signal  # noqa: PLC0415

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        run = make_run("run_1")
        run.narrative = "x" * 20_000
        FileStorage(storage).save_run(run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_writing_loads_neither_pydantic_nor_opentelemetry(tmp_path: Path) -> None:
    """What end_run does must not cost an import of a quarter of a second."""
    code = """
import sys
from runspan.storage import FileStorage
storage = FileStorage(sys.argv[1])
storage.write_run(b"{}", {"id": "run_1", "goal_id": "g", "status": "completed"})
storage.get_runs_by_goal("g"), storage.list_all_runs(), storage.get_stats()
print(sorted({name.partition(".")[0] for name in sys.modules} & {"pydantic", "pydantic_core"}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )

    assert "[]" == done.stdout.strip()


def test_values_that_are_no_json_are_saved_by_the_rule(tmp_path: Path) -> None:
    """A run that an agent has put anything into is saved, and read again."""
    storage = FileStorage(tmp_path)
    run = make_run("run_1")
    extra: dict[str, Any] = {"tags": {"a"}, "when": object, "big": 2**70, "lone": "\ud800", "long": "x" * 100_000}
    run.output_data = extra
    storage.save_run(run)

    loaded = storage.load_run("run_1")
    assert loaded is not None
    assert {"tags": ["a"], "big": 2**70, "lone": "\\ud800", "long": "x" * 100_000}.items() <= loaded.output_data.items()
