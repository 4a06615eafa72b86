"""What must hold for the whole of src and for the wheel. Knows no behaviour of any module."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = ROOT / "src" / "runspan"
MODULES: Final = sorted(PACKAGE.rglob("*.py"))
ROOMS: Final = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
WITHOUT_OPENTELEMETRY: Final = sorted(
    ROOMS & {"errors", "journal", "models", "native", "record", "semconv", "settings", "storage", "values"}
)
MOST_LINES: Final = 400
DEMO_AGENT: Final = "runspan/cli/_support_agent"


def name_of(path: Path) -> str:
    """A module's path below src/runspan, for messages and test ids."""
    return path.relative_to(PACKAGE).as_posix()


def found(module: Path, *, calls: tuple[str, ...]) -> list[str]:
    """Lines of a module that mention one of these dotted names."""
    return [
        f"{name_of(module)}:{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in calls
    ]


def literals(module: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each string literal of a module, parts of f-strings included."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize("room", WITHOUT_OPENTELEMETRY)
def test_loads_no_opentelemetry(room: str) -> None:
    """Who only reads run files does not pay for OpenTelemetry."""
    code = f"import sys, runspan.{room}; print([name for name in sys.modules if name.startswith('opentelemetry')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()


def test_attribute_names_live_in_semconv() -> None:
    """An attribute's name is spelled in semconv and nowhere else."""
    strays = [
        f"{name_of(module)}:{line}: {text}"
        for module in MODULES
        if name_of(module) != "semconv.py"
        for line, text in literals(module)
        if text.startswith(("runspan.", "gen_ai.")) and text.split(".")[1].split(":")[0] not in ROOMS
    ]

    assert [] == strays


def test_print_is_for_the_command_line() -> None:
    """A library does not print."""
    assert [] == [line for module in MODULES if "cli" not in module.parts for line in found(module, calls=("print",))]


def test_environment_is_read_in_one_place() -> None:
    """Only settings reads the environment. Ruff holds the same except in modules that may import the SDK."""
    readers = ("os.environ", "os.getenv", "environ", "getenv")

    assert [] == [
        line for module in MODULES if name_of(module) != "settings.py" for line in found(module, calls=readers)
    ]


def test_nobody_sleeps() -> None:
    """Whoever waits can be woken. Ruff holds the same except in modules that may import the SDK."""
    assert [] == [line for module in MODULES for line in found(module, calls=("time.sleep", "sleep"))]


def test_modules_are_short() -> None:
    """A module that outgrows its bound has become two subjects."""
    assert [] == [name_of(module) for module in MODULES if len(module.read_text().splitlines()) > MOST_LINES]


@pytest.fixture(scope="session")
def wheel_files(wheel: Path) -> list[str]:
    """Names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def files_below(folder: Path, place: str) -> set[str]:
    """The files of a folder, by their names in the wheel; caches and recorded runs are none."""
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {f"{place}/{name}" for name in names if not re.search(r"(^|/)(\.|__pycache__)", name)}


def test_wheel_has_the_package(wheel_files: list[str]) -> None:
    """Every file of src, the agent of `runspan demo`, the licence, and nothing else: no test, cache or recorded run."""
    expected = files_below(PACKAGE, "runspan") | files_below(ROOT / "examples" / "support_agent", DEMO_AGENT)
    told = {"runspan/py.typed", "runspan/pages/templates/run.html.j2", f"{DEMO_AGENT}/tickets.jsonl"}

    assert told <= expected
    assert expected == {name for name in wheel_files if ".dist-info/" not in name}
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel_files)
