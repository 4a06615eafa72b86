"""Names of the native format: statuses, decision types, and each part's stored and computed fields in file order."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, TypeAlias, Union

__all__ = [
    "COMPUTED_DECISION",
    "COMPUTED_METRICS",
    "COMPUTED_RUN",
    "DECISION_FIELDS",
    "EVALUATION_FIELDS",
    "METRICS_FIELDS",
    "OPTION_FIELDS",
    "OUTCOME_FIELDS",
    "PROBLEM_FIELDS",
    "RUN_FIELDS",
    "SUMMARY_FIELDS",
    "DecisionType",
    "JSONObject",
    "JSONValue",
    "RunStatus",
]

JSONValue: TypeAlias = Union[bool, int, float, str, list["JSONValue"], dict[str, "JSONValue"], None]  # noqa: UP007 - `|` cannot join quoted names
"""What JSON can say, as Python has it."""

JSONObject: TypeAlias = dict[str, Any]
"""A JSON object whose values are looked into."""


class RunStatus(StrEnum):
    """Where a Run stands."""

    RUNNING = "running"
    """In progress."""
    COMPLETED = "completed"
    """Ended, goal reached."""
    FAILED = "failed"
    """Ended, goal not reached."""
    STUCK = "stuck"
    """Ended because it could not go on."""
    CANCELLED = "cancelled"
    """Ended from outside."""


class DecisionType(StrEnum):
    """What kind of choice a Decision is."""

    TOOL_SELECTION = "tool_selection"
    """Which tool to use."""
    PARAMETER_CHOICE = "parameter_choice"
    """Which parameters to use it with."""
    PATH_CHOICE = "path_choice"
    """Which way to go on."""
    OUTPUT_FORMAT = "output_format"
    """How to present a result."""
    RETRY_STRATEGY = "retry_strategy"
    """How to try again."""
    DELEGATION = "delegation"
    """Whom to hand over to."""
    TERMINATION = "termination"
    """Whether to stop."""
    CUSTOM = "custom"
    """Anything else."""


RUN_FIELDS: Final = (
    "id",
    "goal_id",
    "started_at",
    "status",
    "completed_at",
    "decisions",
    "problems",
    "metrics",
    "narrative",
    "goal_description",
    "input_data",
    "output_data",
)
"""Stored fields of a Run."""

COMPUTED_RUN: Final = ("duration_ms",)
"""Computed fields of a Run, written after the stored and the extra ones."""

DECISION_FIELDS: Final = (
    "id",
    "timestamp",
    "node_id",
    "intent",
    "decision_type",
    "options",
    "chosen_option_id",
    "reasoning",
    "active_constraints",
    "input_context",
    "outcome",
    "evaluation",
)
"""Stored fields of a Decision."""

COMPUTED_DECISION: Final = ("chosen_option", "was_successful", "was_good_decision")
"""Computed fields of a Decision."""

OPTION_FIELDS: Final = ("id", "description", "action_type", "action_params", "pros", "cons", "confidence")
"""Stored fields of an Option."""

OUTCOME_FIELDS: Final = (
    "success",
    "result",
    "error",
    "state_changes",
    "tokens_used",
    "latency_ms",
    "summary",
    "timestamp",
)
"""Stored fields of an Outcome."""

EVALUATION_FIELDS: Final = (
    "goal_aligned",
    "alignment_score",
    "better_option_existed",
    "better_option_id",
    "why_better",
    "outcome_quality",
    "contributed_to_success",
    "explanation",
)
"""Stored fields of a DecisionEvaluation."""

PROBLEM_FIELDS: Final = (
    "id",
    "severity",
    "description",
    "root_cause",
    "decision_id",
    "timestamp",
    "suggested_fix",
)
"""Stored fields of a Problem."""

METRICS_FIELDS: Final = (
    "total_decisions",
    "successful_decisions",
    "failed_decisions",
    "total_tokens",
    "total_latency_ms",
    "nodes_executed",
    "edges_traversed",
)
"""Stored fields of RunMetrics."""

COMPUTED_METRICS: Final = ("success_rate",)
"""Computed fields of RunMetrics."""

SUMMARY_FIELDS: Final = (
    "run_id",
    "goal_id",
    "status",
    "duration_ms",
    "decision_count",
    "success_rate",
    "problem_count",
    "narrative",
    "key_decisions",
    "critical_problems",
    "warnings",
    "successes",
)
"""Fields of a RunSummary."""
