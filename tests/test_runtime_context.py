"""What is current when: decisions as parents of other spans, and the caller's context put back."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING

import pytest
from opentelemetry import baggage, context, trace

from runspan.testing import CapturedRuns

if TYPE_CHECKING:
    from pathlib import Path

OPTION = [{"id": "a"}]


@pytest.fixture
def runs(tmp_path: Path) -> CapturedRuns:
    """A Runtime with a storage, deterministic ids and clock, spans in memory."""
    return CapturedRuns(tmp_path)


def parent_name(runs: CapturedRuns, name: str) -> str | None:
    """Return the name of a span's parent, None for a root."""
    names = {span.span_id: span.name for span in runs.spans}
    parent = runs.span(name).parent_span_id
    return names[parent] if parent is not None else None


def decide(runs: CapturedRuns, node: str) -> str:
    """Make a decision in a node of its own."""
    return runs.runtime.decide("i", OPTION, "a", "r", node_id=node)


def touch(runs: CapturedRuns, name: str) -> None:
    """Make a span of the application's."""
    with runs.tracer.start_as_current_span(name):
        pass


def test_spans_nest_under_the_decision_until_its_outcome(runs: CapturedRuns) -> None:
    """Between decide and outcome a decision is current, afterwards the run."""
    runs.runtime.start_run("g")
    touch(runs, "before")
    decision_id = decide(runs, "n")
    touch(runs, "during")
    runs.runtime.record_outcome(decision_id, True)
    touch(runs, "after")
    runs.runtime.end_run(True)
    touch(runs, "outside")

    parents = [parent_name(runs, name) for name in ("before", "during", "after", "outside")]
    assert parents == ["run g", "decide n", "run g", None]


def test_two_decisions_in_a_row_are_siblings(runs: CapturedRuns) -> None:
    """A decision that waits for its outcome is no parent; after the second's outcome the run is current."""
    runs.runtime.start_run("g")
    first, second = decide(runs, "first"), decide(runs, "second")
    runs.runtime.record_outcome(second, True)
    touch(runs, "between")
    runs.runtime.record_outcome(first, True)
    runs.runtime.end_run(True)

    assert [parent_name(runs, name) for name in ("decide first", "decide second", "between")] == ["run g"] * 3


def test_nested_executions_are_children(runs: CapturedRuns) -> None:
    """Decisions made inside an execution are its children, three levels deep, and the file says so."""

    def inner() -> None:
        with runs.runtime.decision("i", OPTION, "a", "r", node_id="middle"):
            decide(runs, "leaf")
            touch(runs, "work")

    with runs.runtime.run("g") as run:
        runs.runtime.decide_and_execute("i", OPTION, "a", "r", inner, node_id="outer")
        decide(runs, "beside")

    names = ["decide outer", "decide middle", "decide leaf", "work", "decide beside"]
    assert [parent_name(runs, name) for name in names] == [
        "run g",
        "decide outer",
        "decide middle",
        "decide leaf",
        "run g",
    ]
    decoded = runs.decoded(run.id)
    assert [decision.get("parent_decision_id") for decision in decoded.native["decisions"]] == [
        None,
        "dec_0",
        "dec_1",
        None,
    ]


def test_users_span_in_between_stays_current(runs: CapturedRuns) -> None:
    """An outcome inside a user's block leaves the user's span; leaving the block leads to no ended span."""
    runs.runtime.start_run("g")
    decision_id = decide(runs, "n")
    with runs.tracer.start_as_current_span("users"):
        runs.runtime.record_outcome(decision_id, True)
        touch(runs, "inside")
    touch(runs, "after")
    runs.runtime.end_run(True)

    assert (parent_name(runs, "inside"), parent_name(runs, "after")) == ("users", "run g")


def test_users_span_around_a_decision_is_current_again(runs: CapturedRuns) -> None:
    """A decision made inside a user's span gives way to that span."""
    runs.runtime.start_run("g")
    with runs.tracer.start_as_current_span("users"):
        decision_id = decide(runs, "n")
        runs.runtime.record_outcome(decision_id, True)
        touch(runs, "inside")
    runs.runtime.end_run(True)

    assert (parent_name(runs, "decide n"), parent_name(runs, "inside")) == ("run g", "users")


def test_nothing_is_ever_parented_on_an_ended_span(runs: CapturedRuns) -> None:
    """A block that was opened inside the run and is left after it puts back an old context that forwards."""
    with runs.tracer.start_as_current_span("request"):
        runs.runtime.start_run("g")
        decide(runs, "n")
        manager = runs.tracer.start_as_current_span("users")
        manager.__enter__()
        runs.runtime.end_run(True)
        manager.__exit__(None, None, None)
        touch(runs, "after")

    assert parent_name(runs, "after") == "request"


@pytest.mark.parametrize("with_request", [False, True])
def test_callers_context_is_put_back(runs: CapturedRuns, with_request: bool) -> None:  # noqa: FBT001
    """After end_run the very context of before is current, however many decisions there were."""
    outer = runs.tracer.start_span("request")
    token = context.attach(trace.set_span_in_context(outer) if with_request else context.get_current())
    before = context.get_current()
    runs.runtime.start_run("g")
    decide(runs, "n")
    runs.runtime.record_outcome(decide(runs, "m"), True)
    with runs.runtime.decision("i", OPTION, "a", "r"):
        decide(runs, "o")
    runs.runtime.end_run(True)

    assert context.get_current() is before
    context.detach(token)


def test_baggage_set_during_a_run_stays(runs: CapturedRuns) -> None:
    """What others put into the context is not ours to take out."""
    runs.runtime.start_run("g")
    token = context.attach(baggage.set_baggage("tenant", "blue"))
    decide(runs, "n")
    runs.runtime.end_run(True)

    assert baggage.get_baggage("tenant") == "blue"
    assert trace.get_current_span() is trace.INVALID_SPAN
    context.detach(token)


def test_baggage_reaches_the_run(runs: CapturedRuns) -> None:
    """A new root keeps the caller's baggage."""
    token = context.attach(baggage.set_baggage("tenant", "blue"))
    with runs.runtime.run("g"):
        assert baggage.get_baggage("tenant") == "blue"
    context.detach(token)


def test_awaited_execution_has_its_spans_beneath_it(runs: CapturedRuns) -> None:
    """A coroutine runs inside its decision, alone and many at a time, and the caller's context is put back."""

    async def work(name: str) -> str:
        touch(runs, f"{name} begins")
        await asyncio.sleep(0)
        touch(runs, f"{name} ends")
        return name

    async def main() -> list[tuple[str, str]]:
        before = context.get_current()
        async with runs.runtime.run("g"):
            alone = await runs.runtime.decide_and_execute("i", OPTION, "a", "r", lambda: work("x"), node_id="x")
            pending = [
                runs.runtime.decide_and_execute("i", OPTION, "a", "r", lambda name=name: work(name), node_id=name)
                for name in ("y", "z")
            ]
            together = await asyncio.gather(*pending)
        assert context.get_current() is before
        return [alone, *together]

    assert asyncio.run(main()) == [("dec_0", "x"), ("dec_1", "y"), ("dec_2", "z")]
    for name in ("x", "y", "z"):
        assert parent_name(runs, f"{name} begins") == f"decide {name}"
        assert parent_name(runs, f"{name} ends") == f"decide {name}"
        assert parent_name(runs, f"decide {name}") == "run g"


def test_cancelled_task_leaves_an_outcome(runs: CapturedRuns) -> None:
    """Cancellation at an await is recorded as cancelled and goes on."""

    async def wait_forever() -> None:
        await asyncio.Event().wait()

    async def agent() -> None:
        async with runs.runtime.run("g"):
            await runs.runtime.decide_and_execute("i", OPTION, "a", "r", wait_forever, node_id="n")

    async def main() -> None:
        task = asyncio.create_task(agent())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert runs.span("decide n").attributes["runspan.decision.outcome"] == "cancelled"
    assert runs.span("run g").attributes["runspan.run.status"] == "cancelled"


def test_thread_with_copied_context_nests(runs: CapturedRuns) -> None:
    """Whatever carries OpenTelemetry context carries the run and the decision."""
    with runs.runtime.run("g"), runs.runtime.decision("i", OPTION, "a", "r", node_id="outer"):
        carried = contextvars.copy_context()
        thread = threading.Thread(target=lambda: carried.run(decide, runs, "inner"))
        thread.start()
        thread.join()

    assert parent_name(runs, "decide inner") == "decide outer"


def test_end_on_the_current_span_does_not_end_ours(runs: CapturedRuns) -> None:
    """Only the run ends its spans; code that ends the current span by mistake does no harm."""
    with runs.runtime.run("g") as run:
        decide(runs, "n")
        trace.get_current_span().end()
        trace.get_current_span().set_attribute("users", 1)

    assert runs.span("decide n").attributes["users"] == 1
    assert runs.decoded(run.id).is_whole


def test_current_span_offers_what_sdk_spans_have(runs: CapturedRuns) -> None:
    """Instrumentations that look at the current span's name or attributes find them."""
    with runs.runtime.run("g"):
        span = trace.get_current_span()
        assert span.name == "run g"  # type: ignore[attr-defined]
        assert span.attributes["runspan.goal.id"] == "g"  # type: ignore[attr-defined]
        assert not hasattr(span, "no_such_thing")
