"""A journal to the Run it tells of: the same steps that the calls took, on the same record. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runspan.journal import DecisionStep, EndStep, OutcomeStep, ProblemStep
from runspan.mapping import amended
from runspan.native import RunStatus
from runspan.record import (
    ProblemParts,
    RunRecord,
    Stamp,
    decision_json,
    outcome_json,
    problem_json,
)

if TYPE_CHECKING:
    from runspan.journal import JournaledRun
    from runspan.record import FinishedRun

__all__ = ["end_of_dead_run", "finish_journaled"]


def finish_journaled(run: JournaledRun, end: EndStep) -> FinishedRun:
    """Return the Run that a journal adds up to.

    Args:
        run: The journal's contents; its `start` gets the extra fields of the end.
        end: How the run ended.
    """
    run.start.extra |= end.extra
    record = RunRecord(run.start)
    positions: dict[str, int] = {}
    for step in run.steps:
        match step:
            case DecisionStep():
                positions[step.parts.id] = record.decision_count
                record.add_decision(decision_json(step.parts))
            case OutcomeStep() if step.decision_id in positions:
                record.add_outcome(positions[step.decision_id], step.decision_id, outcome_json(step.parts))
            case ProblemStep():
                record.add_problem(problem_json(step.parts))
    finished = record.finish(end.status, end.at, end.narrative, end.output)
    return amended(finished.recorded, end.amendments) if end.amendments else finished


def end_of_dead_run(run: JournaledRun) -> tuple[ProblemStep, EndStep]:
    """Return how a run ended whose process died: failed, with a critical problem that says so.

    Both bear the latest instant the journal tells of, so that whoever recovers the run makes the same file.
    """
    problems = sum(isinstance(step, ProblemStep) for step in run.steps)
    last = run.last_seen
    host, pid = run.head.get("host") or "an unknown host", run.head.get("pid")
    problem = ProblemParts(
        id=f"prob_{problems}",
        index=problems,
        reported=Stamp(last.text, last.unix_nano),
        severity="critical",
        description=f"the process died before the run ended (pid {pid} on {host}); the run is as its journal has it",
        suggested_fix="Find out why the process died; what it recorded until then is here.",
    )
    return ProblemStep(parts=problem), EndStep(at=last, status=RunStatus.FAILED.value)
