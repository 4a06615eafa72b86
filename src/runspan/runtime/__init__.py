"""Recording: Runtime, and the runs and decisions in progress it gives out. OpenTelemetry API only, no SDK."""

from runspan.runtime._block import RunBlock
from runspan.runtime._clock import SYSTEM_CLOCK, Clock
from runspan.runtime._execution import DecisionBlock, OpenDecision
from runspan.runtime._live import LiveSpan
from runspan.runtime._run import OpenRun
from runspan.runtime._runtime import Runtime, abandon_open_runs
from runspan.runtime._spans import RunSpans

__all__ = [
    "SYSTEM_CLOCK",
    "Clock",
    "DecisionBlock",
    "LiveSpan",
    "OpenDecision",
    "OpenRun",
    "RunBlock",
    "RunSpans",
    "Runtime",
    "abandon_open_runs",
]
