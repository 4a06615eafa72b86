"""Each public name as a typed program uses it: checked by `make lint`, never run."""

from __future__ import annotations

from typing import Any, assert_type

import runspan
from runspan import Decision, DecisionType, FileStorage, OpenDecision, OpenRun, Run, RunStatus, RunSummary, Runtime


async def number() -> int:
    """Return a number later."""
    return 1


def recording(runtime: Runtime) -> None:
    """Record as an agent does."""
    assert_type(runtime.start_run("goal", "description", {"a": 1}, session_id="s"), str)
    assert_type(runtime.current_run, Run | None)
    options = [{"id": "a", "confidence": 0.5}, {"id": "b"}]
    assert_type(runtime.decide("i", options, "a", "r", "node", DecisionType.CUSTOM, ["c"], {"k": 1}), str)
    assert_type(runtime.decide_and_execute("i", options, "a", "r", lambda: 1, node_id="n"), tuple[str, int])
    assert_type(runtime.report_problem("minor", "d"), str)
    assert_type(runtime.quick_decision("i", "a", "r"), str)
    assert_type(runtime.storage, FileStorage | None)
    assert_type(runtime.health(), dict[str, int])
    with runtime.run("goal") as run, run.decision("i", options, "a", "r", context={"k": 1}) as decision:
        assert_type(run, OpenRun)
        assert_type(run.id, str)
        assert_type(run.trace_id, str | None)
        assert_type(decision, OpenDecision)
        decision.outcome(result=1, summary="s", latency_ms=5)
        assert_type(decision.problem("minor", "d"), str)


async def awaiting(runtime: Runtime) -> None:
    """Record as an async agent does."""
    async with runtime.run("goal") as run, run.decision("i", [], "a", "r") as decision:
        assert_type(decision.id, str)
        assert_type(await run.decide_and_execute("i", [], "a", "r", number), tuple[str, int])


def reading(storage: FileStorage) -> None:
    """Read as a tool does."""
    assert_type(storage.load_run("r"), Run | None)
    assert_type(storage.load_summary("r"), RunSummary | None)
    assert_type(storage.get_runs_by_status(RunStatus.FAILED), list[str])
    assert_type(storage.get_stats(), dict[str, Any])
    run = Run(id="r", goal_id="g")
    run.add_decision(Decision(id="dec_0", node_id="n", intent="i"))
    assert_type(run.decisions[0].was_successful, bool)
    assert_type(run.duration_ms, int)
    assert_type(runspan.health(), dict[str, int])
    assert_type(runspan.shutdown(), bool)
