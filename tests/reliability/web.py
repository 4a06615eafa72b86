"""A web application that records a run for each request, for a pre-forking server that loads it before it forks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import runspan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

runspan.configure("web", endpoint=os.environ.get("WEB_ENDPOINT"))
RUNTIME = runspan.Runtime()
STARTUP = RUNTIME.start_run("startup")
RUNTIME.end_run(True)


def app(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    """Answer with the id of the run."""
    with RUNTIME.run("request", input_data={"path": environ["PATH_INFO"]}) as run:
        RUNTIME.record_outcome(RUNTIME.decide("answer", [{"id": "a"}], "a", "r"), True)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [run.id.encode()]
