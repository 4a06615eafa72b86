"""What every test gets: a clean environment, a context of its own, and the real backends for those that ask."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import pytest
from hypothesis import settings
from opentelemetry import context, trace

import runspan  # noqa: F401 - loads runspan.health, whose name the package gives to a function
from tests.backends import COLLECTOR, JAEGER, KAFKA, Collector, Jaeger, Kafka, Program, Server, UnavailableError, find

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

ROOT: Final = Path(__file__).parents[1]
CI: Final = os.environ.get("CI") == "true"

# A slow machine is no fault of the code, and a property that fails in CI must fail again at home.
settings.register_profile("runspan", deadline=None, derandomize=CI)
settings.load_profile("runspan")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--golden` writes what tests compare with; `--soak` puts guarantees to the test at full counts."""
    parser.addoption("--golden", action="store_true", help="write files of promised bytes instead of comparing")
    parser.addoption("--soak", action="store_true", help="full counts, and their table in docs/guarantees.md")


class Golden(Protocol):
    """What the fixture `golden` gives."""

    def __call__(self, path: str, actual: str) -> None:
        """Compare a text with a file of the repository, byte for byte; or write the file, under `--golden`."""


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Hold a text to what a file promises: `golden("tests/golden/public_api.txt", text)`."""

    def compare(path: str, actual: str) -> None:
        file = ROOT / path
        if request.config.getoption("--golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(actual.encode())
        promised = file.read_bytes().decode() if file.exists() else ""

        assert promised == actual, f"{path} says something else; if that is right, run `make golden`"

    return compare


@pytest.fixture(autouse=True, scope="session")
def _interruptible() -> None:
    """A shell has what it starts in the background ignore Ctrl-C, and so would the programs that tests interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's OpenTelemetry or runspan settings, nor their screen, decide a test; those naming backends stay."""
    for name in list(os.environ):
        if name.startswith(("OTEL_", "RUNSPAN_", "COLUMNS")) and not name.startswith("RUNSPAN_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours that would be kept from the agent fails the test."""
    monkeypatch.setattr(sys.modules["runspan.health"], "STRICT", True)


@pytest.fixture
def contained_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults of ours are kept from the agent, as they are for users."""
    monkeypatch.setattr(sys.modules["runspan.health"], "STRICT", False)


@pytest.fixture(autouse=True)
def _own_context() -> Iterator[None]:
    """A run or span that a test leaves current is gone with the test.

    OpenTelemetry lets its global provider be set once in a process, so there is nothing to put back: a test that needs
    a global provider runs a subprocess, and one that sets it here fails.
    """
    token = context.attach(context.Context())
    yield
    context.detach(token)

    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider), "set the global provider in a subprocess"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution, built as `make wheel` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def jaeger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jaeger]:
    """A real Jaeger, one for the whole session: every test looks at traces of its own."""
    _require(JAEGER)
    with Jaeger(tmp_path_factory.mktemp("jaeger")) as server:
        yield server


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory, jaeger: Jaeger) -> Iterator[Collector]:
    """A real Collector that sends to `jaeger` and writes an OTLP JSON file, one for the whole session."""
    _require(COLLECTOR)
    with Collector(tmp_path_factory.mktemp("collector"), jaeger_grpc=jaeger.grpc_endpoint) as server:
        yield server


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A real Kafka broker, one for the whole session: every test makes topics of its own."""
    _require(KAFKA)
    with Kafka(tmp_path_factory.mktemp("kafka")) as server:
        yield server


def _require(program: Program) -> None:
    """Skip the test where a program cannot be had; in CI that is a failure."""
    try:
        find(program)
    except UnavailableError as exc:
        if CI:
            pytest.fail(str(exc), pytrace=False)
        pytest.skip(str(exc))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for a backend or a golden file carries the marker."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if {"collector", "jaeger", "kafka"} & fixtures:
            item.add_marker("backend")
        if "golden" in fixtures:
            item.add_marker("golden")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A test may say what it measured: `record_property("measured", "recall 100 %")`."""
    for report in terminalreporter.getreports("passed"):
        for name, told in report.user_properties:
            if name == "measured":
                terminalreporter.write_line(f"{report.nodeid}: {told}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what its backends have said."""
    report = yield
    if report.failed:
        used = getattr(item, "funcargs", {}).values()
        report.sections += [(f"log of {server.name}", server.log()) for server in used if isinstance(server, Server)]
    return report
