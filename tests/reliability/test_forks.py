"""Forks, pre-forking servers, multiprocessing: no deadlock, no shared handles, no run written twice or not at all."""

from __future__ import annotations

import collections
import http.client
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from runspan import FileStorage, Runtime, recover
from tests.backends._server import free_port
from tests.receiver import Receiver
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reliability.tally import Tally


@pytest.mark.guarantee(7)
def test_forks_under_load(tmp_path: Path, tally: Tally) -> None:
    """Threads record, log and export meanwhile; every run of parent and children has its file, and no span twice."""
    forks = tally.times("forks", quick=60, full=1_000)
    with Receiver() as receiver:
        program = [sys.executable, "-m", "tests.reliability.forking", str(tmp_path), receiver.endpoint, str(forks)]
        done = subprocess.run(program, stdout=subprocess.PIPE, check=True, timeout=1_500)
        span_ids = collections.Counter(span.span_id for span in receiver.spans())
        recover(tmp_path, endpoint=receiver.endpoint)
        sent = {
            pair.value.string_value
            for span in receiver.spans()
            for pair in span.attributes
            if pair.key == "runspan.run.id" and not span.parent_span_id
        }
    *children, parent = [json.loads(line) for line in done.stdout.splitlines()]
    runs = [child["child"] for child in children] + parent["runs"]
    storage = FileStorage(tmp_path)
    tally.note("runs", len(runs))

    assert (forks, 0) == (len(children), parent["failed"])
    assert [] == [child["inherited"] for child in children if child["inherited"]]
    assert all(child["ignored"] for child in children)
    assert sorted(runs) == storage.list_all_runs()
    assert set(runs) == set(storage.get_runs_by_status("completed"))
    # Children that end by os._exit take what is queued with them; their journals serve.
    assert set(runs) == sent
    assert {1} == set(span_ids.values())


def record_in_child(storage: str, number: int) -> str:
    """Record a run; in a process of its own."""
    runtime = Runtime(storage)
    with runtime.run(f"goal {number}") as run:
        run.record_outcome(run.decide("x", [{"id": "a"}], "a", "r"), True)
    return run.id


@pytest.mark.guarantee(7)
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method: str, tmp_path: Path, tally: Tally) -> None:
    """A pool of processes on one storage, while the parent has a run open."""
    jobs = tally.times(f"jobs by {method}", quick=20, full=200)
    runtime = Runtime(tmp_path)
    parent = runtime.start_run("parent")
    with multiprocessing.get_context(method).Pool(4) as pool:
        runs = pool.starmap(record_in_child, [(str(tmp_path), number) for number in range(jobs)])
        pool.close()
        pool.join()
    runtime.end_run(True)

    assert sorted([*runs, parent]) == FileStorage(tmp_path).list_all_runs()
    assert set(runs) < set(FileStorage(tmp_path).get_runs_by_status("completed"))


class Gunicorn:
    """A pre-forking server with the application loaded before it forks."""

    def __init__(self, storage: Path, endpoint: str) -> None:
        """Start it."""
        self.port = free_port()
        options = ["--preload", "--workers", "3", "--bind", f"127.0.0.1:{self.port}", "--graceful-timeout", "5"]
        env = os.environ | {"RUNSPAN_STORAGE": str(storage), "WEB_ENDPOINT": endpoint}
        program = [sys.executable, "-m", "gunicorn", *options, "tests.reliability.web:app"]
        self.process = subprocess.Popen(program, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        eventually(lambda: self.get() is not None, 30)

    def get(self) -> str | None:
        """The run that a request made; None where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/")
            response = connection.getresponse()
            return response.read().decode() if response.status == 200 else None
        except OSError:
            return None
        finally:
            connection.close()

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        tasks = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(tasks, encoding="ascii") as file:  # noqa: PTH123 - of the system, not of the test
            return [int(pid) for pid in file.read().split()]

    def stop(self) -> str:
        """Stop it politely; return what it said."""
        self.process.terminate()
        _, said = self.process.communicate(timeout=60)
        return said.decode()


@pytest.mark.guarantee(7)
def test_gunicorn_with_preload(tmp_path: Path, tally: Tally) -> None:
    """Workers are replaced politely, by a signal and by SIGKILL; every answered request has its file and its spans."""
    pytest.importorskip("gunicorn")
    requests = tally.times("requests", quick=60, full=1_000)
    answered = []
    with Receiver() as receiver:
        server = Gunicorn(tmp_path, receiver.endpoint)
        for number in range(requests):
            answered.append(server.get())
            if number % 20 == 19:
                victim = server.workers()[0]
                os.kill(victim, (signal.SIGKILL, signal.SIGTERM)[number // 20 % 2])
                eventually(lambda victim=victim: victim not in server.workers(), 30)  # type: ignore[misc]
        server.process.send_signal(signal.SIGHUP)
        eventually(server.get, 30)
        said = server.stop()
        spans = collections.Counter(span.span_id for span in receiver.spans())
    runs = [run_id for run_id in answered if run_id is not None]
    tally.note("answered", len(runs))
    storage = FileStorage(tmp_path)

    assert len(runs) >= requests * 0.9
    assert len(runs) == len(set(runs))
    assert set(runs) <= set(storage.get_runs_by_status("completed"))
    assert 1 == len(storage.get_runs_by_goal("startup"))
    assert {1} == set(spans.values())
    assert "Traceback" not in said
