"""MLflow: a span with inputs and outputs in a run's trace, which a thread of its own logs to SQLite when it ends."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import mlflow

from benchmarks.alternatives._timing import measure
from benchmarks.bare import Contender

if TYPE_CHECKING:
    from benchmarks.workload import Step


class WithMlflow(Contender):
    """A span for each decision beneath one for the run."""

    name = "MLflow"

    def __init__(self) -> None:
        """Set it up."""
        os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "true"
        mlflow.set_tracking_uri(f"sqlite:///{tempfile.mkdtemp()}/traces.db")

    def begin(self) -> None:
        """Open the run's span."""
        self._root = mlflow.start_span(name="run")
        self._root.__enter__()

    def step(self, step: Step) -> None:
        """Record one."""
        with mlflow.start_span(name=f"decide {step.node_id}") as span:
            span.set_inputs({"intent": step.intent, "options": step.options, "context": step.context})
            span.set_attributes({"chosen": step.chosen, "reasoning": step.reasoning})
            span.set_outputs({"result": step.result, "summary": step.summary})

    def end(self) -> None:
        """Close it."""
        self._root.__exit__(None, None, None)


if __name__ == "__main__":
    measure(WithMlflow())
