"""`runspan demo`: from nothing to a tree, files and a link, with and without a Collector."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.backends import free_port, spans_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.backends import Collector, Jaeger


def demo(folder: Path, **environment: str) -> str:
    """Run it as a user does, in an empty folder; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "runspan", "demo"],
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


def test_without_a_server(tmp_path: Path) -> None:
    """The tree of the run that fails, the files, and how to see it in Jaeger; nothing on standard error."""
    shown = demo(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}")

    for expected in (
        "✗ [remedy] Choose a remedy",
        "▶ pay Refund at once",
        "! critical Refund not issued",
        "make jaeger",
    ):
        assert expected in shown
    paths = re.findall(r"^  (\S+\.json)$", shown, re.MULTILINE)
    assert 5 == len(paths)
    assert 5 == len(list((tmp_path / ".runspan" / "runs").glob("*.json")))


def test_with_a_collector(tmp_path: Path, collector: Collector, jaeger: Jaeger) -> None:
    """It prints the link, and the trace is there: decisions named by their choice, instrumented calls beneath them."""
    shown = demo(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=collector.http_endpoint, RUNSPAN_JAEGER_URL=jaeger.url)
    link = re.search(r"In Jaeger: (\S+)/trace/([0-9a-f]{32})", shown)
    assert link is not None
    assert jaeger.url == link[1]
    spans = spans_in(jaeger.client.wait_for(link[2], spans=7))
    names = {span["spanId"]: span["name"] for span in spans}
    parents = {span["name"]: names.get(span.get("parentSpanId", "")) for span in spans}

    assert {
        "run answer-ticket": None,
        "decide triage: refund": "run answer-ticket",
        "decide lookup: action": "run answer-ticket",
        "SELECT": "decide lookup: action",
        "decide remedy: pay": "run answer-ticket",
        "decide payments: pay": "decide remedy: pay",
        "POST": "decide payments: pay",
    } == parents
