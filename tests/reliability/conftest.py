"""Guarantees: how often each is put to the test, and the table of the last soak run."""

from __future__ import annotations

import platform
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.reliability.agents import Agents
from tests.reliability.promises import PROMISES
from tests.reliability.tally import Tally, merged

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_TABLE: Final = Path(__file__).parents[2] / "docs" / "guarantees.md"
_PASSED: Final = pytest.StashKey[dict[int, dict[str, list[Tally]]]]()
_TALLY: Final = pytest.StashKey[Tally]()


def pytest_configure(config: pytest.Config) -> None:
    """Start with nothing shown."""
    passed: dict[int, dict[str, list[Tally]]] = defaultdict(lambda: defaultdict(list))
    config.stash[_PASSED] = passed


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Ask how many to do, and note what was seen; under `--soak` the table in docs shows it."""
    node: pytest.Item = request.node
    node.stash[_TALLY] = Tally(is_soak=request.config.getoption("--soak"))
    return node.stash[_TALLY]


@pytest.fixture(scope="session")
def _idle_agents() -> Iterator[list[Agents]]:
    idle: list[Agents] = []
    yield idle
    for agents in idle:
        agents.close()


@pytest.fixture
def agents(_idle_agents: list[Agents], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agents]:
    """A process that forks an agent for each fault; the same for all tests until one leaves it busy."""
    mine = _idle_agents.pop() if _idle_agents else Agents(tmp_path_factory.mktemp("agents") / "stderr")
    yield mine
    if mine.is_idle:
        _idle_agents.append(mine)
    else:
        mine.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note a guarantee's test that has passed, with its counts."""
    report = yield
    marker = item.get_closest_marker("guarantee")
    if marker is not None and call.when == "call" and report.passed:
        name = item.nodeid.partition("[")[0].removeprefix("tests/reliability/")
        for row in marker.args:
            item.config.stash[_PASSED][row][name].append(item.stash.get(_TALLY, Tally(is_soak=True)))
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the table, if this was a soak run in which everything passed and every promise had its test."""
    passed = session.config.stash[_PASSED]
    if session.config.getoption("--soak") and exitstatus == pytest.ExitCode.OK and passed.keys() == PROMISES.keys():
        _TABLE.write_text(_table(passed), encoding="utf-8")


def _table(passed: dict[int, dict[str, list[Tally]]]) -> str:
    lines = [
        "# Guarantees",
        "",
        "What runspan promises, and how often that was put to the test in the last full run. `make soak` writes this",
        "page; `make test` runs the same tests, which are in `tests/reliability`, with smaller counts. Of a test with",
        "several cases the counts are added up, and of other figures the largest is shown.",
        "",
        f"Last run: CPython {platform.python_version()}, opentelemetry-sdk {version('opentelemetry-sdk')}.",
    ]
    for row, promise in PROMISES.items():
        lines += ["", f"## {row}. {promise}", "", "| test | cases | counts of the last run |", "|---|---|---|"]
        for name, tallies in sorted(passed[row].items()):
            facts = ", ".join(f"{what}: {_written(seen)}" for what, seen in merged(tallies).facts.items())
            lines.append(f"| `{name}` | {len(tallies)} | {facts or 'passed'} |")
    return "\n".join(lines) + "\n"


def _written(seen: int | str) -> str:
    return f"{seen:,}" if isinstance(seen, int) else seen
