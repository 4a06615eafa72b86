"""Runs and losses as metrics, wherever the application's metrics go."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Final

PROGRAM = """
import logging
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
import runspan
logging.disable()
first = runspan.Runtime()
reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader], shutdown_on_exit=False))
second = runspan.Runtime()
for runtime in (first, second, second):
    runtime.record_outcome("dec_0", True)
second.start_run("goal")
second.decide("x", [], "none", "r")
points = [
    (metric.name, metric.unit, point.attributes["runspan.cause"], point.value)
    for resource in reader.get_metrics_data().resource_metrics
    for scope in resource.scope_metrics
    for metric in scope.metrics
    for point in metric.data.data_points
]
print(sorted(points), runspan.health())
second.end_run(True)
"""


def test_losses_are_a_metric() -> None:
    """Of all Runtimes together, also where the meter provider is set later."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    points = [
        ("runspan.lost", "{record}", "doubtful decision", 1),
        ("runspan.lost", "{record}", "record_outcome ignored", 3),
    ]

    assert f"{points} {{'record_outcome ignored': 3, 'doubtful decision': 1}}\n" == done.stdout


RUNS: Final = """
import json, logging
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from runspan import Runtime
from runspan.testing import StepClock
logging.disable()
runtime = Runtime(clock=StepClock(step_ns=100_000_000))
runtime.start_run("before")  # nobody takes it
runtime.end_run(True)
reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader], shutdown_on_exit=False))
for number in range(RUNS):
    runtime.start_run(f"goal {number}" if RUNS > 2 else "refund")
    for step, success in enumerate([True, False, None]):
        decision = runtime.decide("x", [{"id": "a"}], "a", "r", f"node {step}")
        if success is not None:
            runtime.record_outcome(decision, success, tokens_used=10 + step)
    runtime.end_run(number == 0)
found = {}
for resource in reader.get_metrics_data().resource_metrics:
    for scope in resource.scope_metrics:
        for metric in scope.metrics:
            for point in metric.data.data_points:
                value = getattr(point, "value", None)
                told = value if value is not None else [point.count, round(point.sum, 3)]
                attributes = [str(point.attributes[name]) for name in sorted(point.attributes)]
                found[" ".join([metric.name, metric.unit, *attributes])] = told
print(json.dumps(found))
"""


def found(runs: int) -> dict[str, Any]:
    """The points of a process that has made that many runs: name, unit and attributes -> value, or count and sum."""
    program = RUNS.replace("RUNS", str(runs))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    points: dict[str, Any] = json.loads(done.stdout)
    return points


def test_ended_runs_are_metrics() -> None:
    """Runs by status, decisions by outcome, how long they took, and tokens; only what a provider was there for."""
    points = found(2)

    assert [1, 0.6] == points["runspan.run.duration s refund completed"]
    assert [1, 0.6] == points["runspan.run.duration s refund failed"]
    assert [2, 0.2] == points["runspan.decision.duration s success refund node 0"]
    assert [2, 0.2] == points["runspan.decision.duration s failure refund node 1"]
    assert [2, 0.0] == points["runspan.decision.duration s missing refund node 2"]
    assert (20, 22) == (points["runspan.tokens {token} refund node 0"], points["runspan.tokens {token} refund node 1"])
    assert not [name for name in points if "before" in name]


def test_names_without_end_are_told_apart_no_longer() -> None:
    """Each would be a time series of its own."""
    points = found(210)
    goals = [name for name in points if name.startswith("runspan.run.duration s goal")]

    assert 200 == len(goals)
    assert 10 == points["runspan.run.duration s _OTHER failed"][0]
