"""The native format as plain JSON data: names, order of fields, and what follows from stored fields.

Pure standard library. Knows neither pydantic nor OpenTelemetry nor files.
"""

from runspan.native._derive import (
    count_decision,
    count_outcome,
    default_narrative,
    derive_decision,
    derive_run,
    duration_ms,
    is_summary,
    new_metrics,
    one_line,
    success_rate,
    summarize,
    was_good_decision,
)
from runspan.native._fields import (
    COMPUTED_DECISION,
    COMPUTED_METRICS,
    COMPUTED_RUN,
    DECISION_FIELDS,
    EVALUATION_FIELDS,
    METRICS_FIELDS,
    OPTION_FIELDS,
    OUTCOME_FIELDS,
    PROBLEM_FIELDS,
    RUN_FIELDS,
    SUMMARY_FIELDS,
    DecisionType,
    JSONObject,
    JSONValue,
    RunStatus,
)
from runspan.native._time import format_timestamp, parse_timestamp_ns

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
    "count_decision",
    "count_outcome",
    "default_narrative",
    "derive_decision",
    "derive_run",
    "duration_ms",
    "format_timestamp",
    "is_summary",
    "new_metrics",
    "one_line",
    "parse_timestamp_ns",
    "success_rate",
    "summarize",
    "was_good_decision",
]
