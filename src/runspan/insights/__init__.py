"""What many runs have in common: rates, repeated failures, patterns. Pure: plain JSON data in, no file or screen."""

from runspan.insights._insights import find_insights
from runspan.insights._report import (
    Choice,
    Confidence,
    CostlyDecision,
    Finding,
    FindingKind,
    GoalRate,
    Insights,
    Period,
    Rate,
    RepeatedFailure,
)

__all__ = [
    "Choice",
    "Confidence",
    "CostlyDecision",
    "Finding",
    "FindingKind",
    "GoalRate",
    "Insights",
    "Period",
    "Rate",
    "RepeatedFailure",
    "find_insights",
]
