"""A record completed at its run's end, with what the agent changed on the model. Knows neither spans nor files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runspan.health import contained
from runspan.mapping import amended, find_amendments

if TYPE_CHECKING:
    from runspan.health import Health
    from runspan.journal import EndStep
    from runspan.record import Encoder, FinishedRun, RunRecord

__all__ = ["finish"]


def finish(record: RunRecord, end: EndStep, encoder: Encoder, health: Health) -> FinishedRun:
    """Complete a record; where the agent has broken the model, fall back to what the calls recorded.

    Args:
        record: What the calls recorded, and the model if somebody looked at it.
        end: How the run ended; gets the amendments.
        encoder: Masks what the agent put into the model itself.
        health: Where a broken model is counted.
    """
    with contained("model", health):
        finished = record.finish(end.status, end.at, end.narrative, end.output)
        if not finished.is_amended:
            return finished
        end.amendments = find_amendments(finished.recorded, finished.native)
        is_masked = encoder.amendments(end.amendments)
        return amended(finished.recorded, end.amendments) if is_masked else finished
    record.forget_model()
    end.amendments = []
    return record.finish(end.status, end.at, end.narrative, end.output)
