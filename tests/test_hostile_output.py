"""What hostile runs carry is shown as what it is: by every command, on a terminal and in a pipe, in any field."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest
from rich.cells import cell_len

from runspan import FileStorage
from runspan.pages import insights_page, run_page
from runspan.storage import file_name
from runspan.texts import brief, duration, visible, visible_json, visible_lines
from tests.terminals import colours_in, commands_in, in_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BAD: Final = (
    "A\x1b[31mB\x9b31mC\x85D\u202eE\u2066F\u2069G\u200eH\u200fI\u200bJ\U000e0041K\x1b]8;;http://evil\x1b\\L\x07M\rN\x00"
    "O\x7fP[red]x[/red][link=http://e]y[/link]:smile:\u2028Q\ufeffS\u061cT\U000e0100U\x1b[2J\x1bc"
)
"""Escapes, C1 controls, a link by OSC 8, bidi and invisible marks, tags, markup, and what clears a screen."""

ID: Final = "run_" + BAD.replace("/", "").replace("\x00", "")[:60]
NO_RECEIVER: Final = {"OTEL_EXPORTER_OTLP_TIMEOUT": "1"}


def hostile_run(bad: str, run_id: str, deep: Any = None) -> dict[str, Any]:
    """A run that has this text in each field that takes one, as value and as key."""
    data = {bad: {bad: [bad, deep]}}
    option = {"id": bad, "description": bad, "action_type": bad, "action_params": data, "pros": [bad], "cons": [bad]}
    outcome = {
        "success": False,
        "result": data,
        "error": bad,
        "state_changes": data,
        "tokens_used": 3,
        "latency_ms": 4,
        "summary": bad,
        "timestamp": "2026-11-23T12:00:01Z",
        bad: bad,
    }
    decision = {
        "id": bad,
        "timestamp": "2026-11-23T12:00:00Z",
        "node_id": bad,
        "intent": bad,
        "options": [option, option | {"confidence": 0.7}],
        "chosen_option_id": bad,
        "reasoning": bad,
        "active_constraints": [bad],
        "input_context": data,
        "outcome": outcome,
        "evaluation": {"goal_aligned": True, "outcome_quality": 1.0, "explanation": bad, bad: data},
        "parent_decision_id": bad,
        bad: data,
    }
    problem = {
        "id": bad,
        "severity": "warning",
        "description": bad,
        "root_cause": bad,
        "decision_id": bad,
        "timestamp": "2026-11-23T12:00:00Z",
        "suggested_fix": bad,
    }
    return {
        "id": run_id,
        "goal_id": bad,
        "goal_description": bad,
        "started_at": "2026-11-23T12:00:00Z",
        "completed_at": "2026-11-23T12:00:03Z",
        "status": "failed",
        "decisions": [decision, decision | {"chosen_option_id": f"not {bad}"}],
        "problems": [problem, problem | {"decision_id": None}],
        "narrative": bad,
        "input_data": data,
        "output_data": data,
        "agent_name": bad,
        "session_id": bad,
        "incomplete": [bad],
        "trace_id": bad,
        bad: bad,
        "metrics": {"nodes_executed": [bad], "total_decisions": 2, "failed_decisions": 2},
    }


def copied_in(folder: Path, *runs: dict[str, Any]) -> list[Path]:
    """Put runs into a storage by hand, and return their files."""
    (folder / "runs").mkdir(parents=True)
    paths = [folder / "runs" / file_name(str(run["id"])) for run in runs]
    for path, run in zip(paths, runs, strict=True):
        path.write_text(json.dumps(run, indent=2, ensure_ascii=False), encoding="utf-8")
    FileStorage(folder)
    return paths


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A storage of two hostile runs, and a file that is none."""
    made = tmp_path_factory.mktemp("hostile") / "storage"
    paths = copied_in(made, hostile_run(BAD, ID), hostile_run(BAD, f"{ID}x") | {"narrative": "other"})
    (made / "runs" / file_name(f"{ID}y")).write_text("{", encoding="utf-8")
    (made / "first.json").write_bytes(paths[0].read_bytes())
    (made / "second.json").write_bytes(paths[1].read_bytes())
    (made / "none.json").write_text(f'"{BAD[:1]}', encoding="utf-8")
    return made


COMMANDS: Final = [
    "list",
    "list --json",
    "list --text evil",
    "list --before nope",
    "list --goal BAD",
    "list --status BAD",
    "list --since BAD",
    "show ID",
    "show IDx --full",
    "show ID --problems",
    "show ID --decision BAD",
    "show ID --decision nope",
    "show ID --json",
    "show ID --html -",
    "show ID --html /none/BAD",
    "show IDy",
    "show run_",
    "show nope",
    "show BAD",
    "insights",
    "insights --json",
    "insights --html -",
    "diff first second",
    "diff --json first second",
    "diff first none",
    "diff BAD second",
    "import first BAD",
    "import --json first BAD",
    "replay --endpoint http://127.0.0.1:9",
    "replay --json --endpoint http://127.0.0.1:9",
    "recover --no-send",
    "watch --once",
    "doctor --patience 0",
    "BAD",
    "list --BAD",
]


def worded(command: str, folder: Path) -> list[str]:
    """The words of a command, with what they stand for."""
    words = []
    for word in command.split():
        named = {"first": "first.json", "second": "second.json", "none": "none.json"}.get(word)
        text = str(folder / named) if named else re.sub(r"\bID", lambda _: ID, word)
        words.append(text.replace("BAD", BAD))
    # No program is given NUL; and what somebody has typed click shows by repr, which keeps variation selectors.
    words = [word.replace("\x00", "").replace("\U000e0100", "") for word in words]
    return words if command.endswith("BAD") and len(words) == 1 else [*words, "--storage", str(folder)]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_terminal_gets_nothing_to_obey(folder: Path, command: str) -> None:
    """No escape but our own styles, no control character, no mark that turns text around or is not seen."""
    shown = in_terminal(worded(command, folder), environment=NO_RECEIVER)

    assert set() == commands_in(shown.text)
    assert "Traceback" not in shown.text
    assert shown.text.strip()


@pytest.mark.parametrize("command", ["show ID", "show IDx --full", "list", "diff first second", "insights"])
def test_it_is_shown_as_what_it_is(folder: Path, command: str) -> None:
    """Who looks sees that something odd was said, and markup as it was written."""
    text = re.sub(r"\s+│?|\x1b\[[0-9;]*m", "", in_terminal(worded(command, folder), columns=10_000).text)

    assert r"A\x1b[31mB\x9b31mC\x85D\u202eE\u2066F\u2069G\u200eH" in text
    if command not in {"list", "insights"}:  # which are shorter
        assert "P[red]x[/red][link=http://e]y[/link]:smile:" in text


@pytest.mark.parametrize("command", ["list --json", "show ID --json", "insights --json", "diff --json first second"])
def test_json_says_the_same_on_a_terminal(folder: Path, command: str) -> None:
    """What is escaped there is the same to whoever parses it; in a pipe nothing is touched."""
    words = worded(command, folder)
    piped = subprocess.run([sys.executable, "-m", "runspan", *words], capture_output=True, check=False).stdout
    shown = in_terminal(words).text
    document = shown[re.search(r"[\[{]\n", shown).start() :]  # type: ignore[union-attr]

    assert json.loads(piped) == json.loads(document)
    assert "\u202e" in piped.decode()
    if command == "show ID --json":
        assert (folder / "first.json").read_bytes() == piped


AGENT: Final = """
import sys
from runspan import Runtime
bad, digits = sys.argv[2], sys.argv[2].replace("/", "")[:60]
runtime = Runtime(sys.argv[1], run_digits=lambda: digits, agent_name=bad)
runtime.start_run(bad, bad, {bad: bad})
runtime.record_outcome(runtime.decide(bad, [{"id": bad}], bad, bad, node_id=bad), False, error=bad)
runtime.decide(bad, [{"id": bad}], bad, bad)
runtime.report_problem("warning", bad)
print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose run is in progress."""
    command = [sys.executable, "-c", AGENT, str(tmp_path), BAD.replace("\x00", "")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"up\n" == process.stdout.readline()
        yield process
        process.kill()


def test_runs_in_progress_and_dead_ones(tmp_path: Path, agent: subprocess.Popen[bytes]) -> None:
    """Watched as they go on, and recovered; beside them a journal that is none."""
    everything = [
        in_terminal(["watch", "-s", tmp_path], until=lambda text: "Doing" in text),
        in_terminal(["watch", "--json", "-s", tmp_path], until=lambda text: "runs" in text),
        in_terminal(["watch", "--once", "-s", tmp_path]),
    ]
    agent.kill()
    agent.wait()
    (tmp_path / "journal" / f"{ID[:40]}.jsonl").write_bytes(b"nothing of the kind")
    everything += [
        in_terminal(["watch", "--once", "-s", tmp_path]),
        in_terminal(["recover", "--no-send", "-s", tmp_path]),
        in_terminal(["show", "latest", "-s", tmp_path]),
    ]

    assert [set()] * len(everything) == [commands_in(shown.text) for shown in everything]
    assert all(r"\x1b" in shown.text for shown in everything[2:])


# Marks heaped up, depth, sizes.


def test_marks_heaped_up_stay_in_their_line() -> None:
    """A letter keeps as many as any script has, and emoji and joined letters stay what they are."""
    fine = "e\u0301 \u0e19\u0e49\u0e33 \u05e9\u05c1\u05bc\u05b8 \u0928\u094d\u200d\u092f 👩\u200d❤\ufe0f\u200d👨 ok"

    assert fine == visible(fine)
    assert "z" + "\u0301" * 6 + "…y" == visible("z" + "\u0301" * 300 + "y")
    assert "z" + "\u0301\u200d" * 3 + "…y" == visible("z" + "\u0301\u200d" * 100 + "y")
    assert ("a\nb\t" + "\u0301" * 6 + "…", 0) == visible_lines("a\nb\t" + "\u0301" * 20, 100)


def test_marks_heaped_up_in_a_run(tmp_path: Path) -> None:
    """By commands and pages."""
    run = hostile_run("z" + "\u0301" * 900, "run_1")
    copied_in(tmp_path, run)
    shown = [in_terminal([*words, "-s", tmp_path]).text for words in (["list"], ["show", "run_1", "--full"])]
    shown += [in_terminal([*words, "--html", "-", "-s", tmp_path]).text for words in (["show", "run_1"], ["insights"])]

    assert all(re.search("z\u0301{6}…", text) and not re.search("\u0301{7}", text) for text in shown)


def test_json_for_a_terminal() -> None:
    """Escapes instead of what is hidden, beyond the first plane too; a carriage return between values is left out."""
    text = '{"a\x9b": "\u202e\U000e0041\x7f \\u001b é 👩\u200d❤"}\r\n'

    assert '{"a\\u009b": "\\u202e\\udb40\\udc41\\u007f \\u001b é 👩\u200d❤"}\n' == visible_json(text)
    assert json.loads(text) == json.loads(visible_json(text))


@pytest.mark.parametrize("levels", [240, 500, 1_000])
def test_what_is_deeper_than_anybody_reads(tmp_path: Path, levels: int) -> None:
    """Shown as far as it goes, or refused in one line; never a traceback."""
    deep: Any = []
    for _ in range(levels):
        deep = [deep]
    text = json.dumps(hostile_run("b", "run_1", "DEEP"), indent=2)
    (tmp_path / "runs").mkdir()
    path = tmp_path / "runs" / "run_1.json"
    path.write_text(text.replace('"DEEP"', "[" * levels + "]" * levels), encoding="utf-8")
    commands = [["list"], ["show", "run_1"], ["show", "run_1", "--full"], ["show", "run_1", "--problems"], ["insights"]]
    commands += [["show", "run_1", "--html", "-"], ["diff", str(path), str(path)], ["list", "--text", "b"]]
    for words in commands:
        shown = in_terminal([*words, "-s", tmp_path])

        assert shown.code in {0, 2}, shown.text
        assert "Traceback" not in shown.text

    assert brief(deep)


def test_numbers_beyond_all_bounds(tmp_path: Path) -> None:
    """In a run and in its summary, which hands have edited."""
    run = hostile_run("b", "run_1") | {"started_at": "0001-01-01T00:00:00Z", "completed_at": "9999-12-31T23:59:59Z"}
    huge = 10**400
    run["decisions"][0]["outcome"] |= {"latency_ms": huge, "tokens_used": huge}
    run["metrics"] |= {"total_tokens": huge, "total_latency_ms": huge}
    copied_in(tmp_path, run)
    commands = [["list"], ["show", "run_1"], ["show", "run_1", "--full"], ["insights"], ["insights", "--json"]]
    commands += [["show", "run_1", "--html", "-"], ["insights", "--html", "-"], ["list", "--json"]]
    shown = [in_terminal([*words, "-s", tmp_path]) for words in commands]
    summary = json.loads(shown[-1].text)[0] | {"duration_ms": huge, "decision_count": huge, "success_rate": 1e308}
    (tmp_path / "summaries" / "run_1.json").write_text(json.dumps(summary), encoding="utf-8")
    shown.append(in_terminal(["list", "-s", tmp_path]))

    assert [0] * len(shown) == [each.code for each in shown], [each.text[-500:] for each in shown if each.code]
    assert "… (381 more characters) ms" in duration(huge)


LIMITED: Final = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
from runspan.cli import main
main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by Linux")
def test_ten_megabytes_are_shown_in_little(tmp_path: Path) -> None:
    """Whatever is long is cut; a GiB of memory is enough, and a page stays one that is read."""
    long = "w\x1b\u202eé" * 2_500_000
    run = hostile_run("b", "run_1")
    run["decisions"][0] |= {"reasoning": long, "input_context": {long: 1}}
    paths = copied_in(tmp_path, run, run | {"id": "run_2", "narrative": long})
    most = {"show --full": 2_500_000, "list": 2_000}
    for words in (
        ["list"],
        ["show", "run_1"],
        ["show", "run_1", "--full"],
        ["show", "run_1", "--problems"],
        ["show", "run_2", "--html", "-"],
        ["insights"],
        ["insights", "--html", "-"],
        ["diff", *map(str, paths)],
    ):
        command = [sys.executable, "-c", LIMITED, *words, "-s", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, check=False)

        assert done.returncode in {0, 1}, done.stderr[-2_000:]
        assert b"Traceback" not in done.stderr
        assert len(done.stdout) < most.get(f"{words[0]} {words[-1]}", 200_000)


def test_pages_of_nothing_but_marks() -> None:
    """Title, anchors, figures and tooltips have neither control characters nor marks that turn text around."""
    page = run_page(hostile_run(BAD, BAD) | {"decisions": [], "problems": []} | {"metrics": {"total_tokens": 0}})

    assert set() == commands_in(page)
    from runspan.insights import find_insights  # noqa: PLC0415 - for this test only

    assert set() == commands_in(insights_page(find_insights([hostile_run(BAD, BAD)] * 60), selection=BAD))


# Pipes, colours, narrow screens.

PLAIN: Final = [
    "list",
    "show ID",
    "show ID --full",
    "show ID --problems",
    "show nope",
    "insights",
    "diff first second",
    "import first",
    "replay --endpoint http://127.0.0.1:9",
    "recover --no-send",
    "watch --once",
    "doctor --patience 0",
    "list --help",
]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A storage of two runs with long words and many words."""
    made = tmp_path_factory.mktemp("plain") / "storage"
    long = "many words " * 15 + "onelongword" * 12 + "漢字" * 40
    paths = copied_in(made, hostile_run(long, ID), hostile_run(long, f"{ID}x") | {"narrative": "other"})
    for name, path in zip(("first.json", "second.json"), paths, strict=True):
        (made / name).write_bytes(path.read_bytes())
    return made


@pytest.mark.parametrize("command", PLAIN)
def test_no_colours_in_a_pipe_nor_where_they_are_not_wanted(plain: Path, command: str) -> None:
    """A pipe gets no escape at all; with NO_COLOR a terminal gets bold and faint text at most."""
    words = worded(command, plain)
    environment = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"} | NO_RECEIVER
    piped = subprocess.run(
        [sys.executable, "-m", "runspan", *words], capture_output=True, text=True, env=environment, check=False
    )

    assert "\x1b" not in piped.stdout + piped.stderr
    assert set() == colours_in(in_terminal(words, environment=NO_RECEIVER | {"NO_COLOR": "1"}).text)


def test_there_are_colours_elsewhere(plain: Path) -> None:
    """The test above can fail."""
    assert colours_in(in_terminal(worded("show ID", plain)).text)
    assert colours_in(in_terminal(worded("doctor --patience 0", plain), environment=NO_RECEIVER).text)


@pytest.mark.parametrize("command", PLAIN)
def test_sixty_columns_are_enough_for_every_command(plain: Path, command: str) -> None:
    """Only what is to be copied stays in one line: fixes, and words on stderr, which name files and commands."""
    words = worded(command, plain)
    environment = os.environ | NO_RECEIVER | {"COLUMNS": "60"}
    done = subprocess.run(
        [sys.executable, "-m", "runspan", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )
    lines = done.stdout.splitlines()
    if command.startswith("doctor"):
        lines = [line for line in lines if not line.startswith("  ")]

    assert [] == [line for line in lines if cell_len(line) > 60]
