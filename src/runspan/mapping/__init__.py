"""The mapping between a native Run and the spans of its trace, both directions. Pure: no clock, file or SDK.

`encode_run` makes spans of a stored Run, the `…_attributes` functions those of a live one, with the same words;
`decode_run` undoes both.
"""

from runspan.mapping._amend import amended, apply_amendments, batch_amendments, find_amendments
from runspan.mapping._decode import DecodedRun, decode_run, is_run_span, run_id_of
from runspan.mapping._encode import (
    checksum_of,
    decision_attributes,
    decision_details,
    decision_span_name,
    identity,
    outcome_attributes,
    outcome_word,
    problem_attributes,
    run_attributes,
    run_details,
    run_end_attributes,
    run_span_name,
)
from runspan.mapping._limits import MAX_SPAN_BYTES, fit, size_of
from runspan.mapping._records import Attributes, EventRecord, LinkRecord, SpanRecord
from runspan.mapping._run import encode_run

__all__ = [
    "MAX_SPAN_BYTES",
    "Attributes",
    "DecodedRun",
    "EventRecord",
    "LinkRecord",
    "SpanRecord",
    "amended",
    "apply_amendments",
    "batch_amendments",
    "checksum_of",
    "decision_attributes",
    "decision_details",
    "decision_span_name",
    "decode_run",
    "encode_run",
    "find_amendments",
    "fit",
    "identity",
    "is_run_span",
    "outcome_attributes",
    "outcome_word",
    "problem_attributes",
    "run_attributes",
    "run_details",
    "run_end_attributes",
    "run_id_of",
    "run_span_name",
    "size_of",
]
