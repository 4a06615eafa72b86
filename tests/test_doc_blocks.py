"""The blocks of the documents: Python runs, and every command exists with the options that are shown.

README's blocks are run by test_docs.py; pages with files to save, and the commands of these, by test_typed_pages.py.
"""

from __future__ import annotations

import inspect
import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import click
import pytest

from runspan.cli import main
from tests.doc_blocks import DOCUMENTS, ROOT, Block, blocks_of, name_of, typed
from tests.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.backends import Collector, Jaeger

CONTRIBUTING: Final = ROOT / "CONTRIBUTING.md"


def programs(page: Path) -> list[Block]:
    """Return a document's blocks of Python, apart from files to save."""
    return [block for block in blocks_of(page, "python") if not block.title]


WITH_PYTHON: Final = [page for page in DOCUMENTS if page not in {ROOT / "README.md", CONTRIBUTING} and programs(page)]
_OPERATORS: Final = frozenset("();<>|&")


def at_their_lines(blocks: list[Block]) -> str:
    """Return blocks as one program in which each line has the number it has in the document."""
    lines: list[str] = []
    for block in blocks:
        lines += [""] * (block.line - 1 - len(lines)) + block.source.splitlines()
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name_of)
def test_python_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    """All its blocks together, in their order, in a folder and a process of their own; blocks of tests in a pytest."""
    blocks = programs(page)
    tests = [block for block in blocks if "def test_" in block.source]
    program, suite = tmp_path / "page.py", tmp_path / "test_page.py"
    program.write_text(at_their_lines([block for block in blocks if block not in tests]), encoding="utf-8")
    suite.write_text(at_their_lines(tests), encoding="utf-8")
    commands = [[program]] * (len(tests) < len(blocks)) + [
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", suite]
    ] * bool(tests)
    with Receiver() as receiver:
        for command in commands:
            done = subprocess.run(
                [sys.executable, "-W", "error", *map(str, command)],
                cwd=tmp_path,
                env=os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint},
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )

            assert 0 == done.returncode, f"{name_of(page)}\n{done.stdout}{done.stderr}"


def test_test_that_contributing_shows_passes(collector: Collector, jaeger: Jaeger) -> None:
    """With the fixtures it asks for."""
    fixtures = {"collector": collector, "jaeger": jaeger}
    ran = []
    for block in blocks_of(CONTRIBUTING, "python"):
        names: dict[str, Any] = {"__name__": "contributing"}
        exec(compile(block.source, f"{CONTRIBUTING.name}:{block.line}", "exec"), names)  # noqa: S102 - a document of ours
        for name, test in names.items():
            if name.startswith("test_"):
                test(**{wanted: fixtures[wanted] for wanted in inspect.signature(test).parameters})
                ran.append(name)

    assert ["test_span_arrives"] == ran


def shown_commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Give each command line of runspan's that the blocks of a document show, with where it stands."""
    for block in blocks_of(page, "", "bash", "console", "sh", "shell"):
        lines = [line for line, _ in typed(block)] if block.language == "console" else block.source.splitlines()
        for line in lines:
            for words in simple_commands(line):
                if words[:1] == ["runspan"]:
                    yield f"{name_of(page)}:{block.line}: {line}", words[1:]


def simple_commands(line: str) -> Iterator[list[str]]:
    """Give the commands of a shell's line, apart from what stands between them and the variables before them."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= _OPERATORS:
            yield words
            words = []
        elif words or not re.match(r"[A-Za-z_]\w*=", word):
            words.append(word)


def parsed(words: list[str]) -> None:
    """Parse a command line as runspan would; do nothing of it.

    Raises:
        click.ClickException: It is wrong.
    """
    try:
        with main.make_context("runspan", list(words)) as ctx:
            name, command, rest = main.resolve_command(ctx, list(words))
            if command is not None:
                command.make_context(name, rest, parent=ctx).close()
    except click.exceptions.Exit:  # --help and --version
        return


COMMANDS: Final = [command for page in DOCUMENTS for command in shown_commands(page)]


@pytest.mark.parametrize(("place", "words"), COMMANDS, ids=[place for place, _ in COMMANDS])
def test_command_that_is_shown_exists(place: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With each of its options, and values they take."""
    try:
        parsed(words)
    except click.ClickException as exc:
        pytest.fail(f"{place}\n{exc.format_message()}", pytrace=False)
    finally:
        capsys.readouterr()


def test_wrong_commands_are_found() -> None:
    """The test above would see a command, an option or a value that does not exist."""
    for words in (["lst"], ["list", "--goals"], ["list", "--limit", "many"], ["replay", "--protocol", "http"]):
        with pytest.raises(click.ClickException):
            parsed(words)


@pytest.mark.parametrize("page", DOCUMENTS, ids=name_of)
def test_command_in_a_sentence_exists(page: Path) -> None:
    """`runspan recover --no-send` between other words: the command, and its options; values may be left out."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for told in re.findall(r"`runspan ([a-z][^`]*)`", prose):
        name, *words = told.split()
        command = main.commands.get(name)

        assert command is not None, f"{name_of(page)}: runspan {told}"

        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known, f"{name_of(page)}: runspan {told}"
