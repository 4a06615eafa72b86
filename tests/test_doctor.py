"""`runspan doctor`: what works, what does not, and the fix; with the real Collector and Jaeger, and without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from runspan.cli import main
from runspan.testing import CapturedRuns
from tests.backends._server import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.backends import Collector, Jaeger


def examined(storage: Path, *words: str, **environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and the findings by name."""
    command = ["doctor", "--json", "-s", str(storage), "--patience", "20", *words]
    done = CliRunner().invoke(main, command, env=environment, prog_name="runspan")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, {finding["what"]: finding for finding in json.loads(done.stdout)}


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """One run."""
    with CapturedRuns(tmp_path / "storage").runtime.run("refund"):
        pass
    return tmp_path / "storage"


def test_all_is_well(storage: Path, collector: Collector, jaeger: Jaeger) -> None:
    """The receiver takes a span, and Jaeger shows that very span."""
    code, found = examined(
        storage,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.http_endpoint,
        RUNSPAN_JAEGER_URL=jaeger.url,
        RUNSPAN_PARENT="current",
    )

    assert [] == [finding for finding in found.values() if finding["state"] != "good"]
    assert 0 == code
    assert "current (RUNSPAN_PARENT)" == found["setting parent"]["told"]
    assert "node (default)" == found["setting span_names"]["told"]
    assert f"{storage} holds 1 runs" == found["storage"]["told"]
    assert f"{jaeger.url} shows the span that was sent" == found["Jaeger"]["told"]
    assert "opentelemetry-sdk 1." in found["versions"]["told"]


def test_nothing_is_there(tmp_path: Path) -> None:
    """Each finding has its fix, and nothing was made."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    code, found = examined(tmp_path / "none", OTEL_EXPORTER_OTLP_ENDPOINT=nowhere, OTEL_EXPORTER_OTLP_TIMEOUT="1")

    assert 1 == code
    assert ("bad", "note", "note") == tuple(found[what]["state"] for what in ("receiver", "storage", "Jaeger"))
    assert all(found[what]["fix"] for what in ("receiver", "storage", "Jaeger"))
    assert [] == list(tmp_path.iterdir())


def test_jaeger_that_does_not_answer_is_told(storage: Path, jaeger: Jaeger) -> None:
    """Whatever the receiver has taken."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    code, found = examined(storage, RUNSPAN_JAEGER_URL=nowhere, OTEL_EXPORTER_OTLP_ENDPOINT=jaeger.http_endpoint)

    assert (1, "bad") == (code, found["Jaeger"]["state"])
    assert "does not answer" in found["Jaeger"]["told"]
    assert "good" == found["receiver"]["state"]


def test_a_bad_variable_is_named(storage: Path, jaeger: Jaeger) -> None:
    """With what it may be."""
    code, found = examined(storage, RUNSPAN_PARENT="mother", OTEL_EXPORTER_OTLP_ENDPOINT=jaeger.http_endpoint)

    assert 1 == code
    assert "RUNSPAN_PARENT='mother'" in found["settings"]["told"]
    assert "root, current" in found["settings"]["told"]


def test_runs_of_dead_processes_are_told(storage: Path, jaeger: Jaeger) -> None:
    """And how they are finished."""
    program = "import os, sys, runspan; runspan.Runtime(sys.argv[1]).start_run('lost'); os._exit(0)"
    subprocess.run([sys.executable, "-c", program, str(storage)], check=True, env=os.environ)
    code, found = examined(storage, OTEL_EXPORTER_OTLP_ENDPOINT=jaeger.http_endpoint)

    assert (1, "bad") == (code, found["journals"]["state"])
    assert f"runspan recover --storage {storage}" == found["journals"]["fix"]


def test_for_people(storage: Path, jaeger: Jaeger) -> None:
    """A line each, the fix below."""
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": jaeger.http_endpoint}
    done = CliRunner().invoke(main, ["doctor", "-s", str(storage)], env=environment, prog_name="runspan")

    assert 0 == done.exit_code, done.output
    assert "✓ receiver: " in done.stdout
    assert "! Jaeger: is not configured\n  Set RUNSPAN_JAEGER_URL" in done.stdout
