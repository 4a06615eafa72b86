"""Every way to exit keeps the record: of the run that ended, and of the one that had not."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from runspan import FileStorage, recover
from runspan.interchange import read_otlp_json
from runspan.mapping import decode_run
from tests.receiver import Receiver
from tests.reliability.exiting import WAYS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reliability.tally import Tally

SILENT = {"SIGTERM", "SIGHUP", "os._exit", "os.abort", "SIGKILL"}
"""Ways that leave no time to do anything."""


def end(storage: Path, way: str, *endpoint: str) -> tuple[list[str], float]:
    """Let a process end; return the runs that it acknowledged, and how long it lived after that, in seconds."""
    program = [sys.executable, "-m", "tests.reliability.exiting", str(storage), way, *endpoint]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        *runs, ready = process.stdout.readline().decode().split()
        began = time.monotonic()
        process.wait(60)
        assert ready == "ready"
    return runs, time.monotonic() - began


@pytest.mark.guarantee(6)
@pytest.mark.parametrize("endpoint", [(), ("http://127.0.0.1:9",)], ids=["without SDK", "collector down"])
@pytest.mark.parametrize("way", WAYS)
def test_record_is_kept(way: str, endpoint: tuple[str, ...], tmp_path: Path) -> None:
    """The ended run's file is there; the unfinished one's at exit, or else once somebody recovers."""
    (ended, unfinished), _ = end(tmp_path, way, *endpoint)
    storage = FileStorage(tmp_path)
    before = storage.load_run(unfinished)
    recover(tmp_path, send=False)
    runs = [storage.load_run(run_id) for run_id in (ended, unfinished)]

    assert ["completed", "failed"] == [run.status.value for run in runs if run is not None]
    assert "kept" == runs[1].decisions[0].outcome.result  # type: ignore[union-attr]
    assert (way in SILENT) == (before is None)


@pytest.mark.guarantee(6)
@pytest.mark.parametrize("way", WAYS)
def test_trace_is_whole_in_the_end(way: str, tmp_path: Path) -> None:
    """What had not left before the process died leaves when somebody recovers, and both runs come back from it."""
    with Receiver() as receiver:
        runs, _ = end(tmp_path, way, receiver.endpoint)
        recover(tmp_path, endpoint=receiver.endpoint)
        documents = [receiver.document(request) for request in receiver.requests]
    spans = [span for document in documents for span in read_otlp_json(document)]
    storage = FileStorage(tmp_path)
    decoded = [decode_run(span for span in spans if span.attributes["runspan.run.id"] == run_id) for run_id in runs]

    assert [storage.read_run_bytes(run_id) for run_id in runs] == [each.data for each in decoded]
    assert [True, True] == [each.is_whole for each in decoded]


@pytest.mark.guarantee(5, 6)
def test_exit_is_bounded_with_the_collector_down(tmp_path: Path, tally: Tally) -> None:
    """Under two seconds, whatever is still queued."""
    _, took_s = end(tmp_path, "return", "http://127.0.0.1:9")
    tally.note("exit with the collector down", f"{took_s:.2f} s")

    assert took_s < (2.0 if tally.is_soak else 10.0)
