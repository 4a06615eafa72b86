"""OTLP JSON is read as others write it: the Collector, Jaeger, and protobuf's own JSON."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from runspan.errors import InterchangeError
from runspan.interchange import read_otlp_json
from runspan.mapping import EventRecord, LinkRecord, SpanRecord
from runspan.testing import CapturedRuns

DOCUMENT = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "agent"}}]},
            "scopeSpans": [
                {
                    "scope": {"name": "runspan", "version": "1"},
                    "unknownField": 1,
                    "spans": [
                        {
                            "traceId": "0000000000000000000000000000000a",
                            "spanId": "000000000000000b",
                            "parentSpanId": "000000000000000c",
                            "name": "decide n",
                            "kind": 1,
                            "startTimeUnixNano": "1795435200000000000",
                            "endTimeUnixNano": 1795435201000000000,
                            "attributes": [
                                {"key": "text", "value": {"stringValue": "ü"}},
                                {"key": "truth", "value": {"boolValue": False}},
                                {"key": "whole", "value": {"intValue": "9007199254740993"}},
                                {"key": "real", "value": {"doubleValue": -0.5}},
                                {"key": "list", "value": {"arrayValue": {"values": [{"intValue": 1}]}}},
                                {
                                    "key": "map",
                                    "value": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": True}}]}},
                                },
                                {"key": "empty list", "value": {"arrayValue": {}}},
                                {"key": "nothing", "value": {}},
                                {"key": "no value"},
                            ],
                            "events": [{"timeUnixNano": "5", "name": "e", "attributes": []}],
                            "links": [{"traceId": "0d", "spanId": "0e"}],
                            "status": {"code": 2, "message": "m"},
                        },
                        {"traceId": "0a", "spanId": "0f"},
                    ],
                },
                {"scope": {}},
            ],
        },
        {},
    ]
}


def test_every_field_is_read() -> None:
    """Numbers as text or number, missing fields, unknown fields, scopes without spans."""
    full, bare = read_otlp_json(DOCUMENT)

    assert full == SpanRecord(
        trace_id=10,
        span_id=11,
        parent_span_id=12,
        name="decide n",
        start_unix_nano=1795435200000000000,
        end_unix_nano=1795435201000000000,
        attributes={
            "text": "ü",
            "truth": False,
            "whole": 9007199254740993,
            "real": -0.5,
            "list": [1],
            "map": {"k": True},
            "empty list": [],
            "nothing": None,
            "no value": None,
        },
        events=(EventRecord(name="e", time_unix_nano=5),),
        links=(LinkRecord(trace_id=13, span_id=14),),
        status_code=2,
        status_message="m",
        resource={"service.name": "agent"},
        scope_name="runspan",
    )
    assert (15, None, 0) == (bare.span_id, bare.parent_span_id, bare.status_code)


def test_jaegers_answer_is_read() -> None:
    """The document stands inside `result`."""
    assert list(read_otlp_json(DOCUMENT)) == list(read_otlp_json({"result": DOCUMENT}))


def hexed(value: Any) -> Any:
    """Turn protobuf's base64 ids into the hex ids of OTLP JSON."""
    if isinstance(value, list):
        return [hexed(item) for item in value]
    if not isinstance(value, dict):
        return value
    ids = {"traceId", "spanId", "parentSpanId"}
    return {key: base64.b64decode(item).hex() if key in ids else hexed(item) for key, item in value.items()}


def test_protobufs_own_json_of_real_spans_is_read() -> None:
    """What the SDK's encoder and protobuf's JSON make of spans is what the spans were; enums are names there."""
    runs = CapturedRuns()
    with runs.tracer.start_as_current_span("request"), runs.runtime.run("goal") as run:
        run.record_outcome(run.quick_decision("i", "a", "r"), False, {"n": [1, None]}, "bad")
    document = hexed(json.loads(json_format.MessageToJson(encode_spans(runs.exporter.spans))))

    def comparable(spans: Any) -> list[SpanRecord]:
        return sorted((replace(span, resource={}) for span in spans), key=lambda span: span.span_id)

    assert comparable(runs.spans) == comparable(read_otlp_json(document))


@pytest.mark.parametrize(
    "document",
    [
        {"resourceSpans": 5},
        {"resourceSpans": [5]},
        {"resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "x", "spanId": "y"}]}]}]},
        {"result": None},
    ],
    ids=range(5),
)
def test_what_is_no_otlp_is_one_clear_error(document: Any) -> None:
    """Never anything else."""
    with pytest.raises(InterchangeError, match="no OTLP JSON"):
        list(read_otlp_json(document))


def test_document_without_spans_gives_none() -> None:
    """Empty fields are left out by those who write them."""
    assert [] == list(read_otlp_json({})) == list(read_otlp_json({"resourceSpans": []}))
