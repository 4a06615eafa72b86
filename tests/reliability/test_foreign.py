"""Files that are no runs, or hardly: one clear error that names the file, and the rest goes on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runspan import FileStorage, Run
from runspan.errors import StorageError

if TYPE_CHECKING:
    from tests.reliability.tally import Tally

FIXTURES: Final = Path(__file__).parents[1] / "native-fixtures"


@cache
def fixtures() -> list[bytes]:
    """Return the run files of the original."""
    return [path.read_bytes() for path in sorted(FIXTURES.glob("*/runs/*.json"))]


def look(storage: FileStorage, name: str) -> Run | None:
    """Ask for a run and for all there is; return the run, None where one clear error named its file."""
    run = None
    try:
        run = storage.load_run("strange")
        assert run is not None
        run.id = "strange"
        storage.save_run(run)
        storage.load_summary("strange")
    except StorageError as exc:
        assert f"{name}.json" in str(exc)  # noqa: PT017 - either is right
        assert f"{name}.json" == exc.path.name  # noqa: PT017
    reopened = FileStorage(storage.base_path)
    assert ["run_well", "strange"] == reopened.list_all_runs()
    assert "run_well" in reopened.get_runs_by_goal("goal")
    assert "goal" in reopened.list_all_goals()
    assert reopened.load_run("run_well") is not None
    reopened.get_stats()
    return run


def with_strange(folder: Path, data: bytes) -> FileStorage:
    """Store a good run and a strange file, with no summary."""
    storage = FileStorage(folder)
    storage.save_run(Run(id="run_well", goal_id="goal"))
    (folder / "runs" / "strange.json").write_bytes(data)
    return FileStorage(folder)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from([10**400, -(10**25), 2**64, 1e308, "9999-12-31T23:59:59+99:99", "0000-00-00", "NaN", [], {}, ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to everything inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places_in(item, (*path, key)))]


@st.composite
def mutated_bytes(draw: st.DrawFn) -> bytes:
    """Cut a run file short, flip its bytes, or repeat parts of it."""
    data = bytearray(draw(st.sampled_from(fixtures())))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["cut", "flip", "drop", "repeat", "insert"])):
            case "cut":
                del data[start:]
            case "flip" if start < len(data):
                data[start] ^= draw(st.integers(1, 255))
            case "drop":
                del data[start : start + draw(st.integers(1, 200))]
            case "repeat":
                data[start:start] = data[start : start + draw(st.integers(1, 2_000))]
            case _:
                data[start:start] = draw(st.binary(max_size=20))
    return bytes(data)


@st.composite
def mutated_values(draw: st.DrawFn) -> bytes:
    """Put values of any type into any places of a run file, or take them out."""
    run = json.loads(draw(st.sampled_from(fixtures())))
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from([place for place in places_in(run) if place]))
        inner = run
        for key in path:
            inner = inner[key]
        if draw(st.booleans()) and isinstance(inner, dict):
            del inner[last]
        else:
            inner[last] = draw(values)
    return json.dumps(run).encode()


@pytest.mark.guarantee(16)
@pytest.mark.parametrize("kind", [mutated_bytes, mutated_values])
def test_mutated_run_files(tmp_path_factory: pytest.TempPathFactory, tally: Tally, kind: Any) -> None:
    """Each gives the run, which can be saved, or one error that names the file; never another, and never for others."""
    times = tally.times(f"{kind.__name__} files", quick=100, full=5_000)
    kept: list[bool] = []

    @settings(max_examples=times, database=None)
    @given(kind())
    def check(data: bytes) -> None:
        folder = tmp_path_factory.mktemp("mutated")
        kept.append(look(with_strange(folder, data), "strange") is not None)
        shutil.rmtree(folder)

    check()
    tally.note(f"{kind.__name__} files that are runs all the same", sum(kept))

    assert {True, False} == set(kept)


def strange_files() -> dict[str, bytes]:
    """Return what else may be found in a folder of runs."""
    whole = fixtures()[0]
    text = whole.decode()
    extra = '{"extra": '
    run = {"id": "strange", "goal_id": "g"}
    return {
        "empty": b"",
        "zeros": b"\0" * 4_096,
        "random": bytes(range(256)) * 16,
        "mark first": b"\xef\xbb\xbf" + whole,
        "utf-16": text.encode("utf-16"),
        "utf-32": text.encode("utf-32"),
        "latin-1": b'{"id": "\xe9"}',
        "deep lists": b"[" * 100_000,
        "deep, closed": b'{"id": "strange", "goal_id": "g", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "deep objects": extra.encode() * 100_000 + b"1" + b"}" * 100_000,
        "deep but legal": text.replace("{", extra + "[" * 90 + "]" * 90 + ", ", 1).encode(),
        "a long number": b'{"id": "strange", "goal_id": "g", "x": ' + b"9" * 1_000_000 + b"}",
        "a large float": b'{"id": "strange", "goal_id": "g", "x": 1e999999}',
        "not a number": b'{"id": "strange", "goal_id": "g", "x": NaN}',
        "keys twice": b'{"id": "strange", "goal_id": "a", "goal_id": "b", "id": "strange"}',
        "many keys": json.dumps({"id": "strange", "goal_id": "g", **{f"k{n}": n for n in range(200_000)}}).encode(),
        "large text": b'{"id": "strange", "goal_id": "g", "narrative": "' + b"x" * 50_000_000 + b'"}',
        "lone surrogate": b'{"id": "strange", "goal_id": "\\ud800", "narrative": "\\udfff"}',
        "another id": b'{"id": "another", "goal_id": "goal"}',
        "hostile id": b'{"id": "../../x", "goal_id": "../../y", "status": "/z"}',
        "numbers for texts": b'{"id": 7, "goal_id": 8, "status": 9, "metrics": 10}',
        "metrics of lists": b'{"id": "strange", "goal_id": "g", "metrics": {"nodes_executed": [1, null, {}]}}',
        "mixed times": json.dumps(
            {**run, "started_at": "2025-01-01T00:00:00", "completed_at": "2025-01-01T00:00:00Z"}
        ).encode(),
        "two documents": whole + whole,
        "a comment": b"// run\n" + whole,
        "a page": b"<!DOCTYPE html><title>502 Bad Gateway</title>",
    }


@pytest.mark.guarantee(16)
def test_hand_picked_strange_files(tmp_path: Path, tally: Tally) -> None:
    """As for the mutated ones; the command line goes on with the rest too."""
    strange = strange_files()
    unclear = []
    for name, data in strange.items():
        storage = with_strange(tmp_path / name, data)
        try:
            look(storage, "strange")
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is one too many
            unclear.append((name, repr(exc)[:300]))
    tally.note("hand-picked strange files", len(strange))
    listed = subprocess.run(
        [sys.executable, "-m", "runspan", "list", "-s", str(tmp_path / "two documents")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert [] == unclear
    assert "goal" in listed.stdout
    assert "Traceback" not in listed.stderr
