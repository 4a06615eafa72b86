"""Agent, Collector and Jaeger killed or frozen in turn while runs pass: every file and every whole trace is there."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import runspan
from runspan.interchange import read_otlp_json
from runspan.mapping import decode_run
from tests.backends import Collector, Jaeger, spans_in
from tests.backends._server import free_port
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.reliability.tally import Tally

Told = list[Any]


class Agent:
    """One life of the agent."""

    def __init__(self, storage: Path, endpoint: str) -> None:
        """Start it."""
        program = [sys.executable, "-m", "tests.reliability.fire_agent", str(storage), endpoint]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def runs(self, number: int) -> list[Told]:
        """Wait until that many more runs have ended."""
        assert self._process.stdout is not None
        return [json.loads(self._process.stdout.readline()) for _ in range(number)]

    def end(self, *, kill: bool) -> list[Told]:
        """End it, by SIGKILL or politely; return the runs that it has told of since."""
        if kill:
            self._process.kill()
        rest, _ = self._process.communicate(timeout=60)
        return [json.loads(line) for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]


@pytest.fixture
def backends(jaeger: Jaeger, collector: Collector, tmp_path: Path) -> Iterator[tuple[Jaeger, Collector]]:  # noqa: ARG001 - so that they are built
    """A Jaeger on disk behind a Collector with a queue on disk, at addresses that stay."""
    grpc, http = free_port(), free_port()
    own_jaeger = Jaeger(tmp_path / "jaeger", port=free_port(), grpc_port=grpc, config="jaeger-badger.yaml")
    own_collector = Collector(
        tmp_path / "collector", jaeger_grpc=f"127.0.0.1:{grpc}", http_port=http, config="collector-queue.yaml"
    )
    with own_jaeger, own_collector:
        yield own_jaeger, own_collector


@pytest.mark.guarantee(1, 5)
def test_everything_is_killed_and_nothing_lost(
    backends: tuple[Jaeger, Collector], tmp_path: Path, tally: Tally
) -> None:
    """In the end each run's file and each run's trace say the same, byte for byte."""
    jaeger, collector = backends
    total = tally.times("runs", quick=90, full=1_000)
    told = kill_in_turn(jaeger, collector, tmp_path / "storage", total, tally)
    recovered = runspan.recover(tmp_path / "storage", endpoint=collector.http_endpoint)
    files = sorted((tmp_path / "storage" / "runs").iterdir())
    for file in files:
        eventually(lambda file=file: is_in_jaeger(jaeger, file), 120)  # type: ignore[misc]
    tally.note("traces resent", len(recovered.sent))
    tally.note("longest decide", f"{max(run[2] for run in told):.1f} ms")
    tally.note("longest end_run", f"{max(run[3] for run in told):.1f} ms")

    assert {run[0] for run in told} <= {file.stem for file in files}
    assert () == recovered.unsent


def kill_in_turn(jaeger: Jaeger, collector: Collector, storage: Path, total: int, tally: Tally) -> list[Told]:
    """Record that many runs, an agent after the other, and harm one of the three every few runs."""
    chance = random.Random(total)  # noqa: S311 - not for secrets
    told: list[Told] = []
    agent = Agent(storage, collector.http_endpoint)
    while len(told) < total:
        told += agent.runs(chance.randrange(5, 25))
        victim = chance.choice(("agent", "collector", "jaeger"))
        if victim == "agent":
            tally.note("kills of the agent", 1)
            told += agent.end(kill=True)
            agent = Agent(storage, collector.http_endpoint)
            continue
        server, harm = {"collector": collector, "jaeger": jaeger}[victim], chance.choice(("kill", "freeze"))
        tally.note(f"{harm}s of the {victim}", 1)
        {"kill": server.kill, "freeze": server.freeze}[harm]()
        told += agent.runs(chance.randrange(1, 10))
        {"kill": server.start, "freeze": server.thaw}[harm]()
    return told + agent.end(kill=True)


def is_in_jaeger(jaeger: Jaeger, file: Path) -> bool:
    """Whether a run's trace is there, whole, each span once, and gives the file's bytes."""
    data = file.read_bytes()
    trace = jaeger.client.trace(json.loads(data)["trace_id"])
    assert trace is not None, f"no trace of {file.stem}"
    ids = [span["spanId"] for span in spans_in(trace)]
    assert len(ids) == len(set(ids)), f"{len(ids)} spans with {len(set(ids))} ids in the trace of {file.stem}"
    decoded = decode_run(read_otlp_json(trace))
    assert decoded.is_whole, (file.stem, decoded.missing)
    return decoded.data == data
