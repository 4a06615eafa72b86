"""Runs of dead processes made whole from their journals. Knows storage and journal; sends nothing."""

from runspan.recovery._background import rebuild_soon
from runspan.recovery._live import LiveRun, LiveRuns
from runspan.recovery._rebuild import Fate, Found, rebuild, take_ended, tidy
from runspan.recovery._replay import finish_journaled

__all__ = [
    "Fate",
    "Found",
    "LiveRun",
    "LiveRuns",
    "finish_journaled",
    "rebuild",
    "rebuild_soon",
    "take_ended",
    "tidy",
]
