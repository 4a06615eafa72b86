"""Losses as an OpenTelemetry metric, so that an operator sees them where he sees everything else. Knows no run.

Costs nothing until a reader collects: the counter asks `health()` then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import metrics
from opentelemetry.metrics import Observation

from runspan import semconv
from runspan._version import __version__
from runspan.health import PROCESS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.metrics import CallbackOptions

__all__ = ["report_losses"]


class _Losses:
    """The counter of this process."""

    def __init__(self) -> None:
        self._is_made = False

    def make(self) -> None:
        """Make it, once; a meter provider that is set later takes it over."""
        if not self._is_made:
            self._is_made = True
            meter = metrics.get_meter(semconv.SCOPE_NAME, __version__, schema_url=semconv.SCHEMA_URL)
            meter.create_observable_counter(
                semconv.METRIC_LOST,
                callbacks=[self.observe],
                unit="{record}",
                description="Records lost, kept waiting or ignored, by cause.",
            )

    @staticmethod
    def observe(_: CallbackOptions) -> Iterable[Observation]:
        """Give the counts of `runspan.health()`."""
        return [Observation(times, {semconv.LOST_CAUSE: cause}) for cause, times in PROCESS.report().items()]


_LOSSES = _Losses()


def report_losses() -> None:
    """Have this process's losses reported as the metric `runspan.lost`."""
    _LOSSES.make()
