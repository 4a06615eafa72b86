"""Every code block of the documents runs, and what they name is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_examples import CodeExample, find_examples

from runspan.settings import SETTINGS
from tests.receiver import Receiver

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md"), *ROOT.glob("collector-config/*.md")]


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file of the repository."""
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
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
