"""Names of everything runspan writes on spans: span names, attributes, events. Knows no values and no SDK.

An attribute's docstring gives its type, the span or event it is on, and when it is there. Attributes called JSON are
one string each that holds a JSON document. `docs/attributes.md` is printed from this module.

Names follow the OpenTelemetry naming rules: lower case, dots between namespaces, and no name that is also a namespace.
See https://opentelemetry.io/docs/specs/semconv/general/naming/.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "AMENDMENTS",
    "CUT",
    "DECISION_CHOSEN",
    "DECISION_CHOSEN_DESCRIPTION",
    "DECISION_CONSTRAINTS",
    "DECISION_CONTEXT",
    "DECISION_EVALUATION",
    "DECISION_EXTRA",
    "DECISION_ID",
    "DECISION_INDEX",
    "DECISION_INTENT",
    "DECISION_OPTIONS",
    "DECISION_OUTCOME",
    "DECISION_REASONING",
    "DECISION_TIMESTAMP",
    "DECISION_TYPE",
    "ERROR_TYPE",
    "ERROR_TYPE_OTHER",
    "EVENT_EXCEPTION",
    "EVENT_OUTCOME",
    "EVENT_PROBLEM",
    "EXCEPTION_MESSAGE",
    "EXCEPTION_STACKTRACE",
    "EXCEPTION_TYPE",
    "FORMAT",
    "FORMAT_VERSION",
    "GEN_AI_AGENT_NAME",
    "GEN_AI_CONVERSATION_ID",
    "GEN_AI_INVOKE_AGENT",
    "GEN_AI_OPERATION_NAME",
    "GOAL_DESCRIPTION",
    "GOAL_ID",
    "LOST_CAUSE",
    "METRIC_DECISION_DURATION",
    "METRIC_LOST",
    "METRIC_RUN_DURATION",
    "METRIC_TOKENS",
    "NODE_ID",
    "OUTCOME_ERROR",
    "OUTCOME_EXTRA",
    "OUTCOME_LATENCY_MS",
    "OUTCOME_RESULT",
    "OUTCOME_STATE_CHANGES",
    "OUTCOME_SUCCESS",
    "OUTCOME_SUMMARY",
    "OUTCOME_TIMESTAMP",
    "OUTCOME_TOKENS_USED",
    "PROBLEM_DESCRIPTION",
    "PROBLEM_EXTRA",
    "PROBLEM_ID",
    "PROBLEM_INDEX",
    "PROBLEM_ROOT_CAUSE",
    "PROBLEM_SEVERITY",
    "PROBLEM_SUGGESTED_FIX",
    "PROBLEM_TIMESTAMP",
    "RUN_CHECKSUM",
    "RUN_COMPLETED_AT",
    "RUN_DECISION_COUNT",
    "RUN_EXTRA",
    "RUN_FAILED_DECISION_COUNT",
    "RUN_ID",
    "RUN_INPUT",
    "RUN_NARRATIVE",
    "RUN_OUTPUT",
    "RUN_PROBLEM_COUNT",
    "RUN_STARTED_AT",
    "RUN_STATUS",
    "RUN_TOTAL_TOKENS",
    "RUN_WORST_SEVERITY",
    "SCHEMA_URL",
    "SCOPE_NAME",
    "SPAN_AMENDMENTS",
    "SPAN_DECISION",
    "SPAN_PROBLEMS",
    "SPAN_RUN",
]

SCOPE_NAME: Final = "runspan"
"""Name of the instrumentation scope of every span of ours."""

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.43.0"
"""Schema of the `error.*` and `exception.*` attributes we borrow from the semantic conventions."""

FORMAT_VERSION: Final = 1
"""Version of the mapping this module spells; the value of `FORMAT`."""

# Span names. What follows the first word has few values: a goal id, a node id.

SPAN_RUN: Final = "run"
"""First word of a run span's name: `run {goal_id}`."""

SPAN_DECISION: Final = "decide"
"""First word of a decision span's name: `decide {node_id}`."""

SPAN_PROBLEMS: Final = "problems"
"""Name of the child spans of a run span that take the problems its event budget has no room for."""

SPAN_AMENDMENTS: Final = "amendments"
"""Name of the child spans of a run span that take the amendments one attribute has no room for."""

# Events.

EVENT_OUTCOME: Final = "runspan.outcome"
"""Event on a decision span: what became of the decision. Carries the `runspan.outcome.*` attributes."""

EVENT_PROBLEM: Final = "runspan.problem"
"""Event on a decision, run or `problems` span. Carries the `runspan.problem.*` attributes and `runspan.decision.id`."""

EVENT_EXCEPTION: Final = "exception"
"""Event on the span an exception of the agent escaped from first.

See https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/.
"""

# On every span.

RUN_ID: Final = "runspan.run.id"
"""Id of the native Run, string. On every span; set again last, because limits evict the oldest attribute."""

FORMAT: Final = "runspan.format"
"""Version of this mapping, int. On every span; set again last."""

CUT: Final = "runspan.cut"
"""Names of the attributes of this span or event that were cut to fit, JSON array. Only where something was cut."""

ERROR_TYPE: Final = "error.type"
"""Class of the failure, string: an exception's name where it is known. On spans whose status is ERROR.

See https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/.
"""

ERROR_TYPE_OTHER: Final = "_OTHER"
"""Value of `ERROR_TYPE` for a failure that no exception of the agent's told us about, as the conventions ask."""

# On the run span.

GOAL_ID: Final = "runspan.goal.id"
"""`goal_id` of the Run, string. On the run span."""

GOAL_DESCRIPTION: Final = "runspan.goal.description"
"""`goal_description` of the Run, string. On the run span, unless empty."""

RUN_STARTED_AT: Final = "runspan.run.started_at"
"""Exact text of `started_at`, string. On the run span, only where the span's start time cannot give it back."""

RUN_COMPLETED_AT: Final = "runspan.run.completed_at"
"""Exact text of `completed_at`, string, "" for null. On the run span, only where its end time cannot give it back."""

RUN_INPUT: Final = "runspan.run.input"
"""`input_data` of the Run, JSON object. On the run span, unless empty."""

RUN_OUTPUT: Final = "runspan.run.output"
"""`output_data` of the Run, JSON object. On the run span, unless empty."""

RUN_STATUS: Final = "runspan.run.status"
"""`status` of the Run, string: running, completed, failed, stuck or cancelled. On the run span, set at its end."""

RUN_NARRATIVE: Final = "runspan.run.narrative"
"""`narrative` of the Run, string. On the run span, unless empty."""

RUN_EXTRA: Final = "runspan.run.extra"
"""Extra fields of the Run (`trace_id`, `agent_name`, …), JSON object in their order. On the run span, if any."""

RUN_DECISION_COUNT: Final = "runspan.run.decision_count"
"""Number of decisions of the Run, int. On the run span."""

RUN_FAILED_DECISION_COUNT: Final = "runspan.run.failed_decision_count"
"""Number of decisions whose outcome was no success, int. On the run span."""

RUN_PROBLEM_COUNT: Final = "runspan.run.problem_count"
"""Number of problems of the Run, int. On the run span."""

RUN_TOTAL_TOKENS: Final = "runspan.run.total_tokens"
"""Tokens used by all outcomes together, int. On the run span."""

RUN_WORST_SEVERITY: Final = "runspan.run.worst_severity"
"""Worst severity among the problems, string: critical, warning or minor. On the run span, if there are problems."""

RUN_CHECKSUM: Final = "runspan.run.checksum"
"""SHA-256 of the run file's bytes, `sha256:` and 64 hex digits, string. On the run span: proves a rebuilt Run whole."""

AMENDMENTS: Final = "runspan.run.amendments"
"""What the agent changed on the Run after it had left as spans, JSON array. On the run span or `amendments` spans."""

# On decision spans.

DECISION_ID: Final = "runspan.decision.id"
"""`id` of the Decision, string. On every decision span; on problem events the decision a problem names."""

DECISION_INDEX: Final = "runspan.decision.index"
"""Place in the Run's list of decisions, int, from 0. On decision spans, only where the id `dec_N` does not tell it."""

DECISION_TIMESTAMP: Final = "runspan.decision.timestamp"
"""Exact text of `timestamp`, string. On decision spans, only where the span's start time cannot give it back."""

NODE_ID: Final = "runspan.node.id"
"""`node_id` of the Decision, string. On every decision span."""

DECISION_TYPE: Final = "runspan.decision.type"
"""`decision_type` of the Decision, string. On every decision span."""

DECISION_INTENT: Final = "runspan.decision.intent"
"""`intent` of the Decision, string. On decision spans, unless empty."""

DECISION_CHOSEN: Final = "runspan.decision.chosen"
"""Id of the option taken, string. On every decision span, except when no option was chosen."""

DECISION_CHOSEN_DESCRIPTION: Final = "runspan.decision.chosen_description"
"""Description of the option taken, string. On decision spans whose chosen id is an option's; for people to read."""

DECISION_REASONING: Final = "runspan.decision.reasoning"
"""`reasoning` of the Decision, string. On decision spans, unless empty."""

DECISION_OPTIONS: Final = "runspan.decision.options"
"""`options` of the Decision, JSON array of Option objects. On decision spans, unless empty."""

DECISION_CONSTRAINTS: Final = "runspan.decision.constraints"
"""`active_constraints` of the Decision, JSON array of strings. On decision spans, unless empty."""

DECISION_CONTEXT: Final = "runspan.decision.context"
"""`input_context` of the Decision, JSON object. On decision spans, unless empty."""

DECISION_EVALUATION: Final = "runspan.decision.evaluation"
"""`evaluation` of the Decision, JSON object. On decision spans, only if it was there when the span ended."""

DECISION_EXTRA: Final = "runspan.decision.extra"
"""Extra fields of the Decision, JSON object in their order. On decision spans, if any."""

DECISION_OUTCOME: Final = "runspan.decision.outcome"
"""What became of the decision, string: success, failure, cancelled or missing. On every ended decision span."""

# On outcome events.

OUTCOME_SUCCESS: Final = "runspan.outcome.success"
"""`success` of the Outcome, bool. On every outcome event."""

OUTCOME_RESULT: Final = "runspan.outcome.result"
"""`result` of the Outcome, any JSON. On outcome events, unless null."""

OUTCOME_ERROR: Final = "runspan.outcome.error"
"""`error` of the Outcome, string. On outcome events, unless null."""

OUTCOME_STATE_CHANGES: Final = "runspan.outcome.state_changes"
"""`state_changes` of the Outcome, JSON object. On outcome events, unless empty."""

OUTCOME_TOKENS_USED: Final = "runspan.outcome.tokens_used"
"""`tokens_used` of the Outcome, int (its decimal text beyond 63 bits). On outcome events, unless 0."""

OUTCOME_LATENCY_MS: Final = "runspan.outcome.latency_ms"
"""`latency_ms` of the Outcome, int, milliseconds (decimal text beyond 63 bits). On outcome events, unless 0."""

OUTCOME_SUMMARY: Final = "runspan.outcome.summary"
"""`summary` of the Outcome, string. On outcome events, unless empty."""

OUTCOME_TIMESTAMP: Final = "runspan.outcome.timestamp"
"""Exact text of `timestamp`, string. On outcome events, only where the event's time cannot give it back."""

OUTCOME_EXTRA: Final = "runspan.outcome.extra"
"""Extra fields of the Outcome, JSON object in their order. On outcome events, if any."""

# On problem events.

PROBLEM_ID: Final = "runspan.problem.id"
"""`id` of the Problem, string. On every problem event."""

PROBLEM_INDEX: Final = "runspan.problem.index"
"""Place in the Run's list of problems, int, from 0. On problem events, only where the id `prob_N` does not tell it."""

PROBLEM_SEVERITY: Final = "runspan.problem.severity"
"""`severity` of the Problem, string: critical, warning or minor. On every problem event."""

PROBLEM_DESCRIPTION: Final = "runspan.problem.description"
"""`description` of the Problem, string. On problem events, unless empty."""

PROBLEM_ROOT_CAUSE: Final = "runspan.problem.root_cause"
"""`root_cause` of the Problem, string. On problem events, unless null."""

PROBLEM_SUGGESTED_FIX: Final = "runspan.problem.suggested_fix"
"""`suggested_fix` of the Problem, string. On problem events, unless null."""

PROBLEM_TIMESTAMP: Final = "runspan.problem.timestamp"
"""Exact text of `timestamp`, string. On problem events, only where the event's time cannot give it back."""

PROBLEM_EXTRA: Final = "runspan.problem.extra"
"""Extra fields of the Problem, JSON object in their order. On problem events, if any."""

# Borrowed from the semantic conventions.

EXCEPTION_TYPE: Final = "exception.type"
"""Qualified name of the exception's class, string. On exception events."""

EXCEPTION_MESSAGE: Final = "exception.message"
"""Text of the exception, string. On exception events."""

EXCEPTION_STACKTRACE: Final = "exception.stacktrace"
"""Traceback as Python prints it, string. On exception events."""

# Spelled here because the constants in opentelemetry.semconv._incubating are private and deprecated since the GenAI
# conventions moved to a repository of their own. See https://github.com/open-telemetry/semantic-conventions-genai.

GEN_AI_OPERATION_NAME: Final = "gen_ai.operation.name"
"""Always `invoke_agent`, string. On the run span."""

GEN_AI_INVOKE_AGENT: Final = "invoke_agent"
"""Value of `GEN_AI_OPERATION_NAME` for an agent's run."""

GEN_AI_AGENT_NAME: Final = "gen_ai.agent.name"
"""Name of the agent, string. On the run span, if the Runtime was given one."""

GEN_AI_CONVERSATION_ID: Final = "gen_ai.conversation.id"
"""Id of the session, string. On the run span, if one was given."""

METRIC_RUN_DURATION: Final = "runspan.run.duration"
"""Metric, histogram in seconds: how long runs took, by `runspan.goal.id` and `runspan.run.status`; counts them, too."""

METRIC_DECISION_DURATION: Final = "runspan.decision.duration"
"""Metric, histogram in seconds: from a decision to its outcome, 0 where there is none, by `runspan.goal.id`,
`runspan.node.id` and `runspan.decision.outcome`."""

METRIC_TOKENS: Final = "runspan.tokens"
"""Metric, counter of tokens: what outcomes say was spent, by `runspan.goal.id` and `runspan.node.id`."""

METRIC_LOST: Final = "runspan.lost"
"""Metric, counter of records: lost, kept waiting or ignored in this process, as `runspan.health()` has them."""

LOST_CAUSE: Final = "runspan.cause"
"""Why, string. On the metric `runspan.lost`."""
