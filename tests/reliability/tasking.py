"""Tasks and threads that record at once, with few file handles.

`python -m tests.reliability.tasking STORAGE WAY COUNT`; says on stdout, as one JSON line: for each run its id and the
intents of its decisions as they should be in its file, and what was lost.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import os
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.sdk.trace import TracerProvider

from runspan import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["WAYS"]

Expected = list[tuple[str, list[str]]]
"""Run ids, and what each of their decisions is about."""

OPTIONS: Final = [{"id": "a", "description": "A"}]
HANDLES: Final = 256
THREADS: Final = 32
DECISIONS: Final = 3


def steps_of(name: object) -> list[str]:
    """What a run decides."""
    return [f"{name}/{step}" for step in range(DECISIONS)]


def tasks(runtime: Runtime, count: int) -> Expected:
    """One run for each of many tasks, all of them open at once."""

    async def agent(number: int, everybody: asyncio.Barrier) -> tuple[str, list[str]]:
        run_id = runtime.start_run(f"goal {number % 7}")
        await everybody.wait()
        for intent in steps_of(number):
            decision = runtime.decide(intent, OPTIONS, "a", "r")
            await asyncio.sleep(0)
            runtime.record_outcome(decision, True)
            await asyncio.sleep(0)
        runtime.end_run(True)
        return run_id, steps_of(number)

    async def main() -> Expected:
        everybody = asyncio.Barrier(count)
        return await asyncio.gather(*(agent(number, everybody) for number in range(count)))

    return asyncio.run(main())


def threads(runtime: Runtime, count: int) -> Expected:
    """One run for each job of a pool, whose threads know no context."""

    def agent(number: int) -> tuple[str, list[str]]:
        run_id = runtime.start_run(f"goal {number % 7}")
        for intent in steps_of(number):
            runtime.record_outcome(runtime.decide(intent, OPTIONS, "a", "r"), True)
        runtime.end_run(True)
        return run_id, steps_of(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(agent, range(count)))


def carried(runtime: Runtime, count: int) -> Expected:
    """Many runs open at once; the jobs of a pool get the context of one of them."""
    contexts: list[tuple[str, contextvars.Context]] = []

    def begin(number: int) -> None:
        run = runtime.run(f"goal {number % 7}").__enter__()
        contexts.append((run.id, contextvars.copy_context()))

    def record(intent: str) -> None:
        runtime.record_outcome(runtime.decide(intent, OPTIONS, "a", "r"), True)

    def decide(job: tuple[str, contextvars.Context]) -> None:
        run_id, context = job
        for intent in steps_of(run_id):
            context.run(record, intent)
        context.run(runtime.end_run, True)

    for number in range(count):
        contextvars.Context().run(begin, number)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(decide, contexts))
    return [(run_id, steps_of(run_id)) for run_id, _ in contexts]


def handles(runtime: Runtime, count: int) -> Expected:
    """Many runs open at once, used from threads by their handles."""
    blocks = [runtime.run(f"goal {number % 7}") for number in range(count)]
    runs = [block.__enter__() for block in blocks]

    def decide(number: int) -> None:
        run = runs[number % count]
        run.record_outcome(run.decide(f"{run.id}/{number // count}", OPTIONS, "a", "r"), True)

    with ThreadPoolExecutor(THREADS) as pool:
        for step in range(DECISIONS):
            list(pool.map(decide, range(step * count, (step + 1) * count)))
    for run in runs:
        run.end_run(True)
    return [(run.id, steps_of(run.id)) for run in runs]


def cancelled(runtime: Runtime, count: int) -> Expected:
    """The same agent again and again, cancelled at each of its awaits in turn."""
    told: Expected = []

    async def tool(name: str) -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return name

    async def agent(decided: list[str]) -> None:
        async with runtime.run("cancelled") as run:
            told.append((run.id, decided))
            await asyncio.sleep(0)
            for step in range(DECISIONS):
                decided.append(f"execute {step}")
                await runtime.decide_and_execute(decided[-1], OPTIONS, "a", "r", lambda: tool("x"))
                decided.append(f"block {step}")
                async with runtime.decision(decided[-1], OPTIONS, "a", "r"):
                    await tool("y")

    async def main() -> None:
        turns, whole = 0, asyncio.create_task(agent([]))
        while not whole.done():
            await asyncio.sleep(0)
            turns += 1
        for number in range(count):
            task = asyncio.create_task(agent([]))
            for _ in range(number % turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])

    asyncio.run(main())
    return told


def interrupted(runtime: Runtime, count: int) -> Expected:
    """What is no Exception leaves every block, and an outcome in each."""
    told: Expected = []
    kinds: list[Callable[[], BaseException]] = [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError]

    for number in range(count):
        kind = kinds[number % len(kinds)]
        try:
            with runtime.run("interrupted") as run:
                told.append((run.id, ["outer", "inner"]))
                with runtime.decision("outer", OPTIONS, "a", "r"):
                    runtime.decide_and_execute("inner", OPTIONS, "a", "r", partial(fail, kind))
        except BaseException as exc:
            if type(exc) is not kind:
                raise
    return told


def fail(kind: Callable[[], BaseException]) -> int:
    """Raise; the type checker is to see a plain function."""
    raise kind()


WAYS: Final[dict[str, Callable[[Runtime, int], Expected]]] = {
    "tasks": tasks,
    "threads": threads,
    "carried context": carried,
    "handles": handles,
    "cancelled": cancelled,
    "interrupted": interrupted,
}


def main(storage: str, way: str, count: str) -> None:
    """Record with as few handles as a shell gives at the least."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (HANDLES, HANDLES))
    runtime = Runtime(storage, tracer_provider=TracerProvider(shutdown_on_exit=False))
    told: list[Any] = [WAYS[way](runtime, int(count)), runtime.health()]
    os.write(1, json.dumps(told).encode() + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
