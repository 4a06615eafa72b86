"""Every code block of the documents runs, and what they name is there."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest
from pytest_examples import CodeExample, find_examples

from runspan.settings import SETTINGS
from tests.doc_blocks import DOCUMENTS, ROOT, name_of
from tests.receiver import Receiver

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = list(find_examples(str(ROOT / "README.md")))


@pytest.mark.parametrize("example", [each for each in EXAMPLES if "def test_" in each.source], ids=str)
def test_code_block_of_a_test_passes(example: CodeExample, tmp_path: Path) -> None:
    """In a pytest of its own, as it stands."""
    (tmp_path / "test_readme.py").write_text(example.source, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    assert 0 == done.returncode, done.stdout
    assert "1 passed" in done.stdout


@pytest.mark.parametrize("example", [each for each in EXAMPLES if "def test_" not in each.source], ids=str)
def test_code_block_runs(example: CodeExample, tmp_path: Path) -> None:
    """In an empty folder, as it stands: a run file, the run's spans, and not a word."""
    (tmp_path / "agent.py").write_text(example.source, encoding="utf-8")
    with Receiver() as receiver:
        env = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}
        command = [sys.executable, "agent.py"]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=60)

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    assert 1 == len(list((tmp_path / "storage" / "runs").glob("*.json")))
    assert "run refund" in {span.name for span in receiver.spans()}


@pytest.mark.parametrize("page", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file of the repository."""
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_readme_names_every_setting() -> None:
    """With its variable."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert all(setting.variable in text for setting in SETTINGS)


def test_architecture_draws_the_layers() -> None:
    """Every room of the import contract stands in the picture."""
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    rooms = set(re.findall(r"[a-z]\w+", contract.split("layers = [")[1].split("\n]")[0]))
    picture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    there = {path.stem for path in (ROOT / "src" / "runspan").iterdir() if not path.stem.startswith("_")}

    assert all(re.search(rf"\b{room}\b", picture) for room in rooms & there)


COUNTING: Final = {"contained": 0, "count": 0, "find_run": 0, "warn": 1, "error": 1}
"""Calls that say under which cause something is counted, and in which argument."""


def causes_in(module: Path) -> set[str]:
    """Return the causes under which a module counts what was lost or ignored."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    named: dict[str, ast.expr | None] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
            named[ast.unparse(target)] = statement.value
    causes = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = ast.unparse(call.func).rsplit(".", maxsplit=1)[-1]
        place = COUNTING.get(called, len(call.args))
        if place < len(call.args) and (place == 0 or ast.unparse(call.args[0]) == "_logger"):
            given = call.args[place]
            cause = named.get(given.id) if isinstance(given, ast.Name) else given
            if isinstance(cause, ast.Constant) and isinstance(cause.value, str):
                causes.add(f"{cause.value} ignored" if called == "find_run" else cause.value)
    return causes


def test_every_cause_of_a_loss_is_explained() -> None:
    """What `health()` may count stands in the table of docs/howto/troubleshooting.md, and nothing else does."""
    page = (ROOT / "docs" / "howto" / "troubleshooting.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    told = {cause for row in rows for cause in re.findall(r"`([^`]+)`", row)}
    counted: set[str] = set().union(*map(causes_in, (ROOT / "src" / "runspan").rglob("*.py")))

    assert counted == told
