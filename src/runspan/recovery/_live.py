"""Runs in progress, of whatever process, as their journals tell. Reads only, and waits for nobody's lock."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runspan.errors import CorruptFileError
from runspan.journal import DecisionStep, OutcomeStep, ProblemStep, StoredJournals, read_journal
from runspan.values import loads

if TYPE_CHECKING:
    from runspan.journal import JournaledRun
    from runspan.storage import FileStorage

__all__ = ["LiveRun", "LiveRuns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRun:
    """One run that has not ended, as far as its journal tells."""

    run_id: str
    goal_id: str
    started_at: str
    """As the run file will have it."""
    last_seen_at: str
    """When its latest call was."""
    host: str
    pid: int
    is_alive: bool | None
    """Whether its process lives; None where that is another host's to know."""
    trace_id: str | None
    decisions: int
    failed: int
    """Decisions whose outcome is a failure."""
    problems: int
    doing: str
    """Intent of the latest decision that waits for its outcome, else of the latest one."""
    is_waiting: bool
    """Whether some decision waits for its outcome."""


class LiveRuns:
    """The runs in progress on a storage; a journal that has not grown is not read again."""

    def __init__(self, storage: FileStorage) -> None:
        """Look at nothing yet."""
        self._journals = StoredJournals(storage.base_path)
        self._read: dict[str, tuple[int, JournaledRun]] = {}

    def look(self) -> list[LiveRun]:
        """Return them, the latest last; a journal that cannot be read now is left out."""
        names = self._journals.open()
        for gone in self._read.keys() - names:
            del self._read[gone]
        found = [run for name in names if (run := self._journaled(name)) is not None]
        return sorted((self._live(run) for run in found), key=lambda run: (run.started_at, run.run_id))

    def _journaled(self, name: str) -> JournaledRun | None:
        folder = self._journals.open_runs
        try:
            size = folder.stat(name).st_size
            known = self._read.get(name)
            if known is None or known[0] != size:
                known = self._read[name] = size, read_journal(folder, name)
        except (CorruptFileError, OSError):  # just being made, moved away meanwhile, or no journal at all
            return None
        return known[1]

    def _live(self, run: JournaledRun) -> LiveRun:
        decisions = {step.parts.index: step.parts for step in run.steps if isinstance(step, DecisionStep)}
        outcomes = {step.decision_id: step.parts for step in run.steps if isinstance(step, OutcomeStep)}
        waiting = [parts for parts in decisions.values() if parts.id not in outcomes]
        latest = (waiting or list(decisions.values()))[-1:]
        trace = loads(run.start.extra.get("trace_id", b"null"))
        return LiveRun(
            run_id=run.start.id,
            goal_id=run.start.goal_id,
            started_at=run.start.started.text,
            last_seen_at=run.last_seen.text,
            host=str(run.head.get("host", "")),
            pid=_number(run.head.get("pid")),
            is_alive=self._is_alive(run),
            trace_id=trace if isinstance(trace, str) else None,
            decisions=len(decisions),
            failed=sum(not parts.success for parts in outcomes.values()),
            problems=sum(isinstance(step, ProblemStep) for step in run.steps),
            doing=latest[0].intent if latest else "",
            is_waiting=bool(waiting),
        )

    def _is_alive(self, run: JournaledRun) -> bool | None:
        host = os.uname().nodename if hasattr(os, "uname") else ""
        if run.head.get("host") != host:
            return None
        try:
            return self._journals.is_alive(run.owner)
        except OSError:
            return None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
