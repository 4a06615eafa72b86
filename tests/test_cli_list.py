"""`runspan list`: which runs, page by page, and how little is read for the first one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from runspan.cli import main
from runspan.storage import FileStorage
from runspan.values import dumps
from tests.traces import native_run

if TYPE_CHECKING:
    from click.testing import Result

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


def stored(folder: Path, count: int = 120) -> FileStorage:
    """Runs a minute apart; every third one failed, every tenth is of another goal and node."""
    storage = FileStorage(folder)
    with storage.writing_many() as bulk:
        for number in range(count):
            run = native_run(number, decisions=2)
            moment = f"2026-11-23T{10 + number // 60:02}:{number % 60:02}:00Z"
            run |= {"id": run_id(number), "started_at": moment, "trace_id": TRACE_ID}
            run["goal_id"] = "rare" if number % 10 == 0 else "usual"
            run["status"] = "failed" if number % 3 == 0 else "completed"
            run["decisions"][1]["outcome"]["success"] = number % 3 != 0
            run["decisions"][1]["reasoning"] = f"Because of the NEEDLE {number}." if number == 7 else "Because."
            run["metrics"]["nodes_executed"] = ["seldom"] if number % 10 == 0 else ["often"]
            bulk.write(dumps(run, indent=True), run)
    return storage


def run_id(number: int) -> str:
    """The id of a run."""
    return f"run_20261123_{10 + number // 60:02}{number % 60:02}00_{number:08x}"


def run(folder: Path, *words: str, **environment: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["list", "-s", str(folder), *words], env=environment, prog_name="runspan")


def listed(folder: Path, *words: str) -> list[int]:
    """The numbers of the runs that are listed."""
    done = run(folder, "--json", *words)
    assert 0 == done.exit_code, done.output
    return [int(summary["run_id"][-8:], 16) for summary in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A storage of 120 runs."""
    return stored(tmp_path_factory.mktemp("storage")).base_path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], range(119, 69, -1)),
        (["--limit", "3"], [119, 118, 117]),
        (["--all"], range(119, -1, -1)),
        (["--goal", "rare"], range(110, -1, -10)),
        (["--node", "seldom", "--limit", "2"], [110, 100]),
        (["--status", "failed", "--limit", "3"], [117, 114, 111]),
        (["--failed", "--goal", "rare"], [90, 60, 30, 0]),
        (["--text", "needle 7"], [7]),
        (["--since", "2026-11-23T11:58:00Z"], [119, 118]),
        (["--until", "2026-11-23T10:02:00Z"], [1, 0]),
        (["--goal", "none"], []),
    ],
    ids=lambda value: " ".join(map(str, value))[:40],
)
def test_which_runs(folder: Path, words: list[str], expected: Any) -> None:
    """The newest first, fifty at most where nothing else is asked for."""
    assert list(expected) == listed(folder, *words)


def test_page_by_page_is_everything(folder: Path) -> None:
    """Each page says how the next one is asked for; the last one says nothing."""
    seen: list[int] = []
    more: list[str] = []
    while True:
        done = run(folder, "--json", "--limit", "50", *more)
        seen += [int(summary["run_id"][-8:], 16) for summary in json.loads(done.stdout)]
        if not done.stderr:
            break
        more = done.stderr.strip().removeprefix("older ones: ").split()

    assert list(range(119, -1, -1)) == seen


def test_runs_of_the_same_second_are_paged_by_their_start(tmp_path: Path) -> None:
    """Ids tell the second and files the rest; a run of another goal, or without a time in its id, may divide pages."""
    storage = FileStorage(tmp_path)
    starts = {
        "run_20261123_120000_b": "00.1",
        "run_20261123_120000_a": "00.3",
        "old": "00.2",
        "run_20261123_115959_c": "",
    }
    for name, second in starts.items():
        moment = f"2026-11-23T12:00:{second}Z" if second else "2026-11-23T11:59:59Z"
        native = native_run(1) | {"id": name, "started_at": moment, "goal_id": "g" if name != "old" else "other"}
        storage.write_run(dumps(native, indent=True), native)

    def page(*words: str) -> list[str]:
        return [summary["run_id"] for summary in json.loads(run(tmp_path, "--json", *words).stdout)]

    newest_first = ["run_20261123_120000_a", "old", "run_20261123_120000_b", "run_20261123_115959_c"]
    assert newest_first == page()
    assert all(newest_first[at + 1 :] == page("--before", last) for at, last in enumerate(newest_first))
    assert newest_first[2:] == page("--before", "old", "--goal", "g")


@pytest.mark.parametrize(
    ("stored_as", "text"),
    [
        ("caf\\u00e9 \u212a \u00df", "CAFÉ"),
        ("caf\\u00e9 \u212a \u00df", "é k ss"),
        ("a\\/b", "A/B"),
        ('say \\"x\\" here', 'Say \\"X'),
        ("one: two", "One: Two"),
        ("tab\\tstop", "stop"),
    ],
    ids=range(6),
)
def test_text_is_found_however_it_is_written(tmp_path: Path, stored_as: str, text: str) -> None:
    """A file may escape what need not be, and letters may be others that mean the same."""
    storage = FileStorage(tmp_path)
    native = native_run(1) | {"narrative": "NARRATIVE"}
    storage.write_run(dumps(native, indent=True), native)
    path = storage.run_path(str(native["id"]))
    path.write_text(path.read_text(encoding="utf-8").replace("NARRATIVE", stored_as), encoding="utf-8")

    assert 1 == len(json.loads(run(tmp_path, "--json", "--text", text).stdout))
    assert "no such runs" in run(tmp_path, "--text", text + "?").stderr


def test_a_mistyped_id_among_very_many(tmp_path: Path) -> None:
    """The nearest ones are named without comparing each."""
    FileStorage(tmp_path)
    for number in range(3_000):
        (tmp_path / "runs" / f"run_20261123_12{number // 60:02}{number % 60:02}_{number:08x}.json").write_text("{}")
    done = run(tmp_path, "--before", "run_20261123_122501_000005dx")

    assert "Did you mean run_20261123_122501_000005dd" in done.stderr


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_ends_of_time(folder: Path, moment: str) -> None:
    """All or nothing, and no error."""
    assert {0, 120} == {len(listed(folder, "--all", word, moment)) for word in ("--since", "--until")}


def test_the_first_page_reads_its_own_runs_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: ids tell the order."""
    opened: list[str] = []
    real = Path.open

    def spying(path: Path, *arguments: Any, **options: Any) -> Any:
        opened.append(path.stem)
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", spying)
    run(folder)

    assert len({name for name in opened if name.startswith("run_")}) <= 52


def test_links_lead_to_jaeger(folder: Path) -> None:
    """Where it is known, in the data for programs."""
    told = json.loads(run(folder, "--json", "--limit", "1", RUNSPAN_JAEGER_URL="http://localhost:16686").stdout)

    assert f"http://localhost:16686/trace/{TRACE_ID}" == told[0]["jaeger_url"]
    assert "jaeger_url" not in json.loads(run(folder, "--json", "--limit", "1").stdout)[0]


def test_what_is_not_there_is_said(folder: Path) -> None:
    """A mistyped id, and a filter that nothing passes."""
    mistyped = run(folder, "--before", run_id(7)[:-1] + "x")

    assert 2 == mistyped.exit_code
    assert "Did you mean" in mistyped.stderr
    assert (0, "no such runs\n") == (run(folder, "--goal", "none").exit_code, run(folder, "--goal", "none").stderr)
