"""configure(): one call for an application without tracing, and nothing replaced where there is some."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

import runspan
from runspan.errors import ConfigError
from runspan.testing import CapturedRuns
from tests.backends import spans_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.backends import Collector, Jaeger


def run_python(code: str, *arguments: object) -> list[str]:
    """Run code in a process of its own and return its output's lines; it must end by itself."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert 0 == done.returncode, done.stderr
    return done.stdout.splitlines()


FROM_NOTHING = """
import sys, runspan
runspan.configure("configured-service", storage=sys.argv[1], endpoint=sys.argv[2])
runtime = runspan.Runtime()
with runtime.run("goal") as run:
    runtime.record_outcome(runtime.quick_decision("i", "a", "r"), True)
print(run.id, run.trace_id)
"""


def test_one_call_for_an_application_without_tracing(collector: Collector, jaeger: Jaeger, tmp_path: Path) -> None:
    """Provider, resource, OTLP out and run files; a process that ends at once has sent everything."""
    [line] = run_python(FROM_NOTHING, tmp_path, collector.http_endpoint)
    run_id, trace_id = line.split()
    document = jaeger.client.wait_for(trace_id, spans=2)

    assert {"run goal", "decide unknown"} == {span["name"] for span in spans_in(document)}
    assert "configured-service" in jaeger.client.services()
    run = runspan.FileStorage(tmp_path).load_run(run_id)
    assert run is not None
    assert trace_id == run.trace_id  # type: ignore[attr-defined]


EXISTING = """
import sys, runspan
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
provider = TracerProvider()
trace.set_tracer_provider(provider)
for _ in range(2):
    assert runspan.configure("ignored", storage=sys.argv[1]) is provider
assert trace.get_tracer_provider() is provider
print(len(provider._active_span_processor._span_processors))
runtime = runspan.Runtime()
with runtime.run("goal") as run:
    pass
provider.shutdown()
print(len(list(__import__("pathlib").Path(sys.argv[1], "runs").glob("*.json"))))
"""


def test_existing_provider_is_added_to(tmp_path: Path) -> None:
    """Run files only, once however often it is called; the global provider stays the application's."""
    assert ["1", "1"] == run_python(EXISTING, tmp_path)


def test_given_provider_is_added_to(tmp_path: Path) -> None:
    """A provider that is not global serves as well."""
    runs = CapturedRuns()
    assert runs.provider is runspan.configure(storage=tmp_path, tracer_provider=runs.provider)
    with runs.runtime.run("goal") as run:
        pass
    runs.provider.shutdown()

    assert (tmp_path / "runs" / f"{run.id}.json").exists()


def test_nothing_is_global_unless_asked_for(tmp_path: Path) -> None:
    """Importing runspan, making a Runtime and recording set no provider."""
    with runspan.Runtime(tmp_path).run("goal"):
        pass

    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def test_misuse_raises_at_once(tmp_path: Path) -> None:
    """With words that say what to change."""
    with pytest.raises(ConfigError, match="http://"):
        runspan.configure(endpoint="localhost:4318", tracer_provider=TracerProvider(shutdown_on_exit=False))
    with pytest.raises(ConfigError, match="TracerProvider"):
        runspan.configure(tracer_provider=trace.NoOpTracerProvider())
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="folder"):
        runspan.configure(storage=tmp_path / "file", tracer_provider=TracerProvider(shutdown_on_exit=False))


def test_silent_collector_does_not_hold_the_process(tmp_path: Path) -> None:
    """A receiver that takes the connection and never answers: the process ends, its files are there."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        [line] = run_python(FROM_NOTHING, tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}")

    assert (tmp_path / "runs" / f"{line.split()[0]}.json").exists()


SHUTDOWN = """
import sys, runspan
runspan.configure("s", storage=sys.argv[1], endpoint="http://127.0.0.1:9")
with runspan.Runtime().run("goal"):
    pass
print(runspan.shutdown(20))
print(len(list(__import__("pathlib").Path(sys.argv[1], "runs").glob("*.json"))))
print(runspan.shutdown())
"""


def test_shutdown_flushes_run_files(tmp_path: Path) -> None:
    """After it the run files are there; a second one has nothing to do."""
    assert ["True", "1", "True"] == run_python(SHUTDOWN, tmp_path)


FORKED = """
import os, sys, runspan
runspan.configure("s", storage=sys.argv[1], endpoint="http://127.0.0.1:9")
child = os.fork()
with runspan.Runtime().run("goal"):
    pass
if child == 0:
    sys.exit(0)
print(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no fork on this system")
def test_forked_child_flushes_too(tmp_path: Path) -> None:
    """Parent and child each write their run's file at exit."""
    assert ["0"] == run_python(FORKED, tmp_path)
    assert 2 == len(list((tmp_path / "runs").glob("*.json")))
