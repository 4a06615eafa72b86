"""Losses as a metric: the same figures as `health()`, wherever the application's metrics go."""

from __future__ import annotations

import subprocess
import sys

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
