"""The command line: what people see, what programs get, and what is said when it cannot be done."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from runspan.cli import main
from runspan.testing import CapturedRuns
from tests.backends.scenarios import SCENARIOS

COMMANDS = ["demo", "list", "show"]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A storage with every scenario: run ids by scenario, and the folder under `storage`."""
    folder = tmp_path_factory.mktemp("cli")
    runs = CapturedRuns(folder)
    return {name: scenario(runs.runtime) for name, scenario in SCENARIOS.items()} | {"storage": str(folder)}


def run(*arguments: str, env: dict[str, str] | None = None) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, list(arguments), env=env)


def test_show_tells_all_of_a_run(stored: dict[str, str]) -> None:
    """Decisions, options with the chosen one marked, reasoning, outcome, problems, times."""
    shown = run("show", stored["failure"], "--storage", stored["storage"]).stdout

    for expected in (
        stored["failure"],
        "failed",
        "✗ [pay] Issue the refund",
        "▶ refund Pay the money back",
        "· replace Send a new one",
        "because Paved road",
        "payments API timed out after 30 s",
        "! critical Refund not issued",
        "cause: timeout",
        "fix: Retry with backoff",
        "✓ [mail] Tell the customer",
    ):
        assert expected in shown
    assert re.search(r"dec_1  \+\d+ ms", shown)


def test_nested_decisions_are_branches(stored: dict[str, str]) -> None:
    """A decision made inside another's execution stands beneath it."""
    lines = run("show", stored["nested"], "--storage", stored["storage"]).stdout.splitlines()
    depth = {
        name: next(line.index(name) for line in lines if name in line) for name in ("[plan]", "[lookup]", "[round]")
    }

    assert depth["[plan]"] < depth["[lookup]"] < depth["[round]"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_run_can_be_shown_and_given_to_programs(stored: dict[str, str], scenario: str) -> None:
    """The tree for people; with --json the file's bytes, unchanged."""
    run_id, storage = stored[scenario], stored["storage"]
    as_json = run("show", run_id, "--storage", storage, "--json")

    assert 0 == run("show", run_id, "--storage", storage).exit_code
    assert (Path(storage) / "runs" / f"{run_id}.json").read_bytes() + b"\n" == as_json.stdout_bytes


def test_list_is_newest_first(stored: dict[str, str]) -> None:
    """For people and for programs; programs get summaries in the native format."""
    listed = json.loads(run("list", "--storage", stored["storage"], "--json").stdout)
    told = run("list", "--storage", stored["storage"]).stdout

    assert [stored[name] for name in reversed(SCENARIOS)] == [summary["run_id"] for summary in listed]
    assert all(stored[name] in told for name in SCENARIOS)
    assert {"goal_id", "status", "decision_count", "success_rate", "narrative"} <= listed[0].keys()


def test_list_shows_as_many_as_asked(stored: dict[str, str]) -> None:
    """And says on standard error how many more there are."""
    result = run("list", "-n", "2", "--storage", stored["storage"])

    assert 2 == result.stdout.count("run_")
    assert f"{len(SCENARIOS) - 2} older runs are not shown" in result.stderr


def test_run_can_be_named_shortly(stored: dict[str, str]) -> None:
    """`latest`, or a unique beginning of its id."""
    newest = stored[list(SCENARIOS)[-1]]
    latest = run("show", "latest", "--storage", stored["storage"], "--json")
    whole = run("show", newest, "--storage", stored["storage"], "--json")

    assert whole.stdout == latest.stdout
    assert 2 == run("show", "run_2", "--storage", stored["storage"]).exit_code
    assert "several runs begin with run_2" in run("show", "run_2", "--storage", stored["storage"]).stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["shwo", "latest"], "Did you mean 'show'?"),
        (["nonsense"], "There are: demo, list, show"),
        (["show"], "Missing argument 'RUN'"),
        (["show", "latest", "--jsn"], "No such option"),
        (["list", "--storage", "nowhere"], "there is no storage in nowhere"),
        (["list", "-n", "0"], "0 is not in the range"),
        (["show", "run_nobody"], "no run run_nobody"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_cannot_be_done_is_said(stored: dict[str, str], arguments: list[str], words: str) -> None:
    """One line on standard error, exit code 2, nothing on standard output, no traceback."""
    env = {"RUNSPAN_STORAGE": stored["storage"]}
    result = run(*arguments, env=env)

    assert 2 == result.exit_code
    assert words in result.stderr
    assert "" == result.stdout


def test_mistyped_id_is_guessed(stored: dict[str, str]) -> None:
    """Runs whose ids are close are named."""
    message = run("show", stored["failure"][:-1] + "z", "--storage", stored["storage"]).stderr

    assert re.search(r"did you mean, for run_\w+z: run_\w+", message)


def test_bad_setting_is_said(stored: dict[str, str]) -> None:
    """A variable that cannot be used is named with its value."""
    result = run("show", "latest", "--storage", stored["storage"], env={"RUNSPAN_JAEGER_URL": "jaeger"})

    assert (2, "") == (result.exit_code, result.stdout)
    assert "RUNSPAN_JAEGER_URL='jaeger'" in result.stderr


def test_corrupt_run_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    """`list` names it and lists the others; `show` says what is wrong."""
    runs = CapturedRuns(tmp_path)
    kept = SCENARIOS["success"](runs.runtime)
    (tmp_path / "runs" / "run_torn.json").write_text('{"id"')
    listed = run("list", "--storage", str(tmp_path))
    shown = run("show", "run_torn", "--storage", str(tmp_path))

    assert (0, 2) == (listed.exit_code, shown.exit_code)
    assert kept in listed.stdout
    assert "run_torn.json" in listed.stderr
    assert "run_torn.json" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_link_to_jaeger(stored: dict[str, str]) -> None:
    """Where its address is known and the run has a trace."""
    result = run("show", "latest", "--storage", stored["storage"], env={"RUNSPAN_JAEGER_URL": "http://jaeger:16686/"})
    trace_id = json.loads(run("show", "latest", "--storage", stored["storage"], "--json").stdout)["trace_id"]

    assert f"In Jaeger: http://jaeger:16686/trace/{trace_id}" in result.stdout


HOSTILE_TEXT = "\x1b[31m\x1b]0;title\x07[bold red]x[/bold red]\r\x00\u202eabc :smile: [link=http://x]y[/link]"


def test_hostile_text_is_shown_harmlessly(tmp_path: Path) -> None:
    """No escape sequence, no markup, no turned direction: controls are made visible."""
    runs = CapturedRuns(tmp_path)
    with runs.runtime.run(HOSTILE_TEXT, HOSTILE_TEXT) as opened:
        options = [{"id": HOSTILE_TEXT, "description": HOSTILE_TEXT, "pros": [HOSTILE_TEXT]}]
        decision_id = opened.decide(HOSTILE_TEXT, options, HOSTILE_TEXT, HOSTILE_TEXT, node_id=HOSTILE_TEXT)
        opened.record_outcome(decision_id, False, HOSTILE_TEXT, HOSTILE_TEXT, HOSTILE_TEXT)
        opened.report_problem("critical", HOSTILE_TEXT, decision_id, HOSTILE_TEXT, HOSTILE_TEXT)
    shown = run("show", "latest", "--storage", str(tmp_path)).stdout + run("list", "--storage", str(tmp_path)).stdout

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", shown)
    assert "\\x1b[31m" in shown
    assert "[bold red]x[/bold red]" in shown
    assert ":smile:" in shown


@pytest.mark.parametrize("columns", ["60", "200"])
def test_in_a_pipe_there_are_no_colours_and_ids_are_whole(stored: dict[str, str], columns: str) -> None:
    """Whatever the terminal's width is said to be."""
    for arguments in (["list"], ["show", stored["success"]]):
        done = subprocess.run(
            [sys.executable, "-m", "runspan", *arguments, "--storage", stored["storage"]],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            env={**os.environ, "COLUMNS": columns, "PYTHONUTF8": "1"},
        )
        assert "\x1b" not in done.stdout
        assert stored["success"] in done.stdout


def test_help_is_quick() -> None:
    """Neither SDK nor pydantic nor rich are loaded for it."""
    code = """
import sys
from click.testing import CliRunner
from runspan.cli import main
result = CliRunner().invoke(main, ["--help"])
assert result.exit_code == 0 and "Exit codes" in result.output
print(sorted({"pydantic", "rich", "opentelemetry.sdk", "opentelemetry.trace"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert "[]" == done.stdout.strip()


def test_version() -> None:
    """As the package says."""
    import runspan  # noqa: PLC0415

    assert f"runspan, version {runspan.__version__}\n" == run("--version").stdout


def examples_in(command: click.Command) -> list[str]:
    """Return the lines of a help text's `Example:` block."""
    _, _, block = (command.help or "").partition("Example:\n")
    return [line.strip() for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_every_help_has_an_example_that_runs(name: str | None, stored: dict[str, str]) -> None:
    """Word for word."""
    group = main
    command = group if name is None else group.get_command(click.Context(group), name)
    assert command is not None
    lines = examples_in(command)
    assert lines
    for line in lines:
        if line == "runspan demo":
            continue  # tests/test_demo.py runs it
        words = [stored["success"] if word == "run_20261123" else word for word in shlex.split(line)[1:]]
        result = run(*words, env={"RUNSPAN_STORAGE": stored["storage"]})
        assert 0 == result.exit_code, result.stderr


def test_every_command_is_listed() -> None:
    """Help names them all."""
    assert COMMANDS == main.list_commands(click.Context(main))
