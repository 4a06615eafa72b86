"""Spans in from elsewhere: documents that hold traces, read as plain span records. Knows no storage."""

from runspan.interchange._otlp_json import read_otlp_json

__all__ = ["read_otlp_json"]
