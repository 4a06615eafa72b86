"""Span records as others put them on disk: OTLP JSON by protobuf's own encoder, protobuf, the Collector's frames.

Shares no code with runspan's readers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource

from runspan.interchange import replayed_spans
from runspan.interchange._sdk_spans import sdk_span
from runspan.native import derive_run
from runspan.values import dumps, loads
from tests.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    from runspan.mapping import SpanRecord

__all__ = ["batches", "document", "framed", "json_lines", "native_run", "request", "spans_of"]


def request(spans: Iterable[SpanRecord], service: str = "agent") -> ExportTraceServiceRequest:
    """Spans as one protobuf message."""
    resource = Resource({"service.name": service})
    return encode_spans([sdk_span(span, resource) for span in spans])


def document(spans: Iterable[SpanRecord]) -> dict[str, Any]:
    """Spans as one OTLP JSON document."""
    return Receiver.document(request(spans))


def batches(spans: Sequence[SpanRecord], size: int = 64) -> list[Sequence[SpanRecord]]:
    """Spans as an exporter sends them."""
    return [spans[first : first + size] for first in range(0, len(spans), size)]


def json_lines(spans: Sequence[SpanRecord], size: int = 64) -> bytes:
    """Spans as the Collector's file exporter writes them."""
    return b"".join(json.dumps(document(batch), ensure_ascii=False).encode() + b"\n" for batch in batches(spans, size))


def framed(*messages: bytes) -> bytes:
    """Messages with their lengths, as the Collector's file exporter writes protobuf and whatever it compresses."""
    return b"".join(len(message).to_bytes(4, "big") + message for message in messages)


def native_run(number: int, decisions: int = 3, **fields: Any) -> dict[str, Any]:
    """A native run like no other."""
    option = {
        "id": "a",
        "description": "Do it",
        "action_type": "unknown",
        "action_params": {"n": number},
        "pros": ["quick"],
        "cons": [],
        "confidence": 0.5,
    }
    outcome = {
        "success": True,
        "result": {"n": number},
        "error": None,
        "state_changes": {},
        "tokens_used": 3,
        "latency_ms": 5,
        "summary": "done",
        "timestamp": "2026-11-23T12:00:02.000002Z",
    }
    made = [
        {
            "id": f"dec_{place}",
            "timestamp": f"2026-11-23T12:00:01.{place:06d}Z",
            "node_id": "node",
            "intent": f"intent {place}",
            "decision_type": "custom",
            "options": [option],
            "chosen_option_id": "a",
            "reasoning": f"because {number}",
            "active_constraints": ["c"],
            "input_context": {"k": [1, None]},
            "outcome": outcome,
            "evaluation": None,
        }
        for place in range(decisions)
    ]
    problem = {
        "id": "prob_0",
        "severity": "warning",
        "description": "late",
        "root_cause": None,
        "decision_id": None,
        "timestamp": "2026-11-23T12:00:02Z",
        "suggested_fix": None,
    }
    metrics = {
        "total_decisions": decisions,
        "successful_decisions": decisions,
        "failed_decisions": 0,
        "total_tokens": 3 * decisions,
        "total_latency_ms": 5 * decisions,
        "nodes_executed": ["node"] if decisions else [],
        "edges_traversed": [],
    }
    run = {
        "id": f"run_20261123_120000_{number:08x}",
        "goal_id": "goal",
        "started_at": "2026-11-23T12:00:00Z",
        "status": "completed",
        "completed_at": "2026-11-23T12:00:03.5Z",
        "decisions": made,
        "problems": [problem],
        "metrics": metrics,
        "narrative": f"Run {number}",
        "goal_description": "",
        "input_data": {"n": number},
        "output_data": {},
    }
    copied = loads(dumps(run | fields))
    assert isinstance(copied, dict)
    return derive_run(copied)


def spans_of(runs: Iterable[dict[str, Any]]) -> list[SpanRecord]:
    """The spans of runs, each run's own span last, as they end."""
    found: list[SpanRecord] = []
    for run in runs:
        root, *others = replayed_spans(run)
        found += [*others, root]
    return found
