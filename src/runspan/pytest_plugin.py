"""The pytest fixture `runspan`: an agent's decisions recorded the same way in every test run, and easy to assert on.

pytest finds it by its entry point; tests that do not ask for the fixture load nothing of the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from opentelemetry.trace import TracerProvider

    from runspan.mapping import SpanRecord
    from runspan.models import Decision, Run
    from runspan.runtime import Runtime

__all__ = ["RecordedRuns", "runspan"]

_WIDTH = 100


class RecordedRuns:
    """What the fixture `runspan` gives: a Runtime to hand to the agent, and what it recorded.

    Ids count from 1, the clock begins on 2026-11-23 at noon and goes a millisecond further with each reading. Runs are
    stored in the test's own temporary folder, spans stay in memory, and nothing global is touched.
    """

    def __init__(self, storage_path: Path) -> None:
        """Made by the fixture.

        Args:
            storage_path: Where run files go.
        """
        from runspan.storage import FileStorage
        from runspan.testing import CapturedRuns

        self._captured = CapturedRuns(storage_path)
        self._storage = FileStorage(storage_path)

    @property
    def runtime(self) -> Runtime:
        """The Runtime, for the agent."""
        return self._captured.runtime

    @property
    def tracer_provider(self) -> TracerProvider:
        """Where its spans go; instrument with it what is to stand beneath decisions."""
        return self._captured.provider

    @property
    def spans(self) -> list[SpanRecord]:
        """All finished spans, in the order in which they ended."""
        return self._captured.spans

    @property
    def runs(self) -> list[Run]:
        """All runs that have ended, in their order, and the one that is in progress here."""
        loaded = (self._storage.load_run(run_id) for run_id in self._storage.list_all_runs())
        current = self.runtime.current_run
        return [*(run for run in loaded if run is not None), *([current] if current is not None else [])]

    @property
    def run(self) -> Run:
        """The only run there is.

        Raises:
            AssertionError: There is none, or more than one.
        """
        runs = self.runs
        if len(runs) != 1:
            raise AssertionError(f"there are {len(runs)} runs, not one: {[run.goal_id for run in runs]}")
        return runs[0]

    @property
    def decisions(self) -> list[Decision]:
        """The decisions of all runs, in their order."""
        return [decision for run in self.runs for decision in run.decisions]

    def assert_decided(
        self,
        intent: str | None = None,
        *,
        chosen: str | None = None,
        node: str | None = None,
        success: bool | None = None,
    ) -> Decision:
        """Assert that a decision was made; return the first that fits. What is not given does not count.

        Args:
            intent: What the agent wanted, word for word.
            chosen: Id of the option it took.
            node: Part of the agent that decided.
            success: Whether its outcome is a success; a decision without outcome is neither.

        Raises:
            AssertionError: There is none; it lists those there are.
        """
        asked = {"intent": intent, "chosen": chosen, "node": node, "success": success}
        asked = {name: value for name, value in asked.items() if value is not None}
        made = [(decision, _facts(decision)) for decision in self.decisions]
        for decision, facts in made:
            if asked.items() <= facts.items():
                return decision
        told = "\n".join(f"  {_said(facts)}" for _, facts in made) or "  none at all"
        raise AssertionError(f"no decision with {_said(asked)}; there are\n{told}")

    def report(self) -> str:
        """Return all runs as text trees, as `runspan show` prints them."""
        from runspan.cli._render import run_text

        return "\n\n".join(run_text(run, _WIDTH) for run in self.runs)


def _facts(decision: Decision) -> dict[str, Any]:
    success = decision.outcome.success if decision.outcome is not None else None
    return {
        "intent": decision.intent,
        "chosen": decision.chosen_option_id,
        "node": decision.node_id,
        "success": success,
    }


def _said(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in facts.items())


@pytest.fixture
def runspan(tmp_path: Path) -> Iterator[RecordedRuns]:
    """A Runtime for the agent under test, and what it recorded; see RecordedRuns."""
    recorded = RecordedRuns(tmp_path / "runspan")
    yield recorded
    recorded.runtime.abandon_open_runs()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach what was recorded to the report of a test that fails."""
    report = yield
    recorded = getattr(item, "funcargs", {}).get("runspan")
    if report.failed and report.when == "call" and isinstance(recorded, RecordedRuns):
        text = recorded.report()
        if text:
            report.sections.append(("runs recorded by runspan", text))
    return report
