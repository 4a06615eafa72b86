"""Which run a call belongs to: tasks, threads, nested runs, late calls, forks, several Runtimes."""

from __future__ import annotations

import asyncio
import contextvars
import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor

from runspan import semconv
from runspan.testing import CapturedRuns
from runspan.values import loads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from opentelemetry.sdk.trace import Span

OPTION = [{"id": "a"}]


@pytest.fixture
def runs(tmp_path: Path) -> CapturedRuns:
    """A Runtime with a storage, deterministic ids and clock, spans in memory."""
    return CapturedRuns(tmp_path)


def stored(runs: CapturedRuns, run_id: str) -> dict[str, Any]:
    """Return a stored run as plain JSON data."""
    assert runs.runtime.storage is not None
    run = loads(runs.runtime.storage.read_run_bytes(run_id) or b"null")
    assert isinstance(run, dict)
    return run


def intents(runs: CapturedRuns, run_id: str) -> list[str]:
    """Return what a stored run decided."""
    return [decision["intent"] for decision in stored(runs, run_id)["decisions"]]


def in_thread(call: Callable[[], Any]) -> Any:
    """Call in a new thread, whose context is empty, and return the result."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def test_two_hundred_tasks_keep_their_own_runs(runs: CapturedRuns) -> None:
    """Runs begin, go on and end between each other; no decision lands in a foreign one, late ones in none."""
    runtime = runs.runtime

    async def agent(number: int) -> tuple[str, list[str]]:
        run_id = runtime.start_run(f"goal-{number}")
        for step in range(1 + number % 5):
            decision_id = runtime.decide(f"{number}/{step}", OPTION, "a", "r")
            await asyncio.sleep(0)
            runtime.record_outcome(decision_id, True, number)
            await asyncio.sleep(0)
        runtime.end_run(True)
        late = [runtime.decide("late", OPTION, "a", "r"), runtime.report_problem("minor", "late")]
        return run_id, late

    async def main() -> list[tuple[str, list[str]]]:
        return await asyncio.gather(*(agent(number) for number in range(200)))

    for number, (run_id, late) in enumerate(asyncio.run(main())):
        assert late == ["", ""]
        assert intents(runs, run_id) == [f"{number}/{step}" for step in range(1 + number % 5)]
        assert {decision["outcome"]["result"] for decision in stored(runs, run_id)["decisions"]} == {number}
        assert runs.decoded(run_id).is_whole
    assert runtime.health() == {"decide ignored": 200, "report_problem ignored": 200}


def test_sixteen_threads_keep_their_own_runs(runs: CapturedRuns) -> None:
    """Each thread's calls land in the run it has started, also while others start and end."""
    runtime = runs.runtime
    barrier = threading.Barrier(16)

    def agent(number: int) -> list[str]:
        barrier.wait()
        run_ids = []
        for turn in range(5):
            run_ids.append(runtime.start_run(f"goal-{number}"))
            for step in range(10):
                decision_id = runtime.decide(f"{number}/{turn}/{step}", OPTION, "a", "r")
                runtime.record_outcome(decision_id, True)
            runtime.end_run(True)
        return run_ids

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(agent, range(16)))

    for number, run_ids in enumerate(results):
        for turn, run_id in enumerate(run_ids):
            assert intents(runs, run_id) == [f"{number}/{turn}/{step}" for step in range(10)]
            assert runs.decoded(run_id).is_whole


def test_many_threads_in_one_run_lose_nothing(runs: CapturedRuns) -> None:
    """Ids are given once, and every call is in the file and the trace."""
    with runs.runtime.run("crowd") as run, ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda number: run.quick_decision(str(number), "a", "r"), range(400)))
        list(pool.map(lambda decision_id: run.record_outcome(decision_id, True), ids))

    assert len(set(ids)) == 400
    assert sorted(intents(runs, run.id)) == sorted(str(number) for number in range(400))
    assert runs.decoded(run.id).is_whole


def test_thread_without_context_falls_back_to_the_only_run(runs: CapturedRuns) -> None:
    """As long as there never were two runs at once, a call from anywhere belongs to the one there is."""
    first = runs.runtime.start_run("a")
    in_thread(lambda: runs.runtime.decide("in thread", OPTION, "a", "r"))
    runs.runtime.end_run(True)
    second = runs.runtime.start_run("b")
    in_thread(lambda: runs.runtime.decide("in thread", OPTION, "a", "r"))
    runs.runtime.end_run(True)

    assert [intents(runs, run_id) for run_id in (first, second)] == [["in thread"], ["in thread"]]


def test_thread_without_context_gets_a_warning_once_there_were_two(runs: CapturedRuns) -> None:
    """After two runs at once nobody can tell whose call it is; it is counted and lands nowhere."""
    runtime = runs.runtime
    with runtime.run("a") as first:
        with runtime.run("b"):
            pass
        assert in_thread(lambda: runtime.decide("whose", OPTION, "a", "r")) == ""

    assert intents(runs, first.id) == []
    assert runtime.health() == {"decide ignored": 1}


def test_context_whose_run_has_ended_gets_a_warning(runs: CapturedRuns) -> None:
    """A task that goes on after its run lands in no other run, not even the only open one."""
    runtime = runs.runtime
    with runtime.run("a"):
        carried = contextvars.copy_context()
    with runtime.run("b") as second:
        assert carried.run(runtime.decide, "late", OPTION, "a", "r") == ""

    assert intents(runs, second.id) == []


def test_own_run_is_found_when_a_block_has_put_back_an_older_context(runs: CapturedRuns) -> None:
    """A run begun inside a block of the application's is still this task's own after the block."""
    runtime = runs.runtime
    with runtime.run("other"):
        pass
    with runtime.run("outer"), runtime.run("inner"):
        pass
    with runs.tracer.start_as_current_span("block"):
        run_id = runtime.start_run("mine")
    runtime.decide("after the block", OPTION, "a", "r")
    runtime.end_run(True)

    assert intents(runs, run_id) == ["after the block"]


def test_crews_run_survives_its_sub_agents_runs(runs: CapturedRuns) -> None:
    """A sub-agent's run in an inherited context leaves the crew's open, links to its decision, and gives it back."""
    runtime = runs.runtime

    async def sub_agent(number: int) -> str:
        run_id = runtime.start_run(f"sub-{number}")
        await asyncio.sleep(0)
        runtime.quick_decision(f"sub {number}", "a", "r")
        runtime.end_run(True)
        runtime.quick_decision(f"back {number}", "a", "r")
        return run_id

    async def crew() -> tuple[str, list[str]]:
        run_id = runtime.start_run("crew")
        delegation = runtime.decide("delegate", OPTION, "a", "r", node_id="delegate")
        subs = await asyncio.gather(*(asyncio.create_task(sub_agent(number)) for number in range(3)))
        runtime.record_outcome(delegation, True)
        runtime.quick_decision("after", "a", "r")
        runtime.end_run(True)
        return run_id, list(subs)

    crew_id, sub_ids = asyncio.run(crew())
    assert sorted(intents(runs, crew_id)) == ["after", "back 0", "back 1", "back 2", "delegate"]
    assert [intents(runs, sub_id) for sub_id in sub_ids] == [["sub 0"], ["sub 1"], ["sub 2"]]
    delegation = runs.span("decide delegate")
    for number in range(3):
        assert [link.span_id for link in runs.span(f"run sub-{number}").links] == [delegation.span_id]


def test_block_stays_open_when_start_run_is_called_inside(runs: CapturedRuns) -> None:
    """A run held by a block is nobody's to cancel; it is current again when the inner one ends."""
    runtime = runs.runtime
    with runtime.run("outer") as outer:
        inner = runtime.start_run("inner")
        runtime.decide("in inner", OPTION, "a", "r")
        runtime.end_run(True)
        runtime.decide("in outer", OPTION, "a", "r")

    assert (intents(runs, outer.id), intents(runs, inner)) == (["in outer"], ["in inner"])
    assert stored(runs, outer.id)["status"] == "completed"


def test_two_runtimes_in_one_context_keep_apart(runs: CapturedRuns, tmp_path: Path) -> None:
    """Each Runtime finds its own run, whichever was started last."""
    other = CapturedRuns(tmp_path / "other")
    first = runs.runtime.start_run("a")
    second = other.runtime.start_run("b")
    runs.runtime.decide("mine", OPTION, "a", "r")
    other.runtime.decide("other", OPTION, "a", "r")
    runs.runtime.end_run(True)
    other.runtime.end_run(True)

    assert (intents(runs, first), intents(other, second)) == (["mine"], ["other"])
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_handle_works_anywhere(runs: CapturedRuns) -> None:
    """The handle of a run records in it from a thread without context, beside any number of runs."""
    runtime = runs.runtime
    with runtime.run("a") as first, runtime.run("b") as second:
        in_thread(lambda: first.record_outcome(first.decide("explicit", OPTION, "a", "r"), True))
        second.set_node("own")
        runtime.decide("current", OPTION, "a", "r")

    assert (intents(runs, first.id), intents(runs, second.id)) == (["explicit"], ["current"])
    assert stored(runs, second.id)["decisions"][0]["node_id"] == "own"


def test_handle_after_the_end_warns(runs: CapturedRuns) -> None:
    """Calls on a run that has ended return nothing and are counted."""
    with runs.runtime.run("a") as run:
        pass
    before = runs.runtime.storage.read_run_bytes(run.id)  # type: ignore[union-attr]
    results = [run.decide("i", OPTION, "a", "r"), run.report_problem("minor", "d"), run.end_run(False)]  # type: ignore[func-returns-value]

    assert results == ["", "", None]
    assert set(runs.runtime.health().values()) == {1}
    assert runs.runtime.storage.read_run_bytes(run.id) == before  # type: ignore[union-attr]


def test_decision_ids_are_looked_up_in_the_callers_run_only(runs: CapturedRuns) -> None:
    """The same id in another run is another decision."""
    runtime = runs.runtime
    with runtime.run("a") as first:
        runtime.decide("first", OPTION, "a", "r")
        with runtime.run("b") as second:
            runtime.decide("second", OPTION, "a", "r")
            runtime.record_outcome("dec_0", True, "for second")

    assert stored(runs, first.id)["decisions"][0]["outcome"] is None
    assert stored(runs, second.id)["decisions"][0]["outcome"]["result"] == "for second"


def test_set_node_inside_a_task_holds_outside(runs: CapturedRuns) -> None:
    """The node belongs to run and Runtime, not to the context."""
    runtime = runs.runtime

    async def task() -> None:
        runtime.set_node("from task")

    run_id = runtime.start_run("a")
    asyncio.run(task())
    runtime.decide("i", OPTION, "a", "r")
    runtime.end_run(True)

    assert stored(runs, run_id)["decisions"][0]["node_id"] == "from task"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_child_leaves_the_parents_run_alone(runs: CapturedRuns) -> None:
    """In the child the parent's run takes no calls; a run begun there links to the parent's decision."""
    runtime = runs.runtime
    with runtime.run("parent") as run, runtime.decision("fork", OPTION, "a", "r") as decision:
        span_id = trace.get_current_span().get_span_context().span_id
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            failed = 1
            try:
                ignored = runtime.decide("in child", OPTION, "a", "r")
                runtime.start_run("child")
                runtime.end_run(True)
                links = [link.span_id for link in runs.span("run child").links]
                os.write(writing, repr((ignored, links)).encode())
                failed = 0
            finally:
                os._exit(failed)
        assert os.waitpid(child, 0)[1] == 0
        assert os.read(reading, 1000).decode() == repr(("", [span_id]))
        os.close(reading)
        os.close(writing)
        decision.outcome(True)

    assert intents(runs, run.id) == ["fork"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_child_that_leaves_the_parents_blocks_ends_nothing(runs: CapturedRuns) -> None:
    """A child that exits from inside writes no file and hands no span over: both are the parent's to do."""
    runtime = runs.runtime
    child = -1
    reading, writing = os.pipe()
    try:
        with runtime.run("parent") as run, runtime.decision("fork", OPTION, "a", "r"):
            child = os.fork()
            if child == 0:
                sys.exit()
            status = os.waitpid(child, 0)[1]
    except SystemExit:
        assert runtime.storage is not None
        os.write(writing, repr((runtime.storage.list_all_runs(), runs.spans)).encode())
        os._exit(0)
    assert status == 0
    assert os.read(reading, 1000).decode() == repr(([], []))
    os.close(reading)
    os.close(writing)

    assert stored(runs, run.id)["status"] == "completed"
    assert runs.decoded(run.id).is_whole


class Overtaking(SpanProcessor):
    """While the span of a decision called `first` starts, another thread makes a decision of the same run."""

    def __init__(self, decide: Callable[[], object]) -> None:
        """Remember what the other thread does."""
        self._decide = decide

    def on_start(self, span: Span, parent_context: object = None) -> None:  # noqa: ARG002 - the SDK's interface
        """Let it do so, once."""
        if (span.attributes or {}).get(semconv.DECISION_INTENT) == "first":
            in_thread(self._decide)


def test_decision_that_is_overtaken_takes_the_next_id(runs: CapturedRuns) -> None:
    """File, span and journal agree on which is which; its id was given to the other while its span started."""
    with runs.runtime.run("goal") as run:
        runs.provider.add_span_processor(Overtaking(lambda: run.decide("second", OPTION, "a", "r")))
        overtaken = run.decide("first", OPTION, "a", "r")
        journal = next((runs.runtime.storage.base_path / "journal").glob("run_*.jsonl")).read_bytes()  # type: ignore[union-attr]

    ids = {
        span.attributes.get(semconv.DECISION_INTENT): span.attributes.get(semconv.DECISION_ID) for span in runs.spans
    }

    assert "dec_1" == overtaken
    assert ["second", "first"] == intents(runs, run.id)
    assert ("dec_0", "dec_1") == (ids["second"], ids["first"])
    assert [b"second", b"first"] == re.findall(rb'"id":"dec_[01]"[^{]*"intent":"(\w+)"', journal)
    assert runs.decoded(run.id).is_whole
