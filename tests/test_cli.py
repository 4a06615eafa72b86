"""The command line: what it prints where, its exit codes, and that nothing in a run file can harm a terminal."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner

import runspan
from runspan.cli import main
from runspan.interchange import replayed_spans
from runspan.native import SUMMARY_FIELDS
from runspan.testing import SequentialIds, StepClock
from tests.receiver import Receiver
from tests.traces import json_lines

if TYPE_CHECKING:
    from click.testing import Result

    from tests.conftest import Golden

FIXTURES: Final = Path(__file__).parent / "native-fixtures"
OPTIONS: Final[list[dict[str, Any]]] = [
    {"id": "cake", "description": "Bake a cake", "pros": ["sweet"], "cons": ["slow"], "confidence": 0.75},
    {"id": "pie", "description": "Buy a pie", "action_params": {"size": 3}},
]


def run(*arguments: object, **environment: str) -> Result:
    """Run a command in this process."""
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(main, words, env=environment, prog_name="runspan", terminal_width=80)


def environment_with(**variables: str) -> dict[str, str]:
    """The environment of a process whose output goes into a pipe, whatever terminal the tests run in."""
    terminal = {"COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TERM"}
    return {name: value for name, value in os.environ.items() if name not in terminal} | variables


def run_real(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as users do."""
    command = [sys.executable, "-m", "runspan", *map(str, arguments)]
    env = environment_with(**environment)
    return subprocess.run(command, env=env, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60)


@pytest.fixture
def runtime(tmp_path: Path) -> runspan.Runtime:
    """A Runtime whose ids and times are the same in every test run."""
    return runspan.Runtime(tmp_path / "runs of mine", clock=StepClock(), run_digits=SequentialIds().run_digits)


@pytest.fixture
def storage(runtime: runspan.Runtime) -> Path:
    """A storage with two runs: one that went well, and a later one that shows everything."""
    with runtime.run("tea"):
        runtime.record_outcome(runtime.quick_decision("make tea", "Boil water", "It is five."), success=True)
    runtime.start_run("dessert", "Bring dessert", {"guests": 4})
    runtime.set_node("kitchen")
    with runtime.decision("choose", OPTIONS, "cake", "They like it.", constraints=["no nuts"], context={"day": 1}) as d:
        inner = runtime.decide("look for eggs", OPTIONS, "pie", "", node_id="fridge", decision_type="tool_selection")
        runtime.record_outcome(inner, success=False, error="none left", latency_ms=12, tokens_used=1_200)
        runtime.report_problem("critical", "no eggs", inner, root_cause="breakfast", suggested_fix="buy some")
        d.outcome(summary="will do", state_changes={"oven": "on"}, latency_ms=2_500)
    runtime.decide("serve", OPTIONS, "ice", "")
    runtime.report_problem("minor", "late")
    runtime.end_run(success=False, narrative="No dessert.", output_data={"served": 0})
    assert runtime.storage is not None
    return runtime.storage.base_path


FIRST: Final = "run_20261123_120000_00000001"
SECOND: Final = "run_20261123_120000_00000002"

TREE: Final = f"""\
{SECOND}  failed
├── goal: dessert — Bring dessert
├── started: 2026-11-23 12:00:00 UTC, took 8 ms
├── narrative: No dessert.
├── input: {{"guests": 4}}
├── output: {{"served": 0}}
├── +1 ms  choose  (dec_0 in kitchen)
│   ├── ▶ cake  Bake a cake  confidence 0.75  + sweet  - slow
│   ├── ○ pie  Buy a pie  confidence 0.5  {{"size": 3}}
│   ├── why: They like it.
│   ├── constraints: no nuts
│   ├── context: {{"day": 1}}
│   ├── ✓ will do  2.5 s  changed {{"oven": "on"}}
│   └── +2 ms  look for eggs  (dec_1 in fridge, tool_selection)
│       ├── ○ cake  Bake a cake  confidence 0.75  + sweet  - slow
│       ├── ▶ pie  Buy a pie  confidence 0.5  {{"size": 3}}
│       ├── ✗ none left  12 ms  1,200 tokens
│       └── ! critical: no eggs  +4 ms
│           ├── cause: breakfast
│           └── fix: buy some
├── +6 ms  serve  (dec_2 in kitchen)
│   ├── ○ cake  Bake a cake  confidence 0.75  + sweet  - slow
│   ├── ○ pie  Buy a pie  confidence 0.5  {{"size": 3}}
│   ├── ▶ ice  is none of the options
│   └── ? no outcome
└── ! minor: late  +7 ms
"""


def test_show_tells_everything_of_a_run(storage: Path) -> None:
    """Decisions inside each other, the choice, the outcome, problems at their decision, times from the start."""
    assert TREE == run("show", SECOND, "--storage", storage).output


def test_show_json_is_the_file(storage: Path) -> None:
    """Byte for byte."""
    assert (storage / "runs" / f"{SECOND}.json").read_bytes() == run(
        "show", SECOND, "-s", storage, "--json"
    ).stdout_bytes


def test_list_is_newest_first(storage: Path) -> None:
    """A table of all runs from their summaries."""
    lines = run("list", "--storage", storage).stdout.splitlines()

    assert ["Run", "Goal", "Status", "Decisions", "Success", "Problems", "Duration", "Started"] == lines[0].split()
    assert [SECOND, FIRST] == [line.split()[0] for line in lines[1:]]
    assert f"{SECOND} dessert failed 3 33% 2 8 ms 2026-11-23 12:00:00 UTC".split() == lines[1].split()


def test_list_json_has_the_native_names(storage: Path) -> None:
    """One array of summaries."""
    summaries = json.loads(run("list", "-s", storage, "--json").stdout)

    assert [SECOND, FIRST] == [summary["run_id"] for summary in summaries]
    assert list(SUMMARY_FIELDS) == list(summaries[0])
    assert summaries[0] == json.loads((storage / "summaries" / f"{SECOND}.json").read_bytes())


def test_list_orders_by_start_not_by_id(storage: Path) -> None:
    """Runs of one second are told apart by the start that stands in their files."""
    earlier = json.loads((storage / "runs" / f"{SECOND}.json").read_bytes())
    earlier |= {"id": "zzz", "started_at": "2020-01-01T00:00:00Z"}
    runspan.FileStorage(storage).save_run(runspan.Run.model_validate(earlier))
    shown = json.loads(run("list", "-s", storage, "--json").stdout)

    assert [SECOND, FIRST, "zzz"] == [summary["run_id"] for summary in shown]


def test_list_of_an_empty_storage_is_empty(tmp_path: Path) -> None:
    """That there is nothing is no error; the note is no data."""
    runspan.FileStorage(tmp_path)
    shown = run("list", "-s", tmp_path)

    assert (0, "", "no runs yet\n") == (shown.exit_code, shown.stdout, shown.stderr)
    assert [] == json.loads(run("list", "-s", tmp_path, "--json").stdout)


@pytest.mark.parametrize("word", ["latest", SECOND])
def test_show_finds_the_run_meant(storage: Path, word: str) -> None:
    """By id, or as the latest."""
    assert TREE == run("show", word, "-s", storage).output


def test_show_takes_the_beginning_of_an_id(storage: Path) -> None:
    """As long as it is unique; else the ids it may be are named."""
    renamed = json.loads((storage / "runs" / f"{FIRST}.json").read_bytes()) | {"id": "other_run"}
    runspan.FileStorage(storage).save_run(runspan.Run.model_validate(renamed))
    unique, twice = run("show", "oth", "-s", storage), run("show", "run_", "-s", storage)

    assert "other_run" == unique.stdout.split()[0]
    assert 2 == twice.exit_code
    assert f"Error: 'run_' is the beginning of 2 run ids: {FIRST}, {SECOND}\n" == twice.stderr


def test_run_named_latest_wins(storage: Path) -> None:
    """A run's own id comes before the word."""
    renamed = json.loads((storage / "runs" / f"{FIRST}.json").read_bytes()) | {"id": "latest"}
    runspan.FileStorage(storage).save_run(runspan.Run.model_validate(renamed))

    assert "latest" == run("show", "latest", "-s", storage).stdout.split()[0]


def test_mistyped_run_is_suggested(storage: Path) -> None:
    """What may have been meant, and how to see what is there."""
    shown = run("show", SECOND.replace("2026", "2025"), "-s", storage)

    assert (2, "") == (shown.exit_code, shown.stdout)
    assert f"Did you mean {SECOND} or {FIRST}?" in shown.stderr
    assert "runspan list --storage" in shown.stderr
    assert 1 == len(shown.stderr.splitlines())


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["shwo"], "Did you mean show?"),
        (["list", "--jsno"], "--json"),
        (["show"], "Missing argument 'RUN'"),
        (["x"], "no command 'x'"),
    ],
)
def test_mistyped_command_is_refused(arguments: list[str], hint: str) -> None:
    """On stderr, with a hint, exit code 2, nothing on stdout."""
    shown = run_real(*arguments)

    assert (2, "") == (shown.returncode, shown.stdout)
    assert re.search(r"^Error: .*" + re.escape(hint), shown.stderr, re.MULTILINE)


def test_missing_storage_is_refused_and_not_made(tmp_path: Path) -> None:
    """A mistyped folder does not come into being by being looked at; nor is any folder a storage."""
    missing, other = run_real("list", "-s", tmp_path / "typo"), run_real("list", "-s", tmp_path)

    assert f"Error: there is no storage {tmp_path / 'typo'}. " in missing.stderr
    assert f"Error: {tmp_path} is no storage" in other.stderr
    assert [2, 2] == [missing.returncode, other.returncode]
    assert [] == list(tmp_path.iterdir())


def test_storage_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """In one line."""
    (tmp_path / "file").touch()
    shown = run_real("list", "-s", tmp_path / "file")

    assert (2, 1) == (shown.returncode, len(shown.stderr.splitlines()))
    assert "is no folder" in shown.stderr


def test_bad_variable_is_refused(storage: Path) -> None:
    """One handler turns our errors into a line."""
    shown = run_real("list", "-s", storage, RUNSPAN_JAEGER_URL="jaeger")

    assert (2, "") == (shown.returncode, shown.stdout)
    assert "Error: RUNSPAN_JAEGER_URL='jaeger': must begin with http:// or https://\n" == shown.stderr


def test_storage_comes_from_option_environment_or_default(storage: Path, tmp_path: Path) -> None:
    """In this order."""
    shutil.copytree(storage, tmp_path / "here" / ".runspan")
    command = [sys.executable, "-m", "runspan", "list"]
    env = environment_with()
    default = subprocess.run(command, cwd=tmp_path / "here", env=env, capture_output=True, text=True, check=True)

    assert SECOND in default.stdout
    assert SECOND in run("list", RUNSPAN_STORAGE=str(storage)).stdout
    assert SECOND in run("list", "--storage", storage, RUNSPAN_STORAGE=str(tmp_path / "none")).stdout


def test_show_refuses_a_corrupt_run(storage: Path) -> None:
    """One line that names the file; with --json as well."""
    path = storage / "runs" / f"{SECOND}.json"
    path.write_bytes(path.read_bytes()[:500])

    for arguments in ([], ["--json"]):
        shown = run_real("show", SECOND, "-s", storage, *arguments)
        assert (2, "", 1) == (shown.returncode, shown.stdout, len(shown.stderr.splitlines()))
        assert shown.stderr.startswith(f"Error: {path} ")


def test_list_goes_on_past_a_corrupt_run(storage: Path) -> None:
    """It is named on stderr; the others are listed, and --json stays JSON."""
    path = storage / "runs" / f"{FIRST}.json"
    path.write_bytes(b"{")
    (storage / "summaries" / path.name).write_bytes(b"")
    shown = run("list", "-s", storage, "--json")

    assert [SECOND] == [summary["run_id"] for summary in json.loads(shown.stdout)]
    assert 0 == shown.exit_code
    assert str(path) in shown.stderr


def test_show_works_on_the_originals_files(tmp_path: Path) -> None:
    """Every run of the original runtime is shown."""
    shutil.copytree(FIXTURES, tmp_path / "copy")
    for path in sorted(tmp_path.glob("copy/*/runs/*.json")):
        shown = run("show", path.stem, "-s", path.parents[1])

        assert 0 == shown.exit_code, shown.output
        assert shown.stdout.startswith(path.stem)


HOSTILE: Final = "[bold red]x[/] :smile: \x1b[31mred\x1b]0;title\x07 \r\x08 \u202eevil \u2028 \x9b31m"


def hostile_run() -> dict[str, Any]:
    """A run in which every text is hostile."""
    option = {
        "id": HOSTILE,
        "description": HOSTILE,
        "pros": [HOSTILE],
        "cons": [HOSTILE],
        "action_params": {HOSTILE: 1},
    }
    outcome = {"success": False, "error": HOSTILE, "summary": HOSTILE, "state_changes": {HOSTILE: HOSTILE}}
    return {
        "id": "hostile",
        "goal_id": HOSTILE,
        "goal_description": HOSTILE,
        "started_at": "2026-11-23T12:00:00Z",
        "narrative": HOSTILE,
        "input_data": {HOSTILE: HOSTILE},
        "decisions": [
            {
                "id": HOSTILE,
                "timestamp": "2026-11-23T12:00:01Z",
                "node_id": HOSTILE,
                "intent": HOSTILE,
                "options": [option],
                "chosen_option_id": HOSTILE,
                "reasoning": HOSTILE,
                "active_constraints": [HOSTILE],
                "input_context": {HOSTILE: [HOSTILE]},
                "outcome": outcome | {"timestamp": "2026-11-23T12:00:01Z"},
                "evaluation": {"explanation": HOSTILE},
                "parent_decision_id": HOSTILE,
            }
        ],
        "problems": [
            {
                "id": "prob_0",
                "severity": "critical",
                "description": HOSTILE,
                "root_cause": HOSTILE,
                "decision_id": "of another run" + HOSTILE,
                "suggested_fix": HOSTILE,
                "timestamp": "2026-11-23T12:00:01Z",
            }
        ],
        "trace_id": HOSTILE,
        "agent_name": HOSTILE,
    }


def save(folder: Path, run_data: dict[str, Any]) -> Path:
    """Store a run written by hand."""
    runspan.FileStorage(folder).save_run(runspan.Run.model_validate(run_data))
    return folder


@pytest.mark.parametrize(("command", "places"), [(["show", "hostile"], 29), (["list"], 1)], ids=["show", "list"])
@pytest.mark.parametrize("colours", [{}, {"FORCE_COLOR": "1"}])
def test_texts_of_strangers_are_shown_and_not_obeyed(
    tmp_path: Path, command: list[str], places: int, colours: dict[str, str]
) -> None:
    """No markup, no escape sequence, no bidi mark and no carriage return reaches the terminal."""
    shown = run_real(*command, "-s", save(tmp_path, hostile_run()), RUNSPAN_JAEGER_URL="http://jaeger", **colours)

    assert 0 == shown.returncode, shown.stderr
    assert places == len(re.findall(r"\[bold red\]x\[/\] :smile: \\(x|u00)1b\[31mred\\", shown.stdout))
    assert not re.search(r"[\x00-\x09\x0b-\x1a\x1c-\x1f\x7f-\x9f\u2028\u202e\r]", shown.stdout)
    assert set() == set(re.findall(r"\x1b(?!\[[0-9;]*m)", shown.stdout))
    assert "Jaeger:" not in shown.stdout


def test_hostile_ids_reach_stderr_as_text(tmp_path: Path) -> None:
    """Error messages are texts of strangers, too."""
    shown = run_real("show", "\x1b[31m\nno", "-s", save(tmp_path, hostile_run()))

    assert (2, 1) == (shown.returncode, len(shown.stderr.splitlines()))
    assert "\x1b" not in shown.stderr


def width_of(text: str) -> int:
    """The longest line, in columns."""
    from rich.cells import cell_len  # noqa: PLC0415 - for these tests only

    return max(cell_len(line) for line in text.splitlines())


def deep_run(depth: int) -> dict[str, Any]:
    """A run whose decisions are all inside each other."""
    decision = {"timestamp": "2026-11-23T12:00:01Z", "node_id": "n", "intent": "go deeper, word by word", "options": []}
    inside = [
        decision | {"id": f"dec_{number}", "parent_decision_id": f"dec_{number - 1}"} for number in range(1, depth)
    ]
    run_data = {"id": "deep", "goal_id": "g", "started_at": "2026-11-23T12:00:00Z"}
    return run_data | {"decisions": [decision | {"id": "dec_0"}, *inside]}


@pytest.mark.parametrize("command", [["show", "hostile"], ["show", "deep"], ["list"]])
def test_sixty_columns_are_enough(tmp_path: Path, command: list[str]) -> None:
    """No line is longer, however deep the decisions are, and nothing is cut."""
    save(tmp_path, hostile_run())
    save(tmp_path, deep_run(300))
    shown = run_real(*command, "-s", tmp_path, COLUMNS="60")

    assert 0 == shown.returncode, shown.stderr
    assert 60 >= width_of(shown.stdout)
    if command == ["show", "deep"]:
        assert 300 == len(re.findall(r"\(dec_\d+ in n\)", re.sub(r"[\s│]+", " ", shown.stdout)))
        assert "inside dec_298" in shown.stdout


def test_list_on_a_narrow_screen_has_lines_for_each_run(storage: Path) -> None:
    """Where a table would have to break its cells, everything of a run stands beneath its id."""
    lines = run_real("list", "-s", storage, COLUMNS="60").stdout.splitlines()

    assert f"{SECOND}  failed" == lines[0]
    assert "  dessert  8 ms  2026-11-23 12:00:00 UTC" == lines[1]
    assert "  decisions 3  success 33%  problems 2" == lines[2]
    assert f"{FIRST}  completed" == lines[3]


def test_a_pipe_gets_whole_lines_without_colours(tmp_path: Path) -> None:
    """Whatever is long stays in one line and whole, so that grep and cut find it."""
    run_id = "run_" + "x" * 150
    save(tmp_path, hostile_run() | {"id": run_id, "narrative": "word " * 100})
    listed, shown = run_real("list", "-s", tmp_path), run_real("show", run_id[:9], "-s", tmp_path)

    assert run_id == listed.stdout.splitlines()[1].split()[0]
    assert run_id == shown.stdout.split()[0]
    assert ("word " * 100).strip() in shown.stdout
    assert "\x1b" not in listed.stdout + shown.stdout


def test_what_is_too_long_is_cut_and_counted(tmp_path: Path) -> None:
    """The chosen option is always among those shown."""
    run_data = deep_run(1)
    options = [{"id": f"o{number}", "description": ""} for number in range(100)]
    run_data["decisions"][0] |= {"options": options, "chosen_option_id": "o77", "reasoning": "r" * 1_000}
    shown = run("show", "deep", "-s", save(tmp_path, run_data)).stdout

    assert "▶ o77" in shown
    assert "… and 79 more options" in shown
    assert "r" * 600 + "… (400 more characters)" in shown


@pytest.mark.parametrize(
    ("completed_at", "expected"),
    [
        ("12:00:00.0419", "took 41 ms"),
        ("12:00:03.14", "took 3.1 s"),
        ("12:02:05", "took 2 min 5 s"),
        (None, "not ended"),
    ],
)
def test_durations_are_as_people_say_them(tmp_path: Path, completed_at: str | None, expected: str) -> None:
    """Milliseconds, seconds, minutes; an open run has none yet."""
    ended = {"completed_at": f"2026-11-23T{completed_at}Z"} if completed_at else {}

    assert f", {expected}\n" in run("show", "deep", "-s", save(tmp_path, deep_run(1) | ended)).stdout


def test_incomplete_run_says_so(tmp_path: Path) -> None:
    """A run that was not rebuilt whole is not passed off as whole."""
    shown = run("show", "deep", "-s", save(tmp_path, deep_run(1) | {"incomplete": ["span 3 is missing"]})).stdout

    assert 'incomplete: ["span 3 is missing"]' in shown


def test_latest_of_nothing_is_refused(tmp_path: Path) -> None:
    """In a storage without runs there is no latest."""
    runspan.FileStorage(tmp_path)
    shown = run("show", "latest", "-s", tmp_path)

    assert (2, f"Error: there is no run in {tmp_path} yet\n") == (shown.exit_code, shown.stderr)


def test_jaeger_link_is_shown(tmp_path: Path) -> None:
    """With RUNSPAN_JAEGER_URL, of a run that has a trace; whole, however narrow the terminal."""
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    save(tmp_path, deep_run(1) | {"trace_id": trace_id})
    link = f"http://127.0.0.1:16686/trace/{trace_id}"

    assert (
        f"\nJaeger: {link}\n"
        in run("show", "deep", "-s", tmp_path, RUNSPAN_JAEGER_URL="http://127.0.0.1:16686/", COLUMNS="40").stdout
    )
    assert "Jaeger" not in run("show", "deep", "-s", tmp_path).stdout


def test_output_that_knows_few_characters_gets_escapes(storage: Path) -> None:
    """A terminal of another encoding is no reason to fail."""
    command = [sys.executable, "-m", "runspan", "show", "latest", "-s", str(storage)]
    env = environment_with(PYTHONIOENCODING="latin-1")
    done = subprocess.run(command, env=env, capture_output=True, check=False)

    assert b"\\u25b6 cake" in done.stdout
    assert (0, b"") == (done.returncode, done.stderr)


def test_a_reader_that_has_seen_enough_is_no_fault(tmp_path: Path) -> None:
    """`runspan show … | head` ends without a word."""
    save(tmp_path, deep_run(2_000))
    command = [sys.executable, "-m", "runspan", "show", "deep", "-s", str(tmp_path)]
    with subprocess.Popen(command, env=environment_with(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()

        assert b"" == process.stderr.read()


def test_help_loads_nothing_heavy() -> None:
    """Neither pydantic nor the SDK nor rich."""
    code = (
        "import sys\nfrom runspan.cli import main\n"
        "for arguments in (['--help'], ['show', '--help'], ['--version']):\n"
        "    main(arguments, standalone_mode=False)\n"
        "heavy = ('pydantic', 'rich', 'opentelemetry.sdk')\n"
        "print([name for name in sys.modules if name.startswith(heavy)], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]\n" == done.stderr


def test_help_lists_commands_and_exit_codes() -> None:
    """The first thing people type."""
    shown = run_real("--help")

    assert 0 == shown.returncode
    assert {"demo", "list", "show"} <= set(shown.stdout.split())
    assert re.search(r"0  done\n.*1  done, and the answer is no\n.*2  could not do it\n", shown.stdout)


def test_version_is_the_packages() -> None:
    """As `runspan.__version__` has it."""
    assert f"runspan, version {runspan.__version__}\n" == run("--version").stdout


COMMANDS: Final = ["runspan", *(f"runspan {name}" for name in sorted(main.commands))]


def test_page_of_the_command_line_is_all_help(golden: Golden) -> None:
    """docs/cli.md is what `--help` says, of every command."""
    parts = ["# Command line\n"]
    for name in COMMANDS:
        lines = run(*name.split()[1:], "--help").stdout.splitlines()
        parts += [f"## {name}\n", "```text", *(line.rstrip() for line in lines), "```\n"]

    golden("docs/cli.md", "\n".join(parts))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_in_an_example_that_works(name: str, storage: Path, tmp_path: Path) -> None:
    """It is run as it stands, where there are a storage, files of those names and a receiver."""
    shutil.copytree(storage, tmp_path / "here" / ".runspan")
    data = (storage / "runs" / f"{FIRST}.json").read_bytes()
    (tmp_path / "here" / "before.json").write_bytes(data)
    (tmp_path / "here" / "after.json").write_bytes(data)
    (tmp_path / "here" / "traces.jsonl").write_bytes(json_lines(replayed_spans(json.loads(data))))
    shown = run(*name.split()[1:], "--help").stdout
    *_, heading, example = [line.strip() for line in shown.splitlines() if line.strip()]
    program, *arguments = shlex.split(example)
    with Receiver() as receiver:
        env = environment_with(OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
        command = [sys.executable, "-m", program, *arguments]
        done = subprocess.run(command, cwd=tmp_path / "here", env=env, capture_output=True, check=False)

    assert "Example:" == heading
    assert example.startswith(name)
    assert 0 == done.returncode, done.stderr
    assert done.stdout
