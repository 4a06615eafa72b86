"""One run's record: calls made parts, parts made JSON, and the Run they add up to. Knows no spans and no files.

A call's arguments become parts once (`encode_decision`, …); the same parts give the journal line, the file and the
span's attributes. See DecisionParts and its like for the shapes.
"""

from runspan.record._coerce import plain_text
from runspan.record._encode import encode_decision, encode_outcome, encode_problem, encode_run_end, encode_run_start
from runspan.record._encoder import Encoder
from runspan.record._lines import (
    add_extra,
    decision_json,
    decision_parts,
    outcome_json,
    outcome_parts,
    problem_json,
    problem_parts,
    run_json,
    run_parts,
    stamp_of,
    text_of_extra,
    with_id,
)
from runspan.record._parts import (
    EMPTY_ARRAY,
    EMPTY_OBJECT,
    NULL,
    DecisionParts,
    EndParts,
    ExceptionParts,
    OutcomeParts,
    ProblemParts,
    RunParts,
    Stamp,
)
from runspan.record._record import FinishedRun, RunRecord, metrics_of

__all__ = [
    "EMPTY_ARRAY",
    "EMPTY_OBJECT",
    "NULL",
    "DecisionParts",
    "Encoder",
    "EndParts",
    "ExceptionParts",
    "FinishedRun",
    "OutcomeParts",
    "ProblemParts",
    "RunParts",
    "RunRecord",
    "Stamp",
    "add_extra",
    "decision_json",
    "decision_parts",
    "encode_decision",
    "encode_outcome",
    "encode_problem",
    "encode_run_end",
    "encode_run_start",
    "metrics_of",
    "outcome_json",
    "outcome_parts",
    "plain_text",
    "problem_json",
    "problem_parts",
    "run_json",
    "run_parts",
    "stamp_of",
    "text_of_extra",
    "with_id",
]
